"""Writes down what happens in an exam, as it happens, and makes the report of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from robot_student import hearing
from robot_student.examiner import Caption
from robot_student.microphone import Utterance
from robot_student.report import (
    CaptionLine,
    Notice,
    Reply,
    Report,
    Spread,
    Stretch,
    Turn,
    TurnKind,
)

TOGETHER_S = 0.02
"""An onset so shortly before the end of the robot's speech came after it, within the error."""


@dataclass(frozen=True)
class Line:
    """One line of the live dialogue."""

    at_s: float
    who: Literal["examiner", "student", "note"]
    text: str
    wait_ms: float | None = None


@dataclass
class Act:
    """A turn with its exact times; those of speech are known once it is on its way."""

    turn: Turn
    began: float
    ended: float
    utterance: Utterance | None = None

    def settle(self) -> None:
        if self.utterance and self.utterance.began is not None:
            self.began = self.utterance.began
            self.ended = self.utterance.ended or float("inf")


class Journal:
    """All times that go in are `time.monotonic()`."""

    def __init__(self, exam: str, show: Callable[[Line], None]) -> None:
        self.zero = time.monotonic()
        self.report = Report(exam=exam, started_at=datetime.now(UTC))
        self._show = show
        self._acts: list[Act] = []
        self._connected: float | None = None

    @property
    def last(self) -> Act | None:
        return self._acts[-1] if self._acts else None

    def connected(self, session_id: str, room: str, at: float) -> None:
        self.report.session_id, self.report.room = session_id, room
        self._connected = at

    def act(
        self,
        turn_kind: TurnKind,
        said: str,
        *,
        phase: str,
        question: str = "",
        asked: bool = False,
        heard: list[str] | None = None,
        utterance: Utterance | None = None,
    ) -> Act:
        """The robot does something now."""
        now = time.monotonic()
        turn = Turn(
            number=len(self._acts) + 1,
            kind=turn_kind,
            phase=phase,
            question=question,
            asked=asked,
            heard_captions=heard or [],
            said=said,
            at_s=self._s(now),
            until_s=self._s(now),
        )
        act = Act(turn, now, now, utterance)
        self._acts.append(act)
        shown = f"[{said}]" if turn_kind in ("press", "wait", "mute") else said
        self._show(Line(turn.at_s, "student", shown))
        return act

    def onset(self, at: float) -> None:
        """The examiner became audible."""
        if self.report.join_to_first_word_ms is None:
            self.report.join_to_first_word_ms = _ms(at - self.zero)
            if self._connected is not None:
                self.report.connect_to_first_word_ms = _ms(at - self._connected)
        act = self.last
        if act is None or act.turn.wait_ms is not None or act.turn.cut_off:
            return
        act.settle()
        if at >= act.ended - TOGETHER_S:
            act.turn.wait_ms = _ms(max(at - act.ended, 0.0))
        elif at > act.began and act.turn.kind in ("say", "pause_inside", "idle"):
            act.turn.cut_off = True

    def silence(self, stretch: hearing.Stretch) -> None:
        """A stretch of the examiner's speech ended."""
        act = self.last
        if act is None or act.turn.kind != "barge_in" or act.turn.barge_in_ms is not None:
            return
        act.settle()
        if stretch.ended is not None and stretch.began < act.began <= stretch.ended:
            act.turn.barge_in_ms = _ms(stretch.ended - act.began)
            self.note(f"silent {act.turn.barge_in_ms:.0f} ms after the interruption")

    def caption(self, caption: Caption) -> None:
        """A caption is complete."""
        if caption.who == "examiner":
            wait = self.last.turn.wait_ms if self.last else None
            self._show(Line(self._s(caption.began), "examiner", caption.text, wait))

    def notice(self, code: str, level: str, text: str) -> None:
        at = self._s(time.monotonic())
        self.report.notices.append(Notice(at_s=at, code=code, level=level, text=text))
        self._show(Line(at, "note", f"{level}: {text}"))

    def note(self, text: str) -> None:
        self._show(Line(self._s(time.monotonic()), "note", text))

    def error(self, text: str) -> None:
        self.report.errors.append(text)
        self.note(text)

    def finish(self, stretches: list[hearing.Stretch], captions: list[Caption]) -> Report:
        """The exam is over, one way or another."""
        now = time.monotonic()
        for act in self._acts:
            act.settle()
            act.turn.at_s = self._s(act.began)
            act.turn.until_s = self._s(min(act.ended, now))
        report = self.report
        report.duration_s = self._s(now)
        report.turns = [act.turn for act in self._acts]
        spoken = [turn for turn in report.turns if turn.kind in ("say", "pause_inside")]
        report.waits_ms = Spread.of([t.wait_ms for t in spoken if t.wait_ms is not None])
        report.barge_in_ms = Spread.of(
            [turn.barge_in_ms for turn in report.turns if turn.barge_in_ms is not None]
        )
        report.cut_offs = sum(turn.cut_off for turn in report.turns)
        report.captions = [
            CaptionLine(at_s=self._s(c.began), who=c.who, text=c.text, final=c.final)
            for c in captions
        ]
        report.replies = self._replies(stretches, captions)
        return report

    def _replies(self, stretches: list[hearing.Stretch], captions: list[Caption]) -> list[Reply]:
        starts = [float("-inf"), *(act.began for act in self._acts)]
        ends = [*starts[1:], float("inf")]
        replies: list[Reply] = []
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            heard = [s for s in stretches if start < s.began <= end and s.ended is not None]
            said = [c for c in captions if start < c.began <= end and c.who == "examiner"]
            if heard:
                parts = [
                    Stretch(at_s=self._s(s.began), until_s=self._s(s.ended or s.began))
                    for s in heard
                ]
                replies.append(
                    Reply(
                        after_turn=number,
                        at_s=parts[0].at_s,
                        until_s=parts[-1].until_s,
                        stretches=parts,
                        text=" ".join(caption.text.strip() for caption in said),
                    )
                )
        return replies

    def _s(self, at: float) -> float:
        return round(at - self.zero, 3)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
