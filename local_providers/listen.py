"""`WS /v2/listen`: Flux's messages around the turns of one stream."""

import asyncio
import dataclasses
import json
import logging
import time
from typing import Any
from uuid import uuid4

import numpy as np
import soxr
from starlette.websockets import WebSocket, WebSocketDisconnect

from local_providers.backlog import Backlog, Frame
from local_providers.errors import ParameterError, PayloadError, refusal
from local_providers.listen_parameters import ListenParameters, parse, parse_keyterms
from local_providers.recording import FRAME_SAMPLES
from local_providers.transcript import SAMPLE_RATE, Samples, Transcript
from local_providers.turn_event import TurnEvent
from local_providers.turns import Recogniser, Turns
from local_providers.voice_detector import VoiceDetector

log = logging.getLogger(__name__)

_FRAMES_AT_ONCE = 30
"""A client that sends a minute of audio at once does not hold up the other streams."""
_LIFE_S = 1.0
"""A client that sends audio hears of us at least so often, in seconds."""
_MODEL_HINTS_ONLY = "language_hints are only for flux-general-multi"


async def listen(websocket: WebSocket) -> None:
    """Serves one stream until CloseStream, the client's close or an error."""
    try:
        parameters = parse(websocket.query_params)
    except ParameterError as error:
        await websocket.send_denial_response(refusal(error))
        return
    request_id = str(uuid4())
    await websocket.accept(headers=[(b"dg-request-id", request_id.encode())])
    detector = VoiceDetector(websocket.app.state.engines.detector)
    stream = _Stream(websocket, request_id, parameters, websocket.app.state.queue, detector)
    try:
        await stream.serve()
    except* WebSocketDisconnect:
        log.debug("stream %s: closed by the client", request_id)


