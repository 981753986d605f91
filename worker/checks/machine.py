"""Whether this machine has the room that exams need: on its disk and in its memory."""

import shutil
from pathlib import Path

from records.engine import parse, sqlite_file
from records.errors import RecordsError
from worker.capacity import free_memory_mb
from worker.checks.finding import Finding, failed, ok
from worker.checks.settings import DoctorSettings

NAME = "disk"
MEMORY = "memory"
#: Less than so much is no room for a day of exams, in megabytes.
DISK_MB = 1024


async def check_machine(settings: DoctorSettings) -> list[Finding]:
    folders = {"VAR_DIR": settings.var_dir}
    if settings.speech_cache_mb:
        folders["SPEECH_CACHE_DIR"] = settings.speech_cache_dir
    try:
        file = sqlite_file(parse(settings.database_url))
    except RecordsError:
        file = None  # the database's own check tells
    if file is not None:
        folders["DATABASE_URL"] = file.parent
    return [*(_room(name, folder) for name, folder in folders.items()), _memory(settings)]


def _room(variable: str, folder: Path) -> Finding:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    free_mb = shutil.disk_usage(there).free // 1_000_000
    if free_mb < DISK_MB:
        return failed(
            NAME,
            f"{folder} ({variable}) has only {free_mb} MB left.",
            "Make room, or set it to a folder on another disk. With a full disk nothing can be "
            "recorded, and exams stand still.",
        )
    return ok(NAME, f"{folder} ({variable}) has {free_mb / 1000:.0f} GB left.")


def _memory(settings: DoctorSettings) -> Finding:
    free, needed = free_memory_mb(), settings.max_exams * settings.exam_memory_mb
    if free < needed:
        return failed(
            MEMORY,
            f"{free:.0f} MB are free, and {settings.max_exams} exams (MAX_EXAMS) need {needed} MB.",
            f"Set MAX_EXAMS to {int(free // max(settings.exam_memory_mb, 1))} at most, or add "
            "memory; a worker that runs already has taken some of it.",
        )
    return ok(MEMORY, f"{free:.0f} MB are free, enough for {settings.max_exams} exams.")
