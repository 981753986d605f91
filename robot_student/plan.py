"""Which step of the script is next, by the question that was heard."""

import re
from dataclasses import dataclass

from robot_student.script import BargeIn, Mute, PauseInside, Press, Say, Script, Step, Wait

SOUNDCHECK = "soundcheck"
PRACTICE = "practice"
PROBE = "probe"


@dataclass(frozen=True)
class Topic:
    """What an answer is about: part of the exam, id of the question, its words if known."""

    part: str
    question: str = ""
    text: str = ""

    @property
    def opening(self) -> bool:
        return self.part in (SOUNDCHECK, PRACTICE)


def contains(text: str, words: str) -> bool:
    """Whether `words` occur in `text`, whatever the case, punctuation and spacing."""
    return bool(words) and f" {_plain(words)} " in f" {_plain(text)} "


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


class Plan:
    """The steps of a script that are left. Steps are taken in order; a step whose `when` does
    not hold is passed over and stays for a later turn."""

    def __init__(self, script: Script) -> None:
        self._anything_else = Say(say=script.anything_else)
        self._left: dict[tuple[str, str], list[Step]] = {
            (SOUNDCHECK, ""): list(script.soundcheck),
            (PRACTICE, ""): list(script.practice),
        } | {("question", name): list(steps) for name, steps in script.questions.items()}
        self._last: dict[tuple[str, str], Step] = {}
        self.missed: list[str] = []
        """Sentences about interruptions for which there was no occasion."""

    def interruption(self, topic: Topic) -> BargeIn | None:
        """The next step, if it is to be spoken over the examiner."""
        first = next(iter(self._left.get(_key(topic), [])), None)
        return first if isinstance(first, BargeIn) else None

    def silent(self, topic: Topic) -> bool:
        """Whether the next step needs no voice, and so can be taken in a pause of the exam."""
        first = next(iter(self._left.get(_key(topic), [])), None)
        return isinstance(first, Press | Wait | Mute)

    def interrupt(self, topic: Topic) -> None:
        """The interruption was spoken."""
        self._left[_key(topic)].pop(0)

    def take(self, topic: Topic, heard: str) -> Step:
        """The step for this turn. `heard` is what the examiner said since the last one.

        When the steps are used up, a question that was asked again gets the last answer again;
        all else gets `anything_else`.
        """
        key = _key(topic)
        asked = contains(heard, topic.text)
        steps = self._left.get(key, [])
        while steps and isinstance(steps[0], BargeIn):
            self.missed.append(
                f"{topic.question or topic.part}: the examiner had finished before the interruption"
            )
            steps.pop(0)
        for step in steps:
            if not isinstance(step, BargeIn) and _holds(step.when, heard, asked):
                steps.remove(step)
                if isinstance(step, Say | PauseInside):
                    self._last[key] = step
                return step
        if asked or topic.opening:
            return self._last.get(key, self._anything_else)
        return self._anything_else


def _key(topic: Topic) -> tuple[str, str]:
    return (topic.part, "") if topic.opening else ("question", topic.question)


def _holds(when: str | None, heard: str, asked: bool) -> bool:
    if when is None:
        return True
    if when == PROBE:
        return bool(heard.strip()) and not asked
    return contains(heard, when)
