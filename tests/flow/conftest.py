"""A paper, a student's meaning by script, a clock moved by hand, and exams held on them."""

import asyncio
import dataclasses
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.runnables import RunnableConfig

from exam_graph.events import Command, CommandName, Event, StudentSpoke, students_words
from exam_graph.graph import ExamGraph, build_graph, kept, run
from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.profile import Profile
from exam_graph.selection import draw
from exam_graph.state import (
    ExamContext,
    ExamState,
    Kept,
    current_question_id,
    first_state,
    kept_part,
    with_event,
)
from exam_graph.understanding import Context, Heard, Intent, Understanding, Understood
from exam_graph.utterance import Utterance
from records.migrate import migrate
from records.model import AnswerView, Sitting, TurnRecord
from records.store import Records
from tests.takeover import take_over
from worker.checkpoints import open_checkpoints
from worker.examiner import Examiner
from worker.turn import Turn

MINUTE = 60_000

CELLS: dict[str, Any] = {
    "id": "cells",
    "title": "Cells, oral",
    "duration_minutes": 12,
    "practice": "What did you have for breakfast?",
    "questions": [
        {
            "id": "mitochondria",
            "kind": "open",
            "ask": "How does a mitochondrion serve the cell?",
            "marks": 4,
            "follow_ups": 1,
            "points": [
                {
                    "id": "atp",
                    "marks": 2,
                    "looks_for": "produces ATP",
                    "probe": "Where does the energy end up?",
                },
                {
                    "id": "respiration",
                    "marks": 2,
                    "looks_for": "by cellular respiration",
                    "probe": "By what process?",
                },
            ],
        },
        {
            "id": "charge",
            "kind": "choice",
            "ask": "Which particle carries a negative charge?",
            "marks": 1,
            "options": ["Proton", {"text": "e⁻", "say": "the electron"}],
            "correct": "B",
        },
        {
            "id": "square",
            "kind": "short",
            "ask": "What is 3² + 1?",
            "say": "What is three squared plus one?",
            "marks": 1,
            "value": 10,
        },
        {
            "id": "membrane",
            "kind": "open",
            "ask": "What does a membrane let through?",
            "clarify": "Put differently: what may pass a membrane?",
            "marks": 3,
            "follow_ups": 2,
            "points": [
                {"id": "water", "marks": 1, "looks_for": "water", "probe": "Which liquid?"},
                {"id": "gases", "marks": 1, "looks_for": "gases", "probe": "What of the air?"},
                {"id": "ions", "marks": 1, "looks_for": "no ions", "probe": "What of salts?"},
            ],
        },
    ],
}

#: What the student says, and what it means; every other sentence is an answer.
MEANINGS: dict[str, Intent] = {
    "Could you repeat that?": "repeat",
    "Let us skip this one.": "skip",
    "I do not know.": "dont_know",
    "How much time is left?": "time_left",
    "How many questions are left?": "questions_left",
    "What do you mean by that?": "clarify",
    "Let me think.": "think",
    "Who won the match?": "off_topic",
    "Mumble.": "unclear",
    "A pause, please.": "pause",
    "I need a break.": "take_break",
    "Please end the exam.": "end",
    "Yes.": "yes",
    "No.": "no",
    "Go on.": "continue",
}


class ScriptedUnderstanding:
    """Takes `MEANINGS` literally; an answer reaches the points whose ids it names."""

    def __init__(self) -> None:
        self.asked = 0

    async def understand(self, heard: Heard, context: Context) -> Understood:
        self.asked += 1
        intent = MEANINGS.get(heard.text, "answer")
        if intent != "answer" or context.question is None:
            return Understood(intent)
        said = f"{context.answer_so_far} {heard.text}".lower()
        points = context.question.points
        return Understood(intent, covered=tuple(p.id for p in points if p.id in said))

    def overhear(self, heard: Heard, context: Context) -> None:
        """Everything is understood at once."""

    def is_answer(self, heard: Heard, context: Context) -> bool:
        return heard.text not in MEANINGS


