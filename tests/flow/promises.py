"""What an exam keeps to whatever is said and whatever a model makes of it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from exam_graph.events import StudentSpoke
from exam_graph.paper import ChoiceQuestion, Paper
from exam_graph.reply import question_utterances
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import Kept, current_question_id
from exam_graph.talk import Talk
from exam_graph.transcript import TalkTurn
from exam_graph.understanding import Context, Heard, Understood
from exam_graph.utterance import Utterance

RULES = RulesUnderstanding(("en", "de"))

_ASKING = ("soundcheck", "practice", "question", "probe", "confirmation")
_LEARNING_ONLY = ("hint", "feedback", "explanation")
_WORDS_OF_A_PROBE = 25


Reading = Callable[[TalkTurn, Kept], Understood]


@dataclass
class Promises:
    """Watches a talk turn by turn. An AssertionError names the promise that was broken.

    read: what a turn of the student's really means in the state it comes to; by rules alone, if
        nothing else is given, and then an answer is one that names something
    """

    talk: Talk
    read: Reading | None = None
    asked: set[str] = field(default_factory=set)
    said: str = ""
    _seen: int = 0
    _before: Kept | None = None

    def check(self) -> None:
        """Looks at the turns since the last time, and at the answers as they stand."""
        turns = self.talk.transcript.turns[self._seen :]
        self._seen += len(turns)
        for turn in turns:
            self.said += f" {turn.text}"
            self._spoken(turn)
            self._belongs(turn)
        self._kept_once()
        if self.talk.finished:
            self._ended_rightly(turns)
        self._before = self.talk.state

    def _spoken(self, turn: TalkTurn) -> None:
        paper = self.talk.context.paper
        practice = self.talk.context.phrases.wordings["practice_intro"]
        asking = [
            each for each in turn.utterances if each.kind in _ASKING and each.text not in practice
        ]
        assert len(asking) <= 1, f"one question at a time: {asking}"
        for each in turn.utterances:
            if each.kind == "question":
                assert each.question_id is not None
                self.asked.add(each.question_id)
            assert of_paper(each, paper) or not each.authored or is_neutral(each, paper, self.said)
            if not each.authored:
                self._allowed(each)
            if paper.mode == "exam":
                assert each.kind not in _LEARNING_ONLY, f"no help in an exam: {each}"

    def _allowed(self, probe: Utterance) -> None:
        """What a model wrote."""
        paper = self.talk.context.paper
        assert paper.generated_probes
        assert probe.kind == "probe"
        assert probe.text.count("?") == 1
        assert len(probe.text.split()) <= _WORDS_OF_A_PROBE
        assert gives_nothing_away(probe.text, paper, self.said)

    def _belongs(self, turn: TalkTurn) -> None:
        if turn.answers_question or turn.revises:
            assert turn.question_id in self.talk.state["order"]
        before = self._before
        if before is None or not isinstance(turn.event, StudentSpoke):
            return
        # Over the introduction to the first question a student still speaks of the practice.
        of_practice = turn.move == "join" and before["last_position"] < 0
        if self._is_sure(turn, before) and not of_practice:
            assert turn.answers_question, f"an answer that was given is never lost: {turn.text!r}"

    def _is_sure(self, turn: TalkTurn, before: Kept) -> bool:
        """Whether it is an answer, where nothing else was asked for."""
        if not turn.text or current_question_id(before) is None or before["paused"]:
            return False
        if before["confirming"]:
            return False
        read = self._meaning(turn, before)
        return read.intent == "answer" and (self.read is not None or _names_something(read))

    def _meaning(self, turn: TalkTurn, before: Kept) -> Understood:
        if self.read is not None:
            return self.read(turn, before)
        paper, question_id = self.talk.context.paper, current_question_id(before)
        assert isinstance(turn.event, StudentSpoke)
        return RULES.decide(
            Heard(turn.text, turn.event.confidence),
            Context(
                question=paper.question(question_id) if question_id else None,
                phase=before["phase"],
                confirming=before["confirming"],
                language=paper.language,
            ),
        )

    def _kept_once(self) -> None:
        """Each answer holds its own turns, in their order, and each turn is in one answer."""
        for question_id, answer in self.talk.transcript.answers.items():
            own = [turn for turn in self.talk.transcript.turns if turn.question_id == question_id]
            given = [turn.text for turn in own if turn.answers_question and not turn.revises]
            revised = [turn.text for turn in own if turn.revises]
            assert answer.text == " ".join(text for text in given if text)
            assert answer.revisions == revised
            if answer.text:
                assert answer.status in ("answered", "dont_know")

    def _ended_rightly(self, turns: Sequence[TalkTurn]) -> None:
        """By the clock, after the last question, or by a clear yes."""
        state = self.talk.state
        assert "open" not in state["statuses"].values()
        through = len(state["order"]) - 1 <= state["furthest"]
        before = self._before
        if through or self.talk.remaining_ms == 0 or before is None:
            return
        if before["phase"] == "finished":
            return
        last = next(turn for turn in reversed(turns) if isinstance(turn.event, StudentSpoke))
        assert before["asked"] is not None
        assert "end" in (before["confirming"], before["asked"]["confirming"]), "never by itself"
        assert self._meaning(last, before).intent == "yes", "and only by a clear yes"


def _names_something(understood: Understood) -> bool:
    return bool(understood.covered or understood.choice or understood.value is not None)


def of_paper(utterance: Utterance, paper: Paper) -> bool:
    """Whether these are the author's words, to the letter."""
    if utterance.question_id is None:
        return utterance.kind == "practice"
    question = paper.question(utterance.question_id)
    if utterance.kind in ("question", "options"):
        whole = question_utterances(question, paper.language)
        assert (utterance.text, utterance.say) in [(each.text, each.say) for each in whole]
        return True
    if utterance.kind == "probe" and utterance.authored:
        assert utterance.text in [point.probe for point in question.points]
        return True
    return utterance.text in (question.clarify, question.model_answer, *question.hints)


def is_neutral(utterance: Utterance, paper: Paper, said: str) -> bool:
    """Words of the phrase book: one question at most, and in an exam nothing of the key."""
    assert utterance.text.count("?") <= 1, f"one question at a time: {utterance.text}"
    return (
        paper.mode == "learn"
        or utterance.kind == "excerpt"
        or gives_nothing_away(utterance.text, paper, said)
    )


def gives_nothing_away(text: str, paper: Paper, said: str) -> bool:
    """No part of the key that the student has not said."""
    for secret in secrets(paper):
        if _plain(secret) in _plain(text) and _plain(secret) not in _plain(said):
            raise AssertionError(f"gives away “{secret}”: {text}")
    return True


def secrets(paper: Paper) -> list[str]:
    """What is in the answer key, and nowhere in what the student is told anyway."""
    found = []
    for question in paper.questions:
        found += [point.looks_for for point in question.points]
        found += [question.model_answer] if question.model_answer else []
        if isinstance(question, ChoiceQuestion):
            found += [question.options[index].text for index in question.correct_indexes]
    return found


def _plain(text: str) -> str:
    words = re.findall(r"[^\W_]+", text.casefold())
    return f" {' '.join(words)} "
