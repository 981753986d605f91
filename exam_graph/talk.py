"""One exam as text: the exam graph with a clock and a plain record, and nothing else.

Speech takes no time here unless it is said how long; `wait` lets silence pass, and what falls due
meanwhile happens as it would in a room.
"""

import copy
import json

from exam_graph import silence
from exam_graph.clock import Clock, ExamClock, next_mark
from exam_graph.events import (
    BreakOver,
    Command,
    CommandName,
    Event,
    NotHeard,
    Returned,
    Silence,
    Started,
    StudentSpoke,
    TimePassed,
)
from exam_graph.graph import ExamGraph, run
from exam_graph.selection import draw
from exam_graph.state import (
    ExamContext,
    Kept,
    clock_runs,
    current_question_id,
    first_state,
    kept_part,
    with_event,
)
from exam_graph.transcript import TalkTurn, Transcript
from exam_graph.utterance import Utterance

MS_PER_CHARACTER = 65
"""The pace of the examiner's voice, to tell how much was heard: 2.5 s are 38 characters."""
_OPENING = {
    "en": "I am sitting at my desk, next to the window.",
    "de": "Ich sitze an meinem Schreibtisch am Fenster.",
}


class PassingClock:
    """Monotonic time that can be made to pass, on top of a real clock's if one is given."""

    def __init__(self, source: Clock | None = None) -> None:
        self._source = source
        self._passed = 0.0

    def now(self) -> float:
        return self._passed + (self._source.now() if self._source else 0.0)

    def let_pass(self, seconds: float) -> None:
        self._passed += max(0.0, seconds)


