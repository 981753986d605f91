"""A robot talks as students do: asks again, pauses, interrupts, is silent, muted, out of time."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc
from tenacity import AsyncRetrying, retry_if_exception_type, wait_fixed

from robot_student.invitation import join
from robot_student.report import Report, Turn
from robot_student.robot import Robot
from robot_student.script import load
from robot_student.settings import SpeechSettings
from robot_student.voice import Voice
from tests.conftest import LiveKitServer
from tests.live.hearing import word_error_rate
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.live, pytest.mark.alone, pytest.mark.timeout(420)]

PAPERS = Path(__file__).parent / "papers"
RAIN = "Why does it often rain in the mountains?"
STORKS = (
    "For what reason do many large birds leave the cold countries of the north in the autumn of "
    "every year?"
)
PLANET = "Which of these three planets is the nearest neighbour of the sun?"
OWN = ("--profile", "own_turn_end=true")
TYPED = ("--profile", "typed=true")


@dataclass(frozen=True)
class Taken:
    """An exam that was taken: what the robot noticed, and the record."""

    report: Report
    record: dict[str, Any]

    @property
    def turns(self) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = self.record["turns"]
        return turns

    def answer(self, question: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = [
            each for each in self.record["answers"] if each["question_id"] == question
        ]
        assert len(found) == 1, found
        return found[0]

    def asked(self, words: str) -> list[dict[str, Any]]:
        """Every time these words were spoken."""
        said = [each for turn in self.turns for each in turn["utterances"]]
        return [each for each in said if each["text"] == words]

    def spoke(self, kind: str, question: str) -> Turn:
        """The robot's turn of this kind at a question."""
        return next(
            turn for turn in self.report.turns if (turn.kind, turn.question) == (kind, question)
        )


@dataclass(frozen=True)
class Exams:
    talk: Taken
    pauses: Taken
    own_end: Taken
    short_time: Taken
    typed: dict[str, Any]


@pytest.fixture(scope="module")
def exams(
    livekit_server: LiveKitServer,
    local_providers: str,
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Exams]:
    """All at a time: a robot takes the long exam, others the short ones meanwhile."""
    folder = tmp_path_factory.mktemp("conversation")
    voice = Voice(SpeechSettings(base_url=local_providers))
    with running_stack(livekit_server, local_providers, PAPERS, folder, free_port) as stack:

        async def all_of_them() -> Exams:
            async def short_ones() -> tuple[Taken, Taken]:
                own_end = await _take(stack, voice, "own-end", *OWN)
                return own_end, await _take(stack, voice, "short-time")

            async def typed_and_pauses() -> tuple[dict[str, Any], Taken]:
                typed = await _type(stack, "own-end", "The rivers do it.", "The sun does it.")
                return typed, await _take(stack, voice, "pauses")

            talk, short, (typed, pauses) = await asyncio.gather(
                _take(stack, voice, "talk"), short_ones(), typed_and_pauses()
            )
            return Exams(talk, pauses, short[0], short[1], typed)

        yield asyncio.run(all_of_them())


async def _take(stack: Stack, voice: Voice, exam: str, *profile: str) -> Taken:
    link = await asyncio.to_thread(stack.invite, f"{exam}@example.org", exam, *profile)
    script = load(PAPERS / f"{exam}.robot.yaml")
    report = await Robot(link, script, voice=voice, timeout_s=300).take_exam()
    log = stack.database.with_name("worker-0.log").read_text()
    assert report.completed, f"{report.failure}\n{log}"
    assert report.session_id is not None
    return Taken(report, await asyncio.to_thread(stack.record, report.session_id))


async def _type(stack: Stack, exam: str, *answers: str) -> dict[str, Any]:
    """Takes an exam without a microphone, typing after each of the examiner's turns; the record."""
    link = await asyncio.to_thread(stack.invite, "typist@example.org", exam, *TYPED)
    place = await join(link, recording=False)
    room, over = rtc.Room(), asyncio.Event()
    states: asyncio.Queue[str] = asyncio.Queue()

    def see(changed: dict[str, str], _: rtc.Participant) -> None:
        if state := changed.get("lk.agent.state"):
            states.put_nowait(state)

    room.on("participant_attributes_changed", see)
    room.on("disconnected", lambda _: over.set())
    await room.connect(place.livekit_url, place.token)
    try:
        async with asyncio.timeout(150):
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(rtc.RpcError), wait=wait_fixed(0.25)
            ):
                with attempt:
                    await room.local_participant.perform_rpc(
                        destination_identity="examiner", method="exam.ready", payload=""
                    )
            for text in ("Yes, I can read that.", "I like to read.", *answers):
                for wanted in ("speaking", "listening"):
                    while await states.get() != wanted:
                        pass
                await room.local_participant.send_text(text, topic="lk.chat")
            await over.wait()
    finally:
        await room.disconnect()
    return await asyncio.to_thread(stack.record, place.session_id)


