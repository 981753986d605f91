"""One job: the examiner joins the room and holds the exam. This file only composes."""

import logging
import os
from typing import cast

from livekit.agents import JobContext

from records.dispatch import Dispatch
from records.errors import RecordsError, SittingHeld, SittingOver, StaleFence
from records.model import Sitting
from records.store import Records
from worker.console_audio import CONSOLE_DISPATCH, hold_in_console
from worker.exam_room import ExamRoom
from worker.flux import Recogniser
from worker.lease import holding
from worker.metrics import counted_exam
from worker.mouth import Mouth
from worker.opening import open_examiner
from worker.readiness import kept_ready
from worker.settings import Settings
from worker.speech import build_fallback_voice, build_session, build_voice
from worker.turn_end import TurnEnd
from worker.voice import Voice
from worker.warmup import Warm

logger = logging.getLogger(__name__)


class SittingRefusedError(Exception):
    """This job must not examine; the message says why."""


async def examine(ctx: JobContext) -> None:
    """The job's entry point. Dispatch metadata names the sitting; all else is in the record."""
    settings = Settings()
    warm = Warm.of(ctx.proc)
    try:
        records = await Records.open(settings.database_url)
    except RecordsError as error:
        # The keeper sends for another examiner when this one does not come.
        logger.error("exam refused: %s", error)
        ctx.shutdown("no records")
        return
    try:
        sitting = await _sitting_of(ctx, records)
        async with (
            holding(
                records,
                sitting.id,
                renew_s=settings.lease_renew_s,
                expires_s=settings.lease_expires_s,
            ) as hold,
            open_examiner(
                sitting, hold.fence, records, warm.graph, warm.rules, settings
            ) as examiner,
            kept_ready(examiner, warm.graph, settings) as ready,
        ):
            logger.info("examining sitting %s in process %d", sitting.id, os.getpid())
            context = examiner.context
            session = build_session(settings, context, examiner.state, warm)
            turn_end = TurnEnd(cast(Recogniser, session.stt), examiner.state, context)
            slow = build_voice(settings, context.profile, slow=True)
            fallback = build_fallback_voice(settings, context.profile)
            mouth = Mouth(
                slow,
                ready,
                fallback,
                timeout_s=settings.tts_timeout_s,
                rest_s=settings.voice_rest_s,
            )
            voice = Voice(examiner, turn_end, mouth)
            if ctx.is_fake_job():
                await hold_in_console(examiner, session, turn_end, voice)
            else:
                room = ExamRoom(ctx, hold, examiner, session, turn_end, voice, settings)
                with counted_exam(resumed=examiner.started, ending=lambda: room.ending):
                    await room.hold()
    except (SittingRefusedError, SittingHeld, SittingOver) as refusal:
        logger.error("exam refused: %s", refusal)
    except StaleFence as error:
        logger.error("another examiner has taken over: %s", error)
    finally:
        await records.close()
        ctx.shutdown("exam over")


async def _sitting_of(ctx: JobContext, records: Records) -> Sitting:
    metadata = os.environ[CONSOLE_DISPATCH] if ctx.is_fake_job() else ctx.job.metadata
    dispatch = Dispatch.parse(metadata)
    sitting = await records.sitting(dispatch.session_id)
    if sitting is None:
        raise SittingRefusedError(f"there is no sitting {dispatch.session_id}")
    if sitting.room_name != ctx.room.name and not ctx.is_fake_job():
        raise SittingRefusedError(f"sitting {sitting.id} belongs to another room")
    if sitting.status not in ("open", "running"):
        raise SittingRefusedError(f"sitting {sitting.id} is {sitting.status}")
    return sitting
