"""Asks the graders' models: waits its turn, tries again while that is of use, and never raises.

What is rate-limited or fails for now is put off, and told so; the same model is not asked by
anybody here before the time that its server names.
"""

import asyncio
import logging
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Self

import openai
from openai import AsyncOpenAI
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from grading import figures
from grading.call import Call
from grading.reply import Reply, not_written, written
from grading.settings import Settings

#: At most so long a call waits by itself; what takes longer is put off.
FIRST_BACKOFF_S = 0.5
_BACKOFF_S = 20.0
_GONE_S = 300.0

logger = logging.getLogger(__name__)
# At DEBUG it logs whole requests: students' words.
logging.getLogger("openai").setLevel(logging.INFO)


@dataclass
class _Model:
    """`open_at`: not to be asked before it, seconds of the monotonic clock."""

    turns: asyncio.Semaphore
    open_at: float = 0.0


@dataclass
class Models:
    """An async context manager: leaving it closes the connections. Shared by all gradings here."""

    settings: Settings
    _known: dict[str, _Model] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at_once = self.settings.grading_calls_at_once
        self._known = defaultdict(lambda: _Model(asyncio.Semaphore(at_once)))
        key = self.settings.groq_api_key
        self._client = AsyncOpenAI(
            api_key=key.get_secret_value() if key else "none",
            base_url=self.settings.groq_base_url,
            timeout=self.settings.grading_call_timeout_s,
            max_retries=0,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def missing(self) -> list[str]:
        """The graders' models that the server does not list; [] if it cannot be asked."""
        try:
            listed = {model.id for model in (await self._client.models.list(timeout=5)).data}
        except Exception as error:
            logger.warning("the models cannot be listed (%s)", name_of(error))
            return []
        return [model for model in self.settings.models if model not in listed]

    async def ask(self, call: Call, tried: int) -> Reply:
        """`tried`: which try of the grading it is for."""
        model = self._known[call.model]
        deadline = time.monotonic() + self.settings.grading_patience_s
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(lambda error: _passes(error)),
                wait=lambda state: self._wait(state),
                stop=lambda state: _too_late(state, model, deadline) or _enough(state),
                reraise=True,
            ):
                with attempt:
                    return await self._once(call, model, tried, deadline)
        except Exception as error:
            # Whatever it is that another's server has replied.
            return self._failed(call, model, tried, error)
        raise AssertionError("unreachable")

    async def _once(self, call: Call, model: _Model, tried: int, deadline: float) -> Reply:
        async with model.turns:
            while (wait := model.open_at - time.monotonic()) > 0:
                if model.open_at > deadline:
                    raise _PutOff
                await asyncio.sleep(wait)
            try:
                completion = await self._client.chat.completions.create(**call.request())
            except openai.APIStatusError as error:
                figures.CALLS.labels(call.model, str(error.status_code)).inc()
                if (seconds := _retry_after(error)) is not None:
                    model.open_at = max(model.open_at, time.monotonic() + seconds)
                if _is_bad_json(error):
                    return written(call.model, "", *_usage(error.body), tried)
                raise
        figures.CALLS.labels(call.model, "written").inc()
        counted = completion.usage
        return written(
            call.model,
            completion.choices[0].message.content or "",
            counted.prompt_tokens if counted else 0,
            counted.completion_tokens if counted else 0,
            tried,
        )

    def _wait(self, state: RetryCallState) -> float:
        return float(wait_random_exponential(multiplier=FIRST_BACKOFF_S, max=_BACKOFF_S)(state))

    def _failed(self, call: Call, model: _Model, tried: int, error: Exception) -> Reply:
        why = name_of(error)
        logger.warning("no marks by %s (%s)", call.model, why)
        if _is_refused(error):
            return not_written("refused", call.model, tried, why)
        wait = max(0.0, model.open_at - time.monotonic())
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            wait = _GONE_S
        return not_written("failed", call.model, tried, why, time.time() + wait)


class _PutOff(Exception):  # noqa: N818 -- it says what happens
    """The server asks for more patience than there is."""


def _passes(error: BaseException) -> bool:
    """Whether to ask again soon may help. A 408, 409 or 429 may pass as a 5xx does."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in (408, 409, 425, 429, 498) or error.status_code >= 500
    # A connection that broke, a time that ran out; half a body, or a web page, of a proxy.
    return isinstance(error, openai.APIError | ValueError | AttributeError | TypeError | IndexError)


def _too_late(state: RetryCallState, model: _Model, deadline: float) -> bool:
    return max(time.monotonic(), model.open_at) > deadline


_enough = stop_after_attempt(6)


def _is_refused(error: Exception) -> bool:
    """Whether the server will never take it: no such model, too long."""
    return isinstance(error, openai.APIStatusError) and error.status_code in (400, 404, 413, 422)


def _is_bad_json(error: openai.APIStatusError) -> bool:
    """What the model wrote was not JSON of that form; it was written, and has to be paid."""
    body = error.body if isinstance(error.body, dict) else {}
    return error.status_code == 400 and body.get("code") == "json_validate_failed"


def _usage(body: object) -> tuple[int, int]:
    """Where the server counts what it refused."""
    usage = body.get("usage") if isinstance(body, dict) else None
    counted: dict[str, Any] = usage if isinstance(usage, dict) else {}
    return int(counted.get("prompt_tokens", 0)), int(counted.get("completion_tokens", 0))


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def name_of(error: Exception) -> str:
    """A name for logs. Messages are left out: they can quote the prompt or the output."""
    if isinstance(error, openai.APIStatusError):
        return f"{type(error).__name__} {error.status_code}"
    return type(error).__name__
