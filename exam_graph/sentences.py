"""Sentences of what the examiner says, and where a voice that was stopped goes on."""

import dataclasses
import re

from exam_graph.utterance import Utterance

_END = re.compile(r"(?<=[.!?…])\s+")


def sentences(text: str) -> list[str]:
    """The sentences of a text, none of them empty; joined by spaces they are the text again."""
    return _END.split(text.strip())


def from_sentence(utterance: Utterance, heard_ms: int, total_ms: int) -> Utterance:
    """The utterance from the start of the sentence in which it was stopped.

    Whole, if it is not known how long it would have been, or if its written and its spoken form
    do not have the same sentences.
    """
    shown, said = sentences(utterance.text), sentences(utterance.say)
    if total_ms <= 0 or len(shown) != len(said):
        return utterance
    heard = len(utterance.say) * min(1.0, heard_ms / total_ms)
    start, number = 0, 0
    # Speech has an even pace: so much of the time is so much of the letters.
    while number + 1 < len(said) and start + len(said[number]) + 1 <= heard:
        start += len(said[number]) + 1
        number += 1
    return dataclasses.replace(
        utterance, text=" ".join(shown[number:]), say=" ".join(said[number:])
    )
