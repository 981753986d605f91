"""The examiner's ears and mouth in an AgentSession: hooks of the framework to events and back.

`llm_node` and `session.say` only read what the sitting's task has for a turn; nothing here decides
what is said.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine
from typing import Any, Self

from livekit import rtc
from livekit.agents import Agent, ConversationItemAddedEvent, ModelSettings, llm, stt

from exam_graph.events import Event, StudentSpoke, Word
from worker.examiner import Examiner
from worker.hearing import Hearing
from worker.playback import UTTERANCE, PlaybackMonitor
from worker.turn import Heard, Mark, Turn

logger = logging.getLogger(__name__)

#: While a student speaks, the words so far are kept this often, in seconds.
DRAFT_EVERY_S = 5.0
#: How long the notes for the record may take when the session closes, in seconds.
NOTES_S = 2.0

_SPEECH = (
    stt.SpeechEventType.START_OF_SPEECH,
    stt.SpeechEventType.INTERIM_TRANSCRIPT,
    stt.SpeechEventType.PREFLIGHT_TRANSCRIPT,
)


class Spoken(str):
    """An utterance as a chunk of text: shown as it is, and spoken as its `say`."""

    mark: Mark

    def __new__(cls, mark: Mark) -> Self:
        spoken = super().__new__(cls, f"{mark.utterance.text} ")
        spoken.mark = mark
        return spoken


class Voice(Agent):
    """One per sitting. Typed and played turns all come from `examiner`."""

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(instructions="")
        self._examiner = examiner
        self._monitor: PlaybackMonitor | None = None
        self._words: list[Word] = []
        self._certain: tuple[str, Turn] | None = None
        self._hearing = Hearing()
        self._student_speaks = False
        self._transcribed = False
        self._changed = asyncio.Event()
        self._draft_kept_at = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    def attach(self) -> None:
        """Puts the playback monitor before the session's audio output. After `session.start`."""
        assert self.session.output.audio is not None
        self._monitor = PlaybackMonitor(self.session.output.audio, self._on_heard)
        self.session.output.audio = self._monitor
        self.session.on("conversation_item_added", self._forget)
        self.session.on("agent_state_changed", lambda _: self.wake())
        self.session.on("user_state_changed", lambda _: self.wake())

    async def act(self, event: Event) -> Turn:
        """Submits an event that is not the student's speech, and says what comes of it."""
        return await self.speak(self._examiner.submit(event))

    async def speak(self, turn: Turn) -> Turn:
        """Says a turn's utterances, if it has any; returns when they are queued to be played."""
        self._hearing.follow(turn)
        async for _ in turn.marks():
            self.session.say(self._spoken(turn), add_to_chat_ctx=False)
            break
        return turn

    async def hush(self) -> None:
        """Cuts off what is being said, because the student pressed a button."""
        await self.session.interrupt()
        self._submit_unheard()

    async def quiet(self) -> None:
        """Waits until neither speaks and no turn is open."""
        await self.until(
            lambda: (
                self.session.agent_state == "listening"
                and self._student_done()
                and ((turn := self._hearing.last) is None or turn.committed.done())
            )
        )

    async def said_last(self) -> None:
        """Waits until the last turn was played to its end, or something else took its place."""
        turn = self._hearing.last
        await self.until(
            lambda: turn is None or self._hearing.last is not turn or self._hearing.played(turn)
        )

    async def student_silent(self) -> None:
        """Waits until no turn of the student's is open."""
        await self.until(self._student_done)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that changes with who speaks, or that `wake` announces."""
        while not condition():
            await self._changed.wait()

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # -- hooks of the framework --

    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncGenerator[stt.SpeechEvent | str, None]:
        async for event in Agent.default.stt_node(self, audio, model_settings):
            if isinstance(event, stt.SpeechEvent):
                self._note_speech(event)
            yield event

    async def on_user_turn_completed(
        self, turn_ctx: llm.ChatContext, new_message: llm.ChatMessage
    ) -> None:
        self._submit_unheard()
        words, self._words = tuple(self._words), []
        event = StudentSpoke(
            text=new_message.text_content or "",
            words=words,
            confidence=new_message.transcript_confidence,
        )
        turn, reused = self._examiner.student_spoke(event)
        # The framework may have dropped its own guess although ours holds: then it asks for the
        # reply to this message.
        self._certain = (new_message.id, turn)
        if not reused:
            # Whatever the framework prepared from a guess belongs to another state of the exam;
            # a changed context makes it ask again.
            turn_ctx.add_message(role="system", content=f"turn {id(turn)}")
        self._hearing.follow(turn)
        self._student_speaks = self._transcribed = False
        self.wake()

    async def on_exit(self) -> None:
        """The session closes: what was played may still have to be noted."""
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
            turn = self._examiner.guess(StudentSpoke(text=message.text_content or ""))
        async for chunk in self._spoken(turn):
            yield chunk

    async def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        async for chunk in text:
            assert isinstance(chunk, Spoken)
            say = _once(chunk.mark.utterance.say)
            seconds = 0.0
            async for frame in Agent.default.tts_node(self, say, model_settings):
                frame.userdata[UTTERANCE] = chunk.mark
                seconds += frame.duration
                yield frame
            if self._monitor is not None:
                self._monitor.synthesised(chunk.mark, seconds)

    # -- inside --

    async def _spoken(self, turn: Turn) -> AsyncGenerator[Spoken, None]:
        async for mark in turn.marks():
            yield Spoken(mark)

    def _on_heard(self, heard: Heard) -> None:
        self._hearing.note(heard)
        self._in_background(self._examiner.note_heard(heard))
        self.wake()

    def _submit_unheard(self) -> None:
        """Tells of a question that was not heard to its end."""
        if (cut_off := self._hearing.cut_off()) is not None:
            self._examiner.submit(cut_off)

    def _forget(self, added: ConversationItemAddedEvent) -> None:
        """The framework's own history is of no use to an exam, and would grow with it."""
        if isinstance(added.item, llm.ChatMessage) and added.item.role == "assistant":
            self._in_background(self.update_chat_ctx(llm.ChatContext.empty()))

    def _note_speech(self, event: stt.SpeechEvent) -> None:
        if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
            for alternative in event.alternatives[:1]:
                self._transcribed = self._transcribed or bool(alternative.text)
                self._words.extend(_words(alternative))
        elif event.type is stt.SpeechEventType.END_OF_SPEECH and not self._transcribed:
            # Noise: the framework makes no turn of it.
            self._student_speaks = False
            self.wake()
        elif event.type in _SPEECH:
            self._student_speaks = True
            self.wake()
            if event.alternatives:
                self._keep_draft(event.alternatives[0].text)

    def _keep_draft(self, text: str) -> None:
        now = time.monotonic()
        if text and now - self._draft_kept_at >= DRAFT_EVERY_S:
            self._draft_kept_at = now
            self._in_background(self._examiner.keep_draft(text))

    def _student_done(self) -> bool:
        return not self._student_speaks

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a note for the record was not kept: %s", type(error).__name__)


async def _once(text: str) -> AsyncGenerator[str, None]:
    yield text


def _last_message(chat_ctx: llm.ChatContext) -> llm.ChatMessage:
    """The student's words that a reply is wanted for; the framework asks for no other reply."""
    return next(
        item
        for item in reversed(chat_ctx.items)
        if isinstance(item, llm.ChatMessage) and item.role == "user"
    )


def _words(alternative: stt.SpeechData) -> list[Word]:
    return [
        Word(
            word=str(word),
            start_ms=round(float(word.start_time or 0) * 1000),
            end_ms=round(float(word.end_time or 0) * 1000),
            confidence=float(word.confidence or 0),
        )
        for word in alternative.words or []
    ]
