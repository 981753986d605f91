"""How much the rules recognise of what students say in other words: reported, not asserted.

`python -m pytest tests/flow/test_paraphrases.py -s` prints the table; reports/paraphrases.md keeps
it, with every miss. The sentences (paraphrases.yaml) are no yardstick to tune the rules to.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from exam_graph.paper import LETTERS, ChoiceQuestion, Language, Question
from exam_graph.rules import RulesUnderstanding
from exam_graph.source import read_source
from exam_graph.understanding import Confirming, Context, Heard, Intent, Notice, Understood

pytestmark = pytest.mark.flow

FILE = Path(__file__).with_name("paraphrases.yaml")
REPORT = Path(__file__).parents[2] / "reports" / "paraphrases.md"

AT_LEAST = 150
AT_LEAST_PER_ROW = 6
AT_LEAST_GERMAN = 30
AT_LEAST_COMMAND_WORDS = 40

#: What would take the question, or the exam, away from who answers it.
LEAVING: frozenset[Intent] = frozenset({"end", "skip", "dont_know"})
#: The number of the open question, so that earlier ones can be named.
NUMBER = 5


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Item(_Part):
    """One sentence, where it is said, and what does the student justice."""

    row: str
    said: Annotated[str, Field(min_length=1)]
    expect: Annotated[tuple[Intent, ...], Field(min_length=1, strict=False)]
    language: Language = "en"
    question: str = ""
    confirming: Confirming = ""
    answer_so_far: str = ""
    cut: bool = False
    value: float | None = None
    choice: Annotated[tuple[str, ...], Field(strict=False)] = ()
    unfinished: bool | None = None
    notices: Annotated[tuple[Notice, ...], Field(strict=False)] = ()
    target: int | None = None

    @property
    def situation(self) -> tuple[str, ...]:
        """What two items may not have in common."""
        said = " ".join(self.said.casefold().strip(" .,?!").split())
        return (self.language, self.question, self.confirming, self.answer_so_far, said)


class Sample(_Part):
    """A question that may be open, and the language it is asked in."""

    language: Language
    asked: Annotated[Question, Field(discriminator="kind")]

    @model_validator(mode="before")
    @classmethod
    def _language_beside_the_question(cls, given: dict[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in given.items() if name != "language"}
        return {"language": given.get("language"), "asked": rest}


class Paraphrases(_Part):
    """The file. Refuses what is said twice, and names that it does not have."""

    questions: dict[str, Sample]
    rows: dict[str, str]
    items: Annotated[tuple[Item, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _agrees(self) -> "Paraphrases":
        twice = Counter(item.situation for item in self.items)
        faults = [f"said twice: {each[-1]!r}" for each, times in twice.items() if times > 1]
        for item in self.items:
            if item.row not in self.rows:
                faults.append(f"no such row: {item.row!r}")
            if item.question and item.question not in self.questions:
                faults.append(f"no such question: {item.question!r}")
            elif self.sample(item).language != item.language:
                faults.append(f"{item.said!r} is not in the language of its question")
            elif item.choice and not isinstance(self.sample(item).asked, ChoiceQuestion):
                faults.append(f"{item.said!r} chooses where there is no choice")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def sample(self, item: Item) -> Sample:
        """The item's question; without one, the first of its language."""
        if item.question:
            return self.questions[item.question]
        return next(each for each in self.questions.values() if each.language == item.language)

    def context(self, item: Item) -> Context:
        question = self.sample(item).asked
        return Context(
            question=question,
            answer_so_far=item.answer_so_far,
            asked=question.spoken,
            confirming=item.confirming,
            language=item.language,
            said="" if item.confirming else question.spoken,
            cut=item.cut,
            number=NUMBER,
        )


