"""The framework's starter as a program: `python -m bench.systems.starter_agent [--tuned]`.

Untuned it is the framework's own example: an AgentSession with all defaults. `--tuned` sets what
the framework's documentation offers against delay, and nothing else.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, JobProcess
from livekit.agents.voice import room_io
from livekit.plugins import deepgram, groq, silero

from bench.systems.persona import GREETING, INSTRUCTIONS, MODEL, VOICE

AGENT_NAME = "starter"
TUNED: dict[str, Any] = {
    "turn_detection": "stt",
    "endpointing": {"min_delay": 0.0},
    "preemptive_generation": {"enabled": True, "preemptive_tts": True},
}
EAGER = 0.5


def _prewarm(process: JobProcess) -> None:
    process.userdata["vad"] = silero.VAD.load()


def _session(vad: silero.VAD) -> AgentSession[None]:
    origin = os.environ["DEEPGRAM_BASE_URL"]
    tuned = "BENCH_TUNED" in os.environ
    eager: dict[str, Any] = {"eager_eot_threshold": EAGER} if tuned else {}
    options: dict[str, Any] = {"turn_handling": TUNED} if tuned else {}
    return AgentSession(
        stt=deepgram.STTv2(
            model="flux-general-en",
            base_url=f"{origin.replace('http', 'ws', 1)}/v2/listen",
            **eager,
        ),
        llm=groq.LLM(model=MODEL, base_url=os.environ["GROQ_BASE_URL"]),
        tts=deepgram.TTS(model=VOICE, base_url=f"{origin}/v1/speak"),
        vad=vad,
        **options,
    )


async def _entry(ctx: JobContext) -> None:
    session = _session(ctx.proc.userdata["vad"])
    # A measurement must not be recorded anywhere else; nothing of this is on a turn's way.
    await session.start(
        Agent(instructions=INSTRUCTIONS),
        room=ctx.room,
        room_options=room_io.RoomOptions(),
        record=False,
    )
    await ctx.connect()
    await session.say(GREETING)


async def _serve() -> None:
    idle: dict[str, Any] = {"num_idle_processes": 0} if "BENCH_COLD" in os.environ else {}
    server = AgentServer(
        setup_fnc=_prewarm,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        initialize_process_timeout=60.0,
        **idle,
    )
    server.rtc_session(_entry, agent_name=AGENT_NAME)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    running = asyncio.create_task(server.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    await server.aclose()
    stopping.cancel()
    await running


if __name__ == "__main__":
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if "--tuned" in sys.argv:
        os.environ["BENCH_TUNED"] = "1"
    asyncio.run(_serve())
