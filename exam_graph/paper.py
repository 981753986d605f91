"""The exam paper: what an author may write, as frozen models that refuse everything else.

Shapes and field names are those of docs/papers.md. A paper that validates is complete: no other
module checks it again. `loading` maps the errors raised here to a file, a line and a field.
"""

import hashlib
import json
import math
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

Language = Literal["en", "de"]
Mode = Literal["exam", "learn"]
Recording = Literal["optional", "required"]
Feedback = Literal["none", "marks", "full"]

LETTERS = "ABCDEFGH"

_Given = TypeVar("_Given")


def _one_line(text: str) -> str:
    if any(unicodedata.category(char) == "Cc" and not char.isspace() for char in text):
        raise PydanticCustomError("control_character", "holds a control character")
    return " ".join(text.split())


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


# Line breaks of the YAML file are layout, not part of what is shown and spoken.
Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_one_line)]
Term = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_line)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=64)]
Marks = Annotated[float, Field(gt=0, le=1000)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        str_strip_whitespace=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


def _refuse(code: str, reason: str, *at: str | int) -> PydanticCustomError:
    """An error of this field; `at` leads from the field to the place that is to be corrected."""
    return PydanticCustomError(code, "{reason}", {"reason": reason, "at": list(at)})


def _refuse_duplicates(ids: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for index, each in enumerate(ids):
        if each in seen:
            raise _refuse(
                "duplicate_id", f"another {what} already has the id “{each}”", index, "id"
            )
        seen.add(each)


class Point(_Part):
    """One thing an answer may reach. `looks_for` is the key and is never spoken."""

    id: Id
    marks: Marks
    looks_for: Text
    probe: Text | None = None


class Option(_Part):
    """One option of a choice question; `say` where `text` does not read aloud."""

    text: Text
    say: Text | None = None

    @property
    def spoken(self) -> str:
        return self.say or self.text


class _Question(_Part):
    id: Id
    ask: Text
    say: Text | None = None
    clarify: Text | None = None
    think_seconds: Annotated[float, Field(ge=0, le=600)] = 20.0
    marks: Marks
    points: Annotated[tuple[Point, ...], Field(strict=False, max_length=20)] = ()
    follow_ups: Annotated[int, Field(ge=0, le=10)] = 0
    model_answer: Text | None = None
    hints: Annotated[tuple[Text, ...], Field(strict=False, max_length=10)] = ()

    marked_by: ClassVar[str]

    @property
    def spoken(self) -> str:
        """What the voice says: `say`, or else `ask` to the letter."""
        return self.say or self.ask

    @field_validator("points")
    @classmethod
    def _points_agree(cls, points: tuple[Point, ...], info: ValidationInfo) -> tuple[Point, ...]:
        if points and cls.marked_by != "points":
            raise _refuse(
                "no_points_here",
                f"only an open question has points; this one is marked by `{cls.marked_by}`",
            )
        _refuse_duplicates((point.id for point in points), "point of this question")
        total = math.fsum(point.marks for point in points)
        marks = info.data.get("marks")
        if points and marks is not None and not math.isclose(total, marks):
            raise _refuse(
                "marks_sum", f"the points add up to {total:g}, but the question has {marks:g} marks"
            )
        return points

    @field_validator("follow_ups")
    @classmethod
    def _follow_ups_need_points(cls, follow_ups: int) -> int:
        if follow_ups and cls.marked_by != "points":
            raise _refuse("no_follow_ups_here", "only an open question can be followed up")
        return follow_ups


class OpenQuestion(_Question):
    """Answered in the student's own words, marked by its points."""

    kind: Literal["open"]
    points: Annotated[tuple[Point, ...], Field(strict=False, min_length=1, max_length=20)]

    marked_by = "points"


class ChoiceQuestion(_Question):
    """Two to eight options, named A to H in their order."""

    kind: Literal["choice"]
    options: Annotated[
        tuple[Annotated[Option, BeforeValidator(lambda value: _option(value))], ...],
        Field(strict=False, min_length=2, max_length=len(LETTERS)),
    ]
    correct: Annotated[
        tuple[str, ...], BeforeValidator(_as_list), Field(strict=False, min_length=1)
    ]

    marked_by = "correct"

    @property
    def correct_indexes(self) -> tuple[int, ...]:
        return tuple(LETTERS.index(letter) for letter in self.correct)

    @field_validator("options")
    @classmethod
    def _options_differ(cls, options: tuple[Option, ...]) -> tuple[Option, ...]:
        seen: set[str] = set()
        for index, option in enumerate(options):
            if option.text.casefold() in seen:
                raise _refuse("duplicate_option", "another option says the same", index)
            seen.add(option.text.casefold())
        return options

    @field_validator("correct")
    @classmethod
    def _correct_exists(cls, correct: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        letters = LETTERS[: len(info.data.get("options", LETTERS))]
        named = tuple(letter.upper() for letter in correct)
        for letter in named:
            if len(letter) != 1 or letter not in letters:
                raise _refuse(
                    "correct_out_of_range",
                    f"“{letter[:20]}” is not one of the options {letters[0]} to {letters[-1]}",
                )
        if len(set(named)) != len(named):
            raise _refuse("duplicate_letter", "names an option twice")
        return tuple(sorted(named))


class ShortQuestion(_Question):
    """Answered by one value: a number (with tolerance and unit) or a few words."""

    kind: Literal["short"]
    value: Annotated[
        Annotated[float, Tag("as_number")] | Annotated[Text, Tag("as_text")],
        Discriminator(lambda value: "as_text" if isinstance(value, str) else "as_number"),
    ]
    tolerance: Annotated[float, Field(ge=0)] | None = None
    unit: Term | None = None

    marked_by = "value"

    @field_validator("tolerance", "unit")
    @classmethod
    def _for_numbers_only(cls, given: _Given, info: ValidationInfo) -> _Given:
        if given is not None and isinstance(info.data.get("value"), str):
            raise _refuse("value_not_a_number", "belongs to a number, but `value` is text")
        return given


def _option(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


Question = OpenQuestion | ChoiceQuestion | ShortQuestion


class Select(_Part):
    """How many questions a sitting gets out of the pool."""

    count: Annotated[int, Field(ge=1)]


class Paper(_Part):
    """A whole paper. `model_dump(mode="json")` is what a sitting freezes; it validates back."""

    id: Id
    title: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
    language: Language = "en"
    mode: Mode = "exam"
    duration_minutes: Annotated[float, Field(gt=0, le=240)]
    answer_minutes: Annotated[float, Field(gt=0, le=60)] = 3.0
    recording: Recording = "optional"
    #: What a student's result shows besides the answers and the total.
    feedback: Feedback = "marks"
    generated_probes: bool = False
    practice: Text | None = None
    # Deepgram takes at most 100 keyterms (developers.deepgram.com/docs/keyterm).
    keyterms: Annotated[tuple[Term, ...], Field(strict=False, max_length=100)] = ()
    questions: Annotated[
        tuple[Annotated[Question, Field(discriminator="kind")], ...],
        Field(strict=False, min_length=1, max_length=200),
    ]
    select: Select | None = None

    @field_validator("questions")
    @classmethod
    def _ids_differ(cls, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        _refuse_duplicates((question.id for question in questions), "question")
        return questions

    @field_validator("select")
    @classmethod
    def _enough_to_select(cls, select: Select | None, info: ValidationInfo) -> Select | None:
        pool = len(info.data.get("questions", ()))
        if select is not None and pool and select.count > pool:
            raise _refuse(
                "select_too_many", f"asks for {select.count} of {pool} questions", "count"
            )
        return select

    def question(self, question_id: str) -> Question:
        """The question of that id; KeyError if there is none."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as kept in the record."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        return cls.model_validate(content)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the content in canonical JSON, as hex."""
        canonical = json.dumps(
            self.to_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()
