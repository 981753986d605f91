"""Units of measurement: how the symbol after a number is spoken, from the CLDR data in Babel.

CLDR gives for each unit a symbol ("{0} km/h") and a name ("{0} kilometers per hour"); here the
symbol is looked up and the name answered. Symbols of the other languages count too: "ml" is
understood where CLDR writes "mL". What CLDR lacks stands in aloud.yaml.
"""

from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from babel import localedata

from exam_graph.paper import Language

# SI units that a prefix may stand before where CLDR has no unit of its own: kΩ, mT, μmol.
_PREFIXED = (
    *("length-meter", "mass-gram", "mass-dalton", "duration-second", "volume-liter"),
    *("electric-ampere", "electric-volt", "electric-ohm", "concentr-mole", "energy-joule"),
    *("energy-electronvolt", "energy-calorie", "force-newton", "frequency-hertz"),
    *("power-watt", "pressure-pascal", "pressure-bar", "digital-bit"),
)
_PREFIXES = ("p-12", "p-9", "p-6", "p-3", "p-2", "p-1", "p2", "p3", "p6", "p9", "p12")


@dataclass(frozen=True)
class Unit:
    """Its name for one and for several, and after "per": all without the number."""

    one: str
    many: str
    per: str


class Units:
    """The units of one language.

    symbols: CLDR units by symbol, before all others; "" is none
    extra: names for one and several, by symbol, of units that CLDR lacks
    no_units: symbols that are rather ordinary words
    """

    def __init__(
        self,
        language: str,
        symbols: Mapping[str, str],
        extra: Mapping[str, Sequence[str]],
        no_units: Collection[str],
    ) -> None:
        per = _cldr(language)["compound_unit_patterns"]["per"]["long"]["compound"]
        self._per = per = per.replace("{0}", "").replace("{1}", "").strip()
        named: dict[str, Unit] = {}
        for unit_id, patterns in _patterns(language).items():
            if unit := _unit(patterns, per):
                named[unit_id] = unit
        self._by_symbol = {
            symbol: named[unit_id]
            for symbol, unit_id in {**_symbols(language), **symbols}.items()
            if unit_id in named and symbol not in no_units
        }
        more = {symbol: Unit(one, many, f"{per} {one}") for symbol, (one, many) in extra.items()}
        bases = {symbol: named[unit_id] for symbol, unit_id in _bases() if unit_id in named}
        for prefix, prefixed in _prefixes(language):
            for symbol, base in {**bases, **more}.items():
                if prefix + symbol not in no_units:
                    self._by_symbol.setdefault(prefix + symbol, _with_prefix(prefixed, base, per))
        self._by_symbol.update(more)

    def get(self, symbol: str, *, combined: bool = True) -> Unit | None:
        """The unit of "km" or "m/s²", and combined of two "kg/m³"; None if that is none."""
        symbol = symbol.replace("µ", "μ").replace("Ω", "Ω").replace("·", "⋅")
        if unit := self._by_symbol.get(symbol):
            return unit
        above, slash, below = symbol.partition("/")
        upper, lower = self._by_symbol.get(above), self._by_symbol.get(below)
        if not (combined and slash) or upper is None or lower is None:
            return None
        return Unit(f"{upper.one} {lower.per}", f"{upper.many} {lower.per}", f"{self._per} {above}")


def _unit(patterns: Any, per: str) -> Unit | None:
    long = patterns.get("long") or {}
    many = _without_number(long.get("other", ""))
    one = _without_number(long.get("one", "")) or many
    if not many:
        return None
    return Unit(one, many, _without_number(long.get("per", "")) or f"{per} {one}")


def _with_prefix(prefix: str, base: Unit, per: str) -> Unit:
    one, many = (prefix.format(name.lower()) for name in (base.one, base.many))
    return Unit(one, many, f"{per} {one}")


def _without_number(pattern: str) -> str:
    return pattern.replace("{0}", "").replace("\xa0", " ").strip()


def _symbols(language: str) -> dict[str, str]:
    """Symbol → unit: of this language, its short forms first, then of the others."""
    found: dict[str, str] = {}
    for each in (language, *(other for other in get_args(Language) if other != language)):
        for width in ("short", "narrow"):
            for unit_id, patterns in _patterns(each).items():
                for symbol in _written(patterns.get(width) or {}):
                    found.setdefault(symbol, unit_id)
    return found


def _written(patterns: Mapping[str, str]) -> Iterator[str]:
    for number, pattern in patterns.items():
        symbol = _without_number(pattern)
        if number != "per" and symbol and " " not in symbol:
            yield symbol


def _bases() -> Iterator[tuple[str, str]]:
    for language in get_args(Language):
        for unit_id in _PREFIXED:
            patterns = _patterns(language)[unit_id]
            for width in ("short", "narrow"):
                for symbol in _written(patterns.get(width) or {}):
                    yield symbol, unit_id


def _prefixes(language: str) -> Iterator[tuple[str, str]]:
    """Symbol and name of the SI prefixes: "k" and "kilo{0}"."""
    compounds = _cldr(language)["compound_unit_patterns"]
    for power in _PREFIXES:
        patterns = compounds[f"10{power}"]
        yield patterns["short"]["prefix"].replace("{0}", ""), patterns["long"]["prefix"]


def _patterns(language: str) -> Mapping[str, Any]:
    patterns: Mapping[str, Any] = _cldr(language)["unit_patterns"]
    return patterns


@cache
def _cldr(language: str) -> Mapping[str, Any]:
    data: MutableMapping[Any, Any] = localedata.load(language)
    return localedata.LocaleDataDict(data)
