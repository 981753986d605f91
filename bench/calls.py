"""What a system asked its providers for, told from the log of the stand-ins. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.log import Event


@dataclass
class Call:
    """One request to the model or to the voice. Times in seconds; None: it never came to that."""

    provider: str
    begun: float
    pid: int | None = None
    """The process that made it: an exam's own. None if it was gone too soon to be found."""
    line: int | None = None
    """The script's line that the model was asked about, if it was told."""
    first: float | None = None
    done: float | None = None
    cancelled: float | None = None

    def answered(self, after: float, until: float) -> bool:
        """Whether something that may have been waited for came in (after, until]."""
        # A voice is waited for until it begins, a model perhaps until it has ended.
        came = (self.first, self.done) if self.provider == "groq" else (self.first,)
        return any(at is not None and after < at <= until for at in came)

    def waited(self, after: float, until: float) -> tuple[float, float] | None:
        """The part of (after, until] in which an answer that came was still owed."""
        if self.first is None or self.begun > until:
            return None
        last = self.first
        read_on = self.provider == "groq" or self.first > after
        if self.done is not None and self.done <= until and read_on:
            last = self.done
        if not after < last <= until:
            return None
        return max(self.begun, after), last


def calls(events: Sequence[Event]) -> list[Call]:
    """All requests to `groq` and `aura`, in the order of their begin."""
    pids = {event["socket"]: event["pid"] for event in events if event["event"] == "peer"}
    made: list[Call] = []
    underway: dict[object, dict[object, Call]] = defaultdict(dict)
    for event in events:
        if event["provider"] not in ("groq", "aura"):
            continue
        socket, request = event["socket"], event.get("request")
        if event["event"] == "request":
            call = Call(event["provider"], event["t"], pids.get(socket), event.get("line"))
            made.append(call)
            underway[socket][request] = call
        elif event["event"] == "cleared":
            for call in underway.pop(socket, {}).values():
                call.cancelled = event["t"]
        elif request in underway[socket]:
            _note(underway[socket], request, event)
    return made


def _note(underway: dict[object, Call], request: object, event: Event) -> None:
    call, at = underway[request], event["t"]
    match event["event"]:
        case "first_token" | "first_byte":
            call.first = at
        case "done":
            # Of a reply that comes whole, its first is its last.
            call.first, call.done = call.first or at, at
            del underway[request]
        case "cancelled":
            call.cancelled = at
            del underway[request]


def length(intervals: Iterable[tuple[float, float]]) -> float:
    """Seconds that at least one of the intervals covers."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
