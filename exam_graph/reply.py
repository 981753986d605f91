"""The examiner's words of one node: from phrase book and paper into the stream and the state."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.paper import LETTERS, ChoiceQuestion, Question
from exam_graph.state import Asked, ExamContext, ExamState
from exam_graph.utterance import Utterance, UtteranceKind


class Reply:
    """Streams utterances as they are said and collects what that changes in the state."""

    def __init__(self, state: ExamState, runtime: Runtime[ExamContext]) -> None:
        self._state = state
        self._runtime = runtime
        self._said = state["said"]
        self._wordings = dict(state["wordings"])
        self._question_id = state["record"]["question_id"]

    def phrase(self, kind: UtteranceKind, name: str, **values: str) -> None:
        """Say a phrase of the phrase book in its next wording."""
        self.say(self._worded(kind, name, **values))

    def say(self, utterance: Utterance) -> None:
        self._runtime.stream_writer(utterance)
        self._said += 1

    def ask_phrase(self, kind: UtteranceKind, name: str, **values: str) -> dict[str, Any]:
        """Ask something of the phrase book; the update that makes it the thing asked last."""
        return self.ask(self._worded(kind, name, **values))

    def ask(self, *utterances: Utterance) -> dict[str, Any]:
        """Say utterances that together ask one thing; the update that keeps them."""
        for utterance in utterances:
            self.say(utterance)
        return self.update() | {
            "asked": Asked(
                turn=self._state["turn"],
                last_position=self._said - 1,
                utterances=[utterance.to_dict() for utterance in utterances],
            ),
            "heard": True,
        }

    def ask_same(self) -> dict[str, Any]:
        """Ask what was asked last, in the same words; nothing if nothing was asked yet."""
        asked = self._state["asked"]
        if asked is None:
            return self.update()
        return self.ask(*(Utterance(**utterance) for utterance in asked["utterances"]))

    def update(self) -> dict[str, Any]:
        """What saying this much changes in the state."""
        return {"said": self._said, "wordings": self._wordings}

    def _worded(self, kind: UtteranceKind, name: str, **values: str) -> Utterance:
        phrases = self._runtime.context.phrases
        text, number = phrases.phrase(name, self._wordings.get(name), **values)
        self._wordings[name] = number
        return Utterance(kind=kind, text=text, say=text, question_id=self._question_id)


def question_utterances(question: Question) -> list[Utterance]:
    """A question as it is asked: to the letter, then its options if it has any."""
    spoken = [Utterance("question", question.ask, question.spoken, question_id=question.id)]
    if isinstance(question, ChoiceQuestion):
        lettered = list(zip(LETTERS, question.options, strict=False))
        spoken.append(
            Utterance(
                kind="options",
                text=" ".join(f"{letter}: {option.text}." for letter, option in lettered),
                say=" ".join(f"{letter}: {option.spoken}." for letter, option in lettered),
                question_id=question.id,
            )
        )
    return spoken
