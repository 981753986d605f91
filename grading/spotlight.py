"""Marks what comes from a student as data, word by word, before a model reads it.

Known as datamarking (Hines et al. 2024, "Defending Against Indirect Prompt Injection Attacks With
Spotlighting"): in place of each space stands a sign that the prompt speaks of. Words that no
detector knows for an order do not look like one either.
"""

SIGN = "▁"
_LOOKALIKES = str.maketrans(dict.fromkeys("▁＿", " "))


def marked(text: str) -> str:
    """The text with the sign for each space; of its own it has none left."""
    words = text.translate(_LOOKALIKES).split()
    return SIGN + SIGN.join(words) + SIGN if words else ""


def plain(quoted: str) -> str:
    """What a model copied out of marked text, without the signs."""
    return " ".join(quoted.replace(SIGN, " ").split())
