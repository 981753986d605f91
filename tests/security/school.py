"""The token API in this process, on records of its own, with LiveKit replaced at the network."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import httpx2
from pydantic import SecretStr
from starlette.testclient import TestClient

from records.invitations import sign
from records.migrate import migrate
from records.store import Records
from tests.stand_ins.livekit_api import LiveKitStandIn
from token_api.app import create_app
from token_api.settings import Settings

KEY = "key-of-the-school-service"
SECRET = "s" * 64
API_SECRET = "a" * 40
CONSENT = {"recording": True, "text_version": "2026-03"}
BEARER = {"authorization": f"Bearer {KEY}"}
PAPER: dict[str, Any] = {"title": "Cells", "recording": "optional", "questions": []}


@dataclass(frozen=True)
class School:
    """A running service, a client of it, and what lies behind it."""

    client: TestClient
    database: Path
    livekit: LiveKitStandIn

    def start(self, user: str, headers: dict[str, str] = BEARER) -> httpx2.Response:
        body = {"user_id": user, "exam_id": "cells", "consent": CONSENT}
        return self.client.post("/start-exam-session", json=body, headers=headers)

    def join(self, invitation: str) -> httpx2.Response:
        return self.client.post("/join", json={"invitation": invitation, "consent": CONSENT})

    def look(self, invitation: str) -> httpx2.Response:
        return self.client.post("/invitation", json={"invitation": invitation})

    def invite(
        self,
        user: str = "bob",
        *,
        secret: str = SECRET,
        expires_in: timedelta = timedelta(days=1),
        attempts: int = 1,
    ) -> str:
        """A signed invitation that the records know."""
        expires_at = datetime.now(UTC) + expires_in

        async def create(records: Records) -> str:
            made = await records.create_invitation(
                user_id=user, exam_id="cells", profile={}, attempts=attempts, expires_at=expires_at
            )
            return made.jti

        return sign(on_records(self.database, create), expires_at, secret)

    def sittings(self) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            found: int = connection.execute("SELECT count(*) FROM sittings").fetchone()[0]
            return found

    def finish(self) -> None:
        """Every sitting is over."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("UPDATE sittings SET status = 'finished'")


def on_records(database: Path, work: Callable[[Records], Any]) -> Any:
    async def run() -> Any:
        records = await Records.open(f"sqlite:///{database}")
        try:
            return await work(records)
        finally:
            await records.close()

    return asyncio.run(run())


def make_database(folder: Path) -> Path:
    """Records with one paper and nothing else."""
    file = folder / "voxam.db"
    migrate(f"sqlite:///{file}")
    on_records(file, lambda records: records.publish_paper("cells", PAPER, "hash"))
    return file


@contextmanager
def serving(database: Path, folder: Path, **changes: Any) -> Iterator[School]:
    """The service on a copy of the database; `changes` are of its settings."""
    file = folder / "voxam.db"
    shutil.copy(database, file)
    dist = folder / "dist"
    dist.mkdir()
    (dist / "index.html").write_text("<!doctype html><title>Exam</title>")
    (folder / "secret.txt").write_text("nobody may read this")
    values: dict[str, Any] = {
        "livekit_url": "wss://livekit.example",
        "livekit_api_key": "api-key",
        "livekit_api_secret": SecretStr(API_SECRET),
        "database_url": f"sqlite:///{file}",
        "token_api_key": SecretStr(KEY),
        "invitation_secret": SecretStr(SECRET),
        "web_dist": dist,
    }
    livekit = LiveKitStandIn()
    app = create_app(Settings(**values | changes), cast(aiohttp.ClientSession, livekit))
    client = TestClient(app, raise_server_exceptions=False, client=("203.0.113.7", 40000))
    with client:
        yield School(client, file, livekit)
