"""What comes of each answer and its graders: tests/graders/cases.yaml, on Groq's wire protocol."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from exam_graph.paper import Paper
from grading import asking, sheet
from grading.asking import Models
from grading.graph import GradingContext, build_graph, grade
from grading.settings import Settings
from grading.sheet import read_sheets
from tests.graders.graders import panel
from tests.graders.material import material

pytestmark = pytest.mark.flow

_FILE = Path(__file__).parent.parent / "graders" / "cases.yaml"
CASES: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def settings(environment: dict[str, str], **changes: Any) -> Settings:
    quick: dict[str, Any] = {"grading_call_timeout_s": 30, "grading_tries": 2}
    given = {name.lower(): value for name, value in environment.items()}
    return Settings(**(given | quick | changes))


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_BACKOFF_S", 0.001)
    for name in ("GROQ_API_KEY", "GROQ_BASE_URL", "GRADING_MODELS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]).replace(" ", "_"))
async def test_what_comes_of_it(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if case.get("undetected"):
        monkeypatch.setattr(sheet, "addresses", lambda *_: [])
    read = material(
        case.get("said", []),
        question=case.get("question", "mitochondria"),
        status=case.get("status", "answered"),
        value=case.get("value"),
        flags=case.get("flagged", []),
        sitting=case.get("sitting", "finished"),
        asked=case.get("asked", True),
        corrected=case.get("corrected", []),
        language=case.get("language", "en"),
    )
    sheets = read_sheets(read, Paper.from_dict(read.sitting.paper), "paper-hash")
    async with panel(*case["graders"]) as graders:
        # Only who waits for silence shall not wait for long.
        brief = {"grading_call_timeout_s": 1, "grading_patience_s": 0.5}
        told = settings(
            graders.environment if case["graders"] else {},
            **(brief if "silent" in case["graders"] else {}),
        )
        async with Models(told) as models:
            context = GradingContext(sheets, told, models.ask, case.get("try", 1))
            outcome = await grade(build_graph(), context)
    if "calls" in case:
        assert len(graders.server.requests) == case["calls"]
    if case.get("put_off"):
        assert outcome.marks is None
        return
    assert outcome.marks is not None
    [mark] = outcome.marks
    assert (mark.state, mark.marks) == (
        "ungraded" if case["marks"] is None else "graded",
        case["marks"],
    )
    assert mark.flags == case.get("flags", [])
    assert mark.spread == case.get("spread")
    assert mark.provisional == case.get("provisional", False)
    assert max((each["round"] for each in mark.graders), default=1) == case.get("rounds", 1)
    if "quotes" in case:
        shown = [[q["turn"], q["text"]] for point in mark.points for q in point["quotes"]]
        assert shown == case["quotes"]


def test_there_are_as_many_cases_as_names() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names) >= 40
