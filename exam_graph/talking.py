"""What the command `talk` does: an exam typed in a terminal, or a written dialogue replayed."""

import difflib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from exam_graph.chat import Chat
from exam_graph.clock import MonotonicClock
from exam_graph.dialogue import Step
from exam_graph.dialogue_file import DialogueError, load_dialogues
from exam_graph.graph import build_graph
from exam_graph.loading import PaperError, load
from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.profile import Profile
from exam_graph.rehearsal import AfterStep, Failure, Rehearsal
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext
from exam_graph.talk import PassingClock, Talk
from exam_graph.transcript import TalkTurn

Outcomes = list[tuple[Talk, list[Failure]]]


class TalkError(Exception):
    """Paper, script or profile cannot be used; the message names what is wrong, line by line."""


async def hold(
    paper: Path | None,
    script: Path | None,
    seed: int,
    mode: str | None,
    profile: Sequence[str],
    screen: Console,
) -> Outcomes:
    """One exam on the standard input, or those of a script. Raises TalkError."""
    if (paper is None) == (script is None):
        raise TalkError("Give either a paper to talk about, or --script FILE to replay.")
    try:
        if script is not None:
            if mode or profile:
                raise TalkError("A script says itself which mode and profile it is for.")
            return await _replay(script, seed, screen)
        assert paper is not None
        adjusted = read_profile(profile)
        changed = load(paper).to_dict() | ({"mode": mode} if mode else {})
        return [(await _chat(Paper.from_dict(changed), adjusted, seed, screen), [])]
    except (PaperError, DialogueError) as error:
        raise TalkError(str(error)) from None
    except ValidationError:
        raise TalkError(f"--mode {mode}: has to be exam or learn") from None


def read_profile(options: Sequence[str]) -> Profile:
    """The profile that `NAME=VALUE` options come to. Raises TalkError."""
    values: dict[str, Any] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise TalkError(f"--profile {option}: has to be NAME=VALUE")
        try:
            values[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise TalkError(f"--profile {name}: “{value}” cannot be read") from None
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False)[0]
        name = str(details["loc"][0])
        if details["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, Profile.model_fields, n=1)
            known = (
                f"did you mean {near[0]}?" if near else f"known: {', '.join(Profile.model_fields)}"
            )
            raise TalkError(f"--profile {name}: is no adjustment; {known}") from None
        raise TalkError(f"--profile {name}: {details['msg']}") from None


async def _chat(paper: Paper, profile: Profile, seed: int, screen: Console) -> Talk:
    """Holds an exam on the lines of the standard input."""
    context = ExamContext(
        paper=paper,
        phrases=phrasebook(paper.language),
        understanding=RulesUnderstanding((paper.language,)),
        profile=profile,
    )
    talk = Talk(context, build_graph(), PassingClock(MonotonicClock()), seed=seed)
    await Chat(talk, screen).hold(_lines(), echo=not sys.stdin.isatty())
    return talk


async def _replay(script: Path, seed: int, screen: Console) -> Outcomes:
    """Holds every dialogue of that file and shows it. Raises DialogueError."""
    graph, understanding = build_graph(), RulesUnderstanding()
    outcomes = []
    for dialogue in load_dialogues(script):
        screen.print(Text(dialogue.script.title, style="bold"))
        rehearsal = Rehearsal(dialogue, graph, understanding, seed=seed)
        failures = await rehearsal.hold(_shown(rehearsal.talk, screen))
        Chat(rehearsal.talk, screen).show_record()
        for failure in failures:
            screen.print(Text(str(failure), style="red"))
        outcomes.append((rehearsal.talk, failures))
    return outcomes


def to_json(outcomes: Outcomes) -> str:
    """Turns, answers and flags of each exam, and which expectations were not met."""
    found = [
        talk.transcript.to_dict()
        | {"finished": talk.finished, "failures": [str(each) for each in failures]}
        for talk, failures in outcomes
    ]
    return json.dumps(found, ensure_ascii=False)


def _shown(talk: Talk, screen: Console) -> AfterStep:
    window = Chat(talk, screen)

    async def show(step: Step | None, turns: list[TalkTurn]) -> None:
        if step is None:
            window.show(turns[-1:])
            return
        window.show_student(_told(step))
        window.show(turns)

    return show


def _told(step: Step) -> str:
    """A step in one line."""
    if step.student or step.typed:
        return step.student or step.typed or ""
    if step.cut is not None:
        return f"(talks over the examiner) {step.cut.say}"
    return next(
        f"({name} {getattr(step, name)})"
        for name in ("wait", "press", "sound", "returned", "resume")
        if getattr(step, name) is not None
    )


def _lines() -> Iterator[str]:
    """What is typed, or comes from a pipe."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    while True:
        try:
            yield input("student   ")
        except EOFError:
            return
