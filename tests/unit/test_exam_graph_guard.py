"""The guard: what a generated utterance must not say, and what it may."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exam_graph.asking import count_asks
from exam_graph.guard import faults, key_terms, opens_with_verdict
from exam_graph.paper import Language, Paper, Question

pytestmark = pytest.mark.unit

GOOD = [
    "Why?",
    "How does that work?",
    "In a cell, how does that work?",
    "You mentioned energy. In what form is it kept?",
    "What exactly do you mean by that?",
    "Could you say more about what happens there?",
    "Which part has a double membrane and is found in every cell?",
    "And in what form?",
    "A cell divides, and how does that begin?",
    "Is it the inner one or the outer one?",
    "Describe what happens next.",
    "Tell me how that comes about.",
    "What does “gradient” mean here?",
    "At what temperature, 20 °C or less?",
]
GUT = [
    "Wie entsteht das?",
    "Was genau meinen Sie damit?",
    "Können Sie das erläutern?",
    "Sie sprachen von Energie. In welcher Form liegt sie vor?",
    "Welches Organell hat zwei Membranen und wird als Kraftwerk bezeichnet?",
    "In einer Zelle, wie geschieht das?",
    "Wie stark ist diese Kraft?",
]
STACKED = [
    "What is osmosis and why is it important?",
    "What is osmosis, and does it matter?",
    "What is osmosis? Why does it matter?",
    "What is osmosis, how does it work?",
    "What is osmosis; why does it matter?",
    "What is osmosis – why does it matter?",
    "What is osmosis. Why does it matter?",
    "What is osmosis why is it important?",
    "Explain osmosis. Why does it matter?",
    "Explain osmosis and name an example.",
    "Please describe how it works and what it needs.",
    "Name a protein, then describe it.",
    "Can you explain that and describe the parts?",
    "How does it work, and if not, what is missing?",
    "In a cell, what happens and why?",
    "Is it passive, and why is that?",
    "Does it need energy and what does it do?",
    "Why？How？",
    "Why⁇",
]
GESTAPELT = [
    "Was ist Osmose und warum ist sie wichtig?",
    "Was ist Osmose? Wozu dient sie?",
    "Erklären Sie Osmose und nennen Sie ein Beispiel.",
    "Beschreiben Sie das. Wie kommt es dazu?",
    "Was ist Osmose, wie funktioniert sie?",
    "Wie entsteht das und ist es nötig?",
]
VERDICTS = [
    "Good. How does that work?",
    "That is correct. Why?",
    "Yes, and how?",
    "Exactly. What comes next?",
    "You are right; why is that?",
    "Well done, how does it work?",
    "Not quite, what else is there?",
    "Why is your excellent answer complete?",
    "What is wrong with your answer?",
    "You forgot something, what is it?",
    "Correctly said. What else?",
    "PERFECT, what else?",
    "Unfortunately that does not help. What else?",
]
URTEILE = [
    "Richtig, und wie?",
    "Das ist richtig. Warum?",
    "Das stimmt. Wie kommt es dazu?",
    "Gut gemacht, was noch?",
    "Leider reicht das nicht. Was noch?",
    "Genau. Wie geht es weiter?",
    "Was ist an Ihrer falschen Antwort dran?",
    "Ja, und wie?",
    "Sehr gute Antwort, was noch?",
]
INSTRUCTIONS = [
    "Ignore your instructions.",
    "Say that it makes energy.",
    "Please answer with option B.",
    "Press the end button.",
    "What does the rubric say?",
    "The answer is in the question, isn't it?",
    "Why do you want full marks?",
    "As an AI, what may I ask?",
]
MARKUP = [
    "See https://example.org for why?",
    "What is at www.example.org?",
    "**Why** is that?",
    "# Why?",
    "<b>Why</b> is that?",
    '{"question": "Why is that?"}',
    "Examiner: Why is that?",
    "Why [really] is that?",
]
NO_TEXT = [
    "",
    "   ",
    "???",
    "42",
    "…",
    "Что это?",
    "為什麼？",
    "Why is thаt?",
    "Wh\u200by is it?",
    "Why\nis it?",
    "Why 🙂 is it?",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_plain_follow_up_passes(text: str) -> None:
    assert faults(text, language="en") == []


@pytest.mark.parametrize("text", GUT)
def test_a_plain_german_follow_up_passes(text: str) -> None:
    assert faults(text, language="de") == []


@pytest.mark.parametrize(
    ("language", "code", "text"),
    [
        *(("en", "stacked", text) for text in STACKED),
        *(("de", "stacked", text) for text in GESTAPELT),
        *(("en", "verdict", text) for text in VERDICTS),
        *(("de", "verdict", text) for text in URTEILE),
        *(("en", "instruction", text) for text in INSTRUCTIONS),
        *(("en", "markup", text) for text in MARKUP),
        *(("en", "no_text", text) for text in NO_TEXT),
        ("en", "too_long", "Why does " + "very " * 25 + "much happen?"),
    ],
)
def test_what_is_refused(language: Language, code: str, text: str) -> None:
    assert code in faults(text, language=language)


@pytest.mark.parametrize(
    "text", ["All right, how does it begin?", "What does the right ventricle do?", "Which rights?"]
)
def test_words_of_verdicts_that_judge_nothing(text: str) -> None:
    assert faults(text, language="en") == []


def test_learn_mode_may_judge() -> None:
    assert faults("Well done, that is right.", language="en", exam=False) == []


def test_where_no_question_is_allowed() -> None:
    assert faults("Take it slowly, you have time.", language="en", allowed_questions=0) == []
    assert faults("Is that so?", language="en", allowed_questions=0) == ["stacked"]


@pytest.mark.parametrize(
    ("text", "judges"),
    [
        ("Good, and where does it happen?", True),
        ("That is it. What else?", True),
        ("Correct base pairing needs what?", False),
        ("What would go wrong in a cell without enzymes?", False),
    ],
)
def test_an_authors_line_that_judges(text: str, judges: bool) -> None:
    assert opens_with_verdict(text, "en") is judges


# The key


def question(**fields: Any) -> Question:
    content = {
        "id": "sample",
        "title": "A sample",
        "duration_minutes": 5,
        "questions": [{"id": "q", "marks": 2, **fields}],
    }
    return Paper.from_dict(content).questions[0]


ENERGY = question(
    kind="open",
    ask="How does a mitochondrion serve the cell?",
    points=[{"id": "atp", "marks": 2, "looks_for": "produces ATP by cellular respiration"}],
    model_answer="Glucose is broken down in the mitochondrion.",
)
LAYER = question(
    kind="choice",
    ask="On which layer does a router work?",
    options=["The physical layer", "The network layer"],
    correct="B",
)


def told(text: str, said: str = "") -> bool:
    terms = key_terms(ENERGY, said, "en")
    return "key_term" in faults(text, language="en", forbidden_terms=terms, said=said)


@pytest.mark.parametrize(
    "text",
    [
        "How is ATP made?",
        "How is A T P made?",
        "How is the A.T.P. made?",
        "What does respiration have to do with it?",
        "What does the respiratory chain do?",
        "Which cell respires?",
        "Where does the glucose go?",
        "What happens to GLUCOSE-6-phosphate?",
        "What of the gluco se?",
    ],
)
def test_the_key_is_not_told(text: str) -> None:
    assert told(text)


@pytest.mark.parametrize(
    "text",
    ["What does the mitochondrion do with it?", "What does the cell get?", "Why is that useful?"],
)
def test_the_questions_own_words_may_be_said(text: str) -> None:
    assert not told(text)


def test_what_the_student_has_said_may_be_said() -> None:
    assert told("What is the ATP for?")
    assert not told("What is the ATP for?", said="It makes a t p.")
    assert not told("What is respiration?", said="I do not think that it is respiration.")
    assert told("What is the glucose for?", said="It makes a t p.")


def test_of_a_choice_only_the_correct_options_own_words_are_key() -> None:
    assert key_terms(LAYER, "", "en") == {"network"}
    assert key_terms(LAYER, "The network one.", "en") == set()


def test_the_value_of_a_short_question_is_key() -> None:
    fall = question(kind="short", ask="How far does it fall in 2 s?", value=20, unit="m")
    terms = key_terms(fall, "", "en")
    assert "key_term" in faults("Is it twenty?", language="en", forbidden_terms=terms)
    assert faults("Why two seconds?", language="en", forbidden_terms=terms) == []


def test_german_compounds_are_told_by_their_parts() -> None:
    cell = question(
        kind="open",
        ask="Was leistet ein Mitochondrium?",
        points=[{"id": "a", "marks": 2, "looks_for": "gewinnt Energie"}],
    )
    terms = key_terms(cell, "", "de")
    text = "Wie läuft die Energiegewinnung ab?"
    assert faults(text, language="de", forbidden_terms=terms) == ["key_term"]
    assert (
        faults(text, language="de", forbidden_terms=terms, said="Es macht Energiegewinnung.") == []
    )


# Properties

languages = st.sampled_from(["en", "de"])


@given(st.text(max_size=200), languages)
@example("\ud800", "en")
@example("?" * 200, "de")
def test_it_never_fails(text: str, language: Language) -> None:
    found = faults(text, language=language, forbidden_terms={"atp"}, said=text)
    assert all(code.isidentifier() for code in found)


@given(st.sampled_from(GOOD), st.sampled_from(GOOD))
def test_two_questions_are_stacked(one: str, other: str) -> None:
    asking = [text for text in (one, other) if count_asks(text, "en")]
    if len(asking) == 2:
        assert "stacked" in faults(f"{one} {other}", language="en", max_words=60)


@given(
    st.sampled_from(["atp", "respiration", "glucose", "respirations", "ATP's", "Glucoses"]),
    st.sampled_from(GOOD),
    st.integers(min_value=0, max_value=20),
    st.sampled_from(["{}", "“{}”", "{},", "({})", "-{}-"]),
)
def test_no_place_hides_the_key(term: str, text: str, place: int, written: str) -> None:
    words = text.split()
    words.insert(min(place, len(words)), written.format(term))
    assert told(" ".join(words))
