"""An author's warnings: what a valid paper says that will not work well aloud, or gives a key away.

Warnings are hints, found by words alone: a paper with warnings can be used.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exam_graph.coverage import content_stems, is_light
from exam_graph.language import LanguageData, language_data
from exam_graph.paper import LETTERS, ChoiceQuestion, Paper, Question, ShortQuestion
from exam_graph.source import Location
from exam_graph.words import BREAK, stem, terms

ASK_WORDS = 50
PROBE_WORDS = 25
OPTION_WORDS = 15
OPTIONS_BY_EAR = 5

_UNSPEAKABLE = re.compile(
    r"https?://\S+|www\.\S+|\$[^$]+\$|\\[a-z]+"
    r"|[=^_<>{}|\\`~#*±×÷·√∑∫∂∞≈≠≤≥→←↔⇌∝∈∆∇°²³⁰-₉⁻₀-₎α-ωΑ-Ω]"
    r"|(?<=\w)/(?=\w)|[A-Za-z]\([a-z](?:,\s?[a-z])*\)"
)


@dataclass(frozen=True)
class Advice:
    """One warning: where, a stable code, and the reason in plain words."""

    location: Location
    code: str
    reason: str


@dataclass(frozen=True)
class _Line:
    """Something spoken: where it stands, what the voice says, how many words it may have."""

    location: Location
    spoken: str
    most_words: int
    is_question: bool = True
    can_have_say: bool = False


def review(paper: Paper) -> list[Advice]:
    """Every warning, question by question."""
    data = language_data(paper.language)
    found: list[Advice] = []
    if paper.answer_minutes > paper.duration_minutes:
        reason = "is longer than the whole exam (`duration_minutes`)"
        found.append(Advice(("answer_minutes",), "longer_than_exam", reason))
    if paper.practice:
        found += _aloud(_Line(("practice",), paper.practice, ASK_WORDS), data)
    for index, question in enumerate(paper.questions):
        for line in _lines(question):
            found += [_within(index, each) for each in _aloud(line, data)]
        checks = (_gives_away(question, data), _options(question, data), _follow_ups(question))
        found += [_within(index, each) for check in checks for each in check]
    return found


def _within(index: int, advice: Advice) -> Advice:
    return Advice(("questions", index, *advice.location), advice.code, advice.reason)


def _lines(question: Question) -> Iterator[_Line]:
    yield _Line(
        ("say",) if question.say else ("ask",),
        question.spoken,
        ASK_WORDS,
        can_have_say=question.say is None,
    )
    if question.clarify:
        yield _Line(("clarify",), question.clarify, ASK_WORDS)
    for index, point in enumerate(question.points):
        if point.probe:
            yield _Line(("points", index, "probe"), point.probe, PROBE_WORDS)
    if isinstance(question, ChoiceQuestion):
        for index, option in enumerate(question.options):
            yield _Line(
                ("options", index),
                option.spoken,
                OPTION_WORDS,
                is_question=False,
                can_have_say=option.say is None,
            )


def _aloud(line: _Line, data: LanguageData) -> Iterator[Advice]:
    """What a voice, or a listener, will stumble over."""
    remedy = "; write in `say` how to speak it" if line.can_have_say else ""
    if unspeakable := _UNSPEAKABLE.search(line.spoken):
        reason = f"“{unspeakable[0]}” does not read aloud{remedy}"
        yield Advice(line.location, "not_aloud", reason)
    spoken = {word.strip("(),;").casefold() for word in line.spoken.split()}
    for abbreviation in data.abbreviations:
        if abbreviation in spoken:
            reason = f"the abbreviation “{abbreviation}” does not read aloud{remedy}"
            yield Advice(line.location, "abbreviation", reason)
    count = len(line.spoken.split())
    if count > line.most_words:
        reason = (
            f"{count} words are long to hear; at most {line.most_words} are easy to keep in mind"
        )
        yield Advice(line.location, "too_long_to_hear", reason)
    if line.is_question and _is_stacked(line.spoken, data):
        reason = "asks more than one thing; students answer the last one and forget the first"
        yield Advice(line.location, "stacked", reason)


def _is_stacked(text: str, data: LanguageData) -> bool:
    # At the start of a sentence, "and what…" goes on from before and is one question.
    joined = rf"(?<=[\w,]\s)(?:{'|'.join(data.conjunctions)})\s+(?:{'|'.join(data.questioning)})\b"
    return text.count("?") > 1 or re.search(joined, text, re.IGNORECASE) is not None


def _gives_away(question: Question, data: LanguageData) -> Iterator[Advice]:
    """Spoken words that are in the key and not in the question."""
    asked = set(content_stems(question.ask, data))
    if isinstance(question, ShortQuestion):
        yield from _value_given_away(question, data)
    key: dict[str, str] = {}
    for point in question.points:
        key |= {
            stem(word, data): word
            for word in terms(point.looks_for, data)
            if _tells(word, data) and stem(word, data) not in asked
        }
    spoken: list[tuple[Location, str]] = [
        (("points", index, "probe"), point.probe)
        for index, point in enumerate(question.points)
        if point.probe
    ]
    if question.clarify:
        spoken.append((("clarify",), question.clarify))
    for location, text in spoken:
        told = [key[each] for each in dict.fromkeys(content_stems(text, data)) if each in key]
        if told:
            yield Advice(location, "gives_away", f"says {_quoted(told)}, which the key looks for")


def _tells(word: str, data: LanguageData) -> bool:
    return word != BREAK and word not in data.stopwords and not is_light(word, data)


def _value_given_away(question: ShortQuestion, data: LanguageData) -> Iterator[Advice]:
    value = question.value if isinstance(question.value, str) else f"{question.value:g}"
    wanted = content_stems(value, data)
    for name, text in (("ask", question.ask), ("say", question.say), ("clarify", question.clarify)):
        if text and wanted and set(wanted) <= set(content_stems(text, data)):
            yield Advice((name,), "gives_away", f"says “{value}”, which is the answer")


def _options(question: Question, data: LanguageData) -> Iterator[Advice]:
    """What lets a student guess the correct option, or forget the first ones."""
    if not isinstance(question, ChoiceQuestion):
        return
    if len(question.options) > OPTIONS_BY_EAR:
        reason = f"{len(question.options)} options are many to keep in mind by ear"
        yield Advice(("options",), "many_options", reason)
    if len(question.correct) == len(question.options):
        yield Advice(("correct",), "all_correct", "every option is correct")
    lengths = [len(option.text.split()) for option in question.options]
    asked = set(content_stems(question.ask, data))
    echoes = [asked & set(content_stems(option.text, data)) for option in question.options]
    if len(question.correct) > 1:
        return
    right = question.correct_indexes[0]
    others = [index for index in range(len(lengths)) if index != right]
    if lengths[right] >= 4 and lengths[right] >= 2 * max(lengths[index] for index in others):
        reason = f"option {LETTERS[right]} is by far the longest, which gives it away"
        yield Advice(("options", right), "gives_away", reason)
    if echoes[right] and not any(echoes[index] for index in others):
        reason = f"only option {LETTERS[right]} repeats words of the question, which gives it away"
        yield Advice(("options", right), "gives_away", reason)


def _follow_ups(question: Question) -> Iterator[Advice]:
    probes = sum(point.probe is not None for point in question.points)
    if question.follow_ups > probes:
        reason = f"allows {question.follow_ups}, but the points have {probes} probes"
        yield Advice(("follow_ups",), "too_few_probes", reason)
    if probes and not question.follow_ups:
        first = next(index for index, point in enumerate(question.points) if point.probe)
        reason = "is never asked, because `follow_ups` is 0"
        yield Advice(("points", first, "probe"), "probe_unused", reason)


def _quoted(found: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in found)
