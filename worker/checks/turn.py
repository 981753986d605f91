"""Whether students behind strict firewalls get in: livekit-server's TURN, as its file sets it."""

import asyncio
import secrets
import ssl
import struct
from collections.abc import AsyncIterator
from typing import Any, cast

from worker.checks.addresses import is_here
from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.server_file import MEND, read_config
from worker.checks.settings import DoctorSettings

NAME = "TURN"
PATIENCE_S = 5.0
#: The STUN magic cookie, and a binding request (RFC 8489).
_COOKIE = 0x2112A442
_BINDING = 0x0001
_BINDING_ANSWER = 0x0101


async def check_turn(settings: DoctorSettings) -> list[Finding]:
    if settings.livekit_url.rstrip("/").endswith(".livekit.cloud"):
        return [ok(NAME, "LiveKit Cloud brings its own.")]
    if is_here(settings.livekit_url):
        return [unchecked(NAME, "not needed: LiveKit is on this machine.")]
    try:
        config = read_config(settings.livekit_config)
    except ValueError as error:
        return [unchecked(NAME, f"not checked: {error}.", MEND)]
    turn = config.get("turn")
    if not isinstance(turn, dict) or not turn.get("enabled"):
        return [
            unchecked(
                NAME,
                "is off: students whose network lets only HTTPS out cannot take part.",
                "See TURN in docs/operating.md.",
            )
        ]
    return [finding async for finding in _reach(turn)]


async def _reach(turn: dict[str, Any]) -> AsyncIterator[Finding]:
    domain = str(turn.get("domain") or "")
    if tls := turn.get("tls_port"):
        # Where something before it ends the TLS, students come by 443.
        port = 443 if turn.get("external_tls") else int(tls)
        yield await _tls(domain, port)
    if udp := turn.get("udp_port"):
        yield await _udp(domain, int(udp))


async def _tls(domain: str, port: int) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(
                domain, port, ssl=ssl.create_default_context()
            )
        writer.close()
    except ssl.SSLError:
        return failed(
            NAME,
            f"{domain}:{port} shows no certificate that browsers would trust.",
            "Give turn.cert_file and turn.key_file a certificate for turn.domain, and renew it.",
        )
    except (OSError, TimeoutError):
        return failed(
            NAME,
            f"{domain}:{port} cannot be reached over TCP.",
            "Open the port to the internet, and let turn.domain's DNS entry lead to the server.",
        )
    return ok(NAME, f"{domain}:{port} answers with a valid certificate.")


async def _udp(domain: str, port: int) -> Finding:
    """TURN over UDP answers as a STUN server does."""
    if await _stun(domain, port):
        return ok(NAME, f"{domain}:{port} answers over UDP.")
    return failed(
        NAME,
        f"{domain}:{port} does not answer over UDP.",
        "Open turn.udp_port to the internet.",
    )


class _Stun(asyncio.DatagramProtocol):
    def __init__(self, transaction: bytes) -> None:
        self._transaction = transaction
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        request = struct.pack("!HHI", _BINDING, 0, _COOKIE) + self._transaction
        cast(asyncio.DatagramTransport, transport).sendto(request)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) < 20 or self.answered.done():
            return
        kind, _, cookie = struct.unpack("!HHI", data[:8])
        if kind == _BINDING_ANSWER and cookie == _COOKIE and data[8:20] == self._transaction:
            self.answered.set_result(None)


async def _stun(host: str, port: int) -> bool:
    try:
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Stun(secrets.token_bytes(12)), remote_addr=(host, port)
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(PATIENCE_S):
            await protocol.answered
    except TimeoutError:
        return False
    finally:
        transport.close()
    return True
