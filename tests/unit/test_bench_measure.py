"""What the benchmark makes of a run's logs, written by hand."""

from typing import Any

import pytest

from bench.calls import Call, calls, length
from bench.log import Event
from bench.measure import Run, measure, values, window
from bench.summary import spread, summarise
from bench.turns import Turn, turns

pytestmark = pytest.mark.unit


def student(t: float, what: str, number: int = 0, **more: Any) -> Event:
    return {"t": t, "what": what, "student": number, **more}


def said(line: int, began: float, ended: float, number: int = 0, interrupts: bool = False) -> Event:
    more = {"line": line, "began": began, "ended": ended, "interrupts": interrupts}
    return student(ended, "said", number, **more)


def flux(t: float, event: str, line: int, number: int = 0) -> Event:
    return {"t": t, "provider": "flux", "event": event, "student": number, "line": line}


def call(t: float, provider: str, event: str, socket: int = 1, **more: Any) -> Event:
    return {"t": t, "provider": provider, "event": event, "socket": socket, **more}


def frame(t: float, kind: str, what: str = "out", pid: int = 7) -> Event:
    return {"t": t, "pid": pid, "what": what, "source": 0, "kind": kind}


ROOM = student(1.0, "joined", room="one")
TRACK = {"t": 1.0, "pid": 7, "what": "track", "source": 0, "room": "one"}


def the_turn(*events: Event) -> Turn:
    """The only turn of these events, whatever logs they belong to."""
    students = [e for e in events if "provider" not in e and "pid" not in e]
    providers = [e for e in events if "provider" in e]
    trace = [e for e in events if "pid" in e]
    (turn,) = turns([ROOM, *students], providers, [TRACK, *trace])
    return turn


def test_a_reply_without_acknowledgement() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        flux(12.26, "end_of_turn", 3),
        frame(12.66, "content"),
        student(12.9, "onset"),
        student(12.9, "tone", kind="content"),
    )

    assert turn.reply == pytest.approx(0.4)
    assert turn.content == pytest.approx(0.4)
    assert turn.wait == pytest.approx(0.9)
    assert turn.ack_to_content is None
    assert not turn.cut_off


def test_an_acknowledgement_comes_before_the_content() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        flux(12.26, "end_of_turn", 3),
        frame(12.28, "ack"),
        frame(12.76, "content"),
        student(12.5, "onset"),
        student(12.5, "tone", kind="ack"),
        student(12.86, "tone", kind=""),
        student(13.0, "tone", kind="content"),
    )

    assert turn.reply == pytest.approx(0.02)
    assert turn.content == pytest.approx(0.5)
    assert turn.ack_to_content == pytest.approx(0.14)


def test_content_right_after_the_acknowledgement_leaves_no_silence() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        student(12.5, "onset"),
        student(12.5, "tone", kind="ack"),
        student(13.0, "tone", kind="content"),
    )

    assert turn.ack_to_content == 0.0


def test_what_comes_late_belongs_to_the_turn_it_follows() -> None:
    students = [ROOM, said(3, 10.0, 12.0), student(18.0, "no_reply"), said(4, 19.0, 20.0)]
    providers = [flux(12.3, "end_of_turn", 3), flux(20.3, "end_of_turn", 4)]

    first, second = turns(students, providers, [TRACK, frame(20.7, "content")])

    assert first.reply is None
    assert second.reply == pytest.approx(0.4)


def test_frames_count_where_they_are_handed_out() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        flux(12.3, "end_of_turn", 3),
        frame(12.4, "content", "out"),
        frame(12.6, "content", "source"),
    )
    without_output = the_turn(
        said(3, 10.0, 12.0),
        flux(12.3, "end_of_turn", 3),
        frame(12.6, "content", "source"),
    )

    assert turn.reply == pytest.approx(0.1)
    assert without_output.reply == pytest.approx(0.3)


def test_another_rooms_frames_are_another_exams() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0), flux(12.3, "end_of_turn", 3), frame(12.4, "content", pid=8)
    )

    assert turn.reply is None


def test_the_last_end_of_turn_counts() -> None:
    """A line that was torn in two by its pause."""
    turn = the_turn(
        said(3, 10.0, 16.0),
        flux(12.0, "end_of_turn", 3),
        flux(16.3, "end_of_turn", 3),
        frame(12.2, "content"),
        frame(16.7, "content"),
        student(12.4, "onset"),
        student(16.9, "onset"),
    )

    assert turn.reply == pytest.approx(0.4)
    assert turn.wait == pytest.approx(0.9)
    assert turn.cut_off


