import socket

import pytest

from deploy.errors import PortBusy
from deploy.ports import Port, require_free

pytestmark = pytest.mark.unit


def _taken(kind: socket.SocketKind) -> socket.socket:
    taken = socket.socket(socket.AF_INET, kind)
    taken.bind(("127.0.0.1", 0))
    if kind is socket.SOCK_STREAM:
        taken.listen()
    return taken


def test_one_taken_port_is_named_with_the_setting_that_moves_it() -> None:
    with _taken(socket.SOCK_STREAM) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(PortBusy) as caught:
            require_free([Port(number, "token API", "TOKEN_API_PORT")])
    assert str(caught.value) == (
        f"Port {number} (token API, TOKEN_API_PORT) is taken by another program: end that program "
        "(another `make exam`?), or set the variable in brackets to move it."
    )


def test_all_taken_ports_are_named_in_one_sentence() -> None:
    with _taken(socket.SOCK_STREAM) as tcp, _taken(socket.SOCK_DGRAM) as udp:
        first, second = tcp.getsockname()[1], udp.getsockname()[1]
        with pytest.raises(PortBusy) as caught:
            require_free(
                [
                    Port(first, "token API", "TOKEN_API_PORT"),
                    Port(second, "livekit-server, media", "LIVEKIT_UDP_PORT", udp=True),
                ]
            )
    told = str(caught.value)
    assert told.startswith(f"Port {first} (token API, TOKEN_API_PORT) and port {second}/udp (")
    assert "are taken" in told
    assert "\n" not in told


def test_a_listener_on_all_addresses_counts() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        with pytest.raises(PortBusy):
            require_free([Port(taken.getsockname()[1], "token API", "TOKEN_API_PORT")])


def test_free_ports_pass_and_stay_free() -> None:
    with _taken(socket.SOCK_STREAM) as taken:
        number = taken.getsockname()[1]
    port = Port(number, "token API", "TOKEN_API_PORT")
    require_free([port, Port(number, "media", "LIVEKIT_UDP_PORT", udp=True)])
    require_free([port])
