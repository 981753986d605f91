"""Whether an answer is in another language than the exam's.

By py3langid, and only where that is plain: terms of a subject are Latin in every language.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import get_args

from py3langid.langid import (
    MODEL_FILE,
    LanguageIdentifier,
)

from exam_graph.language import LanguageData, language_data
from exam_graph.paper import Language
from exam_graph.words import words

_LEAST_WORDS = 5
# One word in so many belongs to the grammar of the exam's language: then it is that language.
_OWN_GRAMMAR = 0.2
_OTHER_GRAMMAR = 0.25
_SMALL = 3
_LATIN_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_OTHER = 0.85
_OWN = 0.01
# Languages that students speak; the model knows some more, that short English is taken for.
_LANGUAGES = (
    "ar bg bn cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl"
    " sq sr sv sw ta th tr uk ur vi zh"
)
# Those are near enough to each other that either stands for both.
_SIBLINGS = ({"es", "pt", "it", "ro", "fr"}, {"da", "no", "sv"}, {"hr", "sr", "sl"}, {"cs", "sk"})


def is_foreign(text: str, known: Iterable[str], data: LanguageData) -> bool:
    """Whether the text is plainly in another language. `known` words of the subject do not count.

    The first call that needs the model takes a second: `load` does it ahead.
    """
    own = data.stopwords | data.fillers | data.negations
    said = words(text)
    rest = [word for word in said if word not in frozenset(known)]
    if len(said) < _LEAST_WORDS or len(rest) < _LEAST_WORDS - 1:
        return False
    if sum(word in own for word in said) >= _OWN_GRAMMAR * len(said):
        return False
    ranked = load().rank(" ".join(rest))
    likely = dict(ranked)
    best = ranked[0][0]
    family = next((each for each in _SIBLINGS if best in each), {best})
    others = sum(likely[one] for one in family)
    if data.name in family or others < _OTHER or likely[data.name] > _OWN:
        return False
    return _has_grammar(text, best)


def _has_grammar(text: str, language: str) -> bool:
    """Whether there are the small words of sentences, not only terms and acronyms."""
    if language in get_args(Language):
        data = language_data(language)
        small = data.stopwords | data.negations
        said = words(text)
        return sum(word in small for word in said) >= _OTHER_GRAMMAR * len(said)
    return not text.isascii() or any(
        len(word) <= _SMALL and word.islower() for word in _LATIN_WORD.findall(text)
    )


@cache
def load() -> LanguageIdentifier:
    """The model, read once."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES.split())
    return identifier
