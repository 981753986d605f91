"""A LiveKit that answers the server API from memory, in place of the HTTP session.

It treats dispatches as livekit-server 1.13 does: without a worker they stay listed without a job.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
from google.protobuf.message import Message
from livekit import api
from livekit.protocol import agent as agents
from livekit.protocol import models


class LiveKitStandIn:
    """`down`, `refusing` and `worker` set how it behaves; the rest tells what happened to it."""

    def __init__(self) -> None:
        self.timeout = aiohttp.ClientTimeout(total=5)
        self.down = False
        self.refusing = False
        self.worker = True
        self.rooms: dict[str, models.Room] = {}
        self.created: list[api.CreateRoomRequest] = []
        self.identities: dict[str, list[str]] = {}
        self.dispatches: dict[str, list[api.AgentDispatch]] = {}
        self.sent: list[api.CreateAgentDispatchRequest] = []
        self.calls = 0
        self._methods: dict[str, tuple[type[Message], Callable[[Any], Message]]] = {
            "RoomService/CreateRoom": (api.CreateRoomRequest, self._create_room),
            "RoomService/ListRooms": (api.ListRoomsRequest, self._list_rooms),
            "RoomService/ListParticipants": (api.ListParticipantsRequest, self._participants),
            "AgentDispatchService/CreateDispatch": (api.CreateAgentDispatchRequest, self._send),
            "AgentDispatchService/ListDispatch": (api.ListAgentDispatchRequest, self._list_sent),
            "AgentDispatchService/DeleteDispatch": (api.DeleteAgentDispatchRequest, self._delete),
        }

    def post(self, url: str, *, data: bytes, **_: object) -> "_Answer":
        self.calls += 1
        if self.down:
            raise aiohttp.ClientConnectionError("nobody listens")
        if self.refusing:
            return _Answer(401, b"")
        request, method = self._methods[url.partition("/twirp/livekit.")[2]]
        return _Answer(200, method(request.FromString(data)).SerializeToString())

    async def close(self) -> None:
        pass

    def forget_room(self, name: str) -> None:
        for kept in (self.rooms, self.identities, self.dispatches):
            kept.pop(name, None)

    def age(self, name: str, seconds: float) -> None:
        """Let time pass over the room's dispatches and jobs."""
        for dispatch in self.dispatches[name]:
            dispatch.state.created_at -= int(seconds * 1e9)
            for job in dispatch.state.jobs:
                job.state.started_at -= int(seconds * 1e9)

    def _create_room(self, request: api.CreateRoomRequest) -> models.Room:
        self.created.append(request)
        if request.name not in self.rooms:
            self.rooms[request.name] = models.Room(name=request.name, sid="RM_1")
            self.identities[request.name] = []
            # Each new room has one for agents without a name.
            self.dispatches[request.name] = [api.AgentDispatch(id="AD_0", room=request.name)]
        return self.rooms[request.name]

    def _list_rooms(self, request: api.ListRoomsRequest) -> api.ListRoomsResponse:
        return api.ListRoomsResponse(
            rooms=[self.rooms[name] for name in request.names if name in self.rooms]
        )

    def _participants(self, request: api.ListParticipantsRequest) -> api.ListParticipantsResponse:
        return api.ListParticipantsResponse(
            participants=[
                models.ParticipantInfo(identity=identity)
                for identity in self.identities.get(request.room, [])
            ]
        )

    def _send(self, request: api.CreateAgentDispatchRequest) -> api.AgentDispatch:
        self.sent.append(request)
        now = time.time_ns()
        dispatch = api.AgentDispatch(
            id=f"AD_{len(self.sent)}",
            agent_name=request.agent_name,
            room=request.room,
            metadata=request.metadata,
        )
        dispatch.state.created_at = now
        if self.worker:
            job = dispatch.state.jobs.add(id="AJ_1")
            job.state.status = agents.JS_RUNNING
            job.state.started_at = now
            self.identities[request.room].append(request.agent_name)
        self.dispatches[request.room].append(dispatch)
        return dispatch

    def _list_sent(self, request: api.ListAgentDispatchRequest) -> api.ListAgentDispatchResponse:
        return api.ListAgentDispatchResponse(agent_dispatches=self.dispatches[request.room])

    def _delete(self, request: api.DeleteAgentDispatchRequest) -> api.AgentDispatch:
        (found,) = [d for d in self.dispatches[request.room] if d.id == request.dispatch_id]
        self.dispatches[request.room].remove(found)
        return found


class _Answer:
    def __init__(self, status: int, content: bytes) -> None:
        self.status = status
        self._content = content

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    async def read(self) -> bytes:
        return self._content

    async def json(self) -> dict[str, str]:
        return {"code": "unauthenticated"}
