"""The check of every generated utterance before it is spoken. In doubt it is not spoken.

Nothing here repairs: a caller that gets faults says something else, or nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, takewhile

from exam_graph.asking import any_of, count_asks, guard_data, lead_in, sentences
from exam_graph.coverage import content_stems, heard_stems, telling_words
from exam_graph.language import LanguageData, language_data
from exam_graph.paper import ChoiceQuestion, Language, Question, ShortQuestion
from exam_graph.words import BREAK, stem, terms

MAX_WORDS = 25

_MARKUP = re.compile(
    r"https?:|www\.|\b[\w-]+\.(?:com|org|net|io|de|edu|gov)\b|\S@\S"
    r"|[<>{}|\\`*#~^=_\[\]$§]|\n|\r|\t|/|^\W*(?:assistant|system|user|examiner)\s*:",
    re.IGNORECASE,
)
# Control and format characters, pictures and lone accents.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "So", "Mn"})


@dataclass(frozen=True)
class _Words:
    """guard.yaml for one language, as patterns and stems."""

    verdicts: frozenset[str]
    remarks: re.Pattern[str]
    judging: re.Pattern[str]
    innocent: re.Pattern[str]
    opening_remark: re.Pattern[str]
    instruction: re.Pattern[str]
    off_limits: re.Pattern[str]


def faults(
    text: str,
    *,
    language: Language,
    allowed_questions: int = 1,
    max_words: int = MAX_WORDS,
    forbidden_terms: Collection[str] = (),
    said: str = "",
    exam: bool = True,
) -> list[str]:
    """Codes of what forbids to speak `text`; [] if nothing does. The codes tell nothing of it.

    no_text: no plain words in Latin letters · markup · too_long · stacked: asks more than
    `allowed_questions` · instruction: tells the student what to do, or speaks of key and marks ·
    verdict: judges (`exam` only) · key_term: names one of `forbidden_terms` (see `key_terms`) that
    is not in `said`
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _is_plain(plain):
        return ["no_text"]
    words = _words(language)
    lower = plain.casefold().replace("’", "'")
    found = {
        "markup": _MARKUP.search(text.strip()) or _MARKUP.search(plain),
        "too_long": len(plain.split()) > max_words,
        "stacked": count_asks(plain, language) > allowed_questions,
        "instruction": _instructs(lower, words),
        "verdict": exam and _judges(lower, words, language_data(language)),
        "key_term": _tells(plain, forbidden_terms, said, language_data(language)),
    }
    return [code for code, is_so in found.items() if is_so]


def opens_with_verdict(text: str, language: Language) -> bool:
    """Whether an author's line judges, by a remark ("Good, …") or a phrase ("well done")."""
    words = _words(language)
    lower = words.innocent.sub("x", text.casefold().replace("’", "'"))
    found = any(words.opening_remark.match(sentence) for sentence in sentences(lower))
    return found or words.judging.search(lower) is not None


def key_terms(question: Question, said: str, language: Language) -> set[str]:
    """Stems of the key that stand neither in the question's own words nor in the student's.

    Of a choice the wrong options belong to the question's words, the correct ones to the key.
    """
    data = language_data(language)
    own = {stem for text in _own_texts(question) for stem in content_stems(text, data)}
    heard = heard_stems(said, data)
    return {
        term
        for text in _key_texts(question)
        for term in (stem(word, data) for word in telling_words(text, data))
        if term not in own and term not in heard and term not in heard.denied
    }


def _own_texts(question: Question) -> Iterable[str]:
    yield from filter(None, (question.ask, question.say, question.clarify))
    if isinstance(question, ChoiceQuestion):
        for index, option in enumerate(question.options):
            if index not in question.correct_indexes:
                yield from (option.text, option.spoken)


def _key_texts(question: Question) -> Iterable[str]:
    yield from (point.looks_for for point in question.points)
    if question.model_answer:
        yield question.model_answer
    if isinstance(question, ChoiceQuestion):
        for index in question.correct_indexes:
            yield from (question.options[index].text, question.options[index].spoken)
    if isinstance(question, ShortQuestion):
        yield question.value if isinstance(question.value, str) else f"{question.value:g}"


def _is_plain(text: str) -> bool:
    """Words in Latin letters (Greek ones may stand for quantities), nothing invisible."""
    letters = [char for char in text if char.isalpha()]
    if sum(len(word) > 1 for word in re.findall(r"[^\W\d_]+", text)) == 0:
        return False
    if any(char != "°" and unicodedata.category(char) in _UNSEEN for char in text):
        return False
    return all(unicodedata.name(char, "").startswith(("LATIN", "GREEK")) for char in letters)


def _instructs(lower: str, words: _Words) -> bool:
    spoken = words.innocent.sub("x", lower)
    told = any(words.instruction.match(sentence) for sentence in sentences(spoken))
    return told or words.off_limits.search(lower) is not None


def _judges(lower: str, words: _Words, data: LanguageData) -> bool:
    lower = words.innocent.sub("x", lower)
    if words.judging.search(lower) or words.remarks.search(lower):
        return True
    return any(stem(word, data) in words.verdicts for word in re.findall(r"[^\W\d_]+", lower))


def _tells(text: str, forbidden: Collection[str], said: str, data: LanguageData) -> bool:
    """Whether a forbidden term is named: itself, inflected, in a compound, or in pieces."""
    if not forbidden:
        return False
    heard = heard_stems(said, data)
    allowed = heard.held | heard.denied
    found = [word for word in terms(text, data) if word != BREAK]
    joined = {stem(one + other, data) for one, other in pairwise(found)}
    if (joined - allowed) & set(forbidden):
        return True
    named = {stem(word, data) for word in found if word not in data.stopwords} - allowed
    return any(_same(term, each) for each in named for term in forbidden)


def _same(term: str, word: str) -> bool:
    """Stems of one word family: the term begins or is in the word, or both begin much alike."""
    if term == word:
        return True
    if len(term) < 4 or not (term + word).isalpha():
        return False
    if word.startswith(term) or (len(term) >= 5 and term in word):
        return True
    begun = takewhile(lambda pair: pair[0] == pair[1], zip(term, word, strict=False))
    alike = len(list(begun))
    return alike >= max(4, 0.8 * len(term)) or alike >= max(6, 0.5 * len(term))


@cache
def _words(language: Language) -> _Words:
    data, lead = guard_data(language), lead_in(language)
    remarks = any_of(data["remarks"])
    opening = any_of([*data["verdicts"], *data["remarks"]])
    return _Words(
        verdicts=frozenset(stem(word, language_data(language)) for word in data["verdicts"]),
        remarks=re.compile(rf"(?:^|[.?!;:,–—-]\s*){lead}(?:{remarks})\s*(?:[.?!,;:–—]|$)"),
        opening_remark=re.compile(rf"{lead}(?:{opening})\s*(?:[.!,;:–—]|$)"),
        judging=re.compile(rf"\b(?:{any_of(data['judging'])})\b"),
        innocent=re.compile(rf"\b(?:{any_of(data['innocent'])})\b"),
        instruction=re.compile(rf"{lead}(?:{any_of(data['instructions'])})\b"),
        off_limits=re.compile(rf"\b(?:{any_of(data['off_limits'])})\b"),
    )
