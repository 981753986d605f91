"""What a student who waits for an examiner is told."""

from dataclasses import replace

from records.notice import Notice

ON_THE_WAY = Notice("examiner_on_the_way", "info", "The examiner is on the way.")
FAILED = Notice(
    "examiner_failed",
    "warning",
    "The examiner’s connection failed. Another one is coming; "
    "your answers are kept, and the clock stands.",
)
MISSING = Notice(
    "examiner_missing",
    "error",
    "No examiner could come so far. The clock stands, and nothing of yours is lost. "
    "We go on looking for one; you can also try again, or come back later by the same link.",
)


def over(notice: Notice) -> Notice:
    """What takes `notice` off the page: the same code without a text."""
    return replace(notice, text="")
