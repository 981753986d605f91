"""Whether a grader's quote stands in the transcript, word for word, and where.

Case, punctuation, sounds of hesitation and immediate repeats ("the the") do not count; every word,
number and sign does. What is answered is the transcript's own text, never the grader's.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = r"[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]*"
_LETTERS = rf"(?:[^\W_]{_MARKS})+"
_NUMBER = r"\d+(?:[.,]\d+)+(?!\w)"
_CORE = rf"(?:{_NUMBER}|{_LETTERS}(?:['’]{_LETTERS})*)"
# Words with their accents, numbers with sign and decimals, signs that carry meaning. Slash, star
# and power only within a term ("m/s"): elsewhere they are layout.
_TOKEN = re.compile(
    rf"(?<!\w)[-−–](?=\d){_CORE}(?:[*/^]{_CORE})*|{_CORE}(?:[*/^]{_CORE})*"
    r"|[=+<>%°±×÷√≤≥≠≈→←↔∞∑∫∂∆]|(?<=\s)[*/^](?=\s)"
)
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200d\u2060\ufeff]")
_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴-⁹]+")
_HESITATIONS = frozenset(
    {"um", "umm", "uhm", "uh", "uhh", "ah", "ahh", "erm", "ehm", "mhm", "hm", "hmm", "hmmm"}
    | {"mmm", "uhhuh", "äh", "ähm", "ähh", "öh", "öhm", "euh"}
)
# What is a word elsewhere: in German "er" is he, and the ER is in every cell.
_HESITATIONS_IN = {"en": frozenset({"er", "eh"}), "de": frozenset({"eh"})}


@dataclass(frozen=True)
class Quote:
    """text: as it stands in the transcript; turn: number of the student's turn."""

    text: str
    turn: int


@dataclass(frozen=True)
class Token:
    """A word or sign as it is compared, and its place in the text."""

    key: str
    start: int
    end: int


def find_quote(
    quoted: str, said: Sequence[tuple[int, str]], language: str | None = None
) -> Quote | None:
    """The first place where the words stand, within one turn; None if they stand nowhere.

    said: number and words of each turn that belongs to the answer
    """
    wanted = [run[0].key for run in _runs(quoted, language)]
    if not any(key[-1:].isalnum() for key in wanted):
        return None
    for turn, text in said:
        runs = _runs(text, language)
        keys = [run[0].key for run in runs]
        for start in range(len(keys) - len(wanted) + 1):
            if keys[start : start + len(wanted)] == wanted:
                # Of a repeated word at either end, the one next to the others.
                last = runs[start + len(wanted) - 1]
                begin = runs[start][-1] if len(wanted) > 1 else runs[start][0]
                return Quote(text[begin.start : last[0].end], turn)
    return None


def tokens(text: str) -> list[Token]:
    """All words and signs, those of hesitation too."""
    return [Token(_key(one[0]), one.start(), one.end()) for one in _TOKEN.finditer(text)]


def is_hesitation(key: str, language: str | None = None) -> bool:
    """Whether the word is only a sound."""
    return key in _HESITATIONS or key in _HESITATIONS_IN.get(language or "", ())


def _runs(text: str, language: str | None) -> list[list[Token]]:
    """The words that count; the immediate repeats of one in one list."""
    runs: list[list[Token]] = []
    for token in tokens(text):
        if is_hesitation(token.key, language) and text[token.start : token.end] != "ER":
            continue
        if runs and runs[-1][0].key == token.key:
            runs[-1].append(token)
        else:
            runs.append([token])
    return runs


def _key(token: str) -> str:
    raised = _SUPERSCRIPT.sub(lambda found: f"^{found[0]}", token)
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", raised).replace("’", "'"))
    return re.sub(r"^[−–]", "-", unicodedata.normalize("NFKC", plain.casefold()))
