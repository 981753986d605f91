"""The whole contract between the student's page and the examiner."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from exam_graph.events import SoundCause
from exam_graph.summary import Summed
from records.dispatch import EXAMINER_IDENTITY
from records.notice import Notice

IDENTITY = EXAMINER_IDENTITY
#: Any packet of the student's on it: they are typing.
TYPING_TOPIC = "voxam.typing"
#: Any packet of the student's on it: their page lives. Whoever sends them sends one each second.
HERE_TOPIC = "voxam.here"
#: Learn mode, at the end: what went well and what was missing. JSON, as a text stream.
SUMMARY_TOPIC = "voxam.summary"
#: Longest answer that can be typed at once, in characters.
LONGEST_TYPED = 5000

PagePhase = Literal[
    "waiting",
    "soundcheck",
    "practice",
    "asking",
    "listening",
    "thinking",
    "paused",
    "closing",
    "finished",
]

RPC_READY = "exam.ready"
RPC_REPEAT = "exam.repeat"
RPC_SKIP = "exam.skip"
RPC_PAUSE = "exam.pause"
RPC_DONE = "exam.done"
RPC_END = "exam.end"
RPC_OK = json.dumps({"ok": True})


@dataclass(frozen=True)
class View:
    """What the page shows of the exam. Every participant can read it: nothing secret."""

    phase: PagePhase
    number: int = 0
    count: int = 0
    ask: dict[str, object] | None = None
    remaining_ms: int = 0
    clock_runs: bool = False

    def attributes(self) -> dict[str, str]:
        """The participant attributes of the examiner."""
        return {
            "voxam.phase": self.phase,
            "voxam.question": f"{self.number}/{self.count}" if self.number else "",
            "voxam.ask": json.dumps(self.ask) if self.ask else "",
            "voxam.remaining_ms": str(self.remaining_ms),
            "voxam.clock": "running" if self.clock_runs else "paused",
        }


def encode_summary(summed: Sequence[Summed]) -> str:
    """What the page shows of a practice that is over."""
    return json.dumps({"questions": [each.to_dict() for each in summed]}, ensure_ascii=False)


EXAMINER_STOPPED = Notice(
    "examiner_stopped",
    "error",
    "Something failed on our side. Your answers so far are kept, and the examiner comes back.",
)
RECORDS_DOWN = Notice(
    "records_down",
    "warning",
    "Your answers cannot be recorded at the moment. That is our fault; the clock stands. "
    "Please wait, the exam goes on by itself.",
)
#: A notice without a text ends that of the same code.
RECORDS_BACK = Notice("records_down", "info", "")
ANSWER_LONG = Notice("answer_long", "info", "Please come to an end with your answer.")
PRESS_DONE = Notice("press_done", "info", "Have you finished? Then press “I’m done”.")
TYPED_TOO_LONG = Notice(
    "typed_too_long",
    "warning",
    f"Only the first {LONGEST_TYPED} characters were taken. Please send the rest as well.",
)
ECHO = Notice(
    "echo",
    "warning",
    "I hear my own voice through your loudspeakers. Please use headphones.",
)
MICROPHONE: dict[SoundCause, Notice] = {
    "muted": Notice(
        "microphone", "warning", "Your microphone is muted. The clock stands until it is on."
    ),
    "unplugged": Notice(
        "microphone",
        "warning",
        "Your microphone is gone. Please plug it in again; the clock stands until then.",
    ),
    "digital_silence": Notice(
        "microphone",
        "warning",
        "No sound comes from your microphone. Is it switched off, or the wrong one? "
        "The clock stands until it is heard.",
    ),
    "recogniser": Notice(
        "recogniser",
        "warning",
        "We cannot hear you at the moment. That is our fault, not yours: the clock stands until "
        "we can.",
    ),
    "voice": Notice(
        "voice",
        "warning",
        "The examiner’s voice has failed. Please read what it says here, and answer as usual; the "
        "clock stands until it speaks again.",
    ),
}
#: Of the notices above, those whose end the page cannot know by itself.
ENDED = tuple(Notice(MICROPHONE[cause].code, "info", "") for cause in ("recogniser", "voice"))
#: What a turn that was kept tells by its flags, if nothing more lasting is told.
OF_FLAGS = {
    "echo": ECHO,
    "recogniser_failed": Notice(
        "recogniser_failed",
        "info",
        "We could not hear you for a moment. That was our fault; what you said before is kept.",
    ),
    "voice_failed": Notice(
        "voice_failed",
        "info",
        "The examiner’s voice failed for a moment. What it says is written here, too.",
    ),
}
PROVIDERS_BUSY = Notice(
    "providers",
    "warning",
    "All places at our speech service are taken at the moment. Your exam begins by itself as soon "
    "as one is free; the clock has not started.",
)
PROVIDERS_DOWN = Notice(
    "providers",
    "warning",
    "Our speech service does not answer at the moment. Your exam begins by itself as soon as it "
    "does; the clock has not started.",
)
PROVIDERS_READY = Notice("providers", "info", "Thank you for waiting. Your exam begins now.")
