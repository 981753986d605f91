"""No job lives for ever: the time by which one that examines has to end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from exam_graph.paper import Paper
from exam_graph.profile import Profile
from worker.settings import Settings

logger = logging.getLogger(__name__)

#: For sound check, practice, what is said while the clock stands, faults and the farewell.
MARGIN_MINUTES = 30.0

Sleep = Callable[[float], Awaitable[None]]


def deadline_s(settings: Settings, paper: Paper, profile: Profile) -> float:
    """From the beginning of the job, in seconds: as set, else more than the exam can need."""
    if settings.exam_deadline_minutes is not None:
        return settings.exam_deadline_minutes * 60
    asked = paper.duration_minutes * (1 + profile.extra_time_percent / 100)
    breaks = profile.breaks * profile.break_minutes
    absences_s = settings.absence_limit_s + settings.student_grace_s
    return (asked + breaks + MARGIN_MINUTES) * 60 + absences_s


async def deadline(sitting_id: str, seconds: float, *, sleep: Sleep = asyncio.sleep) -> None:
    """Returns when the job has to end. The sitting stays as it was last kept, and goes on from
    there with whoever takes it next."""
    await sleep(seconds)
    logger.error(
        "sitting %s: the job ends at its deadline of %.0f minutes (EXAM_DEADLINE_MINUTES); "
        "the sitting is not over and can be resumed",
        sitting_id,
        seconds / 60,
    )
