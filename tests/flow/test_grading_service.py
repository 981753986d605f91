"""The queue: each sitting once, whatever happens; put off and taken up again; copied and swept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from grading import asking, marking
from grading.asking import Models
from grading.checkpoints import open_checkpoints
from grading.marking import Marking
from grading.prompting import prompt_hash
from grading.service import Service
from records.erasure import delete_user
from records.grading_store import GradingStore
from records.store import Records
from tests.flow.test_grading_cases import settings
from tests.graders.graders import Panel, panel
from tests.graders.material import PAPER
from tests.graders.sittings import FULL, HALF, OPEN, hold, migrated, rows

pytestmark = pytest.mark.flow

SAID = {"first": FULL, "second": HALF, "third": FULL}


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_BACKOFF_S", 0.001)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated(tmp_path)


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    records = await Records.open(url)
    yield records
    await records.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[GradingStore]:
    store = await GradingStore.open(url)
    yield store
    await store.close()


@asynccontextmanager
async def service(url: str, graders: Panel | None, **changes: Any) -> AsyncIterator[Service]:
    quick = {"grading_renew_s": 0.1, "grading_expires_s": 10}
    told = settings(graders.environment if graders else {}, database_url=url, **(quick | changes))
    store = await GradingStore.open(url)
    async with Models(told) as models:
        yield Service(store, told, Marking(store, told, models))
    await store.close()


async def test_a_closed_sitting_is_marked_with_all_that_it_was_marked_with(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    async with panel("good", "good", "inventing_once") as graders, service(url, graders) as one:
        await one.work_off()
    [grading] = await store.gradings(sitting_id)
    assert (grading.state, grading.reason, grading.version) == ("done", "closed", 1)
    assert grading.settings["models"] == graders.models
    marks = await store.marks(grading.id)
    assert [mark.marks for mark in marks] == [4, 2, 4]
    sitting = await records.sitting(sitting_id)
    assert sitting is not None
    for mark in marks:
        assert mark.paper_hash == sitting.paper_hash
        assert [each["model"] for each in mark.graders] == graders.models
        assert {each["prompt_hash"] for each in mark.graders} == {prompt_hash()}
    # The first call of the last grader was refused and repaired: it was paid for all the same.
    spent = rows(url, "SELECT count(*), sum(quantity), min(part), min(provider) FROM costs")
    assert spent == [(20, 10 * 420, "grading", "local")]
    verdict = await store.verify(sitting_id)
    assert (verdict.broken, verdict.links > 0) == ([], True)
    assert rows(url, "SELECT thread_id FROM checkpoints UNION SELECT thread_id FROM writes") == []


async def test_two_graders_side_by_side_mark_each_sitting_once(
    records: Records, store: GradingStore, url: str
) -> None:
    ids = [await hold(records, f"user-{number}", SAID) for number in range(6)]
    async with (
        panel("slow", "good") as graders,
        service(url, graders) as one,
        service(url, graders) as other,
    ):
        await asyncio.gather(one.work_off(), other.work_off())
        assert len(graders.server.requests) == 6 * 6
    for sitting_id in ids:
        [grading] = await store.gradings(sitting_id)
        assert (grading.state, grading.tries, grading.fence) == ("done", 1, 1)
        assert [mark.marks for mark in await store.marks(grading.id)] == [4, 2, 4]


async def test_told_to_end_it_gives_back_and_goes_on_later(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    async with (
        panel("good", "silent", "good") as graders,
        service(url, graders, grading_patience_s=60) as one,
    ):
        running = asyncio.create_task(one.run())
        await graders.were_asked(9)
        while len(_answered(url)) < 6:  # noqa: ASYNC110 -- in the database
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    [grading] = await store.gradings(sitting_id)
    assert (grading.state, grading.holder, grading.not_before) == ("pending", None, None)
    async with panel("good", "good", "good") as graders, service(url, graders) as one:
        await one.work_off()
        # Six were answered before, and three were not.
        assert [each["model"] for each in graders.server.requests] == [graders.models[1]] * 3
    [grading] = await store.gradings(sitting_id)
    assert (grading.state, grading.tries) == ("done", 2)
    assert [mark.marks for mark in await store.marks(grading.id)] == [4, 2, 4]


def _answered(url: str) -> list[tuple[object, ...]]:
    found = rows(url, "SELECT name FROM sqlite_master WHERE name = 'writes'")
    return rows(url, "SELECT * FROM writes WHERE channel = 'replies'") if found else []


@pytest.mark.parametrize(("grader", "came"), [("good", "done"), ("rate_limited", "put_off")])
async def test_what_was_let_go_is_not_taken_for_lost(
    records: Records,
    store: GradingStore,
    url: str,
    grader: str,
    came: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @asynccontextmanager
    async def slow_to_close(*arguments: Any) -> AsyncIterator[Any]:
        async with open_checkpoints(*arguments) as saver:
            yield saver
            await asyncio.sleep(0.3)

    monkeypatch.setattr(marking, "open_checkpoints", slow_to_close)
    await hold(records, "ada", SAID)
    claimed = await store.claim("here")
    assert claimed is not None
    async with panel(grader) as graders:
        told = settings(graders.environment, database_url=url, grading_renew_s=0.05)
        async with Models(told) as models:
            assert await Marking(store, told, models).mark(*claimed) == came


async def test_a_graph_that_was_still_writing_leaves_the_file_to_others(
    records: Records, store: GradingStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold(records, "ada", SAID)
    claimed = await store.claim("here")
    assert claimed is not None
    grading, lease = claimed
    at = {"thread_id": grading.id, "checkpoint_ns": "", "checkpoint_id": "1"}
    saver: Any
    async with open_checkpoints(url, lease) as saver:
        commit = saver.conn.commit

        async def commit_late() -> None:
            await asyncio.sleep(0.2)
            await commit()

        monkeypatch.setattr(saver.conn, "commit", commit_late)
        writes = [("replies", "one")]
        writing = asyncio.create_task(saver.aput_writes({"configurable": at}, writes, "1"))
        await asyncio.sleep(0.1)
    await asyncio.wait_for(store.give_back(lease), 2)
    await writing
    assert len(_answered(url)) == 1


async def test_who_was_replaced_while_it_stood_still_keeps_and_stores_nothing(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    claimed = await store.claim("stopped")
    assert claimed is not None
    [beat] = await store.beats()
    taken = await store.take_over(beat, "another")
    assert taken is not None
    async with panel("good") as graders:
        told = settings(graders.environment, database_url=url)
        async with Models(told) as models:
            one = Marking(store, told, models)
            assert await one.mark(*claimed) == "lost"
            assert graders.server.requests == [], "it could not even keep what it was to ask"
            assert (await store.gradings(sitting_id))[0].state == "running"
            assert await one.mark(*taken) == "done"
    [grading] = await store.gradings(sitting_id)
    assert [mark.marks for mark in await store.marks(grading.id)] == [4, 2, 4]


async def test_rate_limits_put_off_and_lose_nothing(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    async with (
        panel("good", "rate_limited", "good") as graders,
        service(url, graders, grading_put_off_s=1000) as one,
    ):
        await one.work_off()
    [grading] = await store.gradings(sitting_id)
    assert grading.state == "pending"
    assert grading.not_before is not None
    wait = (grading.not_before - datetime.now(UTC)).total_seconds()
    assert 800 < wait <= 1000
    assert await store.marks(grading.id) == []
    async with panel("good", "good", "good") as graders:
        async with service(url, graders) as one:
            await one.work_off()
            assert graders.server.requests == [], "its time has not come"
        async with _only(url, graders, sitting_id) as one:
            await one.work_off()
        assert len(graders.server.requests) == 3
    [grading] = await store.gradings(sitting_id)
    assert [mark.marks for mark in await store.marks(grading.id)] == [4, 2, 4]


@asynccontextmanager
async def _only(url: str, graders: Panel, sitting_id: str) -> AsyncIterator[Service]:
    told = settings(graders.environment, database_url=url)
    store = await GradingStore.open(url)
    async with Models(told) as models:
        yield Service(store, told, Marking(store, told, models), only=sitting_id)
    await store.close()


async def test_row_14_what_a_model_writes_wrong_is_repaired_or_dropped_never_believed(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    async with panel("chatting", "beyond", "leaving_out") as graders:
        async with service(url, graders) as one:
            await one.work_off()
        assert len(graders.server.requests) == 9 * 2
    [grading] = await store.gradings(sitting_id)
    for mark in await store.marks(grading.id):
        assert (mark.state, mark.marks) == ("ungraded", None)
        assert {"grader_failed", "out_of_range", "needs_review"} <= set(mark.flags)


async def test_only_the_questions_asked_for_are_marked_anew(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    async with panel("lazy") as graders, service(url, graders) as one:
        await one.work_off()
    await store.ask_for(sitting_id, "asked_again", questions=["second"], by="bea")
    async with panel("good") as graders, service(url, graders) as one:
        await one.work_off()
        assert len(graders.server.requests) == 1
    first, second = await store.gradings(sitting_id)
    assert (first.current, second.current, second.requested_by) == (False, True, "bea")
    assert [mark.marks for mark in await store.marks(first.id)] == [0, 0, 0]
    assert [mark.marks for mark in await store.marks(second.id)] == [0, 2, 0]
    assert (await store.verify(sitting_id)).broken == []


async def test_a_regrading_by_another_key_keeps_both_and_waits_to_be_adopted(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    async with panel("good") as graders, service(url, graders) as one:
        await one.work_off()
    [point, _] = PAPER["questions"][0]["points"]
    easy = [{**question, "points": [{**point, "marks": 4}]} for question in OPEN["questions"]]
    await store.ask_for(sitting_id, "regraded", paper={**OPEN, "questions": easy})
    async with panel("good") as graders, service(url, graders) as one:
        await one.work_off()
    first, second = await store.gradings(sitting_id)
    assert (first.current, second.current) == (True, False)
    old, new = await store.marks(first.id), await store.marks(second.id)
    assert [mark.marks for mark in old] == [4, 2, 4]
    assert [mark.marks for mark in new] == [4, 4, 4]
    assert {mark.paper_hash for mark in old}.isdisjoint({mark.paper_hash for mark in new})


async def test_without_a_key_marks_are_provisional(
    records: Records, store: GradingStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    sitting_id = await hold(records, "ada", SAID)
    async with service(url, None) as one:
        await one.work_off()
    [grading] = await store.gradings(sitting_id)
    marks = await store.marks(grading.id)
    assert grading.provisional
    assert all(mark.provisional for mark in marks)
    assert [mark.marks for mark in marks] == [4, 2, 4]
    assert rows(url, "SELECT * FROM costs") == []


async def test_what_cannot_be_marked_for_our_own_fault_is_told_in_the_end(
    records: Records, store: GradingStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting_id = await hold(records, "ada", SAID)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(FULL)

    monkeypatch.setattr("grading.marking.grade", broken)
    async with panel("good") as graders, service(url, graders, grading_put_off_s=0.001) as one:
        # Twice, as its tries go.
        while (await store.gradings(sitting_id))[0].state != "done":
            await one.work_off()
    [grading] = await store.gradings(sitting_id)
    assert grading.tries == 2
    for mark in await store.marks(grading.id):
        assert (mark.marks, mark.flags) == (None, ["grader_failed", "needs_review"])


async def test_an_erased_student_leaves_no_answer_of_a_grader(
    records: Records, store: GradingStore, url: str
) -> None:
    await hold(records, "ada", SAID)
    async with panel("good", "rate_limited") as graders, service(url, graders) as one:
        await one.work_off()
    assert _answered(url)
    await delete_user(url, "ada")
    assert _answered(url) == []


async def test_what_a_reopened_sitting_left_is_swept_up(
    records: Records, store: GradingStore, url: str
) -> None:
    sitting_id = await hold(records, "ada", SAID)
    async with panel("good", "rate_limited") as graders, service(url, graders) as one:
        await one.work_off()
    await store.sweep_checkpoints()
    assert _answered(url), "it waits, and is still needed"
    rows_gone = f"DELETE FROM gradings WHERE sitting_id = '{sitting_id}'"
    _execute(url, rows_gone)
    await store.sweep_checkpoints()
    assert _answered(url) == []


def _execute(url: str, statement: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


async def test_nothing_of_a_student_gets_into_a_log(
    records: Records, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await hold(records, "ada", {**SAID, "first": "Zanzibar produces ATP."})
    caplog.set_level("DEBUG")
    async with (
        panel("good", "inventing", "overloaded_once") as graders,
        service(url, graders) as one,
    ):
        await one.work_off()
    assert caplog.records
    assert "zanzibar" not in caplog.text.casefold()
    assert "ada" not in caplog.text.split()
