"""POST /livekit-webhook: LiveKit tells that something has happened in a room.

A webhook makes the keeper look and does nothing else, so that lost, repeated and reordered ones do
no harm. Still nobody but LiveKit gets an answer other than 401, and each webhook is taken once.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from livekit import api
from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_BYTES = 256 * 1024
"""LiveKit puts the room and a participant with all its attributes into one."""
READ_S = 10.0
REMEMBERED_S = 15 * 60.0
"""Longer than a token of LiveKit's is good for, its leeway included."""
_ABOUT_PEOPLE = {"participant_joined", "participant_left", "participant_connection_aborted"}


class Webhooks:
    def __init__(
        self, api_key: str, api_secret: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._receiver = api.WebhookReceiver(api.TokenVerifier(api_key, api_secret))
        self._clock = clock
        self._taken: dict[str, float] = {}

    def take(self, body: bytes, authorization: str) -> bool:
        """Whether it tells that somebody came or left. HTTPException 401 for what is not LiveKit's.

        `body`: the bytes as they came, which are what is signed.
        """
        token = authorization.removeprefix("Bearer ")
        try:
            event = self._receiver.receive(body.decode(), token)
        except Exception:  # whatever a stranger made it stumble over
            raise HTTPException(401, "This webhook is not signed by our LiveKit.") from None
        if self._is_replay(token):
            raise HTTPException(401, "This webhook was taken before.")
        return event.event in _ABOUT_PEOPLE

    def _is_replay(self, token: str) -> bool:
        # A token names the hash of its body, and is made for one delivery.
        now = self._clock()
        while self._taken and now - self._taken[oldest := next(iter(self._taken))] > REMEMBERED_S:
            del self._taken[oldest]
        # Without its signature: the same bytes may be written in more than one way.
        name = token.rpartition(".")[0]
        if name in self._taken:
            return True
        self._taken[name] = now
        return False


async def read(request: Request[Any]) -> bytes:
    """The body. HTTPException 413 for one that is too large, 408 for one that does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    message = f"A webhook has no more than {MAX_BYTES} bytes."
                    raise HTTPException(413, message, {"connection": "close"})
    except TimeoutError:
        raise HTTPException(408, "The body did not come.", {"connection": "close"}) from None
    return bytes(body)
