"""How answers speak to whoever marks them: the files of grading/steering, read once each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, get_args

import yaml

from exam_graph.language import language_data
from exam_graph.paper import Language
from exam_graph.patterns import Automaton
from grading.disguise import fold

SIGN = "sign "
"""Begins the name of each kind of signs."""

Found = dict[int, tuple[str, ...]]


@dataclass(frozen=True)
class Steering:
    """One file, compiled. `spellings` and `fillers` are those of the language, folded."""

    name: str
    patterns: Automaton
    hot: frozenset[str]
    open: frozenset[str]
    articles: frozenset[str]
    joins: frozenset[str]
    people: frozenset[str]
    small: frozenset[str]
    known: frozenset[str]
    misspelt: tuple[str, ...]
    fillers: frozenset[str]
    adverbs: frozenset[str]
    spellings: dict[str, tuple[str, ...]]

    def ends(self, said: Sequence[str], start: int) -> Found:
        """Where something that begins there ends, and whether it is "steer", "who" or "what"."""
        return self.patterns.ends(said, start)


@cache
def steering() -> tuple[Steering, ...]:
    """Every language's: a student of any exam may try any."""
    folder = resources.files("grading") / "steering"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".yaml"))
    return tuple(_compiled(name.removesuffix(".yaml")) for name in names if name != "letters.yaml")


@cache
def letters() -> dict[str, str]:
    """How a letter is said → the letter."""
    said: dict[str, str] = _read("letters")
    return {fold(name): letter for letter, names in said.items() for name in names.split()}


@cache
def known_words() -> frozenset[str]:
    """What run-together or spelt-out letters may be made of."""
    return frozenset().union(*(each.known for each in steering()))


@cache
def misspelt_words() -> tuple[str, ...]:
    """What is understood with a letter wrong, too."""
    return tuple(word for each in steering() for word in each.misspelt)


def _compiled(name: str) -> Steering:
    content = _read(name)
    spoken = language_data(name if name in get_args(Language) else "en")
    names = {key: fold(text) for key, text in content["names"].items()}
    patterns = {kind: [fold(one) for one in content[kind]] for kind in ("steer", "who", "what")}
    patterns |= {
        f"{SIGN}{kind}": [fold(one) for one in signs] for kind, signs in content["signs"].items()
    }
    hot = frozenset(map(fold, content["hot"]))
    text = " ".join([*names.values(), *(one for each in patterns.values() for one in each)])
    for sign in "()[]|*#{}^~":
        text = text.replace(sign, " ")
    small = frozenset(map(fold, spoken.stopwords)) if name in get_args(Language) else frozenset()
    return Steering(
        name=name,
        patterns=Automaton(patterns, replace(spoken, names=names)),
        hot=hot,
        open=frozenset(map(fold, content["open"])),
        articles=frozenset(map(fold, content["articles"])),
        joins=frozenset(map(fold, content["joins"])),
        people=frozenset(map(fold, content["people"])),
        small=small,
        known=frozenset(text.split()) | hot | small | {"i", "a"},
        misspelt=tuple(map(fold, content["misspelt"])),
        fillers=frozenset(map(fold, spoken.fillers)),
        adverbs=frozenset(map(fold, content["adverbs"])),
        spellings={
            fold(written): tuple(fold(meant).split()) for written, meant in spoken.spellings.items()
        },
    )


def _read(name: str) -> Any:
    source = resources.files("grading") / "steering" / f"{name}.yaml"
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return yaml.load(source.read_text(encoding="utf-8"), loader)  # noqa: S506
