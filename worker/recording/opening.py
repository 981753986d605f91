"""Opens the recorder of a sitting, where there is to be one, and joins what was recorded."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exam_graph.clock import Clock
from records.errors import RecordsError
from records.model import Sitting
from records.recordings import FAILED, RecordingStore
from records.sound_files import SoundFiles, SoundSettings
from records.store import Records
from worker.metrics import provider_failed
from worker.recording.recorder import Recorder

logger = logging.getLogger(__name__)


@asynccontextmanager
async def recorded(
    sitting: Sitting, fence: int, records: Records, clock: Clock
) -> AsyncIterator[Recorder | None]:
    """A recorder, or None where there is to be none; after the block, what it heard is stored."""
    recorder = await open_recorder(sitting, fence, records, clock)
    try:
        yield recorder
    finally:
        if recorder is not None:
            await recorder.aclose()


async def open_recorder(
    sitting: Sitting, fence: int, records: Records, clock: Clock
) -> Recorder | None:
    """None without the student's consent, or where RECORDINGS_URL is set to nothing."""
    if sitting.consent.get("recording") is not True:
        return None
    try:
        files = SoundFiles.of(SoundSettings().recordings_url)
    except RecordsError as error:
        logger.error("sitting %s is not recorded: %s", sitting.id, error)
        provider_failed("recordings", "store")
        await _note(records, sitting.id)
        return None
    return Recorder(sitting, fence, records, files, clock) if files is not None else None


async def join_recording(records: Records, sitting_id: str) -> None:
    """The whole, once the sitting is over. Never raises: a grader or an operator may do it, too."""
    try:
        files = SoundFiles.of(SoundSettings().recordings_url)
        if files is not None:
            await RecordingStore(records.engine).join(sitting_id, files)
    except Exception as error:  # whatever it is: the exam is over
        logger.warning("the recording of %s is not joined: %s", sitting_id, error)


async def _note(records: Records, sitting_id: str) -> None:
    try:
        await RecordingStore(records.engine).note_failure(sitting_id)
    except RecordsError as error:
        logger.warning("%s is not noted: %s", FAILED, error)
