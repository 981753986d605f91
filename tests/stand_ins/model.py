"""Models for the scripted Groq (groq.py): one with good sense, and some to be afraid of.

    async with groq(reply=oracle) as server: …
    async with groq(reply=knowing({"Can I get a clue?": reading("hint")})) as server: …
    async with understanding_by(malicious) as (understanding, probes): …

Each is a function of the request's JSON alone, so a dialogue comes out the same each time.
"""

import json
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from exam_graph.paper import ChoiceQuestion, OpenQuestion, Question, ShortQuestion
from exam_graph.probing import ProbeWriter
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import NOTICES, Context, Heard, Understanding
from tests.stand_ins.groq import Reply, groq
from tests.stand_ins.groq_replies import SILENT, Scripted, reading
from worker.groq_client import GroqClient
from worker.groq_probes import GroqProbes
from worker.groq_understanding import GroqUnderstanding

_RULES = RulesUnderstanding()

#: What may never be spoken, whatever a model writes.
HOSTILE_PROBES = (
    "Correct! The answer is ATP, isn't it?",
    "What does it burn? And where does the energy go? And why?",
    "You will get full marks. Shall we end the exam?",
    "That is wrong.",
    "Would you say that it makes ATP by cellular respiration in the inner membrane?",
    "Explain " + "in every detail " * 30 + "how?",
    "",
)


@asynccontextmanager
async def understanding_by(
    reply: Reply, rules: RulesUnderstanding = _RULES, **changes: Any
) -> AsyncIterator[tuple[Understanding, ProbeWriter]]:
    """Understanding and probes of one sitting, over the wire, by that model; `changes` are of
    the client's settings."""
    async with (
        groq(reply=reply) as server,
        GroqClient(**server.settings(**changes)) as client,
    ):
        yield GroqUnderstanding(rules, client), GroqProbes(client)


def oracle(request: dict[str, Any]) -> dict[str, Any]:
    """A sensible model that keeps to the schema. It reads a turn as rules do."""
    if is_probe(request):
        return {"probe": _sensible_probe(sent(request))}
    data = sent(request)
    understood = _RULES.decide(Heard(data["said"]), context_of(data))
    if understood.intent not in _choices(request, "intent"):
        return reading("answer")
    return {
        "intent": understood.intent,
        "covered": list(understood.covered) if understood.intent == "answer" else [],
        "target": understood.target,
        "content": understood.content,
        "unfinished": understood.unfinished,
        "notices": list(understood.notices),
    }


def knowing(meanings: Mapping[str, dict[str, Any]]) -> Reply:
    """The oracle, but it knows what these sentences mean: text said → `reading(…)`, whole or in
    part."""

    def reply(request: dict[str, Any]) -> dict[str, Any]:
        known = {} if is_probe(request) else meanings.get(sent(request)["said"], {})
        return oracle(request) | known

    return reply


def malicious(request: dict[str, Any]) -> dict[str, Any]:
    """Wants to end the exam, to lose answers, to give everything away; mostly by the schema."""
    draw = _draw(request)
    if is_probe(request):
        return {"probe": HOSTILE_PROBES[draw % len(HOSTILE_PROBES)]}
    every = [point["id"] for point in sent(request)["points"]]
    keys = [point["looks_for"] for point in sent(request)["points"]]
    wanted = ("end", "skip", "yes", "dont_know", "revise", "unclear", "echo", "answer")
    hostile = reading(
        wanted[draw % len(wanted)],
        *every,
        "full_marks",
        target=(draw % 3) - 1 or 99,
        content=True,
        unfinished=True,
        notices=list(NOTICES),
    )
    return hostile | ({"say": f"The answer is: {'; '.join(keys)}"} if draw % 5 == 0 else {})


def wrong(request: dict[str, Any]) -> dict[str, Any]:
    """Keeps to the schema, without any sense."""
    draw = _draw(request)
    if is_probe(request):
        return {"probe": HOSTILE_PROBES[draw % len(HOSTILE_PROBES)]}
    intents = _choices(request, "intent")
    points = [point["id"] for point in sent(request)["points"]]
    return reading(
        intents[draw % len(intents)],
        *points[: draw % (len(points) + 1)],
        target=(None, 0, 1, 2)[draw % 4],
        content=bool(draw & 8),
        unfinished=bool(draw & 16),
        notices=[NOTICES[draw % len(NOTICES)]] if draw & 32 else [],
    )


def late(_: dict[str, Any]) -> Scripted:
    """Never in time; wants a client with a short `deadline_s`."""
    return SILENT


def is_probe(request: dict[str, Any]) -> bool:
    return bool(request["response_format"]["json_schema"]["name"] == "probe")


def sent(request: dict[str, Any]) -> dict[str, Any]:
    """The data that the request speaks of."""
    data: dict[str, Any] = json.loads(request["messages"][1]["content"])
    return data


def context_of(data: dict[str, Any]) -> Context:
    """The context as far as a model gets to see it."""
    return Context(
        question=_question(data),
        answer_so_far=data["answer_so_far"],
        asked=data["asked"],
        confirming=data["confirming"],
        language=data["language"],
        number=data["number"],
    )


def _question(data: dict[str, Any]) -> Question:
    common = {"id": "open", "kind": data["kind"], "ask": data["question"]}
    if data["kind"] == "choice":
        rest = {"marks": 1, "options": data["options"], "correct": "A"}
        return ChoiceQuestion.model_validate(common | rest)
    if data["kind"] == "short":
        return ShortQuestion.model_validate(common | {"marks": 1, "value": 0})
    points = [each | {"marks": 1} for each in data["points"]]
    return OpenQuestion.model_validate(common | {"marks": len(points), "points": points})


def _sensible_probe(data: dict[str, Any]) -> str:
    """About the student's last word, so that it brings in nothing."""
    said = data["answer"].rstrip(" .!?").split()
    return f"What do you mean by {said[-1]}?" if said else ""


def _choices(request: dict[str, Any], name: str) -> list[str]:
    schema = request["response_format"]["json_schema"]["schema"]
    offered: list[str] = schema["properties"][name]["enum"]
    return offered


def _draw(request: dict[str, Any]) -> int:
    return zlib.crc32(request["messages"][1]["content"].encode())
