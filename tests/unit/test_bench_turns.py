"""The recogniser stand-in's turns, by the clock of the audio: nothing here waits."""

import math
from collections.abc import Iterable

import pytest

from bench.providers.jitter import Jitter
from bench.providers.turns import TAU_S, Said, Stretch, Turns, stretches
from bench.script import Line
from bench.speech.clips import Spoken, Timing
from local_providers.thresholds import Thresholds

pytestmark = pytest.mark.unit

STEP_S = 0.01
WHOLE = Line(id=1, text="one two three four", kind="answer", reply="")
WHOLE_TIMING = Timing(
    2.0, tuple(Spoken(word, n / 2, n / 2 + 0.5) for n, word in enumerate(WHOLE.text.split()))
)
BROKEN = Line(id=2, text="one two … three four", kind="answer", reply="", pause=1.5)
BROKEN_TIMING = Timing(
    3.5,
    (
        Spoken("one", 0.0, 0.5),
        Spoken("two", 0.5, 1.0),
        Spoken("three", 2.5, 3.0),
        Spoken("four", 3.0, 3.5),
    ),
    ((1.0, 2.5),),
)
START = 1.0
END = START + 2.0


def clip(line: Line = WHOLE, timing: Timing = WHOLE_TIMING, late: float = 0.0) -> list[Stretch]:
    return stretches(5, line, timing, START, late)


def heard(turns: Turns, until: float, since: float = 0.0) -> list[Said]:
    steps = range(round(since / STEP_S) + 1, round(until / STEP_S) + 1)
    return [said for step in steps for said in turns.advance(step * STEP_S)]


def without_updates(said: Iterable[Said]) -> list[Said]:
    return [each for each in said if each.event != "Update"]


def events(said: Iterable[Said]) -> list[str]:
    return [each.event for each in without_updates(said)]


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9])
def test_the_threshold_says_how_long_the_silence_is(threshold: float) -> None:
    turns = Turns(Thresholds(eot=threshold))
    turns.expect(clip())
    said = heard(turns, END + 3)
    assert events(said) == ["StartOfTurn", "EndOfTurn"]
    silence = said[-1].at - END
    assert 1 - math.exp(-silence / TAU_S) == pytest.approx(threshold)
    assert said[-1].confidence == pytest.approx(threshold)
    assert said[-1].trigger == "model"
    assert said[-1].transcript == WHOLE.said


def test_the_published_delays() -> None:
    turns = Turns(Thresholds(eager=0.4, eot=0.7))
    turns.expect(clip())
    said = without_updates(heard(turns, END + 3))
    assert [each.event for each in said] == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    assert [each.at for each in said] == pytest.approx([START + 0.1, END + 0.11, END + 0.26], 1e-3)
    assert said[1].transcript == said[2].transcript == WHOLE.said


def test_nothing_is_said_before_its_audio_is_there() -> None:
    turns = Turns(Thresholds(eager=0.4))
    turns.expect(clip())
    step = 0.05
    for number in range(1, 100):
        now = number * step
        for said in turns.advance(now):
            assert now - step <= said.at + 1e-9 and said.at <= now + 1e-9


def test_configure_moves_the_end_of_an_open_turn() -> None:
    for change, silence in (({"eot_threshold": 0.9}, 0.497), ({"eot_threshold": 0.5}, 0.15)):
        turns = Turns(Thresholds())
        turns.expect(clip())
        heard(turns, END + 0.05)
        turns.thresholds = turns.thresholds.changed(change)
        (end,) = without_updates(heard(turns, END + 3, END + 0.05))
        assert end.at - END == pytest.approx(silence, abs=1e-3)


def test_a_lower_threshold_ends_at_once_what_is_silent_long_enough() -> None:
    turns = Turns(Thresholds(eot=0.9))
    turns.expect(clip())
    heard(turns, END + 0.4)
    turns.thresholds = Thresholds(eot=0.5)
    assert events(turns.advance(END + 0.41)) == ["EndOfTurn"]


def test_a_threshold_of_one_leaves_it_to_the_time_out() -> None:
    turns = Turns(Thresholds(eot=1.0, timeout_ms=800))
    turns.expect(clip())
    end = heard(turns, END + 3)[-1]
    assert (end.event, end.trigger) == ("EndOfTurn", "timeout")
    assert end.at == pytest.approx(END + 0.8)


def test_a_pause_in_an_unfinished_line_ends_nothing() -> None:
    turns = Turns(Thresholds(eager=0.3, eot=0.5, timeout_ms=1600))
    turns.expect(clip(BROKEN, BROKEN_TIMING))
    said = heard(turns, START + 6)
    in_pause = [each for each in said if START + 1.0 < each.at < START + 2.5]
    assert in_pause and {each.event for each in in_pause} == {"Update"}
    assert max(each.confidence for each in in_pause) < 0.3
    assert events(said) == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    assert said[-1].transcript == BROKEN.said


