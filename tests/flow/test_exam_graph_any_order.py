"""Whatever happens in whatever order, whatever it is understood as: what an exam keeps to."""

import asyncio
import dataclasses
from dataclasses import dataclass, field
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_graph.events import (
    BreakOver,
    Command,
    CommandName,
    Event,
    Failed,
    NotHeard,
    Returned,
    Silence,
    SoundBack,
    SoundCause,
    SoundLost,
    Started,
    TimePassed,
)
from exam_graph.graph import build_graph
from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.probing import ProbeRequest
from exam_graph.profile import Profile
from exam_graph.state import ExamContext, Kept
from exam_graph.talk import PassingClock, Talk
from exam_graph.transcript import TalkTurn
from exam_graph.understanding import INTENTS, NOTICES, Context, Heard, Understood
from tests.flow.conftest import CELLS
from tests.flow.promises import Promises, secrets

pytestmark = pytest.mark.flow

PAPER = CELLS | {"duration_minutes": 9, "answer_minutes": 2, "generated_probes": True}
HINTED = [
    question | {"hints": ["Think of it."], "model_answer": f"The answer to {question['id']}."}
    for question in CELLS["questions"]
]
SENTENCES = ("Well.", "It produces ATP.", "By cellular respiration.", "e⁻", "Ten, and water.", "")
PROBES = (
    None,
    "What do you mean by that?",
    "Is it not ATP that it produces?",
    "Correct! And why?",
    "What? And why? And how?",
    "Say more " + "and more " * 20 + "please?",
)
#: What takes the student away from a question that was not heard to its end, by their own wish.
LEAVING = {"skip", "give_up", "move_on", "hint", "explain", "go_back", "take_up", "close", "revise"}


class DrawnUnderstanding:
    """Understands a turn as the test has drawn it."""

    def __init__(self, *, late: bool) -> None:
        """`late`: understands after the words are certain; thanks are said meanwhile."""
        self.next = Understood("answer")
        self._late = late

    def overhear(self, heard: Heard, context: Context) -> None: ...

    def is_answer(self, heard: Heard, context: Context) -> bool:
        return True

    async def understand(self, heard: Heard, context: Context) -> Understood:
        for _ in range(5 if self._late else 0):
            await asyncio.sleep(0)
        points = [point.id for point in context.question.points] if context.question else []
        covered = tuple(each for each in points if each in self.next.covered)
        return dataclasses.replace(self.next, covered=covered)


class DrawnProbes:
    """Writes a good probe, a bad one, or none."""

    def __init__(self, drawn: list[str | None]) -> None:
        self._drawn = drawn

    async def write(self, request: ProbeRequest) -> str | None:
        assert not [each for each in SECRETS if each in request.question], "no key for the writer"
        return self._drawn.pop() if self._drawn else None


SECRETS = secrets(Paper.from_dict(PAPER))


@dataclass
class Speech:
    """A turn of the student's, over the examiner's words if `cut` says how many were heard."""

    text: str
    understood: Understood
    takes: int = 0
    cut: float | None = None


@dataclass
class Wait:
    seconds: int


@dataclass
class Resume:
    draft: str


Step = Speech | Wait | Resume | Event

_understood = st.builds(
    Understood,
    intent=st.one_of(st.just("answer"), st.sampled_from(INTENTS)),
    covered=st.sampled_from([(), ("atp",), ("respiration", "water"), ("atp", "respiration")]),
    choice=st.sampled_from([(), (0,), (1,), (0, 1)]),
    value=st.sampled_from([None, 10.0, 2.5]),
    target=st.sampled_from([None, 0, 1, 3, 9]),
    content=st.booleans(),
    unfinished=st.booleans(),
    notices=st.sampled_from([(), *((each,) for each in NOTICES)]),
    doubtful=st.booleans(),
)
_speech = st.builds(
    Speech,
    text=st.sampled_from(SENTENCES),
    understood=_understood,
    takes=st.sampled_from([0, 0, 5, 130]),
    cut=st.one_of(st.none(), st.none(), st.floats(0, 0.99)),
)
_happening: st.SearchStrategy[Event] = st.one_of(
    st.just(Started()),
    st.sampled_from(get_args(CommandName)).map(lambda name: Command(name=name)),
    st.sampled_from([5, 2, 1]).map(lambda mark: TimePassed(mark=mark)),
    st.sampled_from(["", "It produces ATP"]).map(lambda draft: Returned(draft=draft)),
    st.integers(1, 4).map(lambda level: Silence(level=level)),
    st.sampled_from(get_args(SoundCause)).map(lambda cause: SoundLost(cause=cause)),
    st.just(SoundBack()),
    st.just(BreakOver()),
    st.sampled_from(["recogniser", "voice"]).map(lambda part: Failed(part=part)),  # type: ignore[arg-type]
    st.builds(
        lambda turn, position, heard: NotHeard(
            utterance=f"{turn}.{position}", heard_ms=heard, total_ms=4000
        ),
        st.integers(0, 12),
        st.integers(0, 4),
        st.integers(0, 3900),
    ),
)
_steps = st.lists(
    st.one_of(
        _speech,
        _speech,
        _happening,
        st.builds(Wait, st.integers(1, 120)),
        st.builds(Resume, st.sampled_from(["", "It produces ATP"])),
    ),
    max_size=25,
)
_profiles = st.builds(
    Profile,
    breaks=st.integers(0, 2),
    break_minutes=st.sampled_from([1.0, 5.0]),
    time_warnings=st.booleans(),
    think_factor=st.sampled_from([1.0, 2.0]),
)


