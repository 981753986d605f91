"""The launcher with small stand-ins for the parts, and a real process supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from rich.console import Console

from deploy.errors import PartFailed
from deploy.interruption import Interruption
from deploy.launch import running
from deploy.part import Part

pytestmark = pytest.mark.live

ROOT = Path(__file__).resolve().parent.parent.parent
GONE_WITHIN_S = 40
Ports = Callable[[], int]

# Holds two services and a step until it is told to stop, as `python -m deploy exam` does.
LAUNCHER = """
import os, sys
from pathlib import Path
from rich.console import Console
from deploy.errors import DeployError
from deploy.interruption import Interrupted, interruptible
from deploy.launch import running
from deploy.part import Part

def service(name, port, **more):
    command = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", port)
    return Part(name=name, command=command, ready_url=f"http://127.0.0.1:{port}/", **more)

logs, one, two = sys.argv[1:]
step = Part(name="step", command=(sys.executable, "-c", "print('done')"))
parts = (step, service("one", one, after=frozenset({"step"})), service("two", two))
try:
    with interruptible() as interruption, running(
        parts, root=Path(logs), logs=Path(logs), env=os.environ, console=Console(),
        interruption=interruption,
    ) as up:
        print("UP", flush=True)
        up.watch()
except DeployError as error:
    sys.exit(str(error))
except Interrupted:
    sys.exit(0)
"""


def _service(name: str, port: int, **more: object) -> Part:
    command = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))
    url = f"http://127.0.0.1:{port}/"
    return Part(name=name, command=command, ready_url=url, **more)  # type: ignore[arg-type]


def _fails(parts: tuple[Part, ...], logs: Path) -> str:
    """Brings `parts` up and expects that to fail; the sentence told."""
    with pytest.raises(PartFailed) as caught:
        _bring_up(parts, logs)
    return str(caught.value)


@contextmanager
def _leaving_no_process() -> Iterator[None]:
    """Whatever else this test run has started (a browser, servers) is no concern of ours."""
    before = set(psutil.Process().children(recursive=True))
    try:
        yield
    finally:
        assert set(psutil.Process().children(recursive=True)) <= before


def _bring_up(parts: tuple[Part, ...], logs: Path) -> str:
    """Brings `parts` up and down again, leaving no process; what was shown."""
    shown = logs.parent / "shown"
    with shown.open("w") as out:
        console = Console(file=out, soft_wrap=True)
        with (
            _leaving_no_process(),
            running(
                parts,
                root=logs.parent,
                logs=logs,
                env=os.environ,
                console=console,
                interruption=Interruption(),
            ),
        ):
            pass
    return shown.read_text()


@pytest.fixture
def launcher(tmp_path: Path, free_port: Ports) -> Iterator[subprocess.Popen[str]]:
    """A launcher of its own process whose parts are all ready."""
    with (
        TemporaryDirectory() as temporary,  # one that is killed leaves files there
        subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(tmp_path), str(free_port()), str(free_port())],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": temporary},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line == "UP\n":
                break
        else:
            pytest.fail(f"the launcher ended: {process.communicate()[1]}")
        yield process
        process.kill()


def _family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) == 3, "supervisord and two services"
    return family


def _assert_gone(family: list[psutil.Process]) -> None:
    assert psutil.wait_procs(family, timeout=GONE_WITHIN_S)[1] == []


def test_parts_start_after_what_they_need_and_say_when_they_are_ready(
    tmp_path: Path, free_port: Ports
) -> None:
    port = free_port()
    fetch = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/').read()"
    needs = frozenset({"service"})
    parts = (
        Part(name="step", command=(sys.executable, "-c", fetch), after=needs, note="[as it is]"),
        _service("service", port),
    )
    lines = _bring_up(parts, tmp_path / "logs").splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["service", "ready"], ["step", "done"]]
    assert lines[1].endswith("[as it is]")


def test_a_part_that_ends_is_told_with_its_last_words(tmp_path: Path, free_port: Ports) -> None:
    last_words = "import sys; print('no such\\nmodel', flush=True); sys.exit(3)"
    broken = Part(
        name="broken",
        command=(sys.executable, "-c", last_words),
        ready_url="http://127.0.0.1:9/",
        after=frozenset({"service"}),
    )
    told = _fails((_service("service", free_port()), broken), tmp_path / "logs")
    assert told.splitlines() == [
        "broken ended with exit code 3 before it was ready; the end of its log, "
        f"{tmp_path / 'logs' / 'broken.log'}:",
        "  no such",
        "  model",
    ]


def test_a_step_that_fails_is_told(tmp_path: Path) -> None:
    step = Part(name="database", command=(sys.executable, "-c", "raise SystemExit(1)"))
    told = _fails((step,), tmp_path / "logs")
    assert told.startswith("database ended with exit code 1 before it was ready; its log,")


def test_a_part_that_is_not_ready_in_time_is_told(tmp_path: Path) -> None:
    sleeps = (sys.executable, "-c", "import time; time.sleep(600)")
    slow = Part(name="slow", command=sleeps, ready_url="http://127.0.0.1:9/", timeout_s=1)
    told = _fails((slow,), tmp_path / "logs")
    assert told.startswith("slow was not ready after 1 s;")


def test_words_in_the_log_can_be_what_ready_means(tmp_path: Path, free_port: Ports) -> None:
    service = _service("service", free_port(), ready_log="registered", timeout_s=1)
    assert _fails((service,), tmp_path / "logs").startswith("service was not ready after 1 s;")


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    part = Part(name="ghost", command=("/no/such/program",), ready_url="http://127.0.0.1:9/")
    told = _fails((part,), tmp_path / "logs")
    assert told == "ghost could not be started: /no/such/program cannot be run."


def test_children_that_a_part_leaves_behind_are_ended(tmp_path: Path, free_port: Ports) -> None:
    """A part that dies at once cannot end its children itself."""
    port = free_port()
    leaves = f"{sys.executable} -m http.server --bind 127.0.0.1 {port} & kill -9 $$"
    part = Part(name="leaver", command=("sh", "-c", leaves), ready_url="http://127.0.0.1:9/")
    assert _fails((part,), tmp_path / "logs").startswith("leaver was killed before it was ready;")
    assert [
        p for p in psutil.process_iter(["cmdline"]) if str(port) in (p.info["cmdline"] or [])
    ] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(launcher: subprocess.Popen[str], number: signal.Signals) -> None:
    family = _family(launcher)
    launcher.send_signal(number)
    launcher.send_signal(number)  # an impatient user changes nothing
    assert launcher.wait(GONE_WITHIN_S) == 0
    _assert_gone(family)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of such a death")
def test_a_killed_launcher_leaves_nothing(launcher: subprocess.Popen[str]) -> None:
    family = _family(launcher)
    launcher.kill()
    _assert_gone(family)


def test_a_killed_supervisor_is_told_and_leaves_nothing(launcher: subprocess.Popen[str]) -> None:
    family = _family(launcher)
    psutil.Process(launcher.pid).children()[0].kill()
    told = launcher.communicate(timeout=GONE_WITHIN_S)[1]
    assert launcher.returncode == 1
    assert told.startswith("The process supervisor is gone;")
    _assert_gone(family)


def test_a_part_that_ends_later_is_told_and_stops_the_rest(
    launcher: subprocess.Popen[str],
) -> None:
    family = _family(launcher)
    service = next(process for process in family if "http.server" in process.cmdline())
    service.kill()
    told = launcher.communicate(timeout=GONE_WITHIN_S)[1]
    assert launcher.returncode == 1
    assert "was killed; the end of its log" in told
    _assert_gone(family)
