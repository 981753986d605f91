"""What fails costs the student no time: the clock stands meanwhile, and the record has a note."""

from livekit.agents import ErrorEvent, tts

from exam_graph.events import Failed
from worker import failures
from worker.examiner import Examiner
from worker.failures import Kind


class Excuses:
    """Told of what fails in one exam, and when it works again."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner
        self._voice_failing = False

    def recogniser_failed(self, kind: Kind) -> None:
        failures.note("stt", kind, self._examiner.sitting.id)

    def hears(self, hears: bool) -> None:
        if hears:
            self._examiner.let_clock_run("recogniser")
        else:
            self._examiner.stop_clock_for("recogniser")

    def voice_failed(self, kind: Kind) -> None:
        failures.note("tts", kind, self._examiner.sitting.id)
        if not self._voice_failing and self._examiner.started:
            self._voice_failing = True
            self._examiner.stop_clock_for("voice")
            self._examiner.submit(Failed(part="voice"))

    def tried_again(self, event: ErrorEvent) -> None:
        """The framework tries again before anything was heard: counted, and nobody is told."""
        error = event.error
        if isinstance(error, tts.TTSError) and error.recoverable:
            failures.count("tts", failures.kind_of(error.error))

    def voice_speaks(self) -> None:
        """Something was said after all."""
        if self._voice_failing:
            self._voice_failing = False
            self._examiner.let_clock_run("voice")
