"""Whether an answer breaks off in mid-clause, or asks for time at its end."""

import re
from functools import cache

from exam_graph.commands import grammar
from exam_graph.language import LanguageData, language_data
from exam_graph.numerals import compound
from exam_graph.patterns import Automaton
from exam_graph.words import spoken_words

_OPEN_END = re.compile(r"(?:[,;:…–—-]|\.\.\.)\s*$")
_SENTENCE_END = re.compile(r"[.?!]\s+")
# How far back the word may stand that a last preposition belongs to, and a wish for time begin.
_RELATIVE_REACH = 8
_WISH_WORDS = 12


def is_unfinished(text: str, data: LanguageData) -> bool:
    """Whether more must come. One word alone is complete, unless it joins clauses."""
    text = text.strip()
    if text.endswith("?"):
        return False
    words = spoken_words(text, data)
    if not words:
        return False
    if _OPEN_END.search(text) or asks_for_time(words, data):
        return True
    *before, last = _SENTENCE_END.split(text)
    if before and grammar(data.name).parse(last) == frozenset({"think"}):
        return True
    clause = spoken_words(last, data)
    return bool(clause) and _breaks_off(clause, last, data)


def asks_for_time(words: list[str], data: LanguageData) -> bool:
    """Whether words end in "let me think" or the like, and begin with something else."""
    said = [word for word in words if word not in data.fillers]
    first = max(1, len(said) - _WISH_WORDS)
    wishes = _wishes(data.name)
    return any(len(said) in wishes.ends(said, start) for start in range(first, len(said)))


def _breaks_off(clause: list[str], text: str, data: LanguageData) -> bool:
    ends = data.unfinished
    for length in (4, 3, 2):
        if " ".join(clause[-length:]) in ends.complete and len(clause) >= length:
            return False
    last, before = clause[-1], clause[-2] if len(clause) > 1 else ""
    if len(clause) == 1:
        return last in ends.openers and last in ends.always
    if _is_letter(last, before, text, data):
        return False
    if last in ends.always:
        return True
    if last == data.numbers.point and compound(before, data.numbers) is not None:
        return True
    phrase = any(" ".join(clause[-length:]) in ends.always for length in (2, 3))
    if last not in ends.links and last not in ends.verbs:
        return phrase
    if _related(clause, data):
        return False
    if phrase or last in ends.links:
        return True
    # "Yes, it is" is complete, and "I think it is" is not.
    subject = before in ends.pronouns
    return not subject or (len(clause) > 2 and clause[-3] in ends.openers)


def _related(clause: list[str], data: LanguageData) -> bool:
    """Whether the clause has before it what its last word belongs to: "what it is made of"."""
    first = max(0, len(clause) - _RELATIVE_REACH)
    return any(
        word in data.unfinished.relatives and (position or word not in data.choosing.articles)
        for position, word in enumerate(clause[first:-2], start=first)
    )


def _is_letter(last: str, before: str, text: str, data: LanguageData) -> bool:
    """Whether the last word is a letter of a name ("vitamin A"), not an article."""
    if len(last) != 1:
        return False
    written = text.rstrip(" .!").rsplit(maxsplit=1)[-1]
    return before in data.unfinished.labels or (written.isupper() and not text.isupper())


@cache
def _wishes(language: str) -> Automaton:
    data = language_data(language)
    return Automaton({"wish": data.unfinished.wishes}, data)
