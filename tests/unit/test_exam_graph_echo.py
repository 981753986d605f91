"""The examiner's own words, heard again."""

import pytest

from exam_graph.paper import ChoiceQuestion, OpenQuestion
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard

pytestmark = pytest.mark.unit

RULES = RulesUnderstanding()

ASKED = "How does a mitochondrion serve the cell?"
SAID = f"Thank you. Question two of four. {ASKED}"
QUESTION = OpenQuestion.model_validate(
    {
        "id": "open",
        "kind": "open",
        "ask": ASKED,
        "marks": 2,
        "points": [{"id": "a", "marks": 2, "looks_for": "produces ATP"}],
    }
)


def intent(text: str, *, cut: bool, said: str = SAID, asked: str = ASKED) -> str:
    context = Context(QUESTION, said=said, asked=asked, cut=cut)
    return RULES.decide(Heard(text), context).intent


@pytest.mark.parametrize(
    "text",
    [
        "How does a mitochondrion",
        "question two of four",
        "Thank you. Question two of",
        "does a mitochondrion serve the cell",
        "how does the mitochondrion serve the cell",
        "two of four how does a mitochondrion serve",
        "thank you question to of four how does a mitochondrion",
    ],
)
def test_its_own_words_while_it_speaks_are_its_echo(text: str) -> None:
    assert intent(text, cut=True) == "echo"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mm-hm", "think"),
        ("a mitochondrion", "answer"),
        ("It makes ATP for the cell.", "answer"),
        ("A mitochondrion serves the cell by producing ATP.", "answer"),
        ("Could you repeat the question?", "repeat"),
        ("how does a mitochondrion serve the cell well it makes energy out of sugar", "answer"),
        ("four thank cell mitochondrion", "answer"),
    ],
)
def test_the_students_words_while_it_speaks_are_theirs(text: str, expected: str) -> None:
    assert intent(text, cut=True) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How does a mitochondrion serve the cell", "think"),
        ("um how does the mitochondrion serve the cell", "think"),
        ("thank you question two of four how does a mitochondrion serve the cell", "think"),
        ("How does a mitochondrion serve the cell? It makes ATP.", "answer"),
        ("A mitochondrion serves the cell by making energy.", "answer"),
        ("serve the cell", "answer"),
    ],
)
def test_a_question_read_aloud_is_no_answer(text: str, expected: str) -> None:
    assert intent(text, cut=False) == expected


def test_a_wish_in_the_examiners_words_is_a_wish() -> None:
    said = "Would you like to go on, pause, or end the exam?"
    assert intent("I would like to go on", cut=True, said=said) == "continue"
    assert intent("Would you like to go on", cut=True, said=said) == "echo"
    assert intent("can you hear me now", cut=True, said="Can you hear me now?") == "echo"


def test_its_first_words_are_an_echo_when_they_cut_it_off() -> None:
    said = "Thank you. This is question 2 of 3. Why does ice swim on water?"
    assert intent("Thank you.", cut=True, said=said) == "echo"
    assert intent("Thank you this is", cut=True, said=said) == "echo"
    # One word may be anybody's, and so may the same words once it has ended.
    assert intent("Thank", cut=True, said=said) != "echo"
    assert intent("Thank you.", cut=False, said=said) != "echo"
    assert intent("go on", cut=True, said="Go on, please.") != "echo"


def test_an_option_by_its_words_is_an_answer() -> None:
    among = ChoiceQuestion.model_validate(
        {
            "id": "pick",
            "kind": "choice",
            "ask": "What does it do?",
            "marks": 1,
            "options": ["it makes ATP for the cell", "it stores the genetic information"],
            "correct": "A",
        }
    )
    said = "What does it do? A: it makes ATP for the cell. B: it stores the genetic information."
    context = Context(among, said=said, cut=True)
    understood = RULES.decide(Heard("It stores the genetic information."), context)
    assert (understood.intent, understood.choice) == ("answer", (1,))
    assert RULES.decide(Heard("what does it do A it makes"), context).intent == "echo"


def test_in_german() -> None:
    said = "Frage zwei von vier. Wozu dient ein Mitochondrium der Zelle?"
    context = Context(QUESTION, language="de", said=said, cut=True)
    assert RULES.decide(Heard("Frage zwei von vier wozu dient"), context).intent == "echo"
    assert RULES.decide(Heard("Es erzeugt ATP für die Zelle"), context).intent == "answer"
