"""The worker process: registers with LiveKit, takes dispatches, starts a job process for each."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from typing import NoReturn

import psutil
from livekit.agents import AgentServer, JobRequest

from records.dispatch import AGENT_NAME, Dispatch
from worker import ports
from worker.capacity import Capacity, CpuAverage, free_memory_mb
from worker.exam import examine
from worker.figures import kept_figures
from worker.protocol import IDENTITY
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


class Server(AgentServer):
    """The framework's, but that several students may come in the same moment.

    Its own estimate for an exam that is about to begin is the whole worker while none is held.
    """

    def __init__(self, settings: Settings, capacity: Capacity) -> None:
        self._max_exams = settings.exams_at_once
        super().__init__(
            ws_url=settings.livekit_url,
            api_key=settings.livekit_api_key,
            api_secret=settings.livekit_api_secret.get_secret_value(),
            host="127.0.0.1",
            port=settings.worker_health_port,
            prometheus_port=settings.metrics_port or None,
            num_idle_processes=settings.idle_processes,
            load_fnc=lambda running: capacity.load(len(running.active_jobs)),
            load_threshold=1.0,
            setup_fnc=warm_up,
            initialize_process_timeout=60.0,
            # What it costs: a walk through the page tables of every process each 5 s. [measured,
            # docs/performance.md]
            job_memory_limit_mb=settings.job_memory_limit_mb,
            job_memory_warn_mb=0,
            # However long LiveKit is away: exams are still held here, and its return is awaited.
            max_retry=sys.maxsize,
            preload_modules=["worker.exam", "worker.preloaded"],
        )

    def _get_effective_load(self) -> float:
        held = len(self.active_jobs) + self._reserved_slots
        return max(self._worker_load, held / self._max_exams)


def build_server(settings: Settings) -> AgentServer:
    """A server that is not running."""
    for name, value in LEFT_OUT.items():
        os.environ.setdefault(name, value)
    busy = CpuAverage()
    busy.start()
    capacity = Capacity(
        max_exams=settings.exams_at_once,
        exam_memory_mb=settings.exam_memory_mb,
        cpu_limit=settings.cpu_limit,
        free_memory_mb=free_memory_mb,
        busy=busy,
    )
    server = Server(settings, capacity)
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


async def serve(settings: Settings, *, devmode: bool = False) -> None:
    """Runs until SIGINT or SIGTERM, then lets running exams end. A second signal ends at once.

    Raises PortTakenError.
    """
    server = build_server(_with_free_ports(settings))
    async with contextlib.AsyncExitStack() as stack:
        if settings.metrics_port:
            await stack.enter_async_context(
                kept_figures(
                    server, max_exams=settings.exams_at_once, database_url=settings.database_url
                )
            )
        await _run(server, devmode=devmode)


def _with_free_ports(settings: Settings) -> Settings:
    """A port that was not set may be another; one that was set is the one that is watched."""
    health = ports.choose(
        settings.worker_health_port,
        "WORKER_HEALTH_PORT",
        asked_for="worker_health_port" in settings.model_fields_set,
    )
    ports.choose(settings.metrics_port, "METRICS_PORT", asked_for=True)
    return settings.model_copy(update={"worker_health_port": health})


async def _run(server: AgentServer, *, devmode: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            _end_at_once()
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, on_signal)
    running = asyncio.create_task(server.run(devmode=devmode))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not running.done() and not devmode:
        logger.info("draining: running exams end first, no new ones are taken")
        # As long as that takes: each exam has a deadline of its own.
        await server.drain(timeout=None)
    await server.aclose()
    stopping.cancel()
    await running


def _end_at_once() -> NoReturn:
    """As if killed: the exams go on elsewhere, from what is recorded."""
    logger.warning("stopped again: exams that are under way are left to other workers")
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    os._exit(1)
