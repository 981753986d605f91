"""What a student types, made fit to be kept: bounded, and text only."""

import unicodedata

from worker.protocol import LONGEST_TYPED


def typed_answer(text: str) -> tuple[str, bool]:
    """The answer, and whether it was too long and has lost its end."""
    kept = "".join(each for each in text if each in "\n\t" or unicodedata.category(each) != "Cc")
    answer = kept.strip()
    return answer[:LONGEST_TYPED].rstrip(), len(answer) > LONGEST_TYPED
