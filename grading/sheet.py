"""What there is to mark of one question: the key, the words that belong to it, what went wrong."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from exam_graph.paper import Paper, Question
from exam_graph.selection import draw
from grading.addressing import addresses
from grading.flags import STEER
from records.marking import Material
from records.model import AnswerStatus, AnswerView, TurnRecord

#: The kinds of utterance that tell a grader what the student was asked, or told, in between.
_CONTEXT = frozenset({"probe", "hint", "clarification", "feedback"})


@dataclass(frozen=True)
class Line:
    """A turn as graders read it. `by`: "student", "examiner" (authored) or "generated"; `revises`:
    the student changes the answer given before; `spans`: where it speaks to whoever marks."""

    turn: int
    by: str
    text: str
    revises: bool = False
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def pieces(self) -> list[tuple[int, str]]:
        """(turn, words) of what is between the spans."""
        found = []
        start = 0
        for begin, end in (*self.spans, (len(self.text), len(self.text))):
            if any(map(str.isalnum, piece := self.text[start:begin].strip())):
                found.append((self.turn, piece))
            start = max(start, end)
        return found


@dataclass(frozen=True)
class Sheet:
    """`status` None: the record has no row of the answer. `flags`: the record's, of the answer
    and of its turns; `turns`: those that hold the student's words."""

    question: Question
    position: int
    language: str
    status: AnswerStatus | None
    value: str | None
    lines: tuple[Line, ...]
    flags: frozenset[str]
    paper_hash: str
    asked: bool = True
    abandoned: bool = False
    gave_up: bool = False
    corrected: bool = False
    turns: tuple[TurnRecord, ...] = field(default=(), repr=False)

    @property
    def said(self) -> list[tuple[int, str]]:
        """The student's words by turn."""
        return [(line.turn, line.text) for line in self.lines if line.by == "student"]

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.said)

    @property
    def addressed(self) -> bool:
        """Whether the words speak to whoever marks them."""
        return any(line.spans for line in self.lines)

    @property
    def remaining(self) -> list[tuple[int, str]]:
        """The words between those that do, piece by piece: no quote goes across a gap."""
        return [piece for line in self.lines if line.by == "student" for piece in line.pieces]

    @property
    def answer_hash(self) -> str:
        """SHA-256 of the words that are marked, and of what they came to."""
        words = [
            [line.turn, line.text, line.revises] for line in self.lines if line.by != "examiner"
        ]
        return hashlib.sha256(json.dumps([words, self.value]).encode()).hexdigest()


def read_sheets(material: Material, paper: Paper, paper_hash: str) -> list[Sheet]:
    """One for each question that the sitting drew, in the order in which they were asked."""
    answers = {answer.question_id: answer for answer in material.answers}
    order = draw(paper, material.sitting.seed)
    return [
        _sheet(paper, paper_hash, question_id, position, answers.get(question_id), material)
        for position, question_id in enumerate(order)
    ]


def _sheet(
    paper: Paper,
    paper_hash: str,
    question_id: str,
    position: int,
    answer: AnswerView | None,
    material: Material,
) -> Sheet:
    own = [turn for turn in material.turns if turn.question_id == question_id]
    said = [turn for turn in own if turn.text and (turn.answers_question or turn.revises)]
    flags = {flag for turn in own for flag in turn.flags} | {*(answer.flags if answer else ())}
    return Sheet(
        question=paper.question(question_id),
        position=position,
        language=paper.language,
        status=answer.status if answer else None,
        value=answer.value if answer else None,
        lines=tuple(_lines(question_id, said, material.turns, paper.language)),
        flags=frozenset(flags),
        paper_hash=paper_hash,
        asked=bool(own) or _was_asked(question_id, material.turns),
        abandoned=material.sitting.status == "abandoned",
        gave_up=bool(said) and all(_gives_up(turn) for turn in said),
        corrected=any(turn.number in material.corrected for turn in said),
        turns=tuple(said),
    )


def _lines(
    question_id: str, said: list[TurnRecord], turns: list[TurnRecord], language: str
) -> Iterator[Line]:
    words = {turn.number: turn for turn in said}
    if not words:
        return
    for turn in turns:
        if turn.number in words:
            spans = tuple(addresses(turn.text, language))
            yield Line(turn.number, "student", turn.text, turn.revises, spans)
        for utterance in turn.utterances:
            if utterance.question_id == question_id and utterance.kind in _CONTEXT:
                by = "examiner" if utterance.authored else "generated"
                yield Line(turn.number, by, utterance.text)


def _was_asked(question_id: str, turns: list[TurnRecord]) -> bool:
    return any(said.question_id == question_id for turn in turns for said in turn.utterances)


def _gives_up(turn: TurnRecord) -> bool:
    return (turn.understood or {}).get("intent") == "dont_know"


def steered(sheet: Sheet) -> bool:
    """Whether the student gave orders, in the answer or beside it."""
    return sheet.addressed or STEER in sheet.flags
