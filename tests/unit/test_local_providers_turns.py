"""Flux's state machine in virtual time: scripted speech, a scripted recogniser, no audio."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_providers.decode_queue import Urgency
from local_providers.recording import FRAME_SAMPLES, FRAME_SECONDS, ONSET_FRAMES
from local_providers.thresholds import Thresholds
from local_providers.transcript import SAMPLE_RATE, Passage, Transcript, Word
from local_providers.turn_event import TurnEvent
from local_providers.turns import Turns

pytestmark = pytest.mark.unit

QUIET = np.zeros(FRAME_SAMPLES, np.float32)
LOUD = np.full(FRAME_SAMPLES, 0.1, np.float32)
WORD_SECONDS = 8 * FRAME_SECONDS
ROUNDING = 0.001
EAGER = Thresholds(eager=0.4)


@dataclass
class Scripted:
    """Hears the words that were spoken to it, in the passage they were spoken in."""

    spoken: list[Word] = field(default_factory=list)
    deaf: bool = False
    idle: bool = True
    last_cost: float = 0.0
    manual: bool = False
    asked: list[tuple[Urgency, Passage, "asyncio.Future[Transcript]"]] = field(default_factory=list)

    def submit(self, passage: Passage, urgency: Urgency) -> "asyncio.Future[Transcript]":
        result: asyncio.Future[Transcript] = asyncio.get_running_loop().create_future()
        self.asked.append((urgency, passage, result))
        if not (self.manual and urgency is Urgency.UPDATE):
            result.set_result(self.heard(passage))
        return result

    def heard(self, passage: Passage) -> Transcript:
        end = passage.start + len(passage.samples) / SAMPLE_RATE
        inside = [w for w in self.spoken if passage.start - w.start < ROUNDING > w.end - end]
        return Transcript(() if self.deaf else tuple(inside))

    def count(self, urgency: Urgency) -> int:
        return sum(asked is urgency for asked, _, _ in self.asked)


class Talk:
    """A stream whose speaker says words and keeps silent, in steps of one frame."""

    def __init__(self, thresholds: Thresholds, **recogniser: Any) -> None:
        self.recogniser = Scripted(**recogniser)
        self.events: list[TurnEvent] = []
        self.times: list[float] = []
        self.turns = Turns(self.recogniser, self._emit, thresholds)
        self.now = 0.0

    async def _emit(self, event: TurnEvent) -> None:
        self.events.append(event)
        self.times.append(self.now)

    async def _advance(self, until: float, speech: bool) -> None:
        while self.now + FRAME_SECONDS < until + ROUNDING:
            last = self.now + 2 * FRAME_SECONDS > until + ROUNDING
            self.now += FRAME_SECONDS
            await self.turns.hear(LOUD if speech and not last else QUIET, speech)

    async def say(self, text: str) -> None:
        for word in text.split():
            start, end = self.now, self.now + WORD_SECONDS
            self.recogniser.spoken.append(Word(word, start, end - FRAME_SECONDS, 0.9))
            await self._advance(end, True)

    async def noise(self, seconds: float) -> None:
        await self._advance(self.now + seconds, True)

    async def silence(self, seconds: float) -> None:
        await self._advance(self.now + seconds, False)

    def names(self) -> list[str]:
        return [event.event for event in self.events if event.event != "Update"]

    def last(self, name: str) -> TurnEvent:
        return [event for event in self.events if event.event == name][-1]

    def time_of(self, name: str) -> float:
        return [t for t, e in zip(self.times, self.events, strict=True) if e.event == name][-1]


def break_rules(events: list[TurnEvent]) -> str | None:
    """The first of Flux's rules that `events` break, or None."""
    state, index, eager = "initial", 0, ""
    for event in events:
        if event.turn_index != index:
            return f"turn_index {event.turn_index} in turn {index}"
        if not event.transcript.text:
            return f"{event.event} without words"
        allowed = {
            "initial": {"StartOfTurn"},
            "ongoing": {"Update", "EagerEndOfTurn", "EndOfTurn"},
            "awaiting": {"TurnResumed", "EndOfTurn"},
        }[state]
        if event.event not in allowed:
            return f"{event.event} while {state}"
        if (event.trigger is not None) != (event.event == "EndOfTurn"):
            return f"{event.event} with trigger {event.trigger}"
        if state == "awaiting" and event.event == "EndOfTurn" and event.transcript.text != eager:
            return f"EndOfTurn says {event.transcript.text!r} after eager {eager!r}"
        if event.event == "EndOfTurn":
            state, index = "initial", index + 1
        else:
            state = "awaiting" if event.event == "EagerEndOfTurn" else "ongoing"
            eager = event.transcript.text
    return None


