"""Readings of an answer while it is being given: at its end only the last words are new.

Bounded: one call at a time, spaced in time and words, and never from the part of the exam's tokens
that the ends of turns will need.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from exam_graph.paper import Question
from exam_graph.understanding import Context, Heard, Understood
from exam_graph.words import words
from worker.groq_asking import asking_for
from worker.groq_client import GroqClient
from worker.groq_reading import Reading, believed

# Words that are new since the last reading, and seconds since it began, before there is another.
AHEAD_WORDS = 6
AHEAD_S = 2.5
# How long a reading may take that nobody waits for.
PATIENCE_S = 2.0
# So few words that were not read change nothing about what an answer lacks …
_UNREAD_WORDS = 2
# … and so few nothing about its being an answer.
_FEW_WORDS = 8
# The share of the exam's tokens that may be spent on what is not said to its end.
BUDGET_SHARE = 0.6
_KEPT = 4


@dataclass(frozen=True)
class _Call:
    words: list[str]
    began: float
    task: asyncio.Task[Reading | None]

    def reading(self) -> Reading | None:
        """None while it is under way, and if it came to nothing."""
        return self.task.result() if self.task.done() and not self.task.cancelled() else None


@dataclass(frozen=True)
class Known:
    """A reading of the words from the first to all but the last `unread`."""

    reading: Reading
    unread: int


class ReadAhead:
    """Of one sitting. Keeps the last readings of the answer that is being given."""

    def __init__(self, client: GroqClient, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._about: tuple[str, str] | None = None
        self._calls: list[_Call] = []
        self._news = asyncio.Event()

    def follow(self, question: Question, heard: Heard, context: Context) -> None:
        """The words so far: reads them if they have become many more."""
        self._turn_to(question, context)
        said, last = words(heard.text), self._calls[-1] if self._calls else None
        if last is not None:
            under_way, early = not last.task.done(), self._now() - last.began < AHEAD_S
            if under_way or early:
                return
        if len(said) - (len(last.words) if last else 0) >= AHEAD_WORDS:
            self._begin(question, heard, context, share=BUDGET_SHARE)

    def read(
        self, question: Question, heard: Heard, context: Context
    ) -> asyncio.Task[Reading | None]:
        """The reading of just these words: one that was begun, or a new one."""
        self._turn_to(question, context)
        said = words(heard.text)
        for call in reversed(self._calls):
            if call.words == said and (not call.task.done() or call.reading() is not None):
                return call.task
        return self._begin(question, heard, context, share=1.0).task

    def known(self, question: Question, heard: Heard, context: Context) -> Known | None:
        """The reading there is that goes furthest into these words."""
        self._turn_to(question, context)
        said = words(heard.text)
        found: Known | None = None
        for call in self._calls:
            reading, unread = call.reading(), len(said) - len(call.words)
            # One word that was heard differently since may turn the sense.
            if reading is None or said[: len(call.words)] != call.words:
                continue
            if found is None or unread < found.unread:
                found = Known(reading, unread)
        return found

    async def news(self) -> None:
        """Waits until a call that is under way has ended."""
        await self._news.wait()

    def close(self) -> None:
        """Nothing more will be asked."""
        for call in self._calls:
            call.task.cancel()

    def _turn_to(self, question: Question, context: Context) -> None:
        about = question.id, context.answer_so_far
        if about != self._about:
            self.close()
            self._about, self._calls = about, []

    def _begin(self, question: Question, heard: Heard, context: Context, *, share: float) -> _Call:
        asking = asking_for(question, heard, context)
        reading = self._client.ask(asking, Reading, timeout_s=PATIENCE_S, share=share)
        call = _Call(words(heard.text), self._now(), asyncio.ensure_future(reading))
        call.task.add_done_callback(self._tell)
        self._calls = [*self._calls[1 - _KEPT :], call]
        return call

    def _tell(self, _: asyncio.Task[Reading | None]) -> None:
        self._news.set()
        self._news = asyncio.Event()


def merged(known: Known, by_rules: Understood, heard: Heard, context: Context) -> Understood:
    """What was read, and what rules make of the rest."""
    covered = [*known.reading.covered, *by_rules.covered]
    whole = known.reading.model_copy(update={"covered": covered, "unfinished": False})
    return believed(whole, by_rules, heard, context)


def settled(
    known: Known, by_rules: Understood, heard: Heard, context: Context
) -> Understood | None:
    """What the turn means if nothing that was not read could change what is said next, else None:
    all points are reached, or none is asked after any more, or hardly a word is new."""
    if known.reading.intent != "answer" or by_rules.intent != "answer":
        return None
    understood = merged(known, by_rules, heard, context)
    if known.unread <= _UNREAD_WORDS:
        return understood
    points = context.question.points if context.question else ()
    lacking = any(point.id not in understood.covered for point in points)
    few = known.unread <= _FEW_WORDS and not heard.text.rstrip().endswith("?")
    return understood if few and not (lacking and context.probing) else None
