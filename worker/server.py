"""The worker process: registers with LiveKit, takes dispatches, starts a job process for each."""

import asyncio
import logging
import os
import signal

from livekit.agents import AgentServer, JobRequest

from records.dispatch import Dispatch
from worker.exam import examine
from worker.protocol import AGENT_NAME, IDENTITY
from worker.settings import Settings
from worker.warmup import warm_up

logger = logging.getLogger(__name__)

#: What framework and libraries would do beside the exams in every process, idle ones too; what is
#: set in the environment wins. [measured, docs/performance.md]
LEFT_OUT = {
    # A heartbeat and a watchdog thread, 50 times a second each.
    "LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS": "0",
    # The weights of an end-of-turn model: Flux tells the end of a turn.
    "LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE": "0",
    # glibc would keep more and more of what was large and is free again: speech, above all.
    "MALLOC_MMAP_THRESHOLD_": "131072",
}


def build_server(settings: Settings) -> AgentServer:
    """A server that is not running."""
    for name, value in LEFT_OUT.items():
        os.environ.setdefault(name, value)
    server = AgentServer(
        ws_url=settings.livekit_url,
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        host="127.0.0.1",
        port=settings.worker_health_port,
        num_idle_processes=settings.idle_processes,
        # By exams, not by CPU: a moment's load must not turn a student away.
        load_fnc=lambda running: len(running.active_jobs) / settings.exams_at_once,
        load_threshold=1.0,
        setup_fnc=warm_up,
        initialize_process_timeout=60.0,
        # It would only warn, for a walk through the page tables of every process each 5 s.
        job_memory_warn_mb=0,
        preload_modules=["worker.exam", "worker.preloaded"],
    )
    server.rtc_session(examine, agent_name=AGENT_NAME, on_request=_on_request)
    return server


async def _on_request(request: JobRequest) -> None:
    """Takes a dispatch whose metadata it can read, under the examiner's one identity."""
    try:
        Dispatch.parse(request.job.metadata)
    except ValueError as error:
        logger.error("dispatch of job %s refused: %s", request.id, error)
        await request.reject()
        return
    await request.accept(identity=IDENTITY, name="Examiner")


async def serve(server: AgentServer, *, devmode: bool = False) -> None:
    """Runs until SIGINT or SIGTERM, then lets running exams end. A second signal ends at once."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            raise SystemExit(1)
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, on_signal)
    running = asyncio.create_task(server.run(devmode=devmode))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not running.done() and not devmode:
        logger.info("draining: running exams end first, no new ones are taken")
        await server.drain()
    await server.aclose()
    stopping.cancel()
    await running
