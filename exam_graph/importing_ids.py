"""Ids out of names."""

import re
import unicodedata
from collections.abc import Sequence

LENGTH = 64
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "ae", "Ö": "oe", "Ü": "ue"}
)


def slug(text: str) -> str:
    """An id out of a name, with room for a number; "" where nothing of it can be in one."""
    composed = unicodedata.normalize("NFC", text).translate(_GERMAN)
    plain = unicodedata.normalize("NFKD", composed).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LENGTH - 6].strip("-")


def numbered(names: Sequence[str], what: str) -> list[str]:
    """An id for each, all different: its first words, or else `what` and a number."""
    taken: set[str] = set()
    ids = []
    for number, name in enumerate(names, start=1):
        short = "-".join(slug(name).split("-")[:4])
        each = short if short and short not in taken else f"{what}-{number}"
        while each in taken:
            each += "-b"
        taken.add(each)
        ids.append(each)
    return ids
