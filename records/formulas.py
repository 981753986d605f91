"""Text that a spreadsheet would run as a formula, and how to keep it from that."""

import re
from typing import Any

#: OWASP, CSV injection; also where blanks stand before it, and the wide forms of East Asia.
_FORMULA = re.compile(r"^[\s\0]*[=+\-@\t\r＝＋－＠]")


def defused(value: Any) -> Any:
    """With an apostrophe before it, which spreadsheets take for “this is text”."""
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
