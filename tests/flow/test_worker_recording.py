"""A recorder in an exam: what it links and stores, and that it never stands in the exam's way."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
from livekit import rtc
from sqlalchemy import update

from records import recordings
from records.engine import writing
from records.erasure import delete_user
from records.errors import StaleFence
from records.model import Sitting
from records.recordings import FAILED, RecordingStore
from records.schema import sittings
from records.sound_files import SoundFiles
from records.verifying import verify_sitting
from tests.flow.conftest import Hall, HandClock, eventually
from tests.flow.room import Room, exam_room
from worker.recording import recorder as module
from worker.recording.opening import join_recording, open_recorder

pytestmark = pytest.mark.flow

#: A frame of the student's, 50 ms.
FRAME = rtc.AudioFrame((np.ones(800, np.int16) * 5000).tobytes(), 16_000, 1, 800)


@pytest.fixture(autouse=True)
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the sound goes."""
    monkeypatch.setenv("RECORDINGS_URL", f"file:{tmp_path}/sound")
    monkeypatch.setattr(module, "CLOSING_S", 0.5)
    monkeypatch.setattr(recordings, "EXPIRES_S", 0.1)
    yield tmp_path / "sound"


@pytest.fixture
async def room(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    """Of a student who agreed to be recorded."""
    async with exam_room(hall, monkeypatch, recording=True) as room:
        assert room.recorder is not None
        room.recorder.begin()
        yield room


async def speaks(room: Room, text: str, seconds: float = 2.0) -> None:
    """The student does, for so long by the exam's clock."""
    assert room.recorder is not None
    room.ears.starts(text)
    await eventually(lambda: room.voice.ears.open)
    for _ in range(round(seconds / FRAME.duration)):
        room.clock.advance(FRAME.duration)
        room.recorder.hear(FRAME)
    count = len(room.captions.replies)
    room.ears.ends(text)
    await room.replied(count + 1)


def stored(sound: Path) -> list[Path]:
    return sorted(sound.rglob("*.ogg"))


async def fresh(hall: Hall, sitting: Sitting) -> Sitting:
    found = await hall.records.sitting(sitting.id)
    assert found is not None
    return found


async def test_turns_and_utterances_are_linked_to_their_time(room: Room) -> None:
    room.clock.advance(3)
    await room.to_first_question()
    room.clock.advance(7)
    await speaks(room, "It makes ATP.")
    turns = await room.turns()
    answer = turns[-1]
    fence = (await fresh(room.hall, room.sitting)).fence
    # The recogniser noticed the student 10 s after the beginning, half a second late.
    assert (answer.segment, answer.offset_ms) == (fence, 9_500)
    heard = [each for turn in turns for each in turn.utterances if each.heard_ms]
    assert heard
    for utterance in heard:
        assert utterance.segment == fence
        assert utterance.offset_ms is not None and utterance.offset_ms >= 2_900


async def test_what_was_heard_is_stored_closed_and_joined(room: Room, sound: Path) -> None:
    await room.to_first_question()
    await speaks(room, "It makes ATP.", 4.0)
    assert room.recorder is not None
    await room.recorder.aclose()
    store = RecordingStore(room.hall.records.engine)
    (segment,) = await store.segments(room.sitting.id)
    assert segment.state == "closed"
    assert segment.duration_ms == pytest.approx(4000, abs=60)
    pieces = SoundFiles(f"file:{sound}").pieces(segment.path)
    assert hashlib.sha256(b"".join(pieces)).hexdigest() == segment.sha256
    async with writing(room.hall.records.engine) as connection:
        await connection.execute(update(sittings).values(status="finished"))
    await join_recording(room.hall.records, room.sitting.id)
    joined = await store.recording(room.sitting.id)
    assert joined is not None
    assert joined.duration_ms == pytest.approx(4000, abs=60)
    verified = await verify_sitting(room.hall.records, room.sitting.id, f"file:{sound}")
    # The test has ended the exam by hand, and nothing else is amiss.
    assert [each for each in verified.broken if "state" not in each] == []
    assert len(verified.broken) == 1


async def test_without_consent_nothing_is_recorded(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, sound: Path
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        assert room.recorder is None
        await room.to_first_question()
        turns = await room.turns()
        assert all(turn.segment is None and turn.offset_ms is None for turn in turns)
        assert await RecordingStore(hall.records.engine).segments(room.sitting.id) == []
    assert stored(sound) == []


@pytest.mark.parametrize("given", ["yes", 1, None])
async def test_only_a_clear_yes_is_consent(hall: Hall, given: object) -> None:
    sitting = await hall.sitting()
    asked = Sitting(**(vars(sitting) | {"consent": {"recording": given}}))
    assert await open_recorder(asked, 1, hall.records, HandClock()) is None


async def test_who_thinks_again_is_recorded_no_more(room: Room, sound: Path) -> None:
    await room.to_first_question()
    await speaks(room, "It makes ATP.", 2.0)
    await room.hall.sitting(recording=False)
    assert room.recorder is not None
    await room.recorder.check_consent()
    assert not room.recorder.running
    before = stored(sound)
    await speaks(room, "Cellular respiration.", 2.0)
    turns = await room.turns()
    assert turns[-1].segment is None
    await room.recorder.aclose()
    assert stored(sound) == before
    (segment,) = await RecordingStore(room.hall.records.engine).segments(room.sitting.id)
    assert segment.state == "closed"
    assert segment.duration_ms == pytest.approx(2000, abs=60)


async def test_who_is_deleted_meanwhile_leaves_no_sound(room: Room, sound: Path) -> None:
    await room.to_first_question()
    await speaks(room, "It makes ATP.", 2.0)
    await delete_user(room.hall.url, "ada", force=True, files=SoundFiles(f"file:{sound}"))
    assert room.recorder is not None
    await room.recorder.aclose()
    assert stored(sound) == []


async def test_nothing_is_recorded_where_the_operator_wants_none(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDINGS_URL", "")
    async with exam_room(hall, monkeypatch, recording=True) as room:
        assert room.recorder is None
        await room.to_first_question()
        assert (await fresh(hall, room.sitting)).flags == []


async def test_a_store_that_fails_disturbs_nothing_and_is_told(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(SoundFiles, "write", refuse)
    await room.to_first_question()
    await speaks(room, "It makes ATP.", 2.0)
    assert room.recorder is not None
    await room.recorder.aclose()
    assert FAILED in (await fresh(room.hall, room.sitting)).flags
    assert (await room.turns())[-1].text == "It makes ATP."


async def test_a_store_that_cannot_be_opened_disturbs_nothing_and_is_told(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDINGS_URL", "s3://bucket/voxam")
    async with exam_room(hall, monkeypatch, recording=True) as room:
        assert room.recorder is None
        await room.to_first_question()
        assert FAILED in (await fresh(hall, room.sitting)).flags


@pytest.mark.parametrize(
    ("error", "flags"), [(StaleFence("Another has it."), []), (OSError("no database"), [FAILED])]
)
async def test_a_record_without_a_place_for_it_disturbs_nothing(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, error: Exception, flags: list[str]
) -> None:
    """Where another examiner has the sitting, nothing has failed."""

    async def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(RecordingStore, "begin_segment", refuse)
    async with exam_room(hall, monkeypatch, recording=True) as room:
        assert room.recorder is not None
        room.recorder.begin()
        await room.to_first_question()
        assert not room.recorder.running
        await room.recorder.aclose()
        assert (await fresh(hall, room.sitting)).flags == flags
