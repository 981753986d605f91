"""Which options of a choice question a student named: by letter, number, order or words."""

import re
from dataclasses import dataclass
from functools import cache

from exam_graph.coverage import content_stems, heard_stems
from exam_graph.language import LanguageData, language_data
from exam_graph.paper import LETTERS, ChoiceQuestion
from exam_graph.patterns import Automaton
from exam_graph.words import spoken_words, stem, terms

_NAMED_BY_WORDS = 0.6
_CLAUSE_END = re.compile(r"[,.;:!?](?=\s|$)")


@dataclass(frozen=True)
class Choice:
    """indexes: the options named, in the paper's order; clear: named as one names options"""

    indexes: tuple[int, ...]
    clear: bool


def choose(question: ChoiceQuestion, text: str, data: LanguageData) -> Choice:
    """What the utterance names. A correction ("B, no, C") leaves what comes after it."""
    naming = _naming(data.name)
    clauses = [_said(clause, data) for clause in _CLAUSE_END.split(text)]
    said = [word for clause in clauses for word in clause]
    count = len(question.options)
    for correction in _after_corrections(said, naming):
        if named := naming.as_whole(correction, count) or naming.in_passing(correction, count):
            return Choice(tuple(sorted(named)), clear=True)
    named = naming.as_whole(said, count) or naming.in_passing(said, count)
    for clause in clauses:
        named = named | naming.as_whole(clause, count)
    in_words = _by_words(question, text, data, whole=bool(named))
    if named and not (len(in_words) == 1 and in_words.isdisjoint(named)):
        return Choice(tuple(sorted(named)), clear=True)
    return Choice(tuple(sorted(named | in_words)), clear=bool(named))


def _said(text: str, data: LanguageData) -> list[str]:
    return [word for word in spoken_words(text, data) if word not in data.fillers]


def _after_corrections(said: list[str], naming: "_Naming") -> list[list[str]]:
    """What follows each correction ("no", "I mean"), the last one first."""
    ends = [naming.correction.longest(said, start) for start in range(len(said))]
    return [said[end:] for start, end in reversed([*enumerate(ends)]) if start < end < len(said)]


@dataclass(frozen=True)
class _Naming:
    """A language's ways to name an option, compiled."""

    data: LanguageData
    lead_in: Automaton
    trailer: Automaton
    correction: Automaton
    everything: Automaton
    both: Automaton

    def as_whole(self, said: list[str], count: int) -> set[int]:
        """Options, if the utterance is nothing but them: "I'd say B", "the second one"."""
        if self.everything.whole(said) or (count == 2 and self.both.whole(said)):
            return set(range(count))
        rest = said
        while rest:
            found = self._options(rest, count)
            if found:
                return found
            used = self.lead_in.longest(rest)
            if not used:
                return set()
            rest = rest[used:]
        return set()

    def in_passing(self, said: list[str], count: int) -> set[int]:
        """Options named with a noun somewhere: "so then option b would fit"."""
        choosing = self.data.choosing
        found: set[int] = set()
        for position, word in enumerate(said[:-1]):
            if word in choosing.markers:
                index = self._index(said[position + 1], count, ordinal=False)
                article = said[position + 1] == "a" and position + 2 < len(said)
                found |= {index} if index is not None and not article else set()
            elif said[position + 1] in choosing.nouns:
                index = self._index(word, count, ordinal=True)
                found |= {index} if index is not None else set()
        return found

    def _options(self, said: list[str], count: int) -> set[int]:
        """The options that the words begin with, if nothing but a reason follows them."""
        choosing = self.data.choosing
        found: set[int] = set()
        position = 0
        while position < len(said):
            position += self._skip(said[position:])
            if position >= len(said):
                return set()
            index = self._index(said[position], count, ordinal=True)
            if index is None:
                return set()
            found.add(index)
            position += 1
            if position < len(said) and said[position] in choosing.nouns:
                position += 1
            if position >= len(said) or self._ends(said[position:]):
                return found
            if said[position] not in choosing.joins:
                return set()
            position += 1
        return set()

    def _ends(self, said: list[str]) -> bool:
        """Whether what follows the options is a reason, or says that this was the answer."""
        return said[0] in self.data.choosing.reasons or self.trailer.whole(said)

    def _skip(self, said: list[str]) -> int:
        """How many words stand before the name itself: "the", "option", "answer"."""
        skipped = 0
        while skipped < len(said) and (
            said[skipped] in self.data.choosing.articles
            or said[skipped] in self.data.choosing.markers
        ):
            skipped += 1
        return skipped

    def _index(self, word: str, count: int, *, ordinal: bool) -> int | None:
        choosing = self.data.choosing
        index: int | None = None
        if ordinal and word in choosing.last:
            index = count - 1
        elif ordinal and word in self.data.numbers.places:
            index = self.data.numbers.places[word] - 1
        elif word in self.data.numbers.units[1:]:
            index = self.data.numbers.units.index(word) - 1
        elif word.isdecimal() and len(word) < 3 and int(word) > 0:
            index = int(word) - 1
        else:
            for letter, sounds in choosing.letters.items():
                if word in sounds:
                    index = LETTERS.index(letter.upper())
        return index if index is not None and index < count else None


def _by_words(question: ChoiceQuestion, text: str, data: LanguageData, *, whole: bool) -> set[int]:
    """Options whose own words were said; an option contained in another gives way to it."""
    stems = [
        frozenset(content_stems(option.text, data)) or _all_stems(option.text, data)
        for option in question.options
    ]
    shared = frozenset.intersection(*stems)
    said = heard_stems(text, data)
    found: dict[int, frozenset[str]] = {}
    for index, each in enumerate(stems):
        own = each - shared
        hit = frozenset(one for one in own if one in said)
        if own and len(hit) / len(own) >= (1.0 if whole else _NAMED_BY_WORDS):
            found[index] = hit
    return {
        index for index, hit in found.items() if not any(hit < other for other in found.values())
    }


def _all_stems(text: str, data: LanguageData) -> frozenset[str]:
    return frozenset(stem(word, data) for word in terms(text, data))


@cache
def _naming(language: str) -> _Naming:
    data = language_data(language)
    choosing = data.choosing
    return _Naming(
        data=data,
        lead_in=Automaton({"lead_in": choosing.lead_ins}, data),
        trailer=Automaton({"trailer": choosing.trailers}, data),
        correction=Automaton({"correction": choosing.corrections}, data),
        everything=Automaton({"all": choosing.all}, data),
        both=Automaton({"both": choosing.both}, data),
    )
