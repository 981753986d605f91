"""A livekit-server of the benchmark's own, with the project's configuration, and its rooms."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from livekit import api

from bench.processes import ROOT, free_port, running
from deploy import livekit_server
from deploy.environment import write_private


@dataclass(frozen=True)
class LiveKit:
    """Where it is, and how to be let in."""

    url: str
    key: str
    secret: str = field(repr=False)
    pid: int = 0

    @property
    def env(self) -> dict[str, str]:
        return {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": self.key,
            "LIVEKIT_API_SECRET": self.secret,
        }

    def token(self, room: str, identity: str) -> str:
        """Lets `identity` into the room, and nowhere else."""
        grants = api.VideoGrants(room_join=True, room=room)
        made = api.AccessToken(self.key, self.secret).with_identity(identity).with_grants(grants)
        return made.to_jwt()

    async def make_room(self, room: str, agent: str | None = None) -> None:
        """Makes a room, and sends for `agent` if one is named."""
        async with self._api() as livekit:
            await livekit.room.create_room(api.CreateRoomRequest(name=room, empty_timeout=900))
            if agent is not None:
                request = api.CreateAgentDispatchRequest(agent_name=agent, room=room)
                await livekit.agent_dispatch.create_dispatch(request)

    async def delete_room(self, room: str) -> None:
        """Whoever is in it has to leave; no room is no fault."""
        async with self._api() as livekit:
            try:
                await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
            except api.TwirpError as error:
                if error.code != "not_found":
                    raise

    def _api(self) -> api.LiveKitAPI:
        return api.LiveKitAPI(self.url, self.key, self.secret)


@asynccontextmanager
async def livekit(folder: Path) -> AsyncIterator[LiveKit]:
    """A server that runs while the block lasts; its files are in `folder`."""
    port = free_port()
    keys, log = folder / "livekit-keys.yaml", folder / "livekit.log"
    key, secret = "bench", secrets.token_urlsafe(32)
    write_private(keys, f"{key}: {secret}\n")
    command = livekit_server.command(
        livekit_server.find(ROOT),
        ROOT / "livekit.yaml",
        keys,
        port=port,
        tcp_port=free_port(),
        udp_port=free_port(),
    )
    async with running(command, log, {}, url=f"http://127.0.0.1:{port}/", timeout_s=20) as process:
        yield LiveKit(f"ws://127.0.0.1:{port}", key, secret, process.pid)
