"""How many tokens the model may cost in one exam; then it is not asked any more."""

import logging

logger = logging.getLogger(__name__)


class TokenBudget:
    """Counts total tokens. A call takes an estimate before it is made, so that calls at the same
    time cannot spend more together, and settles it for what the server counted.

    Held in memory for one sitting at one worker: an exam that is resumed starts with a full one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent = False
        self.used = 0

    def take(self, tokens: int, share: float = 1.0) -> bool:
        """Whether a call of about so many tokens may be made. After the first no, never again;
        a call that may use only a share of all tokens is refused for itself alone."""
        if self.used + tokens > self._limit * share and share < 1.0:
            return False
        if not self._spent and self.used + tokens > self._limit:
            self._spent = True
            logger.warning(
                "%d of the exam's %d tokens are used: rules decide for the rest",
                self.used,
                self._limit,
            )
        if self._spent:
            return False
        self.used += tokens
        return True

    def settle(self, taken: int, counted: int) -> None:
        """Replaces what a call took by what it really cost."""
        self.used += counted - taken
