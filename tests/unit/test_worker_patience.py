"""Work that is tried again while storage fails: how long, what is told, and what is not tried."""

import asyncio
from collections.abc import Callable

import pytest

from records.errors import RecordsDamaged, RecordsError, RecordsUnavailable, StaleFence
from tests.flow.conftest import eventually
from worker import patience
from worker.patience import patiently

pytestmark = pytest.mark.unit


class Storage:
    """Fails as often as it is told to, and hears what is said of it."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0
        self.told: list[bool] = []
        self.fails: Callable[[], bool] = lambda: bool(self.errors)

    async def work(self) -> int:
        self.tries += 1
        if self.fails():
            raise self.errors.pop() if len(self.errors) > 1 else self.errors[0]
        return self.tries


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_PAUSE_S", 0.01)


async def test_what_works_is_done_once_and_nothing_is_told() -> None:
    storage = Storage()
    assert await patiently(storage.work, storage.told.append) == 1
    assert storage.told == []


async def test_a_short_failure_is_not_told_of() -> None:
    storage = Storage(RecordsUnavailable("locked"))
    storage.fails = lambda: storage.tries < 4
    assert await patiently(storage.work, storage.told.append) == 4
    assert storage.told == []


async def test_a_longer_one_is_told_of_once_and_its_end_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "TELL_AFTER_S", 0.05)
    storage = Storage(RecordsUnavailable("disk full"))
    storage.fails = lambda: not storage.told
    assert await patiently(storage.work, storage.told.append) > 1
    assert storage.told == [True, False]
    alert, end = caplog.records
    assert (alert.levelname, alert.getMessage()) == (
        "ERROR",
        "storage fails, the exam waits: disk full",
    )
    assert end.levelname == "WARNING"


async def test_storage_that_does_not_even_fail_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "TELL_AFTER_S", 0.0)
    heard = asyncio.Event()
    told: list[bool] = []

    def tell(trouble: bool) -> None:
        told.append(trouble)
        heard.set()

    await patiently(heard.wait, tell)
    assert told == [True, False]


@pytest.mark.parametrize(
    "error", [StaleFence("another"), RecordsDamaged("malformed"), ValueError("a fault of ours")]
)
async def test_what_trying_again_does_not_help_is_raised_at_once(error: Exception) -> None:
    storage = Storage(error)
    with pytest.raises(type(error)):
        await patiently(storage.work, storage.told.append)
    assert (storage.tries, storage.told) == (1, [])


async def test_who_gives_up_does_not_say_that_it_works_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "TELL_AFTER_S", 0.0)
    monkeypatch.setattr(patience, "COMMIT_PATIENCE", 0.05)
    storage = Storage(RecordsUnavailable("gone"))
    with pytest.raises(RecordsError, match="gone"):
        await patiently(storage.work, storage.told.append)
    assert storage.told == [True]


async def test_who_is_told_to_stop_stops() -> None:
    storage = Storage(RecordsUnavailable("gone"))
    waiting = asyncio.create_task(patiently(storage.work, storage.told.append))
    await eventually(lambda: storage.tries >= 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
