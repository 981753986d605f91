"""The ports on which a worker tells how it is doing."""

import socket
from collections.abc import Iterator

import pytest

from worker.ports import PortTakenError, choose

pytestmark = pytest.mark.unit


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_free_port_is_taken_as_it_is() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    assert choose(port, "WORKER_HEALTH_PORT", asked_for=True) == port
    assert choose(0, "WORKER_HEALTH_PORT", asked_for=True) == 0


def test_a_taken_port_that_nobody_asked_for_gives_way_to_the_next(taken: int) -> None:
    assert taken < choose(taken, "WORKER_HEALTH_PORT", asked_for=False) < taken + 32


def test_a_taken_port_that_was_asked_for_is_told_with_its_setting(taken: int) -> None:
    with pytest.raises(PortTakenError, match=rf"^Port {taken} is taken .* set METRICS_PORT to"):
        choose(taken, "METRICS_PORT", asked_for=True)
