"""Puts the headers that protect the page on every answer."""

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_YEAR_S = 365 * 24 * 3600


class SecurityHeaders:
    """An ASGI application around another one, so that its error pages are covered too."""

    def __init__(self, app: ASGIApp, livekit_url: str, public_url: str) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": _policy(livekit_url),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "permissions-policy": "microphone=(self), camera=(), geolocation=()",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }
        if urlsplit(public_url).scheme == "https":
            self._headers["strict-transport-security"] = f"max-age={_YEAR_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_protected if scope["type"] == "http" else send)


def _policy(livekit_url: str) -> str:
    url = urlsplit(livekit_url)
    secure = url.scheme in ("wss", "https")
    # livekit-client opens a WebSocket, and asks over HTTP why one was refused.
    schemes = ("wss", "https") if secure else ("ws", "http")
    livekit = " ".join(f"{scheme}://{url.netloc}" for scheme in schemes)
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src 'self' {livekit}",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
