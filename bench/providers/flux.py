"""`WS /v2/listen`: Flux's messages, for students whose clips have markers."""

import json
import time
from typing import Any
from uuid import uuid4

import numpy as np
from aiohttp import WSMsgType, web
from starlette.datastructures import QueryParams

from bench.providers.refusal import refusal
from bench.providers.room import ROOM, Room
from bench.providers.turns import Said, Stretch, Turns, stretches
from bench.speech.marker import Decoder, Mark
from local_providers.errors import ParameterError
from local_providers.listen_parameters import ListenParameters, parse, parse_keyterms

STEP_S = 0.05
"""Audio that comes in longer pieces is gone through in such steps."""
_SURE_OF_WORDS = 0.98

_LOGGED = {
    "StartOfTurn": "start_of_turn",
    "EagerEndOfTurn": "eager",
    "TurnResumed": "resumed",
    "EndOfTurn": "end_of_turn",
}


async def listen(request: web.Request) -> web.StreamResponse:
    """Serves one stream until CloseStream or the client's close."""
    try:
        parameters = parse(QueryParams(request.query_string))
    except ParameterError as error:
        return refusal(error)
    socket = web.WebSocketResponse(compress=False)
    request_id = str(uuid4())
    socket.headers["dg-request-id"] = request_id
    await socket.prepare(request)
    room = request.app[ROOM]
    stream = _Stream(socket, room, room.socket("flux", request), request_id, parameters)
    await stream.serve()
    return socket


class _Stream:
    def __init__(
        self,
        socket: web.WebSocketResponse,
        room: Room,
        name: str,
        request_id: str,
        parameters: ListenParameters,
    ) -> None:
        self._socket = socket
        self._room = room
        self._name = name
        self._request_id = request_id
        self._keyterms = parameters.keyterms
        self._rate = parameters.sample_rate
        self._decoder = Decoder(self._rate)
        self._turns = Turns(parameters.thresholds)
        self._odd = b""
        self._heard = 0
        """Samples so far."""
        self._ends: list[Stretch] = []
        self._sequence = 0

    async def serve(self) -> None:
        await self._send({"type": "Connected"})
        async for message in self._socket:
            if message.type is WSMsgType.BINARY:
                await self._hear(message.data)
            elif message.type is WSMsgType.TEXT and await self._obey(message.data):
                await self._socket.close()
        self._room.log.write("flux", self._name, "closed", audio=self._audio)

    @property
    def _audio(self) -> float:
        return round(self._heard / self._rate, 4)

    async def _hear(self, data: bytes) -> None:
        data, arrived = self._odd + data, time.monotonic()
        whole = len(data) // 2 * 2
        self._odd = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2")
        for mark in self._decoder.feed(samples):
            self._recognise(mark)
        end, step = self._heard + len(samples), round(STEP_S * self._rate)
        while self._heard < end:
            self._heard = min(end, self._heard + step)
            now = self._heard / self._rate
            self._note_ends(now, arrived - (end - self._heard) / self._rate)
            for said in self._turns.advance(now):
                await self._tell(said)

    def _recognise(self, mark: Mark) -> None:
        line = self._room.script.line(mark.line)
        start = mark.end / self._rate
        fields = {"student": mark.student, "line": mark.line, "speech_at": round(start, 4)}
        self._room.log.write("flux", self._name, "marker", **fields)
        if line is None:
            return
        late = self._room.jitter.end_of_turn(mark.student, mark.line)
        clip = stretches(mark.student, line, self._room.clips.timing(line), start, late)
        self._turns.expect(clip)
        self._ends = [clip[-1]]

    def _note_ends(self, now: float, moment: float) -> None:
        """`moment` is when audio up to `now` was there."""
        while self._ends and self._ends[0].end <= now:
            over = self._ends.pop(0)
            self._room.log.write(
                "flux",
                self._name,
                "true_end",
                audio=round(over.end, 4),
                mono=round(moment - (now - over.end), 6),
                student=over.student,
                line=over.line,
                late=round(over.late, 4),
            )

    async def _tell(self, said: Said) -> None:
        if name := _LOGGED.get(said.event):
            self._room.log.write(
                "flux",
                self._name,
                name,
                student=said.stretch.student,
                line=said.stretch.line,
                turn=said.turn_index,
                audio=round(said.at, 4),
                after_end=round(said.at - said.stretch.end, 4),
                chars=len(said.transcript),
                trigger=said.trigger,
            )
        await self._send(_turn_info(said, self._audio))

    async def _obey(self, text: str) -> bool:
        """True when the stream is over."""
        try:
            message = json.loads(text)
            kind = message["type"]
        except (ValueError, TypeError, KeyError):
            message, kind = {}, None
        match kind:
            case "CloseStream":
                return True
            case "Configure":
                await self._configure(message)
            case "ForceEndTurn":
                for said in self._turns.end_now(self._heard / self._rate):
                    await self._tell(said)
            case _:
                await self._send(_error("UNPARSABLE_CLIENT_MESSAGE", f"unknown message {kind!r}"))
                return True
        return False

    async def _configure(self, message: dict[str, Any]) -> None:
        """All of it or, on an error, nothing."""
        try:
            thresholds = self._turns.thresholds.changed(message.get("thresholds") or {})
            if message.get("keyterms") is not None:
                self._keyterms = parse_keyterms(message["keyterms"])
        except (ValueError, AttributeError) as error:
            failure = {"code": "INVALID_CONFIGURATION", "description": str(error)}
            await self._send({"type": "ConfigureFailure", **failure})
            return
        self._turns.thresholds = thresholds
        wire = thresholds.as_wire()
        self._room.log.write("flux", self._name, "configure", audio=self._audio, **wire)
        done = {"thresholds": wire, "keyterms": list(self._keyterms)}
        await self._send({"type": "ConfigureSuccess", **done})

    async def _send(self, message: dict[str, Any]) -> None:
        identity = {"request_id": self._request_id, "sequence_id": self._sequence}
        self._sequence += 1
        if not self._socket.closed:
            await self._socket.send_str(json.dumps({**message, **identity}))


def _turn_info(said: Said, audio: float) -> dict[str, Any]:
    words = [
        {
            "word": word.text,
            "confidence": _SURE_OF_WORDS,
            "start": round(word.start, 3),
            "end": round(word.end, 3),
        }
        for word in said.words
    ]
    message: dict[str, Any] = {
        "type": "TurnInfo",
        "event": said.event,
        "turn_index": said.turn_index,
        "audio_window_start": round(said.start, 3),
        "audio_window_end": round(audio, 3),
        "transcript": said.transcript,
        "words": words,
        "end_of_turn_confidence": round(said.confidence, 4),
    }
    return message if said.trigger is None else {**message, "trigger": said.trigger}


def _error(code: str, description: str) -> dict[str, Any]:
    return {"type": "Error", "code": code, "description": description}
