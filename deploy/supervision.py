"""Runs parts as children of supervisord and says how each is doing."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

from supervisor.states import ProcessStates
from supervisor.xmlrpc import SupervisorTransport

from deploy.death import dying_with_parent
from deploy.errors import PartFailed
from deploy.part import Part

_START_TIMEOUT_S = 20.0
_SILENCE = (OSError, HTTPException, ProtocolError)  # what a call raises when nobody answers


@dataclass(frozen=True)
class State:
    """How a part is doing. `end` says how it ended, None while it runs or was never started."""

    end: str | None
    succeeded: bool = False


def configuration(parts: Iterable[Part], *, root: Path, logs: Path, socket: Path) -> str:
    """The text of a supervisord.conf. It holds no secrets: those are inherited as environment.

    Nothing starts or restarts by itself; parts stop in the reverse of the given order.
    """
    # supervisord complains about running as root unless that is said to be meant
    user = "user=root\n" if os.geteuid() == 0 else ""
    sections = [
        f"[supervisord]\nnodaemon=true\nsilent=true\nlogfile={_value(logs / 'supervisord.log')}\n"
        f"logfile_maxbytes=0\npidfile={_value(socket.parent / 'supervisord.pid')}\n{user}",
        f"[unix_http_server]\nfile={_value(socket)}\nchmod=0700\n",
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
    ]
    sections += [
        _program(part, priority, root, logs) for priority, part in enumerate(parts, start=1)
    ]
    return "\n".join(sections)


def _program(part: Part, priority: int, root: Path, logs: Path) -> str:
    environment = ",".join(f'{name}="{_value(value)}"' for name, value in part.env.items())
    lines = {
        "command": _value(shlex.join(part.command)),
        "directory": _value(root),
        "environment": environment,
        "priority": priority,
        "autostart": "false",
        "autorestart": "false",
        "startsecs": 0,
        "startretries": 0,
        "stopsignal": "TERM",
        "killasgroup": "true",  # SIGTERM to the part alone, which ends its children in good order
        "stopwaitsecs": part.stop_timeout_s,
        "redirect_stderr": "true",
        "stdout_logfile": _value(logs / f"{part.name}.log"),
        "stdout_logfile_maxbytes": 0,
    }
    return f"[program:{part.name}]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def _value(value: object) -> str:
    return str(value).replace("%", "%%")  # supervisord expands %(…)s


class Supervisor:
    """A running supervisord, asked over its socket."""

    def __init__(self, process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
        self._process = process
        self._log = log
        self._groups: set[int] = set()  # every process group that a part has had
        self._transport = SupervisorTransport(None, None, f"unix://{socket}")
        self._rpc = ServerProxy("http://127.0.0.1", transport=self._transport).supervisor

    def await_up(self) -> None:
        """Waits until it answers. Raises PartFailed when it doesn't."""
        deadline = monotonic() + _START_TIMEOUT_S
        while True:
            try:
                self._rpc.getState()
            except _SILENCE as error:
                self._transport.close()
                if self._process.poll() is not None or monotonic() > deadline:
                    raise self._gone() from error
                sleep(0.02)
            else:
                return

    def start(self, part: Part) -> None:
        """Starts it without waiting for it. Raises PartFailed when that cannot be done."""
        try:
            self._rpc.startProcess(part.name, False)
        except Fault as fault:
            raise PartFailed(
                f"{part.name} could not be started: {part.command[0]} cannot be run."
            ) from fault
        except _SILENCE as error:
            raise self._gone() from error

    def states(self) -> dict[str, State]:
        """How each part is doing, by name. Raises PartFailed when the supervisor itself is gone."""
        try:
            infos: Any = self._rpc.getAllProcessInfo()
        except (Fault, *_SILENCE) as error:
            raise self._gone() from error
        self._groups.update(info["pid"] for info in infos if info["pid"])
        return {info["name"]: _state(info) for info in infos}

    def stop(self, timeout_s: float) -> None:
        """Stops all parts, the last first, and leaves none of their processes behind."""
        with suppress(PartFailed, Fault, *_SILENCE):
            self.states()  # a last look at who is there
            self._rpc.shutdown()  # at once, where the signal may wait for its next round
        self._transport.close()
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # What a part left behind when it died, or all parts when supervisord was killed.
        for group in self._groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)

    def _gone(self) -> PartFailed:
        return PartFailed(f"The process supervisor is gone; see {self._log}.")


@contextmanager
def supervised(
    parts: tuple[Part, ...], *, root: Path, logs: Path, env: Mapping[str, str]
) -> Iterator[Supervisor]:
    """A supervisord that knows `parts` and has started none. After the block nothing is left."""
    logs.mkdir(parents=True, exist_ok=True)
    for part in parts:
        (logs / f"{part.name}.log").write_bytes(b"")
    # not below var/: the path of a Unix socket may have no more than about 100 characters
    with TemporaryDirectory(prefix="voxam-") as folder:
        socket = Path(folder) / "supervisor.sock"
        conf = Path(folder) / "supervisord.conf"
        conf.write_text(configuration(parts, root=root, logs=logs, socket=socket))
        log = logs / "supervisord.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 -- our own doors
                dying_with_parent(
                    [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(conf)],
                    signal.SIGTERM,
                ),
                cwd=root,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for the launcher, which stops things in order
            )
        supervisor = Supervisor(process, socket, log)
        try:
            supervisor.await_up()
            yield supervisor
        finally:
            supervisor.stop(sum(part.stop_timeout_s for part in parts) + 5)


def _state(info: Mapping[str, Any]) -> State:
    if info["state"] == ProcessStates.EXITED:
        code = info["exitstatus"]
        end = "was killed" if code == -1 else f"ended with exit code {code}"
        return State(end, succeeded=code == 0)
    if info["state"] in (ProcessStates.FATAL, ProcessStates.BACKOFF, ProcessStates.UNKNOWN):
        return State(f"could not be started ({info['spawnerr']})")
    return State(None)
