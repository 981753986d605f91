"""One job: the examiner joins the room and holds the exam. This file only composes."""

import logging
import os
from typing import cast

from livekit.agents import AgentSession, JobContext

from exam_graph.profile import Profile
from records.dispatch import Dispatch
from records.errors import RecordsError, SittingHeld, SittingOver, StaleFence
from records.model import Sitting
from records.store import Records
from worker.console_audio import CONSOLE_DISPATCH, hold_in_console
from worker.deepgram_flux import DeepgramFlux
from worker.exam_room import ExamRoom
from worker.flux import Recogniser
from worker.lease import holding
from worker.metrics import counted_exam
from worker.mouth import Mouth
from worker.opening import open_examiner
from worker.readiness import kept_ready
from worker.recording.opening import join_recording, recorded
from worker.settings import Settings
from worker.speech import build_fallback_voice, build_session, build_voice
from worker.speech_cache import SpeechCache
from worker.spending import Spending, noted_spending
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
            noted_spending(records, sitting.id, hold.fence) as spending,
            open_examiner(
                sitting, hold.fence, records, warm.graph, warm.rules, settings, spending
            ) as examiner,
            kept_ready(examiner, warm.graph, settings, spending) as ready,
        ):
            logger.info("examining sitting %s in process %d", sitting.id, os.getpid())
            context = examiner.context
            session = build_session(settings, context, examiner.state, warm)
            turn_end = TurnEnd(cast(Recogniser, session.stt), examiner.state, context)
            mouth = _mouth(settings, context.profile, session, ready, spending)
            voice = Voice(examiner, turn_end, mouth)
            if ctx.is_fake_job():
                await hold_in_console(examiner, session, turn_end, voice)
            else:
                async with recorded(
                    sitting, hold.fence, records, examiner.clock.source
                ) as recorder:
                    parts = (session, turn_end, voice, settings, recorder)
                    room = ExamRoom(ctx, hold, examiner, *parts)
                    with counted_exam(resumed=examiner.started, ending=lambda: room.ending):
                        await room.hold()
        await join_recording(records, sitting.id)
    except (SittingRefusedError, SittingHeld, SittingOver) as refusal:
        logger.error("exam refused: %s", refusal)
    except StaleFence as error:
        logger.error("another examiner has taken over: %s", error)
    finally:
        await records.close()
        ctx.shutdown("exam over")


def _mouth(
    settings: Settings,
    profile: Profile,
    session: AgentSession[None],
    ready: SpeechCache,
    spending: Spending,
) -> Mouth:
    """All voices of the exam. What providers of speech are sent is counted from here on."""
    slow = build_voice(settings, profile, slow=True)
    fallback = build_fallback_voice(settings, profile)
    origin, other = settings.deepgram_origin, settings.fallback_origin
    recogniser = session.stt
    assert isinstance(recogniser, DeepgramFlux)
    assert session.tts is not None
    spending.follow_recogniser(recogniser, origin)
    if isinstance(recogniser.fallback, DeepgramFlux):
        spending.follow_recogniser(recogniser.fallback, other)
    for voice in (session.tts, slow):
        spending.follow_voice(voice, origin)
    if fallback is not None:
        spending.follow_voice(fallback, other)
    return Mouth(
        slow, ready, fallback, timeout_s=settings.tts_timeout_s, rest_s=settings.voice_rest_s
    )


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