def test_who_goes_on_after_a_pause_has_not_fallen_silent() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0, interrupts=True),
        student(10.4, "silence", began=8.0),
        student(11.8, "silence", began=11.0),
        student(14.0, "silence", began=12.5),
    )

    assert turn.barge_in == pytest.approx(1.8)


def test_own_time_is_what_no_provider_owes() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        flux(12.0, "end_of_turn", 3),
        call(12.01, "groq", "request", line=3),
        call(12.17, "groq", "first_token"),
        call(12.26, "groq", "done"),
        call(12.27, "aura", "request", 2),
        call(12.36, "aura", "first_byte", 2),
        frame(12.38, "content"),
        call(12.5, "aura", "done", 2),
    )

    assert turn.owing is not None
    assert turn.owing.own == pytest.approx(0.01 + 0.01 + 0.02)
    assert turn.owing.waited
    assert turn.owing.content_waited


def test_a_reply_that_comes_whole_is_owed_until_it_is_there() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        flux(12.0, "end_of_turn", 3),
        call(11.9, "groq", "request", request="g1", line=3),
        call(12.2, "groq", "done", request="g1"),
        frame(12.23, "content"),
    )

    assert turn.owing is not None
    assert turn.owing.own == pytest.approx(0.03)
    assert turn.owing.waited


def test_what_was_ready_before_the_end_of_turn_was_not_waited_for() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        flux(12.0, "eager", 3),
        call(12.01, "groq", "request", line=3),
        call(12.05, "groq", "first_token"),
        call(12.06, "groq", "done"),
        call(12.07, "aura", "request", 2),
        call(12.1, "aura", "first_byte", 2),
        flux(12.15, "end_of_turn", 3),
        call(12.16, "aura", "done", 2),
        frame(12.18, "content"),
    )

    assert turn.owing is not None
    assert turn.owing.own == pytest.approx(0.03)
    assert not turn.owing.waited
    assert (turn.owing.guesses, turn.owing.wasted) == (2, 0)


def test_content_may_have_waited_where_the_acknowledgement_did_not() -> None:
    turn = the_turn(
        said(3, 10.0, 12.0),
        flux(12.0, "end_of_turn", 3),
        call(11.9, "groq", "request", line=3),
        frame(12.01, "ack"),
        call(12.2, "groq", "first_token"),
        frame(12.3, "content"),
    )

    assert turn.owing is not None
    assert not turn.owing.waited
    assert turn.owing.content_waited


def test_a_guess_is_wasted_when_the_student_goes_on_or_the_model_is_asked_again() -> None:
    resumed = the_turn(
        said(3, 10.0, 14.0),
        flux(12.0, "eager", 3),
        call(12.01, "groq", "request", line=3),
        call(12.1, "groq", "cancelled"),
        flux(12.1, "resumed", 3),
        flux(14.1, "eager", 3),
        call(14.11, "groq", "request", 2, line=3),
        call(14.2, "groq", "first_token", 2),
        flux(14.25, "end_of_turn", 3),
        frame(14.4, "content"),
    )
    again = the_turn(
        said(3, 10.0, 12.0),
        flux(12.0, "eager", 3),
        call(12.01, "groq", "request", line=3),
        call(12.1, "groq", "first_token"),
        flux(12.25, "end_of_turn", 3),
        call(12.26, "groq", "request", 2, line=3),
        frame(12.5, "content"),
    )

    assert resumed.owing is not None
    assert again.owing is not None
    assert (resumed.owing.guesses, resumed.owing.wasted) == (2, 1)
    assert (again.owing.guesses, again.owing.wasted) == (1, 1)


def two_exams(*more: Event) -> list[Turn]:
    """The second one asks the model."""
    other = student(1.0, "joined", 1, room="two")
    students = [ROOM, other, said(3, 10.0, 12.0), said(3, 10.5, 12.5, number=1)]
    providers = [
        *more,
        flux(12.3, "end_of_turn", 3),
        flux(12.8, "end_of_turn", 3, number=1),
        call(12.31, "groq", "request", line=3),
        call(12.35, "groq", "first_token"),
    ]
    trace = [TRACK, {**TRACK, "pid": 8, "room": "two"}]
    frames = [frame(12.5, "content"), frame(13.0, "content", pid=8)]
    return turns(students, providers, [*trace, *frames])


