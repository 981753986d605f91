"""Failing on request, as a provider may: for tests, and for an operator who wants to see it.

`POST /faults {"service", "kind", "after_ms", "times"}` arms a fault, `GET /faults` lists what is
armed and has not struck yet, `DELETE /faults` disarms all of it. Whatever streams were spoilt stay
so until they close.
"""

import asyncio
import json
from collections import deque
from typing import Literal, NamedTuple
from urllib.parse import parse_qs
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Service = Literal["listen", "speak"]
Kind = Literal["401", "429", "500", "delay", "drop", "cut", "stall", "garbage", "error"]

_SERVICES: dict[str, Service] = {"/v2/listen": "listen", "/v1/speak": "speak"}
_REASONS = {
    401: ("INVALID_AUTH", "Invalid credentials."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
    500: ("INTERNAL_SERVER_ERROR", "Something failed."),
}
_GARBAGE = '{"type": "TurnInfo", "event": 7, "transc'


class Fault(BaseModel):
    """401, 429, 500: new requests and streams are refused, and streams that are open are closed,
    so that their client comes again. The others spoil what is open, and what comes:

    delay: each message of listen, and the first sound of speak, comes so much later
    drop, cut: the stream closes in its middle
    stall: nothing more is sent, and it stays open; a new one is not even answered
    garbage: half a message comes; of a request, half the reply
    error: Flux's Error message comes, then the end

    after_ms: of listen, that long after the next turn has begun (`at` "turn"), or from now on
        ("now"); of speak, so much of the speech is sent before
    times: how many streams or requests it happens to; 0: all, until it is disarmed
    over: "socket" or "request", of speak
    model: this one of the query only
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: Service
    kind: Kind
    after_ms: int = Field(default=0, ge=0, le=600_000)
    times: int = Field(default=1, ge=0)
    at: Literal["now", "turn"] = "now"
    over: Literal["", "socket", "request"] = ""
    model: str = Field(default="", max_length=100)

    @property
    def status(self) -> int | None:
        return int(self.kind) if self.kind.isdigit() else None

    def fits(self, place: "Place") -> bool:
        return (
            self.service == place.service
            and self.over in ("", place.over)
            and self.model in ("", place.model)
        )


class Place(NamedTuple):
    """Where a fault may happen."""

    service: Service
    over: str
    model: str
    sample_rate: int

    @classmethod
    def of(cls, scope: Scope) -> "Place | None":
        service = _SERVICES.get(scope.get("path", ""))
        if scope["type"] not in ("http", "websocket") or service is None:
            return None
        query = parse_qs(scope.get("query_string", b"").decode())
        rate = query.get("sample_rate", ["24000"])[0]
        return cls(
            service,
            "socket" if scope["type"] == "websocket" else "request",
            query.get("model", [""])[0],
            int(rate) if rate.isdigit() else 24_000,
        )


class Faults:
    """What is armed. Wraps the application (`around`) and gives it the routes to arm it."""

    def __init__(self) -> None:
        self._armed: deque[tuple[Fault, int]] = deque()
        self._streams: set[_Stream] = set()

    @property
    def routes(self) -> list[Route]:
        methods = ["GET", "POST", "DELETE"]
        return [Route("/faults", self._answer, methods=methods)]

    def take(self, place: Place, *, refusal: bool) -> Fault | None:
        """The first that fits, if there is one; it has happened once more then."""
        for number, (fault, left) in enumerate(self._armed):
            if not fault.fits(place) or refusal != (fault.status is not None):
                continue
            if left == 1:
                del self._armed[number]
            elif left:
                self._armed[number] = (fault, left - 1)
            return fault
        return None

    def around(self, app: ASGIApp) -> ASGIApp:
        """The same application, failing as it is told to."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            place = Place.of(scope)
            if place is None:
                await app(scope, receive, send)
                return
            if (fault := self.take(place, refusal=True)) is not None:
                assert fault.status is not None
                await _refuse(fault.status, scope, receive, send)
                return
            stream = _Stream(place, scope, send, self)
            self._streams.add(stream)
            try:
                await stream.run(app, receive)
            finally:
                self._streams.discard(stream)

        return faulty

    async def _answer(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._armed.clear()
        elif request.method == "POST":
            try:
                fault = Fault.model_validate_json(await request.body())
            except ValidationError as error:
                return JSONResponse({"errors": json.loads(error.json(include_url=False))}, 400)
            self._arm(fault)
        armed = [fault.model_dump() | {"left": left} for fault, left in self._armed]
        due = [stream.due for stream in self._streams if stream.due is not None]
        return JSONResponse(armed + [fault.model_dump() | {"left": 1} for fault in due])

    def _arm(self, fault: Fault) -> None:
        self._armed.append((fault, fault.times))
        for stream in list(self._streams):
            if not fault.fits(stream.place):
                continue
            if fault.status is None:
                stream.look()
            else:
                stream.close_soon()


class _Stream:
    """One request or socket on its way through; spoilt by the first fault that fits."""

    def __init__(self, place: Place, scope: Scope, send: Send, faults: Faults) -> None:
        self.place = place
        self._scope = scope
        self._send = send
        self._faults = faults
        self._bytes_a_ms = 2 * place.sample_rate / 1000
        self._fault: Fault | None = None
        self._sent_ms = 0.0
        self._accepted = place.over == "request"
        self._ruined = False
        self._ending = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def due(self) -> Fault | None:
        """What is going to strike it, at a turn or after a time."""
        return None if self._ruined else self._fault

    def look(self) -> None:
        """A fault may have been armed for it. Speech is looked after as it is sent."""
        if self._fault is None and self.place.service == "listen" and not self._ruined:
            self._fault = self._faults.take(self.place, refusal=False)
            fault = self._fault
            if fault is not None and fault.at == "now" and fault.kind != "delay":
                self._strike_later()

    def close_soon(self) -> None:
        self._ruined = True
        self._ending.set()

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        self.look()
        stalled = self._fault is not None and self._fault.kind == "stall"
        if stalled and self._fault is not None and self._fault.at == "now":
            # Not even answered, as by a process that stands still.
            await self._gone(receive)
            return
        serving = asyncio.ensure_future(app(self._scope, receive, self._pass))
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
                await self._break_off()
            else:
                serving.result()
        finally:
            for task in (serving, ending):
                task.cancel()
            if self._timer is not None:
                self._timer.cancel()

    async def _pass(self, message: Message) -> None:
        if self._ruined:
            return
        self._accepted = self._accepted or message["type"] == "websocket.accept"
        if self.place.service == "listen":
            await self._pass_words(message)
        else:
            await self._pass_speech(message)

    async def _pass_words(self, message: Message) -> None:
        fault = self._fault
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.after_ms / 1000)
        await self._send(message)
        turn_begins = '"StartOfTurn"' in (message.get("text") or "")
        if fault is not None and fault.at == "turn" and fault.kind != "delay" and turn_begins:
            self._strike_later()

    async def _pass_speech(self, message: Message) -> None:
        sound = message.get("bytes") or message.get("body") or b""
        if sound and self._fault is None:
            self._fault = self._faults.take(self.place, refusal=False)
            self._sent_ms = 0.0
        fault = self._fault
        if not sound or fault is None:
            await self._send(message)
            return
        if fault.kind == "delay":
            if self._sent_ms == 0:
                await asyncio.sleep(fault.after_ms / 1000)
        elif self._sent_ms + len(sound) / self._bytes_a_ms > fault.after_ms:
            keep = round((fault.after_ms - self._sent_ms) * self._bytes_a_ms) // 2 * 2
            await self._send_sound(message, sound[:keep])
            await self._strike()
            return
        self._sent_ms += len(sound) / self._bytes_a_ms
        await self._send(message)

    async def _send_sound(self, message: Message, sound: bytes) -> None:
        if sound:
            key = "bytes" if self.place.over == "socket" else "body"
            more = {"more_body": True} if self.place.over == "request" else {}
            await self._send({**message, key: sound, **more})

    def _strike_later(self) -> None:
        assert self._fault is not None
        seconds = self._fault.after_ms / 1000
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, lambda: loop.create_task(self._strike()))

    async def _strike(self) -> None:
        fault, self._ruined = self._fault, True
        assert fault is not None
        if fault.kind == "stall":
            return
        if fault.kind == "garbage" and self.place.over == "socket":
            await self._send({"type": "websocket.send", "text": _GARBAGE})
            self._ruined, self._fault = False, None
            return
        if fault.kind == "error":
            error = {
                "type": "Error",
                "code": "INTERNAL_SERVER_ERROR",
                "description": "Failed.",
                "request_id": str(uuid4()),
                "sequence_id": 0,
            }
            await self._send({"type": "websocket.send", "text": json.dumps(error)})
        self._ending.set()

    async def _break_off(self) -> None:
        """A socket is closed; a response just ends before its end, which breaks the connection."""
        if self.place.over == "socket" and self._accepted:
            await self._send({"type": "websocket.close", "code": 1011})

    async def _gone(self, receive: Receive) -> None:
        """Until the client gives up, or it is told to be closed."""
        while not self._ending.is_set():
            message = await receive()
            if message["type"] in ("http.disconnect", "websocket.disconnect"):
                return


async def _refuse(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    code, sentence = _REASONS[status]
    response = JSONResponse({"err_code": code, "err_msg": sentence}, status)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    # As starlette's `send_denial_response`.
    await receive()
    await send(
        {
            "type": "websocket.http.response.start",
            "status": status,
            "headers": response.raw_headers,
        }
    )
    await send({"type": "websocket.http.response.body", "body": response.body})
