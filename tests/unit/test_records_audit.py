"""`python -m records audit`: what was done by hand, and by whom."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from typer.testing import CliRunner

from records.__main__ import app
from records.store import Records

pytestmark = pytest.mark.unit

Run = Callable[..., Awaitable[str]]


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", url)

    async def printed(*words: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["audit", *words])
        assert result.exit_code == 0
        return result.stdout

    return printed


async def test_a_paper_is_noted_when_it_is_another(records: Records, run: Run) -> None:
    await records.publish_paper("cells", {"title": "Cells"}, "hash")
    await records.publish_paper("cells", {"title": "Cells again"}, "other", "eve")
    listed = json.loads(await run("--json"))
    assert [(each["action"], each["subject"], each["detail"]) for each in listed] == [
        ("publish", "cells", {"hash": "other", "teacher": "eve"}),
        ("publish", "cells", {"hash": "hash"}),
    ]


async def test_acts_are_listed_for_a_person(records: Records, run: Run) -> None:
    await records.publish_paper("cells", {"title": "Cells again"}, "other", "eve")
    shown = await run()
    for word in ("When (UTC)", "publish", "cells", "eve", "hash: other"):
        assert word in shown
    assert shown.index("hash: other") < shown.index("hash: hash"), "the newest first"
    assert "hash: hash" not in await run("--limit", "1")


async def test_those_of_one_thing_can_be_asked_for(records: Records, run: Run) -> None:
    await records.publish_paper("plants", {"title": "Plants"}, "green")
    shown = await run("--of", "plants")
    assert "green" in shown
    assert "cells" not in shown
    assert await run("--of", "none") == "Nothing was done to none.\n"
