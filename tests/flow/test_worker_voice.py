"""The examiner in a real AgentSession, its ears and mouth scripted: what is heard, said, shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.agents import AgentSession
from livekit.agents.vad import VAD

from exam_graph.paper import Paper
from exam_graph.rules import RulesUnderstanding
from records.model import Sitting, TurnRecord
from tests.flow.conftest import CELLS, Hall, HandClock, eventually
from tests.stand_ins.speech import Captions, Loudspeaker, NoModel, ScriptedEars, SilentVoice
from worker import speech
from worker.conversation import Conversation
from worker.examiner import Examiner
from worker.settings import Settings
from worker.voice import Voice
from worker.warmup import Warm

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"
SECOND = "Which particle carries a negative charge?"
OPTIONS = "A: Proton. B: e⁻."
ANSWER = "It makes atp by respiration."


@dataclass
class Room:
    """A student who hears and is heard, without a room."""

    hall: Hall
    sitting: Sitting
    examiner: Examiner
    voice: Voice
    conversation: Conversation
    session: AgentSession[None]
    ears: ScriptedEars
    mouth: SilentVoice
    loudspeaker: Loudspeaker
    captions: Captions
    holding: asyncio.Task[None]

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
async def _room(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    ears, mouth = ScriptedEars(), SilentVoice()
    deepgram = SimpleNamespace(STTv2=lambda **_: ears, TTS=lambda **_: mouth)
    monkeypatch.setattr(speech, "deepgram", deepgram)
    warm = Warm(cast(VAD, None), hall.graph, cast(Any, NoModel()), RulesUnderstanding())
    session = speech.build_session(Settings(), Paper.from_dict(CELLS), warm)
    session.options.session_close_transcript_timeout = 0.01
    loudspeaker, captions = Loudspeaker(), Captions()
    session.output.audio = loudspeaker
    session.output.transcription = captions
    sitting = await hall.sitting()
    async with hall.examiner(sitting, clock=HandClock()) as examiner:
        voice = Voice(examiner)
        await session.start(voice, session_host=False, record=False)
        voice.attach()
        conversation = Conversation(examiner, voice)
        holding = asyncio.create_task(conversation.hold())
        try:
            yield Room(
                *(hall, sitting, examiner, voice, conversation, session),
                *(ears, mouth, loudspeaker, captions, holding),
            )
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            await session.aclose()


async def test_a_whole_exam_aloud(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        assert room.captions.replies[-1].endswith(f"Question 1 of 4. {FIRST}")
        assert (await room.says(ANSWER)).endswith(f"Question 2 of 4. {SECOND} {OPTIONS}")
        assert (await room.says("Could you repeat that?")) == f"{SECOND} {OPTIONS}"
        assert (await room.says("B.")).endswith("What is 3² + 1?")
        await room.says("Ten.")
        assert len(room.voice.chat_ctx.items) <= 2, "the framework's history does not grow"
        room.ears.says("Water, gases, but no ions.")
        async with asyncio.timeout(5):
            await room.holding
        turns = await room.turns()
    assert "What is three squared plus one?" in room.mouth.said, "spoken as `say`"
    assert "A: Proton. B: the electron." in room.mouth.said
    assert room.mouth.said.count(FIRST) == 1
    answers = await hall.records.answers(room.sitting.id)
    assert [each.text for each in answers] == [ANSWER, "B.", "Ten.", "Water, gases, but no ions."]
    spoken = [each for turn in turns for each in turn.utterances]
    assert all(each.whole for each in spoken), "all was heard, and that is in the record"
    assert [each.say for each in spoken] == room.mouth.said


async def test_a_guess_that_comes_true_is_the_reply(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts("It makes")
        room.ears.seems_done("It makes ATP by respiration")
        await eventually(lambda: SECOND in room.mouth.said)
        assert len(await room.turns()) == 3, "a guess is in no record"
        room.ears.ends(ANSWER)
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        assert room.mouth.said.count(SECOND) == 1, "synthesised once, ahead"
        turns = await room.turns()
        assert len(turns) == 4
        assert turns[-1].text == ANSWER


async def test_a_guess_that_does_not_come_true_is_never_heard(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts("Let us skip this one.")
        room.ears.seems_done("Let us skip this one.")
        await eventually(lambda: SECOND in room.mouth.said)
        room.ears.goes_on("Let us skip this one. No, it is about respiration.")
        room.ears.ends("No, it is about respiration.")
        assert (await room.replied(4)).endswith("Where does the energy end up?")
        turns = await room.turns()
        assert [turn.text for turn in turns[3:]] == ["No, it is about respiration."]
        assert room.examiner.state["statuses"]["mitochondria"] == "answered"
        assert room.examiner.state["position"] == 0


async def test_a_guess_the_framework_dropped_is_answered_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TurnResumed, other words, and at the end of turn the first words after all."""
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts(ANSWER)
        room.ears.seems_done(ANSWER)
        await eventually(lambda: SECOND in room.mouth.said)
        room.ears.goes_on(f"{ANSWER} Hm")
        room.ears.ends(ANSWER)
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        assert room.examiner.state["position"] == 1
        assert (await room.says("Could you repeat that?")) == f"{SECOND} {OPTIONS}"
        assert len(await room.turns()) == 5


