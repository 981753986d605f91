"""`python -m grading` at a terminal, without a key."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from grading.__main__ import app
from records.store import Records
from tests.graders.sittings import FULL, HALF, hold, migrated

pytestmark = pytest.mark.flow


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = migrated(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("RECORDINGS_URL", "")
    for name in ("GROQ_API_KEY", "GROQ_BASE_URL", "GRADING_MODELS"):
        monkeypatch.delenv(name, raising=False)
    return url


def held(url: str, user: str, said: dict[str, str]) -> str:
    async def hold_one() -> str:
        records = await Records.open(url)
        try:
            return await hold(records, user, said)
        finally:
            await records.close()

    return asyncio.run(hold_one())


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_one_sitting_is_marked_now_and_shown(url: str) -> None:
    sitting_id = held(url, "ada", {"first": FULL, "second": HALF, "third": "No idea."})
    told = ran("run", sitting_id[:12])
    assert told.exit_code == 0, told.output
    assert "“produces ATP”" in told.output
    assert "Together 6 of 12. Provisional: by keywords, without a model." in told.output


def test_marked_again_it_is_another_version(url: str) -> None:
    sitting_id = held(url, "ada", {"first": FULL, "second": HALF, "third": FULL})
    versions = []
    for _ in range(2):
        told = json.loads(ran("run", "latest", "--json").stdout)
        assert (told["sitting"], told["provisional"], told["marks"]) == (sitting_id, True, 10)
        versions.append(told["version"])
    assert versions == [1, 2]


def test_the_queue_is_worked_off_once(url: str) -> None:
    ids = [held(url, user, {"first": FULL}) for user in ("ada", "bea")]
    told = ran("--pending")
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert sorted(line.split()[2] for line in lines[:2]) == sorted(ids)
    assert lines[2] == "2 marked, 0 put off."
    assert ran("--pending").stdout == "0 marked, 0 put off.\n"


def test_a_sitting_that_goes_on_is_not_marked(url: str) -> None:
    async def begin() -> None:
        records = await Records.open(url)
        await records.publish_paper("cells", {"title": "Cells"}, "hash")
        await records.open_sitting(
            user_id="ada", exam_id="cells", consent={}, profile={}, invitation=None
        )
        await records.close()

    asyncio.run(begin())
    told = ran("run", "latest")
    assert told.exit_code == 1
    assert "is not over: it is open." in told.output


def test_what_is_wrong_in_the_environment_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADING_MODELS", " , ")
    told = ran("--pending")
    assert told.exit_code == 1
    assert "GRADING_MODELS is wrong" in told.output
