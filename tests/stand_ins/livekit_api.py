"""A LiveKit that answers the server API from memory, in place of the HTTP session.

It treats dispatches as livekit-server 1.13 does: without a worker they stay listed without a job,
and a job stays listed as running for ever.
"""

import itertools
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
from google.protobuf.message import Message
from livekit import api
from livekit.protocol import agent as agents
from livekit.protocol import models

EXAMINER = "examiner"


class LiveKitStandIn:
    """`down`, `refusing` and `worker` set how it behaves; the rest tells what happened to it."""

    def __init__(self) -> None:
        self.timeout = aiohttp.ClientTimeout(total=5)
        self.down = False
        self.refusing = False
        self.worker = True
        self.rooms: dict[str, models.Room] = {}
        self.created: list[api.CreateRoomRequest] = []
        self.people: dict[str, dict[str, str]] = {}
        """By room: who is in it, and the sid of their connection."""
        self.dispatches: dict[str, list[api.AgentDispatch]] = {}
        self.sent: list[api.AgentDispatch] = []
        self.removed: list[str] = []
        self.told: list[tuple[str, str]] = []
        """To whom which notice went, by its code; one without a text with a minus before it."""
        self.calls = 0
        self._numbers = itertools.count(1)
        self._methods: dict[str, tuple[type[Message], Callable[[Any], Message]]] = {
            "RoomService/CreateRoom": (api.CreateRoomRequest, self._create_room),
            "RoomService/DeleteRoom": (api.DeleteRoomRequest, self._delete_room),
            "RoomService/ListRooms": (api.ListRoomsRequest, self._list_rooms),
            "RoomService/ListParticipants": (api.ListParticipantsRequest, self._participants),
            "RoomService/RemoveParticipant": (api.RoomParticipantIdentity, self._remove),
            "RoomService/SendData": (api.SendDataRequest, self._take_data),
            "AgentDispatchService/CreateDispatch": (api.CreateAgentDispatchRequest, self._send),
            "AgentDispatchService/ListDispatch": (api.ListAgentDispatchRequest, self._list_sent),
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

    def enter(self, room: str, identity: str) -> None:
        """Somebody connects; who was in already connects anew."""
        self.people[room][identity] = f"PA_{next(self._numbers)}"

    def leave(self, room: str, identity: str) -> None:
        del self.people[room][identity]

    def forget_room(self, name: str) -> None:
        for kept in (self.rooms, self.people, self.dispatches):
            kept.pop(name, None)

    def _create_room(self, request: api.CreateRoomRequest) -> models.Room:
        self.created.append(request)
        if request.name not in self.rooms:
            self.rooms[request.name] = models.Room(name=request.name, sid="RM_1")
            self.people[request.name] = {}
            self.dispatches[request.name] = []
            for agent in request.agents:
                self._dispatch(request.name, agent.agent_name, agent.metadata)
        return self.rooms[request.name]

    def _delete_room(self, request: api.DeleteRoomRequest) -> api.DeleteRoomResponse:
        self.forget_room(request.room)
        return api.DeleteRoomResponse()

    def _list_rooms(self, request: api.ListRoomsRequest) -> api.ListRoomsResponse:
        return api.ListRoomsResponse(
            rooms=[self.rooms[name] for name in request.names if name in self.rooms]
        )

    def _participants(self, request: api.ListParticipantsRequest) -> api.ListParticipantsResponse:
        kinds = {EXAMINER: models.ParticipantInfo.AGENT}
        return api.ListParticipantsResponse(
            participants=[
                models.ParticipantInfo(
                    identity=identity,
                    sid=sid,
                    kind=kinds.get(identity, models.ParticipantInfo.STANDARD),
                    state=models.ParticipantInfo.ACTIVE,
                )
                for identity, sid in self.people.get(request.room, {}).items()
            ]
        )

    def _remove(self, request: api.RoomParticipantIdentity) -> api.RemoveParticipantResponse:
        self.removed.append(request.identity)
        self.people.get(request.room, {}).pop(request.identity, None)
        return api.RemoveParticipantResponse()

    def _take_data(self, request: api.SendDataRequest) -> api.SendDataResponse:
        assert request.topic == "voxam.notice"
        notice = json.loads(request.data)
        code = notice["code"] if notice["text"] else f"-{notice['code']}"
        self.told += [(identity, code) for identity in request.destination_identities]
        return api.SendDataResponse()

    def _send(self, request: api.CreateAgentDispatchRequest) -> api.AgentDispatch:
        return self._dispatch(request.room, request.agent_name, request.metadata)

    def _dispatch(self, room: str, agent_name: str, metadata: str) -> api.AgentDispatch:
        dispatch = api.AgentDispatch(
            id=f"AD_{next(self._numbers)}", agent_name=agent_name, room=room, metadata=metadata
        )
        if self.worker:
            dispatch.state.jobs.add(id=f"AJ_{next(self._numbers)}").state.status = agents.JS_RUNNING
            self.enter(room, agent_name)
        self.sent.append(dispatch)
        self.dispatches[room].append(dispatch)
        return dispatch

    def _list_sent(self, request: api.ListAgentDispatchRequest) -> api.ListAgentDispatchResponse:
        return api.ListAgentDispatchResponse(agent_dispatches=self.dispatches[request.room])


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