class HandClock:
    """Monotonic time that passes only when it is told to; its `sleep` too."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    @property
    def slept_on(self) -> bool:
        """Whether somebody sleeps by this clock."""
        return any(not sleeper.done() for _, sleeper in self._sleepers)

    def advance(self, seconds: float) -> None:
        self._now += seconds
        for due, sleeper in self._sleepers:
            if due <= self._now + 1e-9 and not sleeper.done():
                sleeper.set_result(None)

    async def sleep(self, seconds: float) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, sleeper))
        self.advance(0)
        await sleeper


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Lets everybody else run until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  the condition has no event of its own
            await asyncio.sleep(0.001)


@dataclass
class Dialogue:
    """An exam on the graph alone, turn by turn, with no record and no saver."""

    paper: Paper
    graph: ExamGraph
    understanding: Understanding = field(default_factory=ScriptedUnderstanding)
    used_ms: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        phrases = phrasebook(self.paper.language)
        self.context = ExamContext(self.paper, phrases, self.understanding)
        self.state: Kept = first_state(draw(self.paper, self.seed))
        self.outcomes: list[ExamState] = []
        self._answer = ""

    async def tell(self, event: Event) -> list[Utterance]:
        """What the examiner says about it."""
        given = with_event(
            self.state,
            event.model_dump(mode="json"),
            used_ms=self.used_ms,
            answer_so_far=self._answer,
        )
        said: list[Utterance] = []
        outcome = await run(self.graph, given, self.context, said.append)
        self._remember(event, outcome)
        return said

    async def says(self, text: str) -> list[Utterance]:
        return await self.tell(StudentSpoke(text=text))

    async def press(self, name: CommandName) -> list[Utterance]:
        return await self.tell(Command(name=name))

    @property
    def record(self) -> dict[str, Any]:
        """What the last turn means for the record."""
        return cast(dict[str, Any], self.outcomes[-1]["record"])

    def _remember(self, event: Event, outcome: ExamState) -> None:
        self.outcomes.append(outcome)
        self.state = kept_part(outcome)
        if current_question_id(self.state) != outcome["record"]["question_id"]:
            self._answer = ""
        elif outcome["record"]["answers_question"]:
            self._answer = f"{self._answer} {students_words(event)}".strip()


def texts(said: list[Utterance]) -> list[str]:
    return [utterance.text for utterance in said]


def kinds(said: list[Utterance]) -> list[str]:
    return [utterance.kind for utterance in said]


class Hall:
    """Sittings on one database, and examiners that hold them. `url`: where it is not the file."""

    def __init__(
        self, file: Path, records: Records, graph: ExamGraph, url: str | None = None
    ) -> None:
        self.file = file
        self.url = url or f"sqlite:///{file}"
        self.records = records
        self.graph = graph

    async def sitting(
        self,
        user: str = "ada",
        paper: dict[str, Any] = CELLS,
        profile: dict[str, Any] | None = None,
        *,
        recording: bool = False,
    ) -> Sitting:
        valid = Paper.from_dict(paper)
        await self.records.publish_paper(valid.id, valid.to_dict(), valid.content_hash)
        sitting, _ = await self.records.open_sitting(
            user_id=user,
            exam_id=valid.id,
            consent={"recording": recording, "text_version": "1"},
            profile=profile or {},
            invitation=None,
        )
        return sitting

    @asynccontextmanager
    async def examiner(
        self,
        sitting: Sitting,
        *,
        clock: HandClock | None = None,
        understanding: Understanding | None = None,
    ) -> AsyncIterator[Examiner]:
        """An examiner with a fence and a saver of its own, open but not running."""
        fence = await take_over(self.records, sitting.id)
        async with open_checkpoints(self.url, sitting.id, fence) as checkpoints:
            paper = Paper.from_dict(sitting.paper)
            examiner = Examiner(
                sitting,
                fence,
                records=self.records,
                graph=self.graph,
                checkpoints=checkpoints,
                context=ExamContext(
                    paper,
                    phrasebook("en"),
                    understanding or ScriptedUnderstanding(),
                    Profile.model_validate(sitting.profile),
                ),
                clock=clock or HandClock(),
            )
            await examiner.open()
            yield examiner

    @asynccontextmanager
    async def holding(
        self,
        sitting: Sitting,
        *,
        clock: HandClock | None = None,
        understanding: Understanding | None = None,
    ) -> AsyncIterator[Examiner]:
        """An examiner at work."""
        async with self.examiner(sitting, clock=clock, understanding=understanding) as examiner:
            work = asyncio.create_task(examiner.run())
            try:
                yield examiner
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def checkpointed(self, sitting: Sitting) -> dict[str, Any]:
        """What the newest checkpoint holds; empty without one."""
        async with open_checkpoints(self.url, sitting.id, 0) as checkpoints:
            thread: RunnableConfig = {"configurable": {"thread_id": sitting.id}}
            found = await kept(checkpoints, thread)
            return dict(found or {})

    def checkpoints(self, sitting: Sitting) -> int:
        """How many checkpoints the sitting has."""
        with sqlite3.connect(self.file) as database:
            count = "SELECT count(*) FROM checkpoints WHERE thread_id = ?"
            return int(database.execute(count, (sitting.id,)).fetchone()[0])

    async def kept(self, sitting: Sitting) -> "Everything":
        """Everything that is kept of a sitting, apart from its times and ids."""
        turns = await self.records.turns(sitting.id)
        found = await self.records.sitting(sitting.id)
        assert found is not None
        return Everything(
            turns=[_timeless(turn) for turn in turns],
            answers=[_undated(answer) for answer in await self.records.answers(sitting.id)],
            draft=await self.records.draft(sitting.id) is not None,
            status=found.status,
            flags=found.flags,
            checkpoint=await self.checkpointed(sitting),
            checkpoints=self.checkpoints(sitting),
        )


@dataclass(frozen=True)
class Everything:
    turns: list[dict[str, Any]]
    answers: list[AnswerView]
    draft: bool
    status: str
    flags: list[str]
    checkpoint: dict[str, Any]
    checkpoints: int


def _undated(answer: AnswerView) -> AnswerView:
    return dataclasses.replace(answer, first_at=None, last_at=None)


def _timeless(turn: TurnRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(turn).items() if name != "at"}


async def told(examiner: Examiner, event: Event | str) -> list[str]:
    """What the examiner says about an event, once it is kept."""
    turn = examiner.submit(StudentSpoke(text=event) if isinstance(event, str) else event)
    return await said(turn)


async def said(turn: Turn) -> list[str]:
    """A turn's words, once it is kept."""
    await turn.committed
    return texts(turn.utterances)


@pytest.fixture(scope="session")
def graph() -> ExamGraph:
    return build_graph()


@pytest.fixture
def dialogue(graph: ExamGraph) -> Dialogue:
    return Dialogue(Paper.from_dict(CELLS), graph)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def hall(empty_database: Path, tmp_path: Path, graph: ExamGraph) -> AsyncIterator[Hall]:
    file = tmp_path / "voxam.db"
    shutil.copy(empty_database, file)
    records = await Records.open(f"sqlite:///{file}")
    yield Hall(file, records, graph)
    await records.close()


@pytest.fixture
def url(empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty, migrated database, which commands of this test use too."""
    shutil.copy(empty_database, tmp_path / "voxam.db")
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    return url


@pytest.fixture
def keyless(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Keywords mark."""
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    monkeypatch.delenv("GROQ_BASE_URL", raising=False)
    return url
