"""Says the options of a choice once more, or the question if it has none."""

import dataclasses
from typing import Any

from langgraph.runtime import Runtime

from exam_graph.paper import ChoiceQuestion
from exam_graph.reply import Reply, options_utterance
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.turn import moved


async def repeat_options(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question_id = current_question_id(state)
    question = runtime.context.paper.question(question_id) if question_id else None
    reply = Reply(state, runtime)
    if not isinstance(question, ChoiceQuestion):
        return {**reply.ask_same(), "record": moved(state, "repeat_options")}
    options = options_utterance(question, runtime.context.paper.language)
    reply.say(dataclasses.replace(options, kind="excerpt"))
    return {**reply.update(), "record": moved(state, "repeat_options")}
