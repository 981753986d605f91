"""What the spoken parts of a paper tell of its key: warnings for authors, found by words alone."""

from collections.abc import Iterable, Iterator

from exam_graph.advice import Advice
from exam_graph.coverage import content_stems, coverage, telling_words
from exam_graph.language import LanguageData
from exam_graph.paper import LETTERS, ChoiceQuestion, Question, ShortQuestion
from exam_graph.source import Location
from exam_graph.words import stem


def leaks(question: Question, data: LanguageData) -> Iterator[Advice]:
    """Every place of a question that gives some of its key away."""
    yield from _key_words(question, data)
    yield from _hints(question, data)
    if isinstance(question, ShortQuestion):
        yield from _value(question, data)
    if isinstance(question, ChoiceQuestion) and len(question.correct) == 1:
        yield from _correct_option(question, data)


def _key_words(question: Question, data: LanguageData) -> Iterator[Advice]:
    """Probes and clarifications with words that are in the key and not in the question."""
    asked = set(content_stems(question.ask, data))
    key: dict[str, str] = {}
    for point in question.points:
        key |= {
            stem(word, data): word
            for word in telling_words(point.looks_for, data)
            if stem(word, data) not in asked
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


def _value(question: ShortQuestion, data: LanguageData) -> Iterator[Advice]:
    value = question.value if isinstance(question.value, str) else f"{question.value:g}"
    wanted = content_stems(value, data)
    places: list[tuple[Location, str | None]] = [
        (("ask",), question.ask),
        (("say",), question.say),
        (("clarify",), question.clarify),
        *((("hints", index), hint) for index, hint in enumerate(question.hints)),
    ]
    for location, text in places:
        if text and wanted and set(wanted) <= set(content_stems(text, data)):
            yield Advice(location, "gives_away", f"says “{value}”, which is the answer")


def _hints(question: Question, data: LanguageData) -> Iterator[Advice]:
    """A hint helps on the way; one that says a point, or the correct option, is the answer."""
    for index, hint in enumerate(question.hints):
        told = coverage(question, hint, data).covered
        if told:
            reason = f"says what {_quoted(told)} looks for; a hint leads there, no more"
            yield Advice(("hints", index), "gives_away", reason)
        elif isinstance(question, ChoiceQuestion):
            heard = set(content_stems(hint, data))
            for right in question.correct_indexes:
                wanted = _own_words(question, right, data)
                if wanted and wanted <= heard:
                    reason = f"says option {LETTERS[right]}, which is correct"
                    yield Advice(("hints", index), "gives_away", reason)


def _own_words(question: ChoiceQuestion, right: int, data: LanguageData) -> set[str]:
    """Words that only this option has."""
    others = (option for index, option in enumerate(question.options) if index != right)
    shared = {each for option in others for each in content_stems(option.text, data)}
    own = set(content_stems(question.options[right].text, data))
    return own - shared - set(content_stems(question.ask, data))


def _correct_option(question: ChoiceQuestion, data: LanguageData) -> Iterator[Advice]:
    """What makes the correct option stand out from the others."""
    right = question.correct_indexes[0]
    others = [index for index in range(len(question.options)) if index != right]
    lengths = [len(option.text.split()) for option in question.options]
    if lengths[right] >= 4 and lengths[right] >= 2 * max(lengths[index] for index in others):
        reason = f"option {LETTERS[right]} is by far the longest, which gives it away"
        yield Advice(("options", right), "gives_away", reason)
    asked = set(content_stems(question.ask, data))
    echoes = [asked & set(content_stems(option.text, data)) for option in question.options]
    if echoes[right] and not any(echoes[index] for index in others):
        reason = f"only option {LETTERS[right]} repeats words of the question, which gives it away"
        yield Advice(("options", right), "gives_away", reason)


def _quoted(found: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in found)