def test_a_call_belongs_to_the_exam_whose_process_made_it() -> None:
    first, second = two_exams(call(9.0, "groq", "peer", pid=8))

    assert [first.reply, second.reply] == pytest.approx([0.2, 0.2])
    assert first.owing is not None
    assert first.owing.own == pytest.approx(0.2)


def test_nothing_is_told_of_calls_whose_process_is_not_known() -> None:
    assert [turn.owing for turn in two_exams()] == [None, None]


def test_calls_on_one_socket_are_told_apart() -> None:
    made = calls(
        [
            call(0.9, "aura", "peer", pid=7),
            call(1.0, "aura", "request", request="a1"),
            call(1.1, "aura", "request", request="a2"),
            call(1.2, "aura", "first_byte", request="a1"),
            call(1.3, "aura", "done", request="a1"),
            call(1.4, "aura", "first_byte", request="a2"),
            call(1.5, "aura", "cleared"),
        ]
    )

    assert made == [
        Call("aura", 1.0, 7, first=1.2, done=1.3),
        Call("aura", 1.1, 7, first=1.4, cancelled=1.5),
    ]


def test_overlapping_intervals_are_counted_once() -> None:
    assert length([(1.0, 2.0), (1.5, 3.0), (4.0, 4.5)]) == pytest.approx(2.5)


def test_starts_refusals_and_cost() -> None:
    students = [
        student(0.0, "asked"),
        student(0.9, "first_word"),
        student(0.5, "asked", 1),
        student(2.5, "first_word", 1),
        student(1.0, "asked", 2),
        student(46.0, "refused", 2),
        said(0, 3.0, 5.0),
        said(0, 4.0, 10.0, number=1),
        said(1, 60.0, 70.0, number=1),
        said(1, 65.0, 80.0),
    ]
    rates = {"system": 0.4, "livekit": 0.0, "providers": 0.1, "load": 1.0, "machine": 0.75}
    cpu = [
        {"t": float(t), "what": "cpu"} | {name: t * rate for name, rate in rates.items()}
        for t in range(90)
    ]
    memory = [
        {"t": 0.0, "what": "idle", "private_mb": 100.0},
        {"t": 5.0, "what": "memory", "private_mb": 900.0},
        {"t": 40.0, "what": "memory", "private_mb": 300.0},
    ]

    run = measure(students, [], [], [*memory, *cpu])

    assert run.starts == [0.9, 2.0]
    assert run.refused == 1
    assert window(students) == (10.0, 70.0)
    assert run.cost.system == pytest.approx(12.0)
    assert run.cost.load == pytest.approx(30.0)
    assert run.cost.busy == pytest.approx(0.75)
    assert run.cost.private_mb == pytest.approx(100.0)


def test_lines_that_interrupt_are_no_samples_of_the_reply() -> None:
    plain = Turn(0, 0, False, 1.0, 2.0, end_of_turn=2.2, out=2.3, onset=2.5)
    barge_in = Turn(0, 1, True, 3.0, 4.0, end_of_turn=4.2, out=4.9, onset=5.0, silent=3.25)

    found = values([plain, barge_in])

    assert found["reply_ms"] == pytest.approx([100.0])
    assert found["wait_ms"] == pytest.approx([500.0])
    assert found["barge_in_ms"] == pytest.approx([250.0])


def test_a_spread_has_an_interval_around_each_percentile() -> None:
    found = spread([float(n) for n in range(101)])

    assert found is not None
    assert (found.n, found.p50.value, found.p95.value, found.p99.value) == (101, 50.0, 95.0, 99.0)
    assert found.p50.low < 50.0 < found.p50.high
    assert spread([]) is None


def test_what_was_not_measured_has_a_reason() -> None:
    one = summarise("seed", 1, [Run()])
    many = summarise("seed", 4, [Run(turns=[Turn(0, 0, False, 1.0, 2.0)])])

    assert one.missing["reply_ms"] == "no turn got a reply"
    assert "which process" in many.missing["own_ms"]
    for summary in (one, many):
        known = {**summary.times, **summary.shares, **summary.cost}
        assert set(summary.missing) == {name for name, value in known.items() if value is None}
