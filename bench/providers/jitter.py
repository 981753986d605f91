"""How late the stand-ins are: always the same, or by chance that a seed repeats.

With a seed a delay belongs to a student's line, not to a moment: every system meets the same ones.
A student's lines are spread evenly over the distribution, so that one exam has its long tail too.
"""

import math
from statistics import NormalDist

import numpy as np

END_OF_TURN_S = 0.26
"""After the true end of speech, at an `eot_threshold` of 0.7; the median where there is jitter."""
END_OF_TURN_P95_S = 1.5
FIRST_TOKEN_S = 0.16
FIRST_TOKEN_P95_S = 0.8

_GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples, less their whole part, leave no large gap however many there are."""
_NORMAL = NormalDist()
_P95 = _NORMAL.inv_cdf(0.95)


class Jitter:
    """Lognormal delays out of a seed; without one every delay is its median."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed

    def end_of_turn(self, student: int, line: int) -> float:
        """Seconds later (below 0: sooner) than usual that a recogniser is sure of this end."""
        delay = self._delay(END_OF_TURN_S, END_OF_TURN_P95_S, (0, student), line)
        return delay - END_OF_TURN_S

    def first_token(self, line: int, times: int) -> float:
        """Seconds until a model writes, that was asked about this line so many `times` before."""
        return self._delay(FIRST_TOKEN_S, FIRST_TOKEN_P95_S, (1, times), line)

    def _delay(self, median: float, p95: float, what: tuple[int, int], number: int) -> float:
        if self._seed is None:
            return median
        offset = np.random.default_rng([self._seed, *what]).random()
        share = min(max((offset + number * _GOLDEN) % 1.0, 1e-6), 1 - 1e-6)
        return median * math.exp(_NORMAL.inv_cdf(share) * math.log(p95 / median) / _P95)
