"""Holds a written dialogue with the examiner, and tells where it goes another way than written."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exam_graph.dialogue import Step
from exam_graph.dialogue_file import Dialogue
from exam_graph.events import SoundBack, SoundLost
from exam_graph.expecting import heard_until, narrowed, unmet, unmet_answer, unmet_flags
from exam_graph.graph import ExamGraph
from exam_graph.phrasebook import phrasebook
from exam_graph.probing import ProbeWriter
from exam_graph.state import ExamContext
from exam_graph.talk import PassingClock, Talk
from exam_graph.transcript import TalkTurn
from exam_graph.understanding import Understanding

Means = Literal["rules", "model"]
AfterStep = Callable[[Step | None, list[TalkTurn]], Awaitable[None]]


@dataclass(frozen=True)
class Failure:
    """One expectation that was not met. `line` counts from 1."""

    file: Path
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.reason}"


class Rehearsal:
    """One dialogue on its way. `step` tells what the student does now, before it is done."""

    def __init__(
        self,
        dialogue: Dialogue,
        graph: ExamGraph,
        understanding: Understanding,
        *,
        means: Means = "rules",
        probes: ProbeWriter | None = None,
        seed: int = 1,
        opened: Talk | None = None,
    ) -> None:
        """`opened`: an exam on this paper that stands at the first question already."""
        context = ExamContext(
            paper=dialogue.paper,
            phrases=phrasebook(dialogue.paper.language),
            understanding=understanding,
            profile=dialogue.profile,
            probes=probes,
        )
        self.dialogue = dialogue
        self.talk = Talk(context, graph, PassingClock(), seed=seed)
        if opened is not None:
            self.talk.go_on_from(opened)
        self.failures: list[Failure] = []
        self.step: Step | None = None
        self._means = means

    async def hold(self, after_step: AfterStep | None = None) -> list[Failure]:
        """Every expectation that was not met; the dialogue goes on after one.

        `after_step` gets the turns of each step, and first, without one, those of the opening.
        """
        script = self.dialogue.script
        turns = self.talk.transcript.turns
        if not turns:
            turns = await (self.talk.open() if script.opening else self.talk.begin())
        if after_step is not None:
            await after_step(None, turns)
        for step, line in zip(script.dialogue, self.dialogue.lines, strict=True):
            self.step = step
            try:
                turns = await act(self.talk, step)
            except ValueError as error:
                self._fail(line, "cut.after", str(error))
                continue
            expected = narrowed(step, step.rules if self._means == "rules" else step.model)
            for field, reason in unmet(expected, turns, self.dialogue.paper):
                self._fail(line, field, reason)
            if after_step is not None:
                await after_step(step, turns)
        self._check_outcome()
        return self.failures

    def _check_outcome(self) -> None:
        script, transcript = self.dialogue.script, self.talk.transcript
        only = script.rules if self._means == "rules" else script.model
        expected = narrowed(script, only)
        for question_id, wanted in (script.record | (only.record if only else {})).items():
            field = f"record.{question_id}"
            if question_id not in transcript.answers:
                self._fail(self._line(field), field, "was not drawn")
                continue
            for name, reason in unmet_answer(wanted, transcript.answers[question_id]):
                self._fail(self._line(field), f"{field}.{name}", reason)
        if expected.flags is not None and (reason := unmet_flags(expected.flags, transcript.flags)):
            self._fail(self._line("flags"), "flags", reason)
        if expected.finished is not None and expected.finished != self.talk.finished:
            self._fail(self._line("finished"), "finished", f"is {self.talk.finished}".lower())

    def _line(self, field: str) -> int:
        return self.dialogue.record_lines.get(field, self.dialogue.line)

    def _fail(self, line: int, field: str, reason: str) -> None:
        self.failures.append(Failure(self.dialogue.file, line, field, reason))


async def act(talk: Talk, step: Step) -> list[TalkTurn]:
    """Does one step. ValueError if the examiner is to be cut off after words it did not say."""
    if step.student is not None:
        return await talk.says(step.student, takes=step.takes, confidence=step.confidence)
    if step.typed is not None:
        return await talk.says(step.typed, takes=step.takes, typed=True)
    if step.wait is not None:
        return await talk.wait(step.wait)
    if step.press is not None:
        return await (talk.done() if step.press == "done" else talk.press(step.press))
    if step.cut is not None:
        heard = step.cut.at
        if step.cut.after is not None:
            heard = heard_until(talk.transcript.said_last, step.cut.after)
        assert heard is not None
        return await talk.cut(heard, step.cut.say, takes=step.takes, confidence=step.confidence)
    if step.sound is not None:
        return await talk.act(SoundBack() if step.sound == "back" else SoundLost(cause=step.sound))
    if step.resume is not None:
        return await talk.resume(step.resume)
    assert step.returned is not None
    return await talk.leave_and_return(step.returned)
