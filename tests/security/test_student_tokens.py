"""What a student's token opens at a real livekit-server: one microphone in one room."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from livekit import api, rtc
from livekit.protocol import agent_dispatch, connector, egress, ingress, models, room, sip
from livekit.protocol import rtc as signalling
from livekit.rtc.participant import PublishTrackError
from pydantic import SecretStr

from records.model import Sitting
from records.naming import room_name
from tests.conftest import LiveKitServer
from token_api.settings import Settings
from token_api.student_token import mint

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

STUDENTS = ("ann", "bob", "cy", "dee", "eve", "fay")
#: What is refused: nobody at all (401), or somebody who may not (403).
REFUSED = {401, 403}


def _services() -> Iterator[ServiceDescriptor]:
    """Every service of LiveKit's server API that its library knows."""
    for module in (room, egress, ingress, sip, agent_dispatch, connector):
        yield from module.DESCRIPTOR.services_by_name.values()


METHODS: list[MethodDescriptor] = [method for each in _services() for method in each.methods]


@dataclass(frozen=True)
class Place:
    """A student's sitting, with its room at the server and the token to it."""

    sitting: Sitting
    token: str

    @property
    def room(self) -> str:
        return self.sitting.room_name


@pytest.fixture
def settings(livekit_server: LiveKitServer, tmp_path: Path) -> Settings:
    return Settings(
        livekit_url=livekit_server.url,
        livekit_api_key=livekit_server.api_key,
        livekit_api_secret=SecretStr(livekit_server.api_secret),
        database_url=f"sqlite:///{tmp_path / 'none.db'}",
        token_api_key=SecretStr(secrets.token_urlsafe(32)),
        invitation_secret=SecretStr(secrets.token_urlsafe(32)),
    )


@pytest.fixture
async def livekit(livekit_server: LiveKitServer) -> AsyncIterator[api.LiveKitAPI]:
    server = livekit_server
    async with api.LiveKitAPI(server.url, server.api_key, server.api_secret) as livekit:
        yield livekit


@pytest.fixture
async def places(settings: Settings, livekit: api.LiveKitAPI) -> list[Place]:
    """Six students, each with a room."""
    found = []
    for user in STUDENTS:
        sitting = _sitting(user)
        room = api.CreateRoomRequest(name=sitting.room_name, empty_timeout=300, max_participants=3)
        await livekit.room.create_room(room)
        found.append(Place(sitting, mint(sitting, settings).token))
    return found


def _sitting(user: str) -> Sitting:
    return Sitting(
        id=secrets.token_hex(16),
        user_id=user,
        exam_id="cells",
        room_name=room_name(user),
        paper={},
        paper_hash="hash",
        profile={},
        consent={},
        seed=1,
        status="open",
        fence=0,
        flags=[],
        invitation=None,
        created_at=datetime.now(UTC),
        started_at=None,
        finished_at=None,
    )


def _request(method: MethodDescriptor, place: Place) -> bytes:
    """The method's request, about the student's own room and person: what would work best."""
    values: dict[str, Any] = {
        "room": place.room,
        "room_name": place.room,
        "name": place.room,
        "destination_room": place.room,
        "identity": "examiner",
        "participant_identity": "examiner",
        "destination_identity": "examiner",
        "agent_name": "examiner",
        "metadata": "mine",
    }
    request = message_factory.GetMessageClass(method.input_type)()
    for name, value in values.items():
        described = method.input_type.fields_by_name.get(name)
        if described is not None and described.type == described.TYPE_STRING:
            setattr(request, name, value)
    encoded: bytes = request.SerializeToString()
    return encoded


async def _call(
    server: LiveKitServer, method: MethodDescriptor, body: bytes, token: str
) -> int | None:
    """The status; None: this server does not have the method."""
    address = server.url.replace("ws", "http", 1)
    async with aiohttp.ClientSession() as session:
        response = await session.post(
            f"{address}/twirp/{method.containing_service.full_name}/{method.name}",
            data=body,
            headers={"authorization": f"Bearer {token}", "content-type": "application/protobuf"},
        )
        said = await response.read()
        served = response.status != 404 or not (b"bad_route" in said or b"page not found" in said)
        return response.status if served else None


@asynccontextmanager
async def _in_room(server: LiveKitServer, token: str) -> AsyncIterator[rtc.Room]:
    joined = rtc.Room()
    try:
        await joined.connect(server.url, token)
        yield joined
    finally:
        await joined.disconnect()


async def _is_refused(server: LiveKitServer, token: str) -> bool:
    try:
        async with _in_room(server, token):
            return False
    except rtc.ConnectError:
        return True


