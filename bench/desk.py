"""What the desk's pages cost with a school full of sittings, without a network."""

import asyncio
import re
import statistics
import tempfile
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from rich.table import Table
from starlette.testclient import TestClient

from bench.school import EXAM, School, build
from desk.app import create_app
from desk.settings import Settings
from records.desk_store import DeskStore
from records.engine import open_engine, reading
from records.export_results import read_results
from records.exporting import FORMATS, Format, export

TARGET_MS = 200
_TEACHER, _PASSWORD = "bench", "a password that is long enough"


@dataclass(frozen=True)
class Page:
    """One page: the first time, and then how long it takes, in ms."""

    name: str
    first_ms: float
    times_ms: list[float]

    @property
    def p50_ms(self) -> float:
        return statistics.median(self.times_ms)

    @property
    def p95_ms(self) -> float:
        return statistics.quantiles(self.times_ms, n=20, method="inclusive")[-1]


@dataclass(frozen=True)
class File:
    """One export: how large, how long, and what Python held in memory at most."""

    format: Format
    kilobytes: float
    seconds: float
    peak_mb: float


def measure(sittings: int, rounds: int) -> tuple[list[Page], list[File]]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'voxam.db'}"
        build(url, School(sittings=sittings))
        asyncio.run(_add_teacher(url))
        pages = _pages(url, f"{sittings // 2:032x}", rounds)
        return pages, [asyncio.run(_file(url, each)) for each in FORMATS]


def table(pages: list[Page], files: list[File], sittings: int) -> Table:
    shown = Table(title=f"The desk with {sittings} marked sittings; at most {TARGET_MS} ms a page")
    for column in ("", "first", "p50", "p95", ""):
        shown.add_column(column, justify="left" if not column else "right")
    for page in pages:
        verdict = "" if page.p95_ms <= TARGET_MS else "too slow"
        times = (page.first_ms, page.p50_ms, page.p95_ms)
        shown.add_row(page.name, *(f"{each:.0f} ms" for each in times), verdict)
    for file in files:
        size, peak = f"{file.kilobytes:.0f} KB", f"{file.peak_mb:.1f} MB at most"
        shown.add_row(f"results as {file.format}", size, f"{file.seconds:.1f} s", peak, "")
    return shown


def _addresses(sitting_id: str) -> dict[str, str]:
    return {
        "list": "/",
        "list, its last page": "/?page=20",
        "list, filtered": f"/?exam={EXAM}&stand=review",
        "list, searched": "/?text=student-05",
        "sitting": f"/sittings/{sitting_id}",
        "cohort, nothing changed": f"/exams/{EXAM}",
        "invitations": f"/exams/{EXAM}/invitations",
        "printable page": f"/sittings/{sitting_id}/print",
    }


def _pages(url: str, sitting_id: str, rounds: int) -> list[Page]:
    settings = Settings(
        database_url=url,
        desk_key=SecretStr("k" * 40),
        invitation_secret=SecretStr("s" * 40),
        recordings_url="",
    )
    with TestClient(create_app(settings), base_url=settings.desk_url) as client:
        token = _token(client, "/sign-in")
        client.post("/sign-in", data={"csrf": token, "name": _TEACHER, "password": _PASSWORD})
        found = []
        for name, path in _addresses(sitting_id).items():
            first, *others = [_timed(client, path) for _ in range(rounds + 1)]
            found.append(Page(name, first, others))
        return [*found, _changing(client, sitting_id, rounds)]


def _changing(client: TestClient, sitting_id: str, rounds: int) -> Page:
    """The cohort, each time after a mark was changed: nothing that was counted holds any more."""
    times = []
    for number in range(rounds + 1):
        token = _token(client, f"/sittings/{sitting_id}")
        fields = {"csrf": token, "question": "q2", "marks": str(number % 4), "reason": "bench"}
        client.post(f"/sittings/{sitting_id}/override", data=fields, follow_redirects=False)
        times.append(_timed(client, f"/exams/{EXAM}"))
    return Page("cohort, a mark changed", times[0], times[1:])


def _timed(client: TestClient, path: str) -> float:
    begin = time.perf_counter()
    answer = client.get(path)
    took = (time.perf_counter() - begin) * 1000
    if answer.status_code != 200 or 'name="password"' in answer.text:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return took


def _token(client: TestClient, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


async def _add_teacher(url: str) -> None:
    store = await DeskStore.open(url)
    await store.add_teacher(_TEACHER, _PASSWORD, exams=[EXAM])
    await store.close()


async def _file(url: str, format_: Format) -> File:
    engine = open_engine(url)
    size = 0
    begin = time.perf_counter()
    async for piece in export(read_results(lambda: reading(engine), EXAM), EXAM, format_):
        size += len(piece)
    took = time.perf_counter() - begin
    # Once more: watching memory makes all of it slower.
    tracemalloc.start()
    async for _ in export(read_results(lambda: reading(engine), EXAM), EXAM, format_):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    await engine.dispose()
    return File(format_, size / 1024, took, peak / 1024 / 1024)
