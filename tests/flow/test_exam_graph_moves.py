"""Each move of the exam in exam mode, as dialogue."""

from itertools import pairwise
from typing import get_args

import pytest

from exam_graph.events import CommandName, NotHeard, Returned, Silence, Started, StudentSpoke
from tests.flow.conftest import Dialogue, kinds, texts

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"
SECOND = "Which particle carries a negative charge?"
OPTIONS = "A: Proton. B: e⁻."
FOURTH = "What does a membrane let through?"


async def _to_first_question(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    await dialogue.says("I see a window.")
    await dialogue.says("Bread and tea.")


async def _to_membrane(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    for _ in range(3):
        await dialogue.says("I do not know.")


async def test_greets_and_checks_the_sound(dialogue: Dialogue) -> None:
    said = await dialogue.tell(Started())
    assert kinds(said) == ["greeting", "soundcheck"]
    assert "Cells, oral" in said[0].text
    assert dialogue.state["phase"] == "soundcheck"


async def test_sound_check_leads_to_the_authors_practice_question(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    said = await dialogue.says("I see a window.")
    assert texts(said)[-1] == "What did you have for breakfast?"
    assert dialogue.state["phase"] == "practice"
    assert not dialogue.record["answers_question"]


async def test_after_practice_the_first_question_to_the_letter(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    asked = dialogue.state["asked"]
    assert asked is not None
    assert [each["text"] for each in asked["utterances"]] == [FIRST]
    assert dialogue.state["phase"] == "question"
    assert not dialogue.record["answers_question"], "practice is no answer"


async def test_the_introduction_says_how_many_questions_and_how_long(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    await dialogue.says("Hello.")
    said = await dialogue.says("Bread.")
    assert "4 questions" in said[1].text
    assert "12 minutes" in said[1].text
    assert texts(said)[-2:] == ["Question 1 of 4.", FIRST]


async def test_options_are_read_with_their_letters(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("It makes atp by respiration.")
    assert texts(said)[-2:] == [SECOND, OPTIONS]
    assert said[-1].say == "A: Proton. B: the electron."
    assert said[-1].question_id == "charge"


async def test_a_formula_is_shown_as_written_and_spoken_as_its_say(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.press("skip")
    said = await dialogue.says("B.")
    assert (said[-1].text, said[-1].say) == ("What is 3² + 1?", "What is three squared plus one?")


async def test_an_answer_is_recorded_and_acknowledged_before_the_next(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("It makes atp by respiration.")
    assert kinds(said) == ["acknowledgement", "count", "question", "options"]
    assert dialogue.record["move"] == "record"
    assert dialogue.record["answers_question"]
    assert dialogue.record["question_id"] == "mitochondria"
    assert dialogue.record["answers"] == [
        {
            "question_id": "mitochondria",
            "position": 0,
            "status": "answered",
            "covered": ["atp", "respiration"],
            "probes": [],
            "flags": [],
            "value": None,
        }
    ]


async def test_an_open_point_is_probed_in_the_authors_words(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("It is about respiration.")
    assert kinds(said) == ["acknowledgement", "probe"]
    assert said[-1].text == "Where does the energy end up?"
    assert dialogue.record["answers"][0]["probes"] == ["atp"]
    assert dialogue.state["position"] == 0


async def test_probes_are_bounded_by_follow_ups(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    assert (await dialogue.says("Something."))[-1].kind == "probe"
    said = await dialogue.says("Something else.")
    assert SECOND in texts(said)


async def test_each_probe_is_asked_once_and_reached_points_are_not_probed(
    dialogue: Dialogue,
) -> None:
    await _to_membrane(dialogue)
    assert texts(await dialogue.says("Some gases do."))[-1] == "Which liquid?"
    assert texts(await dialogue.says("I am not sure."))[-1] == "What of salts?"
    assert texts(await dialogue.says("Never mind."))[-1].startswith("That was the last question.")


async def test_coverage_grows_over_the_turns_of_an_answer(dialogue: Dialogue) -> None:
    await _to_membrane(dialogue)
    await dialogue.says("Some gases do.")
    await dialogue.says("And water.")
    assert dialogue.record["answers"][0]["covered"] == ["gases", "water"]


@pytest.mark.parametrize("times", [1, 5])
async def test_repeats_a_question_in_the_same_words(dialogue: Dialogue, times: int) -> None:
    await _to_first_question(dialogue)
    await dialogue.says("It makes atp by respiration.")
    for _ in range(times):
        assert texts(await dialogue.says("Could you repeat that?")) == [SECOND, OPTIONS]
        assert texts(await dialogue.press("repeat")) == [SECOND, OPTIONS]
    assert dialogue.state["position"] == 1


async def test_repeats_in_every_phase_what_was_asked_last(dialogue: Dialogue) -> None:
    said = await dialogue.tell(Started())
    assert await dialogue.says("Could you repeat that?") == said[-1:]
    assert await dialogue.press("repeat") == said[-1:]
    said = await dialogue.says("I see a window.")
    assert await dialogue.says("Could you repeat that?") == said[-1:]
    said = await dialogue.says("Bread.")
    assert await dialogue.says("Could you repeat that?") == said[-1:]
    said = await dialogue.says("Something.")
    assert said[-1].kind == "probe"
    assert await dialogue.says("Could you repeat that?") == said[-1:]


async def test_a_spoken_skip(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("Let us skip this one.")
    assert kinds(said) == ["acknowledgement", "count", "question", "options"]
    assert dialogue.record["answers"][0]["status"] == "skipped"
    assert not dialogue.record["answers_question"]


async def test_the_skip_button(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.press("skip")
    assert SECOND in texts(said)
    assert dialogue.state["statuses"]["mitochondria"] == "skipped"


async def test_a_skip_after_words_keeps_them_as_an_answer(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.says("It makes atp.")
    await dialogue.press("skip")
    assert dialogue.state["statuses"]["mitochondria"] == "answered"
    assert dialogue.record["answers"][0]["covered"] == ["atp"]


async def test_the_sound_check_cannot_be_skipped_by_button(dialogue: Dialogue) -> None:
    said = await dialogue.tell(Started())
    assert await dialogue.press("skip") == said[-1:]
    assert dialogue.state["phase"] == "soundcheck"


async def test_i_do_not_know_is_kept_without_a_hint(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("I do not know.")
    assert kinds(said) == ["acknowledgement", "count", "question", "options"]
    assert dialogue.record["answers"][0]["status"] == "dont_know"
    assert dialogue.record["answers_question"]


async def test_time_left_is_told_from_the_clock(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    dialogue.used_ms = 100_000
    said = await dialogue.says("How much time is left?")
    assert texts(said) == ["You have 11 minutes left."]
    assert dialogue.state["position"] == 0


async def test_time_is_told_before_the_clock_starts(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    said = await dialogue.says("How much time is left?")
    assert texts(said) == ["The clock has not started yet. You will have 12 minutes."]


async def test_questions_left(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    before = await dialogue.says("How many questions are left?")
    assert texts(before) == ["This exam has 4 questions."]
    await dialogue.says("I see a window.")
    await dialogue.says("Bread.")
    assert texts(await dialogue.says("How many questions are left?")) == [
        "This is question 1 of 4."
    ]


async def test_clarifies_in_the_authors_other_words_only(dialogue: Dialogue) -> None:
    await _to_membrane(dialogue)
    said = await dialogue.says("What do you mean by that?")
    assert texts(said) == ["Put differently: what may pass a membrane?"]
    assert texts(await dialogue.says("Could you repeat that?")) == [FOURTH]


async def test_clarifies_nothing_where_the_author_wrote_nothing(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("What do you mean by that?")
    assert kinds(said) == ["clarification"]
    assert "repeat" in said[0].text
    assert dialogue.state["position"] == 0


async def test_off_topic_is_led_back(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("Who won the match?")
    assert kinds(said) == ["redirect"]
    assert dialogue.record["flags"] == ["off_topic"]
    assert not dialogue.record["answers_question"]


async def test_unclear_speech_is_asked_for_again(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.says("Mumble.")
    assert kinds(said) == ["redirect"]
    assert dialogue.record["flags"] == ["unclear"]


async def test_somebody_who_thinks_is_left_alone(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    assert await dialogue.says("Let me think.") == []
    assert kinds(await dialogue.tell(Silence(level=1))) == ["checkin"]
    assert dialogue.state["silences"] == 0, "the count begins after that"


async def test_acknowledgements_are_never_the_same_twice_running(dialogue: Dialogue) -> None:
    await _to_membrane(dialogue)
    heard = []
    for words in ("Some gases do.", "Hm, salts.", "Nothing."):
        heard += [each.text for each in await dialogue.says(words) if each.kind != "probe"]
    assert all(one != other for one, other in pairwise(heard))


async def test_the_end_wants_a_yes(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    assert kinds(await dialogue.says("Please end the exam.")) == ["confirmation"]
    said = await dialogue.says("Yes.")
    assert kinds(said) == ["closing"]
    assert dialogue.state["phase"] == "finished"
    assert {each["status"] for each in dialogue.record["answers"]} == {"unanswered"}
    assert len(dialogue.record["answers"]) == 4


async def test_a_no_leads_back_to_the_question(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.press("end")
    said = await dialogue.says("No.")
    assert texts(said) == ["All right, we go on.", FIRST]
    assert not dialogue.state["confirming"]
    assert not dialogue.record["answers_question"]


async def test_anything_else_is_asked_for_a_yes_or_a_no_again(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.press("end")
    assert kinds(await dialogue.says("Mumble.")) == ["confirmation"]
    assert dialogue.state["confirming"]


async def test_who_goes_on_answering_does_not_end(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.press("end")
    await dialogue.says("It releases the energy of our food by cellular respiration.")
    assert dialogue.record["answers_question"]
    assert not dialogue.state["confirming"]
    assert dialogue.state["phase"] == "question"


async def test_the_end_can_be_wanted_in_every_phase(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    await dialogue.press("end")
    await dialogue.says("Yes.")
    assert dialogue.state["phase"] == "finished"
    assert set(dialogue.state["statuses"].values()) == {"unanswered"}


async def test_pause_and_go_on_by_button(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    assert kinds(await dialogue.press("pause")) == ["pause"]
    assert dialogue.state["paused"]
    assert texts(await dialogue.press("pause")) == ["All right, let us go on.", FIRST]
    assert not dialogue.state["paused"]


async def test_pause_and_go_on_by_voice(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    assert kinds(await dialogue.says("A pause, please.")) == ["pause"]
    assert await dialogue.says("I am getting some water.") == []
    assert not dialogue.record["answers_question"]
    assert texts(await dialogue.says("Go on."))[-1] == FIRST


@pytest.mark.parametrize("words", ["Could you repeat that?", "Please end the exam."])
async def test_a_pause_leaves_nobody_without_a_reply(dialogue: Dialogue, words: str) -> None:
    await _to_first_question(dialogue)
    await dialogue.press("pause")
    assert await dialogue.says(words)
    assert not dialogue.state["paused"], "what is asked is asked on the running clock"


async def test_skip_and_repeat_buttons_end_a_pause(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.press("pause")
    assert texts(await dialogue.press("repeat")) == [FIRST]
    assert not dialogue.state["paused"]
    await dialogue.press("pause")
    assert SECOND in texts(await dialogue.press("skip"))
    assert not dialogue.state["paused"]
    await dialogue.says("B.")
    assert dialogue.record["answers_question"]


async def test_a_question_talked_over_is_asked_again_whole(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    asked = dialogue.state["asked"]
    assert asked is not None
    position = asked["last_position"]
    assert await dialogue.tell(NotHeard(utterance=f"2.{position}", heard_ms=3000)) == []
    said = await dialogue.says("It makes atp.")
    assert texts(said) == ["Let me ask the whole question again.", FIRST]
    assert dialogue.record["answers_question"], "an answer that was given is never lost"
    assert dialogue.record["answers"][0]["flags"] == ["talked_over"]
    assert dialogue.record["answers"][0]["status"] == "answered"
    assert SECOND in texts(await dialogue.says("By respiration."))
    assert dialogue.record["answers"][0]["covered"] == ["atp", "respiration"]
    assert dialogue.record["answers"][0]["flags"] == ["talked_over"], "a flag stays"
    await dialogue.says("B.")
    assert dialogue.record["answers"][0]["flags"] == [], "the next answer has its own"


async def test_typed_words_talk_over_nothing(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(NotHeard(utterance="2.3", heard_ms=100, total_ms=4000))
    said = await dialogue.tell(StudentSpoke(text="It makes atp by respiration.", typed=True))
    assert SECOND in texts(said), "the question was on the screen"
    await dialogue.tell(NotHeard(utterance="4.2", heard_ms=100, total_ms=4000))
    await dialogue.tell(StudentSpoke(text="B.", typed=True))
    assert dialogue.record["question_id"] == "charge", "not joined to the answer before"
    assert dialogue.record["answers"][0]["flags"] == []


async def test_options_talked_over_are_asked_again_with_their_question(
    dialogue: Dialogue,
) -> None:
    await _to_first_question(dialogue)
    await dialogue.press("skip")
    asked = dialogue.state["asked"]
    assert asked is not None
    await dialogue.tell(NotHeard(utterance=f"3.{asked['last_position']}", heard_ms=0))
    assert texts(await dialogue.says("B."))[-2:] == [SECOND, OPTIONS]


async def test_a_sound_check_talked_over_is_asked_again(dialogue: Dialogue) -> None:
    said = await dialogue.tell(Started())
    await dialogue.tell(NotHeard(utterance="0.1", heard_ms=100))
    again = await dialogue.says("I see a window.")
    assert again[-1].text == said[-1].text
    assert dialogue.state["phase"] == "soundcheck"


async def test_an_older_reply_cut_off_changes_nothing(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(NotHeard(utterance="0.1", heard_ms=100))
    await dialogue.says("It makes atp by respiration.")
    assert dialogue.state["position"] == 1


@pytest.mark.parametrize(
    ("words", "kind"),
    [("How much time is left?", "time"), ("What do you mean by that?", "clarification")],
)
async def test_what_was_wanted_over_a_question_comes_before_it(
    dialogue: Dialogue, words: str, kind: str
) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(NotHeard(utterance="2.3", heard_ms=100))
    said = await dialogue.says(words)
    assert kinds(said) == [kind, "question"]
    assert not dialogue.record["answers_question"]


async def test_noise_over_a_question_is_no_answer(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(NotHeard(utterance="2.3", heard_ms=100))
    assert texts(await dialogue.says("Mumble."))[-1] == FIRST
    assert dialogue.state["statuses"]["mitochondria"] == "open"


async def test_repeating_a_question_not_heard_makes_it_heard(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(NotHeard(utterance="2.3", heard_ms=100))
    await dialogue.says("Could you repeat that?")
    assert SECOND in texts(await dialogue.says("It makes atp by respiration."))


async def test_a_return_says_where_we_were_and_asks_again(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.tell(Returned())
    assert texts(said) == ["Welcome back. We were on question 1 of 4.", FIRST]
    assert not dialogue.record["answers_question"]


async def test_a_return_takes_the_draft_into_the_answer(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.tell(Returned(draft="It makes atp"))
    assert texts(said) == [
        "Welcome back. We were on question 1 of 4.",
        "What you had said so far is kept.",
        FIRST,
    ]
    assert dialogue.record["answers_question"]
    assert dialogue.record["answers"][0]["flags"] == ["interrupted"]
    await dialogue.says("by respiration.")
    assert dialogue.record["answers"][0]["covered"] == ["atp", "respiration"]


async def test_a_return_before_the_questions(dialogue: Dialogue) -> None:
    said = await dialogue.tell(Started())
    again = await dialogue.tell(Returned(draft="I see"))
    assert texts(again) == ["Welcome back.", said[-1].text]


async def test_a_second_start_begins_nothing_again(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    assert texts(await dialogue.tell(Started())) == [FIRST]
    assert dialogue.state["phase"] == "question"


async def test_after_the_end_nothing_more_is_said_or_counted(dialogue: Dialogue) -> None:
    await _to_membrane(dialogue)
    await dialogue.says("I do not know.")
    assert dialogue.state["phase"] == "finished"
    kept = dict(dialogue.state)
    events = (
        Started(),
        Returned(draft="x"),
        Silence(level=1),
        NotHeard(utterance="1.0", heard_ms=0),
    )
    for event in events:
        assert await dialogue.tell(event) == []
    for words in ("Hello?", "Could you repeat that?", "Yes."):
        assert await dialogue.says(words) == []
        assert not dialogue.record["answers"]
    for name in get_args(CommandName):
        assert await dialogue.press(name) == []
    kept["turn"] = dialogue.state["turn"]
    assert dialogue.state == kept
