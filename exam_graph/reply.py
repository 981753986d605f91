"""The examiner's words of one node: from phrase book and paper into the stream and the state."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from exam_graph.aloud import aloud
from exam_graph.paper import LETTERS, ChoiceQuestion, Language, Question
from exam_graph.state import Asked, ExamContext, ExamState, Said, current_question_id
from exam_graph.understanding import Confirming
from exam_graph.utterance import Utterance, UtteranceKind


class Reply:
    """Streams utterances as they are said and collects what that changes in the state."""

    def __init__(self, state: ExamState, runtime: Runtime[ExamContext]) -> None:
        self._state = state
        self._runtime = runtime
        said = state["said_last"]
        going_on = said is not None and said["turn"] == state["turn"]
        self._said = list(said["utterances"]) if said is not None and going_on else []
        self._wordings = dict(state["wordings"])
        self._question_id = current_question_id(state)

    def phrase(self, kind: UtteranceKind, name: str, **values: str) -> None:
        """Say a phrase of the phrase book in its next wording."""
        self.say(self._worded(kind, name, **values))

    def say(self, utterance: Utterance) -> None:
        self._runtime.stream_writer(utterance)
        self._said.append(utterance.to_dict())

    def ask_phrase(
        self, kind: UtteranceKind, name: str, *, confirming: Confirming = "", **values: str
    ) -> dict[str, Any]:
        """Ask something of the phrase book; the update that makes it the thing asked last."""
        return self.ask(self._worded(kind, name, **values), confirming=confirming)

    def ask(
        self, *utterances: Utterance, confirming: Confirming = "", slow: bool = False
    ) -> dict[str, Any]:
        """Say utterances that together ask one thing; the update that keeps them.

        `slow` is for this once: asked again, they come at their usual pace.
        """
        for utterance in utterances:
            self.say(dataclasses.replace(utterance, slow=slow))
        return self.update() | {
            "asked": Asked(
                turn=self._state["turn"],
                last_position=len(self._said) - 1,
                utterances=[utterance.to_dict() for utterance in utterances],
                confirming=confirming,
            ),
            "heard": True,
            "confirming": confirming,
        }

    def ask_same(self, *, slow: bool = False) -> dict[str, Any]:
        """Ask what was asked last, in the same words; nothing if nothing was asked yet."""
        asked = self._state["asked"]
        if asked is None:
            return self.update()
        utterances = [Utterance(**utterance) for utterance in asked["utterances"]]
        return self.ask(*utterances, confirming=asked["confirming"], slow=slow) | {
            # A word spoken over it from now on is no late part of the answer before.
            "heard_before": self._state["heard"] or self._state["heard_before"]
        }

    def ask_rest(self, utterances: Sequence[Utterance], *, asking: bool) -> dict[str, Any]:
        """Say what was left of a turn; `asking`: with it, what was asked last is heard whole."""
        for utterance in utterances:
            self.say(utterance)
        asked = self._state["asked"]
        if asked is None or not asking:
            return self.update()
        place = {"turn": self._state["turn"], "last_position": len(self._said) - 1}
        return self.update() | {"asked": {**asked, **place}, "heard": True}

    def update(self) -> dict[str, Any]:
        """What saying this much changes in the state."""
        if not self._said:
            return {}
        said = Said(turn=self._state["turn"], utterances=self._said)
        return {"said_last": said, "wordings": self._wordings}

    def _worded(self, kind: UtteranceKind, name: str, **values: str) -> Utterance:
        phrases = self._runtime.context.phrases
        text, number = phrases.phrase(name, self._wordings.get(name), **values)
        self._wordings[name] = number
        say = aloud(text, self._runtime.context.paper.language)
        return Utterance(kind=kind, text=text, say=say, question_id=self._question_id)


def question_utterances(question: Question, language: Language) -> list[Utterance]:
    """A question as it is asked: to the letter, then its options if it has any."""
    say = question.say or aloud(question.ask, language)
    utterances = [Utterance("question", question.ask, say, question_id=question.id)]
    if isinstance(question, ChoiceQuestion):
        utterances.append(options_utterance(question, language))
    return utterances


def options_utterance(question: ChoiceQuestion, language: Language) -> Utterance:
    """All options, each after its letter."""
    lettered = list(zip(LETTERS, question.options, strict=False))
    return Utterance(
        kind="options",
        text=" ".join(f"{letter}: {option.text}." for letter, option in lettered),
        say=" ".join(
            f"{letter}: {option.say or aloud(option.text, language)}."
            for letter, option in lettered
        ),
        question_id=question.id,
    )
