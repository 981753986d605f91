"""Says in a few words what happened in a turn where the student said nothing."""

from collections.abc import Callable

from records.model import Json

_OURS = {"recogniser": "recogniser", "voice": "examiner's voice", "records": "storage"}


def _lost(cause: str) -> str:
    if cause in _OURS:
        return f"{_OURS[cause]} lost"
    return f"microphone lost ({cause.replace('_', ' ')})"


WORDS: dict[str, Callable[[Json], str]] = {
    "started": lambda event: "the exam begins",
    "student_spoke": lambda event: "no words",
    "time_passed": lambda event: f"{event['mark']} min left" if event["mark"] else "time is over",
    "silence": lambda event: f"silence {event['level']}",
    "returned": lambda event: "back in the room",
    "command": lambda event: f"button {event['name']}",
    "not_heard": lambda event: f"cut off after {event['heard_ms'] / 1000:.1f} s",
    "sound_lost": lambda event: _lost(event["cause"]),
    "sound_back": lambda event: f"{_OURS.get(str(event.get('cause')), 'microphone')} back",
    "failed": lambda event: f"{_OURS[event['part']]} failed for a moment",
    "break_over": lambda event: "break over",
}


def event_words(event: Json) -> str:
    """Never raises: a record may hold what an older or a newer program wrote."""
    kind = str(event.get("type", ""))
    try:
        return WORDS[kind](event)
    except (LookupError, TypeError, AttributeError):
        return kind.replace("_", " ")
