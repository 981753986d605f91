"""The real things that several test modules need, each started at most once a run."""

import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from deploy import livekit_server as livekit_server_binary
from deploy.errors import ToolMissing
from records.migrate import migrate
from tests.postgres import Postgres, running_postgres
from tests.processes import ROOT, running


@dataclass(frozen=True)
class LiveKitServer:
    """A real livekit-server of this test run. Rooms are created explicitly, as in production."""

    url: str
    api_key: str
    api_secret: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs in real time on a shared machine may stumble over it: such a test is run once
    more, and the summary counts it as a rerun. A test that fails twice is red."""
    for item in items:
        if item.get_closest_marker("live") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a port of 127.0.0.1 that is free for TCP and UDP, another one at each call."""
    given: set[int] = set()

    def find() -> int:
        while True:
            with (
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            ):
                tcp.bind(("127.0.0.1", 0))
                port: int = tcp.getsockname()[1]
                try:
                    udp.bind(("127.0.0.1", port))
                except OSError:
                    continue
            if port not in given:
                given.add(port)
                return port

    return find


@contextmanager
def running_livekit(
    folder: Path, free_port: Callable[[], int], webhook: str | None = None
) -> Iterator[LiveKitServer]:
    """A livekit-server with the project's livekit.yaml, on ports of its own."""
    try:
        binary = livekit_server_binary.find(ROOT)
    except ToolMissing as error:
        pytest.fail(str(error), pytrace=False)
    port = free_port()
    server = LiveKitServer(f"ws://127.0.0.1:{port}", "test-key", secrets.token_urlsafe(32))
    keys = folder / "keys.yaml"
    keys.write_text(f"{server.api_key}: {server.api_secret}\n")
    keys.chmod(0o600)
    config = yaml.safe_load((ROOT / "livekit.yaml").read_text())
    if webhook:
        config["webhook"] = {"api_key": server.api_key, "urls": [webhook]}
    file = folder / "livekit.yaml"
    file.write_text(yaml.safe_dump(config))
    command = livekit_server_binary.command(
        binary, file, keys, port=port, tcp_port=free_port(), udp_port=free_port()
    )
    with running(list(command), f"http://127.0.0.1:{port}/", folder / "log", 20, {}):
        yield server


@pytest.fixture(scope="session")
def livekit_server(
    free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveKitServer]:
    """A real livekit-server that nobody is told by: keepers look by themselves."""
    with running_livekit(tmp_path_factory.mktemp("livekit"), free_port) as server:
        yield server


@pytest.fixture(scope="session")
def local_providers(
    free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The origin of a real `local_providers`, with its speech models loaded."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("local_providers") / "log"
    command = [sys.executable, "-m", "local_providers", "--port", str(port)]
    with running(command, f"{origin}/healthz", log, 90, {"PYTHONUNBUFFERED": "1"}):
        yield origin


@pytest.fixture(scope="session")
def postgres(free_port: Callable[[], int]) -> Iterator[Postgres]:
    """A real Postgres server. Who stops it starts it again."""
    with running_postgres(free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a database with the newest schema, to be copied."""
    url = postgres.new_database()
    migrate(url)
    return url.rpartition("/")[2]


@pytest.fixture
def postgres_url(postgres: Postgres, migrated_template: str) -> str:
    """The address of an empty, migrated database of this test's own."""
    return postgres.new_database(migrated_template)
