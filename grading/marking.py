"""Marks one sitting under a lease: reads, runs the graph, stores. One result, whatever happens."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from exam_graph.paper import Paper
from grading import flags, joining
from grading.asking import Models
from grading.checkpoints import open_checkpoints
from grading.costs import costs_of
from grading.graph import GradingContext, Outcome, build_graph, grade
from grading.prompting import prompt_hash
from grading.settings import Settings
from grading.sheet import Sheet, read_sheets
from records.errors import RecordsError, RecordsUnavailable, StaleFence
from records.grading_store import GradingStore
from records.marking import Grading, GradingLease, Mark
from records.model import Json

#: done: the marks are stored; put_off: it waits in the queue again; lost: another has it, or it
#: was called off, or the database cannot be reached.
Result = Literal["done", "put_off", "lost"]

_LONGEST_PUT_OFF_S = 900.0

logger = logging.getLogger(__name__)


class Marking:
    """Of one process. `models` are shared by all that it marks side by side."""

    def __init__(self, store: GradingStore, settings: Settings, models: Models) -> None:
        self._store = store
        self._settings = settings
        self._models = models

    async def mark(self, grading: Grading, lease: GradingLease) -> Result:
        """Cancelled, it gives the grading back: what was answered so far is kept."""
        ending = asyncio.Event()
        work = asyncio.create_task(self._work(grading, lease, ending))
        beat = asyncio.create_task(self._beat(lease))
        try:
            await asyncio.wait((work, beat), return_when=asyncio.FIRST_COMPLETED)
            # What is stored or given back is held no more, and the beat may see that first.
            if not work.done() and not ending.is_set():
                logger.warning("grading %s: another has it now, or nobody", lease.grading_id)
                return "lost"
            return await work
        except StaleFence:
            return "lost"
        except asyncio.CancelledError:
            await _ended(work, beat)
            await asyncio.shield(self._give_back(lease, 0.0))
            raise
        except RecordsUnavailable as error:
            logger.warning("grading %s: %s", lease.grading_id, error)
            await self._give_back(lease, self._put_off_s(grading))
            return "lost"
        except Exception as error:
            # Not its text, which may quote the student.
            logger.error("grading %s failed: %s", lease.grading_id, _where(error))
            return await self._failed(grading, lease)
        finally:
            await _ended(work, beat)

    async def _work(self, grading: Grading, lease: GradingLease, ending: asyncio.Event) -> Result:
        """`ending` is set before the lease is let go: whoever lost it before learns so there."""
        sheets, kept = await self._read(grading)
        async with open_checkpoints(self._settings.database_url, lease) as saver:
            context = GradingContext(sheets, self._settings, self._models.ask, grading.tries)
            outcome = await grade(build_graph(saver), context, grading.id)
            ending.set()
            if outcome.marks is None:
                seconds = max(outcome.until - time.time(), self._put_off_s(grading))
                await self._store.give_back(lease, datetime.now(UTC) + timedelta(seconds=seconds))
                logger.info("grading %s is put off for %.0f s", grading.id, seconds)
                return "put_off"
            marks = sorted([*kept, *outcome.marks], key=lambda mark: mark.position)
            await self._finish(grading, lease, marks, outcome)
        return "done"

    async def _read(self, grading: Grading) -> tuple[list[Sheet], list[Mark]]:
        """What to mark, and the marks that are taken over."""
        await joining.join(self._settings.database_url, grading.sitting_id)
        material = await self._store.material(grading.sitting_id)
        paper = Paper.from_dict(grading.paper or material.sitting.paper)
        paper_hash = paper.content_hash if grading.paper else material.sitting.paper_hash
        sheets = read_sheets(material, paper, paper_hash)
        if grading.questions is None:
            return sheets, []
        before = [each for each in await self._store.gradings(grading.sitting_id) if each.current]
        marks = await self._store.marks(before[0].id) if before else []
        kept = [mark for mark in marks if mark.question_id not in grading.questions]
        known = {mark.question_id for mark in kept}
        return [sheet for sheet in sheets if sheet.question.id not in known], kept

    async def _finish(
        self, grading: Grading, lease: GradingLease, marks: Sequence[Mark], outcome: Outcome
    ) -> None:
        provider = self._settings.provider
        paid = costs_of(
            outcome.replies, version=grading.version, provider=provider, on=datetime.now(UTC).date()
        )
        await self._store.finish(
            lease,
            marks,
            paid,
            provisional=any(mark.provisional for mark in marks),
            settings=_made_with(self._settings),
        )

    async def _failed(self, grading: Grading, lease: GradingLease) -> Result:
        """Something here is broken. After many tries a person is told, by marks that are none."""
        try:
            if grading.tries < self._settings.grading_tries:
                await self._give_back(lease, self._put_off_s(grading))
                return "put_off"
            sheets, kept = await self._read(grading)
            marks = [*kept, *map(_unmarked, sheets)]
            await self._finish(grading, lease, marks, Outcome(marks, {}))
        except Exception as error:
            logger.error("grading %s cannot be ended: %s", lease.grading_id, _where(error))
            await self._give_back(lease, _LONGEST_PUT_OFF_S)
            return "put_off"
        return "done"

    async def _beat(self, lease: GradingLease) -> None:
        """Until the lease is another's."""
        while True:
            await asyncio.sleep(self._settings.grading_renew_s)
            try:
                await self._store.renew(lease)
            except StaleFence:
                return
            except RecordsError as error:
                logger.warning("grading %s shows no life: %s", lease.grading_id, error)

    async def _give_back(self, lease: GradingLease, seconds: float) -> None:
        not_before = datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None
        # Unable to, it is found dead.
        with contextlib.suppress(RecordsError):
            await self._store.give_back(lease, not_before)

    def _put_off_s(self, grading: Grading) -> float:
        return float(
            min(self._settings.grading_put_off_s * 2.0 ** (grading.tries - 1), _LONGEST_PUT_OFF_S)
        )


def _made_with(settings: Settings) -> Json:
    return {
        "models": settings.models,
        "provider": settings.provider if settings.models else None,
        "prompt_hash": prompt_hash(),
        "disagreement": settings.grading_disagreement,
        "doubt": settings.grading_doubt,
    }


def _unmarked(sheet: Sheet) -> Mark:
    return Mark(
        question_id=sheet.question.id,
        position=sheet.position,
        state="ungraded",
        marks=None,
        out_of=sheet.question.marks,
        spread=None,
        provisional=False,
        points=[],
        flags=[*sorted(sheet.flags), flags.GRADER_FAILED, flags.NEEDS_REVIEW],
        graders=[],
        paper_hash=sheet.paper_hash,
        answer_hash=sheet.answer_hash,
    )


async def _ended(*tasks: asyncio.Task[object] | asyncio.Task[Result] | asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _where(error: BaseException) -> str:
    """The error's name and place, for logs."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" in {at.tb_frame.f_code.co_qualname}:{at.tb_lineno}" if at else ""
    return f"{type(error).__name__}{place}"
