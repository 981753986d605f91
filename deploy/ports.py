"""The ports of this machine that a run needs, and which of them are taken."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from deploy.errors import PortBusy


@dataclass(frozen=True)
class Port:
    """A port of 127.0.0.1. `variable` names the setting that moves it elsewhere."""

    number: int
    use: str
    variable: str
    udp: bool = False


def require_free(ports: Iterable[Port]) -> None:
    """Raises PortBusy with one sentence that names every port that is taken."""
    busy = [port for port in ports if not _is_free(port)]
    if not busy:
        return
    names = " and ".join(
        f"port {port.number}{'/udp' if port.udp else ''} ({port.use}, {port.variable})"
        for port in busy
    )
    verb, them = ("is", "it") if len(busy) == 1 else ("are", "them")
    raise PortBusy(
        f"{names[0].upper()}{names[1:]} {verb} taken by another program: end that program "
        f"(another `make exam`?), or set the variable in brackets to move {them}."
    )


def _is_free(port: Port) -> bool:
    kind = socket.SOCK_DGRAM if port.udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if not port.udp:  # a connection that has just ended does not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port.number))
        except OSError:
            return False
    return True
