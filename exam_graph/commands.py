"""Whole utterances that are a command, by the patterns of a language file.

An utterance is a command only if it consists of commands and courtesies from its first word to
its last. So "we skip the first exon" is none, however the recogniser punctuates it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from exam_graph.language import LanguageData, language_data
from exam_graph.patterns import Automaton
from exam_graph.understanding import Confirming
from exam_graph.words import spoken_words

# Longer utterances are answers, whatever they are made of.
MAX_WORDS = 30
MAX_ASKED_WORDS = 3


@dataclass(frozen=True)
class Grammar:
    """A language's commands, what is said in passing, and what confirms."""

    data: LanguageData
    commands: Automaton
    passing: Automaton
    asking: Automaton
    confirming: Mapping[str, Automaton]

    def parse(self, text: str, *, confirming: Confirming = "") -> frozenset[str] | None:
        """Names of the commands that the utterance consists of.

        Empty if it is courtesies and fillers only; None if it is more than commands. "yes" and
        "no" are among the names only where something is `confirming`.
        """
        said = self.said(text)
        if len(said) > MAX_WORDS:
            return None
        first = self.confirming[confirming] if confirming else self.passing
        return _parse(said, (first, self.commands))

    def said(self, text: str) -> list[str]:
        """The words without the fillers."""
        return [word for word in spoken_words(text, self.data) if word not in self.data.fillers]

    def passing_only(self, said: list[str]) -> bool:
        """Whether the words are courtesies and nothing else."""
        return _parse(said, (self.passing,)) == frozenset()

    def asked_about(self, text: str) -> set[str]:
        """The words whose meaning an utterance asks for: "what is osmosis again?"."""
        said = self.said(text)
        rest = set(said[self.asking.longest(said) :])
        asked = rest - self.data.stopwords
        return asked if len(rest) < len(said) and len(asked) <= MAX_ASKED_WORDS else set()

    def interjection(self, text: str) -> frozenset[str]:
        """Which of "yes" and "no" an utterance of nothing else says."""
        return _parse(self.said(text), (self.confirming["silence"],)) or frozenset()


def _parse(said: list[str], automata: tuple[Automaton, ...]) -> frozenset[str] | None:
    """The reading with the fewest commands; the pattern without a name is no command."""
    readings: list[frozenset[str] | None] = [frozenset(), *[None] * len(said)]
    for position in range(len(said)):
        before = readings[position]
        if before is None:
            continue
        for automaton in automata:
            for end, names in automaton.ends(said, position).items():
                # What says yes or no is no mere courtesy: "I can hear you."
                for name in [each for each in names if each] or names:
                    after = before | {name} if name else before
                    reached = readings[end]
                    if reached is None or len(after) < len(reached):
                        readings[end] = after
    return readings[-1]


@cache
def grammar(language: str) -> Grammar:
    """The patterns of that language, read; `FileNotFoundError` if there are none."""
    data = language_data(language)
    return Grammar(
        data=data,
        commands=Automaton(data.commands, data),
        passing=Automaton({"": (*data.courtesy, *data.interjections)}, data),
        asking=Automaton({"asking": data.asking}, data),
        confirming={
            asked: Automaton({"": data.courtesy, **_merged(data.confirmations, more)}, data)
            for asked, more in data.confirmed.items()
        },
    )


def _merged(
    patterns: Mapping[str, tuple[str, ...]], more: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    return {name: (*patterns.get(name, ()), *more.get(name, ())) for name in {**patterns, **more}}
