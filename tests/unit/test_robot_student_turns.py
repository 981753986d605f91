"""What the robot does when: choice of steps, whose turn it is, and the measures of turns."""

from dataclasses import replace

import numpy as np
import pytest

from robot_student.examiner import Caption
from robot_student.floor import Moment, may_interrupt, students_turn
from robot_student.hearing import Stretch
from robot_student.journal import Journal, Line
from robot_student.microphone import Utterance
from robot_student.plan import PRACTICE, SOUNDCHECK, Plan, Topic, contains
from robot_student.report import Spread
from robot_student.script import BargeIn, Press, Say, Script
from robot_student.settings import Manners

pytestmark = pytest.mark.unit

ATP = Topic("question", "atp", "What is ATP?")
MANNERS = Manners()


def plan(*steps: dict[str, object]) -> Plan:
    return Plan(Script.model_validate({"exam": "x", "questions": {"atp": list(steps)}}))


def said(plan: Plan, topic: Topic, heard: str) -> str:
    step = plan.take(topic, heard)
    assert isinstance(step, Say)
    return step.say


def test_steps_are_taken_in_order_and_then_anything_else() -> None:
    steps = plan({"say": "Pardon?"}, {"say": "Energy."})

    assert said(steps, ATP, "What is ATP?") == "Pardon?"
    assert said(steps, ATP, "What is ATP?") == "Energy."
    assert said(steps, ATP, "Energy for what?") == "I do not know."
    assert said(steps, Topic("question", "other", "Why?"), "Why?") == "I do not know."


def test_a_question_that_is_asked_again_gets_its_answer_again() -> None:
    steps = plan({"say": "Energy."})

    assert said(steps, ATP, "What is ATP?") == "Energy."
    assert said(steps, ATP, "Welcome back. What is A T P? … what is atp") == "Energy."
    assert said(steps, Topic(SOUNDCHECK), "Hello?") == "Yes, I can hear you well."
    assert said(steps, Topic(SOUNDCHECK), "Once more?") == "Yes, I can hear you well."
    assert said(steps, Topic(PRACTICE, text="What do you like?"), "") == "I like to read."


def test_a_conditional_step_waits_for_its_occasion() -> None:
    steps = plan({"when": "probe", "say": "By respiration."}, {"say": "Energy."})

    assert said(steps, ATP, "Thank you. What is ATP?") == "Energy."
    assert said(steps, ATP, "By what process?") == "By respiration."

    steps = plan({"when": "anything to add", "say": "No."}, {"say": "Energy."})
    assert said(steps, ATP, "What is ATP?") == "Energy."
    assert said(steps, ATP, "Have you Anything  to add?") == "No."


def test_an_interruption_is_not_an_answer() -> None:
    steps = plan({"barge_in": {"after_seconds": 1, "say": "Wait."}}, {"press": "skip"})

    assert isinstance(steps.interruption(ATP), BargeIn)
    assert not steps.silent(ATP)
    assert isinstance(steps.take(ATP, "What is ATP?"), Press)
    assert steps.missed == ["atp: the examiner had finished before the interruption"]
    assert steps.interruption(ATP) is None


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("Thank you.  What is ATP?", "what is atp", True),
        ("What is ATPase?", "What is ATP?", False),
        ("", "What is ATP?", False),
        ("What is ATP?", "", False),
    ],
)
def test_words_are_found_whatever_their_form(text: str, words: str, found: bool) -> None:
    assert contains(text, words) is found


HEARD = Moment(
    now=20.0,
    phase="listening",
    speaking=False,
    audible=False,
    last_onset=15.0,
    quiet_since=19.0,
    acted_at=10.0,
    acted_until=12.0,
)


