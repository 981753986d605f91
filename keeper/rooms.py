"""Rooms in LiveKit: who waits in them, and sending for an examiner.

How livekit-server 1.13 treats a dispatch, which shapes this room: one that finds no worker is
dropped for good, but stays listed without a job. A job is listed up to 5 s after a worker took it,
and goes on being listed as running when it has ended or its worker is dead. A second dispatch whose
examiner joins throws the first one's out, since both have one identity; so does deleting a dispatch
that has a job, which is why none is ever deleted here. When a new examiner joins while a dead one
is still listed as being in the room, LiveKit takes the dead one's leaving for the end of the new
job, and the worker ends that 15 s later: so whoever may be dead is removed before another is sent.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from livekit import api
from livekit.protocol import models

from records.dispatch import AGENT_NAME, EXAMINER_IDENTITY, Dispatch
from records.model import Sitting
from records.notice import NOTICE_TOPIC, Notice


class LiveKitUnavailable(Exception):  # noqa: N818
    """LiveKit cannot be reached, or refuses our key."""


@dataclass(frozen=True)
class Student:
    """A student in a room. `sid` is another one each time that they come back."""

    identity: str
    sid: str


@dataclass(frozen=True)
class Sent:
    """An examiner that was sent for. `taken`: a worker is known to have taken the job."""

    id: str
    taken: bool


class Rooms:
    """Every method raises LiveKitUnavailable."""

    def __init__(self, livekit: api.LiveKitAPI) -> None:
        self._livekit = livekit

    async def check(self) -> None:
        """Raise unless LiveKit answers and knows our key."""
        await self.existing(["-"])

    async def existing(self, names: Iterable[str]) -> set[str]:
        """Those of `names` that are rooms at the moment."""
        wanted = list(names)
        if not wanted:  # LiveKit would list all rooms
            return set()
        with _livekit_errors():
            found = await self._livekit.room.list_rooms(api.ListRoomsRequest(names=wanted))
            return {room.name for room in found.rooms}

    async def student(self, room: str) -> Student | None:
        """The student in the room, connected."""
        with _livekit_errors():
            request = api.ListParticipantsRequest(room=room)
            found = await self._livekit.room.list_participants(request)
        for person in found.participants:
            if (
                person.kind == models.ParticipantInfo.STANDARD
                and person.state == models.ParticipantInfo.ACTIVE
                and person.identity != EXAMINER_IDENTITY
            ):
                return Student(person.identity, person.sid)
        return None

    async def sent(self, room: str) -> list[Sent]:
        """Every examiner that was ever sent for in this room, the dead ones too."""
        with _livekit_errors():
            return [
                Sent(dispatch.id, bool(dispatch.state.jobs))
                for dispatch in await self._livekit.agent_dispatch.list_dispatch(room)
                if dispatch.agent_name == AGENT_NAME
            ]

    async def send_examiner(self, sitting: Sitting) -> None:
        """In the place of one that may still seem to be there: LiveKit notices a death late."""
        await self._remove_examiner(sitting.room_name)
        request = api.CreateAgentDispatchRequest(
            agent_name=AGENT_NAME,
            room=sitting.room_name,
            metadata=Dispatch(sitting.id).encode(),
        )
        with _livekit_errors():
            await self._livekit.agent_dispatch.create_dispatch(request)

    async def _remove_examiner(self, room: str) -> None:
        examiner = api.RoomParticipantIdentity(room=room, identity=EXAMINER_IDENTITY)
        with _livekit_errors():
            try:
                await self._livekit.room.remove_participant(examiner)
            except api.TwirpError as error:
                if error.code != api.TwirpErrorCode.NOT_FOUND:
                    raise

    async def tell(self, room: str, student: Student, notice: Notice) -> None:
        request = api.SendDataRequest(
            room=room,
            data=notice.encode().encode(),
            kind=models.DataPacket.RELIABLE,
            destination_identities=[student.identity],
            topic=NOTICE_TOPIC,
        )
        with _livekit_errors():
            await self._livekit.room.send_data(request)

    async def close(self, room: str) -> None:
        """Delete a room, where it is still there."""
        if await self.existing([room]):
            with _livekit_errors():
                await self._livekit.room.delete_room(api.DeleteRoomRequest(room=room))


@contextmanager
def _livekit_errors() -> Iterator[None]:
    try:
        yield
    except api.TwirpError as error:
        raise LiveKitUnavailable(f"LiveKit refuses ({error.status} {error.code})") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise LiveKitUnavailable(f"LiveKit cannot be reached ({type(error).__name__})") from error
