"""The query of `/v1/speak`, checked."""

import re
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import QueryParams

from local_providers.errors import ParameterError

SAMPLE_RATES = (8_000, 16_000, 24_000, 32_000, 48_000)
SPEEDS = (0.7, 1.5)
PLAIN_VOICE = "aura-2-orion-en"
"""The model that is the local voice as it is; any other is the same voice, higher."""

_MODEL = re.compile(r"aura(-2)?-[a-z]+-en")
_STREAM = {"model", "encoding", "sample_rate", "speed", "mip_opt_out", "tag"}
_BATCH = _STREAM | {"container", "bit_rate"}

Container = Literal["none", "wav"]


@dataclass(frozen=True, slots=True)
class SpeakParameters:
    """`speed` as a multiplier; `container` matters to POST only."""

    model: str
    sample_rate: int
    speed: float
    container: Container

    @property
    def high(self) -> bool:
        return self.model != PLAIN_VOICE


def parse(query: QueryParams, *, batch: bool) -> SpeakParameters:
    """The parameters of a stream or, with `batch`, of a POST.

    Raises:
        ParameterError: one is unknown or out of range; the message says which.
    """
    if unknown := sorted(set(query) - (_BATCH if batch else _STREAM)):
        raise ParameterError(f"unknown query parameter {unknown[0]}")
    model = query.get("model", "aura-asteria-en")
    if not _MODEL.fullmatch(model):
        raise ParameterError(f"unknown model {model!r}: this server has aura-2-…-en voices only")
    encoding = query.get("encoding", "linear16")
    if encoding != "linear16":
        raise ParameterError(f"encoding must be linear16 (all this server makes), got {encoding!r}")
    rate = query.get("sample_rate", "24000").removesuffix(".0")
    if rate not in map(str, SAMPLE_RATES):
        raise ParameterError(f"sample_rate must be one of {SAMPLE_RATES}, got {rate!r}")
    return SpeakParameters(
        model=model,
        sample_rate=int(rate),
        speed=_speed(query.get("speed", "1")),
        container=_container(query.get("container", "wav")),
    )


def _container(text: str) -> Container:
    if text == "none":
        return "none"
    if text == "wav":
        return "wav"
    raise ParameterError(f"container must be none or wav with linear16, got {text!r}")


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        raise ParameterError(f"speed must be a number, got {text!r}") from None
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise ParameterError(f"speed must be between {SPEEDS[0]} and {SPEEDS[1]}, got {text}")
    return speed
