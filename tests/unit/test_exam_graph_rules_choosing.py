"""Naming options aloud."""

import pytest
from pydantic import TypeAdapter

from exam_graph.choosing import Choice, choose
from exam_graph.language import language_data
from exam_graph.paper import ChoiceQuestion

pytestmark = pytest.mark.unit


def question(*options: str) -> ChoiceQuestion:
    return TypeAdapter(ChoiceQuestion).validate_python(
        {
            "id": "pick",
            "kind": "choice",
            "ask": "Which?",
            "marks": 1,
            "options": list(options),
            "correct": "A",
        }
    )


LAYERS = question("TCP", "UDP", "the transport layer", "the network layer")


def chosen(text: str, among: ChoiceQuestion = LAYERS) -> Choice:
    return choose(among, text, language_data("en"))


@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("B", (1,)),
        ("bee", (1,)),
        ("Be.", (1,)),
        ("sea", (2,)),
        ("A.", (0,)),
        ("um, d please", (3,)),
        ("Option two.", (1,)),
        ("number three please", (2,)),
        ("the second one", (1,)),
        ("The last one.", (3,)),
        ("first", (0,)),
        ("answer see", (2,)),
        ("I think it's B because it's fast", (1,)),
        ("I would go with D.", (3,)),
        ("My answer is C.", (2,)),
        ("B I think", (1,)),
        ("B is correct.", (1,)),
        ("so then option b would fit best here", (1,)),
        ("A or C", (0, 2)),
        ("either B or C", (1, 2)),
        ("both A and B", (0, 1)),
        ("A, C", (0, 2)),
        ("all of them", (0, 1, 2, 3)),
        ("B, no, C", (2,)),
        ("B, no wait, C", (2,)),
        ("No, B.", (1,)),
        ("D. The network layer.", (3,)),
        ("B, the network layer", (1, 3)),
        ("A is wrong, so I'd pick option B.", (1,)),
    ],
)
def test_named_as_one_names_options(text: str, indexes: tuple[int, ...]) -> None:
    assert chosen(text) == Choice(indexes, clear=True)


@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("TCP", (0,)),
        ("t c p", (0,)),
        ("U D P I think", (1,)),
        ("it's the transport layer, I am pretty sure", (2,)),
        ("either TCP or UDP", (0, 1)),
        ("TCP, not UDP", (0,)),
        ("it's not UDP but TCP", (0,)),
        ("something with packets", ()),
        ("A protocol", ()),
        ("E", ()),
        ("option seven", ()),
        ("a second", ()),
        ("the first part of the message", ()),
        ("", ()),
    ],
)
def test_named_by_their_words_or_not_at_all(text: str, indexes: tuple[int, ...]) -> None:
    assert chosen(text) == Choice(indexes, clear=False)


def test_an_option_within_another_gives_way() -> None:
    among = question("a membrane", "a double membrane", "a wall")
    assert chosen("it has a double membrane", among).indexes == (1,)
    assert chosen("it has a membrane", among).indexes == (0,)


def test_numbers_as_options() -> None:
    among = question("22", "80", "443")
    assert chosen("it is 443", among).indexes == (2,)
    assert chosen("eighty", among).indexes == (1,)
    assert chosen("option one", among).indexes == (0,)


def test_options_of_small_words_only() -> None:
    among = question("yes", "no", "it is both")
    assert chosen("yes", among).indexes == (0,)
