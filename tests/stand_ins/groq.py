"""A scripted Groq: its wire protocol for chat completions, refusals included, on a free port.

A script of single replies (groq_replies.py), or a function that is the model:

    async with groq(answering("answer", "atp"), rate_limited(), SILENT) as server: …
    async with groq(reply=oracle) as server:
        async with GroqClient(**server.settings()) as client: …

`reply` gets the request's JSON and gives what the model writes (a dict or a str), or a `Scripted`;
it may be async. Starting and stopping take a millisecond each.

Refuses as Groq does (console.groq.com/docs/structured-outputs, /docs/errors): no key 401, unknown
model 404, `response_format` of a schema with `stream` 400, a strict schema that is not strict 400.
"""

import asyncio
import inspect
import json
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from uvicorn.server import ServerState

from tests.stand_ins.groq_replies import Scripted, answering

KEY = "gsk_stand_in"
STRICT_MODELS = ("openai/gpt-oss-20b", "openai/gpt-oss-120b")

Written = dict[str, Any] | str | Scripted
Reply = Callable[[dict[str, Any]], Written | Awaitable[Written]]


class GroqStandIn:
    """Gives the scripted replies in their order, then what `reply` says; without one, an answer
    without points. `requests` are the bodies that came, refused ones too. `json_models`: others
    that are there, which have JSON mode but no strict schemas."""

    def __init__(
        self, *scripted: Scripted, reply: Reply | None = None, json_models: Collection[str] = ()
    ) -> None:
        self.base_url = ""
        self.requests: list[dict[str, Any]] = []
        self.reply = reply
        self._json_models = json_models
        self._scripted = deque(scripted)
        self._closing = asyncio.Event()
        self.app = Starlette(
            routes=[
                Route("/openai/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/openai/v1/models", self._list_models),
            ]
        )

    def script(self, *replies: Scripted) -> None:
        self._scripted.extend(replies)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What a `GroqClient` is made with; the deadline suits a busy machine."""
        settings: dict[str, Any] = {
            "api_key": KEY,
            "base_url": self.base_url,
            "model": STRICT_MODELS[0],
            "deadline_s": 5.0,
            "token_budget": 10**9,
        }
        return settings | changes

    def close(self) -> None:
        """Lets go of the replies that are held back."""
        self._closing.set()

    async def _list_models(self, request: Request) -> Response:
        if refusal := _unauthorized(request):
            return refusal
        names = (*STRICT_MODELS, *self._json_models)
        data = [{"id": name, "object": "model", "owned_by": "OpenAI"} for name in names]
        return JSONResponse({"object": "list", "data": data})

    async def _complete(self, request: Request) -> Response:
        if refusal := _unauthorized(request):
            return refusal
        body = await request.json()
        self.requests.append(body)
        if refusal := _invalid(body, self._json_models):
            return refusal
        reply = await self._written(body)
        if reply.fault == "held":
            await self._closing.wait()
            return _error(503, "gone")
        return _response(body["model"], reply)

    async def _written(self, body: dict[str, Any]) -> Scripted:
        if self._scripted or self.reply is None:
            return self._scripted.popleft() if self._scripted else answering("answer")
        written = self.reply(body)
        if inspect.isawaitable(written):
            written = await written
        if isinstance(written, dict):
            written = json.dumps(written)
        return Scripted(written) if isinstance(written, str) else written


@asynccontextmanager
async def groq(
    *scripted: Scripted, reply: Reply | None = None, json_models: Collection[str] = ()
) -> AsyncIterator[GroqStandIn]:
    """Serves it on a free port of the loopback until the block ends."""
    stand_in = GroqStandIn(*scripted, reply=reply, json_models=json_models)
    config = uvicorn.Config(stand_in.app, log_level="critical", lifespan="off", ws="none")
    config.load()
    # uvicorn's own `Server` looks only ten times a second whether it is to stop.
    state = ServerState()
    protocol_class: Any = config.http_protocol_class
    protocol = partial(protocol_class, config=config, server_state=state, app_state={})
    # With its protocol named asyncio sets TCP_NODELAY; without, each reply comes 40 ms late.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, sock=listening)
    stand_in.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}/openai/v1"
    try:
        yield stand_in
    finally:
        stand_in.close()
        # What was just accepted becomes a connection three turns of the loop later; a server that
        # closes before would leave it open for ever. So no more of them, then those turns.
        loop.remove_reader(listening)
        for _ in range(3):
            await asyncio.sleep(0)
        server.close()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        while state.connections:
            for connection in list(state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)


def _unauthorized(request: Request) -> Response | None:
    if request.headers.get("authorization") == f"Bearer {KEY}":
        return None
    return _error(401, "Invalid API Key", code="invalid_api_key")


def _invalid(body: dict[str, Any], json_models: Collection[str]) -> Response | None:
    if body["model"] not in (*STRICT_MODELS, *json_models):
        return _error(404, "The model does not exist", code="model_not_found")
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_object":
        said = json.dumps(body["messages"])
        # Groq's own words for it, and OpenAI's rule.
        return None if "json" in said.casefold() else _error(400, "messages must contain 'json'")
    if wanted.get("type") != "json_schema":
        return None
    if wanted["json_schema"].get("strict") and body["model"] in json_models:
        return _error(400, "This model does not support response format `json_schema`")
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


def _response(model: str, reply: Scripted) -> Response:
    if reply.fault == "refused":
        return JSONResponse({"error": reply.error}, reply.status, reply.headers)
    if reply.fault == "cut":
        headers = {"content-length": "1000"}
        return StreamingResponse(_cut(), headers=headers, media_type="application/json")
    if reply.fault == "garbled":
        return Response('{"id": "chatcmpl-', media_type="application/json")
    if reply.fault == "page":
        return HTMLResponse("<h1>Bad gateway</h1>")
    return JSONResponse(_completion(model, reply))


async def _cut() -> AsyncIterator[bytes]:
    yield b'{"id": "chatcmpl-'
    raise ConnectionResetError


def _completion(model: str, reply: Scripted) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.content, "reasoning": "…"}
    usage = {"prompt_tokens": 400, "completion_tokens": 20, "total_tokens": reply.tokens}
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        **({} if reply.tokens is None else {"usage": usage}),
        "x_groq": {"id": "req_stand_in"},
    }
