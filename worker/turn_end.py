"""How a student's turn comes to its end: by the recogniser's patience, or on request."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable

from livekit.agents import stt

from exam_graph.state import ExamContext, Kept
from worker.flux import Flux, Recogniser
from worker.own_turns import OwnTurns
from worker.pace import LAST_SENTENCE, QUICKEST, pace, quickest

#: A wish to end the turn holds for so long when nothing is heard that could end, in seconds.
WISH_S = 3.0
#: Of so many words, a turn is an answer that has begun.
BEGUN_WORDS = 8


class TurnEnd:
    """Sets the patience that the exam calls for, and ends turns early."""

    def __init__(self, recogniser: Recogniser, state: Kept, context: ExamContext) -> None:
        """The recogniser was made with `pace(state, context)`."""
        self._context = context
        self._state = state
        self._begun = False
        self._flux = Flux(recogniser, pace(state, context))
        #: Called when who ends turns by the button has been silent for long in an open turn.
        self.on_held: Callable[[], None] = lambda: None
        own = OwnTurns(lambda: self.on_held())
        self._own = own if context.profile.own_turn_end else None
        self._open = False
        self._forgetting: asyncio.TimerHandle | None = None

    def follow(self, state: Kept) -> None:
        """A turn was kept: the next one may call for another patience."""
        self._state, self._begun = state, False
        self._flux.follow(pace(state, self._context))

    def ask(self) -> None:
        """The student wants it: the turn ends at the next breath, and at once in silence."""
        self._flux.hurry(quickest(self._context.profile))
        if self._own is not None:
            self._own.end()
        if not self._open:
            self._forget_later()

    def answer_over(self) -> None:
        """The answer has become long: the next breath ends it, unless the student's button does."""
        if self._own is None:
            self._flux.hurry(QUICKEST)

    def time_over(self) -> None:
        """The exam's time is over: the sentence may be finished."""
        if self._own is None:
            self._flux.hurry(QUICKEST)
        else:
            self._flux.hurry(LAST_SENTENCE)
            self._own.end()

    async def watch(
        self, heard: AsyncIterable[stt.SpeechEvent | str]
    ) -> AsyncGenerator[stt.SpeechEvent, None]:
        """The recogniser's events, without ends that the student's button has to ask for."""
        events = self._followed(heard)
        async for event in events if self._own is None else self._own.only_ended(events):
            yield event

    async def _followed(
        self, heard: AsyncIterable[stt.SpeechEvent | str]
    ) -> AsyncGenerator[stt.SpeechEvent, None]:
        async for event in heard:
            assert isinstance(event, stt.SpeechEvent)
            if event.type is stt.SpeechEventType.START_OF_SPEECH:
                if self._begun:
                    # What was said made no turn.
                    self.follow(self._state)
                self._open = True
                self._remember()
            elif event.type is stt.SpeechEventType.END_OF_SPEECH:
                self._open = False
                self._flux.relax()
            elif event.type is stt.SpeechEventType.INTERIM_TRANSCRIPT and not self._begun:
                self._note_words(event)
            yield event

    def _note_words(self, event: stt.SpeechEvent) -> None:
        """Who has begun to answer needs no longer the patience of who has not."""
        if event.alternatives and len(event.alternatives[0].text.split()) >= BEGUN_WORDS:
            self._begun = True
            self._flux.follow(pace(self._state, self._context, answering=True))

    def _forget_later(self) -> None:
        self._remember()
        self._forgetting = asyncio.get_running_loop().call_later(WISH_S, self._forget)

    def _remember(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
            self._forgetting = None

    def _forget(self) -> None:
        self._flux.relax()
        if self._own is not None:
            self._own.go_on()
