"""Numbers that answers name, with their units."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_graph.language import language_data
from exam_graph.paper import Language, ShortQuestion
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard
from exam_graph.value import value_in

pytestmark = pytest.mark.unit

ENGLISH: list[tuple[str, str | None, float | None]] = [
    ("two point five metres per second", "m/s", 2.5),
    ("2.5 m/s", "m/s", 2.5),
    ("minus three", None, -3.0),
    ("negative four point two", None, -4.2),
    ("-5", None, -5.0),
    ("it is about 9.8", None, 9.8),
    ("ten to the minus three", None, 0.001),
    ("ten to the power of six", None, 1e6),
    ("10^-3", None, 0.001),
    ("10⁻³ m", "m", 0.001),
    ("two times ten to the eight metres per second", "m/s", 2e8),
    ("3e8", None, 3e8),
    ("a half", None, 0.5),
    ("half", None, 0.5),
    ("one and a half", None, 1.5),
    ("three quarters", None, 0.75),
    ("two thirds", None, 2 / 3),
    ("one over two", None, 0.5),
    ("1/4", None, 0.25),
    ("a hundred and five", None, 105.0),
    ("two hundred fifty", None, 250.0),
    ("twenty five thousand", None, 25000.0),
    ("1,000", None, 1000.0),
    ("2 million", None, 2e6),
    ("three point one four", None, 3.14),
    ("zero point zero five", None, 0.05),
    ("point five", None, 0.5),
    ("oh it's three point fourteen", None, 3.14),
    ("twenty metres", "m", 20.0),
    ("2, no, 3", None, 3.0),
    ("twenty, sorry, thirty metres", "m", 30.0),
    ("I'd say two, no wait, four", None, 4.0),
    ("2000 millimetres", "m", 2.0),
    ("1.5 km", "m", 1500.0),
    ("two hundred and fifty milliamps", "A", 0.25),
    ("two kilojoules", "J", 2000.0),
    ("500 grams", "kg", 0.5),
    ("36 kilometres per hour", "m/s", 10.0),
    ("two minutes", "s", 120.0),
    ("half an hour", "min", 30.0),
    ("30 seconds", "min", 0.5),
    ("9.8 metres per second squared", "m/s^2", 9.8),
    ("9.8 meters per second squared", "m/s²", 9.8),
    ("4 square metres", "m^2", 4.0),
    ("100 square centimetres", "m^2", 0.01),
    ("2 litres", "m^3", 0.002),
    ("ten newtons", "m", 10.0),
    ("50 percent", "%", 50.0),
    ("20 degrees Celsius", "°C", 20.0),
    ("20", "m", 20.0),
    ("v equals two point five", None, 2.5),
    ("10 metres divided by 4 seconds is 2.5 metres per second", "m/s", 2.5),
    ("It is 20 because g is 10", None, 20.0),
    ("10 divided by 4 is 2.5", None, 2.5),
    ("x squared over two", None, None),
    ("2x", None, None),
    ("two x plus one", None, None),
    ("h two o", None, None),
    ("two or three", None, None),
    ("between 2 and 3", None, None),
    ("2-3", None, None),
    ("question two", None, None),
    ("the mitochondrion", None, None),
    ("a cell", None, None),
    ("it is the second law", None, None),
    ("", None, None),
    ("one", None, 1.0),
    ("zero", None, 0.0),
]

GERMAN: list[tuple[str, str | None, float | None]] = [
    ("zwei Komma fünf Meter pro Sekunde", "m/s", 2.5),
    ("2,5 m/s", "m/s", 2.5),
    ("minus drei", None, -3.0),
    ("ungefähr 9,8", None, 9.8),
    ("zehn hoch minus drei", None, 0.001),
    ("zwei mal zehn hoch acht", None, 2e8),
    ("ein halb", None, 0.5),
    ("anderthalb", None, 1.5),
    ("zweieinhalb Meter", "m", 2.5),
    ("drei Viertel", None, 0.75),
    ("fünfundzwanzig", None, 25.0),
    ("zweihundertfünfzig", None, 250.0),
    ("dreitausendzweihundert", None, 3200.0),
    ("tausendeins", None, 1001.0),
    ("einundzwanzig", None, 21.0),
    ("hunderteins", None, 101.0),
    ("1.000", None, 1000.0),
    ("zwei, nein, drei", None, 3.0),
    ("zweitausend Millimeter", "m", 2.0),
    ("zwei Kilojoule", "J", 2000.0),
    ("36 Kilometer pro Stunde", "m/s", 10.0),
    ("neun Komma acht Meter pro Sekunde Quadrat", "m/s^2", 9.8),
    ("vier Quadratmeter", "m^2", 4.0),
    ("zwei oder drei", None, None),
    ("x Quadrat durch zwei", None, None),
    ("eine Zelle", None, None),
    ("das Mitochondrium", None, None),
]


@pytest.mark.parametrize(
    ("language", "text", "unit", "value"),
    [
        *(("en", *row) for row in ENGLISH),
        *(("de", *row) for row in GERMAN),
    ],
)
def test_the_value(language: str, text: str, unit: str | None, value: float | None) -> None:
    expected = None if value is None else pytest.approx(value)
    assert value_in(text, unit, language_data(language)) == expected


FALL = ShortQuestion.model_validate(
    {"id": "fall", "kind": "short", "ask": "How far?", "marks": 1, "value": 20.0, "unit": "m"}
)
CAPITAL = ShortQuestion.model_validate(
    {"id": "capital", "kind": "short", "ask": "Which one?", "marks": 1, "value": "Paris"}
)


def test_the_value_of_an_answer() -> None:
    rules = RulesUnderstanding()
    context = Context(FALL)
    understood = rules.decide(Heard("It falls twenty metres."), context)
    assert (understood.intent, understood.value) == ("answer", 20.0)
    assert rules.judge(Heard("It falls twenty metres."), context) == (understood, True)
    assert not rules.judge(Heard("It falls rather far."), context)[1]
    assert rules.decide(Heard("twenty"), Context(CAPITAL)).value is None


def test_the_value_of_an_answer_in_two_turns() -> None:
    rules = RulesUnderstanding()
    begun = Context(FALL, answer_so_far="It is twenty point")
    assert rules.decide(Heard("five metres"), begun).value == 20.5
    begun = Context(FALL, answer_so_far="It is twenty metres.")
    assert rules.decide(Heard("That follows from the formula."), begun).value == 20.0
    assert rules.decide(Heard("No, thirty."), begun).value == 30.0


@settings(deadline=None)
@given(st.text(alphabet="0123456789.,-^e/ two ten half point over km", max_size=60))
def test_no_number_is_too_odd(text: str) -> None:
    languages: tuple[Language, ...] = ("en", "de")
    for language in languages:
        value = value_in(text, "m", language_data(language))
        assert value is None or isinstance(value, float)
