"""How many things a text asks for: one is all that a student can answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from exam_graph.language import language_data
from exam_graph.paper import Language

_SENTENCE_END = re.compile(r"(?<=[.?!])[\s\"'”»)]+")
_QUOTED = "\"'“”„‘’«»()"


@dataclass(frozen=True)
class _Patterns:
    """Of one sentence in small letters.

    command: begins with a verb that asks · interrogative: begins of questions, anywhere
    begins: begins with what asks · questioning: words that ask, anywhere
    more: a second question, after "and" or a comma
    """

    command: re.Pattern[str]
    interrogative: re.Pattern[str]
    begins: re.Pattern[str]
    questioning: re.Pattern[str]
    more: re.Pattern[str]
    abbreviation: re.Pattern[str]


def count_asks(text: str, language: Language) -> int:
    """How many things a text wants to know: questions, commands, and those joined by "and"."""
    patterns = _patterns(language)
    plain = patterns.abbreviation.sub("x", text.casefold())
    return sum(_asks(sentence, patterns) for sentence in sentences(plain))


def sentences(text: str) -> list[str]:
    return [each.strip(f" {_QUOTED}") for each in _SENTENCE_END.split(text.strip()) if each.strip()]


def _asks(sentence: str, patterns: _Patterns) -> int:
    marks = sentence.count("?") + sentence.count("؟")
    begun = len(patterns.interrogative.findall(sentence))
    asks = max(marks, begun, 1 if patterns.command.match(sentence) else 0)
    if not asks:
        return 0
    # "In a cell, how …" asks once; "What is that, how …" does it twice.
    first = patterns.begins.match(sentence) or patterns.questioning.search(sentence)
    start = len(sentence) if first is None else first.start()
    return asks + sum(more.start() > start for more in patterns.more.finditer(sentence))


@cache
def guard_data(language: Language) -> dict[str, Any]:
    """The language's part of guard.yaml."""
    source = resources.files("exam_graph") / "guard.yaml"
    data: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))[language]
    return data


@cache
def lead_in(language: Language) -> str:
    """A pattern of what may stand before the first word that matters: "Okay, and now"."""
    return rf"(?:(?:{any_of(guard_data(language)['lead_ins'])})\b,?\s*)*"


def any_of(phrases: Iterable[str]) -> str:
    """A pattern of these phrases, long ones first."""
    return "|".join(sorted((re.escape(each) for each in phrases), key=len, reverse=True))


@cache
def _patterns(language: Language) -> _Patterns:
    data, known, lead = guard_data(language), language_data(language), lead_in(language)
    asking = any_of([*known.questioning, *data["commands"]])
    second = rf"(?:{any_of(data['lead_ins'])})? ?(?:{'|'.join(data['inversions'])}|{asking})"
    joined = rf"(?<=[\w,;] )(?:{any_of(known.conjunctions)}),? {second}"
    after_comma = rf"[,;:–—…] ?{lead}(?:{any_of([*data['after_comma'], *data['commands']])})"
    return _Patterns(
        command=re.compile(rf"{lead}(?:{any_of(data['commands'])})\b"),
        interrogative=re.compile(rf"\b(?:{'|'.join(data['interrogatives'])})\b"),
        begins=re.compile(rf"{lead}(?:{asking}|{any_of(data['yes_no'])})\b"),
        questioning=re.compile(rf"\b(?:{asking})\b"),
        more=re.compile(rf"(?:{joined}|{after_comma})\b"),
        abbreviation=re.compile(rf"(?<!\S)(?:{any_of(known.abbreviations)})"),
    )
