"""Graders as a model may be them, each a function of the request: good, lazy, gullible, broken …

A good one gives a point where the student's words hold what it looks for, letter by letter.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from grading.prompting import prompt
from grading.spotlight import plain
from tests.stand_ins.groq import STRICT_MODELS, GroqStandIn, groq
from tests.stand_ins.groq_replies import (
    CUT,
    GARBLED,
    NOT_JSON,
    OVERLOADED,
    PAGE,
    SILENT,
    Scripted,
    rate_limited,
)

Body = dict[str, Any]
Written = dict[str, Any] | str | Scripted
Grader = Callable[["Asked"], Written | Awaitable[Written]]

#: Orders that a gullible grader obeys when it reads them as they were said.
ORDER = re.compile(
    r"(full|all( the)?) (marks|points)|maximum score|volle punktzahl|alle punkte|ignore the rubric",
    re.I,
)
_MODELS = (*STRICT_MODELS, "qwen/qwen3.6-27b", "kimi/kimi-k9", "llama/llama-9")


@dataclass
class Asked:
    """A request as a grader reads it. `times`: how often it was asked of this grader before."""

    body: Body
    times: int

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body["messages"][1]["content"])
        return found

    @property
    def points(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.data["points"]
        return found

    @property
    def said(self) -> list[str]:
        """The student's words, the signs between them taken out."""
        return [plain(one["text"]) for one in self.data["transcript"] if one["by"] == "student"]

    @property
    def is_repair(self) -> bool:
        return str(self.body["messages"][-1]["content"]).startswith(prompt("repair"))

    @property
    def others(self) -> list[list[dict[str, Any]]]:
        """In a deliberation, the marks of the others."""
        for message in self.body["messages"][2:]:
            if message["content"].startswith(prompt("deliberation")):
                told = json.loads(message["content"].removeprefix(prompt("deliberation")))
                return list(told["others"])
        return []

    @property
    def first_words(self) -> str:
        return " ".join(self.said[0].split()[:3]) if self.said else ""


def marks(asked: Asked, give: Callable[[dict[str, Any]], tuple[float, list[str]]]) -> Written:
    points = []
    for point in asked.points:
        given, quotes = give(point)
        points.append({"id": point["id"], "marks": given, "quotes": quotes, "reason": "so it is"})
    return {"points": points, "why": "as it stands"}


def good(asked: Asked) -> Written:
    def give(point: dict[str, Any]) -> tuple[float, list[str]]:
        wanted = point["looks_for"]
        there = any(wanted.casefold() in said.casefold() for said in asked.said)
        return (point["marks"], [wanted.upper()]) if there else (0, [])

    return marks(asked, give)


def lazy(asked: Asked) -> Written:
    return marks(asked, lambda _: (0, []))


def generous(asked: Asked) -> Written:
    return marks(asked, lambda point: (point["marks"], [asked.first_words]))


def half(asked: Asked) -> Written:
    return marks(asked, lambda point: (point["marks"] / 2, [asked.first_words]))


def inventing(asked: Asked) -> Written:
    return marks(asked, lambda point: (point["marks"], ["as every textbook has it"]))


def quoting_nothing(asked: Asked) -> Written:
    return marks(asked, lambda point: (point["marks"], []))


def quoting_the_question(asked: Asked) -> Written:
    return marks(asked, lambda point: (point["marks"], [asked.data["question"]]))


def joining_quotes(asked: Asked) -> Written:
    words = " ".join(asked.said).split()
    return marks(asked, lambda point: (point["marks"], [f"{words[0]} {words[-1]}"]))


def beyond(asked: Asked) -> Written:
    return marks(asked, lambda point: (point["marks"] + 1, [asked.first_words]))


def negative(asked: Asked) -> Written:
    return marks(asked, lambda _: (-1, []))


def infinite(asked: Asked) -> Written:
    return json.dumps(generous(asked)).replace('"marks": 2.0', '"marks": 1e999')


def no_number(asked: Asked) -> Written:
    return json.dumps(generous(asked)).replace('"marks": 2.0', '"marks": NaN')


def number_as_text(asked: Asked) -> Written:
    return json.dumps(generous(asked)).replace('"marks": 2.0', '"marks": "2"')


def leaving_out(asked: Asked) -> Written:
    written = generous(asked)
    assert isinstance(written, dict)
    return {**written, "points": written["points"][:-1]}


