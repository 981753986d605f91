"""Examiner, clock, silence and voice at work together, from the first word to the last."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine

from exam_graph.events import Command, CommandName, SoundBack, SoundLost, Started, StudentSpoke
from exam_graph.state import current_question_id
from records.notice import Notice
from worker.absence import Absence
from worker.answer_limit import limit_answers
from worker.attention import keep_attention
from worker.examiner import Examiner
from worker.microphone import Microphone, watch
from worker.protocol import ANSWER_LONG, MICROPHONE
from worker.timekeeper import keep_time
from worker.trouble import tell_of_trouble
from worker.turn_end import TurnEnd
from worker.voice import Voice

#: What the last words may take to be played before the exam is closed all the same, in seconds.
CLOSING_S = 45.0
#: As long as all that is said over them, and answered, may take.
LAST_CLOSING_S = 180.0
#: How long a student who comes back may finish a sentence before the welcome, in seconds.
RETURN_S = 3.0
#: How long an absent student is waited for, in seconds.
GRACE_S = 300.0
#: How long a turn may take to end when no sound can come any more, in seconds.
LOSS_S = 2.0

Notify = Callable[[Notice], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]


async def _nobody(_: Notice) -> None:
    """There is no page."""


async def _at_once() -> None:
    """Nothing has to be there before the exam."""


class Conversation:
    """One exam aloud. It begins when the student is ready, and again after each absence."""

    def __init__(
        self,
        examiner: Examiner,
        voice: Voice,
        turn_end: TurnEnd,
        *,
        notify: Notify = _nobody,
        microphone: Microphone | None = None,
        admitted: Callable[[], Awaitable[None]] = _at_once,
        grace_s: float = GRACE_S,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Without a `microphone` to watch, nothing is said about its state. The exam begins when
        the student is there, and `admitted`.

        `grace_s`: how long an absent student is waited for, in seconds.
        """
        self._admitted = admitted
        self._examiner = examiner
        self._voice = voice
        self._turn_end = turn_end
        self._notify = notify
        self._microphone = microphone
        self._sleep = sleep
        self._ready = asyncio.Event()
        self._absence = Absence(examiner.clock.source, grace_s)
        self._gave_up = False
        self._told_long: str | None = None
        self._acting = asyncio.Lock()
        examiner.on_commit(turn_end.follow)
        examiner.on_commit(lambda _: voice.floor.wake())

    @property
    def present(self) -> bool:
        """The student is there and hears."""
        return not self._absence.away

    async def hold(self) -> bool:
        """Until the farewell has been heard; False: an absence lasted longer than the grace.

        Raises what kept the examiner from going on.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in self._works()]
            await self._converse()
            if self._examiner.finished:
                await self._close()
            for task in tasks:
                task.cancel()
        return self._examiner.finished

    def student_ready(self) -> None:
        """The student is there and hears. Said again without an absence, it changes nothing."""
        if self._absence.away:
            self._absence.end()
            # The silence of an absence is none of the student's.
            self._voice.floor.stir()
            self._ready.set()
            self._look_up()

    def student_left(self) -> None:
        """The student is gone: the clock waits for the return."""
        self._leave(counts=True)

    def line_lost(self) -> None:
        """The room cannot be reached from here: the student is no more to be heard."""
        self._leave(counts=False)

    async def press(self, name: CommandName) -> None:
        """A button: cuts the examiner off, but never the student."""
        if not self._examiner.started or self._examiner.finished:
            return
        question_id = current_question_id(self._examiner.state)
        async with self._acting:
            own_turn = self._examiner.context.profile.own_turn_end
            if not (own_turn and name == "repeat"):
                # Who ends turns by the button may hear the question again within one.
                await self._turn_ended()
            await self._examiner.settled()
            # What the student said meanwhile, or a first click, may have led to another question.
            if name == "skip" and current_question_id(self._examiner.state) != question_id:
                return
            await self._voice.hush()
            await self._voice.act(Command(name=name))

    async def typed(self, text: str) -> None:
        """An answer that was typed: cuts the examiner off. One after the other."""
        if not text:
            return
        async with self._acting:
            await self._voice.floor.until(lambda: self._examiner.started)
            await self._turn_ended()
            await self._voice.hush()
            turn = await self._voice.act(StudentSpoke(text=text, typed=True))
            await turn.committed

    def _works(self) -> list[Coroutine[None, None, None]]:
        """All that goes on beside the dialogue."""
        examiner, voice, sleep = self._examiner, self._voice, self._sleep
        works = [
            examiner.run(),
            self._give_up(),
            tell_of_trouble(examiner, voice, present=lambda: self.present, notify=self._notify),
            keep_time(examiner, quiet=voice.quiet, act=voice.act, sleep=sleep),
            keep_attention(
                examiner,
                quiet=self._quiet,
                quiet_since=lambda: voice.floor.quiet_since,
                act=voice.act,
                sleep=sleep,
            ),
            limit_answers(
                examiner,
                voice.ears,
                voice.floor,
                answer_over=self._answer_over,
                time_over=self._time_over,
                sleep=sleep,
            ),
        ]
        if self._microphone is not None:
            works.append(
                watch(
                    (self._microphone, voice.listening, voice.mouth),
                    examiner,
                    present=lambda: self.present and examiner.started,
                    tell=self._tell_of_sound,
                    sleep=sleep,
                )
            )
        return works

    async def _turn_ended(self) -> None:
        """Waits for the end of what the student is saying; the next breath is that."""
        if self._voice.ears.open:
            self._turn_end.ask()
            await self._voice.student_silent()

    async def _quiet(self) -> None:
        """Waits until the student is there and nobody is heard."""
        await self._voice.quiet()
        while not self.present:
            await self._voice.floor.until(lambda: self.present)
            await self._voice.quiet()

    async def _answer_over(self) -> None:
        self._turn_end.answer_over()
        question_id = current_question_id(self._examiner.state)
        if self._told_long != question_id:
            self._told_long = question_id
            await self._notify(ANSWER_LONG)

    async def _time_over(self) -> None:
        self._turn_end.time_over()

    async def _tell_of_sound(self, event: SoundLost | SoundBack) -> None:
        """The page tells at once; the voice when what the student said before has its end."""
        if isinstance(event, SoundLost):
            self._examiner.clock.stop()
            await self._notify(MICROPHONE[event.cause])
            if event.cause != "voice":
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOSS_S):
                        await self._turn_ended()
        elif event.cause == "voice":
            await self._voice.student_silent()
            if not self._examiner.state["sound_lost"]:
                # What was read has been answered meanwhile.
                return
        async with self._acting:
            await self._examiner.settled()
            if event.cause != "voice":
                await self._voice.hush()
            turn = await self._voice.act(event)
            await turn.committed

    async def _give_up(self) -> None:
        await self._absence.too_long(self._sleep)
        self._gave_up = True
        self._voice.floor.wake()

    async def _converse(self) -> None:
        while not (self._examiner.finished or self._gave_up):
            if self._ready.is_set():
                self._ready.clear()
                await self._begin()
            await self._voice.floor.until(
                lambda: self._examiner.finished or self._gave_up or self._ready.is_set()
            )

    async def _begin(self) -> None:
        with contextlib.suppress(TimeoutError):
            # Who left in mid-sentence may come back muted: then no end of that turn ever comes.
            async with asyncio.timeout(RETURN_S):
                await self._voice.student_silent()
        if self._examiner.started:
            await self._voice.speak(await self._examiner.returned(self._absence.take_ms()))
        else:
            await self._admitted()
            await self._voice.act(Started())

    async def _close(self) -> None:
        """The last words are heard, and what is said over them still belongs to the exam."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_CLOSING_S):
                heard = False
                while not heard:
                    heard = await self._heard_last() or not self._voice.ears.open

    async def _heard_last(self) -> bool:
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._voice.said_last()
        except TimeoutError:
            return False
        return True

    def _leave(self, *, counts: bool) -> None:
        self._absence.begin(counts=counts)
        self._examiner.hold_clock()
        self._look_up()

    def _look_up(self) -> None:
        self._voice.floor.wake()
        if self._microphone is not None:
            self._microphone.changed.set()
