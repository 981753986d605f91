"""How students speak one language: the data files of exam_graph/languages, read once each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import yaml

Patterns = Mapping[str, tuple[str, ...]]

#: The forms of one word, as some entries of the files give them: first|1st.
_FORMS = "|"


@dataclass(frozen=True)
class Numbers:
    units: tuple[str, ...]
    tens: tuple[str, ...]
    hundred: str
    thousand: str
    point: str
    squared: tuple[str, ...]
    cubed: tuple[str, ...]
    million: tuple[str, ...]
    minus: tuple[str, ...]
    half: tuple[str, ...]
    fractions: Mapping[str, str]
    mixed: Mapping[str, str]
    nought: tuple[str, ...]
    decimal: str
    because: tuple[str, ...]
    one: tuple[str, ...]
    joins: tuple[str, ...]
    over: tuple[str, ...]
    power: tuple[str, ...]
    times: tuple[str, ...]
    operators: tuple[str, ...]
    results: tuple[str, ...]
    ranges: tuple[str, ...]
    labels: tuple[str, ...]
    ordinals: tuple[str, ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """Words that are a number by themselves."""
        return frozenset((*self.units, *self.tens, self.hundred, self.thousand))

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Every form of an ordinal, with its number."""
        return {
            form: place
            for place, forms in enumerate(self.ordinals, start=1)
            for form in forms.split(_FORMS)
        }


@dataclass(frozen=True)
class Units:
    """Words of units that are no names of theirs: "per", "square", "squared"."""

    per: tuple[str, ...]
    square: tuple[str, ...]
    cubic: tuple[str, ...]
    joins: tuple[str, ...]
    names: Mapping[str, str]
    prefixes: Mapping[str, str]


@dataclass(frozen=True)
class Revising:
    """How an answer is changed: `leads` come before the new words, `weak` ones need more."""

    leads: tuple[str, ...]
    weak: tuple[str, ...]
    apologies: tuple[str, ...]
    trailers: tuple[str, ...]
    before: tuple[str, ...]
    nouns: tuple[str, ...]


@dataclass(frozen=True)
class Unfinished:
    """Last words after which more must come; `links` unless the clause has its object before."""

    always: tuple[str, ...]
    links: tuple[str, ...]
    verbs: tuple[str, ...]
    pronouns: tuple[str, ...]
    openers: tuple[str, ...]
    relatives: tuple[str, ...]
    complete: tuple[str, ...]
    labels: tuple[str, ...]
    wishes: tuple[str, ...]


@dataclass(frozen=True)
class Choosing:
    articles: tuple[str, ...]
    letters: Mapping[str, tuple[str, ...]]
    last: tuple[str, ...]
    markers: tuple[str, ...]
    nouns: tuple[str, ...]
    lead_ins: tuple[str, ...]
    trailers: tuple[str, ...]
    joins: tuple[str, ...]
    reasons: tuple[str, ...]
    corrections: tuple[str, ...]
    all: tuple[str, ...]
    both: tuple[str, ...]


@dataclass(frozen=True)
class LanguageData:
    """One file, field by field; the file's comments say what each is for."""

    name: str
    fillers: frozenset[str]
    spellings: Mapping[str, str]
    names: Mapping[str, str]
    courtesy: tuple[str, ...]
    interjections: tuple[str, ...]
    continuing: frozenset[str]
    addressing: frozenset[str]
    examiner: frozenset[str]
    agreeing: frozenset[str]
    asking: tuple[str, ...]
    commands: Patterns
    confirmations: Patterns
    confirmed: Mapping[str, Patterns]
    notices: Patterns
    revising: Revising
    unfinished: Unfinished
    stopwords: frozenset[str]
    light: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...]
    negations: frozenset[str]
    negation_ends: frozenset[str]
    numbers: Numbers
    units: Units
    questioning: tuple[str, ...]
    conjunctions: tuple[str, ...]
    abbreviations: tuple[str, ...]
    choosing: Choosing


@cache
def language_data(language: str) -> LanguageData:
    """The data of that language; `FileNotFoundError` if Voxam has none for it."""
    source = resources.files("exam_graph") / "languages" / f"{language}.yaml"
    # BaseLoader: every scalar is text, also yes, no, on and off. The one in C is not always built.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    data: dict[str, Any] = yaml.load(source.read_text(encoding="utf-8"), loader)  # noqa: S506
    numbers = Numbers(**_tuples(data["numbers"]))
    return LanguageData(
        name=language,
        fillers=frozenset(data["fillers"]),
        spellings=data["spellings"],
        names={**data["names"], "ordinal": f"({_FORMS.join(numbers.ordinals)})"},
        courtesy=tuple(data["courtesy"]),
        interjections=tuple(data["interjections"]),
        continuing=frozenset(data["continuing"]),
        addressing=frozenset(data["addressing"]),
        examiner=frozenset(data["examiner"]),
        agreeing=frozenset(data["agreeing"]),
        asking=tuple(data["asking"]),
        commands=_tuples(data["commands"]),
        confirmations=_tuples(data["confirmations"]),
        confirmed=_tuples(data["confirmed"]),
        notices=_tuples(data["notices"]),
        revising=Revising(**_tuples(data["revising"])),
        unfinished=Unfinished(**_tuples(data["unfinished"])),
        stopwords=frozenset(data["stopwords"]),
        light=tuple(data["light"]),
        synonyms=tuple(tuple(group) for group in data["synonyms"]),
        negations=frozenset(data["negations"]),
        negation_ends=frozenset(data["negation_ends"]),
        numbers=numbers,
        units=Units(**_tuples(data["units"])),
        questioning=tuple(data["questioning"]),
        conjunctions=tuple(data["conjunctions"]),
        abbreviations=tuple(data["abbreviations"]),
        choosing=Choosing(**_tuples(data["choosing"])),
    )


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    """Lists become tuples, in the mappings within too."""
    return {
        key: tuple(value)
        if isinstance(value, list)
        else _tuples(value)
        if isinstance(value, dict)
        else value
        for key, value in data.items()
    }
