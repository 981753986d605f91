"""How late the stand-ins are: always the same, or by chance that a seed repeats.

With a seed a delay belongs to a student's line, not to a moment: every system meets the same ones.
"""

import math

import numpy as np

END_OF_TURN_S = 0.26
"""After the true end of speech, at an `eot_threshold` of 0.7; the median where there is jitter."""
END_OF_TURN_P95_S = 1.5
FIRST_TOKEN_S = 0.16
FIRST_TOKEN_P95_S = 0.8

_P95 = 1.6448536
"""Of the normal distribution."""


class Jitter:
    """Lognormal delays out of a seed; without one every delay is its median."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed

    def end_of_turn(self, student: int, line: int) -> float:
        """Seconds later (below 0: sooner) than usual that a recogniser is sure of this end."""
        delay = self._delay(END_OF_TURN_S, END_OF_TURN_P95_S, (0, student, line))
        return delay - END_OF_TURN_S

    def first_token(self, line: int, times: int) -> float:
        """Seconds until a model writes, that was asked about this line so many `times` before."""
        return self._delay(FIRST_TOKEN_S, FIRST_TOKEN_P95_S, (1, line, times))

    def _delay(self, median: float, p95: float, what: tuple[int, ...]) -> float:
        if self._seed is None:
            return median
        chance = np.random.default_rng([self._seed, *what]).standard_normal()
        return median * math.exp(chance * math.log(p95 / median) / _P95)
