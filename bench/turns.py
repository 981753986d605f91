"""The turns of a run, joined from the logs of students, stand-ins and trace. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bench.calls import Call, calls
from bench.log import Event
from bench.owing import Owing, owing

INF = float("inf")


@dataclass(frozen=True)
class Turn:
    """One line of a student's and what came of it. Times in seconds, None: not seen."""

    student: int
    line: int
    interrupts: bool
    began: float
    ended: float
    end_of_turn: float | None = None
    out: float | None = None
    """The first frame of the reply was handed out by the system."""
    content_out: float | None = None
    """The same of the first that is no acknowledgement."""
    onset: float | None = None
    """The student hears the reply."""
    content_onset: float | None = None
    ack_ended: float | None = None
    """The acknowledgement that the reply began with was over, at the student."""
    silent: float | None = None
    """Of a line that interrupts: the examiner fell silent."""
    cut_off: bool = False
    """The examiner began to speak while the student did, who had not interrupted."""
    resumed: bool = False
    """The recogniser took back an eager end of this turn."""
    owing: Owing | None = None
    """None without a reply, and where it is not known whose the calls were."""

    @property
    def reply(self) -> float | None:
        return _between(self.end_of_turn, self.out)

    @property
    def content(self) -> float | None:
        return _between(self.end_of_turn, self.content_out)

    @property
    def wait(self) -> float | None:
        return _between(self.ended, self.onset)

    @property
    def ack_to_content(self) -> float | None:
        """Silence between an acknowledgement and what follows it, at the student."""
        return _between(self.ack_ended, self.content_onset)

    @property
    def barge_in(self) -> float | None:
        return _between(self.began, self.silent)


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def turns(
    students: Sequence[Event], providers: Sequence[Event], trace: Sequence[Event]
) -> list[Turn]:
    """Every line that was said, in the order of their ends."""
    said = [event for event in students if event["what"] == "said"]
    of_student: dict[int, list[Event]] = defaultdict(list)
    for event in said:
        of_student[event["student"]].append(event)
    made = calls(providers)
    found: list[Turn] = []
    for student, lines in of_student.items():
        heard = [event for event in students if event["student"] == student]
        tracks = _tracks(trace, _room(heard))
        spoken, own = _spoken(trace, tracks), _own(made, tracks, alone=len(of_student) == 1)
        ears = [event for event in providers if event.get("student") == student]
        for event, after in zip(lines, [*lines[1:], None], strict=True):
            found.append(_turn(event, after, heard, ears, spoken, own))
    return sorted(found, key=lambda turn: turn.ended)


def _room(heard: Sequence[Event]) -> str | None:
    return next((event["room"] for event in heard if event["what"] == "joined"), None)


def _tracks(trace: Sequence[Event], room: str | None) -> set[tuple[int, int]]:
    """Process and source of what is heard in a room."""
    return {
        (event["pid"], event["source"])
        for event in trace
        if event["what"] == "track" and event["room"] == room
    }


def _spoken(trace: Sequence[Event], tracks: set[tuple[int, int]]) -> list[Event]:
    """The frames of a room's examiner where they are handed out first: at the framework's output,
    or where there is none, at the source."""
    frames = [event for event in trace if (event["pid"], event.get("source")) in tracks]
    out = [event for event in frames if event["what"] == "out"]
    return out or [event for event in frames if event["what"] == "source"]


def _own(made: list[Call], tracks: set[tuple[int, int]], *, alone: bool) -> list[Call] | None:
    """The calls of one exam: all if it was the only one, else those of its process; None if those
    of some are not known."""
    if alone:
        return made
    pids = {pid for pid, _ in tracks}
    known = all(call.pid is not None for call in made)
    return [call for call in made if call.pid in pids] if known else None


def _turn(
    event: Event,
    after: Event | None,
    heard: Sequence[Event],
    ears: Sequence[Event],
    spoken: Sequence[Event],
    made: list[Call] | None,
) -> Turn:
    began, ended = event["began"], event["ended"]
    until = after["began"] if after else INF
    own_ears = [e for e in ears if e.get("line") == event["line"] and e["t"] >= began]
    end_of_turn = _last(own_ears, "end_of_turn", until)
    replied = [] if end_of_turn is None else [f for f in spoken if end_of_turn <= f["t"] < until]
    out = replied[0]["t"] if replied else None
    content_out = next((frame["t"] for frame in replied if frame["kind"] == "content"), None)
    onsets = [e["t"] for e in heard if e["what"] == "onset" and began < e["t"] < until]
    onset = next((at for at in onsets if at >= ended), None)
    tones = [e for e in heard if e["what"] == "tone" and onset and onset - 0.05 <= e["t"] < until]
    content_onset, ack_ended = _tones(tones)
    silent = _silent(heard, began, ended) if event["interrupts"] else None
    return Turn(
        event["student"],
        event["line"],
        event["interrupts"],
        began,
        ended,
        end_of_turn=end_of_turn,
        out=out,
        content_out=content_out,
        onset=onset,
        content_onset=content_onset,
        ack_ended=ack_ended,
        silent=silent,
        cut_off=not event["interrupts"] and any(at < ended for at in onsets),
        resumed=any(e["event"] == "resumed" for e in own_ears),
        owing=owing(made, own_ears, event["line"], (end_of_turn, out, content_out)),
    )


def _last(events: Sequence[Event], what: str, until: float) -> float | None:
    found = [event["t"] for event in events if event["event"] == what and event["t"] < until]
    return found[-1] if found else None


def _tones(tones: Sequence[Event]) -> tuple[float | None, float | None]:
    """When content began; and when the acknowledgement before it was over, if there was one."""
    content = next((event["t"] for event in tones if event["kind"] == "content"), None)
    first = next((event for event in tones if event["kind"]), None)
    if content is None or first is None or first["kind"] != "ack":
        return content, None
    over = [e["t"] for e in tones if first["t"] < e["t"] <= content and e["kind"] != "ack"]
    return content, over[0]


def _silent(heard: Sequence[Event], began: float, ended: float) -> float | None:
    """The end of the last stretch that the examiner had begun before the student's line was over:
    who goes on after a pause has not fallen silent."""
    found = [
        float(event["t"])
        for event in heard
        if event["what"] == "silence" and event["t"] >= began and event["began"] < ended
    ]
    return max(found, default=None)
