"""The examiner of one sitting: takes events one by one, runs the graph on them, keeps the outcome.

One task per sitting owns state, clock and commits. A guess runs on the last kept state beside it
and leaves nothing behind unless the turn becomes certain with the same words.
"""

import asyncio
import dataclasses
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from langchain_core.runnables import RunnableConfig

from exam_graph.clock import Clock, ExamClock
from exam_graph.events import Event, Returned, StudentSpoke
from exam_graph.graph import Checkpoints, ExamGraph, keep, kept, run
from exam_graph.nodes.understand import overhear
from exam_graph.selection import draw
from exam_graph.state import (
    ExamContext,
    ExamState,
    Kept,
    clock_runs,
    current_question_id,
    first_state,
    kept_part,
    with_event,
)
from records.model import Sitting, TurnRecord
from records.store import Records
from worker.answer_window import AnswerWindow
from worker.patience import OnTrouble, patiently
from worker.turn import Heard, Turn
from worker.turn_row import turn_row

logger = logging.getLogger(__name__)

CommitListener = Callable[[Kept], None]


@dataclass
class _Guess:
    turn: Turn
    base: int
    task: asyncio.Task[ExamState]


@dataclass(frozen=True)
class _Job:
    turn: Turn
    guess: _Guess | None = None


class Examiner:
    """Holds one sitting. `open` it, `run` it as a task, give it events; it never speaks itself."""

    def __init__(
        self,
        sitting: Sitting,
        fence: int,
        *,
        records: Records,
        graph: ExamGraph,
        checkpoints: Checkpoints,
        context: ExamContext,
        clock: Clock,
    ) -> None:
        self.sitting = sitting
        self._fence = fence
        self._records = records
        self._graph = graph
        self._checkpoints = checkpoints
        self.context = context
        self.clock = ExamClock(clock)
        self.state = first_state(draw(context.paper, sitting.seed))
        #: What the last turn that was kept raised for the teacher.
        self.flags: list[str] = []
        self._window = AnswerWindow(records, sitting.id)
        self._queue: asyncio.Queue[_Job] = asyncio.Queue()
        self._last_turn: Turn | None = None
        self._last_number = self.state["turn"]
        self._clock_held = False
        self._failing: set[str] = set()
        self._writing = asyncio.Lock()
        self._guess: _Guess | None = None
        self._listeners: list[CommitListener] = []
        self._tell_trouble: OnTrouble = lambda _: None

    @property
    def started(self) -> bool:
        return self.state["turn"] >= 0

    @property
    def finished(self) -> bool:
        return self.state["phase"] == "finished"

    @property
    def now(self) -> Kept:
        """The state as last kept, at this moment of the exam clock."""
        return {**self.state, "used_ms": self.clock.used_ms()}

    def on_commit(self, listener: CommitListener) -> None:
        """Calls `listener` with the state after each turn that was kept."""
        self._listeners.append(listener)

    def on_trouble(self, tell: OnTrouble) -> None:
        """Calls `tell` with True when a turn cannot be kept for long, with False when it is."""
        self._tell_trouble = tell

    async def open(self) -> None:
        """Loads what was kept: the last checkpoint, and turns recorded after it, replayed."""
        found = await kept(self._checkpoints, self._config)
        if found is not None:
            # An older version's checkpoint may lack what came since.
            self.state = {**self.state, **found}
        missing = await patiently(
            lambda: self._records.turns(self.sitting.id, after=self.state["turn"])
        )
        for turn in missing:
            await self._replay(turn)
        if missing:
            await self._checkpoint(self.state)
        self._last_number = self.state["turn"]
        self.clock = ExamClock(self.clock.source, self.state["used_ms"])
        await self._window.open(self.state)

    async def run(self) -> None:
        """Works off events until cancelled. Raises if a turn could not be kept."""
        while True:
            job = await self._queue.get()
            try:
                await self._work(job)
            except Exception as error:
                if not job.turn.committed.done():
                    job.turn.committed.set_exception(error)
                raise

    def submit(self, event: Event) -> Turn:
        """Queues an event that is certain."""
        return self._enqueue(_Job(Turn(event, self.clock.used_ms())))

    async def settled(self) -> None:
        """Waits until the last event that was queued is kept, or cannot be."""
        if self._last_turn is not None:
            await asyncio.wait((self._last_turn.committed,))

    async def returned(self, away_ms: int = 0) -> Turn:
        """Queues the student's or the examiner's return, with what was kept of an open answer.

        `away_ms`: how long the student was gone.
        """
        self._clock_held = False
        draft = await patiently(lambda: self._records.draft(self.sitting.id), self._tell_trouble)
        if draft is None or draft.question_id != current_question_id(self.state):
            return self.submit(Returned(away_ms=away_ms))
        return self.submit(Returned(draft=draft.text, away_ms=away_ms))

    def hold_clock(self) -> None:
        """Stops the clock until the return: the student is gone, or something of ours failed."""
        self._clock_held = True
        self.clock.stop()

    async def abandon(self) -> None:
        """The student stays away: the sitting ends, but where nothing was asked yet."""
        await patiently(lambda: self._records.abandon(self.sitting.id, self._fence))

    def stop_clock_for(self, part: str) -> None:
        """A part of ours fails: the clock stands until it does no more."""
        self._failing.add(part)
        self.clock.stop()

    def let_clock_run(self, part: str) -> None:
        """It works again."""
        self._failing.discard(part)
        self._set_clock()

    def guess(self, event: StudentSpoke) -> Turn:
        """Runs the graph on words that may still change. Replaces an earlier guess."""
        if self._guess is not None:
            self._guess.task.cancel()
        turn = Turn(event, self.clock.used_ms())
        task = asyncio.create_task(self._run_guess(turn, self._last_turn))
        task.add_done_callback(_retrieve)
        self._guess = _Guess(turn, self._last_number, task)
        return turn

    def student_spoke(self, event: StudentSpoke) -> tuple[Turn, bool]:
        """Queues a turn of the student's that is certain; True if the guess serves for it."""
        guess, self._guess = self._guess, None
        if guess is not None and self._still_holds(guess, event):
            # Its times stay those of the guess: a replay must come to the same reply.
            guessed = guess.turn.event
            assert isinstance(guessed, StudentSpoke)
            guess.turn.event = event.model_copy(update={"duration_ms": guessed.duration_ms})
            return self._enqueue(_Job(guess.turn, guess)), True
        if guess is not None:
            guess.task.cancel()
        return self.submit(event), False

    def overhear(self, event: StudentSpoke) -> None:
        """The words so far of a turn that goes on: understanding may begin with them."""
        if not self.finished:
            overhear(event.text, self._given(event, self.clock.used_ms(), self.state), self.context)

    async def keep_draft(self, text: str) -> None:
        """Keeps the words of an answer that is still being given."""
        question_id = current_question_id(self.state)
        number = self._last_number
        async with self._writing:
            # If a turn became certain since, it holds these words.
            if question_id is not None and number == self._last_number:
                await self._records.keep_draft(self.sitting.id, self._fence, question_id, text)

    async def note_heard(self, heard: Heard) -> None:
        """Keeps how much of an utterance was played to the student, once its turn is kept."""
        await heard.mark.turn.committed
        number = heard.mark.turn.number
        if number is None:
            # Said beside the exam.
            return
        await patiently(
            lambda: self._records.note_heard(
                self.sitting.id,
                self._fence,
                number,
                heard.mark.position,
                started_at=heard.started_at,
                heard_ms=heard.heard_ms,
                whole=heard.whole,
                segment=heard.place.segment if heard.place else None,
                offset_ms=heard.place.offset_ms if heard.place else None,
            )
        )

    def _enqueue(self, job: _Job) -> Turn:
        self._last_number += 1
        job.turn.number = self._last_number
        job.turn.certain.set()
        self._last_turn = job.turn
        self._queue.put_nowait(job)
        return job.turn

    def _still_holds(self, guess: _Guess, event: StudentSpoke) -> bool:
        guessed = guess.turn.event
        assert isinstance(guessed, StudentSpoke)
        untouched = guess.base == self._last_number
        failed = guess.task.done() and (guess.task.cancelled() or guess.task.exception())
        same = same_words(guessed.text, event.text) and guessed.fault == event.fault
        return untouched and not failed and same

    async def _run_guess(self, turn: Turn, after: Turn | None) -> ExamState:
        if after is not None:
            await asyncio.wait((after.committed,))
        return await self._run_graph(turn, self.state)

    async def _work(self, job: _Job) -> None:
        turn = job.turn
        if job.guess is not None:
            outcome = await job.guess.task
        else:
            outcome = await self._run_graph(turn, self.state)
        state: Kept = {**kept_part(outcome), "used_ms": turn.used_ms}
        await self._commit(turn, outcome, state)
        await self._window.follow(turn.event, outcome["record"], state)
        self.state = state
        self.flags = outcome["record"]["flags"]
        self._set_clock()
        turn.committed.set_result(None)
        for listener in self._listeners:
            listener(state)

    def _set_clock(self) -> None:
        if clock_runs(self.state) and not self._clock_held and not self._failing:
            self.clock.start()
        else:
            self.clock.stop()

    async def _run_graph(self, turn: Turn, state: Kept) -> ExamState:
        context = dataclasses.replace(self.context, certain=turn.certain)
        try:
            return await run(
                self._graph, self._given(turn.event, turn.used_ms, state), context, turn.say
            )
        finally:
            turn.complete()

    def _given(self, event: Event, used_ms: int, state: Kept) -> ExamState:
        return with_event(
            state,
            event.model_dump(mode="json"),
            used_ms=used_ms,
            answer_so_far=self._window.text,
        )

    async def _commit(self, turn: Turn, outcome: ExamState, state: Kept) -> None:
        row = turn_row(turn, outcome, ends_exam=not self.finished and state["phase"] == "finished")
        async with self._writing:
            await patiently(
                lambda: self._records.commit_turn(self.sitting.id, self._fence, row),
                self._tell_trouble,
            )
        await patiently(lambda: self._checkpoint(state), self._tell_trouble)

    async def _checkpoint(self, state: Kept) -> None:
        await keep(self._checkpoints, self._config, state)

    async def _replay(self, row: TurnRecord) -> None:
        given = with_event(self.state, row.event, used_ms=row.used_ms, understood=row.understood)
        outcome = await run(self._graph, given, self.context, lambda _: None)
        self.state = kept_part(outcome)

    @property
    def _config(self) -> RunnableConfig:
        return {
            "configurable": {"thread_id": self.sitting.id},
            "metadata": {"fence": self._fence},
        }


def same_words(one: str, other: str) -> bool:
    """Whether two transcripts differ in nothing but case and punctuation."""
    return _words(one) == _words(other)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _retrieve(task: asyncio.Task[ExamState]) -> None:
    """A guess that fails is only dropped; the certain turn runs anew and shows the error."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("a guess failed: %s", type(error).__name__)
