"""A student who hears and is heard in a real AgentSession, whose ears and mouth are scripted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.agents import AgentSession
from livekit.agents.vad import VAD

from exam_graph.understanding import Understanding
from records.model import Sitting, TurnRecord
from records.notice import Notice
from tests.flow.conftest import CELLS, Hall, HandClock, eventually
from tests.stand_ins.speech import Captions, Loudspeaker, ScriptedEars, SilentVoice
from worker import speech
from worker.conversation import Conversation
from worker.examiner import Examiner
from worker.microphone import Microphone
from worker.mouth import Mouth
from worker.no_model import NoModel
from worker.recording.opening import open_recorder
from worker.recording.recorder import Recorder
from worker.settings import Settings
from worker.turn_end import TurnEnd
from worker.voice import Voice
from worker.warmup import Warm

#: In real time, which a test would wait for.
VOICE_TIMEOUT_S = 0.2


class Voices:
    """The examiner's voices, one for each speed; `said` in the order of speaking."""

    def __init__(self) -> None:
        self.speeds: list[float | None] = []
        self.said: list[str] = []
        self.said_at: list[float | None] = []
        self._voices: list[SilentVoice] = []

    @property
    def usual(self) -> SilentVoice:
        """The session's own."""
        return self._voices[0]

    def make(self, *, speed: float | None, **_: Any) -> SilentVoice:
        self.speeds.append(speed)
        self._voices.append(SilentVoice(on_say=lambda text: self._say(text, speed)))
        return self._voices[-1]

    def _say(self, text: str, speed: float | None) -> None:
        self.said.append(text)
        self.said_at.append(speed)


@dataclass
class Room:
    """A student who hears and is heard, without a room.

    clock: the examiner's, moved by hand; microphone: `None` is not watched
    notices: what the page was told; recorder: of a student who agreed to it
    """

    hall: Hall
    sitting: Sitting
    examiner: Examiner
    voice: Voice
    conversation: Conversation
    session: AgentSession[None]
    ears: ScriptedEars
    mouth: Voices
    loudspeaker: Loudspeaker
    captions: Captions
    holding: asyncio.Task[bool]
    turn_end: TurnEnd
    clock: HandClock
    microphone: Microphone
    notices: list[Notice] = field(default_factory=list)
    recorder: Recorder | None = None

    async def replied(self, count: int) -> str:
        """The caption of the reply that makes it so many, once all is quiet again."""
        await eventually(lambda: len(self.captions.replies) >= count)
        await self.settled()
        assert len(self.captions.replies) == count
        return self.captions.replies[-1]

    async def settled(self) -> None:
        async with asyncio.timeout(5):
            await self.voice.quiet()

    async def says(self, text: str) -> str:
        """A turn without a guess, and the caption of the reply."""
        count = len(self.captions.replies)
        self.ears.says(text)
        return await self.replied(count + 1)

    async def to_first_question(self) -> None:
        self.conversation.student_ready()
        await self.replied(1)
        await self.says("I see a window.")
        await self.says("Bread and tea.")

    async def turns(self) -> list[TurnRecord]:
        """The record, with how much was heard."""
        await eventually(lambda: not self.voice._tasks)
        return await self.hall.records.turns(self.sitting.id)


@asynccontextmanager
async def exam_room(
    hall: Hall,
    monkeypatch: pytest.MonkeyPatch,
    *,
    paper: dict[str, Any] = CELLS,
    profile: dict[str, Any] | None = None,
    understanding: Understanding | None = None,
    watched: bool = False,
    fallback: SilentVoice | None = None,
    recording: bool = False,
) -> AsyncIterator[Room]:
    """An exam that waits for its student. `watched`: the microphone is. `recording`: the student
    agreed to it."""
    ears, voices = ScriptedEars(), Voices()
    monkeypatch.setattr(speech, "build_recogniser", lambda *_: ears)
    monkeypatch.setattr(speech, "deepgram", SimpleNamespace(TTS=voices.make))
    warm = Warm(cast(VAD, None), hall.graph, NoModel(), cast(Any, None))
    loudspeaker, captions, clock = Loudspeaker(), Captions(), HandClock()
    sitting = await hall.sitting(paper=paper, profile=profile, recording=recording)
    async with hall.examiner(sitting, clock=clock, understanding=understanding) as examiner:
        settings, context = Settings(), examiner.context
        session = speech.build_session(settings, context, examiner.state, warm)
        session.options.session_close_transcript_timeout = 0.01
        session.output.audio = loudspeaker
        session.output.transcription = captions
        turn_end = TurnEnd(ears, examiner.state, context)
        slow = speech.build_voice(settings, context.profile, slow=True)
        mouth = Mouth(slow, fallback=fallback, timeout_s=VOICE_TIMEOUT_S)
        voice = Voice(examiner, turn_end, mouth, sleep=clock.sleep)
        await session.start(voice, session_host=False, record=False)
        fence = (await _newest(hall, sitting)).fence
        recorder = await open_recorder(sitting, fence, hall.records, clock)
        voice.attach(recorder)
        microphone = Microphone(clock)
        microphone.published("mic", muted=False)
        notices: list[Notice] = []

        async def notify(notice: Notice) -> None:
            notices.append(notice)

        conversation = Conversation(
            examiner,
            voice,
            turn_end,
            notify=notify,
            microphone=microphone if watched else None,
            sleep=clock.sleep,
        )
        holding = asyncio.create_task(conversation.hold())
        try:
            yield Room(
                *(hall, sitting, examiner, voice, conversation, session),
                *(ears, voices, loudspeaker, captions, holding),
                *(turn_end, clock, microphone, notices, recorder),
            )
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            await session.aclose()
            if recorder is not None:
                await recorder.aclose()


async def _newest(hall: Hall, sitting: Sitting) -> Sitting:
    found = await hall.records.sitting(sitting.id)
    assert found is not None
    return found
