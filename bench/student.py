"""One student of the benchmark: says its lines in order and writes down what it hears."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench import floor
from bench.ears import Ears
from bench.log import Log
from bench.room import StudentRoom
from bench.systems.system import Running, Seat
from robot_student.errors import RobotError
from robot_student.hearing import Samples

FIRST_WORD_S = 45.0
"""Who has heard nothing after this time was turned away."""
_LOOK_S = 0.02


@dataclass(frozen=True)
class Clip:
    """A line, ready to be spoken."""

    line: int
    samples: Samples
    lead_s: float
    """How much of it comes before the speech: the marker."""
    barge_in: bool = False


class Student:
    """Times that are logged: `began` and `ended` are of the speech, without its marker."""

    def __init__(self, number: int, system: Running, clips: Sequence[Clip], log: Log) -> None:
        self._number = number
        self._system = system
        self._clips = clips
        self._log = log
        self._ears = Ears(self._write)
        self._ended = 0.0

    async def take_exam(self) -> None:
        """From asking for a place until the last reply was heard, or the exam is over."""
        self._write("asked")
        try:
            seat = await self._system.admit(self._number)
        except RobotError as error:
            self._write("refused", why=str(error))
            return
        try:
            await self._sit(seat)
        finally:
            await self._system.dismiss(self._number, seat)

    async def _sit(self, seat: Seat) -> None:
        async with StudentRoom(seat, self._ears) as room:
            self._ended = time.monotonic()
            self._write("joined", room=seat.room)
            if not await self._hears_something(room):
                self._write("refused", why=f"not a word within {FIRST_WORD_S:g} s")
                return
            for clip in self._clips:
                turn = await self._floor(room, clip)
                if turn is None:
                    break
                await self._say(room, clip, interrupts=turn == "interrupt")
            await self._floor(room, None)
            self._write("left")

    async def _hears_something(self, room: StudentRoom) -> bool:
        deadline = time.monotonic() + FIRST_WORD_S
        while self._ears.first_word is None and not room.finished.is_set():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_LOOK_S)
        return self._ears.first_word is not None

    async def _floor(self, room: StudentRoom, clip: Clip | None) -> floor.Turn | None:
        """Waits until it is this student's turn, to say `clip`; None when the exam is over."""
        barge_in, lead_s = (clip.barge_in, clip.lead_s) if clip else (False, 0.0)
        while not room.finished.is_set():
            turn = floor.turn(self._moment(), barge_in=barge_in, lead_s=lead_s)
            if turn == "no_reply":
                self._write("no_reply")
            if turn != "wait":
                return turn
            await asyncio.sleep(_LOOK_S)
        return None

    def _moment(self) -> floor.Moment:
        hearing = self._ears.hearing
        return floor.Moment(
            now=time.monotonic(),
            ended=self._ended,
            quiet_since=hearing.quiet_since(),
            onset=self._ears.last_onset,
            audible=hearing.going_on,
        )

    async def _say(self, room: StudentRoom, clip: Clip, *, interrupts: bool) -> None:
        utterance = room.microphone.speak(clip.samples)
        while utterance.ended is None and not room.finished.is_set():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)  # the microphone tells nobody
        if utterance.began is None or utterance.ended is None:
            return
        self._ended = utterance.ended
        await asyncio.sleep(max(0.0, utterance.ended - time.monotonic()))
        self._write(
            "said",
            utterance.ended,
            line=clip.line,
            began=round(utterance.began + clip.lead_s, 6),
            ended=round(utterance.ended, 6),
            interrupts=interrupts,
        )

    def _write(self, what: str, at: float | None = None, **more: object) -> None:
        self._log.write(what, at, student=self._number, **more)
