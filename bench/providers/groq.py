"""`/openai/v1/chat/completions` and `/models`: Groq, with a model that has read the script."""

import asyncio
import hashlib
import json
import time
from collections import Counter
from typing import Any

from aiohttp import web

from bench.providers import groq_protocol as protocol
from bench.providers.pacing import until
from bench.providers.reading import line_of, reading, said_in
from bench.providers.room import ROOM, Room

TOKENS_PER_SECOND = 280
READING_TOKENS = 20
"""What a model thinks before it writes JSON, in tokens."""
_NO_LINE = 64
_NOTHING_KNOWN = "Thank you. Could you tell me a little more about that?"


class Groq:
    """The routes' handlers."""

    def __init__(self) -> None:
        self._asked: Counter[int] = Counter()
        """How often by line: each time has a delay of its own."""

    async def models(self, request: web.Request) -> web.StreamResponse:
        if refusal := protocol.unauthorized(request):
            return refusal
        data = [{"id": each, "object": "model", "owned_by": "Groq"} for each in protocol.MODELS]
        return web.json_response({"object": "list", "data": data})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        asked = time.monotonic()
        if refusal := protocol.unauthorized(request):
            return refusal
        try:
            body = await request.json()
        except ValueError:
            return protocol.error(400, "could not parse the body as JSON")
        if refusal := protocol.invalid(body):
            return refusal
        call = self._call(request, body, asked)
        try:
            if body.get("stream"):
                return await call.stream(request)
            return await call.whole()
        except (asyncio.CancelledError, ConnectionError):
            call.log("cancelled")
            raise

    def _call(self, request: web.Request, body: dict[str, Any], asked: float) -> "_Call":
        room = request.app[ROOM]
        message = _last_said(body["messages"])
        line = line_of(room.script, message)
        number = line.id if line else _NO_LINE
        first = asked + room.jitter.first_token(number, self._asked[number])
        self._asked[number] += 1
        call = _Call(room, room.socket("groq", request), body, first)
        wanted = body.get("response_format") or {}
        if wanted.get("type") == "json_schema":
            schema = wanted["json_schema"]["schema"]
            call.text = json.dumps(reading(room.script, schema, message))
            call.thinking = READING_TOKENS
        else:
            call.text = line.reply if line else _NOTHING_KNOWN
        said = said_in(message)
        call.log(
            "request",
            asked,
            stream=bool(body.get("stream")),
            said=len(said),
            sha=hashlib.sha256(said.strip().encode()).hexdigest()[:16],
            line=line.id if line else None,
        )
        return call


class _Call:
    """One call to the model; `first` is when its first token is due."""

    def __init__(self, room: Room, name: str, body: dict[str, Any], first: float) -> None:
        self.id = f"g{room.number()}"
        self.text = ""
        self.thinking = 0
        self._room = room
        self._name = name
        self._body = body
        self._model: str = body["model"]
        self._first = first

    async def whole(self) -> web.Response:
        count = len(self.text) / protocol.CHARS_PER_TOKEN + self.thinking
        await until(self._first + count / TOKENS_PER_SECOND)
        used = self._usage(round(count))
        self.log("done", tokens=round(count))
        return web.json_response(protocol.completion(self.id, self._model, self.text, used))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"cache-control": "no-cache"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        pieces = protocol.tokens(self.text)
        await until(self._first)
        began = time.monotonic()
        self.log("first_token", began)
        sent = 0
        while sent < len(pieces):
            # Whatever is due goes out at once: a timer is not as fine as a token.
            due = max(sent + 1, int((time.monotonic() - began) * TOKENS_PER_SECOND))
            events = [self._chunk({"content": each}) for each in pieces[sent:due]]
            await response.write(b"".join(events))
            sent = min(due, len(pieces))
            await until(began + sent / TOKENS_PER_SECOND)
        last = protocol.chunk(self.id, self._model, {}, self._usage(len(pieces)))
        await response.write(last + protocol.DONE)
        await response.write_eof()
        self.log("done", tokens=len(pieces))
        return response

    def log(self, event: str, at: float | None = None, **fields: Any) -> None:
        self._room.log.write("groq", self._name, event, at, request=self.id, **fields)

    def _chunk(self, delta: dict[str, Any]) -> bytes:
        return protocol.chunk(self.id, self._model, {"role": "assistant", **delta})

    def _usage(self, written: int) -> dict[str, Any]:
        read = len(json.dumps(self._body["messages"])) // protocol.CHARS_PER_TOKEN
        return protocol.usage(read, written)


def _last_said(messages: list[dict[str, Any]]) -> str:
    """The text of the last user message."""
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content") or ""
            if isinstance(content, str):
                return content
            return " ".join(part.get("text", "") for part in content)
    return ""
