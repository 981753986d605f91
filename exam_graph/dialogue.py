"""A dialogue as it is written down: what a student says, and what is expected of the examiner.

Shapes and field names are those of docs/talking.md; everything else is refused. `dialogue_file`
reads them, and names file, line and field of what is wrong.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from exam_graph.events import SoundCause
from exam_graph.paper import Mode
from exam_graph.state import AnswerStatus
from exam_graph.understanding import Intent
from exam_graph.utterance import UtteranceKind

Button = Literal["repeat", "skip", "pause", "end", "done"]
Words = Annotated[str, Field(min_length=1, max_length=6000)]
Seconds = Annotated[float, Field(gt=0, le=36_000)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[Words, ...], BeforeValidator(_listed), Field(strict=False)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(strict=False)]
Kinds = Annotated[tuple[UtteranceKind, ...], Field(strict=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Expected(_Strict):
    """What is expected after one step. What is not written down may be anything.

    move: the turn's move, or several that are all right; moves: those of all turns, in order
    says: the kinds of utterances, in order; silent: the examiner says nothing
    asks: a question is asked, whole and to the letter; hears, not_hears: words of the examiner
    flags: of the turn
    """

    move: Names | None = None
    moves: Names | None = None
    says: Kinds | None = None
    silent: bool | None = None
    asks: str | None = None
    hears: Texts = ()
    not_hears: Texts = ()
    flags: Names | None = None


class Cut(_Strict):
    """Talking over the examiner: after a part (0 to 1) of its last words, or after some of them."""

    at: Annotated[float, Field(ge=0, lt=1)] | None = None
    after: Words | None = None
    say: Words

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.at is None) == (self.after is None):
            raise ValueError("needs either `at` or `after`")
        return self


_ACTIONS = ("student", "typed", "wait", "press", "cut", "sound", "returned", "resume")


class Step(Expected):
    """One thing that the student does or that happens, and what is expected then.

    takes: seconds that the student speaks; confidence: the recogniser's, 0 to 1
    means: what a model makes of the words, where rules cannot know
    rules, model: expectations that hold with rules alone, or with a model, only
    """

    student: Words | None = None
    typed: Words | None = None
    wait: Seconds | None = None
    press: Button | None = None
    cut: Cut | None = None
    sound: SoundCause | Literal["back"] | None = None
    returned: str | None = None
    resume: str | None = None
    takes: Annotated[float, Field(ge=0, le=36_000)] = 0.0
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    means: Intent | None = None
    rules: Expected | None = None
    model: Expected | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if sum(getattr(self, name) is not None for name in _ACTIONS) != 1:
            raise ValueError(f"a step has exactly one of {', '.join(_ACTIONS)}")
        return self


class ExpectedAnswer(_Strict):
    """What the record holds of one answer; `holds`: words that are part of `text`."""

    status: AnswerStatus | None = None
    text: str | None = None
    holds: Texts = ()
    value: str | None = None
    covered: Names | None = None
    probes: Names | None = None
    flags: Names | None = None
    revisions: Texts | None = None


class Outcome(_Strict):
    """What is expected at the end. `flags` are those of the whole sitting."""

    record: dict[str, ExpectedAnswer] = {}
    flags: Names | None = None
    finished: bool | None = None


class _Setting(_Strict):
    paper: Words | None = None
    mode: Mode | None = None
    profile: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    questions: Names | None = None


class Script(_Setting, Outcome):
    """One dialogue, as it is written.

    questions: only these of the paper's, in this order; changes: other fields of the paper
    opening: begins at the first question, greeting and practice gone through silently
    command_words: there are words of a command inside an answer
    """

    title: Words
    opening: bool = True
    command_words: bool = False
    dialogue: Annotated[tuple[Step, ...], Field(strict=False, min_length=1)]
    rules: Outcome | None = None
    model: Outcome | None = None


class DialogueFile(_Setting):
    """Several dialogues about one behaviour (`row`), and what they have in common."""

    row: str = ""
    conversations: Annotated[tuple[Script, ...], Field(strict=False, min_length=1)]
