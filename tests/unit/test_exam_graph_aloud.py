"""Aloud: how numbers, units, acronyms and signs are spoken, and that plain text stays as it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_graph.aloud import aloud, measures_aloud
from exam_graph.loading import load, paper_files
from exam_graph.paper import Language

pytestmark = pytest.mark.unit

EXAMS = Path(__file__).parents[2] / "exams"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        # numbers
        ("3 cells", "three cells"),
        ("2.5 and 3.10", "two point five and three point one zero"),
        ("1,000 or 1,234.5", "one thousand or one thousand two hundred and thirty-four point five"),
        ("-3 and −4", "minus three and minus four"),
        ("007", "zero zero seven"),
        ("the 1st, 2nd, 23rd and 11th", "the first, second, twenty-third and eleventh"),
        ("5–10 days", "five to ten days"),
        ("a ratio of 3:1", "a ratio of three to one"),
        ("3/4 of it", "three over four of it"),
        ("Is it 3?", "Is it three?"),
        # years
        ("in 1905.", "in nineteen oh-five."),
        ("from 1914–1918", "from nineteen fourteen to nineteen eighteen"),
        ("the 1990s and the 60s", "the nineteen nineties and the sixties"),
        ("1905 m", "one thousand nine hundred and five meters"),
        ("1905 + 2", "one thousand nine hundred and five plus two"),
        ("port 8080", "port eight thousand and eighty"),
        # units
        ("5 km/h", "five kilometers per hour"),
        ("1 km", "one kilometer"),
        ("g = 10 m/s²", "g equals ten meters per second squared"),
        (
            "20 °C, 20°C and 90°",
            "twenty degrees Celsius, twenty degrees Celsius and ninety degrees",
        ),
        ("5% and 5 %", "five percent and five percent"),
        ("3 µm and 3 μm", "three micrometers and three micrometers"),
        ("10 ml, 10 mL, 2 L", "ten milliliters, ten milliliters, two liters"),
        ("1.5 kg/m³", "one point five kilograms per cubic meter"),
        ("0.1 mol/L", "zero point one moles per liter"),
        ("100 kΩ and 3 mT", "one hundred kiloohms and three milliteslas"),
        ("a 5-km run", "a five kilometer run"),
        ("the speed in m/s", "the speed in meters per second"),
        ("5 in the morning", "five in the morning"),
        ("16 GB", "sixteen gigabytes"),
        ("$5 or 1 €", "five US dollars or one euro"),
        # names
        ("ATP, DNA and mRNA", "A T P, D N A and m R N A"),
        ("HTTP but NASA", "H T T P but NASA"),
        ("PCs and pH 7", "P C's and p H seven"),
        ("H2O, CO₂, C6H12O6", "H two O, C O two, C six H twelve O six"),
        ("Na⁺ and Ca²⁺", "Na plus and Ca two plus"),
        ("Which is NOT a cell?", "Which is NOT a cell?"),
        ("World War II", "World War two"),
        ("I am, A or B", "I am, A or B"),
        # signs
        ("E = mc²", "E equals m c squared"),
        ("x² + y³ = 4t", "x squared plus y cubed equals four t"),
        ("2·3 × 4", "two times three times four"),
        ("x^2 and 10⁻³", "x squared and ten to the power of minus three"),
        ("5 - 3", "five minus three"),
        ("2π", "two pi"),
        ("λ and μ", "lambda and mu"),
        # left alone
        ("at 14:30 on 2024-03-01", "at 14:30 on 2024-03-01"),
        ("10.0.0.1", "10.0.0.1"),
        ("https://example.org/3", "https://example.org/3"),
    ],
)
def test_english(text: str, spoken: str) -> None:
    assert aloud(text, "en") == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("2,5 km/h", "zwei Komma fünf Kilometer pro Stunde"),
        ("1.000 Liter", "eintausend Liter"),
        ("1 s, 1 km, 1 Zelle", "eine Sekunde, ein Kilometer, eine Zelle"),
        ("im Jahr 1905", "im Jahr neunzehnhundertfünf"),
        ("am 1. Mai, der 2. Weltkrieg", "am ersten Mai, der zweite Weltkrieg"),
        ("in der 2. Phase", "in der zweiten Phase"),
        ("Es sind 3. Welche?", "Es sind drei. Welche?"),
        ("g = 10 m/s²", "g gleich zehn Meter pro Quadratsekunde"),
        ("20 °C, 5 %", "zwanzig Grad Celsius, fünf Prozent"),
        ("10 J und 2 μm", "zehn Joule und zwei Mikrometer"),
        ("x² und x³", "x Quadrat und x hoch drei"),
        ("UV-Licht und DNA", "U V-Licht und D N A"),
        ("3:1 und 5–10", "drei zu eins und fünf bis zehn"),
    ],
)
def test_german(text: str, spoken: str) -> None:
    assert aloud(text, "de") == spoken


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "text",
    [
        "How does a mitochondrion serve the cell?",
        "Wozu dient’s – „ungefähr“, naïve  Äußerungen?",
        "McDonald, iPhone-like; “quoted” (bracketed)…",
        "",
    ],
)
def test_plain_text_stays_to_the_character(text: str, language: Language) -> None:
    assert aloud(text, language) == text


@given(st.text("abcdefgh ijklmnopqrstuvwxyzäöüß.,;:?!'()“”-–", max_size=80))
def test_without_digits_capitals_or_signs_nothing_changes(text: str) -> None:
    assert aloud(text, "en") == text
    assert aloud(text, "de") == text


@given(st.text(max_size=80), st.sampled_from(["en", "de"]))
def test_it_never_fails(text: str, language: Language) -> None:
    assert aloud(text, language) == aloud(text, language)


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["en", "de"]))
def test_no_digit_of_a_number_is_left(number: int, language: Language) -> None:
    assert not any(char.isdecimal() for char in aloud(f"Is it {number}?", language))


def test_words_that_were_made_stay_as_they_are() -> None:
    for file in paper_files(EXAMS):
        paper = load(file)
        for question in paper.questions:
            once = aloud(question.ask, paper.language)
            assert aloud(once, paper.language) == once


def test_without_signs_a_formula_is_left_to_its_author() -> None:
    assert measures_aloud("F = m·a with 3 m/s²", "en") == (
        "F = m·a with three meters per second squared"
    )
