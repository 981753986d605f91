"""An answer's words as they were meant: signs that look alike, letters one by one, figures for
letters, other alphabets of a kind. Each reading keeps where its words stand in the text."""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from grading.unravelling import EDGE, Sentence, Word, joined, mended

_ALIKE = str.maketrans(
    "авекмнорстухіјѕԁɡӏгԛԝαβεικνορτυχγηωıłøđ",
    "abekmhopctyxijsdglrqwabeikvoptuxynwilod",
)
_LEET = str.maketrans("013456789@$!|€", "oieasgtbgasiie")
_LEET_L = str.maketrans("013456789@$!|€", "oleasgtbgaslle")
_WORD = re.compile(r"[^\W_]+(?:'[^\W\d_]+)*|%")
_SENTENCE = re.compile(r"[.!?;…]+(?=[\s\"'”)\]}]|$)|\n+")
_BETWEEN = re.compile(r"[,:()\[\]{}\"“”«»„<>|=]|\s[-–—]+\s|—")
_CODED = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


@dataclass(frozen=True)
class Reading:
    """The sentences of one way to read the text; disguised: not the plain one."""

    sentences: list[Sentence]
    disguised: bool


def fold(text: str) -> str:
    """Small letters without accents; what looks like a Latin letter is one."""
    return _fold(text)[0]


def readings(
    text: str, known: Collection[str], letters: dict[str, str], misspelt: Sequence[str] = ()
) -> Iterator[Reading]:
    """The plain reading first.

    known: words that run-together letters may be made of; letters: how a letter is said → letter;
    misspelt: words that are understood with a letter wrong
    """
    folded, places = _fold(text)
    plain = _sentences(folded, places)
    yield Reading(plain, disguised=False)
    found: list[list[Sentence]] = []
    for table in (_LEET, _LEET_L):
        changed = _figures(folded, table)
        if changed != folded:
            found.append(_sentences(changed, places))
    # Spelt-out figures are letters too: "1 g n 0 r 3".
    for each in [plain, *found]:
        found.append([made for one in each if (made := joined(one, known, letters))])
    found.append([fixed for one in plain if (fixed := mended(one, known, misspelt))])
    for turned in (_rotated, _backwards):
        found.append(_each_word(plain, turned))
    found.append([[*reversed(sentence)] for sentence in _each_word(plain, _backwards)])
    found.append(list(_decoded(text)))
    yield from (Reading(one, disguised=True) for one in found if one)


def _fold(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its letters the place of the original one."""
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKD", char):
            if unicodedata.category(part) in ("Mn", "Cf", "Me"):
                continue
            part = unicodedata.normalize("NFKD", part.casefold()).replace("’", "'")
            part = "".join(one for one in part if unicodedata.category(one) != "Mn")
            for one in part.translate(_ALIKE):
                folded.append(one)
                places.append(place)
    return "".join(folded), places


def _sentences(folded: str, places: list[int]) -> list[Sentence]:
    found: list[Sentence] = []
    start = 0
    for end in [*_SENTENCE.finditer(folded), None]:
        stop = end.start() if end else len(folded)
        sentence: Sentence = []
        for clause in _clauses(folded, start, stop):
            at = places[clause[0].start()]
            sentence.append(Word(EDGE, at, at))
            sentence += [_word(one, places) for one in clause]
        if sentence:
            sentence.append(Word(EDGE, sentence[-1].end, sentence[-1].end))
            found.append(sentence)
        start = end.end() if end else stop
    return found


def _clauses(folded: str, start: int, stop: int) -> Iterator[list[re.Match[str]]]:
    for end in [*_BETWEEN.finditer(folded, start, stop), None]:
        words = list(_WORD.finditer(folded, start, end.start() if end else stop))
        if words:
            yield words
        start = end.end() if end else stop


def _word(found: re.Match[str], places: list[int]) -> Word:
    text = "percent" if found[0] == "%" else found[0]
    return Word(text, places[found.start()], places[found.end() - 1] + 1)


def _figures(folded: str, table: dict[int, int]) -> str:
    """Figures and signs within a word that has letters too, and those alone between letters."""

    def read(found: re.Match[str]) -> str:
        chunk = found[0]
        if not any(char.isalpha() for char in chunk) or len(chunk) < 3:
            return chunk
        body = chunk.rstrip("!.,;:?")
        return body.translate(table) + chunk[len(body) :]

    changed = re.sub(r"\S+", read, folded)
    return re.sub(r"(?<=\b\w )[0134578](?= \w\b)", lambda found: found[0].translate(table), changed)


def _each_word(sentences: list[Sentence], change: Callable[[str], str]) -> list[Sentence]:
    return [
        [Word(change(word.text), word.start, word.end) for word in sentence]
        for sentence in sentences
    ]


def _rotated(word: str) -> str:
    return codecs.encode(word, "rot13")


def _backwards(word: str) -> str:
    return word[::-1]


def _decoded(text: str) -> Iterator[Sentence]:
    """What base64 or hexadecimal figures say; all of it stands where the figures do."""
    for found in _CODED.finditer(text):
        for said in _decodings(found[0]):
            folded, _ = _fold(said)
            places = [found.start()] * len(folded)
            for sentence in _sentences(folded, places):
                yield [Word(word.text, found.start(), found.end()) for word in sentence]


def _decodings(coded: str) -> Iterator[str]:
    padded = coded.rstrip("=") + "=" * (-len(coded.rstrip("=")) % 4)
    ways: list[Callable[[], bytes]] = [
        lambda: base64.b64decode(padded),
        lambda: base64.urlsafe_b64decode(padded),
        lambda: bytes.fromhex(coded),
    ]
    for decode in ways:
        try:
            said = decode().decode("utf-8")
        except (binascii.Error, ValueError):
            continue
        if said.isprintable() and any(char.isalpha() for char in said):
            yield said
