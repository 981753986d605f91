"""The figures of a cohort, compared with what is counted by hand."""

import json
import statistics
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.school import EXAM, School, build
from records import schema
from records.cohort import Cohort, read_cohort
from records.cohort_queries import Prints, fingerprint
from records.desk_queue import marks_of
from records.effective import total
from records.engine import open_engine, reading, writing
from records.errors import UnknownExam
from records.spread import Spread

pytestmark = pytest.mark.unit

SIZE = 40


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    build(url, School(sittings=SIZE, questions=3, turns=6, provisional=True))
    engine = open_engine(url)
    yield engine
    await engine.dispose()


async def cohort_of(engine: AsyncEngine, exam_id: str = EXAM) -> Cohort:
    async with reading(engine) as connection:
        return await read_cohort(connection, exam_id, datetime.now(UTC))


async def test_totals_are_those_of_the_marks_that_hold(engine: AsyncEngine) -> None:
    cohort = await cohort_of(engine)
    async with reading(engine) as connection:
        held = await marks_of(connection, [each.sitting_id for each in cohort.totals])
    assert len(held) == SIZE
    assert {each.sitting_id: each.marks for each in cohort.totals} == {
        name: total(marks) for name, marks in held.items()
    }
    assert {each.sitting_id: each.provisional for each in cohort.totals} == {
        name: any(mark.provisional for mark in marks) for name, marks in held.items()
    }
    assert cohort.ungraded == sum(total(marks) is None for marks in held.values()) > 0
    assert len(cohort.shares) == SIZE - cohort.ungraded
    assert cohort.states == {"finished": SIZE} and cohort.released == 14


async def test_questions_are_as_they_are_counted_by_hand(engine: AsyncEngine) -> None:
    cohort = await cohort_of(engine)
    async with reading(engine) as connection:
        held = await marks_of(connection, [each.sitting_id for each in cohort.totals])
    assert [each.question_id for each in cohort.questions] == ["q1", "q2", "q3"]
    for place, figures in enumerate(cohort.questions):
        given = [marks[place] for marks in held.values()]
        shares = [mark.marks / mark.out_of for mark in given if mark.marks is not None]
        whole = [marks for marks in held.values() if total(marks) is not None]
        rest = [
            ((marks[place].marks or 0) / 4, ((total(marks) or 0) - (marks[place].marks or 0)) / 8)
            for marks in whole
        ]
        assert figures.asked == SIZE and figures.graded == len(shares)
        assert figures.overridden == sum(mark.overridden for mark in given)
        assert figures.share == pytest.approx(statistics.fmean(shares))
        assert figures.discrimination == pytest.approx(
            statistics.correlation([x for x, _ in rest], [y for _, y in rest])
        )


async def test_flags_are_counted_one_by_one(engine: AsyncEngine) -> None:
    async with reading(engine) as connection:
        lists = await connection.scalars(select(schema.marks.c.flags))
        counted = Counter(flag for flags in lists for flag in flags)
    cohort = await cohort_of(engine)
    assert dict(cohort.flags) == counted
    assert [count for _, count in cohort.flags] == sorted(counted.values(), reverse=True)
    assert "address" in json.dumps(cohort.flags)


async def test_times_and_waits_are_as_recorded(engine: AsyncEngine) -> None:
    cohort = await cohort_of(engine)
    async with reading(engine) as connection:
        turns = list(
            await connection.execute(
                select(schema.turns).order_by(schema.turns.c.sitting_id, schema.turns.c.number)
            )
        )
        starts = {
            (row.sitting_id, row.turn): row.started_at
            for row in await connection.execute(select(schema.utterances))
        }
    spent: dict[tuple[str, str], float] = {}
    before: tuple[str, int] = ("", 0)
    for row in turns:
        used = before[1] if before[0] == row.sitting_id else 0
        key = row.question_id, row.sitting_id
        spent[key] = spent.get(key, 0) + (row.used_ms - used) / 1000
        before = row.sitting_id, row.used_ms
    for figures in cohort.questions:
        own = sorted(each for key, each in spent.items() if key[0] == figures.question_id)
        assert figures.seconds == pytest.approx(own[SIZE // 2 - 1], abs=2.5)
        assert figures.seconds_p90 == pytest.approx(own[int(SIZE * 0.9) - 1], abs=2.5)
    waits = sorted(
        (starts[row.sitting_id, row.number] - row.at).total_seconds() * 1000 for row in turns
    )
    assert cohort.waits.count == len(waits) == SIZE * 6
    assert cohort.waits.p50 == pytest.approx(waits[len(waits) // 2 - 1], abs=26)
    assert cohort.waits.p95 == pytest.approx(waits[int(len(waits) * 0.95) - 1], abs=26)


async def test_an_exam_that_nobody_sat_has_no_figures(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await connection.execute(
            insert(schema.papers).values(
                exam_id="new", content={"title": "New"}, hash="h", published_at=datetime.now(UTC)
            )
        )
    cohort = await cohort_of(engine, "new")
    assert (cohort.title, cohort.sittings, cohort.totals, cohort.questions) == ("New", 0, [], [])
    assert (cohort.waits.count, cohort.waits.p50) == (0, None)
    with pytest.raises(UnknownExam):
        await cohort_of(engine, "none")


async def test_the_fingerprint_changes_with_whatever_changes_the_figures(
    engine: AsyncEngine,
) -> None:
    async def now() -> Prints:
        async with reading(engine) as connection:
            return await fingerprint(connection, EXAM)

    first, second = f"{0:032x}", f"{1:032x}"
    own = {"sitting_id": second, "question_id": "q2", "old_marks": 1, "new_marks": 2}
    word = {"reason": "r", "teacher": "t", "at": datetime.now(UTC)}
    of_first = schema.sittings.c.id == first
    marks_only = [
        update(schema.sittings).where(of_first).values(status="running"),
        update(schema.sittings).where(of_first).values(released_at=None),
        insert(schema.overrides).values(own | word),
        update(schema.gradings).where(schema.gradings.c.id == first).values(current=False),
    ]
    silent = schema.utterances.c.sitting_id == first
    course = [
        update(schema.utterances).where(silent).values(started_at=None),
        delete(schema.utterances).where(silent),
        delete(schema.turns).where(schema.turns.c.sitting_id == first),
    ]
    seen = [await now()]
    assert await now() == seen[0]
    for change in [*marks_only, *course]:
        async with writing(engine) as connection:
            await connection.execute(change)
        seen.append(await now())
    marks_steps = len(marks_only) + 1
    assert len({each.figures for each in seen}) == len(seen) - 1
    assert len({each.course for each in seen[:marks_steps]}) == 1
    assert len({each.course for each in seen[marks_steps - 1 :]}) == 3


def test_percentiles_come_out_of_counts() -> None:
    spread = Spread.of([(0, 2), (3, 1), (-2, 1), (99, 4)], width=10, above=50)
    assert spread.buckets == [(0, 3), (30, 1), (500, 4)]
    assert [spread.percentile(share) for share in (0.3, 0.5, 0.9)] == [5, 35, 505]
    assert Spread.of([], width=10).percentile(0.5) is None
