"""A word in between ("mm-hm") stopped the voice: goes on from the start of that sentence."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.joining import cut_now
from exam_graph.reply import Reply
from exam_graph.sentences import from_sentence
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved
from exam_graph.utterance import Utterance


async def resume(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    cut, said, asked = cut_now(state), state["said_last"], state["asked"]
    assert cut is not None
    record = moved(state, "resume")
    reply = Reply(state, runtime)
    if said is None or said["turn"] != cut["turn"]:
        return {**reply.ask_same(), "record": record}
    rest = said["utterances"][cut["position"] :]
    first = from_sentence(Utterance(**rest[0]), cut["heard_ms"], cut["total_ms"])
    asking = asked is not None and asked["turn"] == cut["turn"]
    following = [Utterance(**each) for each in rest[1:]]
    return {
        **reply.ask_rest([first, *following], asking=asking),
        "confirming": state["answering"],
        "record": record,
    }
