"""Speech made ahead: what comes next first, nothing twice, and no harm where it fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from livekit.agents import APIConnectionError

from worker import speech_cache
from worker.speech_cache import MAX_CHARS, RATE, SpeechCache, frames
from worker.speech_store import SpeechStore

pytestmark = pytest.mark.unit

TRAITS = {"voice": "orion"}


class Maker:
    """Speaks each text as its own bytes; remembers what it was asked for."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.may = asyncio.Event()
        self.may.set()
        self.failures = 0

    async def __call__(self, text: str) -> bytes:
        self.made.append(text)
        await self.may.wait()
        if self.failures:
            self.failures -= 1
            raise APIConnectionError()
        return _sound(text)


def _sound(text: str) -> bytes:
    return text.encode().ljust(200, b".")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_cache, "APART_S", 0)
    monkeypatch.setattr(speech_cache, "wait_exponential", lambda **_: lambda _: 0)


@asynccontextmanager
async def running(folder: Path, maker: Maker) -> AsyncIterator[SpeechCache]:
    cache = SpeechCache(SpeechStore(folder, 1, TRAITS), maker)
    work = asyncio.create_task(cache.run())
    try:
        yield cache
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def _idle(cache: SpeechCache) -> None:
    """Until there is nothing left to be made."""
    async with asyncio.timeout(5):
        while cache._wanted or cache._later or cache._work.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_what_comes_next_is_made_in_its_order_and_found(tmp_path: Path) -> None:
    maker = Maker()
    async with running(tmp_path, maker) as cache:
        cache.prepare(["one", "two"], may_come=["some time"])
        await _idle(cache)
        assert maker.made == ["one", "two", "some time"]
        assert cache.get("one") == _sound("one")
        assert cache.get("some time") == _sound("some time")
        assert cache.get("never") is None


async def test_another_job_of_the_machine_finds_it_made(tmp_path: Path) -> None:
    for made in (["one"], []):
        maker = Maker()
        async with running(tmp_path, maker) as cache:
            cache.prepare(["one"])
            await _idle(cache)
            assert maker.made == made
            assert cache.get("one") == _sound("one")


async def test_what_was_to_come_is_forgotten_for_what_comes_now(tmp_path: Path) -> None:
    maker = Maker()
    maker.may.clear()
    async with running(tmp_path, maker) as cache:
        cache.prepare(["one", "two", "three"])
        while not maker.made:  # noqa: ASYNC110
            await asyncio.sleep(0)
        cache.prepare(["four"])
        maker.may.set()
        await _idle(cache)
        assert maker.made == ["one", "four"]


async def test_nothing_is_made_ahead_while_somebody_waits_for_a_voice(tmp_path: Path) -> None:
    maker = Maker()
    async with running(tmp_path, maker) as cache:
        await asyncio.sleep(0)
        with cache.streaming():
            cache.prepare(["one"])
            for _ in range(20):
                await asyncio.sleep(0)
            assert len(maker.made) <= 1
            cache.prepare(["two", "three"])
            for _ in range(50):
                await asyncio.sleep(0.001)
            assert "three" not in maker.made
        await _idle(cache)
        assert cache.get("three") == _sound("three")


async def test_a_passing_failure_is_tried_again(tmp_path: Path) -> None:
    maker = Maker()
    maker.failures = 2
    async with running(tmp_path, maker) as cache:
        cache.prepare(["one"])
        await _idle(cache)
        assert cache.get("one") == _sound("one")


async def test_a_lasting_failure_leaves_the_others_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    maker = Maker()
    maker.failures = 3
    async with running(tmp_path, maker) as cache:
        cache.prepare(["one", "two"])
        await _idle(cache)
        assert cache.get("one") is None
        assert cache.get("two") == _sound("two")
    assert "could not be made ahead" in caplog.text
    assert "one" not in caplog.text.replace("APIConnectionError", "")


@pytest.mark.parametrize("text", ["", "  ", "x" * (MAX_CHARS + 1)])
async def test_what_no_request_can_speak_is_not_tried(tmp_path: Path, text: str) -> None:
    maker = Maker()
    async with running(tmp_path, maker) as cache:
        cache.prepare([text])
        await _idle(cache)
        assert maker.made == []


async def test_what_was_streamed_whole_is_kept(tmp_path: Path) -> None:
    maker = Maker()
    async with running(tmp_path, maker) as cache:
        cache.put("one", _sound("one"))
        cache.prepare(["one"])
        await _idle(cache)
        assert maker.made == []
    assert SpeechStore(tmp_path, 1, TRAITS).read("one") == _sound("one")


async def test_memory_is_bounded_and_the_disk_has_the_rest(tmp_path: Path) -> None:
    cache = SpeechCache(SpeechStore(tmp_path, 64, TRAITS), Maker(), memory_mb=1)
    sound = bytes(400_000)
    for number in range(6):
        cache.put(f"{number}", sound)
    assert sum(map(len, cache._memory.values())) <= 2**20
    assert cache.get("0") == sound


async def test_memory_holds_what_comes_next_and_not_what_came_before(tmp_path: Path) -> None:
    async with running(tmp_path, Maker()) as cache:
        cache.prepare(["one", "two"])
        await _idle(cache)
        cache.prepare(["two", "three"])
        await _idle(cache)
        assert sorted(cache._memory) == ["three", "two"]
        assert cache._size == sum(map(len, cache._memory.values()))
        assert cache.get("one") == _sound("one")


async def test_without_a_folder_it_is_made_for_this_exam_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    maker = Maker()
    async with running(tmp_path / "file", maker) as cache:
        cache.prepare(["one"])
        await _idle(cache)
        assert cache.get("one") == _sound("one")


def test_frames_are_the_same_sound_in_pieces() -> None:
    pcm = bytes(range(256)) * 100
    pieces = list(frames(pcm))
    assert b"".join(bytes(each.data) for each in pieces) == pcm
    assert {(each.sample_rate, each.num_channels) for each in pieces} == {(RATE, 1)}
    assert len(pieces) == 3
