"""Whether what goes over the open internet is encrypted."""

import ipaddress
from urllib.parse import urlsplit

from worker.checks.finding import Finding, failed, ok
from worker.checks.settings import DoctorSettings

NAME = "addresses"


def is_here(url: str) -> bool:
    """It leads to this machine only."""
    host = urlsplit(url).hostname or ""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_public(url: str) -> bool:
    """It may lead over the open internet: neither to this machine nor into a private network."""
    address = _address(urlsplit(url).hostname or "")
    return not is_here(url) and (address is None or not address.is_private)


def http(url: str) -> str:
    """LiveKit's address as its server API wants it."""
    return url.replace("ws", "http", 1) if url.startswith("ws") else url


async def check_addresses(settings: DoctorSettings) -> list[Finding]:
    found = [_page(settings), _livekit(settings)]
    providers = {"DEEPGRAM_BASE_URL": settings.deepgram_origin}
    if settings.groq_key is not None:
        providers["GROQ_BASE_URL"] = settings.groq_base_url
    for variable, url in providers.items():
        if is_public(url) and urlsplit(url).scheme not in ("https", "wss"):
            found.append(
                failed(
                    NAME,
                    f"{variable} is not encrypted: students' voices and words would be readable.",
                    "Begin the address with https://.",
                )
            )
    return found


def _page(settings: DoctorSettings) -> Finding:
    scheme = urlsplit(settings.public_url).scheme
    if is_here(settings.public_url):
        return ok(NAME, "PUBLIC_URL is this machine: nobody else can open the page.")
    if scheme != "https":
        return failed(
            NAME,
            "PUBLIC_URL is not https: browsers give no microphone to such a page.",
            "Put a proxy with a certificate before the token API (docs/operating.md has a Caddy "
            "example) and set PUBLIC_URL to its https:// address.",
        )
    return ok(NAME, "PUBLIC_URL is https.")


def _livekit(settings: DoctorSettings) -> Finding:
    secure = urlsplit(settings.livekit_url).scheme in ("wss", "https")
    if not secure and not (is_here(settings.livekit_url) and is_here(settings.public_url)):
        return failed(
            NAME,
            "LIVEKIT_URL is not wss: a browser on an https page does not connect to it.",
            "Put a proxy with a certificate before livekit-server (docs/operating.md) and set "
            "LIVEKIT_URL to its wss:// address, for the token API and for the workers.",
        )
    if is_here(settings.livekit_url) and not is_here(settings.public_url):
        return failed(
            NAME,
            "LIVEKIT_URL leads to this machine, but students' browsers get it too.",
            "Set LIVEKIT_URL to the address under which students reach livekit-server.",
        )
    where = "this machine" if is_here(settings.livekit_url) else "wss"
    return ok(NAME, f"LIVEKIT_URL is {where}.")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
