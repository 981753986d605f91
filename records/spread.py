"""Percentiles out of counts, so that the database need not hand out every value."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """How often a value was in each bucket: (where it begins, how often), ascending."""

    buckets: list[tuple[int, int]]
    width: int

    @classmethod
    def of(
        cls, counts: Iterable[tuple[int, int]], width: int, above: int | None = None
    ) -> "Spread":
        """Counts by the number of the bucket; those from number `above` on are held together."""
        held: dict[int, int] = {}
        for number, count in counts:
            at = max(0, number if above is None else min(number, above)) * width
            held[at] = held.get(at, 0) + count
        return cls(sorted(held.items()), width)

    @property
    def count(self) -> int:
        return sum(count for _, count in self.buckets)

    def percentile(self, share: float) -> float | None:
        """The middle of the bucket that the value is in; None without values."""
        wanted = share * self.count
        passed = 0
        for begin, count in self.buckets:
            passed += count
            if passed >= wanted:
                return begin + self.width / 2
        return None
