"""A student who types, in a real exam room, and what they see of the examiner."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livekit import rtc
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from robot_student.invitation import Place, join

EXAMINER = "examiner"
TYPED = ("--profile", "typed=true")
OPENING = ("Yes, I can read that.", "I like to read.")


class Seat:
    """`over` is set when the room is gone."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.room = rtc.Room()
        self.over = asyncio.Event()
        self._states: asyncio.Queue[str] = asyncio.Queue()
        self.room.on("participant_attributes_changed", self._see)
        self.room.on("disconnected", lambda _: self.over.set())

    async def ready(self) -> None:
        """The examiner is here and begins."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(rtc.RpcError),
            stop=stop_after_delay(60),
            wait=wait_fixed(0.25),
        ):
            with attempt:
                await self.press("ready")

    async def press(self, button: str) -> None:
        await call(self.room, f"exam.{button}")

    async def listened_to(self) -> None:
        """The examiner has spoken again, and waits for an answer."""
        for wanted in ("speaking", "listening"):
            while await self._states.get() != wanted:
                pass

    async def types(self, *answers: str) -> None:
        """One after each of the examiner's turns."""
        for text in answers:
            await self.listened_to()
            await self.room.local_participant.send_text(text, topic="lk.chat")

    def _see(self, changed: dict[str, str], who: rtc.Participant) -> None:
        if who.identity == EXAMINER and (state := changed.get("lk.agent.state")):
            self._states.put_nowait(state)


async def call(room: rtc.Room, method: str, payload: str = "") -> str:
    """Raises rtc.RpcError when the examiner refuses, or does not know it."""
    return await room.local_participant.perform_rpc(
        destination_identity=EXAMINER, method=method, payload=payload, response_timeout=8
    )


@asynccontextmanager
async def seated(link: str) -> AsyncIterator[Seat]:
    """In the room; not ready yet."""
    seat = Seat(await join(link, recording=False))
    await seat.room.connect(seat.place.livekit_url, seat.place.token)
    try:
        yield seat
    finally:
        await seat.room.disconnect()
