"""`/v1/speak`: Aura over a WebSocket and by POST."""

import asyncio
import io
import json
import logging
import wave
from collections.abc import AsyncIterator
from enum import Enum, auto
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from local_providers.errors import (
    ParameterError,
    PayloadError,
    ProtocolError,
    TextTooLongError,
    refusal,
)
from local_providers.sentences import split, take_whole
from local_providers.speak_parameters import SpeakParameters, parse
from local_providers.voice import Voice

log = logging.getLogger(__name__)

LONGEST_TEXT = 2000
"""Characters of one POST or Speak message, as at Deepgram."""
_LARGEST_BODY = 64_000
_CHUNK_MS = 100
_MODEL_UUID = "00000000-0000-4000-8000-000000000000"


async def speak_batch(request: Request) -> Response:
    """`POST /v1/speak`: the text of a JSON body as audio."""
    try:
        parameters = parse(request.query_params, batch=True)
        text = await _text_of(request)
    except ProtocolError as error:
        return refusal(error)
    voice: Voice = request.app.state.engines.voice
    sentences = split(text)
    headers = {
        "dg-request-id": str(uuid4()),
        "dg-model-name": parameters.model,
        "dg-char-count": str(len(text)),
    }
    if parameters.container == "wav":
        audio = b"".join([await voice.say(sentence, parameters) for sentence in sentences])
        return Response(_wav(audio, parameters.sample_rate), 200, headers, "audio/wav")

    async def spoken() -> AsyncIterator[bytes]:
        for sentence in sentences:
            yield await voice.say(sentence, parameters)

    media_type = f"audio/l16;rate={parameters.sample_rate};channels=1"
    return StreamingResponse(spoken(), 200, headers, media_type)


async def speak_stream(websocket: WebSocket) -> None:
    """`WS /v1/speak`: Speak, Flush, Clear and Close."""
    try:
        parameters = parse(websocket.query_params, batch=False)
    except ParameterError as error:
        await websocket.send_denial_response(refusal(error))
        return
    request_id = str(uuid4())
    await websocket.accept(headers=[(b"dg-request-id", request_id.encode())])
    await websocket.send_json(
        {
            "type": "Metadata",
            "request_id": request_id,
            "model_name": parameters.model,
            "model_version": "local",
            "model_uuid": _MODEL_UUID,
        }
    )
    speaker = _Speaker(websocket, websocket.app.state.engines.voice, parameters)
    try:
        await speaker.serve()
        await websocket.close()
    except* WebSocketDisconnect:
        log.debug("stream %s: closed by the client", request_id)
    except* Exception:
        log.exception("stream %s failed", request_id)
        await websocket.close(1011, "The voice failed.")


class _Mark(Enum):
    FLUSHED = auto()
    END = auto()


class _Speaker:
    """One stream: a reader that fills a queue of sentences and a player that empties it."""

    def __init__(self, websocket: WebSocket, voice: Voice, parameters: SpeakParameters) -> None:
        self._websocket = websocket
        self._voice = voice
        self._parameters = parameters
        self._text = ""
        self._queue: asyncio.Queue[str | _Mark] = asyncio.Queue()
        """Sentences, and what to do between them."""
        self._cleared = 0
        self._sequence = 0

    async def serve(self) -> None:
        """Until Close, whose audio is still sent.

        Raises:
            ExceptionGroup: what went wrong; a WebSocketDisconnect when the client is gone.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._play())

    async def _read(self) -> None:
        kind = ""
        while kind != "Close":
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            try:
                kind = self._obey(message.get("text"))
            except ProtocolError as error:
                await self._warn(error)
                continue
            if kind == "Clear":
                await self._acknowledge("Cleared")

    def _obey(self, raw: str | None) -> str:
        """Takes in one message and says its type."""
        message = _parsed(raw)
        match message.get("type"):
            case "Speak":
                self._add(message.get("text"))
            case "Flush":
                self._flush()
                self._queue.put_nowait(_Mark.FLUSHED)
            case "Clear":
                self._clear()
            case "Close":
                self._flush()
                self._queue.put_nowait(_Mark.END)
            case other:
                raise PayloadError(f"unknown message type {other!r}")
        return str(message["type"])

    def _add(self, text: object) -> None:
        if not isinstance(text, str):
            raise PayloadError("Speak needs a text")
        if len(text) > LONGEST_TEXT:
            raise TextTooLongError(f"a text is at most {LONGEST_TEXT} characters, got {len(text)}")
        sentences, self._text = take_whole(self._text + text)
        for sentence in sentences:
            self._queue.put_nowait(sentence)

    def _flush(self) -> None:
        for sentence in split(self._text):
            self._queue.put_nowait(sentence)
        self._text = ""

    def _clear(self) -> None:
        self._text = ""
        self._cleared += 1
        while not self._queue.empty():
            self._queue.get_nowait()

    async def _play(self) -> None:
        size = self._parameters.sample_rate * 2 * _CHUNK_MS // 1000
        while (item := await self._queue.get()) is not _Mark.END:
            if isinstance(item, _Mark):
                await self._acknowledge("Flushed")
                continue
            epoch = self._cleared
            audio = await self._voice.say(item, self._parameters)
            for start in range(0, len(audio), size):
                if epoch != self._cleared:
                    break
                await self._websocket.send_bytes(audio[start : start + size])

    async def _acknowledge(self, kind: str) -> None:
        sequence, self._sequence = self._sequence, self._sequence + 1
        await self._websocket.send_json({"type": kind, "sequence_id": sequence})

    async def _warn(self, error: ProtocolError) -> None:
        description = str(error)
        await self._websocket.send_json(
            {
                "type": "Warning",
                "code": error.code,
                "description": description,
                "warn_code": error.code,
                "warn_msg": description,
            }
        )


def _parsed(raw: str | None) -> dict[str, Any]:
    if raw is None:
        raise PayloadError("messages are JSON text, got binary")
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise PayloadError("a message is a JSON object")
    return message


async def _text_of(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY:
            raise TextTooLongError(f"a body is at most {_LARGEST_BODY} bytes")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise PayloadError('the body must be JSON: {"text": …}') from None
    text = message.get("text") if isinstance(message, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise PayloadError("the body must have a text that is not empty")
    if len(text) > LONGEST_TEXT:
        raise TextTooLongError(f"a text is at most {LONGEST_TEXT} characters, got {len(text)}")
    return text


def _wav(audio: bytes, sample_rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(sample_rate)
        wav.writeframes(audio)
    return file.getvalue()
