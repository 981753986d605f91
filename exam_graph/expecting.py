"""Compares what happened in a dialogue with what was expected of it. Pure."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

from exam_graph.dialogue import Expected, ExpectedAnswer
from exam_graph.events import NotHeard, TimePassed
from exam_graph.paper import Paper
from exam_graph.reply import question_utterances
from exam_graph.transcript import TalkAnswer, TalkTurn
from exam_graph.utterance import Utterance

#: Raised where a model might have known better; only an expectation that names it minds it.
UNCERTAIN = "coverage_uncertain"

_Wanted = TypeVar("_Wanted", bound=BaseModel)
Unmet = Iterator[tuple[str, str]]


def narrowed(expected: _Wanted, only: BaseModel | None) -> _Wanted:
    """The expectations, with those in place that hold with a model, or with rules, only."""
    if only is None:
        return expected
    return expected.model_copy(update={name: getattr(only, name) for name in only.model_fields_set})


def unmet(expected: Expected, turns: Sequence[TalkTurn], paper: Paper) -> Unmet:
    """Field and reason of each expectation of a step that its turns do not meet."""
    said = [utterance for turn in turns for utterance in turn.utterances]
    moves = [turn.move for turn in turns if not _in_passing(turn)]
    if expected.moves is not None and moves != list(expected.moves):
        yield "moves", f"are {_listed(moves)}"
    if expected.move is not None and (not moves or moves[-1] not in expected.move):
        yield "move", f"is {moves[-1] if moves else 'none: no turn came of it'}; {_heard(said)}"
    if expected.silent is not None and expected.silent == bool(said):
        yield "silent", _heard(said)
    kinds = [utterance.kind for utterance in said]
    if expected.says is not None and kinds != list(expected.says):
        yield "says", f"is {_listed(kinds)}; {_heard(said)}"
    if expected.asks is not None and not _asks(expected.asks, said, paper):
        yield "asks", f"the question is not asked to the letter; {_heard(said)}"
    spoken = _plain(" ".join(utterance.text for utterance in said))
    for words in expected.hears:
        if _plain(words) not in spoken:
            yield "hears", f"“{words}” is not said; {_heard(said)}"
    for words in expected.not_hears:
        if _plain(words) in spoken:
            yield "not_hears", f"“{words}” is said; {_heard(said)}"
    if expected.flags is not None:
        found = sorted({flag for turn in turns for flag in turn.flags})
        if reason := unmet_flags(expected.flags, found):
            yield "flags", reason


def unmet_answer(wanted: ExpectedAnswer, found: TalkAnswer) -> Unmet:
    """The same for an answer of the record."""
    for name in sorted(wanted.model_fields_set - {"holds", "flags"}):
        want, have = getattr(wanted, name), getattr(found, name)
        if isinstance(have, list):
            want, have = list(want or ()), list(have)
            same = sorted(want) == sorted(have) if name == "covered" else want == have
        else:
            same = want == have
        if not same:
            yield name, f"is {_listed(have) if isinstance(have, list) else repr(have)}"
    for words in wanted.holds:
        if _plain(words) not in _plain(found.text):
            yield "holds", f"“{words}” is not in {found.text!r}"
    if wanted.flags is not None and (reason := unmet_flags(wanted.flags, found.flags)):
        yield "flags", reason


def unmet_flags(wanted: Sequence[str], found: Sequence[str]) -> str:
    """What the flags are, if they are others; "" if not."""
    minded = sorted(flag for flag in found if flag != UNCERTAIN or UNCERTAIN in wanted)
    return "" if minded == sorted(wanted) else f"are {_listed(minded)}"


def heard_until(last: TalkTurn | None, words: str) -> float:
    """The part of the examiner's last words up to these. ValueError if it did not say them."""
    lengths = [len(each.text) for each in last.utterances] if last else []
    before = 0
    for utterance in last.utterances if last else ():
        at = utterance.text.find(words)
        if at >= 0:
            return (before + at + len(words)) / sum(lengths)
        before += len(utterance.text)
    raise ValueError(f"“{words}” is not what the examiner said last")


def _in_passing(turn: TalkTurn) -> bool:
    """A turn that is no reply to what the student did, unless it says something."""
    return isinstance(turn.event, NotHeard | TimePassed) and not turn.utterances


def _asks(question_id: str, said: Sequence[Utterance], paper: Paper) -> bool:
    """Whether the whole question is among the words, to the letter."""
    wanted = [
        (each.kind, each.text, each.say)
        for each in question_utterances(paper.question(question_id), paper.language)
    ]
    found = [(each.kind, each.text, each.say) for each in said]
    return any(found[at : at + len(wanted)] == wanted for at in range(len(found) - len(wanted) + 1))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _heard(said: Sequence[Utterance]) -> str:
    if not said:
        return "the examiner says nothing"
    return f"the examiner says “{' '.join(utterance.text for utterance in said)}”"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