async def _rooms(livekit: api.LiveKitAPI) -> set[str]:
    return {each.name for each in (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms}


async def test_no_students_token_opens_any_method_of_the_server_api(
    places: list[Place], livekit_server: LiveKitServer, livekit: api.LiveKitAPI
) -> None:
    before = await _rooms(livekit)
    for place in places:
        found = {
            method.full_name: await _call(
                livekit_server, method, _request(method, place), place.token
            )
            for method in METHODS
        }
        served = {name: status for name, status in found.items() if status is not None}
        assert {name: each for name, each in served.items() if each not in REFUSED} == {}
        assert len(served) > 40, "nearly all that the library knows"
    assert await _rooms(livekit) == before
    for place in places:
        dispatches = await livekit.agent_dispatch.list_dispatch(place.room)
        assert [each for each in dispatches if each.agent_name == "examiner"] == []


async def test_what_is_refused_to_a_student_the_service_may_do(
    places: list[Place], livekit_server: LiveKitServer, settings: Settings
) -> None:
    """So it is the token that is refused, not the request."""
    grants = api.VideoGrants(room_list=True, room_admin=True, room=places[0].room)
    token = api.AccessToken(livekit_server.api_key, livekit_server.api_secret).with_grants(grants)
    harmless = {"ListRooms", "ListParticipants", "ListDispatch", "UpdateRoomMetadata"}
    for method in METHODS:
        if method.name in harmless:
            body = _request(method, places[0])
            assert await _call(livekit_server, method, body, token.to_jwt()) == 200


async def test_a_token_leads_into_its_own_room_whichever_is_asked_for(
    places: list[Place], livekit_server: LiveKitServer, livekit: api.LiveKitAPI
) -> None:
    """Each student with each sitting; 36 pairs."""
    for student in places:
        for sitting in places:
            assert await _lands_in(livekit_server, student.token, sitting.room) == student.room
    for place in places:
        async with _in_room(livekit_server, place.token) as joined:
            assert joined.name == place.room
            for other in places:
                request = api.ListParticipantsRequest(room=other.room)
                found = (await livekit.room.list_participants(request)).participants
                here = {
                    each.identity for each in found if each.state == models.ParticipantInfo.ACTIVE
                }
                assert (joined.local_participant.identity in here) is (other is place)


async def _lands_in(server: LiveKitServer, token: str, wanted: str) -> str:
    """The room that a connection with this token ends up in, when it asks for another one."""
    query = {"access_token": token, "room": wanted, "protocol": "9", "auto_subscribe": "1"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/rtc", params=query) as socket,
    ):
        first = signalling.SignalResponse.FromString(await socket.receive_bytes())
        name: str = first.join.room.name
        return name


async def test_every_forged_pair_of_student_and_sitting_is_refused(
    places: list[Place], livekit_server: LiveKitServer, livekit: api.LiveKitAPI
) -> None:
    """A student who writes another's room into the token has to sign it again."""
    for student in places:
        claims = jwt.decode(student.token, options={"verify_signature": False})
        head, _, signature = student.token.split(".")
        for sitting in places:
            if sitting is student:
                continue
            other = claims | {"video": claims["video"] | {"room": sitting.room}}
            signed = jwt.encode(other, secrets.token_urlsafe(32), algorithm="HS256")
            payload = signed.split(".")[1]
            unsigned = jwt.encode(other, None, algorithm="none")
            for token in (signed, f"{head}.{payload}.{signature}", unsigned):
                address = livekit_server.url.replace("ws", "http", 1)
                async with aiohttp.ClientSession() as session:
                    query = {"access_token": token}
                    answer = await session.get(f"{address}/rtc/validate", params=query)
                    assert answer.status in REFUSED
        request = api.ListParticipantsRequest(room=student.room)
        assert (await livekit.room.list_participants(request)).participants == []


async def test_row_17_an_old_token_after_the_end_makes_no_room(
    places: list[Place], livekit_server: LiveKitServer, livekit: api.LiveKitAPI
) -> None:
    place = places[0]
    await livekit.room.delete_room(api.DeleteRoomRequest(room=place.room))
    assert await _is_refused(livekit_server, place.token)
    assert place.room not in await _rooms(livekit)


async def test_row_18_tokens_expired_tampered_or_for_another_server_are_refused(
    places: list[Place], livekit_server: LiveKitServer
) -> None:
    place, secret = places[0], livekit_server.api_secret
    claims = jwt.decode(place.token, options={"verify_signature": False})
    past = int((datetime.now(UTC) - timedelta(minutes=2)).timestamp())
    bad = {
        "expired by 2 minutes": jwt.encode(claims | {"exp": past, "nbf": past - 600}, secret),
        "of another issuer": jwt.encode(claims | {"iss": "another-key"}, secret),
        "of another secret": jwt.encode(claims, secrets.token_urlsafe(32)),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "with a changed signature": place.token[:-4] + "AAAA",
        "not valid before tomorrow": jwt.encode(claims | {"nbf": past + 10**6}, secret),
    }
    for name, token in bad.items():
        assert await _is_refused(livekit_server, token), name
    assert not await _is_refused(livekit_server, place.token)


async def test_in_the_room_it_is_a_microphone_and_may_change_nothing(
    places: list[Place], livekit_server: LiveKitServer, livekit: api.LiveKitAPI
) -> None:
    async with _in_room(livekit_server, places[0].token) as joined:
        me = joined.local_participant
        for source in (rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO, rtc.TrackSource.SOURCE_UNKNOWN):
            sound = rtc.LocalAudioTrack.create_audio_track("x", rtc.AudioSource(48000, 1))
            with pytest.raises(PublishTrackError):
                await me.publish_track(sound, rtc.TrackPublishOptions(source=source))
        # Whether the library tells of the refusal depends on which it is.
        await asyncio.gather(
            me.set_metadata("{}"),
            me.set_name("examiner"),
            me.set_attributes({"lk.publish_on_behalf": "examiner"}),
            return_exceptions=True,
        )
        request = api.RoomParticipantIdentity(room=joined.name, identity=me.identity)
        seen = await livekit.room.get_participant(request)
        assert (seen.metadata, seen.name, dict(seen.attributes), len(seen.tracks)) == (
            "",
            "",
            {},
            0,
        )
        assert not seen.permission.can_update_metadata
        assert not seen.permission.hidden
        assert not seen.permission.recorder
        assert not seen.permission.agent
