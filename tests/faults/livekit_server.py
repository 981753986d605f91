"""A livekit-server that can be killed and started again: its rooms are lost then."""

import secrets
from pathlib import Path

from deploy import livekit_server
from tests.conftest import LiveKitServer
from tests.faults.house import FreePort
from tests.faults.processes import Part
from tests.processes import ROOT


class MortalLiveKit:
    """On the same ports and with the same keys each time."""

    def __init__(self, folder: Path, free_port: FreePort) -> None:
        port = free_port()
        self.server = LiveKitServer(f"ws://127.0.0.1:{port}", "test-key", secrets.token_urlsafe(32))
        keys = folder / "keys.yaml"
        keys.write_text(f"{self.server.api_key}: {self.server.api_secret}\n")
        keys.chmod(0o600)
        self._log = folder / "livekit.log"
        self._ready_url = f"http://127.0.0.1:{port}/"
        self._command = livekit_server.command(
            livekit_server.find(ROOT),
            ROOT / "livekit.yaml",
            keys,
            port=port,
            tcp_port=free_port(),
            udp_port=free_port(),
        )
        self._part: Part | None = None

    async def start(self) -> None:
        self._part = Part(self._command, self._log, {}, self._ready_url)
        await self._part.ready(20)

    def kill(self) -> None:
        if self._part is not None:
            self._part.kill_tree()
            self._part = None
