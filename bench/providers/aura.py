"""`/v1/speak`: Aura over a WebSocket and by POST, with tones for a voice."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web
from starlette.datastructures import QueryParams

from bench.providers.pacing import until
from bench.providers.refusal import refusal
from bench.providers.room import ROOM, Room
from bench.providers.tone import parts, spoken
from local_providers.errors import ParameterError, PayloadError
from local_providers.speak_parameters import SpeakParameters, parse

FIRST_BYTE_S = 0.09
SPEED = 20
"""Times real time."""
_FIRST_CHUNK_S, _CHUNK_S = 0.1, 0.2


async def speak_batch(request: web.Request) -> web.StreamResponse:
    """`POST /v1/speak`."""
    asked = time.monotonic()
    try:
        parameters = parse(QueryParams(request.query_string), batch=True)
    except ParameterError as error:
        return refusal(error)
    try:
        text = str((await request.json())["text"])
    except (ValueError, TypeError, KeyError):
        return refusal(PayloadError('the body must be JSON: {"text": …}'))
    room = request.app[ROOM]
    name = room.socket("aura", request)
    said = _Said(room, name, text, parameters, asked)
    response = web.StreamResponse(headers={"dg-request-id": str(uuid4())})
    response.content_type = f"audio/{'wav' if parameters.container == 'wav' else 'l16'}"
    try:
        async for chunk in said.chunks():
            if not response.prepared:
                await response.prepare(request)
                if parameters.container == "wav":
                    await response.write(_wav_header(said.size, parameters.sample_rate))
            await response.write(chunk)
    except (asyncio.CancelledError, ConnectionError):
        room.log.write("aura", name, "cancelled", request=said.id)
        raise
    await response.write_eof()
    return response


async def speak_stream(request: web.Request) -> web.StreamResponse:
    """`WS /v1/speak`: Speak, Flush, Clear and Close."""
    try:
        parameters = parse(QueryParams(request.query_string), batch=False)
    except ParameterError as error:
        return refusal(error)
    socket = web.WebSocketResponse(compress=False)
    request_id = str(uuid4())
    socket.headers["dg-request-id"] = request_id
    await socket.prepare(request)
    room = request.app[ROOM]
    speaker = _Speaker(socket, room, room.socket("aura", request), parameters)
    await socket.send_json(
        {"type": "Metadata", "request_id": request_id, "model_name": parameters.model}
    )
    await speaker.serve()
    return socket


class _Said:
    """One text on its way out, logged."""

    def __init__(
        self, room: Room, name: str, text: str, parameters: SpeakParameters, asked: float
    ) -> None:
        self.id = f"a{room.number()}"
        self._room = room
        self._name = name
        self._asked = asked
        self._audio = spoken(text, parameters.sample_rate, parameters.speed)
        self.size = len(self._audio)
        self._bytes_per_second = parameters.sample_rate * 2
        content = any(content for _, content in parts(text))
        sha = hashlib.sha256(text.strip().encode()).hexdigest()[:16]
        fields = {"chars": len(text.strip()), "sha": sha, "content": content}
        self._log("request", asked, seconds=self.size / self._bytes_per_second, **fields)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The sound, none before its time."""
        await until(self._asked + FIRST_BYTE_S)
        began = time.monotonic()
        self._log("first_byte", began)
        at, length = 0, _FIRST_CHUNK_S
        while at < self.size:
            size = int(length * self._bytes_per_second) // 2 * 2
            yield self._audio[at : at + size]
            at, length = at + size, _CHUNK_S
            await until(began + at / self._bytes_per_second / SPEED)
        self._log("done")

    def _log(self, event: str, at: float | None = None, **fields: Any) -> None:
        self._room.log.write("aura", self._name, event, at, request=self.id, **fields)


class _Speaker:
    """A reader that fills a queue of flushed texts, and a player that empties it."""

    def __init__(
        self, socket: web.WebSocketResponse, room: Room, name: str, parameters: SpeakParameters
    ) -> None:
        self._socket = socket
        self._room = room
        self._name = name
        self._parameters = parameters
        self._text = ""
        self._queue: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()
        self._cleared = 0
        self._saying: str | None = None
        self._sequence = 0

    async def serve(self) -> None:
        """Until Close, whose audio is still sent, or the client's close."""
        player = asyncio.create_task(self._play())
        try:
            if await self._read():
                await player
        finally:
            player.cancel()
            await asyncio.gather(player, return_exceptions=True)
        if self._saying:
            self._room.log.write("aura", self._name, "cancelled", request=self._saying)
        await self._socket.close()

    async def _read(self) -> bool:
        """True after Close, False when the client is gone."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            given = json.loads(message.data)
            match given.get("type"):
                case "Speak":
                    self._text += given["text"]
                case "Flush":
                    self._flush()
                case "Clear":
                    await self._clear()
                case "Close":
                    if self._text.strip():
                        self._flush()
                    self._queue.put_nowait(None)
                    return True
        return False

    def _flush(self) -> None:
        self._queue.put_nowait((self._text, time.monotonic()))
        self._text = ""

    async def _clear(self) -> None:
        self._text = ""
        self._cleared += 1
        while not self._queue.empty():
            self._queue.get_nowait()
        self._room.log.write("aura", self._name, "cleared")
        await self._acknowledge("Cleared")

    async def _play(self) -> None:
        while (item := await self._queue.get()) is not None:
            text, asked = item
            epoch = self._cleared
            if text.strip():
                said = _Said(self._room, self._name, text, self._parameters, asked)
                self._saying = said.id
                async for chunk in said.chunks():
                    if epoch != self._cleared:
                        break
                    await self._socket.send_bytes(chunk)
                self._saying = None
            if epoch == self._cleared:
                await self._acknowledge("Flushed")

    async def _acknowledge(self, kind: str) -> None:
        sequence, self._sequence = self._sequence, self._sequence + 1
        await self._socket.send_json({"type": kind, "sequence_id": sequence})


def _wav_header(size: int, rate: int) -> bytes:
    return b"".join(
        (
            b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt ",
            (16).to_bytes(4, "little") + (1).to_bytes(2, "little") + (1).to_bytes(2, "little"),
            rate.to_bytes(4, "little") + (rate * 2).to_bytes(4, "little"),
            (2).to_bytes(2, "little") + (16).to_bytes(2, "little"),
            b"data" + size.to_bytes(4, "little"),
        )
    )
