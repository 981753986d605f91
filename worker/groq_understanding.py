"""Understanding by a model at Groq, within a deadline; whatever fails, rules decide.

The model sees the answer key, so nothing it writes is ever spoken: it returns an intent out of a
list and ids of points, and both are checked here. Structured output cannot be streamed at Groq
(400), and constrained decoding (`strict`) is there for gpt-oss-20b and -120b only
(console.groq.com/docs/structured-outputs).
"""

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import Callable
from typing import Any, Self

import openai
from openai import AsyncOpenAI
from pydantic import BaseModel, ConfigDict, ValidationError

from exam_graph.paper import Question
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import INTENTS, Context, Heard, Intent, Understood
from worker.prompting import prompt

# Bounds of what one call may cost. Reasoning counts as output.
MAX_OUTPUT_TOKENS = 256
ANSWER_SO_FAR_CHARS = 1500
SAID_CHARS = 3000

# A command longer than this holds an answer somewhere, and an answer is never lost.
MAX_COMMAND_WORDS = 40

_CONFIRMATIONS = ("yes", "no")
_WARM_SECONDS = 5.0
_REST_SECONDS = 30.0
_REFUSED_REST_SECONDS = 300.0
_FAILURES_BEFORE_REST = 3

logger = logging.getLogger(__name__)


class _Reply(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    intent: Intent
    covered: list[str]


class GroqUnderstanding:
    """An `Understanding` that asks a model for what rules cannot know.

    `base_url` may name any OpenAI-compatible server. It holds nothing of a student between turns.
    An async context manager: leaving it closes the connections.
    """

    def __init__(
        self,
        rules: RulesUnderstanding,
        *,
        api_key: str,
        base_url: str,
        model: str,
        deadline_s: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules
        self._client = AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0)
        self._model = model
        self._deadline_s = deadline_s
        self._now = now
        self._failures = 0
        self._resting_until = 0.0

    async def warm(self) -> None:
        """Opens the TLS connection ahead of the first turn. Never raises."""
        try:
            await self._client.models.list(timeout=_WARM_SECONDS)
        except openai.OpenAIError as error:
            logger.warning("the model is not reachable yet (%s)", _name(error))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def understand(self, heard: Heard, context: Context) -> Understood:
        if obvious := self._rules.obvious(heard, context):
            return obvious
        by_rules = self._rules.decide(heard, context)
        if context.question is None:
            return by_rules
        reply = None
        if self._now() >= self._resting_until:
            reply = await self._ask(_request(self._model, context.question, heard, context))
        if reply is None:
            return dataclasses.replace(by_rules, doubtful=True)
        return _checked(reply, by_rules, heard, context)

    async def _ask(self, request: dict[str, Any]) -> _Reply | None:
        """The model's reply, None if there is none in time. Logs no word of the student's."""
        started = self._now()
        try:
            async with asyncio.timeout(self._deadline_s):
                completion = await self._client.chat.completions.create(**request)
            content = completion.choices[0].message.content if completion.choices else None
            reply = _Reply.model_validate_json(content or "")
        except (TimeoutError, openai.OpenAIError, ValidationError) as error:
            self._failed(error, round(1000 * (self._now() - started)))
            return None
        self._failures = 0
        return reply

    def _failed(self, error: Exception, elapsed_ms: int) -> None:
        self._failures += 1
        rest = _rest_seconds(error, self._failures)
        self._resting_until = max(self._resting_until, self._now() + rest)
        note = f", and for the next {rest:.0f} s" if rest else ""
        logger.warning(
            "no understanding by the model after %d ms (%s): rules decide%s",
            elapsed_ms,
            _name(error),
            note,
        )


def _request(model: str, question: Question, heard: Heard, context: Context) -> dict[str, Any]:
    points = [{"id": point.id, "looks_for": point.looks_for} for point in question.points]
    data = {
        "question": question.ask,
        "asked": context.asked,
        "points": points,
        "answer_so_far": context.answer_so_far[-ANSWER_SO_FAR_CHARS:],
        "said": heard.text[-SAID_CHARS:],
    }
    request: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": prompt("understanding")},
            {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
        ],
        "temperature": 0,
        "max_completion_tokens": MAX_OUTPUT_TOKENS,
        "response_format": _response_format(question, confirming=context.confirming),
    }
    if "gpt-oss" in model:
        request["reasoning_effort"] = "low"
    return request


def _response_format(question: Question, *, confirming: bool) -> dict[str, Any]:
    """Strict mode wants every field required and no others allowed."""
    points = [point.id for point in question.points]
    intents = [each for each in INTENTS if confirming or each not in _CONFIRMATIONS]
    # An empty `enum` is no valid schema.
    an_id = {"type": "string", "enum": points} if points else {"type": "string"}
    schema = {
        "type": "object",
        "properties": {
            "intent": {"type": "string", "enum": intents},
            "covered": {"type": "array", "items": an_id},
        },
        "required": ["intent", "covered"],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "understanding", "strict": True, "schema": schema},
    }


def _checked(reply: _Reply, by_rules: Understood, heard: Heard, context: Context) -> Understood:
    """The reply, reduced to what a model may decide."""
    points = [point.id for point in context.question.points] if context.question else []
    covered = tuple(point for point in points if point in reply.covered)
    intent = reply.intent
    wrong = any(each not in points for each in reply.covered)
    if intent in _CONFIRMATIONS and not context.confirming:
        intent, wrong = by_rules.intent, True
    if intent != "answer" and by_rules.intent == "answer" and _holds_an_answer(by_rules, heard):
        intent, wrong = "answer", True
    return Understood(
        intent,
        covered=covered,
        choice=by_rules.choice if intent == "answer" else (),
        source="model",
        doubtful=wrong,
    )


def _holds_an_answer(by_rules: Understood, heard: Heard) -> bool:
    """What rules know to be an answer is none of a model's to drop."""
    return bool(by_rules.covered or by_rules.choice) or len(heard.text.split()) > MAX_COMMAND_WORDS


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


def _name(error: Exception) -> str:
    """A name for logs. Messages are left out: they can quote the prompt or the output."""
    if isinstance(error, openai.APIStatusError):
        return f"{type(error).__name__} {error.status_code}"
    return type(error).__name__