@dataclass
class Sitting:
    """An exam, and what is checked of it after each step."""

    talk: Talk
    understanding: DrawnUnderstanding
    promises: Promises = field(init=False)
    unheard: str | None = None

    def __post_init__(self) -> None:
        self.promises = Promises(self.talk, read=self._read)

    async def take(self, step: Step) -> None:
        before = self.talk.state
        if isinstance(step, Wait):
            turns = await self.talk.wait(step.seconds)
        elif isinstance(step, Resume):
            turns = await self.talk.resume(step.draft)
        elif isinstance(step, Speech):
            self.understanding.next = step.understood
            if step.cut is None:
                turns = await self.talk.says(step.text, takes=step.takes)
            else:
                turns = await self.talk.cut(step.cut, step.text, takes=step.takes)
        else:
            turns = await self.talk.act(step)
        if before["phase"] == "finished":
            assert not any(turn.utterances for turn in turns)
        for turn in turns:
            self._asked_again(turn)
        self.promises.check()

    def _asked_again(self, turn: TalkTurn) -> None:
        """A question that was cut off is asked again whole, or left by the student's wish."""
        asked = [each.text for each in turn.utterances if each.kind in ("question", "probe")]
        if self.unheard is not None and asked:
            assert self.unheard in asked or turn.move in LEAVING, turn
            self.unheard = None
        if isinstance(turn.event, NotHeard) and not self.talk.state["heard"]:
            open_question = self.talk.state["asked"]
            assert open_question is not None
            first = open_question["utterances"][0]
            self.unheard = first["text"] if first["kind"] in ("question", "probe") else None

    def _read(self, turn: TalkTurn, before: Kept) -> Understood:
        return Understood.from_dict(turn.understood or {})

    async def end(self) -> None:
        """Nothing more is said: by itself it comes to its end, once it has begun, if the student
        lets it go on."""
        silences = len(self.talk.state["order"]) * 8 + 20
        already = len(self.talk.transcript.turns)
        for _ in range(4):
            if self.talk.state["phase"] == "soundcheck":
                await self.take(Speech("No.", Understood("no")))
                await self.take(Speech("Hello.", Understood("answer")))
            if self.talk.state["sound_lost"]:
                await self.take(SoundBack())
            if self.talk.state["paused"] and not self.talk.state["break_minutes"]:
                await self.take(Command(name="pause"))
            await self.take(Wait(3 * 3600))
        assert self.talk.finished, self.talk.state
        turns = self.talk.transcript.turns[already:]
        assert sum(isinstance(turn.event, Silence) for turn in turns) <= silences
        statuses = self.talk.state["statuses"]
        assert statuses == {
            each: answer.status for each, answer in self.talk.transcript.answers.items()
        }


def _sitting(mode: str, profile: Profile, probes: list[str | None], *, late: bool) -> Sitting:
    content = PAPER | {"mode": mode} | ({"questions": HINTED} if mode == "learn" else {})
    understanding = DrawnUnderstanding(late=late)
    certain = asyncio.Event()
    certain.set()
    context = ExamContext(
        paper=Paper.from_dict(content),
        phrases=phrasebook("en"),
        understanding=understanding,
        profile=profile,
        probes=DrawnProbes(probes),
        certain=certain,
    )
    return Sitting(Talk(context, _graph, PassingClock()), understanding)


async def _hold(
    mode: str, profile: Profile, steps: list[Step], *, opening: bool, late: bool
) -> None:
    sitting = _sitting(mode, profile, list(PROBES) * 2, late=late)
    await (sitting.talk.open() if opening else sitting.talk.begin())
    sitting.promises.check()
    for step in steps:
        await sitting.take(step)
    await sitting.end()
    await sitting.take(Speech("Hello?", Understood("repeat")))
    await sitting.take(Resume(""))


_graph = build_graph()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=_steps,
    mode=st.sampled_from(["exam", "learn"]),
    profile=_profiles,
    opening=st.booleans(),
    late=st.booleans(),
)
def test_the_exam_holds_whatever_comes(
    steps: list[Step], mode: str, profile: Profile, opening: bool, late: bool
) -> None:
    asyncio.run(_hold(mode, profile, steps, opening=opening, late=late))
