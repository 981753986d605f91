"""How often a password, or a link that is none, may be tried from one address or for one name."""

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from desk.errors import PageError

TRIES_PER_MINUTE = 10


class Throttle:
    """Counts failures, in this process's memory: whoever gets in is never held up by others."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._failures = RateLimitItemPerMinute(TRIES_PER_MINUTE, namespace="voxam-desk")

    async def check(self, *who: str) -> None:
        """Raises PageError 429 after too many failures of any of them."""
        for each in who:
            if not await self._limiter.test(self._failures, each):
                raise PageError(429, "Too many tries: wait a minute, and try again.")

    async def failed(self, *who: str) -> None:
        for each in who:
            await self._limiter.hit(self._failures, each)
