"""How far two markers agree: shares, quadratic weighted kappa and bias. Knows no records.

Quadratic weighted kappa: Cohen, "Weighted kappa", Psychological Bulletin 70 (1968), with weights
(i - j)^2. It is 1 where all agree, 0 for no more than chance, and tells nothing (None) where both
gave one and the same mark throughout.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import cohen_kappa_score

#: Halves and thirds come rounded to two digits.
_ROUNDED = 0.005
_FINEST = 100
#: As many samples as a 95 % interval needs to stand still in its second digit; the seed makes the
#: same file give the same report.
_SAMPLES = 2000
_SEED = 20260101


@dataclass(frozen=True)
class Pair:
    """Two marks of one thing. `cluster`: what it shares with others, such as the sitting."""

    first: float
    second: float
    cluster: Hashable = None


@dataclass(frozen=True)
class Agreement:
    """Of `n` pairs. Shares are from 0 to 1, the others in marks.

    exact: the marks are the same; within_step, within_mark: they differ by no more than one step,
    or one mark; kappa: quadratic weighted; bias: second minus first, in the mean, with `interval`
    (95 %, None for fewer than two clusters) around it; distance: the mean difference, without sign
    """

    n: int
    exact: float
    within_step: float
    within_mark: float
    kappa: float | None
    bias: float
    interval: tuple[float, float] | None
    distance: float


def greatest_step(marks: Sequence[float]) -> float:
    """The greatest step, of at most one mark, that every one of them is a multiple of.

    Marks are told apart to a hundredth: 0.33 and 0.67 are thirds.
    """
    for parts in range(1, _FINEST + 1):
        whole = [round(mark * parts) for mark in marks]
        if all(
            abs(mark - times / parts) <= _ROUNDED for mark, times in zip(marks, whole, strict=True)
        ):
            return min(math.gcd(*whole) / parts or 1.0, 1.0)
    return 1 / _FINEST


def agreement(pairs: Sequence[Pair], step: float) -> Agreement | None:
    """None without any pairs; `step` as from greatest_step."""
    if not pairs:
        return None
    first = np.array([pair.first for pair in pairs])
    second = np.array([pair.second for pair in pairs])
    by = second - first
    apart = np.abs(by)
    return Agreement(
        n=len(pairs),
        exact=float(np.mean(apart < step / 2)),
        within_step=float(np.mean(apart < step * 1.5)),
        within_mark=float(np.mean(apart <= 1 + _ROUNDED)),
        kappa=weighted_kappa(first, second, step),
        bias=float(np.mean(by)),
        interval=_interval(by, [pair.cluster for pair in pairs]),
        distance=float(np.mean(apart)),
    )


def weighted_kappa(
    first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray, step: float
) -> float | None:
    """Quadratic, on marks counted in steps; None where it tells nothing."""
    one = np.rint(np.asarray(first) / step).astype(int)
    other = np.rint(np.asarray(second) / step).astype(int)
    lowest, highest = min(one.min(), other.min()), max(one.max(), other.max())
    if lowest == highest:
        return None
    # The weights are of places in this list: steps that nobody gave belong in it.
    every = list(range(lowest, highest + 1))
    return float(cohen_kappa_score(one, other, labels=every, weights="quadratic"))


def _interval(by: np.ndarray, clusters: Sequence[Hashable]) -> tuple[float, float] | None:
    """By bootstrap over whole clusters: the answers of one student are not independent."""
    places: dict[Hashable, int] = {}
    of = np.array([places.setdefault(cluster, len(places)) for cluster in clusters])
    if len(places) < 2:
        return None
    sums = np.bincount(of, weights=by)
    sizes = np.bincount(of)
    drawn = np.random.default_rng(_SEED).integers(len(places), size=(_SAMPLES, len(places)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
