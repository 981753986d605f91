"""The ports on which a worker tells how it is doing."""

import socket

#: So many numbers are tried after a port that was not asked for by name.
NEXT = 32


class PortTakenError(Exception):
    """The message is a sentence for the operator."""


def choose(port: int, variable: str, *, asked_for: bool) -> int:
    """`port` if it is free, or else the next one that is, unless just this one was `asked_for`.

    Raises PortTakenError.
    """
    if port == 0 or _is_free(port):
        return port
    if not asked_for:
        for number in range(port + 1, min(port + NEXT, 65535)):
            if _is_free(number):
                return number
    raise PortTakenError(
        f"Port {port} is taken by another program, perhaps another worker: "
        f"set {variable} to a free one, or to 0 for any."
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
