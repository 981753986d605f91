"""The phrase book: the fixed sentences of one language, never the same wording twice running."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml
from babel import Locale
from babel.lists import format_list


@dataclass(frozen=True)
class Phrasebook:
    """`wordings` by a phrase's name; `units`: singular and plural by a unit's name."""

    language: str
    wordings: Mapping[str, tuple[str, ...]]
    units: Mapping[str, tuple[str, str]]

    def phrase(self, name: str, last: int | None, **values: str) -> tuple[str, int]:
        """The next wording of `name` after wording number `last`, filled in, and its number.

        `KeyError` if there is no such phrase: a mistake in code, not in data.
        """
        wordings = self.wordings[name]
        number = 0 if last is None else (last + 1) % len(wordings)
        return wordings[number].format(**values), number

    def amount(self, unit: str, n: int) -> str:
        """`n` of a unit in words: "one minute", "5 minutes"."""
        one, many = self.units[unit]
        return one if n == 1 else many.format(n=n)

    def either(self, choices: Sequence[str]) -> str:
        """The choices as one would say them: "A, B or C"."""
        return format_list(choices, style="or", locale=self.language)

    @property
    def language_name(self) -> str:
        """The language's own name for itself."""
        return str(Locale(self.language).get_display_name(self.language)).capitalize()

    def duration(self, ms: int) -> str:
        """A time left in words: minutes, rounded up, from one minute on; below that seconds."""
        if ms < 60_000:
            return self.amount("second", max(0, round(ms / 1000)))
        return self.amount("minute", -(-ms // 60_000))


@cache
def phrasebook(language: str) -> Phrasebook:
    """The phrase book of a language; `FileNotFoundError` if Voxam has none for it."""
    source = resources.files("exam_graph") / "phrases" / f"{language}.yaml"
    data = yaml.safe_load(source.read_text(encoding="utf-8"))
    units = {unit: (one, many) for unit, (one, many) in data.pop("units").items()}
    wordings = {name: tuple(lines) for name, lines in data.items()}
    return Phrasebook(language, wordings, units)
