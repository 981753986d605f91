"""A model that fails, or writes nonsense, in an exam."""

from time import monotonic

import pytest

from tests.faults.figures import Figures
from tests.faults.house import ANSWERS, TYPED, House
from tests.faults.page import Page
from tests.faults.student import Student
from tests.stand_ins.groq import KEY, groq
from tests.stand_ins.groq_replies import (
    CUT,
    NOT_JSON,
    SILENT,
    Scripted,
    answering,
    rate_limited,
    writing,
)

pytestmark = [pytest.mark.live, pytest.mark.slow_fault, pytest.mark.timeout(400)]

#: The model's deadline as set, and what the reply takes beside it on a busy machine, in seconds.
DEADLINE_S = 0.4
ASIDE_S = 1.5


async def _examined_by(house: House, figures: Figures, faults: list[Scripted]) -> None:
    """Each answer meets one of these faults."""
    house.dismiss()
    asked: list[int] = []

    def reply(_: object) -> Scripted:
        asked.append(1)
        return faults[0] if page.asked == "rain" else faults[1 if page.asked == "ice" else 2]

    async with groq(reply=reply) as server:
        house.hire(GROQ_API_KEY=KEY, GROQ_BASE_URL=server.base_url)
        await house.workers[0].ready()
        async with Page(house.invite(*TYPED)) as page:
            student = Student(page, ANSWERS)
            waits = []
            for question in ANSWERS:
                await student.asked(question)
                figures.strike()
                typed = monotonic()
                await student.answer()
                spoke = await page.first(
                    lambda typed=typed: page.look(  # type: ignore[misc]
                        "attribute", "lk.agent.state", after=typed, text="speaking"
                    )
                )
                waits.append(spoke - typed)
            await student.farewell()
            figures.recovered_s = round(max(waits), 2)
        server.close()
    assert asked, "the model was asked"
    record = house.judge(page.sitting, figures)
    assert max(waits) <= DEADLINE_S + ASIDE_S, waits
    assert {"coverage_uncertain"} <= {f for each in record["answers"] for f in each["flags"]}
    covered = {point for each in record["answers"] for point in each["covered"]}
    assert covered <= {"rises", "lighter", "sun"}, "nothing is invented"
    house.dismiss()


async def test_row_13_the_model_does_not_answer(house: House, figures: Figures) -> None:
    """LLM timeout, 429 and a stream that is cut: rules take over within the deadline."""
    await _examined_by(house, figures, [SILENT, CUT, rate_limited()])


async def test_row_14_the_model_writes_nonsense(house: House, figures: Figures) -> None:
    """LLM: not JSON, another schema, points that do not exist."""
    invented = answering("answer", "no-such-point", "full-marks")
    nonsense = [writing("He knows it all."), NOT_JSON, invented]
    await _examined_by(house, figures, nonsense)