async def test_a_question_talked_over_is_asked_again_whole(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.loudspeaker.holds, room.loudspeaker.played = True, 0.3
        room.ears.says(ANSWER)
        await eventually(lambda: room.loudspeaker.loaded)
        room.loudspeaker.holds = False
        room.ears.says("I would say B.")
        again = await room.replied(5)
        assert again == f"Let me ask the whole question again. {SECOND} {OPTIONS}"
        turns = await room.turns()
        assert [turn.event["type"] for turn in turns[3:]] == [
            *("student_spoke", "not_heard", "student_spoke")
        ]
        assert [each.whole for each in turns[3].utterances] == [True, False, False, False]
        answer = (await hall.records.answers(room.sitting.id))[1]
        assert (answer.text, answer.flags) == ("I would say B.", ["talked_over"])


async def test_a_button_cuts_the_examiner_off(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.loudspeaker.holds = True
        room.ears.says(ANSWER)
        await eventually(lambda: room.loudspeaker.loaded)
        room.loudspeaker.holds = False
        await room.conversation.press("repeat")
        assert (await room.replied(5)) == f"{SECOND} {OPTIONS}"
        assert room.examiner.state["heard"]
        await room.conversation.press("skip")
        assert (await room.replied(6)).endswith("What is 3² + 1?")


async def test_a_skip_is_for_the_question_at_which_it_was_pressed(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts(ANSWER)
        await eventually(lambda: not room.voice._student_done())
        pressed = asyncio.create_task(room.conversation.press("skip"))
        room.ears.ends(ANSWER)
        await pressed
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        async with asyncio.TaskGroup() as clicks:
            for _ in range(3):
                clicks.create_task(room.conversation.press("skip"))
        assert (await room.replied(5)).endswith("What is 3² + 1?")
        assert room.examiner.state["statuses"] == {
            "mitochondria": "answered",
            "charge": "skipped",
            "square": "open",
            "membrane": "open",
        }


async def test_words_not_yet_certain_are_kept_as_a_draft(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.voice._draft_kept_at = 0.0
        room.ears.starts("It makes atp")
        await eventually(lambda: not room.voice._student_done() and not room.voice._tasks)
        draft = await hall.records.draft(room.sitting.id)
        assert draft is not None
        assert (draft.question_id, draft.text) == ("mitochondria", "It makes atp")
        room.ears.goes_on("It makes atp by")
        room.ears.ends(ANSWER)
        await room.replied(4)
        assert await hall.records.draft(room.sitting.id) is None
        assert len(await room.turns()) == 4


async def test_noise_without_words_stops_nothing(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts("")
        room.ears.ends("")
        await room.settled()
        async with asyncio.timeout(5):
            await room.conversation.press("skip")
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        assert len(await room.turns()) == 4


async def test_a_student_who_comes_back_is_welcomed(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.conversation.student_left()
        assert not room.examiner.clock.running
        room.conversation.student_ready()
        assert (await room.replied(4)) == f"Welcome back. We were on question 1 of 4. {FIRST}"
        assert room.examiner.clock.running


async def test_a_page_that_is_ready_twice_is_greeted_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _room(hall, monkeypatch) as room:
        for _ in range(3):
            room.conversation.student_ready()
            await asyncio.sleep(0)
        await room.replied(1)
        room.conversation.student_ready()
        await room.settled()
        assert len(await room.turns()) == 1