class _Stream:
    def __init__(
        self,
        websocket: WebSocket,
        request_id: str,
        parameters: ListenParameters,
        recogniser: Recogniser,
        detector: VoiceDetector,
    ) -> None:
        self._websocket = websocket
        self._request_id = request_id
        self._model = parameters.model
        self._language_hints: list[str] | None = None
        self._detector = detector
        self._framer = _Framer(parameters.sample_rate)
        self._backlog = Backlog()
        self._sequence = 0
        self._sending = asyncio.Lock()
        self._told_at = 0.0
        self._has_audio = False
        self._last = TurnEvent("Update", 0, 0.0, 0.0, Transcript(), 0.0)
        self._turns = Turns(
            recogniser, self._tell, parameters.thresholds, parameters.keyterms, parameters.numerals
        )

    async def serve(self) -> None:
        """Until CloseStream or an error.

        Raises:
            ExceptionGroup: a WebSocketDisconnect, when the client is gone.
        """
        await self._send({"type": "Connected"})
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(self._read()), group.create_task(self._show_life())]
            await self._work()
            for task in others:
                task.cancel()

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            if (text := message.get("text")) is not None:
                await self._backlog.put(text)
                continue
            self._has_audio = True
            for number, samples in enumerate(self._framer.frames(message["bytes"]), 1):
                await self._backlog.put(Frame(samples, self._detector.decide(samples)))
                if number % _FRAMES_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _show_life(self) -> None:
        """Flux updates four times a second, whether or not a word has come: whoever hears nothing
        knows that something is wrong. Here it says what was said before, without its words."""
        while True:
            await asyncio.sleep(_LIFE_S / 2)
            if self._has_audio and time.monotonic() - self._told_at >= _LIFE_S:
                self._has_audio = False
                await self._tell(self._last, words=False)

    async def _work(self) -> None:
        over = False
        while not over:
            item = await self._backlog.get()
            try:
                if isinstance(item, Frame):
                    ahead = self._backlog.voice_returns_in()
                    await self._turns.hear(item.samples, item.speech, ahead)
                else:
                    over = await self._obey(item)
            except PayloadError as error:
                await self._fail("UNPARSABLE_CLIENT_MESSAGE", str(error))
                return
            except WebSocketDisconnect:
                raise
            except Exception:
                log.exception("stream %s failed", self._request_id)
                await self._fail("INTERNAL_SERVER_ERROR", "The recogniser failed.")
                return

    async def _obey(self, text: str) -> bool:
        """True when the stream is over."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise PayloadError(f"not JSON: {error}") from None
        kind = message.get("type") if isinstance(message, dict) else None
        match kind:
            case "Configure":
                await self._configure(message)
            case "ForceEndTurn":
                await self._turns.force_end()
            case "CloseStream":
                await self._turns.close()
                await self._websocket.close()
                return True
            case _:
                raise PayloadError(f"unknown message type {kind!r}")
        return False

    async def _configure(self, message: dict[str, Any]) -> None:
        """Changes what is given and keeps the rest; all of it or, on an error, nothing."""
        turns = self._turns
        try:
            thresholds = turns.thresholds.changed(_thresholds(message.get("thresholds")))
            keyterms, numerals = turns.keyterms, turns.numerals
            if message.get("keyterms") is not None:
                keyterms = parse_keyterms(message["keyterms"])
            if message.get("numerals") is not None:
                if not isinstance(message["numerals"], bool):
                    raise ValueError("numerals must be true or false")
                numerals = message["numerals"]
            if message.get("language_hints") is not None:
                if self._model != "flux-general-multi":
                    raise ValueError(_MODEL_HINTS_ONLY)
                self._language_hints = list(parse_keyterms(message["language_hints"]))
        except ValueError as error:
            failure = {"code": "INVALID_CONFIGURATION", "description": str(error)}
            await self._send({"type": "ConfigureFailure", **failure})
            return
        turns.thresholds, turns.keyterms, turns.numerals = thresholds, keyterms, numerals
        done: dict[str, Any] = {
            "type": "ConfigureSuccess",
            "thresholds": thresholds.as_wire(),
            "keyterms": list(keyterms),
            "numerals": numerals,
        }
        if self._language_hints is not None:
            done["language_hints"] = self._language_hints
        await self._send(done)

    async def _tell(self, event: TurnEvent, *, words: bool = True) -> None:
        over = event.event == "EndOfTurn"
        self._last = dataclasses.replace(
            event,
            event="Update",
            turn_index=event.turn_index + over,
            transcript=Transcript() if over else event.transcript,
            trigger=None,
        )
        spoken = [
            {
                "word": word.text,
                "confidence": round(word.confidence, 4),
                "start": word.start,
                "end": word.end,
            }
            for word in (event.transcript.words if words else ())
        ]
        message: dict[str, Any] = {
            "type": "TurnInfo",
            "event": event.event,
            "turn_index": event.turn_index,
            "audio_window_start": round(event.window_start, 3),
            "audio_window_end": round(event.window_end, 3),
            "transcript": event.transcript.text,
            "words": spoken,
            "end_of_turn_confidence": round(event.confidence, 4),
        }
        if event.trigger is not None:
            message["trigger"] = event.trigger
        await self._send(message)

    async def _fail(self, code: str, description: str) -> None:
        await self._send({"type": "Error", "code": code, "description": description})
        await self._websocket.close(1011 if code == "INTERNAL_SERVER_ERROR" else 1008)

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            self._told_at = time.monotonic()
            identity = {"request_id": self._request_id, "sequence_id": self._sequence}
            self._sequence += 1
            await self._websocket.send_json({**message, **identity})


class _Framer:
    """From bytes as they come to whole frames at the recogniser's rate."""

    def __init__(self, sample_rate: int) -> None:
        self._resampler = (
            None
            if sample_rate == SAMPLE_RATE
            else soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32")
        )
        self._odd = b""
        self._rest = np.zeros(0, np.float32)

    def frames(self, data: bytes) -> list[Samples]:
        data = self._odd + data
        whole = len(data) // 2 * 2
        self._odd = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32) / 32768
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        self._rest = np.concatenate([self._rest, samples])
        count = len(self._rest) // FRAME_SAMPLES
        cut = count * FRAME_SAMPLES
        frames = list(self._rest[:cut].reshape(count, FRAME_SAMPLES))
        self._rest = self._rest[cut:]
        return frames


def _thresholds(given: object) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("thresholds must be an object")
    return given
