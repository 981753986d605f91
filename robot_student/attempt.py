"""One exam from its invitation to its end: every 30 ms, whose turn it is and what to do."""

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from livekit import rtc

from robot_student import ear, microphone
from robot_student.errors import ExamBroken
from robot_student.examiner import Examiner
from robot_student.floor import OPENING, Moment, may_interrupt, students_turn
from robot_student.hearing import Hearing, Samples
from robot_student.invitation import join
from robot_student.journal import Journal
from robot_student.plan import PRACTICE, Plan, Topic, contains
from robot_student.recording import Recording
from robot_student.report import TurnKind
from robot_student.script import Mute, PauseInside, Press, Say, Script, Step, Wait
from robot_student.seat import Seat, Taps
from robot_student.settings import Manners
from robot_student.voice import Voice

TICK_S = 0.03
GOODBYE_S = 15.0
"""Longest stay for the last words after the exam has finished."""


class Attempt:
    """The state of one exam."""

    def __init__(self, script: Script, voice: Voice, manners: Manners, journal: Journal) -> None:
        self._voice = voice
        self._manners = manners
        self._journal = journal
        self._anything_else = script.anything_else
        self._plan = Plan(script)
        self.hearing = Hearing(
            audible_dbfs=manners.audible_dbfs, on_onset=self._heard, on_end=journal.silence
        )
        self.examiner = Examiner(on_caption=journal.caption, on_fault=journal.error)
        self._topic = Topic("waiting")
        self._presses_done = script.presses_done
        self._to_end: microphone.Utterance | None = None
        """What `done` is to be pressed after."""
        self._wait_until: float | None = None
        self._muted_until: float | None = None
        self._waited = False
        """The last act is over without a word of the examiner's being due."""
        self._nudged = False

    def whereabouts(self) -> str:
        question = self.examiner.ask.id if self.examiner.ask else "none"
        return f"phase {self.examiner.phase}, question {question}"

    async def run(self, link: str, consent: bool, record: Path | None) -> None:
        zero = self._journal.zero
        with ExitStack() as closing:
            taps = Taps()
            if record:
                heard = Recording(record / "heard.wav", ear.RATE, zero)
                said = Recording(record / "said.wav", microphone.RATE, zero)
                closing.callback(heard.close)
                closing.callback(said.close)
                taps = Taps(heard.add, said.add)
            place = await join(link, recording=consent)
            connecting = time.monotonic()
            self._journal.connected(place.session_id, place.room_name, connecting)
            seat = Seat(
                place,
                self.examiner,
                self.hearing,
                self._manners,
                taps=taps,
                on_notice=self._journal.notice,
            )
            async with seat:
                await self._attend(seat)
                await self._hear_goodbye(seat)

    async def _attend(self, seat: Seat) -> None:
        while self.examiner.phase != "finished":
            seat.check()
            if seat.ready_at is not None:
                await self._act(seat, self._moment())
            await asyncio.sleep(TICK_S)

    async def _hear_goodbye(self, seat: Seat) -> None:
        deadline = time.monotonic() + GOODBYE_S
        while time.monotonic() < deadline:
            moment = self._moment()
            quiet_since = max(moment.quiet_since or 0.0, self.examiner.changed_at)
            if not moment.audible and moment.now - quiet_since > self._manners.opening_quiet_s:
                return
            try:
                seat.check()
            except ExamBroken:
                return
            await asyncio.sleep(TICK_S)

    async def _act(self, seat: Seat, moment: Moment) -> None:
        if moment.acted_until > moment.now:
            return
        if self._to_end is not None:
            if self._to_end.ended is not None:
                self._to_end = None
                await self._press(seat, "done")
            return
        if self._muted_until is not None:
            self._unmute(seat, moment.now)
            return
        self._topic = self._current_topic()
        barge_in = self._plan.interruption(self._topic)
        if barge_in and may_interrupt(
            moment, self.examiner.asked_at, barge_in.barge_in.after_seconds
        ):
            self._plan.interrupt(self._topic)
            self._speak(seat, "barge_in", [barge_in.barge_in.say])
            return
        if self._wait_until is not None and not self._wait_is_over(moment):
            return
        silent_step = self._plan.silent(self._topic)
        if students_turn(self._moment(), self._manners, silent_step=silent_step):
            await self._take(seat, self._plan.take(self._topic, self._since_last()))
            for sentence in self._plan.missed:
                self._journal.error(sentence)
            self._plan.missed.clear()
        elif self._nothing_happens(seat, moment):
            self._nudged = True
            self._speak(seat, "idle", [self._anything_else])

    def _wait_is_over(self, moment: Moment) -> bool:
        """A wait ends with its time, or when the examiner has said something."""
        spoken = moment.last_onset is not None and moment.last_onset > moment.acted_at
        if self._wait_until is not None and (spoken or moment.now >= self._wait_until):
            self._waited = not spoken
            self._wait_until = None
        return self._wait_until is None

    async def _take(self, seat: Seat, step: Step) -> None:
        match step:
            case Say():
                self._speak(seat, "say", [step.say])
            case PauseInside():
                self._speak(seat, "pause_inside", step.pause_inside)
            case Wait():
                self._record("wait", f"{step.wait:g} s")
                self._wait_until = time.monotonic() + step.wait
            case Mute():
                self._muted_until = time.monotonic() + step.mute
                seat.mute(True)
                self._journal.note(f"muted for {step.mute:g} s")
            case Press():
                self._record("press", step.press)
                await self._press(seat, step.press)

    async def _press(self, seat: Seat, button: str) -> None:
        try:
            await seat.press(button)
        except rtc.RpcError as error:
            self._journal.error(f"exam.{button} was refused: {error.message}")
            self._waited = True

    def _unmute(self, seat: Seat, now: float) -> None:
        """The act counts from its end: what the examiner says after it is the reply to it."""
        if self._muted_until is not None and now >= self._muted_until:
            self._muted_until = None
            seat.mute(False)
            self._record("mute", "microphone on again")

    def _speak(self, seat: Seat, kind: TurnKind, parts: list[str | float] | list[str]) -> None:
        pieces: list[Samples] = [
            self._voice.say(part) if isinstance(part, str) else seat.microphone.silence(part)
            for part in parts
        ]
        words = " … ".join(part for part in parts if isinstance(part, str))
        utterance = seat.microphone.speak(np.concatenate(pieces))
        self._record(kind, words, utterance)
        self._to_end = utterance if self._presses_done else None

    def _record(
        self, kind: TurnKind, said: str, utterance: microphone.Utterance | None = None
    ) -> None:
        heard = self._since_last()
        self._journal.act(
            kind,
            said,
            phase=self.examiner.phase,
            question=self._topic.question,
            asked=contains(heard, self._topic.text),
            heard=[heard] if heard else [],
            utterance=utterance,
        )
        self._waited = False

    def _current_topic(self) -> Topic:
        phase, ask = self.examiner.phase, self.examiner.ask
        if phase in OPENING or (ask and ask.kind == PRACTICE):
            part = PRACTICE if ask and ask.kind == PRACTICE else phase
            return Topic(part, text=ask.text if ask else "")
        if ask:
            return Topic("question", ask.id, ask.text)
        return self._topic

    def _since_last(self) -> str:
        """What the examiner said since the student's last act, by its captions."""
        last = self._journal.last
        since = last.began if last else 0.0
        captions = self.examiner.captions.values()
        words = [c.text.strip() for c in captions if c.who == "examiner" and c.began > since]
        return " ".join(words)

    def _moment(self) -> Moment:
        last = self._journal.last
        if last:
            last.settle()
        stretches = self.hearing.stretches
        return Moment(
            now=time.monotonic(),
            phase=self.examiner.phase,
            speaking=self.examiner.speaking,
            audible=self.hearing.going_on,
            last_onset=stretches[-1].began if stretches else None,
            quiet_since=self.hearing.quiet_since(),
            acted_at=last.began if last else 0.0,
            acted_until=last.ended if last else 0.0,
            pressed=bool(last and last.turn.kind in ("press", "mute")),
            waited=self._waited,
        )

    def _nothing_happens(self, seat: Seat, moment: Moment) -> bool:
        happened = max(
            moment.acted_until,
            moment.quiet_since or 0.0,
            self.examiner.changed_at,
            seat.ready_at or 0.0,
        )
        return not self._nudged and moment.now - happened >= self._manners.idle_s

    def _heard(self, onset: float) -> None:
        self._nudged = False
        self._journal.onset(onset)
