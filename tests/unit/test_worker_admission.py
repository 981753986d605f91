"""Before an exam: the speech service is there, or the student is told what is waited for."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from records.notice import Notice
from tests.flow.conftest import eventually
from worker import admission
from worker.admission import Admission
from worker.failures import Kind
from worker.protocol import PROVIDERS_BUSY, PROVIDERS_DOWN, PROVIDERS_READY
from worker.settings import Settings

pytestmark = pytest.mark.unit


class Providers:
    """A recogniser and a voice that may not be there yet."""

    def __init__(self, *voice_fails: Kind) -> None:
        self.changed = asyncio.Event()
        self.hears = True
        self.failure: Kind | None = None
        self.voice_fails = list(voice_fails)
        self.told: list[Notice] = []

    def admission(self, *, hearing: bool = True) -> Admission:
        voice = SimpleNamespace(listening=self, mouth=self)
        return Admission(cast(Any, voice), self._notify, hearing=hearing)

    async def try_voice(self, *_: object) -> Kind | None:
        return self.voice_fails.pop(0) if self.voice_fails else None

    async def _notify(self, notice: Notice) -> None:
        self.told.append(notice)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "TELL_AFTER_S", 0.02)


async def _admitted(admitting: Admission) -> None:
    admitting.begin()
    async with asyncio.timeout(5):
        await admitting()


async def test_who_is_served_at_once_is_told_nothing() -> None:
    providers = Providers()
    await _admitted(providers.admission())
    assert providers.told == []


async def test_a_voice_without_a_free_place_is_waited_for() -> None:
    providers = Providers("limited")
    await _admitted(providers.admission())
    assert providers.told == [PROVIDERS_BUSY, PROVIDERS_READY]


async def test_the_recogniser_is_waited_for_as_long_as_it_takes() -> None:
    providers = Providers()
    providers.hears, providers.failure = False, "refused"
    waiting = asyncio.create_task(_admitted(providers.admission()))
    await eventually(lambda: providers.told == [PROVIDERS_DOWN])
    assert not waiting.done()
    providers.hears = True
    providers.changed.set()
    await waiting
    assert providers.told == [PROVIDERS_DOWN, PROVIDERS_READY]


async def test_who_types_needs_no_recogniser() -> None:
    providers = Providers()
    providers.hears = False
    await _admitted(providers.admission(hearing=False))
    assert providers.told == []


@pytest.mark.parametrize(("carried", "taken"), [(0, 10), (4, 4), (40, 10)])
def test_no_more_exams_are_taken_than_the_provider_carries(carried: int, taken: int) -> None:
    assert Settings(max_exams=10, provider_exams=carried).exams_at_once == taken


def test_our_key_is_not_given_to_another_provider() -> None:
    given = Settings.model_validate(
        {"deepgram_api_key": "ours", "fallback_deepgram_base_url": "http://127.0.0.1:8600/"}
    )
    assert given.fallback_key != "ours"
    assert given.fallback_origin == "http://127.0.0.1:8600"
    alike = Settings.model_validate({"deepgram_api_key": "ours", "fallback_voice": "other"})
    assert alike.fallback_key == "ours"
