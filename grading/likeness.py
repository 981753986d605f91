"""Sentences that speak to whoever marks, known by their likeness to ones that do.

The patterns know ways of saying it; this knows words that go together, and finds what no pattern
foresaw. It learns from the files of grading/examples, the same each time.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from grading.disguise import fold
from grading.extent import Span
from grading.unravelling import EDGE, Sentence

SURE = 0.65
"""From which likelihood on a sentence counts: a higher one misses more, a lower one flags more."""

LIKELY = 0.35
"""From which likelihood on words that only meet (marks, and who gives them) count."""

_WORD = r"\w+"
_LONGEST = 40
_FEWEST = 5


def alike(text: str, sentences: Sequence[Sentence], found: Sequence[Span]) -> Iterator[Span]:
    """Where whole sentences do, of those in which nothing was found yet."""
    left = [span for one in sentences if (span := _span(one)) and not _touches(span, found)]
    if left:
        likely = likelihoods([text[start:end] for start, end in left])
        yield from (span for span, one in zip(left, likely, strict=True) if one >= SURE)


def is_likely(text: str, sentences: Sequence[Sentence], span: Span) -> bool:
    """Whether the sentence of what a pattern found may well be one that does, too."""
    around = [
        (one[0].start, one[-1].end)
        for one in sentences
        if one and one[0].start < span[1] and span[0] < one[-1].end
    ]
    return not around or max(likelihoods([text[a:b] for a, b in around])) >= LIKELY


def likelihoods(sentences: Sequence[str]) -> list[float]:
    """How likely each speaks to the grader."""
    return [float(one) for one in _learned().predict_proba(list(map(fold, sentences)))[:, 1]]


def examples() -> tuple[list[str], list[int]]:
    """The sentences, folded, and 1 for each that speaks to the grader."""
    to_grader, honest = _read("to_the_grader"), _read("to_the_question")
    return [*map(fold, to_grader + honest)], [1] * len(to_grader) + [0] * len(honest)


def untaught() -> Pipeline:
    """The model before it has learned."""
    words = TfidfVectorizer(
        ngram_range=(1, 3), sublinear_tf=True, token_pattern=_WORD, min_df=2, lowercase=False
    )
    return make_pipeline(words, LogisticRegression(C=10, class_weight="balanced", max_iter=500))


@cache
def _learned() -> Any:
    return untaught().fit(*examples())


def _read(name: str) -> list[str]:
    source = resources.files("grading") / "examples" / f"{name}.yaml"
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    read: list[str] = yaml.load(source.read_text(encoding="utf-8"), loader)  # noqa: S506
    return read


def _span(sentence: Sentence) -> Span | None:
    """Neither too short to tell, nor so long that an answer would go with it."""
    words = [word for word in sentence if word.text not in (EDGE, "")]
    if len({word.text for word in words}) < _FEWEST or len(words) > _LONGEST:
        return None
    return words[0].start, words[-1].end


def _touches(span: Span, found: Sequence[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in found)
