"""A student's profile: what this exam does differently for them. Checked whole at the door.

The exam graph has the same model, since neither room may import the other; a test compares them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Captions = Literal["off", "normal", "large"]


class Profile(BaseModel):
    """Adjustments of one sitting; the defaults change nothing. Descriptions give the units."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    extra_time_percent: Annotated[
        float, Field(ge=0, le=300, description="more time, in percent of the exam's duration")
    ] = 0.0
    speech_rate: Annotated[
        float, Field(ge=0.7, le=1.5, description="speed of the examiner's voice; 0.8 is slower")
    ] = 1.0
    pause_patience: Annotated[
        float, Field(ge=1, le=4, description="how many times longer a pause may be in an answer")
    ] = 1.0
    think_factor: Annotated[
        float, Field(ge=1, le=10, description="how many times longer the time to think is")
    ] = 1.0
    typed: Annotated[
        bool, Field(description="answers are typed; no microphone is needed to join")
    ] = False
    own_turn_end: Annotated[
        bool, Field(description="an answer ends only by the student's button “I'm done”")
    ] = False
    captions: Annotated[Captions, Field(description="captions on the student's page")] = "normal"
    time_warnings: Annotated[
        bool, Field(description="the examiner says when 5, 2 and 1 minutes are left")
    ] = True
    breaks: Annotated[int, Field(ge=0, le=10, description="how many breaks may be taken")] = 0
    break_minutes: Annotated[
        float, Field(gt=0, le=60, description="length of each break, in minutes")
    ] = 5.0

    def as_given(self) -> dict[str, Any]:
        """Only what was set, to be kept: a later default then holds for the rest."""
        return self.model_dump(exclude_unset=True)


class PageProfile(BaseModel):
    """The part that the student's page is told."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    typed: bool = False
    own_turn_end: bool = False
    captions: Captions = "normal"
