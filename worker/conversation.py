"""Examiner, clock and voice at work together, from the first word to the last."""

import asyncio
import contextlib

from exam_graph.events import Command, CommandName, Started
from exam_graph.state import current_question_id
from worker.examiner import Examiner
from worker.timekeeper import keep_time
from worker.voice import Voice

#: What the last words may take to be played before the exam is closed all the same, in seconds.
CLOSING_S = 45.0
#: How long a student who comes back may finish a sentence before the welcome, in seconds.
RETURN_S = 3.0


class Conversation:
    """One exam aloud. It begins when the student is ready, and again after each absence."""

    def __init__(self, examiner: Examiner, voice: Voice) -> None:
        self._examiner = examiner
        self._voice = voice
        self._ready = asyncio.Event()
        self._away = True
        self._pressing = asyncio.Lock()
        examiner.on_commit(lambda _: voice.wake())

    async def hold(self) -> None:
        """Until the farewell has been heard. Raises what kept the examiner from going on."""
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._examiner.run())
            clock = group.create_task(
                keep_time(self._examiner, quiet=self._voice.quiet, act=self._voice.act)
            )
            await self._converse()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._voice.said_last(), CLOSING_S)
            work.cancel()
            clock.cancel()

    def student_ready(self) -> None:
        """The student is there and hears. Said again without an absence, it changes nothing."""
        if self._away:
            self._away = False
            self._ready.set()
            self._voice.wake()

    def student_left(self) -> None:
        """The student is gone: the clock waits for the return."""
        self._away = True
        self._examiner.hold_clock()

    async def press(self, name: CommandName) -> None:
        """A button: cuts the examiner off, but never the student."""
        if not self._examiner.started or self._examiner.finished:
            return
        question_id = current_question_id(self._examiner.state)
        async with self._pressing:
            await self._voice.student_silent()
            await self._examiner.settled()
            # What the student said meanwhile, or a first click, may have led to another question.
            if name == "skip" and current_question_id(self._examiner.state) != question_id:
                return
            await self._voice.hush()
            await self._voice.act(Command(name=name))

    async def _converse(self) -> None:
        await self._ready.wait()
        while not self._examiner.finished:
            if self._ready.is_set():
                self._ready.clear()
                await self._begin()
            await self._voice.until(lambda: self._examiner.finished or self._ready.is_set())

    async def _begin(self) -> None:
        with contextlib.suppress(TimeoutError):
            # Who left in mid-sentence may come back muted: then no end of that turn ever comes.
            await asyncio.wait_for(self._voice.student_silent(), RETURN_S)
        if self._examiner.started:
            await self._voice.speak(await self._examiner.returned())
        else:
            await self._voice.act(Started())