class Talk:
    """Holds one exam. Every method that acts returns the turns that came of it."""

    def __init__(
        self, context: ExamContext, graph: ExamGraph, clock: PassingClock, *, seed: int = 1
    ) -> None:
        self.context = context
        self.clock = clock
        self.exam_clock = ExamClock(clock)
        self.state: Kept = first_state(draw(context.paper, seed))
        self.transcript = Transcript(self.state["order"])
        self._graph = graph
        self._quiet_since = clock.now()
        self._break_ends: float | None = None
        self._mark: int | None = None
        self._held: list[str] = []

    @property
    def finished(self) -> bool:
        return self.state["phase"] == "finished"

    @property
    def remaining_ms(self) -> int:
        return max(0, self.context.duration_ms - self.exam_clock.used_ms())

    async def begin(self) -> list[TalkTurn]:
        return await self.act(Started())

    async def open(self) -> list[TalkTurn]:
        """Goes through greeting, sound check and practice, up to the first question."""
        turns = await self.begin()
        for _ in range(2):
            text = _OPENING.get(self.context.paper.language, _OPENING["en"])
            turns += await self.act(StudentSpoke(text=text))
        return turns

    def go_on_from(self, other: "Talk") -> None:
        """Stands where another talk on the same paper does, which goes its own way from there."""
        self.clock = copy.copy(other.clock)
        self.exam_clock = ExamClock(self.clock, other.exam_clock.used_ms())
        self.state = copy.deepcopy(other.state)
        self.transcript = copy.deepcopy(other.transcript)
        self._follow_clock(self.transcript.turns[-1])

    async def says(
        self,
        text: str,
        *,
        takes: float = 0.0,
        typed: bool = False,
        confidence: float | None = None,
    ) -> list[TalkTurn]:
        """A turn of the student's that took so many seconds.

        With a profile whose turns end by the student's button it is not over before `done`.
        """
        self.clock.let_pass(takes)
        if self.context.profile.own_turn_end and not typed:
            self._held.append(text)
            return []
        return await self.act(
            StudentSpoke(
                text=text, typed=typed, confidence=confidence, duration_ms=round(takes * 1000)
            )
        )

    async def done(self) -> list[TalkTurn]:
        """The button that ends a turn."""
        text, self._held = " ".join(self._held), []
        return await self.act(StudentSpoke(text=text)) if text else []

    async def press(self, name: CommandName) -> list[TalkTurn]:
        return await self.act(Command(name=name))

    async def cut(
        self, heard: float, text: str, *, takes: float = 0.0, confidence: float | None = None
    ) -> list[TalkTurn]:
        """Talks over the examiner when this part (0 to 1) of its last words was heard."""
        turns = []
        if (cut_off := self._cut_off(heard)) is not None:
            turns += await self.act(cut_off)
        return turns + await self.says(text, takes=takes, confidence=confidence)

    async def wait(self, seconds: float) -> list[TalkTurn]:
        """Nobody says anything for so long, but for what falls due."""
        until = self.clock.now() + seconds
        turns: list[TalkTurn] = []
        while not self.finished:
            found = self._next_due()
            if found is None or found[0] > until:
                break
            at, event = found
            self.clock.let_pass(at - self.clock.now())
            turns.append(await self._tell(event))
            if isinstance(event, TimePassed) and event.mark == 0 and not self.finished:
                raise RuntimeError("the time is up, and the exam is not over")
        self.clock.let_pass(until - self.clock.now())
        return turns

    async def leave_and_return(self, draft: str = "") -> list[TalkTurn]:
        """The student is gone for a while; `draft` is what was kept of an open answer."""
        self.exam_clock.stop()
        return await self.act(Returned(draft=draft))

    async def resume(self, draft: str = "") -> list[TalkTurn]:
        """Another examiner takes over, with what a checkpoint keeps."""
        self.state = json.loads(json.dumps(self.state))
        self.exam_clock = ExamClock(self.clock, self.state["used_ms"])
        return await self.act(Returned(draft=draft))

    async def act(self, event: Event) -> list[TalkTurn]:
        """One event, and the mark of the clock that was passed meanwhile, if one was."""
        passed = self._passed_mark()
        turns = [await self._tell(event)]
        if passed is not None and self.exam_clock.running:
            turns.append(await self._tell(TimePassed(mark=passed)))
        return turns

    async def _tell(self, event: Event) -> TalkTurn:
        used_ms = self.exam_clock.used_ms()
        given = with_event(
            self.state,
            event.model_dump(mode="json"),
            used_ms=used_ms,
            answer_so_far=self.transcript.answer_so_far(current_question_id(self.state)),
        )
        said: list[Utterance] = []
        outcome = await run(self._graph, given, self.context, said.append)
        turn = self.transcript.keep(event, outcome, said, used_ms)
        self.state = kept_part(outcome)
        self._follow_clock(turn)
        return turn

    def _follow_clock(self, turn: TalkTurn) -> None:
        """As the worker does after each turn: who was heard, what runs, what is waited for."""
        if turn.utterances or isinstance(turn.event, StudentSpoke | Silence):
            self._quiet_since = self.clock.now()
        if clock_runs(self.state):
            self.exam_clock.start()
            self._mark = next_mark(self.context.duration_ms, self.exam_clock.used_ms())[0]
        else:
            self.exam_clock.stop()
            self._mark = None
        if not (self.state["paused"] and self.state["break_minutes"]):
            self._break_ends = None
        elif self._break_ends is None:
            self._break_ends = self.clock.now() + 60 * self.state["break_minutes"]

    def _passed_mark(self) -> int | None:
        """The mark that was waited for, if it fell due while somebody spoke."""
        if self._mark is None:
            return None
        mark, left_ms = next_mark(self.context.duration_ms, self.exam_clock.used_ms())
        return self._mark if mark != self._mark or left_ms == 0 else None

    def _next_due(self) -> tuple[float, Event] | None:
        """What falls due next if nobody says anything, and when."""
        now = self.clock.now()
        found: list[tuple[float, Event]] = []
        if self._break_ends is not None:
            found.append((max(now, self._break_ends), BreakOver()))
        if self.exam_clock.running:
            mark, ms = next_mark(self.context.duration_ms, self.exam_clock.used_ms())
            found.append((now + ms / 1000, TimePassed(mark=mark)))
        seconds = None if self._held else silence.due(self.state, self.context)
        if seconds is not None:
            level = self.state["silences"] + 1
            found.append((max(now, self._quiet_since + seconds), Silence(level=level)))
        return min(found, key=lambda each: each[0], default=None)

    def _cut_off(self, heard: float) -> NotHeard | None:
        """The first utterance of the examiner's last turn that was not heard to its end."""
        last = self.transcript.said_last
        if last is None:
            return None
        lengths = [MS_PER_CHARACTER * len(each.text) for each in last.utterances]
        left = round(heard * sum(lengths))
        for position, length in enumerate(lengths):
            if left < length:
                return NotHeard(
                    utterance=f"{last.number}.{position}", heard_ms=left, total_ms=length
                )
            left -= length
        return None
