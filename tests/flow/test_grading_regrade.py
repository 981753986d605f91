"""`regrade`, `compare` and `adopt` on a record: a cohort marked anew."""

import asyncio
import json
from pathlib import Path

import pytest
import typer
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from grading import regrading
from grading.asking import Models
from grading.marking import Marking
from grading.service import Service
from grading.settings import Settings
from records.engine import open_engine, reading, writing
from records.regrading import Regrading
from records.schema import audit
from tests.cohort import (
    grade,
    holding,
    key_file,
    mark,
    opened,
    override,
    regraded,
    release,
    sit,
)

pytestmark = pytest.mark.flow

app = typer.Typer()
app.add_typer(regrading.app)


def _command(*words: str | Path, answer: str = "") -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=answer)


def test_new_marks_hold_only_when_they_are_adopted(url: str, tmp_path: Path) -> None:
    there = asyncio.run(regraded(url))
    assert asyncio.run(holding(url, there["ann"])) == (1, [2.0, 0.0])
    told = _command("adopt", "cells", "--by", "eve", "--yes")
    assert told.exit_code == 0, told.output
    assert "2 sittings, of which 2 would change; 0 of those have been released." in told.stdout
    assert asyncio.run(holding(url, there["ann"])) == (2, [2.0, 1.0])

    async def kept() -> None:
        async with opened(url) as store:
            versions = await store.gradings(there["ann"])
            assert [(each.reason, each.requested_by) for each in versions] == [
                ("closed", None),
                ("regraded", "eve"),
            ]
            assert [mark.marks for mark in await store.marks(versions[0].id)] == [2.0, 0.0]
            assert versions[1].paper is not None
            assert versions[1].paper["questions"][1]["correct"] == ["B"]
            assert (await store.verify(there["ann"])).broken == []
        engine = open_engine(url)
        async with reading(engine) as connection:
            noted = await connection.execute(
                select(audit.c.detail).where(audit.c.subject == there["ann"])
            )
            assert noted.scalar_one() == {"from": 1, "to": 2, "teacher": "eve"}
        await engine.dispose()

    asyncio.run(kept())


def test_a_corrected_key_gives_what_the_wrong_one_withheld(keyless: str, tmp_path: Path) -> None:
    """With graders as they run, and no model."""
    ann = asyncio.run(sit(keyless, "ann"))["ann"]

    async def work_off() -> None:
        settings = Settings()
        async with opened(keyless) as store, Models(settings) as models:
            await Service(store, settings, Marking(store, settings, models)).work_off()

    asyncio.run(work_off())
    assert asyncio.run(holding(keyless, ann)) == (1, [1.0, 0.0])
    assert _command("regrade", "cells", "--paper", key_file(tmp_path), "--yes").exit_code == 0
    asyncio.run(work_off())
    (student,) = json.loads(_command("compare", "cells", "--json").stdout)["students"]
    assert (student["old_total"], student["new_total"]) == (1.0, 2.0)
    assert [change["question_id"] for change in student["changes"]] == ["q2"]
    assert _command("adopt", "cells", "--yes").exit_code == 0
    assert asyncio.run(holding(keyless, ann)) == (2, [1.0, 1.0])


def test_which_marks_hold_cannot_be_changed_unseen(url: str, tmp_path: Path) -> None:
    there = asyncio.run(regraded(url))

    async def tampered() -> list[str]:
        engine = open_engine(url)
        async with writing(engine) as connection:
            from records.schema import gradings

            of_ann = gradings.c.sitting_id == there["ann"]
            await connection.execute(
                update(gradings).where(of_ann).values(current=gradings.c.version == 2)
            )
        await engine.dispose()
        async with opened(url) as store:
            return [str(each) for each in (await store.verify(there["ann"])).broken]

    (broken,) = asyncio.run(tampered())
    assert broken.endswith("current was changed")


def test_who_would_change_is_shown_the_biggest_first(url: str, tmp_path: Path) -> None:
    there = asyncio.run(regraded(url))
    asyncio.run(release(url, there["ann"]))
    told = _command("compare", "cells", "--json", "--out", tmp_path)
    assert told.exit_code == 0, told.output
    comparison = json.loads(told.stdout)
    assert [
        (each["user_id"], each["old_total"], each["new_total"], each["out_of"])
        for each in comparison["students"]
    ] == [("bob", 1.0, 3.0, 4.0), ("ann", 2.0, 3.0, 4.0)]
    assert comparison["students"][1]["changes"] == [
        {
            "question_id": "q2",
            "position": 1,
            "old": 0.0,
            "new": 1.0,
            "out_of": 1.0,
            "overridden": None,
        }
    ]
    assert comparison["released"] == [there["ann"]]
    assert (tmp_path / "regrading.svg").exists() and (tmp_path / "regrading.png").exists()
    text = _command("compare", "cells").stdout
    assert "2 marked anew, 2 would change, 1 of them have been released." in text
    assert "Higher 2, lower 0, otherwise 0." in text


def test_a_teachers_own_mark_stands(url: str, tmp_path: Path) -> None:
    there = asyncio.run(regraded(url))
    asyncio.run(override(url, there["bob"], 3))
    comparison = json.loads(_command("compare", "cells", "--json").stdout)
    totals = {
        each["user_id"]: (each["old_total"], each["new_total"]) for each in comparison["students"]
    }
    assert totals["bob"] == (3.0, 4.0)
    assert "(the teacher's 3 stands)" in _command("compare", "cells").stdout


