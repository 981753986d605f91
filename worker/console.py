"""An exam as text in a terminal: the same examiner, no audio device and no LiveKit.

What the student would say is typed; `/repeat`, `/skip`, `/pause` and `/end` are the page's buttons.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TextIO, get_args

from rich.console import Console
from rich.text import Text

from exam_graph import silence
from exam_graph.events import Command, CommandName, Event, Started, StudentSpoke
from exam_graph.state import ExamContext, Kept
from worker.attention import keep_attention
from worker.examiner import Examiner
from worker.timekeeper import keep_time
from worker.turn import Turn

_COMMANDS = {f"/{name}": Command(name=name) for name in get_args(CommandName)}
HELP = "Type what the student says. Buttons: /repeat /skip /pause /end. Leave with Ctrl-D."


class TextConsole:
    """One exam in a terminal. `hold` returns True if the exam was ended, False if it was left."""

    def __init__(self, examiner: Examiner, screen: Console) -> None:
        self._examiner = examiner
        self._screen = screen
        self._floor = asyncio.Lock()
        self._quiet_since = examiner.clock.source.now()

    async def hold(self, lines: AsyncIterator[str]) -> bool:
        """Examines until the end, or until there are no more lines."""
        paper = self._examiner.context.paper
        self._screen.print(f"[bold]{paper.title}[/bold] [dim]{HELP}[/dim]")
        work = asyncio.create_task(self._examiner.run())
        clock = asyncio.create_task(keep_time(self._examiner, quiet=self._quiet, act=self.act))
        attention = asyncio.create_task(
            keep_attention(
                self._examiner,
                quiet=self._quiet,
                quiet_since=lambda: self._quiet_since,
                act=self.act,
                due_after=_after_half_a_clause,
            )
        )
        talk = asyncio.create_task(self._talk(lines))
        tasks = (work, clock, attention, talk)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    await task
            return self._examiner.finished
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def act(self, event: Event) -> Turn:
        """Gives the examiner an event and prints what it says; returns when the turn is kept."""
        async with self._floor:
            turn = self._examiner.submit(event)
            await self._print(turn)
        return turn

    async def _talk(self, lines: AsyncIterator[str]) -> None:
        if self._examiner.started:
            await self._print(await self._examiner.returned())
        else:
            await self.act(Started())
        async for line in lines:
            if line:
                await self.act(_COMMANDS.get(line) or StudentSpoke(text=line))
            if self._examiner.finished:
                return

    async def _print(self, turn: Turn) -> None:
        async for mark in turn.marks():
            self._screen.print(Text.assemble(("examiner  ", "cyan"), mark.utterance.text))
        await turn.committed
        self._quiet_since = self._examiner.clock.source.now()
        state = self._examiner.state
        if state["phase"] == "question":
            left = self._examiner.context.duration_ms - self._examiner.clock.used_ms()
            words = self._examiner.context.phrases.duration(max(0, left))
            number = f"question {state['position'] + 1}/{len(state['order'])}"
            self._screen.print(f"[dim]{number}, {words} left[/dim]")

    async def _quiet(self) -> None:
        async with self._floor:
            return


def _after_half_a_clause(state: Kept, context: ExamContext) -> float | None:
    """Who types is not silent: only half a sentence is not waited for without end."""
    return silence.due(state, context) if state["waiting"] == "unfinished" else None


async def typed_lines(source: TextIO = sys.stdin) -> AsyncIterator[str]:
    """Lines of a terminal or a pipe, without blocking the clock."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
    while line := await reader.readline():
        yield line.decode(errors="replace").strip()
