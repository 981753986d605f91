"""A pipecat bot as its templates build it, as a program: waits for its room on standard input.

Runs in a virtual environment of its own (bench/systems/pipecat.lock) and knows nothing of this
project but bench/systems/persona.py. Flux decides turns, as its service recommends, and its eager
end of turn is on: the best that pipecat offers against delay.
"""

import asyncio
import json
import os
import sys

from pipecat.frames.frames import TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.deepgram.tts import DeepgramTTSService
from pipecat.services.groq.llm import GroqLLMService
from pipecat.transports.livekit.transport import LiveKitParams, LiveKitTransport
from pipecat.workers.runner import WorkerRunner

from bench.systems.persona import GREETING, INSTRUCTIONS, KEY, MODEL, VOICE


async def hold(url: str, token: str, room: str) -> None:
    """Until the student is gone."""
    origin = os.environ["DEEPGRAM_BASE_URL"].replace("http", "ws", 1)
    transport = LiveKitTransport(
        url, token, room, LiveKitParams(audio_in_enabled=True, audio_out_enabled=True)
    )
    stt = DeepgramFluxSTTService(
        api_key=KEY, url=f"{origin}/v2/listen", enable_eager_end_of_turn=True
    )
    llm = GroqLLMService(
        api_key=KEY,
        base_url=os.environ["GROQ_BASE_URL"],
        settings=GroqLLMService.Settings(model=MODEL, reasoning_effort="low"),
    )
    tts = DeepgramTTSService(
        api_key=KEY, base_url=origin, settings=DeepgramTTSService.Settings(voice=VOICE)
    )
    context = LLMContext([{"role": "system", "content": INSTRUCTIONS}])
    user, assistant = LLMContextAggregatorPair(context)
    pipeline = Pipeline([transport.input(), stt, user, llm, tts, transport.output(), assistant])
    worker = PipelineWorker(pipeline, params=PipelineParams())
    runner = WorkerRunner(handle_sigint=False, handle_sigterm=True)

    async def greet(_: object, __: object) -> None:
        await worker.queue_frames([TTSSpeakFrame(GREETING)])

    async def leave(_: object, __: object) -> None:
        await runner.cancel()

    transport.event_handler("on_first_participant_joined")(greet)
    transport.event_handler("on_participant_disconnected")(leave)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    print("waiting", flush=True)
    place = json.loads(sys.stdin.readline() or "null")
    if place is not None:
        asyncio.run(hold(**place))
