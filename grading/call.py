"""One call to a grader: who is asked what, and under which name the reply is kept."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from exam_graph.paper import OpenQuestion, Question
from grading.prompting import prompt, schema
from grading.sheet import Line, Sheet
from grading.spotlight import marked
from records.model import Json

#: "remaining": without the words that speak to whoever marks; "whole": with them.
Variant = Literal["remaining", "whole"]
#: Reasoning counts as output.
MAX_OUTPUT_TOKENS = 4096


@dataclass(frozen=True)
class Call:
    """`grader`: its place among the models; `round`: 2 is the deliberation; `attempt`: 2 is the
    repair. `messages`: all that is said to the model."""

    question_id: str
    grader: int
    model: str
    variant: Variant
    round: int
    attempt: int
    points: tuple[str, ...]
    messages: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """The same question to the same grader in the same words has the same key."""
        said = json.dumps([self.model, self.messages], ensure_ascii=False).encode()
        parts = (self.question_id, self.variant[0], self.round, self.attempt, self.grader)
        return ":".join((*map(str, parts), hashlib.sha256(said).hexdigest()[:12]))

    def to_dict(self) -> Json:
        return {**vars(self), "points": list(self.points), "messages": [*map(list, self.messages)]}

    @classmethod
    def from_dict(cls, kept: Json) -> "Call":
        messages = tuple((role, text) for role, text in kept["messages"])
        return cls(**{**kept, "points": tuple(kept["points"]), "messages": messages})

    def request(self) -> dict[str, Any]:
        """The body of a chat completion at Groq, or at another server of its kind.

        Constrained decoding is there for gpt-oss only; all models have JSON mode
        (console.groq.com/docs/structured-outputs).
        """
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": role, "content": text} for role, text in self.messages],
            "temperature": 0,
            "max_completion_tokens": MAX_OUTPUT_TOKENS,
            "response_format": {"type": "json_object"},
        }
        if "gpt-oss" in self.model:
            form = {"name": "marks", "strict": True, "schema": schema(self.points)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
            body["reasoning_effort"] = "medium"
        elif self.model.startswith("qwen/"):
            # It thinks aloud otherwise, which JSON mode refuses (console.groq.com/docs/reasoning).
            body["extra_body"] = {"reasoning_format": "hidden"}
        return body


def first_call(sheet: Sheet, grader: int, model: str, variant: Variant) -> Call:
    """The grader has seen nobody's marks."""
    data: Json = {
        "language": sheet.language,
        "question": sheet.question.ask,
        "model_answer": sheet.question.model_answer,
        "points": [
            {"id": point.id, "marks": point.marks, "looks_for": point.looks_for}
            for point in points_of(sheet.question)
        ],
        "transcript": [
            entry for line in sheet.lines for entry in _entries(line, variant == "whole")
        ],
    }
    points = tuple(point.id for point in points_of(sheet.question))
    # In JSON mode a model knows the form by the prompt alone.
    form = json.dumps(schema(points), ensure_ascii=False)
    messages = (
        ("system", f"{prompt('grading')}\nThe JSON schema of your reply:\n{form}\n"),
        ("user", json.dumps(data, ensure_ascii=False)),
    )
    return Call(sheet.question.id, grader, model, variant, 1, 1, points, messages)


def deliberation(first: Call, own: Sequence[Json], others: Sequence[Sequence[Json]]) -> Call:
    """The grader sees the marks and reasons of the others, not who they are."""
    told = {"yours": _told(own), "others": [_told(points) for points in others]}
    text = f"{prompt('deliberation')}\n{json.dumps(told, ensure_ascii=False)}"
    changes: Json = {"round": 2, "attempt": 1, "messages": (*first.messages, ("user", text))}
    return Call(**{**vars(first), **changes})


def repair(call: Call, problems: Sequence[str]) -> Call:
    """The same once more, with what was wrong; the reply itself could hold a student's words."""
    text = "\n".join((prompt("repair"), *(f"- {each}" for each in problems)))
    return Call(**{**vars(call), "attempt": 2, "messages": (*call.messages, ("user", text))})


def points_of(question: Question) -> tuple[Any, ...]:
    """The rubric points of an open question."""
    return question.points if isinstance(question, OpenQuestion) else ()


def _entries(line: Line, whole: bool) -> list[Json]:
    if line.by == "examiner":
        return [{"by": "examiner", "text": line.text}]
    if line.by == "generated":
        # Made out of the student's words.
        return [{"by": "examiner", "text": marked(line.text)}]
    texts = [line.text] if whole else [text for _, text in line.pieces]
    more = {"revises": True} if line.revises else {}
    return [{"by": "student", "text": marked(text), **more} for text in texts]


def _told(points: Sequence[Json]) -> list[Json]:
    return [
        {
            "id": point["id"],
            "marks": point["marks"],
            "quotes": [marked(quote["text"]) for quote in point["quotes"]],
            "reason": marked(point["reason"]),
        }
        for point in points
    ]
