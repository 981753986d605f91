"""Failing on request, as a provider may: for tests, and for an operator who wants to see it.

`POST /faults {"service", "kind", "after_ms", "times"}` arms a fault, `GET /faults` lists what is
armed, `DELETE /faults` disarms all of it. Whatever streams were spoilt stay so until they close.
"""

import asyncio
import json
from collections import deque
from typing import Literal
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
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: Service
    kind: Kind
    after_ms: int = Field(default=0, ge=0, le=600_000)
    times: int = Field(default=1, ge=0)
    at: Literal["now", "turn"] = "now"
    over: Literal["", "socket", "request"] = ""

    @property
    def status(self) -> int | None:
        return int(self.kind) if self.kind.isdigit() else None


class Faults:
    """What is armed. Wraps the application (`around`) and gives it the routes to arm it."""

    def __init__(self) -> None:
        self._armed: deque[tuple[Fault, int]] = deque()
        self._streams: set[_Stream] = set()

    @property
    def routes(self) -> list[Route]:
        methods = ["GET", "POST", "DELETE"]
        return [Route("/faults", self._answer, methods=methods)]

    def take(self, service: Service, over: str, *, refusal: bool) -> Fault | None:
        """The first that fits, if there is one; it has happened once more then."""
        for place, (fault, left) in enumerate(self._armed):
            fits = fault.service == service and fault.over in ("", over)
            if not fits or refusal != (fault.status is not None):
                continue
            if left == 1:
                del self._armed[place]
            elif left:
                self._armed[place] = (fault, left - 1)
            return fault
        return None

    def around(self, app: ASGIApp) -> ASGIApp:
        """The same application, failing as it is told to."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            service = _SERVICES.get(scope.get("path", ""))
            if scope["type"] not in ("http", "websocket") or service is None:
                await app(scope, receive, send)
                return
            over = "socket" if scope["type"] == "websocket" else "request"
            if (fault := self.take(service, over, refusal=True)) is not None:
                assert fault.status is not None
                await _refuse(fault.status, scope, receive, send)
                return
            stream = _Stream(service, over, scope, send, self)
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
        return JSONResponse(armed)

    def _arm(self, fault: Fault) -> None:
        self._armed.append((fault, fault.times))
        for stream in list(self._streams):
            if stream.service == fault.service and fault.over in ("", stream.over):
                stream.close_soon() if fault.status is not None else stream.look()


class _Stream:
    """One request or socket on its way through; spoilt by the first fault that fits."""

    def __init__(
        self, service: Service, over: str, scope: Scope, send: Send, faults: Faults
    ) -> None:
        self.service = service
        self.over = over
        self._scope = scope
        self._send = send
        self._faults = faults
        query = parse_qs(scope.get("query_string", b"").decode())
        rate = query.get("sample_rate", ["24000"])[0]
        self._bytes_a_ms = 2 * (int(rate) if rate.isdigit() else 24_000) / 1000
        self._fault: Fault | None = None
        self._sent_ms = 0.0
        self._accepted = over == "request"
        self._ruined = False
        self._ending = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """A fault may have been armed for it. Speech is looked after as it is sent."""
        if self._fault is None and self.service == "listen" and not self._ruined:
            self._fault = self._faults.take(self.service, self.over, refusal=False)
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
        serving = asyncio.create_task(app(self._scope, receive, self._pass))
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
        if self.service == "listen":
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
            self._fault = self._faults.take(self.service, self.over, refusal=False)
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
            key = "bytes" if self.over == "socket" else "body"
            more = {"more_body": True} if self.over == "request" else {}
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
        if fault.kind == "garbage" and self.over == "socket":
            await self._send({"type": "websocket.send", "text": _GARBAGE})
            self._ruined, self._fault = False, None
            return
        if fault.kind == "error":
            error = {"type": "Error", "code": "INTERNAL_SERVER_ERROR", "description": "Failed."}
            error |= {"request_id": str(uuid4()), "sequence_id": 0}
            await self._send({"type": "websocket.send", "text": json.dumps(error)})
        self._ending.set()

    async def _break_off(self) -> None:
        """A socket is closed; a response just ends before its end, which breaks the connection."""
        if self.over == "socket" and self._accepted:
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
