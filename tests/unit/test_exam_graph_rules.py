"""Understanding by rules, turn by turn: what students say, and what it is taken for."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from exam_graph.paper import OpenQuestion, Question
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import INTENTS, Context, Heard, Understood

pytestmark = pytest.mark.unit

RULES = RulesUnderstanding()

MITOCHONDRIA: Question = OpenQuestion.model_validate(
    {
        "id": "mitochondria",
        "kind": "open",
        "ask": "How does a mitochondrion serve the cell?",
        "marks": 4,
        "points": [
            {"id": "atp", "marks": 2, "looks_for": "produces ATP"},
            {"id": "respiration", "marks": 2, "looks_for": "by cellular respiration"},
        ],
    }
)
PROTOCOL: Question = TypeAdapter[Question](Question).validate_python(
    {
        "id": "protocol",
        "kind": "choice",
        "ask": "Which protocol is reliable?",
        "marks": 1,
        "options": ["TCP", "UDP", "ICMP"],
        "correct": "A",
    }
)


def decide(text: str, **context: Any) -> Understood:
    confidence = context.pop("confidence", None)
    return RULES.decide(Heard(text, confidence), Context(**{"question": MITOCHONDRIA, **context}))


def obvious(text: str, **context: Any) -> Understood | None:
    """What a model need not be asked about; None for the rest."""
    heard, where = Heard(text), Context(**{"question": MITOCHONDRIA, **context})
    understood, is_obvious = RULES.judge(heard, where)
    return understood if is_obvious else None


def test_to_be_unsure_is_no_giving_up() -> None:
    understood = decide("I'm not sure.")
    assert (understood.intent, understood.doubtful) == ("think", True)
    assert obvious("I'm not sure.") is None


def test_moving_on_completes_an_answer_that_was_begun() -> None:
    assert decide("Next question, please.").intent == "skip"
    assert decide("Next question, please.", answer_so_far="It makes ATP.").intent == "continue"


def test_a_pause_ends_with_any_sign_of_it() -> None:
    for text in ("Continue.", "Okay, I'm back.", "Okay.", "Let's go on."):
        assert decide(text, phase="paused").intent == "continue"
    assert decide("I was away for a coffee", phase="paused").intent == "answer"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Yes.", "yes"),
        ("yes please end the exam", "yes"),
        ("Yeah, I'm sure.", "yes"),
        ("End it.", "yes"),
        ("No.", "no"),
        ("No, let's continue.", "no"),
        ("I changed my mind.", "no"),
        ("Continue.", "no"),
        ("Okay.", "unclear"),
        ("Yes, no.", "unclear"),
        ("Hmm.", "unclear"),
        ("What was the question?", "repeat"),
        ("It makes ATP.", "answer"),
        ("Yes, I'm done here, I want to leave.", "yes"),
        ("No no, that was a misunderstanding.", "no"),
        ("Stop it now.", "yes"),
    ],
)
def test_confirming_the_end(text: str, intent: str) -> None:
    assert decide(text, confirming="end").intent == intent


CONFIRMING = {
    "skipped": {
        "yes": [
            "Yes.",
            "Okay.",
            "yes let's do that",
            "Sure, I'll try them.",
            "Let's go.",
            "I can try again",
        ],
        "no": [
            "No.",
            "no thanks, finish",
            "I'd rather finish",
            "That's all, thank you.",
            "no I still don't know them",
            "Let's end it here",
            "end the exam",
        ],
        "unclear": ["hmm", "yes, no"],
        "repeat": ["sorry, what was that?"],
        "answer": ["Osmosis is the flow of water."],
    },
    "silence": {
        "repeat": [
            "Repeat it please.",
            "yes, could you repeat the question",
            "The question, please.",
        ],
        "skip": [
            "Move on.",
            "next",
            "Skip it.",
            "yes, move on please",
            "next question please",
            "no, let's skip",
        ],
        "yes": ["Yes.", "yes please"],
        "no": ["No.", "no thanks"],
        "think": ["Hmm.", "I'm still thinking.", "no, give me a moment", "Okay."],
        "dont_know": ["I don't know."],
        "answer": ["It makes ATP."],
    },
    "wellbeing": {
        "yes": ["Yes.", "I'm fine.", "Yeah, everything is okay.", "all good", "Okay."],
        "no": ["No.", "Not really."],
        "distress": ["no I feel sick", "I'm not okay"],
        "pause": ["pause please", "yes, a pause please"],
        "take_break": ["I need a break", "no, can I have a break"],
        "end": ["I want to end the exam.", "no, let's end the exam"],
        "continue": ["Let's continue.", "yes, go on"],
    },
    "distress": {
        "pause": ["Pause, please.", "a short pause"],
        "take_break": ["I'd like to take a break"],
        "end": ["end", "I want to stop.", "end the exam please"],
        "continue": ["I'm okay, let's go on.", "Continue.", "no I can go on", "I'm fine now"],
        "yes": ["Yes."],
        "no": ["No."],
        "unclear": ["hmm"],
        "distress": ["I still feel sick"],
    },
    "sound": {
        "yes": [
            "Yes.",
            "yes I can hear you",
            "Yes, I can hear you now.",
            "I can hear you.",
            "loud and clear",
            "much better",
            "okay",
            "now I can",
        ],
        "no": [
            "No.",
            "no I still can't hear",
            "no, I still can't hear you",
            "still nothing",
            "I can't hear you",
        ],
        "sound_problem": ["you're breaking up again"],
        "unclear": ["hmm"],
        "answer": ["It makes ATP."],
    },
}


@pytest.mark.parametrize(
    ("asked", "text", "intent"),
    [
        (asked, text, intent)
        for asked, outcomes in CONFIRMING.items()
        for intent, texts in outcomes.items()
        for text in texts
    ],
)
def test_confirming(asked: str, text: str, intent: str) -> None:
    assert decide(text, confirming=asked).intent == intent


def test_noise_is_unclear_and_a_quiet_sentence_is_not() -> None:
    assert decide("the the", confidence=0.1).intent == "unclear"
    assert decide("It makes ATP for the cell.", confidence=0.1).intent == "answer"
    assert decide("the the", confidence=0.9).intent == "answer"


def test_without_a_question_there_is_nothing_to_cover() -> None:
    assert decide("I like to ski.", question=None) == Understood("answer")
    assert decide("Yes.", question=None) == Understood("answer")
    assert obvious("I like to ski.", question=None) == Understood("answer")
    assert decide("Could you repeat that?", question=None).intent == "repeat"


def test_an_answer_that_ends_in_a_request_is_doubtful() -> None:
    assert decide("It makes ATP. Could you repeat the question?") == Understood(
        "answer", covered=("atp",), doubtful=True
    )
    assert decide("Is it something with energy?").doubtful
    assert not decide("It makes ATP by cellular respiration. That's all.").doubtful


def test_the_whole_answer_counts() -> None:
    first = "It makes A T P."
    assert decide(first).covered == ("atp",)
    both = decide("By cellular respiration.", answer_so_far=first)
    assert both.covered == ("atp", "respiration")


def test_options_win_over_commands() -> None:
    for text in ("Option one, please.", "The last one.", "Pass? No, B."):
        assert decide(text, question=PROTOCOL).intent == "answer"
    assert decide("I don't know.", question=PROTOCOL).intent == "dont_know"
    assert decide("One moment, please.", question=PROTOCOL).intent == "think"
    assert decide("I see.", question=PROTOCOL).intent == "think"


def test_a_choice_waits_for_no_model_when_it_is_named_as_one_does() -> None:
    assert obvious("B.", question=PROTOCOL) == Understood("answer", choice=(1,))
    assert obvious("The reliable one, T C P.", question=PROTOCOL) is None
    assert decide("The reliable one, T C P.", question=PROTOCOL).choice == (0,)


def test_an_open_answer_always_waits_for_the_model() -> None:
    assert obvious("It makes ATP by cellular respiration.") is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Können Sie die Frage bitte noch einmal wiederholen?", "repeat"),
        ("Das weiß ich leider nicht.", "dont_know"),
        ("Wie viel Zeit habe ich noch?", "time_left"),
        ("Ich möchte die Prüfung beenden.", "end"),
        ("Einen Moment bitte.", "think"),
        ("Wir überspringen das erste Exon.", "answer"),
        ("Was bedeutet Osmose?", "clarify"),
    ],
)
def test_german(text: str, intent: str) -> None:
    assert decide(text, language="de").intent == intent


async def test_it_is_an_understanding() -> None:
    heard, context = Heard("It makes ATP."), Context(MITOCHONDRIA)
    assert await RULES.understand(heard, context) == RULES.decide(heard, context)


def test_an_understanding_is_kept_as_plain_values() -> None:
    for intent in INTENTS:
        understood = Understood(intent, ("atp",), (1,), "model", True)
        assert Understood.from_dict(understood.to_dict()) == understood
    with pytest.raises(ValueError, match="not an understanding"):
        Understood.from_dict({**understood.to_dict(), "intent": "applaud"})


@settings(deadline=None)  # the first odd one loads the model of languages
@given(st.text(max_size=80))
@example("❷")
@example("9" * 5000)
def test_no_transcript_is_too_odd(text: str) -> None:
    for question in (None, MITOCHONDRIA, PROTOCOL):
        assert decide(text, question=question).intent in INTENTS