@pytest.mark.parametrize(
    ("change", "turn"),
    [
        ({}, True),
        ({"phase": "asking"}, False),
        ({"phase": "paused"}, False),
        ({"speaking": True}, False),
        ({"audible": True}, False),
        ({"quiet_since": 19.6}, False),
        ({"phase": "soundcheck", "quiet_since": 19.2}, False),
        ({"phase": "soundcheck"}, True),
        ({"last_onset": 9.0}, False),
        ({"last_onset": None, "quiet_since": None}, False),
        ({"last_onset": 9.0, "waited": True}, True),
        ({"last_onset": 9.0, "pressed": True}, True),
        ({"last_onset": 9.0, "pressed": True, "acted_until": 18.0}, False),
    ],
)
def test_the_turn_is_the_students_when_the_examiner_has_spoken(
    change: dict[str, object], turn: bool
) -> None:
    assert students_turn(replace(HEARD, **change), MANNERS) is turn  # type: ignore[arg-type]


def test_a_pause_leaves_only_buttons() -> None:
    assert students_turn(replace(HEARD, phase="paused"), MANNERS, silent_step=True)


def test_interrupts_only_what_can_be_heard_long_enough() -> None:
    asking = replace(HEARD, phase="asking", audible=True, last_onset=18.0)

    assert may_interrupt(asking, asked_at=17.0, after_s=1.5)
    assert not may_interrupt(asking, asked_at=19.0, after_s=1.5), "the question came later"
    assert not may_interrupt(replace(asking, audible=False), asked_at=17.0, after_s=1.5)
    assert not may_interrupt(replace(asking, last_onset=9.0), asked_at=0.0, after_s=1.5)


def test_percentiles() -> None:
    assert Spread.of([]) == Spread(n=0)
    assert Spread.of([100.0]) == Spread(n=1, p50=100, p95=100, p99=100, max=100)
    assert Spread.of(list(range(101))) == Spread(n=101, p50=50, p95=95, p99=99, max=100)


def spoken(journal: Journal, kind: str, began: float, ended: float) -> None:
    utterance = Utterance(np.zeros(1, np.int16), journal.zero + began, journal.zero + ended)
    journal.act(kind, "words", phase="listening", utterance=utterance)  # type: ignore[arg-type]


def test_the_journal_measures_waits_interruptions_and_being_cut_off() -> None:
    lines: list[Line] = []
    journal = Journal("cells", lines.append)
    zero = journal.zero
    journal.connected("sitting", "room", zero + 0.2)
    journal.onset(zero + 1.0)
    spoken(journal, "say", 3.0, 5.0)
    journal.onset(zero + 5.4)
    journal.onset(zero + 7.0)
    spoken(journal, "barge_in", 8.0, 9.0)
    journal.silence(Stretch(zero + 7.0, zero + 8.3))
    journal.onset(zero + 10.0)
    spoken(journal, "pause_inside", 12.0, 16.0)
    journal.onset(zero + 14.0)
    journal.onset(zero + 16.5)
    spoken(journal, "say", 20.0, 21.0)
    journal.onset(zero + 20.99)

    stretches = [Stretch(zero + a, zero + b) for a, b in ((1, 2), (5.4, 6), (7, 8.3), (10, 11))]
    captions = [Caption("a", "examiner", zero + 0.9, "Hello."), Caption("b", "student", zero + 4)]
    report = journal.finish(stretches, captions)

    assert report.join_to_first_word_ms == 1000
    assert report.connect_to_first_word_ms == 800
    assert [turn.wait_ms for turn in report.turns] == [400, 1000, None, 0]
    assert [turn.barge_in_ms for turn in report.turns] == [None, 300, None, None]
    assert [turn.cut_off for turn in report.turns] == [False, False, True, False]
    assert (report.waits_ms.n, report.waits_ms.p50, report.cut_offs) == (2, 200, 1)
    assert [(r.after_turn, r.at_s, r.until_s, r.text) for r in report.replies] == [
        (0, 1.0, 2.0, "Hello."),
        (1, 5.4, 8.3, ""),
        (2, 10.0, 11.0, ""),
    ]
    assert [line.who for line in lines] == ["student", "student", "note", "student", "student"]
