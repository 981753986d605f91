"""What a check has found, in words for an operator."""

from dataclasses import dataclass
from typing import Literal

#: `open`: could not be told from here, or is not used.
Status = Literal["ok", "failed", "open"]


@dataclass(frozen=True)
class Finding:
    """`mend` says what to do about it, where something is to be done."""

    name: str
    status: Status
    text: str
    mend: str = ""


def ok(name: str, text: str) -> Finding:
    return Finding(name, "ok", text)


def failed(name: str, text: str, mend: str) -> Finding:
    return Finding(name, "failed", text, mend)


def unchecked(name: str, text: str, mend: str = "") -> Finding:
    return Finding(name, "open", text, mend)
