"""The house that faults happen in, and the table of what came of them."""

import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from robot_student.settings import SpeechSettings
from robot_student.voice import Voice
from tests.conftest import LiveKitServer
from tests.faults.figures import Figures, Gathered, table, write
from tests.faults.house import ANSWERS, House, open_house
from tests.faults.processes import Part
from tests.faults.student import words_of

_gathered = Gathered()
_FIGURES = pytest.StashKey[Figures]()


# -- the table --


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.outcome != "failed":
        return
    # A test that is run once more has those of both runs.
    found: list[Any] = [each for name, each in report.user_properties if name == "figures"]
    figures = Figures(**found[-1]) if found else None
    _gathered.note(report.nodeid, figures, report.outcome == "passed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was measured goes with the report: the table may be written in another process."""
    report = yield
    if (figures := item.stash.get(_FIGURES, None)) is not None:
        report.user_properties.append(("figures", vars(figures)))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _gathered.measured:
        return
    entries = _gathered.entries()
    lines = table(entries)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    terminalreporter.section("faults")
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
    if folder := os.environ.get("FAULTS_REPORT"):
        write(entries, Path(folder))
        terminalreporter.write_line(f"written to {folder}/faults.json and faults.md")


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Those of this test, whose name has the row and whose docstring names the fault."""
    found = re.search(r"row_(\d\d)", request.node.name)
    assert found, "a test of a fault is named after its row"
    fault = (request.function.__doc__ or request.node.name).strip().partition("\n")[0]
    if callspec := getattr(request.node, "callspec", None):
        fault = f"{fault.rstrip('.')} [{callspec.id}]"
    figures = Figures(int(found[1]), fault.rstrip("."))
    request.node.stash[_FIGURES] = figures
    return figures


# -- the house --


@pytest.fixture(scope="session")
def providers_part(
    free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Part]]:
    """local_providers that fail on request, and their process."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "local_providers", "--faults", "--port", str(port)]
    log = tmp_path_factory.mktemp("failing_providers") / "log"
    part = Part(command, log, {"PYTHONUNBUFFERED": "1"}, f"{origin}/healthz")
    yield origin, part
    part.kill_tree()


class Providers:
    """Arms faults at the providers; `part` is their process."""

    def __init__(self, origin: str, part: Part) -> None:
        self.origin = origin
        self.part = part

    async def arm(self, **fault: Any) -> None:
        async with httpx.AsyncClient(base_url=self.origin) as client:
            (await client.post("/faults", json=fault)).raise_for_status()

    async def disarm(self) -> None:
        async with httpx.AsyncClient(base_url=self.origin) as client:
            (await client.delete("/faults")).raise_for_status()


@pytest.fixture
async def providers(providers_part: tuple[str, Part]) -> AsyncIterator[Providers]:
    """Nothing is armed before and after."""
    providers = Providers(*providers_part)
    await providers.part.ready()
    yield providers
    await providers.disarm()


@pytest.fixture(scope="module")
def usual_house(
    livekit_server: LiveKitServer,
    providers_part: tuple[str, Part],
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """No longer than its module: workers that stay would take the exams of other tests."""
    folder = tmp_path_factory.mktemp("house")
    with open_house(livekit_server, providers_part[0], folder, free_port) as house:
        yield house


@pytest.fixture
def house(usual_house: House, providers: Providers) -> House:
    """The house of most tests, on SQLite. Whoever needs workers asks for them: `staff`."""
    return usual_house


OpenHouse = Callable[..., Any]


@pytest.fixture
def opening(
    livekit_server: LiveKitServer,
    usual_house: House,
    providers: Providers,
    free_port: Callable[[], int],
    tmp_path: Path,
) -> OpenHouse:
    """`with opening(SETTING="…") as house`: a house of this test's own."""
    # Its workers are at the same LiveKit, and would be sent into rooms that are none of theirs.
    usual_house.dismiss()

    def of_own(livekit: LiveKitServer = livekit_server, **settings: str) -> Any:
        return open_house(livekit, providers.origin, tmp_path, free_port, **settings)

    return of_own


@pytest.fixture(scope="session")
def spoken(providers_part: tuple[str, Part]) -> Voice:
    """The voice of all students who speak. `prepare` it for other words than the usual ones."""
    return Voice(SpeechSettings(base_url=providers_part[0]))


@pytest.fixture
async def voice(spoken: Voice, providers: Providers) -> Voice:
    await spoken.prepare(words_of(ANSWERS))
    return spoken
