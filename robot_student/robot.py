"""A student made of WebRTC and a voice. One robot takes one exam."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from robot_student.attempt import Attempt
from robot_student.errors import RobotError
from robot_student.journal import Journal, Line
from robot_student.report import Report
from robot_student.script import Script
from robot_student.settings import Manners
from robot_student.voice import Progress, Voice


class Robot:
    """`report = await Robot(link, script, voice=voice).take_exam()`."""

    def __init__(
        self,
        link: str,
        script: Script,
        *,
        voice: Voice,
        manners: Manners | None = None,
        timeout_s: float = 900.0,
        consent_to_recording: bool = True,
        record: Path | None = None,
        show: Callable[[Line], None] = lambda line: None,
        progress: Progress | None = None,
    ) -> None:
        """`record`: a folder for heard.wav and said.wav. `show` gets the dialogue line by line,
        `progress` how far the voice is prepared."""
        self._link = link
        self._script = script
        self._voice = voice
        self._manners = manners or Manners()
        self._timeout_s = timeout_s
        self._consent = consent_to_recording
        self._record = record
        self._show = show
        self._progress = progress

    async def take_exam(self) -> Report:
        """Never raises for what happens in the exam: the report says whether it completed, and
        if not, why."""
        journal = Journal(self._script.exam, self._show)
        try:
            await self._voice.prepare(self._script.words(), self._progress)
        except RobotError as error:
            journal.report.failure = str(error)
            return journal.finish([], [])
        journal = Journal(self._script.exam, self._show)
        attempt = Attempt(self._script, self._voice, self._manners, journal)
        try:
            async with asyncio.timeout(self._timeout_s):
                await attempt.run(self._link, self._consent, self._record)
        except RobotError as error:
            journal.report.failure = str(error)
        except TimeoutError:
            journal.report.failure = (
                f"The exam was not over after {self._timeout_s:g} s: {attempt.whereabouts()}."
            )
        journal.report.phase = attempt.examiner.phase
        journal.report.completed = attempt.examiner.phase == "finished"
        if journal.report.completed:
            journal.report.failure = None
        return journal.finish(attempt.hearing.stretches, list(attempt.examiner.captions.values()))
