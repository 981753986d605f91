"""What a run's logs say: turns, starts, cost. Pure functions of the logs; no file is read here."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.log import Event
from bench.turns import Turn, turns


@dataclass(frozen=True)
class Cost:
    """CPU seconds per minute of one exam, megabytes of private memory per exam, and how busy the
    whole machine was (1: all its cores)."""

    system: float | None = None
    livekit: float | None = None
    providers: float | None = None
    load: float | None = None
    private_mb: float | None = None
    busy: float | None = None


@dataclass(frozen=True)
class Run:
    """What was measured in one run. Times in seconds."""

    turns: list[Turn] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    """From asking for a place to the first audible sample, of each student that heard any."""
    refused: int = 0
    unanswered: int = 0
    """Lines that got no reply for so long that the student went on."""
    cost: Cost = Cost()


def measure(
    students: Sequence[Event],
    providers: Sequence[Event],
    trace: Sequence[Event],
    costs: Sequence[Event],
) -> Run:
    """A run from its four logs."""
    whats = [event["what"] for event in students]
    return Run(
        turns=turns(students, providers, trace),
        starts=_starts(students),
        refused=whats.count("refused"),
        unanswered=whats.count("no_reply"),
        cost=_cost(students, costs),
    )


def _starts(students: Sequence[Event]) -> list[float]:
    asked = _first(students, "asked")
    return [at - asked[student] for student, at in _first(students, "first_word").items()]


def _first(students: Sequence[Event], what: str) -> dict[int, float]:
    found: dict[int, float] = {}
    for event in students:
        if event["what"] == what:
            found.setdefault(event["student"], event["t"])
    return found


def window(students: Sequence[Event]) -> tuple[float, float] | None:
    """While all exams are under way: from the last student's first line to the first one's last."""
    begun = _first(students, "said")
    last = {event["student"]: event["t"] for event in students if event["what"] == "said"}
    if not begun:
        return None
    start, end = max(begun.values()), min(last.values())
    return (start, end) if start < end else None


def _cost(students: Sequence[Event], costs: Sequence[Event]) -> Cost:
    between = window(students)
    if between is None:
        return Cost()
    exams = len(_first(students, "said"))
    samples = [event for event in costs if event["what"] == "cpu"]
    rates = {name: _rate(samples, name, between) for name in _PARTS}
    per_exam = {name: None if r is None else r * 60 / exams for name, r in rates.items()}
    busy = _rate(samples, "machine", between)
    return Cost(**per_exam, busy=busy, private_mb=_memory(costs, between, exams))


_PARTS = ("system", "livekit", "providers", "load")


def _rate(samples: Sequence[Event], name: str, between: tuple[float, float]) -> float | None:
    """CPU seconds per second."""
    inside = [sample for sample in samples if between[0] <= sample["t"] <= between[1]]
    if len(inside) < 2:
        return None
    seconds = float(inside[-1]["t"] - inside[0]["t"])
    return float(inside[-1][name] - inside[0][name]) / seconds


def _memory(costs: Sequence[Event], between: tuple[float, float], exams: int) -> float | None:
    """What the exams added to the idle system, in MB per exam."""
    idle = [event["private_mb"] for event in costs if event["what"] == "idle"]
    used = [
        event["private_mb"]
        for event in costs
        if event["what"] == "memory" and between[0] <= event["t"] <= between[1]
    ]
    if not idle or not used:
        return None
    return float(statistics.median(used) - idle[0]) / exams


def values(found: Sequence[Turn]) -> Mapping[str, list[float]]:
    """Samples of each time that turns have, in ms, by name."""
    plain = [turn for turn in found if not turn.interrupts]
    owings = [turn.owing for turn in plain if turn.owing is not None]
    return {
        "reply_ms": _ms(turn.reply for turn in plain),
        "content_ms": _ms(turn.content for turn in plain),
        "wait_ms": _ms(turn.wait for turn in plain),
        "own_ms": _ms(owing.own for owing in owings),
        "ack_to_content_ms": _ms(turn.ack_to_content for turn in plain),
        "barge_in_ms": _ms(turn.barge_in for turn in found),
    }


def _ms(seconds: Iterable[float | None]) -> list[float]:
    return [1000 * each for each in seconds if each is not None]


def share(flags: Sequence[bool]) -> float | None:
    """Of those that are true; None of none."""
    return sum(flags) / len(flags) if flags else None
