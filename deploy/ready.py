"""Asks a part over HTTP whether it is ready."""

import http.client
from urllib.parse import urlsplit


def is_ready(url: str, timeout_s: float = 2.0) -> bool:
    """Whether GET `url` (plain http) answers 200 within `timeout_s` seconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
