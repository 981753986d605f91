"""The student's turn while it is heard: open or not, its words so far, and how long it lasts."""

from collections.abc import Callable

from livekit.agents import stt

from exam_graph.clock import Clock
from exam_graph.events import Word

#: While a student speaks, the words so far are kept this often, in seconds.
DRAFT_EVERY_S = 5.0

_SPEECH = (
    stt.SpeechEventType.START_OF_SPEECH,
    stt.SpeechEventType.INTERIM_TRANSCRIPT,
    stt.SpeechEventType.PREFLIGHT_TRANSCRIPT,
)


class Ears:
    """Fed with the recogniser's events. `on_change` is called when a turn opens, grows or closes,
    `on_words` with the words so far, which are not certain yet, `on_draft` with them now and then.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        on_change: Callable[[], None],
        on_draft: Callable[[str], None],
        on_words: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._on_draft = on_draft
        self._on_words = on_words
        self._words: list[Word] = []
        self._transcribed = False
        self._began: float | None = None
        self._ended: float | None = None
        self._draft_kept_at = -DRAFT_EVERY_S
        #: A turn of the student's is open.
        self.open = False
        #: How many turns were opened so far.
        self.turns = 0

    def note(self, event: stt.SpeechEvent) -> None:
        if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
            for alternative in event.alternatives[:1]:
                self._transcribed = self._transcribed or bool(alternative.text)
                self._words.extend(_words(alternative))
        elif event.type is stt.SpeechEventType.END_OF_SPEECH:
            self._end()
        elif event.type in _SPEECH:
            self._go_on(event)

    @property
    def began(self) -> float | None:
        """When the first sound of the turn was noticed, by the clock."""
        return self._began

    def elapsed_ms(self) -> int:
        """How long the turn has lasted: from its first sound to its end, or until now."""
        if self._began is None:
            return 0
        until = self._clock.now() if self._ended is None else self._ended
        return max(0, round((until - self._began) * 1000))

    def take(self) -> tuple[tuple[Word, ...], int]:
        """The turn is certain: its words, and how long it lasted in ms."""
        taken = tuple(self._words), self.elapsed_ms()
        self._close()
        return taken

    def _go_on(self, event: stt.SpeechEvent) -> None:
        self._ended = None
        if not self.open:
            self.open = True
            self.turns += 1
        if self._began is None:
            self._began = self._clock.now()
        if event.alternatives:
            self._draft(event.alternatives[0].text)
        self._on_change()
        if event.type is stt.SpeechEventType.INTERIM_TRANSCRIPT and event.alternatives:
            self._on_words(event.alternatives[0].text)

    def _end(self) -> None:
        if self._transcribed:
            self._ended = self._clock.now()
        else:
            # Noise: the framework makes no turn of it.
            self._close()

    def _close(self) -> None:
        self._words = []
        self._transcribed = self.open = False
        self._began = self._ended = None
        self._on_change()

    def _draft(self, text: str) -> None:
        now = self._clock.now()
        if text and now - self._draft_kept_at >= DRAFT_EVERY_S:
            self._draft_kept_at = now
            self._on_draft(text)


def _words(alternative: stt.SpeechData) -> list[Word]:
    return [
        Word(
            word=str(word),
            start_ms=round(float(word.start_time or 0) * 1000),
            end_ms=round(float(word.end_time or 0) * 1000),
            confidence=float(word.confidence or 0),
        )
        for word in alternative.words or []
    ]
