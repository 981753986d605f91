"""One turn, hop by hop, from the logs of a run. Pure but for `of`, which reads them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from bench.log import Event, read
from bench.turns import Turn, turns

BEFORE_S = 0.4
"""How much before the end of the student's speech is shown."""
_TOLD = {
    ("flux", "true_end"): "recogniser: the speech has ended (true end)",
    ("flux", "eager"): "recogniser: EagerEndOfTurn",
    ("flux", "resumed"): "recogniser: TurnResumed",
    ("flux", "end_of_turn"): "recogniser: EndOfTurn",
    ("flux", "configure"): "recogniser: Configure",
    ("groq", "request"): "model: asked",
    ("groq", "first_token"): "model: first token",
    ("groq", "done"): "model: done",
    ("groq", "cancelled"): "model: call broken off",
    ("aura", "request"): "voice: asked",
    ("aura", "first_byte"): "voice: first byte",
    ("aura", "done"): "voice: done",
    ("aura", "cleared"): "voice: cleared",
}


class Hop(NamedTuple):
    """Seconds since the end of the student's speech, and what happened then."""

    at: float
    what: str


def hops(
    turn: Turn, students: Sequence[Event], providers: Sequence[Event], trace: Sequence[Event]
) -> list[Hop]:
    """In their order. With exams at once calls of other exams are among them."""
    end = turn.content_onset or turn.onset or turn.ended + 6.0
    found = [Hop(0.0, "student: last sample of speech")]
    for event, what in _told(turn, students, providers, trace):
        at = event["t"] - turn.ended
        if -BEFORE_S <= at <= end - turn.ended + 0.05:
            found.append(Hop(at, what))
    return sorted(found)


def _told(
    turn: Turn, students: Sequence[Event], providers: Sequence[Event], trace: Sequence[Event]
) -> Iterator[tuple[Event, str]]:
    for event in providers:
        what = _TOLD.get((event["provider"], event["event"]))
        if what and event.get("student", turn.student) == turn.student:
            yield event, what
    for event in trace:
        if event["what"] in ("out", "source"):
            where = "handed out" if event["what"] == "out" else "at the track"
            yield event, f"examiner: first frame of {event['kind']} {where}"
    for event in students:
        if event["student"] == turn.student and event["what"] == "onset":
            yield event, "student: hears the examiner"
        elif event["student"] == turn.student and event["what"] == "tone" and event["kind"]:
            yield event, f"student: hears {event['kind']}"


def of(folder: Path, line: int) -> Table:
    """The table of one line of a run's first student. Raises LookupError."""
    students, providers, trace = (
        read(folder / f"{name}.jsonl") for name in ("students", "providers", "trace")
    )
    found = [turn for turn in turns(students, providers, trace) if turn.line == line]
    if not found:
        raise LookupError(f"Nobody said line {line} in {folder}.")
    table = Table("ms", "since the last", "what", box=None)
    before: float | None = None
    for hop in hops(found[0], students, providers, trace):
        step = "" if before is None else f"+{1000 * (hop.at - before):.1f}"
        table.add_row(f"{1000 * hop.at:.1f}", step, hop.what)
        before = hop.at
    return table
