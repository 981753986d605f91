"""How often: starts by a service key, joins by an invitation, failures of an address.

A school is one address. So an address is never refused as such: whoever holds a good key or
invitation gets in, however often somebody else behind the same address has failed. And a limiter
whose store is down lets everybody pass: it must not stop an exam.
"""

import asyncio
import hashlib
import ipaddress
import logging
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from token_api.errors import ApiError

JOINS_PER_MINUTE = 30
"""Of one invitation, looks at it included."""
FAILURES_PER_MINUTE = 30
"""Of one address: wrong keys and invitations that are none."""
STORE_S = 0.5
"""How long the store may take to answer."""
BLIND_S = 10.0
"""How long it is not asked again after it did not answer."""

logger = logging.getLogger(__name__)


class RateLimits:
    """Counts in the store of RATE_LIMIT_URL: this process's memory, or a Redis for several."""

    def __init__(self, url: str, starts_per_minute: int) -> None:
        self._store = _open(url)
        self._limiter = FixedWindowRateLimiter(self._store)
        self._starts = RateLimitItemPerMinute(starts_per_minute, namespace="voxam-starts")
        self._joins = RateLimitItemPerMinute(JOINS_PER_MINUTE, namespace="voxam-joins")
        self._failures = RateLimitItemPerMinute(FAILURES_PER_MINUTE, namespace="voxam-failures")
        self._blind_until = 0.0

    async def close(self) -> None:
        if isinstance(self._store, RedisStorage) and isinstance(self._store.bridge, RedispyBridge):
            await self._store.bridge.storage.aclose()

    async def start(self, key: str) -> None:
        """A session is wanted with this service key. ApiError rate_limited beyond the limit."""
        # A store may be read by others: it gets no key to see.
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        if wait := await self._wait(self._starts, digest):
            raise _too_often("Too many exams were started in the last minute.", wait)

    async def join(self, jti: str) -> None:
        """This invitation is used. ApiError rate_limited beyond the limit."""
        if wait := await self._wait(self._joins, jti):
            raise _too_often("This link was opened too often in the last minute.", wait)

    async def refusal(self, error: ApiError, address: str | None) -> ApiError:
        """What a refused request is told: why, or, from an address that fails again and again, to
        wait. Requests that are not refused never come here."""
        if error.status != 401 or not (wait := await self._wait(self._failures, _place(address))):
            return error
        return _too_often("Too many requests from your address were refused.", wait)

    async def _wait(self, item: RateLimitItem, name: str) -> int | None:
        """Seconds to wait if this was once too often; None if not, or if nobody can tell."""
        if time.monotonic() < self._blind_until:
            return None
        try:
            async with asyncio.timeout(STORE_S):
                if await self._limiter.hit(item, name):
                    return None
                resets_at = (await self._limiter.get_window_stats(item, name)).reset_time
            logger.warning("rate limited: %s", item.namespace)
        except (StorageError, OSError, TimeoutError) as error:
            self._blind_until = time.monotonic() + BLIND_S
            logger.error(
                "nothing is rate limited for the next %.0f s: the store of RATE_LIMIT_URL does "
                "not answer (%s)",
                BLIND_S,
                type(getattr(error, "storage_error", error)).__name__,
            )
            return None
        return max(1, math.ceil(resets_at - time.time()))


def _open(url: str) -> Storage:
    asynchronous = url if url.startswith("async+") else f"async+{url}"
    if asynchronous.startswith("async+memory"):
        store = storage_from_string(asynchronous, wrap_exceptions=True)
    else:
        store = storage_from_string(
            asynchronous,
            wrap_exceptions=True,
            implementation="redispy",
            socket_timeout=STORE_S,
            socket_connect_timeout=STORE_S,
        )
    assert isinstance(store, Storage)
    return store


def _place(address: str | None) -> str:
    """The address, or of IPv6 the network, in which one machine has as many as it likes."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))


def _too_often(message: str, wait: int) -> ApiError:
    text = f"{message} Try again in {wait} s."
    return ApiError(429, "rate_limited", text, headers={"retry-after": str(wait)})
