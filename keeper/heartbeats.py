"""Watches the beats of all leases by a clock of its own: which have stood still for too long?"""

from collections.abc import Callable, Iterable

from records.model import LeaseBeat


class Heartbeats:
    """`expires_s`: how long a beat may stand still, in seconds of `clock`."""

    def __init__(self, expires_s: float, clock: Callable[[], float]) -> None:
        self._expires_s = expires_s
        self._clock = clock
        self._since: dict[LeaseBeat, float] = {}
        self._looked = clock()

    def look(self, beats: Iterable[LeaseBeat]) -> list[LeaseBeat]:
        """Takes all leases as they are now; those that have expired."""
        now = self._clock()
        if now - self._looked >= self._expires_s:
            # Nobody looked for so long: this process was stopped, and maybe the holders with it.
            self.forget()
        self._looked = now
        self._since = {beat: self._since.get(beat, now) for beat in beats}
        return self._still_for(self._expires_s)

    @property
    def uneasy(self) -> bool:
        """Whether a beat had stood still for half of its time when they were looked at."""
        return bool(self._still_for(self._expires_s / 2))

    def forget(self) -> None:
        """Watch anew: holders could not renew, so that their silence tells nothing."""
        self._since.clear()

    def _still_for(self, seconds: float) -> list[LeaseBeat]:
        return [beat for beat, since in self._since.items() if self._looked - since >= seconds]
