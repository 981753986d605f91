"""What an exam does differently for one student. Kept with the sitting, never told by the page."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Captions = Literal["off", "normal", "large"]


class Profile(BaseModel):
    """Adjustments of one sitting; the defaults change nothing.

    extra_time_percent: of the exam's duration, 0 to 300
    speech_rate: of the examiner's voice, 0.7 to 1.5 (Aura's `speed`)
    pause_patience: factor of the silence that ends a turn, 1 to 4
    think_factor: factor of each question's `think_seconds`, 1 to 10
    typed: answers come as text; the student may join without a microphone
    own_turn_end: only the student's button ends a turn
    captions: size of the captions on the page
    time_warnings: whether the examiner says when 5, 2 and 1 minutes are left
    breaks, break_minutes: how many breaks may be taken, and how long each is, in minutes
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    extra_time_percent: Annotated[float, Field(ge=0, le=300)] = 0.0
    speech_rate: Annotated[float, Field(ge=0.7, le=1.5)] = 1.0
    pause_patience: Annotated[float, Field(ge=1, le=4)] = 1.0
    think_factor: Annotated[float, Field(ge=1, le=10)] = 1.0
    typed: bool = False
    own_turn_end: bool = False
    captions: Captions = "normal"
    time_warnings: bool = True
    breaks: Annotated[int, Field(ge=0, le=10)] = 0
    break_minutes: Annotated[float, Field(gt=0, le=60)] = 5.0


UNCHANGED = Profile()
"""No adjustments."""
