"""How long a student waited for a reply, told by a session's own events."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.flow.conftest import CELLS, Hall, HandClock, eventually
from tests.flow.room import exam_room
from worker.waits import report_waits

pytestmark = pytest.mark.flow


class Session:
    """A session that does what a test says."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[SimpleNamespace], None]] = {}

    def on(self, event: str, handler: Callable[[SimpleNamespace], None]) -> None:
        self._handlers[event] = handler

    def ends_turn(self) -> None:
        self._handlers["user_input_transcribed"](SimpleNamespace(is_final=True))

    def has_words(self) -> None:
        self._handlers["user_input_transcribed"](SimpleNamespace(is_final=False))

    def student(self, state: str) -> None:
        self._handlers["user_state_changed"](SimpleNamespace(new_state=state))

    def creates(self, source: str) -> None:
        self._handlers["speech_created"](SimpleNamespace(source=source))

    def examiner(self, state: str) -> None:
        self._handlers["agent_state_changed"](SimpleNamespace(new_state=state))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def session(clock: HandClock, waits: list[float]) -> Session:
    session = Session()
    report_waits(session, clock, waits.append)  # type: ignore[arg-type]
    return session


async def test_from_the_end_of_the_turn_to_the_first_frame(
    session: Session, clock: HandClock, waits: list[float]
) -> None:
    session.has_words()
    clock.advance(1)
    session.ends_turn()
    clock.advance(0.25)
    session.examiner("thinking")
    session.examiner("speaking")
    clock.advance(9)
    session.examiner("speaking")
    assert waits == [0.25]


async def test_a_check_in_is_no_reply(
    session: Session, clock: HandClock, waits: list[float]
) -> None:
    session.ends_turn()
    clock.advance(15)
    session.creates("say")
    session.examiner("speaking")
    assert waits == []


async def test_who_speaks_on_did_not_wait(
    session: Session, clock: HandClock, waits: list[float]
) -> None:
    session.ends_turn()
    session.student("speaking")
    clock.advance(5)
    session.examiner("speaking")
    assert waits == []


async def test_each_reply_of_an_exam_is_reported_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    async with exam_room(hall, monkeypatch, paper=CELLS) as room:
        report_waits(room.session, room.clock, waits.append)
        room.conversation.student_ready()
        await room.replied(1)
        assert waits == []
        await room.says("I see a window.")
        await room.says("Bread and tea.")
        await eventually(lambda: len(waits) == 2)
