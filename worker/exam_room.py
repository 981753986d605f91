"""An exam in its room: page, microphone and conversation put together."""

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any

from livekit import api, rtc
from livekit.agents import AgentSession, JobContext, room_io

from exam_graph.events import CommandName
from exam_graph.state import Kept
from exam_graph.summary import summary
from records.errors import StaleFence
from records.naming import student_identity
from worker import protocol
from worker.admission import Admission
from worker.conversation import Conversation
from worker.deadline import deadline, deadline_s
from worker.examiner import Examiner
from worker.heartbeat import Heartbeat
from worker.lease import Hold
from worker.metrics import Ending, reply_waited
from worker.microphone import Microphone
from worker.microphone_audio import MicrophoneAudio
from worker.microphone_in_room import MicrophoneInRoom
from worker.page import Page
from worker.protocol import View
from worker.racing import first_of
from worker.recording.recorder import Recorder
from worker.settings import Settings
from worker.speech import room_options
from worker.turn_end import TurnEnd
from worker.typed import typed_answer
from worker.view import view
from worker.voice import Voice
from worker.waits import report_waits

logger = logging.getLogger(__name__)

#: How long the page has to show the end before its room goes away, in seconds.
FAREWELL_S = 3.0


class ExamRoom:
    """`ending` tells afterwards how it ended."""

    def __init__(
        self,
        ctx: JobContext,
        hold: Hold,
        examiner: Examiner,
        session: AgentSession[None],
        turn_end: TurnEnd,
        voice: Voice,
        settings: Settings,
        recorder: Recorder | None = None,
    ) -> None:
        self._ctx = ctx
        self._hold = hold
        self._examiner = examiner
        self._session = session
        self._turn_end = turn_end
        self._voice = voice
        self._recorder = recorder
        self._student = student_identity(examiner.sitting.user_id)
        self._page = Page(ctx.room, self._student)
        self._microphone = Microphone(examiner.clock.source)
        self._in_room = MicrophoneInRoom(ctx.room, self._microphone, self._student)
        typed = examiner.context.profile.typed
        self._admission = Admission(voice, self._page.notify, hearing=not typed)
        self._conversation = Conversation(
            examiner,
            voice,
            turn_end,
            notify=self._page.notify,
            microphone=None if typed else self._microphone,
            grace_s=settings.student_grace_s,
            admitted=self._admission,
        )
        self._heartbeat = Heartbeat(
            examiner.clock.source, on_lost=self._on_silent, on_back=self._on_line_back
        )
        self._pressed: set[CommandName] = set()
        context = examiner.context
        self._deadline_s = deadline_s(settings, context.paper, context.profile)
        self.ending: Ending = "left"
        self._sound_lost = False
        self._closed = asyncio.Event()
        self._farewell = False
        self._running: set[asyncio.Task[None]] = set()

    async def hold(self) -> None:
        """From joining the room to the farewell, or until nothing can go on here."""
        room = self._ctx.room
        room.on("disconnected", lambda _: self._closed.set())
        room.on("participant_disconnected", self._on_left)
        room.on("reconnecting", self._conversation.line_lost)
        room.on("reconnected", self._on_line_back)
        await self._ctx.connect()
        self._in_room.look(self._ctx.room)
        self._answer_page()
        self._show()
        typed = self._examiner.context.profile.typed
        await self._session.start(
            self._voice,
            room=self._ctx.room,
            room_options=room_options(self._on_typed if typed else None, self._student),
            session_host=False,
            record=False,
        )
        assert self._session.input.audio is not None
        self._session.input.audio = MicrophoneAudio(
            self._session.input.audio,
            hear=self._hear,
            present=lambda: (
                self._conversation.present and not typed and not self._microphone.plugged
            ),
        )
        self._voice.attach(self._recorder)
        self._admission.begin()
        self._session.on("agent_state_changed", lambda _: self._show())
        self._session.on("close", lambda _: self._closed.set())
        report_waits(self._session, self._examiner.clock.source, reply_waited)
        self._examiner.on_commit(self._on_kept)
        held = asyncio.create_task(self._conversation.hold())
        await first_of(
            asyncio.wait((held,)),
            self._closed.wait(),
            self._hold.lost.wait(),
            self._heartbeat.watch(),
            self._late(),
        )
        self._admission.end()
        if not held.done():
            held.cancel()
            await asyncio.gather(held, return_exceptions=True)
        else:
            await self._end(held)
        await self._session.aclose()
        if self._recorder is not None:
            await self._recorder.aclose()

    def _hear(self, frame: rtc.AudioFrame) -> None:
        self._microphone.hear(frame)
        if self._recorder is not None:
            self._recorder.hear(frame)

    async def _late(self) -> None:
        await deadline(self._examiner.sitting.id, self._deadline_s)
        self.ending = "deadline"

    async def _end(self, held: asyncio.Task[bool]) -> None:
        if (error := held.exception()) is not None:
            await self._explain(error)
            return
        if held.result():
            self.ending = "finished"
            self._farewell = True
            self._page.show(View(phase="finished"))
            await self._page.shown()
            await asyncio.sleep(FAREWELL_S)
        else:
            logger.warning("sitting %s: the student stayed away", self._examiner.sitting.id)
            await self._examiner.abandon()
            self.ending = "abandoned"
        await self._ctx.api.room.delete_room(api.DeleteRoomRequest(room=self._ctx.room.name))

    async def _explain(self, error: BaseException) -> None:
        """Nothing is said as recorded that is not: the clock stops and the student is told."""
        if isinstance(error, ExceptionGroup) and error.subgroup(StaleFence):
            # Another examiner is in the room, or on the way to it: this one is silent.
            self._hold.lost.set()
            return
        self.ending = "failed"
        logger.error("sitting %s stopped", self._examiner.sitting.id, exc_info=error)
        self._examiner.hold_clock()
        await self._session.interrupt(force=True)
        await self._page.notify(protocol.EXAMINER_STOPPED)

    def _answer_page(self) -> None:
        self._page.on(protocol.RPC_READY, self._on_ready)
        self._page.on(protocol.RPC_DONE, self._on_done)
        self._page.on_packet(protocol.TYPING_TOPIC, self._voice.floor.stir)
        self._page.on_packet(protocol.HERE_TOPIC, self._heartbeat.beat)
        self._turn_end.on_held = lambda: self._run(self._page.notify(protocol.PRESS_DONE))
        buttons: dict[str, CommandName] = {
            protocol.RPC_REPEAT: "repeat",
            protocol.RPC_SKIP: "skip",
            protocol.RPC_PAUSE: "pause",
            protocol.RPC_END: "end",
        }
        for method, name in buttons.items():
            self._page.on(method, partial(self._on_button, name))

    async def _on_button(self, name: CommandName) -> None:
        """Answers the page at once: a sentence of the student's may have to end first. Whoever
        presses again before that has pressed once."""
        if name not in self._pressed:
            self._pressed.add(name)
            self._run(self._press(name))

    async def _press(self, name: CommandName) -> None:
        try:
            await self._conversation.press(name)
        finally:
            self._pressed.discard(name)

    async def _on_ready(self) -> None:
        if self._recorder is not None:
            self._recorder.begin()
            self._run(self._recorder.check_consent())
        self._conversation.student_ready()
        self._show()

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._student:
            self._heartbeat.forget()
            self._on_silent()

    def _on_silent(self) -> None:
        self._conversation.student_left()
        self._show()

    def _on_line_back(self) -> None:
        if self._student in self._ctx.room.remote_participants:
            self._conversation.student_ready()

    async def _on_done(self) -> None:
        self._turn_end.ask()

    async def _on_typed(self, _: AgentSession[None], event: room_io.TextInputEvent) -> None:
        answer, cut = typed_answer(event.text)
        if cut:
            await self._page.notify(protocol.TYPED_TOO_LONG)
        await self._conversation.typed(answer)

    def _on_kept(self, state: Kept) -> None:
        self._show()
        if state["phase"] == "finished" and self._examiner.context.learning:
            self._sum_up(state)
        was_lost, self._sound_lost = self._sound_lost, state["sound_lost"]
        notices = protocol.ENDED if was_lost and not self._sound_lost else ()
        if not self._sound_lost:
            notices += tuple(
                protocol.OF_FLAGS[flag]
                for flag in self._examiner.flags
                if flag in protocol.OF_FLAGS
            )
        for notice in notices:
            self._run(self._page.notify(notice))

    def _sum_up(self, state: Kept) -> None:
        paper = self._examiner.context.paper
        summed = summary(paper, state["order"], state["statuses"], state["answers"])
        self._run(self._page.sum_up(protocol.encode_summary(summed)))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _show(self) -> None:
        if self._farewell:
            return
        examiner = self._examiner
        self._page.show(
            view(
                examiner.state,
                examiner.context,
                self._session.agent_state,
                examiner.clock,
            )
        )
