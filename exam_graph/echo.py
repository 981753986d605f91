"""Whether a turn is the examiner's own words again: as an echo, or read aloud by the student."""

import difflib
from collections.abc import Sequence
from functools import lru_cache

from exam_graph.language import LanguageData, language_data
from exam_graph.words import BREAK, terms

_LEAST_WORDS = 4
#: An echo cuts the voice off as soon as it is noticed, and then it is no more than this.
_LEAST_FIRST_WORDS = 2
_ALIKE = 0.8
# Recognisers drop and double words: what was heard may be spread over that many more.
_SPREAD = 1.3


def is_echo(heard: str, said: str, data: LanguageData) -> bool:
    """Whether what was heard is a part of what was said, as a loudspeaker gives it back."""
    part, whole = _words(heard, data), _own_words(said, data.name)
    if not _likely(part, whole):
        return False
    blocks = _blocks(whole, part)
    if not blocks:
        return False
    spread = blocks[-1].a + blocks[-1].size - blocks[0].a
    same = sum(block.size for block in blocks)
    return same >= _ALIKE * len(part) and spread <= _SPREAD * len(part)


def is_exact_echo(heard: str, said: str, data: LanguageData) -> bool:
    """As `is_echo`, to the word."""
    part, whole = _words(heard, data), _own_words(said, data.name)
    return len(part) >= _LEAST_WORDS and any(
        [*whole[start : start + len(part)]] == part for start in range(len(whole) - len(part) + 1)
    )


def is_beginning(heard: str, said: str, data: LanguageData) -> bool:
    """Whether what was heard is how it began, to the word: all of it that an echo left."""
    part = _words(heard, data)
    whole = _own_words(said, data.name)
    return len(part) >= _LEAST_FIRST_WORDS and [*whole[: len(part)]] == part


def is_same(heard: str, said: str, data: LanguageData) -> bool:
    """Whether the two are nearly the same from the first word to the last."""
    part, whole = _words(heard, data), _own_words(said, data.name)
    longest = max(len(part), len(whole))
    if not _likely(part, whole) or len(part) < _ALIKE * longest:
        return False
    return sum(block.size for block in _blocks(whole, part)) >= _ALIKE * longest


@lru_cache(maxsize=64)
def _own_words(said: str, language: str) -> tuple[str, ...]:
    return tuple(_words(said, language_data(language)))


def _words(text: str, data: LanguageData) -> list[str]:
    return [word for word in terms(text, data) if word != BREAK and word not in data.fillers]


def _likely(part: Sequence[str], whole: Sequence[str]) -> bool:
    """A quick look before the comparison: words in any order."""
    known = frozenset(whole)
    return len(part) >= _LEAST_WORDS and (sum(word in known for word in part) >= _ALIKE * len(part))


def _blocks(whole: Sequence[str], part: Sequence[str]) -> list[difflib.Match]:
    matcher = difflib.SequenceMatcher(None, whole, part, autojunk=False)
    return [block for block in matcher.get_matching_blocks() if block.size]
