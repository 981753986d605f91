"""The token API against a real livekit-server: what it creates, and whom its tokens let in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
import uvicorn
from livekit import api, rtc
from pydantic import SecretStr

from records.dispatch import AGENT_NAME, EXAMINER_IDENTITY, Dispatch
from records.migrate import migrate
from records.store import Records
from tests.conftest import LiveKitServer
from tests.stand_ins.worker import Worker
from token_api.app import create_app
from token_api.settings import Settings

pytestmark = pytest.mark.live

KEY = "key-of-the-school-service"
CONSENT = {"recording": True, "text_version": "1"}


@pytest.fixture
def settings(livekit_server: LiveKitServer, tmp_path: Path) -> Settings:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    migrate(url)

    async def publish() -> None:
        records = await Records.open(url)
        await records.publish_paper("cells", {"questions": []}, "hash")
        await records.close()

    asyncio.run(publish())
    return Settings(
        livekit_url=livekit_server.url,
        livekit_api_key=livekit_server.api_key,
        livekit_api_secret=SecretStr(livekit_server.api_secret),
        database_url=url,
        token_api_key=SecretStr(KEY),
        invitation_secret=SecretStr("s" * 32),
        web_dist=tmp_path / "dist",
    )


@pytest.fixture
async def client(
    settings: Settings, free_port: Callable[[], int]
) -> AsyncIterator[httpx2.AsyncClient]:
    """The service as it is served, under uvicorn."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_config=None))
    serving = asyncio.create_task(server.serve())
    headers = {"authorization": f"Bearer {KEY}"}
    address = f"http://127.0.0.1:{port}"
    async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=20) as client:
        await eventually(lambda: server.started)
        yield client
    server.should_exit = True
    await serving


@pytest.fixture
async def livekit(livekit_server: LiveKitServer) -> AsyncIterator[api.LiveKitAPI]:
    server = livekit_server
    async with api.LiveKitAPI(server.url, server.api_key, server.api_secret) as livekit:
        yield livekit


