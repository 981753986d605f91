"""How sure we are that a turn is over: a curve over the silence that follows the words.

Flux decides with a model of its own; here the confidence is 1 - exp(-silence / patience), where
patience is short after a finished sentence and long after a trailing "and" or a comma. At the
default `eot_threshold` of 0.7 a finished sentence so ends after 0.72 s of silence, an unfinished
one after 1.7 s; an `eager_eot_threshold` of 0.4 is reached after 0.31 s.
"""

import math
import re

FINISHED = 0.6
"""Patience in seconds after a whole sentence: the shortest there is."""
OPEN_ENDED = 0.8
UNFINISHED = 1.4

_CERTAIN = 0.999
"""Never 1.0, so that an `eot_threshold` of 1.0 is never reached."""

_DANGLING = re.compile(
    r"\b(a|an|and|as|at|because|but|by|er|erm|for|from|hmm|if|in|into|is|like|my|of|or|our|than|the"
    r"|their|then|to|uh|um|was|well|were|which|while|with|your)\W*$",
    re.IGNORECASE,
)


def patience(text: str) -> float:
    """Seconds of silence that take the confidence to 63 %, for a turn that says `text` so far."""
    text = text.rstrip()
    if text.endswith((",", "...", "…", "-", "–", "—", ":", ";")) or _DANGLING.search(text):
        return UNFINISHED
    return FINISHED if text.endswith((".", "?", "!")) else OPEN_ENDED


def confidence(silence: float, text: str) -> float:
    """Confidence, 0 to 0.999, that a turn saying `text` is over after `silence` seconds."""
    return min(_CERTAIN, 1 - math.exp(-max(silence, 0.0) / patience(text)))


def earliest(threshold: float) -> float:
    """Seconds of silence before which no words whatever reach `threshold`."""
    if threshold > _CERTAIN:
        return math.inf
    return -FINISHED * math.log(1 - threshold)
