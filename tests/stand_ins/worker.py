"""A worker of LiveKit's without an examiner: takes each job and joins its room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from livekit import api, rtc
from livekit.protocol import agent as agents

from records.dispatch import AGENT_NAME, EXAMINER_IDENTITY
from tests.conftest import LiveKitServer


class Worker:
    """Registers as LiveKit's own workers do, and joins as the examiner when it is sent for."""

    def __init__(self, server: LiveKitServer) -> None:
        self._server = server
        self.jobs: list[agents.Job] = []
        self.rooms: list[rtc.Room] = []

    @asynccontextmanager
    async def registered(self) -> AsyncIterator["Worker"]:
        server = self._server
        token = api.AccessToken(server.api_key, server.api_secret).with_grants(
            api.VideoGrants(agent=True)
        )
        address = server.url.replace("ws", "http", 1) + "/agent"
        headers = {"Authorization": f"Bearer {token.to_jwt()}"}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(address, headers=headers) as socket,
        ):
            hello = agents.WorkerMessage()
            hello.register.type = agents.JT_ROOM
            hello.register.agent_name = AGENT_NAME
            hello.register.version = "1.0.0"
            await socket.send_bytes(hello.SerializeToString())
            await socket.receive_bytes()
            work = asyncio.create_task(self._work(socket))
            try:
                yield self
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                for room in self.rooms:
                    await room.disconnect()

    async def _work(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            answer = agents.WorkerMessage()
            said = agents.ServerMessage.FromString(message.data)
            if said.HasField("availability"):
                answer.availability.job_id = said.availability.job.id
                answer.availability.available = True
                answer.availability.participant_identity = EXAMINER_IDENTITY
                await socket.send_bytes(answer.SerializeToString())
            elif said.HasField("assignment"):
                self.jobs.append(said.assignment.job)
                room = rtc.Room()
                await room.connect(self._server.url, said.assignment.token)
                self.rooms.append(room)
