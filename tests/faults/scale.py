"""How long faults last: as the table says with FULL=1, else scaled down, with the factor told."""

import os
from dataclasses import dataclass

FULL = bool(os.environ.get("FULL"))


@dataclass(frozen=True)
class Scaled:
    """`seconds` to use, and which part of the table's duration that is."""

    seconds: float
    factor: float = 1.0


def scaled(whole_s: float, short_s: float) -> Scaled:
    return Scaled(whole_s) if FULL else Scaled(short_s, short_s / whole_s)
