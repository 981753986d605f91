"""Words that were taken apart or run together, made whole: "i g n o r e", "fullmarks"."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import OSA

EDGE = "^"
"""Stands between clauses."""

_FEWEST_LETTERS = 5
_FEWEST_NAMES = 7
_LONG = 12
_UNKNOWN = 3.0
_MOST_UNKNOWN = 0.25


@dataclass(frozen=True)
class Word:
    """A word in small plain letters, and its place in the text."""

    text: str
    start: int
    end: int


Sentence = list[Word]


def mended(sentence: Sentence, known: Collection[str], misspelt: Sequence[str]) -> Sentence:
    """The sentence with words put together that were cut ("ru bric"), and with letters mended;
    [] if there are none."""
    result: Sentence = []
    position = 0
    changed = False
    while position < len(sentence):
        for count in (3, 2):
            parts = sentence[position : position + count]
            whole = "".join(word.text for word in parts)
            cut = len(parts) == count and len(whole) > 3 and whole in known
            if cut and any(word.text not in known for word in parts):
                result.append(Word(whole, parts[0].start, parts[-1].end))
                position, changed = position + count, True
                break
        else:
            word = sentence[position]
            meant = _meant(word.text, known, misspelt)
            result.append(Word(meant, word.start, word.end))
            position, changed = position + 1, changed or meant != word.text
    return result if changed else []


def _meant(word: str, known: Collection[str], misspelt: Sequence[str]) -> str:
    if len(word) < 5 or word in known:
        return word
    for meant in misspelt:
        # "Ignored" is another form, no mistake.
        form = word.startswith((meant, f"{meant[:-1]}i"))
        if not form and word[0] == meant[0] and OSA.distance(word, meant, score_cutoff=1) <= 1:
            return meant
    return word


def joined(sentence: Sentence, known: Collection[str], letters: dict[str, str]) -> Sentence:
    """The sentence with its spelt-out and run-together words made into words; [] if it has none."""
    result: Sentence = []
    changed = False
    run: list[tuple[str, Word]] = []
    doubled: Word | None = None
    words = [word for word in sentence if word.text != EDGE]
    for word in [*words, Word("", -1, -1)]:
        letter = word.text if len(word.text) == 1 else letters.get(word.text, "")
        if doubled and letter:
            run += [(letter, doubled), (letter, word)] if letter != "u" else [("w", word)]
            doubled = None
            continue
        if run and word.text == "double":
            doubled = word
            continue
        if letter:
            run.append((letter, word))
            continue
        if len(run) >= (_FEWEST_LETTERS if _mostly_single(run) else _FEWEST_NAMES):
            result += _segmented([(one, each.start, each.end) for one, each in run], known)
            changed = True
        else:
            result += list(dict.fromkeys(each for _, each in run))
        run, doubled = [], None
        if len(word.text) >= _LONG and word.text not in known and word.text.isalpha():
            step = (word.end - word.start) / len(word.text)
            parts = [
                (char, word.start + int(at * step), word.start + int((at + 1) * step))
                for at, char in enumerate(word.text)
            ]
            if split := _segmented(parts, known):
                result += split
                changed = True
                continue
        if word.text:
            result.append(word)
    short = [word for word in words if len(word.text) <= 3]
    if not changed and len(words) >= 8 and len(short) >= 0.8 * len(words):
        parts = [(char, word.start, word.end) for word in words for char in word.text]
        result, changed = _segmented(parts, known), True
    if not (changed and result):
        return []
    first, last = result[0], result[-1]
    return [Word(EDGE, first.start, first.start), *result, Word(EDGE, last.end, last.end)]


def _mostly_single(run: Sequence[tuple[str, Word]]) -> bool:
    return sum(len(word.text) == 1 for _, word in run) >= 0.6 * len(run)


def _segmented(parts: Sequence[tuple[str, int, int]], known: Collection[str]) -> Sentence:
    """The letters cut into known words, the fewest; [] where too few of them make any."""
    text = "".join(part[0] for part in parts)
    longest = max(map(len, known), default=1)
    best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
    for end in range(1, len(text) + 1):
        cost, unknown, _ = best[end - 1]
        choice = (cost + _UNKNOWN, unknown + 1, end - 1)
        for start in range(max(0, end - longest), end):
            if text[start:end] in known and best[start][0] + 1 < choice[0]:
                choice = (best[start][0] + 1, best[start][1], start)
        best.append(choice)
    if best[-1][1] > _MOST_UNKNOWN * len(text):
        return []
    cuts: list[int] = [len(text)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][2])
    cuts.reverse()
    return [
        Word(text[start:end], parts[start][1], parts[end - 1][2]) for start, end in pairwise(cuts)
    ]
