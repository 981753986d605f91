"""Work on the database that is tried again while it fails: what was said must be kept."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_delay,
    wait_exponential,
)

from records.errors import RecordsDamaged, RecordsUnavailable

#: How long it is tried again, in seconds: as long as an operator may take to mend the storage.
COMMIT_PATIENCE = 900.0
#: How long it may take before the student is told, in seconds.
TELL_AFTER_S = 3.0
#: How long at most between two tries, in seconds.
LONGEST_PAUSE_S = 2.0

T = TypeVar("T")
OnTrouble = Callable[[bool], None]

logger = logging.getLogger(__name__)


async def patiently(work: Callable[[], Awaitable[T]], on_trouble: OnTrouble = lambda _: None) -> T:
    """Tries again while the storage fails, but not what the record refuses, nor what is damaged.

    `on_trouble` is called with True when it takes so long that the student must know, and with
    False when the work was done after all. What raises in the end is for the caller to tell.
    """
    trouble = _Trouble(on_trouble)
    telling = asyncio.get_running_loop().call_later(TELL_AFTER_S, trouble.begin)
    try:
        async for attempt in AsyncRetrying(
            stop=stop_after_delay(COMMIT_PATIENCE),
            wait=wait_exponential(multiplier=0.1, max=LONGEST_PAUSE_S),
            retry=retry_if_exception(_may_pass),
            before_sleep=trouble.note,
            reraise=True,
        ):
            with attempt:
                done = await work()
    finally:
        telling.cancel()
    trouble.end()
    return done


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, RecordsUnavailable) and not isinstance(error, RecordsDamaged)


class _Trouble:
    """Of one piece of work: told of at most once, and ended only when it had begun."""

    def __init__(self, tell: OnTrouble) -> None:
        self._tell = tell
        self._begun = False
        self._why = "the database does not answer"

    def note(self, tried: RetryCallState) -> None:
        error = tried.outcome.exception() if tried.outcome else None
        self._why = str(error)

    def begin(self) -> None:
        self._begun = True
        # The operator's alert: the exam waits until this is mended.
        logger.error("storage fails, the exam waits: %s", self._why)
        self._tell(True)

    def end(self) -> None:
        if self._begun:
            logger.warning("storage works again, the exam goes on")
            self._tell(False)
