"""What was said, as lines of a page: quotes marked, each line with its place in the recording."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from records.desk_sitting import Correction, SittingView
from records.event_words import event_words
from records.model import TurnRecord
from records.recordings import Recording, position_ms

#: A piece of a text, and whether it is quoted for a mark.
Piece = tuple[str, bool]


@dataclass(frozen=True)
class Line:
    """`turn` is there for the student's words: they can be corrected. `at_ms`: in the recording."""

    speaker: str
    pieces: list[Piece]
    at: datetime | None
    at_ms: int | None
    turn: int | None = None
    question_id: str | None = None
    note: str = ""
    correction: Correction | None = None
    flags: list[str] = field(default_factory=list)


def lines(view: SittingView, recording: Recording | None) -> list[Line]:
    quoted = _quoted(view)
    corrected = {each.turn: each for each in view.corrections}
    made: list[Line] = []
    for turn in view.material.turns:
        if line := _students(turn, quoted[turn.number], corrected.get(turn.number), recording):
            made.append(line)
        for said in turn.utterances:
            cut = ""
            if said.whole is False:
                cut = f"cut off after {(said.heard_ms or 0) / 1000:.1f} s"
            made.append(
                Line(
                    speaker="examiner",
                    pieces=[(said.text, False)],
                    at=said.started_at,
                    at_ms=_at(recording, said.segment, said.offset_ms),
                    question_id=said.question_id,
                    note=cut,
                )
            )
    return made


def marked(text: str, quotes: Iterable[str]) -> list[Piece]:
    """The text in pieces; where quotes overlap they are one piece."""
    covered = [False] * len(text)
    for quote in quotes:
        start = text.find(quote) if quote else -1
        while start >= 0:
            covered[start : start + len(quote)] = [True] * len(quote)
            start = text.find(quote, start + len(quote))
    pieces: list[Piece] = []
    begin = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or covered[end] != covered[begin]:
            pieces.append((text[begin:end], covered[begin]))
            begin = end
    return pieces


def _students(
    turn: TurnRecord,
    quotes: list[str],
    correction: Correction | None,
    recording: Recording | None,
) -> Line | None:
    at_ms = _at(recording, turn.segment, turn.offset_ms)
    if turn.text:
        notes = ["typed"] * (turn.event.get("typed") is True)
        notes += ["changes an answer"] * turn.revises
        return Line(
            speaker="student",
            pieces=marked(turn.text, quotes),
            at=turn.at,
            at_ms=at_ms,
            turn=turn.number,
            question_id=turn.question_id if turn.answers_question or turn.revises else None,
            note=", ".join(notes),
            correction=correction,
            flags=turn.flags,
        )
    if told := event_words(turn.event):
        return Line("event", [(told, False)], turn.at, at_ms, flags=turn.flags)
    return None


def _quoted(view: SittingView) -> defaultdict[int, list[str]]:
    """The quotes of the settled points, by turn."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for mark in view.marks:
        for point in mark.points:
            for quote in point.get("quotes", []):
                found[quote["turn"]].append(quote["text"])
    return found


def _at(recording: Recording | None, segment: int | None, offset_ms: int | None) -> int | None:
    return None if recording is None else position_ms(recording, segment, offset_ms)
