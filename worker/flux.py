"""Flux's patience, set in place while it listens."""

from typing import Protocol

from worker.pace import Pace


class Recogniser(Protocol):
    """What of `deepgram.STTv2` is used: its Configure, also on running streams."""

    def update_options(
        self,
        *,
        eot_threshold: float = ...,
        eager_eot_threshold: float = ...,
        eot_timeout_ms: int = ...,
    ) -> None: ...


class Flux:
    """Follows the exam's pace; `hurry` overrides it until the turn has ended."""

    def __init__(self, recogniser: Recogniser, pace: Pace) -> None:
        """`pace` is what the recogniser was made with."""
        self._recogniser = recogniser
        self._pace = pace
        self._hurried: Pace | None = None
        self._set = pace

    def follow(self, pace: Pace) -> None:
        """The patience from now on, but for a turn that is being hurried."""
        self._pace = pace
        self._apply()

    def hurry(self, pace: Pace) -> None:
        """This much patience for the turn that is open."""
        self._hurried = pace
        self._apply()

    def relax(self) -> None:
        """The turn has ended."""
        self._hurried = None
        self._apply()

    def _apply(self) -> None:
        wanted = self._pace if self._hurried is None else self._hurried
        if wanted == self._set:
            return
        self._set = wanted
        given: dict[str, float] = {"eot_threshold": wanted.eot_threshold}
        if wanted.eager_eot_threshold is not None:
            given["eager_eot_threshold"] = wanted.eager_eot_threshold
        self._recogniser.update_options(**given, eot_timeout_ms=wanted.eot_timeout_ms)
