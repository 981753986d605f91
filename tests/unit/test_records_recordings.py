"""Segments in the store and in the records: closed, recovered or lost, and joined at the end."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from records import recordings as module
from records.__main__ import app
from records.engine import writing
from records.erasure import delete_user, purge
from records.errors import RecordingDamaged, RecordingUnavailable
from records.model import Lease, Sitting, TurnRecord
from records.recordings import FAILED, Recording, RecordingStore, position_ms
from records.schema import sittings
from records.sound_files import SoundFiles
from records.store import Records
from records.verifying import verify_sitting
from tests.stand_ins.sound import sound

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC)


class Exam:
    """A sitting that one examiner after the other holds and records."""

    def __init__(self, records: Records, files: SoundFiles, sitting: Sitting) -> None:
        self.records = records
        self.files = files
        self.sitting = sitting
        self.store = RecordingStore(records.engine)
        self.lease: Lease | None = None

    async def held(self) -> Lease:
        if self.lease is not None:
            await self.records.release(self.lease)
        self.lease = await self.records.claim(self.sitting.id, "worker")
        return self.lease

    async def recorded(self, data: bytes, *, closed: bool = True, pieces: int = 4) -> int:
        """By a new examiner; returns its segment's number."""
        fence = (await self.held()).fence
        segment = await self.store.begin_segment(self.sitting.id, fence)
        step = len(data) // pieces + 1
        for number in range(pieces):
            piece = data[number * step : (number + 1) * step]
            if piece:
                self.files.write(f"{segment.path}/{number:06d}.ogg", piece)
        if closed:
            await self.closes(fence, data)
        return fence

    async def closes(self, fence: int, data: bytes) -> bool:
        digest = hashlib.sha256(data).hexdigest()
        return await self.store.close_segment(
            self.sitting.id, fence, duration_ms=1, size=len(data), sha256=digest
        )

    async def ends(self, *, released: bool = True) -> None:
        if self.lease is None:
            await self.held()
        assert self.lease is not None
        await self.records.commit_turn(
            self.sitting.id,
            self.lease.fence,
            TurnRecord(
                number=0,
                event={"type": "started"},
                understood=None,
                question_id=None,
                answers_question=False,
                text="",
                confidence=None,
                words=[],
                at=NOW,
                used_ms=0,
                status="finished",
            ),
        )
        if released:
            await self.records.release(self.lease)

    async def join(self) -> Recording | None:
        return await self.store.join(self.sitting.id, self.files)

    def there(self) -> list[str]:
        """The names of all files."""
        root = self.files._root
        found = self.files._fs.find(root)
        return sorted(str(each).removeprefix(f"{root}/{self.sitting.id}/") for each in found)

    async def flags(self) -> list[str]:
        sitting = await self.records.sitting(self.sitting.id)
        assert sitting is not None
        return sitting.flags

    async def broken(self) -> list[str]:
        verified = await verify_sitting(self.records, self.sitting.id, self.files._url)
        return verified.broken


@pytest.fixture(params=["folder", "store"])
async def exam(request: pytest.FixtureRequest, records: Records, tmp_path: Path) -> Exam:
    """Its sound goes to a folder, or to a store without folders and appending."""
    url = f"file:{tmp_path}/sound" if request.param == "folder" else f"memory://{tmp_path.name}"
    sitting, _ = await records.open_sitting(
        user_id="ada",
        exam_id="cells",
        consent={"recording": True, "text_version": "1"},
        profile={},
        invitation=None,
    )
    return Exam(records, SoundFiles(url), sitting)


async def test_segments_become_one_file_and_their_pieces_go(exam: Exam) -> None:
    first = await exam.recorded(sound(2))
    second = await exam.recorded(sound(1))
    await exam.ends()
    joined = await exam.join()
    assert joined is not None
    assert joined.duration_ms == pytest.approx(3000, abs=60)
    assert [part["number"] for part in joined.segments] == [first, second]
    assert joined.segments[1]["offset_ms"] == pytest.approx(2000, abs=40)
    assert exam.there() == [joined.path.partition("/")[2]]
    whole = exam.files.read(joined.path)
    assert whole is not None and len(whole) == joined.size == exam.files.size(joined.path)
    assert hashlib.sha256(whole).hexdigest() == joined.sha256
    assert await exam.broken() == []
    assert await exam.flags() == []


