"""One bounded call to a model at Groq: deadline, token budget, and a rest when asking is useless.

Understanding and probes of one sitting share it. Structured output cannot be streamed at Groq
(400), and constrained decoding (`strict`) is there for gpt-oss-20b and -120b only
(console.groq.com/docs/structured-outputs).
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import openai
from openai import AsyncOpenAI
from pydantic import BaseModel

from worker import failures
from worker.failures import Kind
from worker.groq_budget import TokenBudget
from worker.prompting import prompt

# Reasoning counts as output.
MAX_OUTPUT_TOKENS = 256

# Latin text has about four; JSON, names and other scripts have fewer.
_CHARS_PER_TOKEN = 3

_WARM_SECONDS = 5.0
_REST_SECONDS = 30.0
_REFUSED_REST_SECONDS = 300.0
_FAILURES_BEFORE_REST = 3

logger = logging.getLogger(__name__)

Reply = TypeVar("Reply", bound=BaseModel)


@dataclass(frozen=True)
class Asking:
    """One call: worker/prompts/NAME.md, the data it speaks of, the properties of the reply."""

    name: str
    data: dict[str, Any]
    properties: dict[str, Any]


class GroqClient:
    """`base_url` may name any OpenAI-compatible server. Made once per sitting, and holds nothing
    of a student between calls. An async context manager: leaving it closes the connections."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        model: str,
        deadline_s: float,
        token_budget: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0)
        self._model = model
        self.deadline_s = deadline_s
        self.budget = TokenBudget(token_budget)
        #: Told of each call's tokens, in and out, where the server counts them.
        self.on_usage: Callable[[int, int], None] = lambda asked, written: None
        self._now = now
        self._failures = 0
        self._resting_until = 0.0

    async def warm(self) -> None:
        """Opens the TLS connection ahead of the first turn. Never raises."""
        try:
            await self._client.models.list(timeout=_WARM_SECONDS)
        except Exception as error:
            logger.warning("the model is not reachable yet (%s)", _name(error))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def ask(
        self,
        asking: Asking,
        kind: type[Reply],
        *,
        timeout_s: float | None = None,
        share: float = 1.0,
    ) -> Reply | None:
        """The model's reply, None if there is none in time. Never raises, logs no word of it.

        timeout_s: another time than the deadline; share: of the exam's tokens, that it may use
        """
        request = _request(self._model, asking)
        estimate = len(json.dumps(request)) // _CHARS_PER_TOKEN + MAX_OUTPUT_TOKENS
        if self._now() < self._resting_until or not self.budget.take(estimate, share):
            return None
        started = self._now()
        try:
            async with asyncio.timeout(self.deadline_s if timeout_s is None else timeout_s):
                completion = await self._client.chat.completions.create(**request)
            self.on_usage(*_tokens(completion))
            if (counted := _total_tokens(completion)) is not None:
                self.budget.settle(estimate, counted)
            reply = kind.model_validate_json(completion.choices[0].message.content or "")
        except Exception as error:
            # Whatever it is that another's server has replied.
            if _cost_nothing(error):
                self.budget.settle(estimate, 0)
            self._failed(asking.name, error, round(1000 * (self._now() - started)))
            return None
        self._failures = 0
        return reply

    def note_late(self, what: str) -> None:
        """A reply did not come by the deadline, and nobody waits for it any more."""
        self._failed(what, TimeoutError(), round(1000 * self.deadline_s))

    def _failed(self, what: str, error: Exception, elapsed_ms: int) -> None:
        self._failures += 1
        failures.count("llm", _kind(error))
        rest = _rest_seconds(error, self._failures)
        self._resting_until = max(self._resting_until, self._now() + rest)
        note = f", and for the next {rest:.0f} s" if rest else ""
        logger.warning(
            "no %s by the model after %d ms (%s): rules decide%s",
            what,
            elapsed_ms,
            _name(error),
            note,
        )


def _request(model: str, asking: Asking) -> dict[str, Any]:
    # Strict mode wants every field required and no others allowed.
    schema = {
        "type": "object",
        "properties": asking.properties,
        "required": list(asking.properties),
        "additionalProperties": False,
    }
    request: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": prompt(asking.name)},
            {"role": "user", "content": json.dumps(asking.data, ensure_ascii=False)},
        ],
        "temperature": 0,
        "max_completion_tokens": MAX_OUTPUT_TOKENS,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": asking.name, "strict": True, "schema": schema},
        },
    }
    if "gpt-oss" in model:
        request["reasoning_effort"] = "low"
    return request


def _tokens(completion: Any) -> tuple[int, int]:
    """In and out; 0 where the server does not count."""
    usage = getattr(completion, "usage", None)
    counted = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    asked, written = (each if isinstance(each, int) else 0 for each in counted)
    return asked, written


def _total_tokens(completion: Any) -> int | None:
    """None where the server does not count."""
    counted = getattr(getattr(completion, "usage", None), "total_tokens", None)
    return counted if isinstance(counted, int) and counted > 0 else None


def _cost_nothing(error: Exception) -> bool:
    """Whether the server refused before the model wrote anything. A 400 may come after it."""
    return isinstance(error, openai.APIStatusError) and error.status_code != 400


def _rest_seconds(error: Exception, failures: int) -> float:
    """How long not to ask again: as long as the server says, or when asking seems useless."""
    if isinstance(error, openai.RateLimitError):
        return _retry_after(error) or _REST_SECONDS
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return _REFUSED_REST_SECONDS
    return _REST_SECONDS if failures >= _FAILURES_BEFORE_REST else 0.0


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _kind(error: Exception) -> Kind:
    if isinstance(error, openai.APIStatusError):
        return failures.kind_of_status(error.status_code)
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return "timeout"
    if isinstance(error, openai.APIConnectionError):
        return "dropped"
    # A reply that is not what was asked for.
    return "garbage" if isinstance(error, ValueError) else "error"


def _name(error: Exception) -> str:
    """A name for logs. Messages are left out: they can quote the prompt or the output."""
    if isinstance(error, openai.APIStatusError):
        return f"{type(error).__name__} {error.status_code}"
    return type(error).__name__
