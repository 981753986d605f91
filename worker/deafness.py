"""Tells a recogniser that has gone deaf: somebody speaks, and no message comes."""

#: So much of the student's voice without a message from the recogniser, in seconds: it is deaf.
DEAF_S = 3.0
#: Noise may look like that again and again: after each time it takes twice as much, up to this.
MOST_DEAF_S = 24.0
#: After so much silence, in seconds, voice that was not heard before it was none.
FORGET_S = 10.0


class Deafness:
    """How long the student has spoken, or had a turn open, without a word from the recogniser."""

    def __init__(self) -> None:
        #: The voice detector hears somebody.
        self.voice = False
        self._unheard_s = 0.0
        self._silent_s = 0.0
        self._patience_s = DEAF_S

    def lasts(self, seconds: float, turn_open: bool) -> bool:
        """With so much more audio: whether that makes it deaf."""
        if self.voice or turn_open:
            self._unheard_s += seconds
            self._silent_s = 0.0
        else:
            self._silent_s += seconds
            if self._silent_s >= FORGET_S:
                self._unheard_s = 0.0
        if self._unheard_s < self._patience_s:
            return False
        self._unheard_s = 0.0
        self._patience_s = min(2 * self._patience_s, MOST_DEAF_S)
        return True

    def heard(self) -> None:
        """A message came."""
        self._unheard_s = 0.0

    def is_none(self) -> None:
        """Words came."""
        self._patience_s = DEAF_S