def test_a_repeat_is_the_same_words_as_often_as_asked(exams: Exams) -> None:
    repeats = [
        turn for turn in exams.talk.turns if (turn["understood"] or {}).get("intent") == "repeat"
    ]
    assert [[each["text"] for each in turn["utterances"]] for turn in repeats] == [[RAIN]]


def test_a_pause_after_half_a_sentence_does_not_end_the_answer(exams: Exams) -> None:
    assert not exams.talk.spoke("pause_inside", "rain").cut_off
    answer = exams.talk.answer("rain")
    said = "The wind blows against the mountains and the air rises and cools down."
    assert word_error_rate(said, answer["text"]) <= 0.35, answer["text"]
    assert answer["status"] == "answered"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "wind",
            "The warm air rises because it is lighter, and the cold air flows into the empty "
            "place.",
        ),
        (
            "snow",
            "It looks white because the crystals throw back the light, so that we see every "
            "colour.",
        ),
        (
            "honey",
            "The bees dry the nectar because it is too wet, and they move the air with their wings "
            "because the cells are open.",
        ),
    ],
)
def test_pauses_of_1_to_4_s_in_unfinished_sentences_never_cut_anybody_off(
    exams: Exams, question: str, said: str
) -> None:
    assert exams.pauses.report.cut_offs == 0
    answer = exams.pauses.answer(question)
    assert answer["status"] == "answered"
    assert word_error_rate(said, answer["text"]) <= 0.35, answer["text"]


def test_what_was_talked_over_is_asked_again_whole(exams: Exams) -> None:
    asked = exams.talk.asked(STORKS)
    assert asked[0]["whole"] is False
    assert asked[0]["heard_ms"] > 0
    assert asked[-1]["whole"] is True
    assert "food" in exams.talk.answer("storks")["text"].lower()


def test_a_word_in_between_is_no_answer_and_the_question_is_heard_to_its_end(exams: Exams) -> None:
    assert "okay" not in exams.talk.answer("planet")["text"].lower()
    spoken = [
        each
        for turn in exams.talk.turns
        for each in turn["utterances"]
        if each["question_id"] == "planet" and each["kind"] in ("question", "options", "excerpt")
    ]
    assert spoken[-1]["whole"] is True
    assert spoken[-1]["text"].endswith("Saturn.")


def test_a_choice_by_its_place_is_understood(exams: Exams) -> None:
    assert exams.talk.answer("planet")["value"] == "B"


def test_a_silent_student_is_asked_gently_and_may_still_answer(exams: Exams) -> None:
    silences = [turn for turn in exams.talk.turns if turn["event"]["type"] == "silence"]
    at_bread = [turn for turn in silences if turn["question_id"] == "bread"]
    assert [turn["event"]["level"] for turn in at_bread] == [1]
    assert "gas" in exams.talk.answer("bread")["text"].lower()


def test_a_muted_microphone_is_told_of_and_the_clock_stands_meanwhile(exams: Exams) -> None:
    muted = [notice for notice in exams.talk.report.notices if notice.code == "microphone"]
    assert len(muted) == 1
    turns = exams.talk.turns
    kinds = [turn["event"]["type"] for turn in turns]
    lost, back = kinds.index("sound_lost"), kinds.index("sound_back")
    assert turns[lost]["event"]["cause"] == "muted"
    # Of the seconds in between only those count in which nothing was known yet.
    assert turns[back]["used_ms"] - turns[lost]["used_ms"] < 1000
    assert "lighter" in exams.talk.answer("ice")["text"].lower()


def test_at_the_end_of_the_time_the_sentence_is_finished_and_kept(exams: Exams) -> None:
    taken = exams.short_time
    assert not taken.spoke("say", "dog").cut_off
    answer = taken.answer("dog")
    assert answer["status"] == "answered"
    assert "friend" in answer["text"].lower(), "to its last words"
    assert taken.answer("cat")["status"] == "unanswered"
    assert taken.record["sitting"]["status"] == "finished"


def test_who_ends_turns_by_the_button_may_pause_for_as_long_as_they_like(exams: Exams) -> None:
    taken = exams.own_end
    assert taken.report.cut_offs == 0
    answer = taken.answer("sea")
    said = "The rivers wash salt out of the stones. They carry it into the sea."
    assert word_error_rate(said, answer["text"]) <= 0.35, answer["text"]
    spoken = [turn for turn in taken.turns if turn["question_id"] == "sea" and turn["text"]]
    assert len(spoken) == 1, "one turn, its words once"
    assert "sun" in taken.answer("moon")["text"].lower()


def test_who_types_needs_no_microphone(exams: Exams) -> None:
    answers = {each["question_id"]: each["text"] for each in exams.typed["answers"]}
    assert answers == {"sea": "The rivers do it.", "moon": "The sun does it."}
    kinds = {turn["event"]["type"] for turn in exams.typed["turns"]}
    assert kinds == {"started", "student_spoke"}
    assert exams.typed["sitting"]["status"] == "finished"
