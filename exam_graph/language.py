"""How students speak one language: the data files of exam_graph/languages, read once each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

Patterns = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Numbers:
    units: tuple[str, ...]
    tens: tuple[str, ...]
    hundred: str
    thousand: str
    point: str
    squared: tuple[str, ...]
    cubed: tuple[str, ...]


@dataclass(frozen=True)
class Choosing:
    article: str
    letters: Mapping[str, tuple[str, ...]]
    ordinals: tuple[str, ...]
    last: tuple[str, ...]
    markers: tuple[str, ...]
    nouns: tuple[str, ...]
    lead_ins: tuple[str, ...]
    trailers: tuple[str, ...]
    joins: tuple[str, ...]
    reasons: tuple[str, ...]
    corrections: tuple[str, ...]
    all: tuple[str, ...]


@dataclass(frozen=True)
class LanguageData:
    """One file, field by field; the file's comments say what each is for."""

    name: str
    fillers: frozenset[str]
    spellings: Mapping[str, str]
    names: Mapping[str, str]
    courtesy: tuple[str, ...]
    interjections: tuple[str, ...]
    commands: Patterns
    confirmations: Patterns
    stopwords: frozenset[str]
    light: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...]
    negations: frozenset[str]
    negation_ends: frozenset[str]
    numbers: Numbers
    questioning: tuple[str, ...]
    conjunctions: tuple[str, ...]
    abbreviations: tuple[str, ...]
    choosing: Choosing


@cache
def language_data(language: str) -> LanguageData:
    """The data of that language; `FileNotFoundError` if Voxam has none for it."""
    source = resources.files("exam_graph") / "languages" / f"{language}.yaml"
    # BaseLoader: every scalar is text, also yes, no, on and off.
    data: dict[str, Any] = yaml.load(source.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    return LanguageData(
        name=language,
        fillers=frozenset(data["fillers"]),
        spellings=data["spellings"],
        names=data["names"],
        courtesy=tuple(data["courtesy"]),
        interjections=tuple(data["interjections"]),
        commands=_tuples(data["commands"]),
        confirmations=_tuples(data["confirmations"]),
        stopwords=frozenset(data["stopwords"]),
        light=tuple(data["light"]),
        synonyms=tuple(tuple(group) for group in data["synonyms"]),
        negations=frozenset(data["negations"]),
        negation_ends=frozenset(data["negation_ends"]),
        numbers=Numbers(**_tuples(data["numbers"])),
        questioning=tuple(data["questioning"]),
        conjunctions=tuple(data["conjunctions"]),
        abbreviations=tuple(data["abbreviations"]),
        choosing=Choosing(**_tuples(data["choosing"])),
    )


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    """Lists become tuples, one level of mappings down too."""
    return {
        key: tuple(value)
        if isinstance(value, list)
        else _tuples(value)
        if isinstance(value, dict)
        else value
        for key, value in data.items()
    }
