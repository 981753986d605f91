"""What the examiner makes of a turn: the types, and the Protocol its implementations follow.

`rules.RulesUnderstanding` is always there; a model behind the same Protocol is passed in by the
caller. Neither sees the clock, the record or another question.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

from exam_graph.paper import Language, Question

ANSWER_WINDOW = 1500
"""How much of an open answer understanding gets to see, in characters from its end."""

Intent = Literal[
    "answer",
    "repeat",  # the question again
    "options",  # the options of a choice again
    "last_words",  # only the last sentence again
    "clarify",  # other words, or what a word means
    "hint",
    "verdict",  # "is that right?", "how am I doing?"
    "skip",
    "dont_know",
    "continue",  # done with the answer, or ready to go on
    "think",  # wants time; also fillers and backchannels ("mm-hm", "okay")
    "revise",  # changes an answer, or wants to
    "go_back",  # wants an earlier question again
    "skipped_ones",  # asks for the questions that were skipped
    "time_left",
    "questions_left",
    "identity",  # what are you, what is recorded, who decides the mark
    "yes",
    "no",
    "pause",  # stop the clock for a moment
    "take_break",  # a break of some minutes
    "end",
    "distress",  # says that they are ill or distressed
    "sound_problem",  # "I cannot hear you"
    "off_topic",
    "argue",  # about the question or the exam
    "rude",
    "steer",  # instructions to the examiner, demands for the key or for marks
    "echo",  # the examiner's own words, back through the student's loudspeaker
    "unclear",
]
INTENTS: tuple[Intent, ...] = get_args(Intent)

#: What may be noticed in an answer without its being anything else than an answer.
Notice = Literal["steer", "other_language", "rude", "distress"]
NOTICES: tuple[Notice, ...] = get_args(Notice)

#: What a yes or a no would answer; "" is nothing.
Confirming = Literal["", "end", "skipped", "silence", "wellbeing", "distress", "sound"]

Source = Literal["rules", "model"]
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True)
class Heard:
    """A student's turn as transcribed.

    confidence: the recogniser's mean (0 to 1), if any
    certain: set as soon as the words are known to be final; None: they are
    """

    text: str
    confidence: float | None = None
    certain: asyncio.Event | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Context:
    """Where the exam stands while a turn is understood.

    question: the open question; None before the first and after the last
    answer_so_far: the student's words kept for it, without this turn
    phase: the examiner's phase (`voxam.phase`)
    asked: the examiner's last words that want an answer (question or probe)
    confirming: what the student was just asked to say yes or no to, "" if nothing
    said: the examiner's words of the last turn that had any, to tell its echo
    cut: those words were cut off by the student's, or by their echo
    number: the open question's number, from 1; 0 if none is open
    probing: what the answer still lacks decides what is said next
    """

    question: Question | None = None
    answer_so_far: str = ""
    phase: str = "listening"
    asked: str = ""
    confirming: Confirming = ""
    language: Language = "en"
    said: str = ""
    cut: bool = False
    number: int = 0
    probing: bool = True


@dataclass(frozen=True)
class Understood:
    """What one turn means.

    covered: ids of the points that the whole answer has reached, in the paper's order
    choice: indexes of the options that were named, in the paper's order; several: unclear which
    doubtful: rules decided where a model would have known better
    value: the number that an answer to a short question names, in the paper's unit if one was said
    target: number of the question that `revise` or `go_back` names, from 1; 0: the one before;
        None: none was named
    content: of `revise`: it holds the new answer already, not only the wish
    unfinished: an answer that breaks off in mid-clause, or asks for time at its end
    notices: what an answer holds besides
    """

    intent: Intent
    covered: tuple[str, ...] = ()
    choice: tuple[int, ...] = ()
    source: Source = "rules"
    doubtful: bool = False
    value: float | None = None
    target: int | None = None
    content: bool = False
    unfinished: bool = False
    notices: tuple[Notice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, kept in the record for a replay."""
        return {
            "intent": self.intent,
            "covered": list(self.covered),
            "choice": list(self.choice),
            "source": self.source,
            "doubtful": self.doubtful,
            "value": self.value,
            "target": self.target,
            "content": self.content,
            "unfinished": self.unfinished,
            "notices": list(self.notices),
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "Understood":
        """The counterpart of `to_dict`. ValueError for an intent or a source it does not know."""
        if kept["intent"] not in INTENTS or kept["source"] not in SOURCES:
            raise ValueError(f"not an understanding: {kept['intent']!r} by {kept['source']!r}")
        return cls(
            intent=kept["intent"],
            covered=tuple(kept["covered"]),
            choice=tuple(kept["choice"]),
            source=kept["source"],
            doubtful=bool(kept["doubtful"]),
            value=kept.get("value"),
            target=kept.get("target"),
            content=bool(kept.get("content", False)),
            unfinished=bool(kept.get("unfinished", False)),
            notices=tuple(kept.get("notices", ())),
        )


class Understanding(Protocol):
    """Never raises for what a student says."""

    async def understand(self, heard: Heard, context: Context) -> Understood:
        """May take its time up to its own deadline after the words are certain."""
        ...

    def overhear(self, heard: Heard, context: Context) -> None:
        """The words so far of a turn that goes on: whatever takes long may begin with them."""
        ...

    def is_answer(self, heard: Heard, context: Context) -> bool:
        """Whether it is an answer, told at once and certain enough to thank for it."""
        ...
