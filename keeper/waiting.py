"""What the keeper remembers of one sitting from look to look. It decides; it does nothing itself.

All times are seconds of the keeper's own clock: those of LiveKit and the workers are never compared
with it.
"""

from collections.abc import Iterable

from keeper.notices import FAILED, MISSING, ON_THE_WAY
from keeper.rooms import Sent, Student
from records.notice import Notice

LIST_LAG_S = 6.5
"""An examiner that was sent for and has no job after this time was sent for in vain."""
JOIN_LIMIT_S = 20.0
"""A job that has not taken the sitting's lease after this time is dead."""
LONGEST_WAIT_S = 10.0
"""Between two of our own dispatches, where examiners come and fail at once."""
SETTLED_S = 30.0
"""An examiner that held the lease for this time had come for good."""


class Waiting:
    def __init__(self, missing_s: float) -> None:
        self._missing_s = missing_s
        self.room = ""
        """Empty until it is known."""
        self.examiner_is_new = False
        """One has come since `sent_before` was last told."""
        self.has_begun = False
        """A student or an examiner was seen in it."""
        self.student: Student | None = None
        self.told: Notice | None = None
        self._since: float | None = None
        self._away_since: float | None = None
        self._attended_since: float | None = None
        self._failed = False
        self._attempts = 0
        self._sent_at = 0.0
        self._seen: dict[str, float] = {}
        self._spent: set[str] = set()

    def examiner_came(self, now: float) -> None:
        self._attended_since = now
        self._since = self._away_since = None
        self._failed = False
        self.examiner_is_new = self.has_begun = True

    def sent_before(self, sent: Iterable[Sent]) -> None:
        """Tells which were sent for when an examiner had come: none of them brings another."""
        self._spent = {each.id for each in sent}
        self.examiner_is_new = False

    def examiner_gone(self, now: float, *, failed: bool) -> None:
        """`failed`: it did not give the sitting back, but died with it."""
        if self._attended_since is not None and now - self._attended_since >= SETTLED_S:
            self._attempts = 0
        self._attended_since = self._away_since = None
        self._failed = failed

    def student_here(self, student: Student, now: float) -> None:
        self._away_since = None
        self.has_begun = True
        if student != self.student:
            # A page that was loaded anew knows nothing; and trying again is worth a dispatch.
            self.student, self.told, self._since, self._attempts = student, None, now, 0
        if self._since is None:
            self._since = now

    def student_away(self, now: float) -> float:
        """For how long there has been neither student nor examiner, as far as the keeper knows."""
        if self._away_since is None:
            self._away_since = now
        return now - self._away_since

    def nothing_known(self) -> None:
        """Nobody could look, and perhaps no student could come."""
        self._away_since = None

    def needs_examiner(self, sent: Iterable[Sent], now: float) -> bool:
        """Whether to send for one, where these were sent for before."""
        if [each for each in sent if self._is_under_way(each, now)]:
            return False
        wait = min(2.0**self._attempts, LONGEST_WAIT_S) if self._attempts else 0.0
        return now - self._sent_at >= wait

    def examiner_sent(self, now: float) -> int:
        """Which attempt this was since the student came."""
        self._attempts += 1
        self._sent_at = now
        return self._attempts

    def notice(self, now: float) -> Notice:
        """What the student has to know while they wait."""
        if self._since is not None and now - self._since >= self._missing_s:
            return MISSING
        return FAILED if self._failed else ON_THE_WAY

    def _is_under_way(self, sent: Sent, now: float) -> bool:
        seen = self._seen.setdefault(sent.id, now)
        if sent.id in self._spent:
            return False
        return now - seen < (JOIN_LIMIT_S if sent.taken else LIST_LAG_S)
