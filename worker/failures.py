"""What fails at a provider: named, told in the log, and counted for the operator."""

import logging
from typing import Literal

from livekit.agents import APIConnectionError, APIStatusError, APITimeoutError

from worker.metrics import provider_failed

logger = logging.getLogger(__name__)

Provider = Literal["stt", "tts", "llm"]
#: refused: the key is not accepted; limited: too many requests or connections; unavailable: the
#: provider's own fault; timeout: no connection or no reply in time; dropped: the connection broke;
#: deaf: the student speaks and nothing comes; stall: audio that stopped; error: anything else.
Kind = Literal[
    "refused", "limited", "unavailable", "timeout", "dropped", "deaf", "stall", "garbage", "error"
]


def note(provider: Provider, kind: Kind, sitting_id: str = "") -> None:
    """An alert for the operator. Holds ids only, and no word of anybody's."""
    count(provider, kind)
    logger.error(
        "provider %s failed (%s)%s", provider, kind, f" in sitting {sitting_id}" * bool(sitting_id)
    )


def count(provider: Provider, kind: Kind) -> None:
    """For what is logged elsewhere."""
    provider_failed(provider, kind)


def kind_of(error: BaseException) -> Kind:
    """What went wrong, for speech by the framework's errors."""
    if isinstance(error, APIStatusError):
        return kind_of_status(error.status_code)
    if isinstance(error, TimeoutError | APITimeoutError):
        return "timeout"
    if isinstance(error, APIConnectionError | OSError):
        return "dropped"
    return "error"


def kind_of_status(status: int) -> Kind:
    """What an HTTP status says; the code of a closed WebSocket says that it dropped."""
    if status in (401, 403):
        return "refused"
    if status == 429:
        return "limited"
    if 500 <= status < 600:
        return "unavailable"
    return "error" if 400 <= status < 500 else "dropped"
