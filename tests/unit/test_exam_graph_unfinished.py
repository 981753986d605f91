"""Answers that break off, and answers that only look as if they did."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from exam_graph.language import language_data
from exam_graph.paper import Question
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard
from exam_graph.unfinished import is_unfinished

pytestmark = pytest.mark.unit

RULES = RulesUnderstanding()


def question(**fields: Any) -> Question:
    return TypeAdapter[Question](Question).validate_python({"id": "one", "marks": 2, **fields})


UNFINISHED = {
    "en": [
        "It makes ATP and",
        "It makes ATP and.",
        "The membrane consists of",
        "It is produced in the",
        "First the strands separate, and then",
        "The enzyme is",
        "because the",
        "It makes energy because",
        "because",
        "I think that",
        "I think it is",
        "There is a protein which",
        "It makes ATP um",
        "It makes ATP, uh…",
        "It is a kind of",
        "The cell uses it for",
        "It makes ATP,",
        "It makes ATP -",
        "so the water goes from the outside to",
        "the two strands will",
        "It makes ATP. Let me think.",
        "It makes ATP. One moment, please.",
        "it makes ATP let me think",
        "The powerhouse of the cell, how do you call it",
        "It is stored as, what is it called again",
        "two point",
        "it depends on",
        "proteins such as",
        "that is because they",
        "if the temperature rises, the",
        "they need a",
        "It makes ATP. And also",
    ],
    "de": [
        "Es erzeugt ATP und",
        "Die Membran besteht aus",
        "weil die",
        "Es macht Energie, weil",
        "Ich glaube, dass",
        "Das Enzym ist",
        "Es wird in der",
        "Es macht ATP, äh",
        "Es macht ATP. Lassen Sie mich kurz überlegen.",
        "Es macht ATP, einen Moment",
        "Es erzeugt ein",
        "Das Wasser fließt von",
        "zwei Komma",
        "Es gibt verschiedene, wie heißt das",
        "Erst trennen sich die Stränge und dann",
    ],
}

FINISHED = {
    "en": [
        "It makes ATP.",
        "It makes ATP",
        "A",
        "a",
        "to",
        "B",
        "the first one",
        "Vitamin A",
        "vitamin a",
        "hepatitis A",
        "Option A.",
        "I think so",
        "Yes, it is.",
        "yes it does",
        "That's what it is made of.",
        "that is what it depends on",
        "and so on",
        "the water comes in",
        "it is turned on",
        "Is it made of?",
        "it breaks down",
        "It goes up.",
        "more than it was",
        "It produces energy for the cell by cellular respiration.",
        "two point five",
        "They can do whatever they want to",
        "five or so",
        "No, they are not.",
        "ATP, for example",
        "Oh, and the nights are longer as well, I forgot to say that.",
    ],
    "de": [
        "Es erzeugt ATP.",
        "A",
        "die erste",
        "Vitamin A",
        "ja, das ist so",
        "Es nimmt Wasser auf",
        "Die Zelle schwillt an",
        "Die Temperatur nimmt zu.",
        "Woraus es besteht",
        "weil es dort Energie gibt",
        "Ich weiß, was das ist",
        "Sie wandelt es um",
        "zwei Komma fünf",
        "Das Kation",
    ],
}


@pytest.mark.parametrize(
    ("language", "text"), [(name, text) for name, texts in UNFINISHED.items() for text in texts]
)
def test_what_breaks_off(language: str, text: str) -> None:
    assert is_unfinished(text, language_data(language))


@pytest.mark.parametrize(
    ("language", "text"), [(name, text) for name, texts in FINISHED.items() for text in texts]
)
def test_what_is_complete(language: str, text: str) -> None:
    assert not is_unfinished(text, language_data(language))


def test_it_is_told_of_an_answer_only() -> None:
    asked = question(
        kind="open", ask="Why?", points=[{"id": "a", "marks": 2, "looks_for": "produces ATP"}]
    )
    understood = RULES.decide(Heard("It makes ATP and"), Context(asked))
    assert (understood.intent, understood.unfinished) == ("answer", True)
    assert RULES.judge(Heard("It makes ATP and"), Context(asked)) == (understood, True)
    assert not RULES.decide(Heard("Let me think, and"), Context(asked)).unfinished
    assert RULES.decide(Heard("It makes ATP. Let me think."), Context(asked)).covered == ("a",)


def test_an_option_that_was_named_is_complete() -> None:
    asked = question(kind="choice", ask="Which?", options=["TCP", "UDP"], correct="A")
    understood = RULES.decide(Heard("B, because the"), Context(asked))
    assert (understood.choice, understood.unfinished) == ((1,), False)
    assert RULES.decide(Heard("I think it is the"), Context(asked)).unfinished
