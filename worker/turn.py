"""One event on its way: what is said about it, as it comes, and when it is kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from exam_graph.events import Event
from exam_graph.utterance import Utterance


class Place(NamedTuple):
    """A moment of the recording."""

    segment: int
    offset_ms: int


class Turn:
    """Filled by the sitting's task; read by whoever speaks. Many may read, each from the start."""

    def __init__(self, event: Event, used_ms: int) -> None:
        self.event = event
        #: Set when the turn is no guess any more.
        self.certain = asyncio.Event()
        self.used_ms = used_ms
        self.number: int | None = None
        #: Where it begins in the recording.
        self.place: Place | None = None
        self.utterances: list[Utterance] = []
        #: Positions of utterances that no voice could say: the student reads them.
        self.unspoken: set[int] = set()
        #: Done when record and checkpoint hold the turn; fails with what kept them from it.
        self.committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._complete = False
        self._grown = asyncio.Event()

    @classmethod
    def aside(cls, event: Event, utterance: Utterance) -> Self:
        """What is said about an event that is no turn of the exam: it never gets a number."""
        turn = cls(event, 0)
        turn.say(utterance)
        turn.complete()
        turn.committed.set_result(None)
        return turn

    def say(self, utterance: Utterance) -> None:
        self.utterances.append(utterance)
        self._wake()

    def complete(self) -> None:
        """Nothing more will be said about this event."""
        self._complete = True
        self._wake()

    async def marks(self) -> AsyncIterator["Mark"]:
        """Each utterance by its place, as soon as it is there."""
        position = 0
        while True:
            while position < len(self.utterances):
                yield Mark(self, position)
                position += 1
            if self._complete:
                return
            await self._grown.wait()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()


@dataclass(frozen=True)
class Mark:
    """The place of one utterance: its turn, and its position in it from 0."""

    turn: Turn
    position: int

    @property
    def utterance(self) -> Utterance:
        return self.turn.utterances[self.position]


@dataclass(frozen=True)
class Heard:
    """What was played of an utterance; `whole`: to its end.

    total_ms: how long it is, 0 if it was not synthesised to its end
    place: where it begins in the recording
    """

    mark: Mark
    started_at: datetime
    heard_ms: int
    whole: bool
    total_ms: int = 0
    place: Place | None = None
