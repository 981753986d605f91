"""Shows sittings to a person on a terminal, or to a program as JSON."""

import json
import unicodedata
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from records.event_words import event_words
from records.model import AnswerView, Sitting, TurnRecord, UtteranceRecord

_SHORT_ID = 12


def as_json(value: object) -> str:
    return json.dumps(value, default=_plain_value, indent=2, ensure_ascii=False)


def print_sittings(sittings: list[Sitting], console: Console) -> None:
    if not sittings:
        console.print("No sittings yet.")
        return
    table = Table("Sitting", "Student", "Exam", "Status", "Opened (UTC)", "Flags", box=None)
    for sitting in sittings:
        table.add_row(
            sitting.id[:_SHORT_ID],
            plain_text(sitting.user_id),
            plain_text(sitting.exam_id),
            sitting.status,
            f"{sitting.created_at:%Y-%m-%d %H:%M}",
            plain_text(", ".join(sitting.flags)),
        )
    console.print(table)


def print_sitting(
    sitting: Sitting, turns: list[TurnRecord], answers: list[AnswerView], console: Console
) -> None:
    console.print(_head(sitting))
    console.print(Text("\nWhat was said", style="bold"))
    numbers = {answer.question_id: number for number, answer in enumerate(answers, 1)}
    for turn in turns:
        console.print(_dialogue(turn, numbers))
    if not turns:
        console.print("Nothing yet.")
    console.print(Text("\nAnswers", style="bold"))
    asked = {question["id"]: question for question in sitting.paper.get("questions", [])}
    for number, answer in enumerate(answers, 1):
        console.print(_answer(number, answer, asked.get(answer.question_id, {})))
    if not answers:
        console.print("None yet.")


def _head(sitting: Sitting) -> Table:
    table = Table(box=None, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in {
        "Sitting": sitting.id,
        "Student": sitting.user_id,
        "Exam": f"{sitting.paper.get('title', '')} ({sitting.exam_id})",
        "Status": sitting.status,
        "Flags": ", ".join(sitting.flags) or "none",
        "Profile": ", ".join(f"{name}={value}" for name, value in sitting.profile.items())
        or "none",
        "Opened": _moment(sitting.created_at),
        "Started": _moment(sitting.started_at),
        "Ended": _moment(sitting.finished_at),
        "Room": sitting.room_name,
        "Seed": str(sitting.seed),
        "Paper": sitting.paper_hash,
    }.items():
        table.add_row(name, plain_text(value))
    return table


def _dialogue(turn: TurnRecord, numbers: dict[str, int]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", width=12, no_wrap=True)
    table.add_column(style="dim", width=8, no_wrap=True)
    table.add_column(overflow="fold")
    if turn.text:
        table.add_row(_clock(turn.at), "student", plain_text(turn.text + _how(turn, numbers)))
    elif event := event_words(turn.event):
        table.add_row(_clock(turn.at), "event", plain_text(event))
    for utterance in turn.utterances:
        at = _clock(utterance.started_at) if utterance.started_at else ""
        table.add_row(at, "examiner", plain_text(utterance.text + _cut(utterance)))
    if turn.flags:
        table.add_row("", "flags", plain_text(", ".join(turn.flags)))
    return table


def _answer(number: int, answer: AnswerView, question: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", width=12, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(f"Question {number}", plain_text(question.get("ask") or answer.question_id))
    table.add_row("status", answer.status)
    table.add_row("answer", plain_text((answer.text or "(no words)") + _span(answer)))
    revised = bool(answer.revisions)
    if value := answer.original_value if revised else answer.value:
        table.add_row("value", plain_text(value))
    for revision in answer.revisions:
        table.add_row("revised", plain_text(f"{revision.text}  [{_clock(revision.at)}]"))
        if revision.value:
            table.add_row("value", plain_text(revision.value))
    for name, values in {
        "covered": answer.covered,
        "probes": answer.probes,
        "flags": answer.flags,
    }.items():
        if values:
            table.add_row(name, plain_text(", ".join(values)))
    table.add_row()
    return table


def _how(turn: TurnRecord, numbers: dict[str, int]) -> str:
    typed = "  [typed]" if turn.event.get("typed") is True else ""
    if not turn.revises:
        return typed
    number = numbers.get(turn.question_id or "")
    return f"{typed}  [changes the answer to question {number or turn.question_id}]"


def _span(answer: AnswerView) -> str:
    if answer.first_at is None or answer.last_at is None:
        return ""
    first, last = _clock(answer.first_at), _clock(answer.last_at)
    return f"  [{first}]" if first == last else f"  [{first} to {last}]"


def _cut(utterance: UtteranceRecord) -> str:
    if utterance.whole is not False:
        return ""
    return f"  [cut off after {(utterance.heard_ms or 0) / 1000:.1f} s]"


def plain_text(value: str) -> Text:
    # What a student said may not steer the terminal, nor be read as markup.
    return Text("".join(c for c in value if c == "\n" or unicodedata.category(c)[0] != "C"))


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S.%f}"[:-3]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "not yet"


def _plain_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
