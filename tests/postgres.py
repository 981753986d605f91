"""A real Postgres of this test run: started, stopped and ended here, with databases to spare."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest

from deploy import postgres
from deploy.death import dying_with_parent

#: It refuses to run as root; Debian's package makes this user.
_USER = "postgres"
_TIMEOUT_S = 30
# Nothing has to outlast the machine; what outlasts the processes is not touched by these.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "60",
}


class Postgres:
    """One server on a loopback port. Trusts everybody who reaches it."""

    def __init__(self, binaries: Path, folder: Path, port: int) -> None:
        self._binaries = binaries
        self._folder = folder
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def url(self, database: str) -> str:
        return f"postgresql://voxam@127.0.0.1:{self._port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """The address of a database that nobody else has, a copy of `template`."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url(name)

    def start(self) -> None:
        """Until it answers."""
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        data = str(self._folder / "data")
        server = [str(self._binaries / "postgres"), "-D", data, "-p", str(self._port), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                dying_with_parent(_unprivileged(server), signal.SIGQUIT),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = monotonic() + _TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or monotonic() > deadline:
                pytest.fail(f"no Postgres:\n{(self._folder / 'log').read_text()}", False)
            sleep(0.05)

    def stop(self) -> None:
        """At once, as an operator who restarts it would: every connection is cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_TIMEOUT_S)
            self._process = None

    def make(self) -> None:
        """The files of an empty server."""
        data = str(self._folder / "data")
        initdb = [str(self._binaries / "initdb"), "-D", data, "-U", "voxam", "--auth=trust"]
        initdb += ["--no-sync", "--encoding=UTF8", "--no-locale"]
        done = subprocess.run(
            _unprivileged(initdb), cwd=self._folder, capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.fail(f"initdb: {done.stdout}{done.stderr}", False)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres(port: int) -> Iterator[Postgres]:
    """A server of its own, gone with all its data after the block."""
    binaries = postgres.binaries()
    if binaries is None:
        pytest.fail(postgres.MISSING, pytrace=False)
    # Not pytest's folder: that is closed to the user whom the server runs as.
    with tempfile.TemporaryDirectory(prefix="voxam-postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        server = Postgres(binaries, folder, port)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _unprivileged(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    # The kernel forgets the signal at the change of user: setpriv asks for it again.
    user = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--init-groups"]
    return [*user, "--pdeathsig=QUIT", "--", *command]
