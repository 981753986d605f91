"""Has the examiner's voice ready: its opening before the student is there, then what may follow."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from exam_graph.foresight import foresee, phrases
from exam_graph.graph import ExamGraph
from worker.examiner import Examiner
from worker.settings import Settings
from worker.speech import SAMPLE_RATE, build_voice, speed
from worker.speech_cache import SpeechCache, synthesiser
from worker.speech_store import SpeechStore
from worker.spending import Spending

logger = logging.getLogger(__name__)

#: What was just kept is being said: first its sound is on its way, then we look ahead; in seconds.
AFTER_S = 0.3


@contextlib.asynccontextmanager
async def kept_ready(
    examiner: Examiner, graph: ExamGraph, settings: Settings, spending: Spending | None = None
) -> AsyncIterator[SpeechCache]:
    """The speech of this sitting's voice, made ahead as long as the block lasts."""
    profile = examiner.context.profile
    traits = {
        "provider": settings.deepgram_origin,
        "voice": settings.voice,
        "local_voice": settings.local_tts_voice,
        "speed": speed(profile),
        "sample_rate": SAMPLE_RATE,
    }
    voice = build_voice(settings, profile)
    if spending is not None:
        spending.follow_voice(voice, settings.deepgram_origin)
    store = SpeechStore(settings.speech_cache_dir, settings.speech_cache_mb, traits)
    ready = SpeechCache(store, synthesiser(voice))
    tasks = [
        asyncio.create_task(ready.run()),
        asyncio.create_task(_look_ahead(examiner, graph, ready)),
    ]
    try:
        yield ready
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                # Whatever was not ready was synthesised when it was said.
                logger.error("speech was not made ahead", exc_info=result)
        await voice.aclose()


async def _look_ahead(examiner: Examiner, graph: ExamGraph, ready: SpeechCache) -> None:
    """After each turn, what may come next."""
    changed = asyncio.Event()
    examiner.on_commit(lambda _: changed.set())
    fixed = [each.say for each in phrases(examiner.context)]
    while not examiner.finished:
        changed.clear()
        texts: list[str] = []
        async for reply in foresee(graph, examiner.now, examiner.context):
            texts += [each.say for each in reply if not each.slow]
        ready.prepare(texts, may_come=fixed)
        fixed = []
        await changed.wait()
        await asyncio.sleep(AFTER_S)