async def test_a_sentence_starts_early_and_ends_after_its_silence() -> None:
    talk = Talk(Thresholds())
    await talk.silence(1)
    await talk.say("The cell makes energy.")
    spoken_until = talk.now
    await talk.silence(2)
    assert talk.names() == ["StartOfTurn", "EndOfTurn"]
    assert talk.time_of("StartOfTurn") - 1 < 0.6
    assert 0.7 < talk.time_of("EndOfTurn") - spoken_until < 0.8
    end = talk.last("EndOfTurn")
    assert (end.transcript.text, end.trigger) == ("The cell makes energy.", "model")
    assert end.confidence >= 0.7
    assert end.window_start == pytest.approx(1, abs=0.35)


async def test_the_decode_of_the_end_begins_before_the_end() -> None:
    talk = Talk(Thresholds())
    await talk.say("The cell makes energy.")
    await talk.silence(0.3)
    assert talk.recogniser.count(Urgency.END) == 1
    await talk.silence(2)
    assert talk.recogniser.count(Urgency.END) == 1


@pytest.mark.parametrize(
    ("text", "threshold", "least", "most"),
    [
        ("It is done.", 0.5, 0.4, 0.5),
        ("It is done.", 0.9, 1.3, 1.5),
        ("It is done", 0.7, 0.9, 1.1),
        ("It is done, and", 0.7, 1.6, 1.8),
        ("It is um.", 0.7, 1.6, 1.8),
        ("First of all,", 0.7, 1.6, 1.8),
    ],
)
async def test_the_wait_follows_the_threshold_and_the_words(
    text: str, threshold: float, least: float, most: float
) -> None:
    talk = Talk(Thresholds(eot=threshold))
    await talk.say(text)
    spoken_until = talk.now
    await talk.silence(4)
    assert least < talk.time_of("EndOfTurn") - spoken_until < most


async def test_eager_comes_first_and_says_the_same() -> None:
    talk = Talk(EAGER)
    await talk.say("It is done.")
    spoken_until = talk.now
    await talk.silence(2)
    assert talk.names() == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    assert 0.3 < talk.time_of("EagerEndOfTurn") - spoken_until < 0.4
    assert talk.last("EagerEndOfTurn").transcript == talk.last("EndOfTurn").transcript


async def test_more_speech_after_eager_resumes_the_turn() -> None:
    talk = Talk(EAGER)
    await talk.say("It is done.")
    await talk.silence(0.5)
    await talk.say("No, it is not.")
    await talk.silence(2)
    assert talk.names() == [
        "StartOfTurn",
        "EagerEndOfTurn",
        "TurnResumed",
        "EagerEndOfTurn",
        "EndOfTurn",
    ]
    assert talk.last("TurnResumed").transcript.text == "It is done."
    assert talk.last("EndOfTurn").transcript.text == "It is done. No, it is not."
    assert break_rules(talk.events) is None


async def test_the_index_rises_with_every_end() -> None:
    talk = Talk(Thresholds())
    for _ in range(3):
        await talk.say("One more.")
        await talk.silence(2)
    assert [event.turn_index for event in talk.events if event.event != "Update"] == [
        0, 0, 1, 1, 2, 2,
    ]  # fmt: skip
    assert break_rules(talk.events) is None


async def test_one_short_word_is_a_turn() -> None:
    talk = Talk(EAGER)
    await talk.silence(1)
    await talk.say("Yes.")
    await talk.silence(2)
    assert talk.names() == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]


async def test_voice_without_words_is_no_turn() -> None:
    talk = Talk(EAGER, deaf=True)
    await talk.noise(5)
    await talk.silence(3)
    await talk.noise(0.2)
    await talk.silence(3)
    assert talk.events == []
    assert talk.recogniser.count(Urgency.START) < 8


async def test_a_click_is_no_voice() -> None:
    talk = Talk(EAGER)
    await talk.silence(1)
    await talk.noise(2 * FRAME_SECONDS)
    await talk.silence(2)
    assert talk.recogniser.asked == []


