"""Words made comparable, and points found by them."""

import pytest

from exam_graph.coverage import Coverage, coverage
from exam_graph.language import language_data
from exam_graph.paper import OpenQuestion
from exam_graph.words import BREAK, terms

pytestmark = pytest.mark.unit

EN = language_data("en")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It makes a t p.", "it makes atp ."),
        ("A.T.P. is made", "atp . is made"),
        ("ATP, as I said", "atp . as i said"),
        ("c o two and H two O", "co2 and h2o"),
        ("CO₂ and x² and x^2", "co2 and x2 and x2"),
        ("x squared over two", "x2 over 2"),
        ("two point five metres", "2.5 metres"),
        ("zero point zero five", "0.05"),
        ("twenty five thousand three hundred", "25300"),
        ("one two three", "1 2 3"),
        ("1,000 or 9.80", "1000 or 9.8"),
        ("it's -5 °C", "it is minus 5 degrees c"),
        ("F = ma", "f equals ma"),
        ("T C P I think", "tcp i think"),
    ],
)
def test_terms(text: str, expected: str) -> None:
    assert terms(text, EN) == expected.split()
    assert BREAK == "."


def point(looks_for: str, ask: str = "How does a mitochondrion serve the cell?") -> OpenQuestion:
    key = {"id": "key", "marks": 1, "looks_for": looks_for}
    return OpenQuestion.model_validate(
        {"id": "q", "kind": "open", "ask": ask, "marks": 1, "points": [key]}
    )


def found(looks_for: str, answer: str) -> Coverage:
    return coverage(point(looks_for), answer, EN)


YES = Coverage(("key",), doubtful=False)
NO = Coverage((), doubtful=False)
PERHAPS = Coverage((), doubtful=True)


@pytest.mark.parametrize(
    ("looks_for", "answer", "expected"),
    [
        ("produces ATP", "it makes a t p", YES),
        ("produces ATP", "ATP is generated there", YES),
        ("produces ATP", "it produces something", NO),
        ("produces ATP", "it is the powerhouse", NO),
        ("produces ATP", "it does not produce ATP", PERHAPS),
        ("produces ATP", "it's not sugar but ATP that it makes", YES),
        ("produces ATP", "It does not store sugar. It makes ATP.", YES),
        ("by cellular respiration", "through cellular respirations", YES),
        ("by cellular respiration", "respiration", PERHAPS),
        ("the phospholipid bilayer", "a phospho lipid bi layer", YES),
        ("semipermeable barrier", "a semipermiable barrier", YES),
        ("mitosis", "meiosis", NO),
        ("glucose or sugar", "it burns sugar", YES),
        ("36 molecules of ATP", "36 molecules of ATP", YES),
        ("36 molecules of ATP", "thirty six A T P molecules", YES),
        ("36 molecules of ATP", "thirty eight ATP molecules", PERHAPS),
        ("no oxygen is needed", "it needs no oxygen", YES),
        ("serves the cell", "it serves the cell", YES),
    ],
)
def test_points(looks_for: str, answer: str, expected: Coverage) -> None:
    assert found(looks_for, answer) == expected


def test_points_come_in_the_papers_order() -> None:
    question = OpenQuestion.model_validate(
        {
            "id": "q",
            "kind": "open",
            "ask": "Why?",
            "marks": 3,
            "points": [
                {"id": "first", "marks": 1, "looks_for": "osmosis"},
                {"id": "second", "marks": 1, "looks_for": "diffusion"},
                {"id": "third", "marks": 1, "looks_for": "gravity"},
            ],
        }
    )
    assert coverage(question, "gravity and osmosis", EN).covered == ("first", "third")


def test_german_words() -> None:
    question = point("erzeugt Energie durch Zellatmung", ask="Was macht ein Mitochondrium?")
    answer = "Es stellt durch die Zellatmung Energie her."
    assert coverage(question, answer, language_data("de")).covered == ("key",)
