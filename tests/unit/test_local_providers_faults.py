"""Faults on request, around an application that never fails by itself."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from local_providers.faults import Faults

pytestmark = pytest.mark.unit

RATE = 1000
SPEECH = bytes(2 * RATE)
"""One second."""


async def _listen(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_json({"type": "Connected"})
    async for event in socket.iter_text():
        await socket.send_json({"type": "TurnInfo", "event": event})


async def _speak(socket: WebSocket) -> None:
    await socket.accept()
    async for _ in socket.iter_text():
        for piece in [SPEECH] * 3:
            await socket.send_bytes(piece)
        await socket.send_json({"type": "Flushed"})


async def _speech(_: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield SPEECH

    return StreamingResponse(pieces())


@pytest.fixture
def client() -> Iterator[TestClient]:
    faults = Faults()
    app = Starlette(
        routes=[
            WebSocketRoute("/v2/listen", _listen),
            WebSocketRoute("/v1/speak", _speak),
            Route("/v1/speak", _speech, methods=["POST"]),
            *faults.routes,
        ]
    )
    with TestClient(faults.around(app)) as client:
        yield client


def _arm(client: TestClient, **fault: Any) -> None:
    response = client.post("/faults", json=fault)
    assert response.status_code == 200, response.text


def _says(socket: Any, event: str) -> dict[str, Any]:
    socket.send_text(event)
    message: dict[str, Any] = json.loads(socket.receive_text())
    return message


def test_what_is_armed_is_listed_until_it_is_disarmed(client: TestClient) -> None:
    _arm(client, service="listen", kind="429", times=2)
    (armed,) = client.get("/faults").json()
    assert (armed["kind"], armed["left"]) == ("429", 2)
    assert client.delete("/faults").json() == []


@pytest.mark.parametrize(
    "fault", [{}, {"service": "listen"}, {"service": "listen", "kind": "fire"}, {"x": 1}]
)
def test_a_fault_that_is_none_is_refused(client: TestClient, fault: dict[str, Any]) -> None:
    response = client.post("/faults", json=fault)
    assert response.status_code == 400
    assert response.json()["errors"]
    assert client.get("/faults").json() == []


@pytest.mark.parametrize("status", [401, 429, 500])
def test_new_streams_and_requests_are_refused_so_many_times(
    client: TestClient, status: int
) -> None:
    _arm(client, service="speak", kind=str(status), times=2)
    with pytest.raises(WebSocketDenialResponse) as refusal, client.websocket_connect("/v1/speak"):
        pass
    assert refusal.value.status_code == status
    response = client.post("/v1/speak")
    assert response.status_code == status
    assert response.json()["err_code"]
    assert client.post("/v1/speak").content == 3 * SPEECH


def test_a_refusal_closes_what_is_open(client: TestClient) -> None:
    with client.websocket_connect("/v2/listen") as socket:
        socket.receive_text()
        _arm(client, service="listen", kind="401", times=1)
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_a_turn_is_cut_after_it_has_begun(client: TestClient) -> None:
    with client.websocket_connect("/v2/listen") as socket:
        socket.receive_text()
        _arm(client, service="listen", kind="drop", at="turn")
        assert _says(socket, "Update")["event"] == "Update"
        assert _says(socket, "StartOfTurn")["event"] == "StartOfTurn"
        with pytest.raises(WebSocketDisconnect) as gone:
            socket.receive_text()
        assert gone.value.code == 1011
    with client.websocket_connect("/v2/listen") as socket:
        socket.receive_text()
        assert _says(socket, "StartOfTurn")["event"] == "StartOfTurn"
        assert _says(socket, "EndOfTurn")["event"] == "EndOfTurn", "once only"


def test_half_a_message_comes_and_then_the_rest(client: TestClient) -> None:
    with client.websocket_connect("/v2/listen") as socket:
        socket.receive_text()
        _arm(client, service="listen", kind="garbage")
        with pytest.raises(ValueError, match="Unterminated"):
            json.loads(socket.receive_text())
        assert _says(socket, "StartOfTurn")["event"] == "StartOfTurn"


def test_fluxs_own_error_comes_before_the_end(client: TestClient) -> None:
    with client.websocket_connect("/v2/listen") as socket:
        socket.receive_text()
        _arm(client, service="listen", kind="error")
        assert json.loads(socket.receive_text())["type"] == "Error"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_speech_is_cut_after_so_much_of_it(client: TestClient) -> None:
    _arm(client, service="speak", kind="cut", after_ms=1500, over="socket")
    with client.websocket_connect(f"/v1/speak?sample_rate={RATE}") as socket:
        socket.send_text("Speak")
        assert socket.receive_bytes() == SPEECH
        assert socket.receive_bytes() == SPEECH[:RATE]
        with pytest.raises(WebSocketDisconnect):
            socket.receive_bytes()
    assert client.post("/v1/speak").content == 3 * SPEECH


def test_a_stalled_stream_stays_open_and_says_nothing(client: TestClient) -> None:
    with client.websocket_connect("/v2/listen") as socket:
        socket.receive_text()
        _arm(client, service="listen", kind="stall", at="turn")
        assert _says(socket, "StartOfTurn")["event"] == "StartOfTurn"
        assert client.get("/faults").json() == []
        socket.send_text("Update")
        _arm(client, service="listen", kind="500", times=1)
        # What was said to it before was not answered.
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()
