"""Rooms in LiveKit, and the examiner's dispatch to each.

How livekit-server 1.13 treats a dispatch, which shapes this file: one that finds no worker is
dropped, but stays listed without a job. A job is listed up to 5 s after a worker took it, and goes
on being listed as running when its worker is dead. A second dispatch whose examiner joins throws
the first one's out, since both have the identity `examiner`.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

import aiohttp
from livekit import api
from livekit.protocol import agent as agents

from records.dispatch import Dispatch
from records.model import Sitting

EXAMINER = "examiner"
"""Both the agent's name and its identity in the room."""

# Longer than a student may be away, or the room would be deleted under them.
EMPTY_TIMEOUT_S = 900
DEPARTURE_TIMEOUT_S = 900
# Student, examiner, and one to spare while either is replaced.
MAX_PARTICIPANTS = 3
LIST_LAG_S = 6.5
"""A dispatch without a job is given up after this time."""
JOIN_LIMIT_S = 20.0
"""A job whose examiner has not joined after this time is dead."""

_ALIVE = (agents.JS_PENDING, agents.JS_RUNNING)


class LiveKitUnavailable(Exception):  # noqa: N818
    """LiveKit cannot be reached, or refuses our key."""


class Rooms:
    """Safe for concurrent use: within this process, one caller at a time looks after a room."""

    def __init__(self, livekit: api.LiveKitAPI) -> None:
        self._livekit = livekit
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def check(self) -> None:
        """Raise LiveKitUnavailable unless LiveKit answers and knows our key."""
        with _livekit_errors():
            await self._livekit.room.list_rooms(api.ListRoomsRequest(names=["-"]))

    async def prepare(self, sitting: Sitting) -> None:
        """See that the sitting's room exists and an examiner is in it or sent for."""
        request = api.CreateRoomRequest(
            name=sitting.room_name,
            empty_timeout=EMPTY_TIMEOUT_S,
            departure_timeout=DEPARTURE_TIMEOUT_S,
            max_participants=MAX_PARTICIPANTS,
        )
        with _livekit_errors():
            async with self._lock(sitting.room_name):
                await self._livekit.room.create_room(request)
                await self._send_examiner(sitting)

    async def look_after(self, sitting: Sitting) -> bool:
        """Send for an examiner again if the last one will not come; False: the room is gone."""
        names = [sitting.room_name]
        with _livekit_errors():
            async with self._lock(sitting.room_name):
                found = await self._livekit.room.list_rooms(api.ListRoomsRequest(names=names))
                if found.rooms:
                    await self._send_examiner(sitting)
                return bool(found.rooms)

    async def has_examiner(self, sitting: Sitting) -> bool:
        with _livekit_errors():
            return await self._is_present(sitting.room_name)

    async def _send_examiner(self, sitting: Sitting) -> None:
        room = sitting.room_name
        if await self._is_present(room):
            return
        sent = [
            dispatch
            for dispatch in await self._livekit.agent_dispatch.list_dispatch(room)
            if dispatch.agent_name == EXAMINER
        ]
        now = time.time()
        if any(_is_underway(dispatch, now) for dispatch in sent):
            return
        for dispatch in sent:
            # LiveKit throws out whoever has the examiner's identity when it deletes one with jobs.
            if not dispatch.state.jobs:
                await self._livekit.agent_dispatch.delete_dispatch(dispatch.id, room)
        await self._livekit.agent_dispatch.create_dispatch(
            api.CreateAgentDispatchRequest(
                agent_name=EXAMINER, room=room, metadata=Dispatch(sitting.id).encode()
            )
        )

    async def _is_present(self, room: str) -> bool:
        found = await self._livekit.room.list_participants(api.ListParticipantsRequest(room=room))
        return any(participant.identity == EXAMINER for participant in found.participants)

    def _lock(self, room: str) -> asyncio.Lock:
        return self._locks.setdefault(room, asyncio.Lock())


def _is_underway(dispatch: api.AgentDispatch, now: float) -> bool:
    if not dispatch.state.jobs:
        return now - dispatch.state.created_at / 1e9 < LIST_LAG_S
    return any(
        job.state.status in _ALIVE
        and now - max(job.state.started_at, dispatch.state.created_at) / 1e9 < JOIN_LIMIT_S
        for job in dispatch.state.jobs
    )


@contextmanager
def _livekit_errors() -> Iterator[None]:
    try:
        yield
    except api.TwirpError as error:
        raise LiveKitUnavailable(f"LiveKit refuses ({error.status} {error.code})") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise LiveKitUnavailable(f"LiveKit cannot be reached ({type(error).__name__})") from error