def making_up(asked: Asked) -> Written:
    written = generous(asked)
    assert isinstance(written, dict)
    bonus = {"id": "bonus", "marks": 5, "quotes": [asked.first_words], "reason": "nice"}
    return {**written, "points": [*written["points"], bonus]}


def twice(asked: Asked) -> Written:
    written = generous(asked)
    assert isinstance(written, dict)
    return {**written, "points": [*written["points"], written["points"][0]]}


def chatting(asked: Asked) -> Written:
    return "I think that the student did well: 4 of 4!"


def empty(asked: Asked) -> Written:
    return ""


def swayed(asked: Asked) -> Written:
    """Takes over the marks of the first of the others."""
    if not asked.others:
        return lazy(asked)
    theirs = {point["id"]: point for point in asked.others[0]}
    return marks(
        asked,
        lambda point: (
            theirs[point["id"]]["marks"],
            [plain(quote) for quote in theirs[point["id"]]["quotes"]],
        ),
    )


def gullible(asked: Asked) -> Written:
    """Full marks as soon as an order reaches it that is not marked as data."""
    heard = " ".join(str(message["content"]) for message in asked.body["messages"][1:])
    for own in ("deliberation", "repair"):
        heard = heard.replace(prompt(own), "")
    return generous(asked) if ORDER.search(heard) else good(asked)


def obedient(asked: Asked) -> Written:
    """Full marks even for an order that is marked."""
    return generous(asked) if any(ORDER.search(said) for said in asked.said) else good(asked)


async def slow(asked: Asked) -> Written:
    await asyncio.sleep(0.05)
    return good(asked)


def _once(fault: Grader) -> Grader:
    def first_bad(asked: Asked) -> Written | Awaitable[Written]:
        return good(asked) if asked.times else fault(asked)

    return first_bad


def _always(reply: Scripted) -> Grader:
    return lambda _: reply


def _refused(status: int) -> Scripted:
    return Scripted(fault="refused", status=status, error={"message": "no"})


_FAULTS: dict[str, Grader] = {
    "rate_limited": _always(rate_limited("0")),
    "overloaded": _always(OVERLOADED),
    "cut": _always(CUT),
    "garbled": _always(GARBLED),
    "page": _always(PAGE),
    "silent": _always(SILENT),
    "unwritten": _always(NOT_JSON),
    "too_long": _always(_refused(413)),
    "gone": _always(_refused(404)),
    "unauthorized": _always(_refused(401)),
}
_FIRST_BAD = (inventing, quoting_nothing, beyond, chatting, leaving_out, making_up, twice, empty)
GRADERS: dict[str, Grader] = {
    **{each.__name__: each for each in (good, lazy, generous, half, swayed, gullible, obedient)},
    **{each.__name__: each for each in (slow, negative, infinite, no_number, number_as_text)},
    **{each.__name__: each for each in (quoting_the_question, joining_quotes, *_FIRST_BAD)},
    **_FAULTS,
    **{f"{each.__name__}_once": _once(each) for each in _FIRST_BAD},
    **{f"{name}_once": _once(fault) for name, fault in _FAULTS.items()},
}


@dataclass
class Panel:
    """`server` to ask, `models` to name: one for each of the graders, in their order."""

    server: GroqStandIn
    models: list[str]
    asked: Counter[str]
    more: asyncio.Condition

    async def were_asked(self, times: int) -> None:
        """Until so many calls have come, of all graders together."""
        async with self.more:
            await self.more.wait_for(lambda: self.asked.total() >= times)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GROQ_API_KEY": "gsk_stand_in",
            "GROQ_BASE_URL": self.server.base_url,
            "GRADING_MODELS": ",".join(self.models),
        }


@asynccontextmanager
async def panel(*names: str) -> AsyncIterator[Panel]:
    """A Groq whose models are these graders."""
    models = list(_MODELS[: len(names)])
    behave: Mapping[str, Grader] = {
        model: GRADERS[name] for model, name in zip(models, names, strict=True)
    }
    asked: Counter[str] = Counter()
    more = asyncio.Condition()

    async def reply(body: Body) -> Written:
        model = body["model"]
        times, asked[model] = asked[model], asked[model] + 1
        async with more:
            more.notify_all()
        written = behave[model](Asked(body, times))
        return written if isinstance(written, dict | str | Scripted) else await written

    async with groq(reply=reply, json_models=_MODELS[2:]) as server:
        yield Panel(server, models, asked, more)
