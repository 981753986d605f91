"""Words of an answer that speak to whoever marks it, so as to get marks or the key.

Who is spoken to and what is asked for have to come together: an answer may well speak of marks,
rubrics and instructions. The words are data all the same; here they are only found.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from grading.disguise import Reading, readings
from grading.extent import Span, belongs, widened
from grading.likeness import alike, is_likely
from grading.machinery import machinery
from grading.steering import SIGN, Found, Steering, known_words, letters, misspelt_words, steering
from grading.unravelling import EDGE, Sentence, Word

Hits = dict[str, list[Span]]
KINDS = ("steer", "who", "what")

_ORDER = "~"
_REPORTED = f"{SIGN}reported"
_FEWEST_HOT = 2
_SENSE = 0.7
_REACH = 60
_MANY = 5.0
_HERE = 1.0
_DIRECT = {f"{SIGN}{kind}" for kind in ("mine", "here", "you", "plea")}
"""One has to be there: somebody speaks of himself, or to somebody."""


def addresses(text: str, language: str) -> list[Span]:
    """Where the text does so, in order and apart; language: the exam's, though any counts."""
    found = list(machinery(text))
    doubtful: list[Span] = []
    plain: set[str] = set()
    sentences: list[Sentence] = []
    for reading in readings(text, known_words(), letters(), misspelt_words()):
        if not reading.disguised:
            sentences = reading.sentences
            plain = {word.text for sentence in sentences for word in sentence}
        for each in sorted(steering(), key=lambda one: one.name != language):
            sure, unsure = _in_reading(reading, each, plain)
            found += sure
            doubtful += unsure
    found += [span for span in doubtful if is_likely(text, sentences, span)]
    return _merged(text, [*found, *alike(text, sentences, found)])


def without(text: str, spans: Sequence[Span]) -> str:
    """The words that remain, with single spaces; "" if no word does."""
    kept: list[str] = []
    position = 0
    for start, end in [*sorted(spans), (len(text), len(text))]:
        kept.append(text[position:start].strip(' \t,;:–—-"“”'))
        position = max(position, end)
    rest = re.sub(r"[^\S\n]+", " ", " ".join(filter(None, kept)))
    rest = re.sub(r"\s+([.,;:!?])", r"\1", rest).strip()
    return rest if re.search(r"[^\W_]", rest) else ""


def _in_reading(
    reading: Reading, known: Steering, plain: set[str]
) -> tuple[list[Span], list[Span]]:
    """What is said outright or hidden, and what only looks like it by the words that meet."""
    heard = [_heard(sentence, known) for sentence in reading.sentences]
    hits = [_hits(said, known) for said in heard]
    flagged = [_flagged(hits, at) for at in range(len(hits))]
    found: list[Span] = []
    doubtful: list[Span] = []
    for at, said in enumerate(heard):
        chosen = [span for kind in KINDS for span in hits[at][kind]] if flagged[at] else []
        if flagged[at] and not hits[at]["steer"] and _signs(hits[at]) >= _MANY:
            chosen = [span for kind in hits[at] for span in hits[at][kind]]
        if not chosen and reading.disguised and _tells(said, known, plain):
            chosen = [(0, len(said))]
        outright = reading.disguised or bool(hits[at]["steer"])
        kept = found if outright else doubtful
        kept += [_span(widened(said, start, end, known), said) for start, end in chosen]
        near = any(flagged[max(0, at - 1) : at + 2])
        if not chosen and near and _is_part(said, known):
            doubtful.append((said[0].start, said[-1].end))
    return found, doubtful


def _flagged(hits: Sequence[Hits], at: int) -> bool:
    """Whether the sentence speaks to the grader, by itself or with the ones next to it."""
    if hits[at]["steer"] or _signs(hits[at]) >= _MANY:
        return True
    near = [hits[other] for other in (at - 1, at, at + 1) if 0 <= other < len(hits)]
    own = [kind for kind in ("who", "what") if hits[at][kind]]
    return bool(own) and (
        any(one["steer"] for one in near)
        or any(
            _apart(who, what) if one is other else True
            for one in near
            for other in near
            if hits[at] in (one, other)
            for who in one["who"]
            for what in other["what"]
        )
    )


