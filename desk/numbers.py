"""Whole numbers out of addresses and forms, where anybody may have written anything."""

#: What every database can keep and compare.
_MOST = 2**31 - 1
_DIGITS = len(str(_MOST))


def whole(text: str) -> int | None:
    """None for what is no such number, or larger than any that we give out."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        return None
    number = int(text)
    return number if number <= _MOST else None
