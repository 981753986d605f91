"""Text in sentences, so that the first can be heard while the rest is still synthesised."""

import re

_ABBREVIATION = re.compile(
    r"[(\"'“‘]*(dr|mr|mrs|ms|prof|st|vs|etc|e\.g|i\.e|no|fig|eq|approx|jr|sr|[a-hj-z])",
    re.IGNORECASE,
)
"""What a full stop after does not end a sentence; single letters are initials, but not "I"."""
_END = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s+["'“‘(\[]?[A-Z0-9])|\n+""")
_LONGEST = 300
"""A sentence longer than this is cut at its last comma or space before it."""


def split(text: str) -> list[str]:
    """The sentences of a whole text, in order, none empty."""
    whole, rest = take_whole(text)
    return [*whole, *_pieces(rest)]


def take_whole(text: str) -> tuple[list[str], str]:
    """The sentences that are surely over, because another has begun, and what is left."""
    sentences: list[str] = []
    start = 0
    for found in _END.finditer(text):
        before = text[start : found.start()].rsplit(None, 1)
        if found.group() == "." and before and _ABBREVIATION.fullmatch(before[-1]):
            continue
        sentences += _pieces(text[start : found.end()])
        start = found.end()
    return sentences, text[start:]


def _pieces(sentence: str) -> list[str]:
    sentence = " ".join(sentence.split())
    pieces: list[str] = []
    while len(sentence) > _LONGEST:
        cut = max(sentence.rfind(mark, 1, _LONGEST) for mark in (", ", "; ", ": ")) + 1
        cut = cut or sentence.rfind(" ", 1, _LONGEST) + 1 or _LONGEST
        pieces.append(sentence[:cut].strip())
        sentence = sentence[cut:].strip()
    return [*pieces, sentence] if sentence else pieces