async def test_a_click_does_not_put_off_the_end() -> None:
    talk = Talk(Thresholds())
    await talk.say("It is done.")
    spoken_until = talk.now
    await talk.silence(0.5)
    await talk.noise(2 * FRAME_SECONDS)
    await talk.silence(2)
    assert talk.time_of("EndOfTurn") - spoken_until < 0.8


async def test_time_ends_a_turn_that_the_model_would_not() -> None:
    talk = Talk(Thresholds(eot=1.0, timeout_ms=3000))
    await talk.say("It is done.")
    spoken_until = talk.now
    await talk.silence(6)
    assert talk.last("EndOfTurn").trigger == "timeout"
    assert talk.time_of("EndOfTurn") - spoken_until == pytest.approx(3, abs=0.1)


async def test_a_threshold_of_one_turns_native_detection_off() -> None:
    talk = Talk(Thresholds(eot=1.0, timeout_ms=60_000))
    await talk.say("It is done.")
    await talk.silence(59)
    assert talk.names() == ["StartOfTurn"]
    await talk.turns.force_end()
    assert talk.last("EndOfTurn").trigger == "manual"


async def test_force_ends_in_mid_speech_and_the_rest_is_a_new_turn() -> None:
    talk = Talk(EAGER)
    await talk.say("One two three four")
    await talk.turns.force_end()
    assert talk.last("EndOfTurn").transcript.text == "One two three four"
    await talk.say("five six seven eight.")
    await talk.silence(2)
    assert talk.last("EndOfTurn").transcript.text == "five six seven eight."
    assert break_rules(talk.events) is None


async def test_force_after_eager_says_what_eager_said() -> None:
    talk = Talk(EAGER)
    await talk.say("It is done.")
    await talk.silence(0.5)
    await talk.turns.force_end()
    await talk.silence(3)
    assert talk.names() == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    assert break_rules(talk.events) is None


async def test_force_brings_out_words_that_had_no_turn_yet() -> None:
    talk = Talk(EAGER)
    await talk.say("Done.")
    assert talk.events == []
    await talk.turns.force_end()
    assert talk.names() == ["StartOfTurn", "EndOfTurn"]


async def test_force_without_a_turn_is_ignored() -> None:
    talk = Talk(EAGER)
    await talk.turns.force_end()
    await talk.silence(1)
    await talk.turns.force_end()
    assert talk.events == []


async def test_new_thresholds_hold_in_mid_turn() -> None:
    talk = Talk(Thresholds(eot=1.0, timeout_ms=60_000))
    await talk.say("It is done.")
    await talk.silence(5)
    assert talk.names() == ["StartOfTurn"]
    talk.turns.thresholds = Thresholds(eager=0.3, eot=0.5)
    await talk.silence(0.1)
    assert talk.last("EndOfTurn").trigger == "model"
    await talk.say("Again.")
    await talk.silence(2)
    assert talk.names()[-2:] == ["EagerEndOfTurn", "EndOfTurn"]


async def test_closing_says_the_rest_and_ends_no_turn() -> None:
    talk = Talk(EAGER)
    await talk.say("One two three four")
    await talk.turns.close()
    assert talk.events[-1].event == "Update"
    assert talk.events[-1].transcript.text == "One two three four"
    assert "EndOfTurn" not in talk.names()


async def test_updates_come_while_speech_goes_on() -> None:
    talk = Talk(Thresholds())
    await talk.say("word " * 40)
    updates = [event for event in talk.events if event.event == "Update"]
    assert 3 <= len(updates) <= 5
    assert all(a.transcript.text < b.transcript.text for a, b in pairwise(updates))


async def test_no_updates_while_the_recogniser_is_busy() -> None:
    talk = Talk(Thresholds(), idle=False)
    await talk.say("word " * 40)
    assert talk.recogniser.count(Urgency.UPDATE) == 0


async def test_dear_decodes_make_updates_rare() -> None:
    talk = Talk(Thresholds(), last_cost=0.8)
    await talk.say("word " * 36)
    assert talk.recogniser.count(Urgency.UPDATE) == 1


async def test_an_update_that_comes_late_is_dropped() -> None:
    talk = Talk(EAGER, manual=True)
    await talk.say("word " * 12)
    await talk.silence(0.5)
    (late,) = [job for job in talk.recogniser.asked if job[0] is Urgency.UPDATE]
    assert late[2].cancelled()
    await talk.silence(2)
    assert [event.event for event in talk.events] == [
        "StartOfTurn",
        "Update",
        "EagerEndOfTurn",
        "EndOfTurn",
    ]


