"""An exam in a terminal, for authors: what is typed is what the student says."""

import re
from collections.abc import Iterable
from typing import get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exam_graph.events import CommandName, Event, SoundBack, SoundCause, SoundLost
from exam_graph.talk import Talk
from exam_graph.transcript import TalkTurn, Transcript

HELP = """\
Type what the student says. A line that begins with / is no speech:
  /repeat /skip /pause /end   the buttons of the page
  /done                       the button that ends a turn (profile own_turn_end)
  /wait 20                    nobody says anything for 20 seconds
  /cut 0.4 mm-hm              the student says “mm-hm” when 0.4 of the last words were heard
  /sound muted                also unplugged, digital_silence, recogniser, voice; /sound back
  /record                     what is recorded so far
  /help                       this
Leave with Ctrl-D."""

_BUTTONS: dict[str, CommandName] = {name: name for name in get_args(CommandName)}
_SOUNDS: dict[str, Event] = {
    "back": SoundBack(),
    **{cause: SoundLost(cause=cause) for cause in get_args(SoundCause)},
}
_COMMAND = re.compile(r"/(\w+)\s*(.*)")


class NoCommandError(ValueError):
    """A line that begins with / and means nothing; the message says what it lacks."""


class Chat:
    """Shows one exam. `hold` returns True if the exam was ended, False if it was left."""

    def __init__(self, talk: Talk, screen: Console) -> None:
        self._talk = talk
        self._screen = screen

    async def hold(self, lines: Iterable[str], *, echo: bool = False) -> bool:
        """Examines until the end, or until there are no more lines. `echo`: shows them too."""
        self._screen.print(Text(self._talk.context.paper.title, style="bold"))
        self._screen.print(Text("What the student says, or /help.", style="dim"))
        self.show(await self._talk.begin())
        for line in lines:
            if echo and line.strip():
                self.show_student(line.strip())
            try:
                self.show(await self._take(line.strip()))
            except NoCommandError as error:
                self._screen.print(Text(str(error), style="yellow"))
            if self._talk.finished:
                break
        self.show_record()
        return self._talk.finished

    def show_student(self, text: str) -> None:
        self._screen.print(Text.assemble(("student   ", "green"), text))

    def show(self, turns: list[TalkTurn]) -> None:
        """What came of it: the examiner's words, the move, and what was recorded."""
        for turn in turns:
            for utterance in turn.utterances:
                slow = " (slowly)" if utterance.slow else ""
                written = "" if utterance.authored else " (written by a model)"
                self._screen.print(
                    Text.assemble(("examiner  ", "cyan"), utterance.text, (slow + written, "dim"))
                )
            self._screen.print(Text(f"          {self._note(turn)}", style="dim"))

    def show_record(self) -> None:
        self._screen.print(record_table(self._talk.transcript))
        if flags := self._talk.transcript.flags:
            self._screen.print(Text(f"flags of the sitting: {', '.join(flags)}", style="yellow"))

    def _note(self, turn: TalkTurn) -> str:
        parts = [turn.move]
        if turn.revises:
            parts.append(f"revises {turn.question_id}")
        elif turn.answers_question:
            parts.append(f"recorded for {turn.question_id}")
        parts += [f"flag {flag}" for flag in turn.flags]
        if self._talk.state["phase"] == "question":
            left = self._talk.context.phrases.duration(self._talk.remaining_ms)
            stands = "" if self._talk.exam_clock.running else ", the clock stands"
            parts.append(f"{left} left{stands}")
        return " · ".join(parts)

    async def _take(self, line: str) -> list[TalkTurn]:
        if not line.startswith("/"):
            turns = await self._talk.says(line) if line else []
            if line and not turns:
                self._screen.print(Text("          the turn goes on until /done", style="dim"))
            return turns
        found = _COMMAND.fullmatch(line)
        name, rest = found.groups() if found else ("", "")
        if name == "help":
            self._screen.print(Text(HELP))
        elif name == "record":
            self.show_record()
        elif name in _BUTTONS:
            return await self._talk.press(_BUTTONS[name])
        elif name == "done":
            return await self._talk.done()
        elif name == "wait":
            return await self._talk.wait(_number(rest, "/wait 20: so many seconds"))
        elif name == "cut":
            part, _, words = rest.partition(" ")
            if not words.strip():
                raise NoCommandError("/cut 0.4 WORDS: which part was heard, and what is said")
            heard = _number(part, "/cut 0.4 WORDS: which part was heard, from 0 to 1")
            return await self._talk.cut(heard, words.strip())
        elif name == "sound":
            if rest not in _SOUNDS:
                raise NoCommandError(f"/sound: one of {', '.join(_SOUNDS)}")
            return await self._talk.act(_SOUNDS[rest])
        else:
            raise NoCommandError(f"There is no {line.split()[0]}; /help shows what there is.")
        return []


def record_table(transcript: Transcript) -> Table:
    """The answers as they stand."""
    table = Table("question", "status", "covered", "value", "words", "revisions", "flags")
    for answer in transcript.answers.values():
        table.add_row(
            answer.question_id,
            answer.status,
            ", ".join(answer.covered),
            answer.value or "",
            Text(answer.text),
            Text("\n".join(answer.revisions)),
            ", ".join(answer.flags),
        )
    return table


def _number(text: str, usage: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 100_000:
        raise NoCommandError(usage)
    return number
