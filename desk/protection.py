"""Headers that protect the pages, and the refusal of what other sites' pages send."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.errors import PageError

_YEAR_S = 365 * 24 * 3600
_SAFE = ("GET", "HEAD", "OPTIONS")
MAX_BODY = 12 * 1024 * 1024
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Protection:
    """An ASGI application around another one, so that its error pages are covered too."""

    def __init__(self, app: ASGIApp, desk_url: str) -> None:
        self._app = app
        self._origin = _origin(desk_url)
        self._headers = {
            "content-security-policy": _POLICY,
            "x-content-type-options": "nosniff",
            # By "no-referrer" browsers would call the origin of our own forms "null".
            "referrer-policy": "same-origin",
            "permissions-policy": "microphone=(), camera=(), geolocation=()",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }
        if urlsplit(desk_url).scheme == "https":
            self._headers["strict-transport-security"] = f"max-age={_YEAR_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                # What is shown is a student's; no proxy and no browser keeps it.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in _SAFE and self._is_foreign(headers):
            refusal = PlainTextResponse("This was sent from another site.\n", 403)
            await refusal(scope, receive, send_protected)
        elif _length(headers) > MAX_BODY:
            refusal = PlainTextResponse("This is too large.\n", 413)
            await refusal(scope, receive, send_protected)
        else:
            await self._app(scope, _measured(receive), send_protected)

    def _is_foreign(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return True
        origin = headers.get("origin")
        if origin is None:
            return False
        return _origin(origin) not in (self._origin, f"http://{headers.get('host')}")


def _measured(receive: Receive) -> Receive:
    """A body may come without its length. Whoever reads too much of it gets PageError 413."""
    read = 0

    async def receive_measured() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            raise PageError(413, "This is too large.")
        return message

    return receive_measured


def _length(headers: Headers) -> int:
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return MAX_BODY + 1


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
