"""Writes that are tried again: what was said must be kept, and a database may be busy."""

from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_exponential

from records.errors import RecordsError, RecordsUnavailable

#: How long a commit is tried again, in seconds: longer than a database stays locked.
COMMIT_PATIENCE = 20.0


async def patiently(write: Callable[[], Awaitable[None]]) -> None:
    """Tries a write again while the database is busy, but not what the record refuses."""

    def busy(error: BaseException) -> bool:
        # A cancellation comes by here too, and is to be obeyed.
        refused = isinstance(error, RecordsError) and not isinstance(error, RecordsUnavailable)
        return isinstance(error, Exception) and not refused

    async for attempt in AsyncRetrying(
        stop=stop_after_delay(COMMIT_PATIENCE),
        wait=wait_exponential(multiplier=0.1, max=2.0),
        retry=retry_if_exception(busy),
        reraise=True,
    ):
        with attempt:
            await write()
