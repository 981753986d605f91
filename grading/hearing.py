"""What one grader has said of one answer so far, and what it is to be asked next.

A function of the replies alone: whoever takes a grading over comes to the same calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from grading.call import Call, points_of, repair
from grading.flags import GRADER_FAILED
from grading.opinion import Opinion, Refused, read_opinion
from grading.reply import Reply
from grading.sheet import Sheet


@dataclass(frozen=True)
class Ask:
    """This is to be asked now."""

    call: Call


@dataclass(frozen=True)
class Later:
    """It could not be asked this time."""

    until: float


@dataclass(frozen=True)
class Given:
    """An opinion that holds; `attempts`: 2 with its repair."""

    opinion: Opinion
    attempts: int


@dataclass(frozen=True)
class Dropped:
    """It has no opinion that can be used."""

    flag: str
    why: str
    attempts: int


Heard = Ask | Later | Given | Dropped


@dataclass(frozen=True)
class Now:
    """`replies`: by the key of the call; `tried`: which try of the grading this is; `last`: after
    it, what could not be asked is not waited for any more."""

    replies: Mapping[str, Reply]
    tried: int
    last: bool


def hear(sheet: Sheet, call: Call, now: Now) -> Heard:
    """`call`: the first of the grader in this round."""
    read = _read(sheet, call, now)
    if not isinstance(read, Refused):
        return read
    again = repair(call, read.problems)
    second = _read(sheet, again, now)
    if isinstance(second, Refused):
        return Dropped(second.flag, " ".join(second.problems), again.attempt)
    return second


def _read(sheet: Sheet, call: Call, now: Now) -> Ask | Later | Given | Dropped | Refused:
    reply = now.replies.get(call.key)
    if reply is None or (reply["state"] == "failed" and reply["tried"] < now.tried):
        return Ask(call)
    if reply["state"] == "failed" and not now.last:
        return Later(reply["until"])
    if reply["state"] != "written":
        return Dropped(GRADER_FAILED, reply["why"], call.attempt)
    said = sheet.said if call.variant == "whole" else sheet.remaining
    read = read_opinion(reply["content"], points_of(sheet.question), said, sheet.language)
    return Given(read, call.attempt) if isinstance(read, Opinion) else read
