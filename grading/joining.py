"""Puts the pieces of a recording together before its sitting is marked, where that was not done."""

import asyncio
import logging

from records.engine import open_engine
from records.recordings import RecordingStore
from records.sound_files import SoundFiles, SoundSettings

_PATIENCE_S = 120.0

logger = logging.getLogger(__name__)


async def join(database_url: str, sitting_id: str) -> None:
    """Never raises: marks do not wait for sound."""
    try:
        engine = open_engine(database_url)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                files = await asyncio.to_thread(SoundFiles.of, SoundSettings().recordings_url)
                await RecordingStore(engine).join(sitting_id, files)
        finally:
            await engine.dispose()
    except Exception as error:
        # Whatever store it is, and whatever is in it.
        logger.warning("sitting %s: its recording is not joined: %s", sitting_id, error)
