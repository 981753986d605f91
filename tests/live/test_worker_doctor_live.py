"""The doctor beside a real livekit-server; beside a whole house: test_deploy_exam.py."""

from collections.abc import Callable

import pytest

from tests.conftest import LiveKitServer
from worker.checks.livekit import check_clock, check_livekit
from worker.checks.media import check_media
from worker.checks.settings import DoctorSettings

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


def _settings(server: LiveKitServer, **changes: str) -> DoctorSettings:
    keys = {"livekit_api_key": server.api_key, "livekit_api_secret": server.api_secret}
    return DoctorSettings.model_validate({"livekit_url": server.url} | keys | changes)


async def test_livekit_is_reached_with_its_keys_at_the_same_time(
    livekit_server: LiveKitServer,
) -> None:
    settings = _settings(livekit_server)
    for check in (check_livekit, check_clock):
        (finding,) = await check(settings)
        assert finding.status == "ok", finding


async def test_wrong_keys_are_told(livekit_server: LiveKitServer) -> None:
    (finding,) = await check_livekit(_settings(livekit_server, livekit_api_secret="x" * 40))
    assert (finding.status, finding.text) == ("failed", "LiveKit refuses the keys.")


async def test_nobody_at_the_address_is_told(free_port: Callable[[], int]) -> None:
    nobody = LiveKitServer(f"ws://127.0.0.1:{free_port()}", "key", "x" * 40)
    settings = _settings(nobody)
    (finding,) = await check_livekit(settings)
    assert (finding.status, finding.text) == ("failed", "LiveKit cannot be reached.")


async def test_sound_comes_through_and_the_way_is_told(livekit_server: LiveKitServer) -> None:
    (finding,) = await check_media(_settings(livekit_server))
    assert (finding.status, finding.text) == (
        "ok",
        "sound comes through from this machine, over UDP.",
    )