def test_only_the_time_out_ends_a_turn_in_such_a_pause() -> None:
    turns = Turns(Thresholds(eager=0.3, eot=0.5, timeout_ms=1000))
    turns.expect(clip(BROKEN, BROKEN_TIMING))
    said = without_updates(heard(turns, START + 6))
    assert [each.event for each in said] == [
        *("StartOfTurn", "EndOfTurn", "StartOfTurn", "EagerEndOfTurn", "EndOfTurn")
    ]
    assert said[1].at == pytest.approx(START + 2.0)
    assert said[1].trigger == "timeout"
    assert [said[1].transcript, said[4].transcript] == ["one two", "three four"]
    assert [each.turn_index for each in said] == [0, 0, 1, 1, 1]


def test_a_pause_that_sounds_like_an_end_brings_a_guess_in_vain() -> None:
    line = Line(id=2, text=BROKEN.text, kind="answer", reply="", pause=1.5, pause_confidence=0.6)
    turns = Turns(Thresholds(eager=0.5))
    turns.expect(clip(line, BROKEN_TIMING))
    said = without_updates(heard(turns, START + 6))
    assert [each.event for each in said] == [
        *("StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EagerEndOfTurn", "EndOfTurn")
    ]
    assert said[1].transcript == "one two"
    assert said[2].at == pytest.approx(START + 2.6)
    assert said[4].transcript == BROKEN.said


def test_updates_come_four_times_a_second_with_the_words_that_are_over() -> None:
    turns = Turns(Thresholds())
    turns.expect(clip())
    updates = [each for each in heard(turns, END) if each.event == "Update"]
    assert [each.at for each in updates] == pytest.approx(
        [START + 0.35 + 0.25 * n for n in range(7)]
    )
    for each in updates[2:]:
        known = [word for word in clip()[0].words if word.end <= each.at - 0.1]
        assert each.words == tuple(known)
    assert updates[0].transcript == "one"


def test_speech_that_goes_on_after_a_guess_takes_it_back() -> None:
    turns = Turns(Thresholds(eager=0.4, eot=0.9))
    turns.expect(clip())
    heard(turns, END + 0.3)
    again = stretches(5, WHOLE, WHOLE_TIMING, END + 0.35, 0.0)
    turns.expect(again)
    said = without_updates(heard(turns, END + 5, END + 0.3))
    assert [each.event for each in said] == ["TurnResumed", "EagerEndOfTurn", "EndOfTurn"]
    assert said[-1].transcript == f"{WHOLE.said} {WHOLE.said}"


def test_a_late_recogniser_guesses_150_ms_before_it_is_sure() -> None:
    turns = Turns(Thresholds(eager=0.4, eot=0.7))
    turns.expect(clip(late=0.9))
    _, eager, end = without_updates(heard(turns, END + 3))
    assert end.at == pytest.approx(END + 1.16, abs=1e-3)
    assert end.at - eager.at == pytest.approx(0.15, abs=1e-3)


def test_a_quick_one_is_never_sure_before_the_end() -> None:
    turns = Turns(Thresholds(eager=0.4, eot=0.7))
    turns.expect(clip(late=-0.2))
    _, eager, end = without_updates(heard(turns, END + 3))
    assert eager.at == pytest.approx(END)
    assert end.at == pytest.approx(END + 0.06, abs=1e-3)


def test_the_client_can_end_a_turn() -> None:
    turns = Turns(Thresholds(eot=1.0, timeout_ms=60_000))
    assert turns.end_now(0.5) == []
    turns.expect(clip())
    heard(turns, END + 0.1)
    (end,) = turns.end_now(END + 0.1)
    assert (end.trigger, end.transcript) == ("manual", WHOLE.said)
    assert events(heard(turns, END + 3, END + 0.1)) == []


@pytest.mark.parametrize("seed", [1, 7, 2026])
@pytest.mark.parametrize("students", [4, 64])
def test_jitter_has_the_percentiles_it_is_said_to_have(seed: int, students: int) -> None:
    jitter, pairs = Jitter(seed), [(n, line) for n in range(students) for line in range(24)]
    ends = sorted(jitter.end_of_turn(*pair) + 0.26 for pair in pairs)
    firsts = sorted(jitter.first_token(line, n) for n, line in pairs)
    near = 0.35 if students == 4 else 0.06
    for found, median, p95 in ((ends, 0.26, 1.5), (firsts, 0.16, 0.8)):
        assert found[len(pairs) // 2] == pytest.approx(median, rel=near)
        assert found[round(0.95 * len(pairs))] == pytest.approx(p95, rel=near)


def test_jitter_is_that_of_its_seed() -> None:
    def drawn(seed: int | None) -> list[float]:
        jitter = Jitter(seed)
        return [jitter.end_of_turn(3, line) for line in range(20)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert set(drawn(None)) == {0.0}
    assert Jitter().first_token(1, 2) == 0.16