def test_what_becomes_ungraded_is_shown_first_and_is_no_zero(url: str, tmp_path: Path) -> None:
    there = asyncio.run(regraded(url))
    _command("regrade", "cells", "--yes")
    marks = {
        there["ann"]: (mark("q1", None), mark("q2", 1)),
        there["bob"]: (mark("q1", 3), mark("q2", 1)),
    }
    asyncio.run(grade(url, marks))
    comparison = json.loads(_command("compare", "cells", "--json").stdout)
    assert [(each["user_id"], each["new_total"]) for each in comparison["students"]] == [
        ("ann", None),
        ("bob", 4.0),
    ]
    assert "2 → – of 4" in _command("compare", "cells").stdout


def test_two_versions_can_be_named(url: str, tmp_path: Path) -> None:
    asyncio.run(regraded(url))
    told = _command("compare", "cells", "--from", "2", "--to", "1", "--json").stdout
    assert [each["new_total"] for each in json.loads(told)["students"]] == [1.0, 2.0]


def test_a_regrading_that_is_out_of_date_is_left(url: str, tmp_path: Path) -> None:
    there = asyncio.run(regraded(url))

    async def corrected() -> None:
        regrading = await Regrading.open(url)
        async with opened(url) as store:
            await store.ask_for(there["ann"], "corrected", questions=["q1"])
            waiting = await regrading.adopt({there["ann"]: 2}, "eve")
            assert "being marked" in waiting.left[there["ann"]]
            await grade(url, {there["ann"]: (mark("q1", 3), mark("q2", 0))})
            late = await regrading.adopt({there["ann"]: 2, there["bob"]: 2}, "eve")
            assert "marked anew since" in late.left[there["ann"]]
            assert late.taken == [there["bob"]]
        await regrading.close()

    asyncio.run(corrected())
    assert asyncio.run(holding(url, there["ann"])) == (3, [3.0, 0.0])


def test_after_the_adoption_the_corrected_key_is_the_one_in_use(url: str, tmp_path: Path) -> None:
    there = asyncio.run(regraded(url))
    _command("adopt", "cells", "--yes")

    async def asked() -> None:
        async with opened(url) as store:
            await store.ask_for(there["ann"], "corrected", questions=["q1"])
            taken = await store.claim("grader", only=[there["ann"]])
            assert taken is not None and taken[0].paper is not None
            assert taken[0].paper["questions"][1]["correct"] == ["B"]

    asyncio.run(asked())


def test_a_correction_is_never_lost_in_a_regrading(url: str) -> None:
    """Neither waits in the place of the other, and what was asked for last is the newest."""
    ann = asyncio.run(sit(url, "ann"))["ann"]

    async def asked() -> None:
        async with opened(url) as store:
            await grade(url, {ann: (mark("q1", 1), mark("q2", 1))})
            await store.ask_for(ann, "corrected", questions=["q1"])
            await store.ask_for(ann, "regraded")
            await store.ask_for(ann, "corrected", questions=["q2"])
            await store.ask_for(ann, "regraded")
            waiting = (await store.gradings(ann))[1:]
            assert [(each.version, each.reason, each.questions) for each in waiting] == [
                (4, "corrected", ["q1", "q2"]),
                (5, "regraded", None),
            ]

    asyncio.run(asked())


def test_an_older_grading_that_ends_late_takes_nothing_back(url: str) -> None:
    ann = asyncio.run(sit(url, "ann"))["ann"]

    async def late() -> None:
        async with opened(url) as store:
            first = await store.claim("slow")
            assert first is not None
            await store.ask_for(ann, "corrected", questions=["q1"])
            await grade(url, {ann: (mark("q1", 3), mark("q2", 1))})
            await store.finish(
                first[1], [mark("q1", 0), mark("q2", 0)], [], provisional=False, settings={}
            )
            assert (await store.verify(ann)).broken == []

    asyncio.run(late())
    assert asyncio.run(holding(url, ann)) == (2, [3.0, 1.0])


def test_what_would_be_done_is_only_shown_on_a_dry_run(url: str, tmp_path: Path) -> None:
    there = asyncio.run(sit(url, "ann"))
    told = _command("regrade", "cells", "--paper", key_file(tmp_path), "--dry-run")
    assert "1 sitting of cells would be marked anew by the key in" in told.stdout

    async def versions() -> list[int]:
        async with opened(url) as store:
            return [each.version for each in await store.gradings(there["ann"])]

    assert asyncio.run(versions()) == [1]
    assert _command("regrade", "cells", answer="n\n").exit_code == 1
    assert asyncio.run(versions()) == [1]
    assert _command("regrade", "cells", answer="y\n").exit_code == 0
    assert asyncio.run(versions()) == [1, 2]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"marks": 2}, "question q2 was out of 1, in the file it is 2"),
        ({"id": "q3"}, "question q2 is not in the file; question q3 is only in the file"),
        ({"options": ["a", "b", "c"]}, "question q2 had 2 options, not 3"),
    ],
)
def test_a_key_that_does_not_fit_what_was_asked_is_refused(
    url: str, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    asyncio.run(sit(url, "ann"))
    result = _command("regrade", "cells", "--paper", key_file(tmp_path, **changes), "--yes")
    assert result.exit_code == 1
    assert told in result.stderr and "nothing to mark anew" in result.stderr


def test_an_exam_that_nobody_sat_is_told_as_such(url: str) -> None:
    for command in ("regrade", "compare", "adopt"):
        result = (
            _command(command, "roots", "--yes")
            if command != "compare"
            else _command(command, "roots")
        )
        assert result.exit_code == 1
        assert "No sitting of an exam 'roots' is over." in result.stderr
