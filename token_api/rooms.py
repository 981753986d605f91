"""Makes a sitting's room in LiveKit, with the dispatch of its examiner in it.

livekit-server 1.13 sends for the `agents` of a CreateRoom once, when the room comes into being; for
a room that is there already it ignores them. So one call is right for both, however often it comes.
Whether somebody comes, the keeper sees to: a dispatch that finds no worker is dropped for good.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from livekit import api

from records.dispatch import AGENT_NAME, Dispatch
from records.model import Sitting

MARGIN_S = 120
"""A room outlives the time for which its student is waited for by this, or it would be deleted
under them: LiveKit takes 20 s to miss somebody, and a keeper that starts anew counts anew."""
# Student, examiner, and one to spare while either is replaced.
MAX_PARTICIPANTS = 3


class LiveKitUnavailable(Exception):  # noqa: N818
    """LiveKit cannot be reached, or refuses our key."""


class Rooms:
    """`student_grace_s`: for how long an absent student is waited for, in seconds."""

    def __init__(self, livekit: api.LiveKitAPI, student_grace_s: float) -> None:
        self._livekit = livekit
        self._empty_s = math.ceil(student_grace_s) + MARGIN_S

    async def check(self) -> None:
        """Raise LiveKitUnavailable unless LiveKit answers and knows our key."""
        with _livekit_errors():
            await self._livekit.room.list_rooms(api.ListRoomsRequest(names=["-"]))

    async def prepare(self, sitting: Sitting) -> None:
        """See that the sitting's room exists; an examiner is sent for to a new one."""
        examiner = api.RoomAgentDispatch(
            agent_name=AGENT_NAME, metadata=Dispatch(sitting.id).encode()
        )
        request = api.CreateRoomRequest(
            name=sitting.room_name,
            empty_timeout=self._empty_s,
            departure_timeout=self._empty_s,
            max_participants=MAX_PARTICIPANTS,
            agents=[examiner],
        )
        with _livekit_errors():
            await self._livekit.room.create_room(request)


@contextmanager
def _livekit_errors() -> Iterator[None]:
    try:
        yield
    except api.TwirpError as error:
        raise LiveKitUnavailable(f"LiveKit refuses ({error.status} {error.code})") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise LiveKitUnavailable(f"LiveKit cannot be reached ({type(error).__name__})") from error