async def test_an_end_without_words_keeps_those_that_were_heard() -> None:
    talk = Talk(EAGER)
    await talk.say("One two three.")
    talk.recogniser.deaf = True
    await talk.silence(2)
    assert talk.last("EndOfTurn").transcript.text.startswith("One")
    assert break_rules(talk.events) is None


@pytest.mark.parametrize("pause", [0.0, 0.4])
async def test_a_long_answer_is_whole_and_never_decoded_again_and_again(pause: float) -> None:
    talk = Talk(EAGER)
    expected = []
    for number in range(60):
        sentence = f"Sentence{number} has quite a few words in it, as answers do."
        expected.append(sentence)
        await talk.say(sentence)
        await talk.silence(pause)
    await talk.silence(2)
    assert talk.last("EndOfTurn").transcript.text == " ".join(expected)
    assert break_rules(talk.events) is None
    lengths = [len(passage.samples) / SAMPLE_RATE for _, passage, _ in talk.recogniser.asked]
    assert max(lengths) < 26
    assert sum(lengths) < 10 * talk.now


async def test_a_pause_known_to_go_on_is_not_decoded() -> None:
    talk = Talk(EAGER)
    await talk.say("It is done")
    ends = talk.recogniser.count(Urgency.END)
    for left in range(15, 0, -1):
        talk.now += FRAME_SECONDS
        await talk.turns.hear(QUIET, left <= ONSET_FRAMES, left * FRAME_SECONDS)
    await talk.say("and it is over.")
    assert talk.recogniser.count(Urgency.END) == ends
    await talk.silence(2)
    assert talk.names() == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    assert talk.last("EndOfTurn").transcript.text == "It is done and it is over."


async def test_a_long_pause_ends_the_turn_although_speech_is_known_to_follow() -> None:
    talk = Talk(EAGER)
    await talk.say("It is done.")
    for left in range(40, 0, -1):
        talk.now += FRAME_SECONDS
        await talk.turns.hear(QUIET, False, left * FRAME_SECONDS)
    assert talk.names()[-1] == "EndOfTurn"


async def test_an_error_of_the_recogniser_is_not_swallowed() -> None:
    talk = Talk(EAGER)

    def broken(passage: Passage, urgency: Urgency) -> "asyncio.Future[Transcript]":
        result: asyncio.Future[Transcript] = asyncio.get_running_loop().create_future()
        result.set_exception(RuntimeError("broken"))
        return result

    talk.recogniser.submit = broken  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="broken"):
        await talk.say("One two three")


STEPS: dict[str, Callable[[Talk, float], Coroutine[Any, Any, None]]] = {
    "say": lambda talk, x: talk.say("and so on " * round(1 + x * 3) + "it is."),
    "trail off": lambda talk, x: talk.say("and so on and " * round(1 + x * 12)),
    "silence": lambda talk, x: talk.silence(x * 2),
    "noise": lambda talk, x: talk.noise(x * 2),
    "force": lambda talk, x: talk.turns.force_end(),
    "configure": lambda talk, x: _configure(talk, x),
    "go deaf": lambda talk, x: _hearing(talk, x < 0.3),
    "get busy": lambda talk, x: _busy(talk, x < 0.5),
}


async def _configure(talk: Talk, x: float) -> None:
    talk.turns.thresholds = Thresholds(
        eager=None if x < 0.2 else 0.3 + x * 0.2, eot=0.5 + x / 2, timeout_ms=500 + round(x * 3000)
    )


async def _hearing(talk: Talk, deaf: bool) -> None:
    talk.recogniser.deaf = deaf


async def _busy(talk: Talk, busy: bool) -> None:
    talk.recogniser.idle = not busy


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.floats(0, 1)), max_size=25),
    st.sampled_from([None, 0.3, 0.4, 0.5]),
)
def test_whatever_happens_the_rules_hold(
    steps: list[tuple[str, float]], eager: float | None
) -> None:
    async def run() -> Talk:
        talk = Talk(Thresholds(eager=eager))
        for name, x in steps:
            await STEPS[name](talk, x)
        talk.recogniser.deaf = False
        await talk.silence(6)
        return talk

    talk = asyncio.run(run())
    assert break_rules(talk.events) is None
    assert not talk.events or talk.events[-1].event == "EndOfTurn"
