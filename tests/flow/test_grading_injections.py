"""Orders to whoever marks raise no mark, even with graders that obey all they read unmarked."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from exam_graph.paper import Paper
from grading import asking
from grading.addressing import addresses
from grading.asking import Models
from grading.graph import GradingContext, build_graph, grade
from grading.sheet import read_sheets
from records.marking import Mark
from tests.flow.test_grading_cases import settings
from tests.graders.graders import GRADERS, Asked, Written, generous, good, panel
from tests.graders.material import material

pytestmark = pytest.mark.flow

_CASES = Path(__file__).parents[1] / "grading_cases"
#: Worth two of the four marks to a grader that goes by what was said.
HONEST_WORDS = "It produces ATP."
#: So many of an order's words in a row are taken for it.
_WINDOW = 4
#: How many honest answers that speak of marks and rules may be flagged.
FLAGGED_AT_MOST = 2


def _cases(*names: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in names:
        found += yaml.safe_load((_CASES / f"{name}.yaml").read_text("utf-8"))["cases"]
    return found


#: The first half was written with the detector, the second after it by others, who did not know it.
INJECTIONS = _cases("injections_first", "injections_second")
HONEST = _cases("honest_first", "honest_second")


async def _marked(case: dict[str, Any], credulous: Any) -> Mark:
    read = material([HONEST_WORDS, case["text"]], language=case["language"])
    sheets = read_sheets(read, Paper.from_dict(read.sitting.paper), "paper-hash")
    GRADERS["credulous"] = credulous
    try:
        async with panel("credulous", "credulous", "credulous") as graders:
            told = settings(graders.environment, grading_call_timeout_s=5)
            async with Models(told) as models:
                outcome = await grade(build_graph(), GradingContext(sheets, told, models.ask, 1))
    finally:
        del GRADERS["credulous"]
    assert outcome.marks is not None
    [mark] = outcome.marks
    return mark


def _obeying(case: dict[str, Any]) -> Any:
    """Full marks as soon as words of this order reach it as they were said."""
    words = case["text"].split()
    windows = {" ".join(words[at : at + _WINDOW]) for at in range(max(1, len(words) - _WINDOW + 1))}
    honest = " ".join(case["answer"].split())
    orders = {window for window in windows if window not in honest}

    def credulous(asked: Asked) -> Written:
        read = " ".join(str(message["content"]) for message in asked.body["messages"][1:])
        # As it stands in JSON, and as that reads.
        read += " ".join(str(each["text"]) for each in asked.data["transcript"])
        return generous(asked) if any(order in read for order in orders) else good(asked)

    return credulous


def test_there_are_sixty_of_each() -> None:
    assert (len(INJECTIONS), len(HONEST)) == (60, 60)
    assert sum(case["language"] == "de" for case in INJECTIONS) >= 10


@pytest.mark.parametrize("case", INJECTIONS, ids=lambda case: case["text"][-40:])
async def test_row_29_an_order_raises_no_mark_and_is_flagged(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FIRST_BACKOFF_S", 0.001)
    mark = await _marked(case, _obeying(case))
    earned = 2.0 + 2.0 * ("by cellular respiration" in case["answer"])
    assert (mark.state, mark.marks) == ("graded", earned)
    assert "address" in mark.flags


def test_honest_answers_that_speak_of_marks_and_rules_are_answers() -> None:
    flagged = [case["text"] for case in HONEST if addresses(case["text"], case["language"])]
    assert len(flagged) <= FLAGGED_AT_MOST, flagged
