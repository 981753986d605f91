"""A desk with teachers and a marked cohort, spoken to as a browser would."""

import asyncio
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import SecretStr
from starlette.testclient import TestClient

from desk.app import create_app
from desk.settings import Settings
from records.desk_store import DeskStore
from records.migrate import migrate

PASSWORD = "a long enough password"
SECRET = "S3cret-for-invitations-0123456789abcdef"


def settings(database: Path, recordings: Path | None = None) -> Settings:
    return Settings(
        database_url=f"sqlite:///{database}",
        desk_key=SecretStr("K3y-of-the-desk-0123456789-abcdefghij"),
        invitation_secret=SecretStr(SECRET),
        recordings_url=recordings.as_uri() if recordings else "",
    )


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "voxam.db"
        migrate(f"sqlite:///{database}")
        return database.read_bytes()


def new_database(folder: Path) -> Path:
    """Migrated, and empty."""
    database = folder / "voxam.db"
    database.write_bytes(_template())
    return database


def add_teachers(database: Path, **exams: list[str] | None) -> None:
    """By name; None: an admin."""

    async def add() -> None:
        store = await DeskStore.open(f"sqlite:///{database}")
        for name, own in exams.items():
            await store.add_teacher(name, PASSWORD, admin=own is None, exams=own or [])
        await store.close()

    asyncio.run(add())


class Visitor:
    """A browser at the desk: keeps cookies, and sends the token of the last page it saw."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, **options: Any) -> Any:
        answer = self.client.get(path, **options)
        if found := re.search(r'name="csrf" value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer

    def post(self, path: str, **fields: str) -> Any:
        """As the form of the last page; the page that it leads to."""
        answer = self.client.post(path, data={"csrf": self.token} | fields)
        if found := re.search(r'name="csrf" value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer

    def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        self.get("/sign-in")
        return self.post("/sign-in", name=name, password=password)


@contextmanager
def served(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=settings.desk_url) as client:
        yield client


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """On a port of its own; its origin."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(settings.model_copy(update={"desk_url": origin}))
    # The listener takes connections before the server does: nobody need wait for it.
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_config=None))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield origin
    finally:
        server.should_exit = True
        await task
