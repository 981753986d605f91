"""Digits as the words one says for them: what Flux writes unless `numerals` is asked for."""

import re

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_TENS_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = _SMALL.split()
_TENS = _TENS_NAMES.split()
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


def spelled(text: str) -> str:
    """`text` with its numbers in words: 42 is "forty two", 9.81 "nine point eight one"."""
    return _NUMBER.sub(lambda found: _words(found.group().replace(",", "")), text)


def _words(number: str) -> str:
    whole, _, decimals = number.partition(".")
    if len(whole) > 6:
        return " ".join(_UNITS[int(digit)] for digit in whole)
    said = _integer(int(whole))
    if decimals:
        said += " point " + " ".join(_UNITS[int(digit)] for digit in decimals)
    return said


def _integer(number: int) -> str:
    if number < 20:
        return _UNITS[number]
    if number < 100:
        return " ".join(filter(None, (_TENS[number // 10 - 2], _rest(number % 10))))
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    return " ".join(filter(None, (_integer(number // size), name, _rest(number % size))))


def _rest(number: int) -> str:
    return _integer(number) if number else ""
