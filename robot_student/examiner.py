"""What the examiner shows: phase and question as attributes, its words as captions.

The contract is that of the student's page: attributes `voxam.*`, text streams `lk.transcription`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from livekit import rtc
from pydantic import BaseModel, ValidationError

IDENTITY = "examiner"
CAPTIONS = "lk.transcription"
FINAL = "lk.transcription_final"
SEGMENT = "lk.segment_id"

Phase = Literal[
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


class Ask(BaseModel):
    """`voxam.ask`: the question on the student's screen."""

    id: str
    kind: str
    text: str


class _Attributes(BaseModel):
    phase: Phase


@dataclass
class Caption:
    """The words of one reply, as they are known so far."""

    segment: str
    who: Literal["examiner", "student"]
    began: float
    text: str = ""
    final: bool = False


@dataclass
class Examiner:
    """Follows attributes and captions. `on_caption` is called when one is complete, `on_fault`
    with a sentence when something shown breaks the contract."""

    on_caption: Callable[[Caption], None]
    on_fault: Callable[[str], None]
    phase: Phase = "waiting"
    ask: Ask | None = None
    speaking: bool = False
    asked_at: float = 0.0
    changed_at: float = 0.0
    captions: dict[str, Caption] = field(default_factory=dict)

    def show(self, attributes: Mapping[str, str]) -> None:
        """Take over what the examiner's participant shows now."""
        now = time.monotonic()
        self.speaking = attributes.get("lk.agent.state") == "speaking"
        try:
            shown = _Attributes.model_validate({"phase": attributes.get("voxam.phase", "waiting")})
            text = attributes.get("voxam.ask", "")
            ask = Ask.model_validate_json(text) if text else None
        except ValidationError as error:
            self.on_fault(f"The examiner showed something unknown: {error.errors()[0]['msg']}")
            return
        if ask != self.ask:
            self.ask, self.asked_at, self.changed_at = ask, now, now
        if shown.phase != self.phase:
            self.phase, self.changed_at = shown.phase, now

    async def follow(self, reader: rtc.TextStreamReader, sender: str) -> None:
        """Read one caption stream to its end. Words of one segment may come as one growing
        stream, or as several that each replace the last."""
        attributes = dict(reader.info.attributes or {})
        segment = attributes.get(SEGMENT, reader.info.stream_id)
        known = self.captions.get(segment)
        who: Literal["examiner", "student"] = "examiner" if sender == IDENTITY else "student"
        caption = known or Caption(segment, who, time.monotonic())
        self.captions[segment] = caption
        text = ""
        try:
            async for piece in reader:
                text += piece
                if not caption.final:
                    caption.text = text
        except rtc.StreamError:
            return
        attributes.update(reader.info.attributes or {})
        if attributes.get(FINAL) == "true" and not caption.final:
            caption.final = True
            self.on_caption(caption)