def _signs(hits: Hits) -> float:
    """How many kinds of signs there are; that it is about this very answer counts more."""
    kinds = {kind for kind in hits if kind.startswith(SIGN)}
    here = f"{SIGN}here" in kinds
    if not kinds & _DIRECT:
        return 0.0
    # "My answer" is one sign, not two.
    return len(kinds - {f"{SIGN}mine"} if here else kinds) + (_HERE if here else 0.0)


def _apart(one: Span, other: Span) -> bool:
    return one[1] <= other[0] or other[1] <= one[0]


def _heard(sentence: Sentence, known: Steering) -> list[Word]:
    """The sentence as the patterns want it: written out. Fillers keep their place, without text."""
    said: list[Word] = []
    for word in sentence:
        if word.text in known.adverbs:
            continue
        for part in known.spellings.get(word.text, (word.text,)):
            said.append(Word("" if part in known.fillers else part, word.start, word.end))
    return said


def _hits(said: Sequence[Word], known: Steering) -> Hits:
    """Places of each kind, by the numbers of the words."""
    found: Hits = {kind: [] for kind in KINDS}
    for at, word in enumerate(said):
        if not word.text:
            continue
        ahead = range(at, min(len(said), at + _REACH))
        places = [place for place in ahead if said[place].text]
        texts = [said[place].text for place in places]
        _note(found, known.ends(texts, 0), places)
        if at and _may_order(said[:at], known):
            _note(found, known.ends([_ORDER, *texts], 0), [at, *places])
    told = found.pop(_REPORTED, [])
    # What others say or do asks for nothing, unless it is for himself.
    return {kind: [] for kind in KINDS} if told and f"{SIGN}mine" not in found else found


def _note(found: Hits, ends: Found, places: Sequence[int]) -> None:
    """The longest match of each kind."""
    longest: dict[str, int] = {}
    for end, kinds in ends.items():
        longest.update(dict.fromkeys(kinds, end))
    for kind, end in longest.items():
        found.setdefault(kind, []).append((places[0], places[end - 1] + 1))


def _may_order(before: Sequence[Word], known: Steering) -> bool:
    """Whether an order may begin after these words: after "please", "and", or "okay so now"."""
    last = before[-1].text
    if not last or last in known.joins:
        return True
    return last in known.open and _opens(before, known)


def _opens(before: Sequence[Word], known: Steering) -> bool:
    """Whether the clause so far is nothing but such words."""
    clause = takewhile(lambda word: word.text != EDGE, reversed(before))
    return all(not word.text or word.text in known.open for word in clause)


def _is_part(said: Sequence[Word], known: Steering) -> bool:
    """Whether a sentence next to one that was found is of the same kind."""
    words = [word for word in said if word.text not in (EDGE, "")]
    if not words:
        return True
    hot = len(_hot(said, known))
    return hot >= _FEWEST_HOT or (hot > 0 and all(belongs(word, known) for word in words))


def _hot(said: Sequence[Word], known: Steering) -> set[str]:
    return {word.text for word in said if word.text in known.hot}


def _tells(said: Sequence[Word], known: Steering, plain: set[str]) -> bool:
    """Whether words that were hidden are such, in a sentence that makes some sense."""
    words = [word.text for word in said if word.text not in (EDGE, "")]
    hidden = _hot(said, known) - plain
    return len(hidden) >= _FEWEST_HOT and sum(
        word in known.known for word in words
    ) >= _SENSE * len(words)


def _span(place: Span, said: Sequence[Word]) -> Span:
    words = said[place[0] : place[1]] or said[place[0] : place[0] + 1]
    return min(word.start for word in words), max(word.end for word in words)


def _merged(text: str, spans: Iterable[Span]) -> list[Span]:
    """Those that touch, or have next to nothing between them, become one."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and (
            start <= merged[-1][1] or not re.search(r"[^\W_]", text[merged[-1][1] : start])
        ):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [(start, _to_mark(text, end)) for start, end in merged]


def _to_mark(text: str, end: int) -> int:
    """With the marks that close the sentence."""
    found = re.match(r"[\s\"'”)\]}]*[.!?;,:]+", text[end:])
    return end + found.end() if found else end
