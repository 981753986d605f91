"""The keeper with a real livekit-server: students who wait, and LiveKit's own webhooks."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx2
import pytest
import uvicorn
from livekit import api, rtc
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keeper import keeping
from keeper.app import create_app
from keeper.settings import Settings
from records.dispatch import EXAMINER_IDENTITY, Dispatch
from records.migrate import migrate
from records.model import Lease, Sitting
from records.store import Records
from tests.conftest import LiveKitServer, running_livekit
from tests.processes import running
from tests.stand_ins.worker import Worker
from token_api.rooms import Rooms

pytestmark = pytest.mark.live

MISSING_S = 4


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    migrate(url)
    return url


@pytest.fixture
async def records(database: str) -> AsyncIterator[Records]:
    records = await Records.open(database)
    await records.publish_paper("cells", {"questions": []}, "hash")
    yield records
    await records.close()


@contextmanager
def _keeper(server: LiveKitServer, database: str, port: int, log: Path) -> Iterator[None]:
    """`python -m keeper`, without webhooks."""
    env = {
        "LIVEKIT_URL": server.url,
        "LIVEKIT_API_KEY": server.api_key,
        "LIVEKIT_API_SECRET": server.api_secret,
        "DATABASE_URL": database,
        "EXAMINER_MISSING_S": str(MISSING_S),
        "KEEPER_PORT": str(port),
    }
    command = [sys.executable, "-m", "keeper"]
    with running(command, f"http://127.0.0.1:{port}/readyz", log, 60, env):
        yield


@dataclass
class Page:
    """A student's page: the room, and the notices that came, those without a text with a minus."""

    room: rtc.Room
    notices: list[str] = field(default_factory=list)

    def on_data(self, packet: rtc.DataPacket) -> None:
        if packet.topic == "voxam.notice":
            notice = json.loads(packet.data)
            self.notices.append(notice["code"] if notice["text"] else f"-{notice['code']}")

    @property
    def examiner(self) -> rtc.RemoteParticipant | None:
        return self.room.remote_participants.get(EXAMINER_IDENTITY)


@asynccontextmanager
async def _student(server: LiveKitServer, sitting: Sitting) -> AsyncIterator[Page]:
    grants = api.VideoGrants(room_join=True, room=sitting.room_name)
    token = api.AccessToken(server.api_key, server.api_secret)
    page = Page(rtc.Room())
    page.room.on("data_received", page.on_data)
    await page.room.connect(
        server.url, token.with_identity("student-ann").with_grants(grants).to_jwt()
    )
    yield page
    await page.room.disconnect()


async def _joined(records: Records, server: LiveKitServer) -> Sitting:
    """A new sitting, with its room as the token API makes it."""
    sitting, _ = await records.open_sitting(
        user_id="ann", exam_id="cells", consent={}, profile={}, invitation=None
    )
    async with api.LiveKitAPI(server.url, server.api_key, server.api_secret) as livekit:
        await Rooms(livekit, 300).prepare(sitting)
    return sitting


@asynccontextmanager
async def _renewed(records: Records, lease: Lease) -> AsyncIterator[None]:
    async def renew() -> None:
        while True:
            await records.renew(lease)
            await asyncio.sleep(1)

    renewing = asyncio.create_task(renew())
    yield
    renewing.cancel()
    await asyncio.gather(renewing, return_exceptions=True)


async def eventually(holds: Callable[[], object], seconds: float) -> float:
    """How long it took."""
    began = monotonic()
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return monotonic() - began


async def test_rows_01_and_03_no_worker_then_one_comes_then_its_examiner_dies(
    records: Records,
    database: str,
    livekit_server: LiveKitServer,
    free_port: Callable[[], int],
    tmp_path: Path,
) -> None:
    sitting = await _joined(records, livekit_server)
    with _keeper(livekit_server, database, free_port(), tmp_path / "keeper.log"):
        async with _student(livekit_server, sitting) as page:
            await eventually(lambda: page.notices, 5)
            assert page.notices == ["examiner_on_the_way"]
            await eventually(lambda: page.notices[1:] == ["examiner_missing"], MISSING_S + 5)
            async with Worker(livekit_server).registered() as worker:
                await eventually(lambda: page.examiner, 20)
                assert [Dispatch.parse(job.metadata).session_id for job in worker.jobs] == [
                    sitting.id
                ]
                lease = await records.claim(sitting.id, "first")
                async with _renewed(records, lease):
                    await eventually(lambda: page.notices[2:] == ["-examiner_missing"], 5)
                # From here on the first examiner is as good as dead, its ghost still in the room.
                assert page.examiner is not None
                ghost = page.examiner.sid
                told_s = await eventually(lambda: page.notices[3:] == ["examiner_failed"], 5)
                assert told_s > 1.5, "its last beat was a second ago at most"
                await eventually(lambda: page.examiner and page.examiner.sid != ghost, 3)
                assert len(worker.jobs) == 2
                lease = await records.claim(sitting.id, "second")
                assert lease.fence == 3
                async with _renewed(records, lease):
                    await eventually(lambda: page.notices[4:] == ["-examiner_failed"], 5)
            assert len(worker.jobs) == 2


@dataclass
class Recorder:
    """Keeps the webhooks that come, and passes them on to the keeper."""

    app: ASGIApp
    taken: list[tuple[str, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def hear() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        await self.app(scope, hear, send)
        if body:
            self.taken.append((dict(scope["headers"])[b"authorization"].decode(), bytes(body)))


async def test_row_31_livekits_webhooks_make_it_look_and_forged_and_replayed_ones_do_not(
    records: Records,
    database: str,
    free_port: Callable[[], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "ROOMS_EVERY_S", 3600)
    port = free_port()
    url = f"http://127.0.0.1:{port}/livekit-webhook"
    with running_livekit(tmp_path, free_port, webhook=url) as livekit:
        settings = Settings(
            livekit_url=livekit.url,
            livekit_api_key=livekit.api_key,
            livekit_api_secret=SecretStr(livekit.api_secret),
            database_url=database,
        )
        app = Recorder(create_app(settings))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none"))
        serving = asyncio.create_task(server.serve())
        await eventually(lambda: server.started, 10)
        sitting = await _joined(records, livekit)
        async with _student(livekit, sitting) as page:
            # Nobody looks by themselves, so it was the webhook that made the keeper look.
            await eventually(lambda: page.notices == ["examiner_on_the_way"], 10)
        async with httpx2.AsyncClient() as stranger:
            for token, body in list(app.taken):
                for changed, status in ((body, 401), (body.replace(b"joined", b"left"), 401)):
                    headers = {"authorization": token}
                    answer = await stranger.post(url, content=changed, headers=headers)
                    assert answer.status_code == status
        assert {json.loads(body)["event"] for _, body in app.taken} >= {"participant_joined"}
        server.should_exit = True
        await serving
