"""A scripted Groq: its wire protocol for chat completions, refusals included, on a free port.

    async with groq_server(GroqStandIn()) as server:
        server.script(answering("answer", "atp"), rate_limited(), SILENT)
        GroqUnderstanding(rules, api_key=KEY, base_url=server.base_url, …)

Refuses as Groq does (console.groq.com/docs/structured-outputs, /docs/errors): no key 401, unknown
model 404, `response_format` of a schema with `stream` 400, a strict schema that is not strict 400.
"""

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "gsk_stand_in"
STRICT_MODELS = ("openai/gpt-oss-20b", "openai/gpt-oss-120b")


@dataclass(frozen=True)
class Scripted:
    """One reply. `content` is what the model writes; `never` holds the reply back for good."""

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    never: bool = False


def answering(intent: str, *covered: str) -> Scripted:
    """A reply that keeps to the schema."""
    return Scripted(json.dumps({"intent": intent, "covered": list(covered)}))


def writing(content: str) -> Scripted:
    """Whatever a model may write instead."""
    return Scripted(content)


def rate_limited(retry_after: str = "7") -> Scripted:
    return Scripted(
        status=429,
        headers={"retry-after": retry_after},
        error={"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"},
    )


NOT_JSON = Scripted(
    status=400,
    error={
        "message": "Generated JSON does not match the expected schema.",
        "type": "invalid_request_error",
        "code": "json_validate_failed",
        "failed_generation": "{",
    },
)
OVERLOADED = Scripted(
    status=503, error={"message": "Service unavailable", "type": "internal_server_error"}
)
SILENT = Scripted(never=True)


class GroqStandIn:
    """Gives the scripted replies in their order; without a script, an answer without points."""

    def __init__(self, *, key: str = KEY, models: tuple[str, ...] = STRICT_MODELS) -> None:
        self.base_url = ""
        self.requests: list[dict[str, Any]] = []
        self._key = key
        self._models = models
        self._scripted: deque[Scripted] = deque()
        self._closing = asyncio.Event()
        self.app = Starlette(
            routes=[
                Route("/openai/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/openai/v1/models", self._list_models),
            ]
        )

    def script(self, *replies: Scripted) -> None:
        self._scripted.extend(replies)

    def close(self) -> None:
        """Lets go of the replies that are held back."""
        self._closing.set()

    async def _list_models(self, request: Request) -> Response:
        if refusal := self._unauthorized(request):
            return refusal
        data = [{"id": name, "object": "model", "owned_by": "OpenAI"} for name in self._models]
        return JSONResponse({"object": "list", "data": data})

    async def _complete(self, request: Request) -> Response:
        if refusal := self._unauthorized(request):
            return refusal
        body = await request.json()
        self.requests.append(body)
        if refusal := self._invalid(body):
            return refusal
        reply = self._scripted.popleft() if self._scripted else answering("answer")
        if reply.never:
            await self._closing.wait()
            return _error(503, "gone")
        if reply.status != 200:
            return JSONResponse({"error": reply.error}, reply.status, reply.headers)
        return JSONResponse(_completion(body["model"], reply.content))

    def _unauthorized(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {self._key}":
            return None
        return _error(401, "Invalid API Key", code="invalid_api_key")

    def _invalid(self, body: dict[str, Any]) -> Response | None:
        if body["model"] not in self._models:
            return _error(404, "The model does not exist", code="model_not_found")
        wanted = body.get("response_format") or {}
        if wanted.get("type") != "json_schema":
            return None
        if body.get("stream"):
            return _error(400, "response_format json_schema does not support streaming")
        described = wanted["json_schema"]
        if described.get("strict") and not _is_strict(described["schema"]):
            return _error(400, "invalid JSON schema for response_format")
        return None


def _is_strict(schema: dict[str, Any]) -> bool:
    if schema.get("enum") == []:
        return False
    if schema["type"] == "array":
        return _is_strict(schema["items"])
    if schema["type"] != "object":
        return True
    return (
        schema.get("additionalProperties") is False
        and set(schema.get("required", ())) == set(schema["properties"])
        and all(_is_strict(each) for each in schema["properties"].values())
    )


def _error(status: int, message: str, *, code: str | None = None) -> Response:
    error = {"message": message, "type": "invalid_request_error", "code": code}
    return JSONResponse({"error": error}, status)


def _completion(model: str, content: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "reasoning": "…"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "queue_time": 0.001,
            "prompt_tokens": 400,
            "prompt_time": 0.02,
            "completion_tokens": 20,
            "completion_time": 0.02,
            "total_tokens": 420,
            "total_time": 0.04,
        },
        "system_fingerprint": "fp_stand_in",
        "x_groq": {"id": "req_stand_in"},
        "service_tier": "on_demand",
    }


@asynccontextmanager
async def groq_server(stand_in: GroqStandIn) -> AsyncIterator[GroqStandIn]:
    """Serves it on a free port of the loopback until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stand_in.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}/openai/v1"
        config = uvicorn.Config(stand_in.app, log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield stand_in
        finally:
            stand_in.close()
            server.should_exit = True
            await serving
