"""An author's warnings: what a valid paper says that will not work well aloud, or gives a key away.

Warnings are hints, found by words alone: a paper with warnings can be used.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exam_graph.advice import Advice
from exam_graph.aloud import measures_aloud
from exam_graph.asking import count_asks
from exam_graph.guard import opens_with_verdict
from exam_graph.language import LanguageData, language_data
from exam_graph.leaks import leaks
from exam_graph.paper import ChoiceQuestion, Language, Paper, Question
from exam_graph.source import Location

ASK_WORDS = 50
PROBE_WORDS = 25
OPTION_WORDS = 15
EXPLANATION_WORDS = 80
OPTIONS_BY_EAR = 5

# What is left of a formula, an address or markup when numbers and units have become words.
_UNSPEAKABLE = re.compile(
    r"https?://\S+|www\.\S+|\$[^$]+\$|\\[a-z]+"
    r"|[=^_<>{}|\\`~#*±×÷·√∑∫∂∞≈≠≤≥→←↔⇌∝∈∆∇°²³⁰-₉⁻₀-₎α-ωΑ-Ω]"
    r"|(?<=\w)/(?=\w)|[A-Za-z]\([a-z](?:,\s?[a-z])*\)"
)


@dataclass(frozen=True)
class _Line:
    """Something spoken: where it stands, what the voice says, how many words it may have.

    `is_say`: the author gave the voice its words, and nothing is made of signs in them
    """

    location: Location
    spoken: str
    most_words: int
    is_question: bool = True
    can_have_say: bool = False
    is_say: bool = False


def review(paper: Paper) -> list[Advice]:
    """Every warning, question by question."""
    data = language_data(paper.language)
    found = list(_settings(paper))
    if paper.practice:
        found += _aloud(_Line(("practice",), paper.practice, ASK_WORDS), data, paper.language)
    for index, question in enumerate(paper.questions):
        for line in _lines(question, paper):
            found += [_within(index, each) for each in _aloud(line, data, paper.language)]
        checks = (
            leaks(question, data),
            _options(question),
            _follow_ups(question, paper),
            _learning(question, paper),
        )
        found += [_within(index, each) for check in checks for each in check]
    return found


def _settings(paper: Paper) -> Iterator[Advice]:
    if paper.answer_minutes > paper.duration_minutes:
        reason = "is longer than the whole exam (`duration_minutes`)"
        yield Advice(("answer_minutes",), "longer_than_exam", reason)
    if paper.mode == "learn" and paper.feedback != "marks":
        yield Advice(("feedback",), "feedback_unused", "learn mode has no marks to show")
    if paper.generated_probes:
        if not any(question.follow_ups for question in paper.questions):
            reason = "changes nothing, because no question has `follow_ups`"
            yield Advice(("generated_probes",), "probe_unused", reason)
        elif paper.mode == "exam":
            reason = "lets a model word follow-ups: students will not all be asked the same"
            yield Advice(("generated_probes",), "generated_probes", reason)


def _within(index: int, advice: Advice) -> Advice:
    return Advice(("questions", index, *advice.location), advice.code, advice.reason)


def _lines(question: Question, paper: Paper) -> Iterator[_Line]:
    yield _Line(
        ("say",) if question.say else ("ask",),
        question.spoken,
        ASK_WORDS,
        can_have_say=question.say is None,
        is_say=question.say is not None,
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
                is_say=option.say is not None,
            )
    if paper.mode == "learn":
        for index, hint in enumerate(question.hints):
            yield _Line(("hints", index), hint, PROBE_WORDS)
        if question.model_answer:
            yield _Line(
                ("model_answer",), question.model_answer, EXPLANATION_WORDS, is_question=False
            )


def _aloud(line: _Line, data: LanguageData, language: Language) -> Iterator[Advice]:
    """What a voice, or a listener, will stumble over."""
    remedy = "; write in `say` how to speak it" if line.can_have_say else "; write it in words"
    heard = line.spoken if line.is_say else measures_aloud(line.spoken, language)
    if unspeakable := _UNSPEAKABLE.search(heard):
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
    if line.is_question and count_asks(line.spoken, language) > 1:
        reason = "asks more than one thing; students answer the last one and forget the first"
        yield Advice(line.location, "stacked", reason)
    if line.location[-1] in ("probe", "clarify") and opens_with_verdict(line.spoken, language):
        reason = "judges the answer; students hear it whatever they said"
        yield Advice(line.location, "verdict", reason)


def _options(question: Question) -> Iterator[Advice]:
    if not isinstance(question, ChoiceQuestion):
        return
    if len(question.options) > OPTIONS_BY_EAR:
        reason = f"{len(question.options)} options are many to keep in mind by ear"
        yield Advice(("options",), "many_options", reason)
    if len(question.correct) == len(question.options):
        yield Advice(("correct",), "all_correct", "every option is correct")


def _learning(question: Question, paper: Paper) -> Iterator[Advice]:
    """What learn mode has to say to a student who does not know."""
    if paper.mode != "learn":
        return
    if not question.hints:
        reason = "has no `hints`: who does not know gets the explanation at once"
        yield Advice((), "no_hints", reason)
    if not question.model_answer:
        reason = "has no `model_answer`: there is nothing to explain with"
        yield Advice((), "no_explanation", reason)


def _follow_ups(question: Question, paper: Paper) -> Iterator[Advice]:
    probes = sum(point.probe is not None for point in question.points)
    if question.follow_ups > probes and not paper.generated_probes:
        reason = f"allows {question.follow_ups}, but the points have {probes} probes"
        yield Advice(("follow_ups",), "too_few_probes", reason)
    if probes and not question.follow_ups:
        first = next(index for index, point in enumerate(question.points) if point.probe)
        reason = "is never asked, because `follow_ups` is 0"
        yield Advice(("points", first, "probe"), "probe_unused", reason)
