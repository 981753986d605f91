"""The three numbers that say when a turn ends, as Flux documents them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

EAGER_RANGE = (0.3, 0.9)
EOT_RANGE = (0.5, 1.0)
TIMEOUT_RANGE_MS = (500, 60_000)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`eager` None means no eager events; `eot` 1.0 means that only time or request ends a turn.

    Source: developers.deepgram.com/docs/flux/configuration.
    """

    eager: float | None = None
    eot: float = 0.7
    timeout_ms: int = 5000

    def changed(self, given: Mapping[str, Any]) -> "Thresholds":
        """These thresholds with those of `given` (Deepgram's names) in their place.

        Raises:
            ValueError: a number is missing its range or type, or eager is above eot.
        """
        changes: dict[str, Any] = {}
        if (eager := given.get("eager_eot_threshold")) is not None:
            changes["eager"] = _number("eager_eot_threshold", eager, EAGER_RANGE)
        if (eot := given.get("eot_threshold")) is not None:
            changes["eot"] = _number("eot_threshold", eot, EOT_RANGE)
        if (timeout := given.get("eot_timeout_ms")) is not None:
            changes["timeout_ms"] = int(_number("eot_timeout_ms", timeout, TIMEOUT_RANGE_MS))
        new = replace(self, **changes)
        if new.eager is not None and new.eager > new.eot:
            raise ValueError(
                f"eager_eot_threshold ({new.eager}) must not be above eot_threshold ({new.eot})"
            )
        return new

    def as_wire(self) -> dict[str, float | int]:
        """Under Deepgram's names; eager only when set."""
        wire: dict[str, float | int] = {
            "eot_threshold": self.eot,
            "eot_timeout_ms": self.timeout_ms,
        }
        return wire if self.eager is None else {"eager_eot_threshold": self.eager, **wire}


def _number(name: str, value: object, span: tuple[float, float]) -> float:
    if isinstance(value, bool):
        raise ValueError(f"{name} must be a number between {span[0]} and {span[1]}, got {value}")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be a number between {span[0]} and {span[1]}, got {value!r}"
        ) from None
    if not span[0] <= number <= span[1]:
        raise ValueError(f"{name} must be between {span[0]} and {span[1]}, got {value}")
    return number
