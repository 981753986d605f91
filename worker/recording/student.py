"""The student's side of the recording: sound where it came, silence where none did."""

from collections import deque

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

#: In Hz: what the recogniser hears, too.
RATE = 16_000
#: Sound that comes so much later than what was before it ends is another stretch, in samples.
GAP = RATE // 2
#: What came in a burst may be so far ahead of its time; then what is quiet is left out.
AHEAD = RATE // 10
#: Nothing may be further ahead.
TOO_FAR = 2 * RATE
#: As loud is nobody who speaks.
QUIET = 200


class StudentTrack:
    """Positions are in samples from the recording's beginning."""

    def __init__(self) -> None:
        self._waiting: deque[Samples] = deque()
        self._taken = 0
        self._end = 0

    def add(self, samples: Samples, now: int) -> None:
        """These have just come: their last is of this moment."""
        if not len(samples):
            return
        if now - len(samples) - self._end > GAP:
            self._append(np.zeros(now - len(samples) - self._end, np.int16))
        ahead = self._end - now
        if ahead > TOO_FAR or (ahead > AHEAD and _peak(samples) < QUIET):
            return
        self._append(samples)

    def take(self, end: int) -> Samples:
        """What is between the last end and this one; what comes for it later comes too late."""
        wanted = max(0, end - self._taken)
        block = np.zeros(wanted, np.int16)
        filled = 0
        while self._waiting and filled < wanted:
            piece = self._waiting.popleft()
            fits = piece[: wanted - filled]
            block[filled : filled + len(fits)] = fits
            filled += len(fits)
            if len(fits) < len(piece):
                self._waiting.appendleft(piece[len(fits) :])
        self._taken += wanted
        self._end = max(self._end, self._taken)
        return block

    def _append(self, samples: Samples) -> None:
        self._waiting.append(samples)
        self._end += len(samples)


def _peak(samples: Samples) -> int:
    return int(np.abs(samples.astype(np.int32)).max())
