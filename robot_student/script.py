"""The script of a robot student: what it says to which question. Format: docs/robot_student.md."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic import ValidationError as PydanticError

from robot_student.errors import Problem, ScriptError

Words = Annotated[str, Field(min_length=1, max_length=2000)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Button = Literal["repeat", "skip", "pause", "done", "end"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Step(_Strict):
    when: Words | None = None
    """Take this step only after these words of the examiner; "probe" means anything but the
    question itself."""


class Say(_Step):
    say: Words


class Interruption(_Strict):
    after_seconds: Annotated[float, Field(ge=0, le=60)]
    say: Words


class BargeIn(_Strict):
    """Spoken over the examiner, so long after it became audible with this question."""

    barge_in: Interruption


class Press(_Step):
    press: Button


class Wait(_Step):
    wait: Seconds


class Mute(_Step):
    """The microphone is muted for so long."""

    mute: Seconds


def _alternating(parts: Any) -> Any:
    if isinstance(parts, list):
        kinds = ["words" if isinstance(part, str) else "pause" for part in parts]
        if len(kinds) < 3 or kinds != [
            "words" if i % 2 == 0 else "pause" for i in range(len(kinds))
        ]:
            raise ValueError("must be words, seconds, words, …")
        if kinds[-1] == "pause":
            raise ValueError("must end with words")
    return parts


class PauseInside(_Step):
    """One answer with silences in it."""

    pause_inside: Annotated[list[Words | Seconds], BeforeValidator(_alternating)]


KINDS: tuple[str, ...] = ("say", "barge_in", "press", "wait", "pause_inside", "mute")


def _kind(step: Any) -> str | None:
    keys = step if isinstance(step, dict) else getattr(type(step), "model_fields", ())
    return next((kind for kind in KINDS if kind in keys), None)


Step = Annotated[
    Annotated[Say, Tag("say")]
    | Annotated[BargeIn, Tag("barge_in")]
    | Annotated[Press, Tag("press")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Mute, Tag("mute")]
    | Annotated[PauseInside, Tag("pause_inside")],
    Discriminator(
        _kind,
        custom_error_type="step",
        custom_error_message="a step has one of " + ", ".join(KINDS),
    ),
]


def _steps(value: Any) -> Any:
    return [{"say": value}] if isinstance(value, str) else value


Steps = Annotated[list[Step], BeforeValidator(_steps)]


class Script(_Strict):
    """`soundcheck`, `practice` and each question: a list of steps, or just the words to say."""

    exam: Annotated[str, Field(min_length=1)]
    soundcheck: Annotated[Steps, Field(min_length=1)] = [Say(say="Yes, I can hear you well.")]
    practice: Annotated[Steps, Field(min_length=1)] = [Say(say="I like to read.")]
    questions: dict[str, Steps]
    anything_else: Words = "I do not know."
    presses_done: bool = False
    """After all that it says, presses `done`: for a profile with own turn end."""

    def words(self) -> list[str]:
        """Everything this script may say, each once, in the order of the script."""
        found: dict[str, None] = {}
        for steps in (self.soundcheck, self.practice, *self.questions.values()):
            for step in steps:
                found.update(dict.fromkeys(spoken(step)))
        found[self.anything_else] = None
        return list(found)


def spoken(step: Step) -> list[str]:
    """The pieces of speech in a step, in order."""
    match step:
        case Say():
            return [step.say]
        case BargeIn():
            return [step.barge_in.say]
        case PauseInside():
            return [part for part in step.pause_inside if isinstance(part, str)]
    return []


def load(path: Path) -> Script:
    """Read and check a script. Raises ScriptError with every fault: file, line, field, reason."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise ScriptError([Problem(path, 1, "", f"cannot be read: {reason}")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "is not YAML"
        raise ScriptError([Problem(path, mark.line + 1 if mark else 1, "", reason)]) from error
    if not isinstance(content, dict):
        raise ScriptError([Problem(path, 1, "", "must be a mapping with `exam` and `questions`")])
    problems = [Problem(path, line, key, "is there twice") for key, line in _twice(root)]
    try:
        script = Script.model_validate(content)
    except PydanticError as error:
        problems += [_problem(path, root, fault) for fault in error.errors()]
    if problems:
        raise ScriptError(problems)
    return script


def _problem(path: Path, root: yaml.Node | None, fault: Any) -> Problem:
    line, field = _place(root, list(fault["loc"]))
    return Problem(path, line, field, fault["msg"].removeprefix("Value error, "))


def _place(node: yaml.Node | None, location: list[Any]) -> tuple[int, str]:
    """Line and dotted path of a fault. What pydantic puts into a location without its being in
    the file (which kind of step it tried) is left out; a missing field is named."""
    line, path = 1, ""
    for position, part in enumerate(location):
        before = location[position - 1] if position else None
        if isinstance(node, yaml.MappingNode) and not (part in KINDS and isinstance(before, int)):
            entry = next((pair for pair in node.value if pair[0].value == str(part)), None)
            path = f"{path}.{part}".lstrip(".")
            if entry is not None:
                line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            path = f"{path}[{part}]"
            node = node.value[part]
            line = node.start_mark.line + 1
    return line, path


def _twice(node: yaml.Node | None) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                found.append((key.value, key.start_mark.line + 1))
            seen.add(key.value)
            found += _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            found += _twice(value)
    return found
