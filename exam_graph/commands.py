"""Whole utterances that are a command, by the patterns of a language file.

An utterance is a command only if it consists of commands and courtesies from its first word to
its last. So "we skip the first exon" is none, however the recogniser punctuates it.
"""

import re
from dataclasses import dataclass
from functools import cache

from exam_graph.language import LanguageData, language_data
from exam_graph.words import spoken_words

# Longer utterances are answers, whatever they are made of.
MAX_WORDS = 30

_TOKEN = re.compile(r"[()\[\]|*]|[^\s()\[\]|*]+")
_GRAMMAR = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|", "*": r"(?:\S+ ){1,4}"}


@dataclass(frozen=True)
class Grammar:
    """The compiled patterns: what is said in passing, and how each command sounds."""

    data: LanguageData
    passing: re.Pattern[str]
    courtesy: re.Pattern[str]
    commands: dict[str, re.Pattern[str]]
    confirmations: dict[str, re.Pattern[str]]

    def parse(self, text: str, *, confirming: bool = False) -> frozenset[str] | None:
        """Names of the commands that the utterance consists of.

        Empty if it is courtesies and fillers only; None if it is more than commands.
        """
        said = [word for word in spoken_words(text, self.data) if word not in self.data.fillers]
        if len(said) > MAX_WORDS:
            return None
        if confirming:
            return _parse(said, {"": self.courtesy, **self.confirmations, **self.commands})
        return _parse(said, {"": self.passing, **self.commands})


def _parse(said: list[str], patterns: dict[str, re.Pattern[str]]) -> frozenset[str] | None:
    """The reading with the fewest commands; the pattern without a name is no command."""
    text = "".join(f"{word} " for word in said)
    starts = [0]
    for word in said:
        starts.append(starts[-1] + len(word) + 1)
    readings: list[frozenset[str] | None] = [frozenset(), *[None] * len(said)]
    for position, start in enumerate(starts[:-1]):
        before = readings[position]
        if before is None:
            continue
        for name, pattern in patterns.items():
            if not pattern.match(text, start):
                continue
            after = before | {name} if name else before
            for end in range(position + 1, len(starts)):
                reached = readings[end]
                better = reached is None or len(after) < len(reached)
                if better and pattern.fullmatch(text, start, starts[end]):
                    readings[end] = after
    return readings[-1]


@cache
def grammar(language: str) -> Grammar:
    """The compiled patterns of that language; `FileNotFoundError` if there are none."""
    data = language_data(language)
    return Grammar(
        data=data,
        passing=compile_patterns((*data.courtesy, *data.interjections), data),
        courtesy=compile_patterns(data.courtesy, data),
        commands={name: compile_patterns(each, data) for name, each in data.commands.items()},
        confirmations={
            name: compile_patterns(each, data) for name, each in data.confirmations.items()
        },
    )


def compile_patterns(patterns: tuple[str, ...], data: LanguageData) -> re.Pattern[str]:
    """One expression over words that each end in a space. The notation is the language file's."""
    return re.compile("|".join(_expression(pattern, data) for pattern in patterns))


def _expression(pattern: str, data: LanguageData) -> str:
    while "{" in pattern:
        pattern = pattern.format_map(data.names)
    return "".join(
        _GRAMMAR[token] if token in _GRAMMAR else re.escape(token) + " "
        for token in _TOKEN.findall(pattern)
    )