@dataclass(frozen=True)
class Outcome:
    item: Item
    understood: Understood

    @property
    def wrong(self) -> str:
        """What was understood otherwise, "" if nothing."""
        item, got = self.item, self.understood
        if got.intent not in item.expect:
            return f"{got.intent}, not {' or '.join(item.expect)}"
        chosen = tuple(LETTERS[index] for index in got.choice)
        off = [
            (item.value is not None and got.value != pytest.approx(item.value), "value", got.value),
            (item.choice and chosen != item.choice, "choice", ", ".join(chosen) or None),
            (item.unfinished not in (None, got.unfinished), "unfinished", got.unfinished),
            (not set(item.notices) <= set(got.notices), "notices", ", ".join(got.notices) or None),
            (item.target not in (None, got.target), "target", got.target),
        ]
        return "; ".join(
            f"{got.intent} with {name} {found}" for is_off, name, found in off if is_off
        )

    @property
    def leaves(self) -> bool:
        """An answer that was taken for the wish to leave the question or the exam."""
        return self.item.expect == ("answer",) and self.understood.intent in LEAVING

    def __str__(self) -> str:
        return f"{self.item.row} ({self.item.language}): “{self.item.said}” → {self.wrong}"


@dataclass(frozen=True)
class Rate:
    name: str
    recognised: int
    of: int

    @classmethod
    def over(cls, name: str, outcomes: list[Outcome]) -> "Rate":
        return cls(name, sum(not each.wrong for each in outcomes), len(outcomes))

    def __str__(self) -> str:
        share = 100 * self.recognised / self.of
        return f"| {self.name} | {self.recognised} | {self.of} | {share:.0f} % |"


@pytest.fixture(scope="module")
def paraphrases() -> Paraphrases:
    return Paraphrases.model_validate(read_source(FILE).content)


@pytest.fixture(scope="module")
def outcomes(paraphrases: Paraphrases) -> list[Outcome]:
    rules = RulesUnderstanding(get_args(Language))
    return [
        Outcome(item, rules.decide(Heard(item.said), paraphrases.context(item)))
        for item in paraphrases.items
    ]


def _rates(paraphrases: Paraphrases, outcomes: list[Outcome]) -> list[Rate]:
    rates = [
        Rate.over(meaning, [each for each in outcomes if each.item.row == row])
        for row, meaning in paraphrases.rows.items()
    ]
    for language in get_args(Language):
        inside = [each for each in outcomes if each.item.language == language]
        rates.append(Rate.over(f"**all in {language}**", inside))
    return [*rates, Rate.over("**all**", outcomes)]


def _table(rates: list[Rate]) -> str:
    head = ["| the student… | recognised | of | rate |", "| --- | ---: | ---: | ---: |"]
    return "\n".join([*head, *map(str, rates)])


def _report(rates: list[Rate], outcomes: list[Outcome]) -> str:
    misses = [f"* {each}" for each in outcomes if each.wrong]
    left = [f"* {each}" for each in outcomes if each.leaves]
    return "\n".join(
        [
            "# Paraphrases that the rules recognise without a model\n",
            _table(rates),
            f"\n## Answers taken for the wish to leave ({len(left)})\n",
            *(left or ["None."]),
            f"\n## Misses ({len(misses)})\n",
            *(misses or ["None."]),
            "",
        ]
    )


def test_every_row_has_its_paraphrases(paraphrases: Paraphrases) -> None:
    rows = Counter(item.row for item in paraphrases.items)
    assert len(paraphrases.items) >= AT_LEAST
    assert {row for row in paraphrases.rows if rows[row] < AT_LEAST_PER_ROW} == set()
    assert rows["command_words"] >= AT_LEAST_COMMAND_WORDS
    assert sum(item.language == "de" for item in paraphrases.items) >= AT_LEAST_GERMAN
    words = [item for item in paraphrases.items if item.row == "command_words"]
    assert all(item.expect == ("answer",) for item in words)


def test_reports_how_many_are_recognised(paraphrases: Paraphrases, outcomes: list[Outcome]) -> None:
    rates = _rates(paraphrases, outcomes)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(_report(rates, outcomes), encoding="utf-8")
    print(f"\n{_table(rates)}\n\nThe misses: {REPORT}")
    assert rates[-1].of == len(paraphrases.items)
    assert all(rate.of for rate in rates)


def test_no_answer_is_taken_for_the_wish_to_leave(outcomes: list[Outcome]) -> None:
    """Whatever the rate: an unknown turn may be kept as an answer, never the other way round."""
    assert [str(each) for each in outcomes if each.leaves] == []
