"""Which points an answer has reached, by the words it shares with `looks_for`.

Keywords, no meaning: enough to spare a student a probe for what was said. Marks are given
elsewhere.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from exam_graph.language import LanguageData, language_data
from exam_graph.paper import Question
from exam_graph.words import BREAK, is_number, stem, terms

# Shares of a point's weight that an answer has to name.
COVERED = 0.6
BORDERLINE = 0.3

_LIGHT = 0.5
_IN_QUESTION = 0.25
_NEGATION_REACH = 3
_ALTERNATIVES = {"en": " or ", "de": " oder "}


@dataclass(frozen=True)
class Coverage:
    """covered: point ids in the paper's order; doubtful: a point was nearly or not clearly named"""

    covered: tuple[str, ...]
    doubtful: bool


@dataclass(frozen=True)
class Said:
    """The stems of what was said: those that hold, and those that were denied."""

    held: frozenset[str]
    denied: frozenset[str]

    def __contains__(self, wanted: str) -> bool:
        return wanted in self.held or _nearly(wanted, self.held)


def coverage(question: Question, answer: str, data: LanguageData) -> Coverage:
    """What of the question's points the whole answer so far names."""
    said = heard_stems(answer, data)
    denied = Said(said.held | said.denied, frozenset())
    asked = _asked(question.ask, data.name)
    named = shares(question, answer, data)
    covered = []
    doubtful = False
    for point in question.points:
        share = named[point.id]
        if share >= COVERED:
            covered.append(point.id)
        elif share >= BORDERLINE or _best_share(point.looks_for, denied, asked, data) >= COVERED:
            doubtful = True
    return Coverage(tuple(covered), doubtful)


def shares(question: Question, answer: str, data: LanguageData) -> dict[str, float]:
    """How much of each point the answer names, from 0 to 1, by the point's id."""
    said = heard_stems(answer, data)
    asked = _asked(question.ask, data.name)
    return {point.id: _best_share(point.looks_for, said, asked, data) for point in question.points}


def content_stems(text: str, data: LanguageData) -> list[str]:
    """Stems of the words that carry meaning, in their order."""
    return [stem(word, data) for word in terms(text, data) if _has_content(word, data)]


def telling_words(text: str, data: LanguageData) -> list[str]:
    """The words that carry meaning by themselves, in their order."""
    found = terms(text, data)
    return [word for word in found if _has_content(word, data) and not is_light(word, data)]


def _has_content(word: str, data: LanguageData) -> bool:
    return word != BREAK and word not in data.stopwords


def heard_stems(text: str, data: LanguageData) -> Said:
    """Stems of an answer. A negation denies the next few words, up to a "but" or a sentence mark.

    Recognisers split words ("mito chondria"): neighbours count joined as well.
    """
    held: set[str] = set()
    denied: set[str] = set()
    denying = 0
    previous = ""
    for word in terms(text, data):
        if word in data.negations:
            denying = _NEGATION_REACH
            held.add(word)
        elif word == BREAK or word in data.negation_ends:
            denying = 0
        elif denying:
            denying -= 1
            denied.add(stem(word, data))
        else:
            held |= {stem(word, data), stem(previous + word, data)}
        previous = word if word != BREAK else ""
    return Said(frozenset(held), frozenset(denied - held))


def _best_share(looks_for: str, said: Said, asked: frozenset[str], data: LanguageData) -> float:
    """How much of the key was named; of alternatives ("glucose or sugar") the best one counts."""
    return max(
        _share(alternative, said, asked, data)
        for alternative in looks_for.split(_ALTERNATIVES[data.name])
    )


def _share(key: str, said: Said, asked: frozenset[str], data: LanguageData) -> float:
    wanted, denies = _wanted(key, data.name)
    if not wanted:
        return 0.0
    if denies:
        # A key that denies something is met by denying it.
        said = Said(said.held | said.denied, frozenset())
    weights = {each: _weight(each, asked, data) for each in wanted}
    found = [each for each in wanted if each in said]
    if max(weights.values()) == 1.0 > max((weights[each] for each in found), default=0.0):
        # Only words were named that say little by themselves, or are in the question.
        return 0.0
    share = sum(weights[each] for each in found) / sum(weights.values())
    missing_number = any(is_number(each) and each not in said.held for each in wanted)
    return min(share, BORDERLINE) if missing_number else share


@lru_cache(maxsize=1024)
def _asked(ask: str, language: str) -> frozenset[str]:
    data = language_data(language)
    return frozenset(stem(word, data) for word in terms(ask, data))


@lru_cache(maxsize=4096)
def _wanted(key: str, language: str) -> tuple[tuple[str, ...], bool]:
    """The stems of a key, and whether it denies something."""
    data = language_data(language)
    denies = any(word in data.negations for word in terms(key, data))
    return tuple(dict.fromkeys(content_stems(key, data))), denies


def _weight(each: str, asked: frozenset[str], data: LanguageData) -> float:
    if each in asked:
        return _IN_QUESTION
    return _LIGHT if each in _light_stems(data.name) else 1.0


def is_light(word: str, data: LanguageData) -> bool:
    """Whether the word says little by itself, like "produce"."""
    return stem(word, data) in _light_stems(data.name)


@cache
def _light_stems(language: str) -> frozenset[str]:
    data = language_data(language)
    return frozenset(stem(word, data) for word in data.light)


def _nearly(wanted: str, said: Sequence[str] | frozenset[str]) -> bool:
    """Whether a long word was said with a letter or two misheard."""
    if len(wanted) < 6 or any(char.isdecimal() for char in wanted):
        return False
    return any(
        each[0] == wanted[0]
        and abs(len(each) - len(wanted)) <= 2
        and difflib.SequenceMatcher(None, wanted, each).ratio() >= 0.85
        for each in said
        if each
    )
