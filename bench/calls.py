"""What a system asked its providers for, told from the log of the stand-ins. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bench.log import Event


@dataclass
class Call:
    """One request to the model or to the voice. Times in seconds; None: it never came to that."""

    provider: str
    begun: float
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
        if (
            self.done is not None
            and self.done <= until
            and (self.provider == "groq" or self.first > after)
        ):
            last = self.done
        if not after < last <= until:
            return None
        return max(self.begun, after), last


def calls(events: Iterable[Event]) -> list[Call]:
    """All requests to `groq` and `aura`, in the order of their begin."""
    made: list[Call] = []
    on_socket: dict[tuple[str, object], list[Call]] = defaultdict(list)
    for event in events:
        provider = event["provider"]
        if provider not in ("groq", "aura"):
            continue
        open_ = on_socket[provider, event.get("socket")]
        if event["event"] == "request":
            call = Call(provider, event["t"], event.get("line"))
            made.append(call)
            open_.append(call)
        else:
            _note(open_, event)
    return made


def _note(open_: list[Call], event: Event) -> None:
    """The requests of one socket are answered in their order."""
    what, at = event["event"], event["t"]
    if what in ("first_token", "first_byte"):
        call = next((call for call in open_ if call.first is None), None)
        if call is not None:
            call.first = at
    elif what == "done" and open_:
        open_.pop(0).done = at
    elif what in ("cancelled", "cleared"):
        for call in open_:
            call.cancelled = at
        open_.clear()


def length(intervals: Iterable[tuple[float, float]]) -> float:
    """Seconds that at least one of the intervals covers."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