async def eventually(holds: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def start(client: httpx2.AsyncClient, user: str) -> dict[str, Any]:
    body = {"user_id": user, "exam_id": "cells", "consent": CONSENT}
    response = await client.post("/start-exam-session", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def _slowly(size: int) -> AsyncIterator[bytes]:
    """Without a length, so that the size shows only as it comes."""
    for _ in range(0, size, 10_000):
        yield b"x" * 10_000


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(rtc.ConnectError):
        yield


async def identities(livekit: api.LiveKitAPI, room: str) -> list[str]:
    found = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    return sorted(participant.identity for participant in found.participants)


async def test_a_student_and_an_examiner_meet(
    client: httpx2.AsyncClient, livekit: api.LiveKitAPI, livekit_server: LiveKitServer
) -> None:
    assert (await client.get("/readyz")).json() == {"status": "ready"}
    async with Worker(livekit_server).registered() as worker:
        session = await start(client, "Ann.Lee@school.example")
        student = rtc.Room()
        await student.connect(session["livekit_url"], session["token"])
        await eventually(lambda: EXAMINER_IDENTITY in student.remote_participants)
        (job,) = worker.jobs
        assert Dispatch.parse(job.metadata) == Dispatch(session["session_id"])
        assert job.room.name == session["room_name"]
        found = await livekit.room.list_rooms(api.ListRoomsRequest(names=[session["room_name"]]))
        (room,) = found.rooms
        assert (room.max_participants, room.metadata) == (3, "")
        assert min(room.empty_timeout, room.departure_timeout) > 300, "the grace"
        assert await identities(livekit, room.name) == [
            "examiner",
            "student-ann-lee-school-example",
        ]
        # A second tab: the same room and examiner, and the newer page takes the older one's place.
        again = await start(client, "Ann.Lee@school.example")
        assert (again["resumed"], again["room_name"]) == (True, room.name)
        left: list[int] = []
        student.on("disconnected", left.append)
        newer = rtc.Room()
        await newer.connect(again["livekit_url"], again["token"])
        await eventually(lambda: bool(left))
        assert left == [rtc.DisconnectReason.DUPLICATE_IDENTITY]
        assert len(worker.jobs) == 1
        await newer.disconnect()
        await student.disconnect()


async def test_the_token_allows_a_microphone_and_nothing_else(
    client: httpx2.AsyncClient, livekit: api.LiveKitAPI, livekit_server: LiveKitServer
) -> None:
    session = await start(client, "bob")
    room = rtc.Room()
    await room.connect(session["livekit_url"], session["token"])
    me = room.local_participant
    voice = rtc.LocalAudioTrack.create_audio_track("voice", rtc.AudioSource(48000, 1))
    microphone = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await me.publish_track(voice, microphone)
    picture = rtc.LocalVideoTrack.create_video_track("picture", rtc.VideoSource(64, 64))
    camera = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)
    with pytest.raises(rtc.participant.PublishTrackError):
        await me.publish_track(picture, camera)
    (seen,) = (
        await livekit.room.list_participants(api.ListParticipantsRequest(room=room.name))
    ).participants
    assert len(seen.tracks) == 1
    assert not seen.permission.can_update_metadata
    await room.disconnect()
    # As an administrator of the room it is refused.
    async with api.LiveKitAPI(livekit_server.url, token=session["token"]) as student:
        with pytest.raises(api.TwirpError) as caught:
            await student.room.delete_room(api.DeleteRoomRequest(room=session["room_name"]))
        assert caught.value.status in (401, 403)


async def test_tokens_of_another_room_tampered_expired_or_old(
    client: httpx2.AsyncClient, livekit: api.LiveKitAPI, livekit_server: LiveKitServer
) -> None:
    session = await start(client, "cy")
    claims = jwt.decode(session["token"], options={"verify_signature": False})
    secret = livekit_server.api_secret
    expired = claims | {"exp": claims["exp"] - 12 * 60, "nbf": claims["exp"] - 30 * 60}
    no_such_room = claims | {"video": claims["video"] | {"room": "exam-other-00000000"}}
    for token in (
        jwt.encode(claims, "another secret that is long enough, too", algorithm="HS256"),
        jwt.encode(expired, secret, algorithm="HS256"),
        jwt.encode(no_such_room, secret, algorithm="HS256"),
    ):
        with refused():
            await rtc.Room().connect(livekit_server.url, token, rtc.RoomOptions())
    # After the end: the room is gone, and the old token does not bring it back.
    await livekit.room.delete_room(api.DeleteRoomRequest(room=session["room_name"]))
    with refused():
        await rtc.Room().connect(livekit_server.url, session["token"])
    names = [session["room_name"], "exam-other-00000000"]
    assert not (await livekit.room.list_rooms(api.ListRoomsRequest(names=names))).rooms


async def test_many_starts_at_once_send_for_one_examiner(
    client: httpx2.AsyncClient, livekit: api.LiveKitAPI, livekit_server: LiveKitServer
) -> None:
    async with Worker(livekit_server).registered() as worker:
        sessions = await asyncio.gather(*(start(client, "eve") for _ in range(10)))
        assert len({session["room_name"] for session in sessions}) == 1
        await eventually(lambda: bool(worker.rooms))
        sent = [
            dispatch
            for dispatch in await livekit.agent_dispatch.list_dispatch(sessions[0]["room_name"])
            if dispatch.agent_name == AGENT_NAME
        ]
        assert len(sent) == 1
        assert len(worker.jobs) == 1


async def test_nothing_is_created_for_bad_input(
    client: httpx2.AsyncClient, livekit: api.LiveKitAPI
) -> None:
    async def rooms() -> set[str]:
        found = await livekit.room.list_rooms(api.ListRoomsRequest())
        return {room.name for room in found.rooms}

    before = await rooms()
    good = {"user_id": "fay", "exam_id": "cells", "consent": CONSENT}
    for changes in (
        {"exam_id": "none"},
        {"user_id": "🦊"},
        {"user_id": "fay fay"},
        {"user_id": "../"},
        {"user_id": "x" * 10_000},
        {"consent": {"recording": "yes", "text_version": "1"}},
    ):
        response = await client.post("/start-exam-session", json=good | changes)
        assert 400 <= response.status_code < 500
    for content in (b"x" * 1_000_000, _slowly(1_000_000)):
        large = await client.post("/start-exam-session", content=content)
        assert large.json()["error"]["code"] == "too_large"
    wrong = {"authorization": "Bearer wrong"}
    assert (await client.post("/start-exam-session", json=good, headers=wrong)).status_code == 401
    assert await rooms() == before
