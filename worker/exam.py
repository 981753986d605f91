"""One job: the examiner joins the room and holds the exam. This file only composes."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial

from livekit import api
from livekit.agents import AgentSession, JobContext

from exam_graph.events import Command, CommandName, Started
from exam_graph.state import Kept
from records.dispatch import Dispatch
from records.model import Sitting
from records.store import Records
from worker import protocol
from worker.examiner import Examiner
from worker.opening import open_examiner
from worker.page import Page
from worker.protocol import View
from worker.settings import Settings
from worker.speech import build_session, room_options
from worker.timekeeper import keep_time
from worker.view import view
from worker.voice import Voice
from worker.warmup import Warm

logger = logging.getLogger(__name__)

#: What the last words may take to be played before the exam is closed all the same, in seconds.
CLOSING_S = 45.0
#: How long the page has to show the end before its room goes away, in seconds.
FAREWELL_S = 3.0


class SittingRefusedError(Exception):
    """This job must not examine; the message says why."""


async def examine(ctx: JobContext) -> None:
    """The job's entry point. Dispatch metadata names the sitting; all else is in the record."""
    settings = Settings()
    warm = Warm.of(ctx.proc)
    records = await Records.open(settings.database_url)
    try:
        sitting = await _sitting_of(ctx, records)
        async with open_examiner(sitting, records, warm.graph, settings) as examiner:
            session = build_session(settings, examiner.context.paper, warm.vad)
            await Exam(ctx, examiner, session).hold()
    except SittingRefusedError as refusal:
        logger.error("exam refused: %s", refusal)
    finally:
        await records.close()
        ctx.shutdown("exam over")


async def _sitting_of(ctx: JobContext, records: Records) -> Sitting:
    dispatch = Dispatch.parse(ctx.job.metadata)
    sitting = await records.sitting(dispatch.session_id)
    if sitting is None:
        raise SittingRefusedError(f"there is no sitting {dispatch.session_id}")
    if sitting.room_name != ctx.room.name and not ctx.is_fake_job():
        raise SittingRefusedError(f"sitting {sitting.id} belongs to another room")
    if sitting.status not in ("open", "running"):
        raise SittingRefusedError(f"sitting {sitting.id} is {sitting.status}")
    return sitting


class Exam:
    """An exam in a room: page, voice and clock around the examiner."""

    def __init__(self, ctx: JobContext, examiner: Examiner, session: AgentSession[None]) -> None:
        self._ctx = ctx
        self._examiner = examiner
        self._session = session
        self._voice = Voice(examiner)
        self._page = Page(ctx.room)
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._farewell = False

    async def hold(self) -> None:
        """From joining the room to the farewell, or until the room is gone."""
        self._ctx.room.on("disconnected", lambda _: self._over.set())
        await self._ctx.connect()
        self._answer_page()
        self._show()
        await self._session.start(
            self._voice,
            room=self._ctx.room,
            room_options=room_options(),
            session_host=False,
            record=False,
        )
        self._voice.attach()
        self._session.on("agent_state_changed", lambda _: self._show())
        self._session.on("close", lambda _: self._over.set())
        self._examiner.on_commit(self._committed)
        async with self._working() as work:
            over = asyncio.create_task(self._over.wait())
            await asyncio.wait((*work, over), return_when=asyncio.FIRST_COMPLETED)
            over.cancel()
            await self._explain_failure(work)
        await self._session.aclose()

    @contextlib.asynccontextmanager
    async def _working(self) -> AsyncIterator[list[asyncio.Task[None]]]:
        tasks = [
            asyncio.create_task(self._examiner.run()),
            asyncio.create_task(
                keep_time(self._examiner, quiet=self._voice.quiet, act=self._voice.act)
            ),
            asyncio.create_task(self._converse()),
        ]
        try:
            yield [tasks[0], tasks[2]]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self) -> None:
        """Begins when the page is ready and begins again when it comes back; ends after the end."""
        while not self._examiner.finished:
            await self._ready.wait()
            self._ready.clear()
            await self._voice.student_silent()
            if self._examiner.started:
                await self._voice.speak(await self._examiner.returned())
            else:
                await self._voice.act(Started())
            await self._voice.until(lambda: self._examiner.finished or self._ready.is_set())
        await self._say_farewell()

    async def _say_farewell(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._voice.said_last(), CLOSING_S)
        self._farewell = True
        self._page.show(View(phase="finished"))
        await self._page.shown()
        await asyncio.sleep(FAREWELL_S)
        if not self._ctx.is_fake_job():
            await self._ctx.api.room.delete_room(api.DeleteRoomRequest(room=self._ctx.room.name))

    def _answer_page(self) -> None:
        self._page.on(protocol.RPC_READY, self._on_ready)
        buttons: dict[str, CommandName] = {
            protocol.RPC_REPEAT: "repeat",
            protocol.RPC_SKIP: "skip",
            protocol.RPC_PAUSE: "pause",
            protocol.RPC_END: "end",
        }
        for method, name in buttons.items():
            self._page.on(method, partial(self._on_command, name))
        self._page.on(protocol.RPC_DONE, self._on_done)

    async def _on_ready(self) -> None:
        self._ready.set()
        self._voice.wake()

    async def _on_command(self, name: CommandName) -> None:
        if not self._examiner.started or self._examiner.finished:
            return
        await self._voice.hush()
        await self._voice.student_silent()
        await self._voice.act(Command(name=name))

    async def _on_done(self) -> None:
        self._session.commit_user_turn()

    def _committed(self, state: Kept) -> None:
        self._show()
        self._voice.wake()

    def _show(self) -> None:
        if self._farewell:
            return
        examiner = self._examiner
        self._page.show(
            view(
                examiner.state,
                examiner.context,
                self._session.agent_state,
                examiner.clock.used_ms(),
            )
        )

    async def _explain_failure(self, work: list[asyncio.Task[None]]) -> None:
        for task in work:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                logger.error("sitting %s stopped", self._examiner.sitting.id, exc_info=error)
                self._examiner.clock.stop()
                await self._page.notify(
                    "examiner_stopped",
                    "error",
                    "Something failed on our side. Your answers so far are kept; "
                    "please reload this page to go on.",
                )