async def test_joined_again_it_is_the_same(exam: Exam) -> None:
    await exam.recorded(sound(1))
    await exam.ends()
    joined = await exam.join()
    assert joined is not None
    assert await exam.join() == joined
    assert await exam.broken() == []


async def test_several_may_join_at_once(exam: Exam) -> None:
    await exam.recorded(sound(1))
    await exam.recorded(sound(1), closed=False)
    await exam.ends()
    found = await asyncio.gather(*(exam.join() for _ in range(4)))
    assert len({each.sha256 for each in found if each is not None}) == 1
    assert found[0] is not None
    assert exam.files.read(found[0].path) is not None
    assert len(exam.there()) == 1
    assert await exam.broken() == []


async def test_nothing_is_joined_while_the_exam_goes_on(exam: Exam) -> None:
    await exam.recorded(sound(1))
    assert await exam.join() is None
    assert len(exam.there()) == 4


async def test_nothing_is_joined_while_the_last_words_are_recorded(
    exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPIRES_S", 0.2)
    fence = await exam.recorded(sound(1), closed=False)
    await exam.ends(released=False)
    lease = exam.lease
    assert lease is not None

    async def lives() -> None:
        while True:
            await exam.records.renew(lease)
            await asyncio.sleep(0.02)

    living = asyncio.create_task(lives())
    assert await exam.join() is None
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    # It died without giving the sitting back.
    joined = await exam.join()
    assert joined is not None
    assert [part["number"] for part in joined.segments] == [fence]


async def test_what_a_crash_left_is_recovered(exam: Exam) -> None:
    data = sound(4)
    await exam.recorded(data[: len(data) * 3 // 4], closed=False)
    await exam.recorded(sound(1))
    await exam.ends()
    joined = await exam.join()
    assert joined is not None
    states = [each.state for each in await exam.store.segments(exam.sitting.id)]
    assert states == ["recovered", "closed"]
    assert 2500 < joined.segments[0]["duration_ms"] < 3500
    assert await exam.broken() == []


async def test_what_is_not_there_is_lost_and_the_teacher_is_told(exam: Exam) -> None:
    await exam.recorded(b"", closed=False)
    await exam.recorded(sound(1))
    await exam.ends()
    joined = await exam.join()
    assert joined is not None
    assert [each.state for each in await exam.store.segments(exam.sitting.id)] == ["lost", "closed"]
    assert await exam.flags() == [FAILED]
    assert await exam.broken() == []


async def test_without_any_sound_there_is_nothing(exam: Exam) -> None:
    await exam.recorded(b"", closed=False)
    await exam.ends()
    assert await exam.join() is None
    assert await exam.join() is None
    assert await exam.broken() == []


async def test_an_examiner_that_was_only_slow_finds_its_segment_recovered(exam: Exam) -> None:
    data = sound(1)
    slow = await exam.recorded(data, closed=False)
    await exam.recorded(sound(1))
    await exam.ends()
    await exam.join()
    assert not await exam.closes(slow, data)
    assert await exam.broken() == []


async def test_a_student_who_was_let_in_again_is_heard_after_what_was_before(exam: Exam) -> None:
    first = await exam.recorded(sound(2))
    assert exam.lease is not None
    await exam.records.commit_turn(exam.sitting.id, exam.lease.fence, _turn())
    await exam.records.abandon(exam.sitting.id, exam.lease.fence)
    await exam.records.release(exam.lease)
    exam.lease = None
    before = await exam.join()
    assert before is not None
    await exam.records.reopen(exam.sitting.id)
    second = await exam.recorded(sound(1))
    assert exam.lease is not None
    await exam.records.commit_turn(exam.sitting.id, exam.lease.fence, _turn(1, over=True))
    await exam.records.release(exam.lease)
    joined = await exam.join()
    assert joined is not None
    assert [part["number"] for part in joined.segments] == [first, second]
    assert joined.segments[0] == before.segments[0]
    assert joined.duration_ms == pytest.approx(3000, abs=80)
    assert exam.there() == [joined.path.partition("/")[2]]
    assert await exam.broken() == []


def _turn(number: int = 0, *, over: bool = False) -> TurnRecord:
    return TurnRecord(
        number=number,
        event={"type": "started"},
        understood=None,
        question_id=None,
        answers_question=False,
        text="",
        confidence=None,
        words=[],
        at=NOW,
        used_ms=0,
        status="finished" if over else None,
    )


async def test_a_piece_that_was_changed_is_not_joined(exam: Exam) -> None:
    fence = await exam.recorded(sound(1))
    await exam.ends()
    path = f"{exam.sitting.id}/{fence}/000002.ogg"
    data = bytearray(exam.files.read(path) or b"")
    data[7] ^= 1
    exam.files.write(path, bytes(data))
    with pytest.raises(RecordingDamaged, match=f"segment {fence}"):
        await exam.join()
    assert await exam.broken() == [f"segment {fence} is not the sound that was recorded."]


async def test_one_changed_byte_of_the_whole_is_named(exam: Exam) -> None:
    await exam.recorded(sound(1))
    await exam.ends()
    joined = await exam.join()
    assert joined is not None
    data = bytearray(exam.files.read(joined.path) or b"")
    data[len(data) // 2] ^= 1
    exam.files.write(joined.path, bytes(data))
    assert await exam.broken() == ["recording: its file is not the sound that was recorded."]
    exam.files.remove(joined.path)
    assert await exam.broken() == ["recording: its file is gone."]


async def test_a_store_that_fails_says_so(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    await exam.recorded(sound(1))
    await exam.ends()
    with pytest.raises(RecordingUnavailable):
        await exam.store.join(exam.sitting.id, None)

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("a store with a secret in its address")

    monkeypatch.setattr(exam.files._fs, "pipe_file", refuse)
    with pytest.raises(RecordingUnavailable) as told:
        await exam.join()
    assert "secret" not in str(told.value)


async def test_what_is_deleted_takes_its_sound_along(exam: Exam, url: str) -> None:
    await exam.recorded(sound(1))
    await exam.ends()
    await exam.join()
    assert exam.there()
    with pytest.raises(RecordingUnavailable):
        await delete_user(url, "ada", files=None)
    assert await exam.records.sitting(exam.sitting.id) is not None
    await delete_user(url, "ada", files=exam.files)
    assert exam.there() == []
    assert await exam.records.sitting(exam.sitting.id) is None


async def test_what_is_purged_takes_its_sound_along(exam: Exam, url: str) -> None:
    await exam.recorded(sound(1))
    await exam.ends()
    async with writing(exam.records.engine) as connection:
        await connection.execute(update(sittings).values(finished_at=NOW - timedelta(days=9)))
    await purge(url, 8, files=exam.files)
    assert exam.there() == []


def test_where_a_moment_is_in_the_whole() -> None:
    parts = [
        {"number": 1, "offset_ms": 0, "duration_ms": 2000},
        {"number": 3, "offset_ms": 2000, "duration_ms": 0},
        {"number": 4, "offset_ms": 2000, "duration_ms": 500},
    ]
    whole = Recording("x.ogg", 2500, 1, "", parts, NOW)
    assert position_ms(whole, 1, 700) == 700
    assert position_ms(whole, 4, 100) == 2100
    assert position_ms(whole, 4, 9999) == 2500, "lost in a crash: the last that there is"
    assert position_ms(whole, 3, 0) is None
    assert position_ms(whole, 2, 0) is None
    assert position_ms(whole, None, None) is None


def test_no_name_leads_out_of_the_store(tmp_path: Path) -> None:
    files = SoundFiles(f"file:{tmp_path}/sound")
    for path in ("../voxam.db", "/etc/passwd", "a/../../b"):
        with pytest.raises(RecordingUnavailable):
            files.read(path)


def test_a_store_whose_library_is_not_there_is_told() -> None:
    with pytest.raises(RecordingUnavailable, match="library"):
        SoundFiles("s3://bucket/voxam")


async def test_the_door_joins_tells_and_copies(
    exam: Exam, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await exam.recorded(sound(2))
    await exam.ends()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("RECORDINGS_URL", exam.files._url)

    def door(*words: str) -> str:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == 0, result.output
        return result.output

    assert "0:02 min, 1 segments" in await asyncio.to_thread(door, "join", "latest")
    copy = tmp_path / "copy.ogg"
    told = await asyncio.to_thread(door, "recording", "latest", "--out", str(copy))
    assert "closed" in told
    joined = await exam.store.recording(exam.sitting.id)
    assert joined is not None
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == joined.sha256
    assert "is as it was recorded" in await asyncio.to_thread(door, "verify", "latest")
