"""A student's profile: what this exam does differently for them."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

MAX_BYTES = 2048


class PageProfile(BaseModel):
    """The part that the student's page is told."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    typed: bool = False
    own_turn_end: bool = False
    captions: Literal["off", "normal", "large"] = "normal"


def check_profile(profile: dict[str, Any]) -> dict[str, Any]:
    """The profile as given; ValueError (what is wrong with it) when it cannot be used or kept."""
    try:
        text = json.dumps(profile, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (ValueError, RecursionError):
        raise ValueError("holds what JSON cannot express") from None
    if "\\u0000" in text:
        raise ValueError("holds a null character")
    if size > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES} bytes")
    try:
        PageProfile.model_validate(profile)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"is wrong at {first['loc'][0]}: {first['msg']}") from None
    return profile
