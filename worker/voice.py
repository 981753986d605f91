"""The examiner's ears and mouth in an AgentSession: hooks of the framework to events and back.

`llm_node` and `session.say` only read what the sitting's task has for a turn; nothing here decides
what is said.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine
from typing import Any, Self, cast

from livekit import rtc
from livekit.agents import (
    Agent,
    AgentSession,
    ConversationItemAddedEvent,
    ModelSettings,
    SpeechCreatedEvent,
    UserStateChangedEvent,
    llm,
    stt,
)
from livekit.agents.types import NOT_GIVEN

from exam_graph.events import Event, SoundLost, StudentSpoke
from worker.deepgram_flux import WatchedRecogniser
from worker.ears import Ears
from worker.examiner import Examiner
from worker.excuses import Excuses
from worker.floor import Floor
from worker.hearing import Hearing
from worker.listening import Listening
from worker.mouth import Mouth, UnspokenError
from worker.playback import UTTERANCE, PlaybackMonitor
from worker.recording.recorder import Recorder
from worker.stable import with_stable_guesses
from worker.turn import Heard, Mark, Turn
from worker.turn_end import TurnEnd

logger = logging.getLogger(__name__)

#: How long the notes for the record may take when the session closes, in seconds.
NOTES_S = 2.0
#: A recogniser takes about so long to notice that somebody speaks, in seconds.
NOTICED_S = 0.5


class Spoken(str):
    """An utterance as a chunk of text: shown as it is, and spoken as its `say`."""

    mark: Mark

    def __new__(cls, mark: Mark) -> Self:
        spoken = super().__new__(cls, f"{mark.utterance.text} ")
        spoken.mark = mark
        return spoken


class Voice(Agent):
    """One per sitting. Typed and played turns all come from `examiner`."""

    def __init__(
        self,
        examiner: Examiner,
        turn_end: TurnEnd,
        mouth: Mouth | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(instructions="")
        clock = examiner.clock.source
        self._examiner = examiner
        self._turn_end = turn_end
        self._excuses = Excuses(examiner)
        self.mouth = mouth or Mouth()
        self.mouth.on_failure = self._excuses.voice_failed
        self.listening = Listening(
            clock,
            on_failure=self._excuses.recogniser_failed,
            on_change=self._excuses.hears,
            sleep=sleep,
        )
        self._monitor: PlaybackMonitor | None = None
        self._attached: AgentSession[None] | None = None
        self._recorder: Recorder | None = None
        self._certain: tuple[str, Turn] | None = None
        self._hearing = Hearing()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.floor = Floor(clock, self._busy)
        self.ears = Ears(
            clock,
            on_change=self.floor.wake,
            on_draft=self._keep_draft,
            on_words=self._overhear,
        )

    def attach(self, recorder: Recorder | None = None) -> None:
        """Puts the playback monitor before the session's audio output. After `session.start`."""
        session = self._attached = self.session
        output = session.output.audio
        assert output is not None
        self._recorder = recorder
        if recorder is None:
            self._monitor = PlaybackMonitor(output, self._on_heard)
        else:
            tap = recorder.tap(output)
            self._monitor = PlaybackMonitor(tap, self._on_heard, recorder.place_said)
        session.output.audio = self._monitor
        session.on("conversation_item_added", self._forget)
        session.on("agent_state_changed", lambda _: self.floor.wake())
        session.on("user_state_changed", self._on_user_state)
        session.on("speech_created", self._follow_speech)
        session.on("error", self._excuses.tried_again)

    async def act(self, event: Event) -> Turn:
        """Submits an event that is not the student's speech, and says what comes of it."""
        turn = self._examiner.submit(event)
        if self._recorder is not None:
            turn.place = self._recorder.place(self._examiner.clock.source.now())
        return await self.speak(turn)

    async def speak(self, turn: Turn) -> Turn:
        """Says a turn's utterances, if it has any; returns when they are queued to be played."""
        self._hearing.follow(turn)
        event = turn.event
        # Who speaks and is not understood would never be silent for the examiner to say so.
        aloud = isinstance(event, SoundLost) and event.cause == "recogniser"
        may_interrupt = False if aloud else NOT_GIVEN
        async for _ in turn.marks():
            self.session.say(
                self._spoken(turn), add_to_chat_ctx=False, allow_interruptions=may_interrupt
            )
            break
        return turn

    def tell(self, aside: Turn) -> None:
        """Says something beside the exam."""
        self.session.say(self._spoken(aside), add_to_chat_ctx=False)

    async def hush(self) -> None:
        """Cuts off what is being said, because something else is to be said at once."""
        await self.session.interrupt(force=True)
        self._submit_unheard()

    async def quiet(self) -> None:
        """Waits until neither speaks and no turn is open."""
        await self.floor.until(self._is_quiet)

    async def said_last(self) -> None:
        """Waits until the last turn was played to its end, and whoever spoke over it is done."""
        await self.floor.until(
            lambda: (
                self._is_quiet()
                and ((turn := self._hearing.last) is None or self._hearing.played(turn))
            )
        )

    async def student_silent(self) -> None:
        """Waits until no turn of the student's is open."""
        await self.floor.until(lambda: not self.ears.open)

    # -- hooks of the framework --

    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncGenerator[stt.SpeechEvent | str, None]:
        if self._examiner.context.profile.typed:
            # There may never be a microphone, and a recogniser closes on who sends nothing.
            audio = await _begun(audio)
        heard = self.listening.hear(cast(WatchedRecogniser, self.session.stt), audio)
        async for event in with_stable_guesses(self._turn_end.watch(heard)):
            self.ears.note(event)
            yield event

    async def on_user_turn_completed(
        self, turn_ctx: llm.ChatContext, new_message: llm.ChatMessage
    ) -> None:
        self._submit_unheard()
        began = self.ears.began
        words, duration_ms = self.ears.take()
        event = StudentSpoke(
            text=new_message.text_content or "",
            words=words,
            confidence=new_message.transcript_confidence,
            duration_ms=duration_ms,
            fault=self.listening.take_fault(),
        )
        turn, reused = self._examiner.student_spoke(event)
        if self._recorder is not None and began is not None:
            turn.place = self._recorder.place(began - NOTICED_S)
        # The framework may have dropped its own guess although ours holds: then it asks for the
        # reply to this message.
        self._certain = (new_message.id, turn)
        if not reused:
            # Whatever the framework prepared from a guess belongs to another state of the exam;
            # a changed context makes it ask again.
            turn_ctx.add_message(role="system", content=f"turn {id(turn)}")
        self._hearing.follow(turn)
        self.floor.wake()

    async def on_exit(self) -> None:
        """The session closes: what was played may still have to be noted."""
        await self.mouth.aclose()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=NOTES_S)
            for task in late:
                task.cancel()

    async def llm_node(
        self, chat_ctx: llm.ChatContext, tools: list[llm.Tool], model_settings: ModelSettings
    ) -> AsyncGenerator[Spoken, None]:
        message = _last_message(chat_ctx)
        if self._certain is not None and self._certain[0] == message.id:
            turn = self._certain[1]
        else:
            self._submit_unheard()
            spoken = StudentSpoke(
                text=message.text_content or "", duration_ms=self.ears.elapsed_ms()
            )
            turn = self._examiner.guess(spoken)
        async for chunk in self._spoken(turn):
            yield chunk

    async def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        async for chunk in text:
            assert isinstance(chunk, Spoken)
            mark, seconds = chunk.mark, 0.0
            try:
                async for frame in self.mouth.speak(mark.utterance, self, model_settings):
                    frame.userdata[UTTERANCE] = mark
                    seconds += frame.duration
                    yield frame
            except UnspokenError:
                mark.turn.unspoken.add(mark.position)
                self.floor.wake()
                continue
            finally:
                if self.mouth.trouble() is None:
                    self._excuses.voice_speaks()
            if self._monitor is not None:
                self._monitor.synthesised(mark, seconds)

    # -- inside --

    async def _spoken(self, turn: Turn) -> AsyncGenerator[Spoken, None]:
        async for mark in turn.marks():
            yield Spoken(mark)

    def _on_heard(self, heard: Heard) -> None:
        self._hearing.note(heard)
        self._in_background(self._examiner.note_heard(heard))
        self.floor.wake()

    def _on_user_state(self, change: UserStateChangedEvent) -> None:
        self.listening.hear_voice(speaking=change.new_state == "speaking")
        self.floor.wake()

    def _submit_unheard(self) -> None:
        """Tells of what was said and not heard to its end."""
        if (cut_off := self._hearing.cut_off()) is not None:
            self._examiner.submit(cut_off)

    def _forget(self, added: ConversationItemAddedEvent) -> None:
        """The framework's own history is of no use to an exam, and would grow with it."""
        if isinstance(added.item, llm.ChatMessage) and added.item.role == "assistant":
            self._in_background(self.update_chat_ctx(llm.ChatContext.empty()))

    def _follow_speech(self, created: SpeechCreatedEvent) -> None:
        created.speech_handle.add_done_callback(lambda _: self.floor.wake())

    def _overhear(self, words: str) -> None:
        self._examiner.overhear(StudentSpoke(text=words, duration_ms=self.ears.elapsed_ms()))

    def _keep_draft(self, text: str) -> None:
        self._in_background(self._examiner.keep_draft(text))

    def _is_quiet(self) -> bool:
        if self._attached is None:
            return not self.ears.open
        turn, speech = self._hearing.last, self._attached.current_speech
        return (
            not self.ears.open
            and self._attached.agent_state == "listening"
            # A voice that was made to pause "listens", and may go on.
            and (speech is None or speech.done())
            and (turn is None or turn.committed.done())
        )

    def _busy(self) -> bool:
        heard = self._attached is not None and self._attached.user_state == "speaking"
        return heard or not self._is_quiet()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a note for the record was not kept: %s", type(error).__name__)


async def _begun(audio: AsyncIterable[rtc.AudioFrame]) -> AsyncIterable[rtc.AudioFrame]:
    """The same audio, once it has begun."""
    frames = aiter(audio)
    first = await anext(frames, None)

    async def all_frames() -> AsyncGenerator[rtc.AudioFrame, None]:
        if first is not None:
            yield first
        async for frame in frames:
            yield frame

    return all_frames()


def _last_message(chat_ctx: llm.ChatContext) -> llm.ChatMessage:
    """The student's words that a reply is wanted for; the framework asks for no other reply."""
    return next(
        item
        for item in reversed(chat_ctx.items)
        if isinstance(item, llm.ChatMessage) and item.role == "user"
    )
