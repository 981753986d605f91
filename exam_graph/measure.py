"""Units of measure as they are written and said, and how they convert into each other.

Names come from CLDR (unicode.org/cldr) by Babel, so "metres", "Meter" and "m" are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from babel.units import format_unit

from exam_graph.language import language_data

# CLDR name, symbol, dimension, how many of the dimension's own unit. Temperatures do not convert:
# their zero differs.
_UNITS = (
    ("length-meter", "m", "length", 1.0),
    ("length-inch", "in", "length", 0.0254),
    ("mass-gram", "g", "mass", 1.0),
    ("mass-tonne", "t", "mass", 1e6),
    ("duration-second", "s", "time", 1.0),
    ("duration-minute", "min", "time", 60.0),
    ("duration-hour", "h", "time", 3600.0),
    ("duration-day", "d", "time", 86400.0),
    ("electric-ampere", "A", "current", 1.0),
    ("electric-volt", "V", "voltage", 1.0),
    ("electric-ohm", "Ω", "resistance", 1.0),
    ("power-watt", "W", "power", 1.0),
    ("energy-joule", "J", "energy", 1.0),
    ("energy-calorie", "cal", "energy", 4.184),
    ("energy-electronvolt", "eV", "energy", 1.602176634e-19),
    ("force-newton", "N", "force", 1.0),
    ("pressure-pascal", "Pa", "pressure", 1.0),
    ("pressure-bar", "bar", "pressure", 1e5),
    ("frequency-hertz", "Hz", "frequency", 1.0),
    ("temperature-kelvin", "K", "kelvin", 1.0),
    ("temperature-celsius", "°C", "celsius", 1.0),
    ("volume-liter", "l", "volume", 1.0),
    ("concentr-mole", "mol", "amount", 1.0),
    ("digital-byte", "B", "byte", 1.0),
    ("digital-bit", "bit", "bit", 1.0),
    ("concentr-percent", "%", "percent", 1.0),
    ("angle-degree", "°", "degree", 1.0),
    ("angle-radian", "rad", "radian", 1.0),
)
_PREFIXES = {"k": 3, "M": 6, "G": 9, "T": 12, "m": -3, "µ": -6, "μ": -6, "n": -9, "p": -12}
_PREFIXES |= {"c": -2, "d": -1, "h": 2}
_LOCALES = {"en": ("en", "en_GB")}
_MORE_SYMBOLS = {"ohm": "Ω", "L": "l", "sec": "s", "hr": "h", "kmh": "km/h", "F": "F", "C": "C"}
_OWN_DIMENSION = ("F", "C", "T", "H", "Wh")
_POWERS = {"2": 2, "3": 3, "-1": -1, "-2": -2, "-3": -3}


@dataclass(frozen=True)
class Measure:
    """factor: how many of the plain units; dimensions: with their powers, in order"""

    factor: float = 1.0
    dimensions: tuple[tuple[str, int], ...] = ()

    def times(self, other: "Measure", power: int = 1) -> "Measure":
        powers = dict(self.dimensions)
        for name, each in other.dimensions:
            powers[name] = powers.get(name, 0) + each * power
        kept = tuple(sorted((name, each) for name, each in powers.items() if each))
        return Measure(self.factor * other.factor**power, kept)


def convert(value: float, said: Measure, wanted: Measure) -> float | None:
    """The value in the wanted unit; None if the two measure different things."""
    if said.dimensions != wanted.dimensions:
        return None
    # Rounded so that 1500 mm are 1.5 m, and not 1.5000000000000002.
    return float(f"{value * said.factor / wanted.factor:.12g}")


def measure_at(tokens: Sequence[str], start: int, language: str) -> tuple[Measure, int] | None:
    """The unit that the tokens name from `start`, and where it ends; None if there is none."""
    units = language_data(language).units
    whole, position, found = Measure(), start, start
    sign = power = 1
    while position < len(tokens):
        word = tokens[position].casefold()
        if found > start and (word in units.per or tokens[position] == "/"):
            sign, position = -1, position + 1
            continue
        if word in ("*", "·"):
            position += 1
            continue
        if word in units.square or word in units.cubic:
            power, position = 2 if word in units.square else 3, position + 1
            continue
        named = _named(tokens, position, language)
        if named is None:
            break
        each, position = named
        after, position = _power_after(tokens, position, language)
        whole = whole.times(each, sign * power * after)
        # Only the first one after "per" is divided by: newton metres per second.
        sign = power = 1
        found = position
    return (whole, found) if found > start else None


def _power_after(tokens: Sequence[str], position: int, language: str) -> tuple[int, int]:
    numbers, units = language_data(language).numbers, language_data(language).units
    rest = [token.casefold() for token in tokens[position : position + 3]]
    if rest[:1] == ["^"]:
        minus = rest[1:2] == ["-"]
        digits = rest[2:3] if minus else rest[1:2]
        if digits and digits[0] in ("1", "2", "3"):
            return (-1 if minus else 1) * int(digits[0]), position + 2 + minus
    for words, power in ((numbers.squared, 2), (numbers.cubed, 3)):
        for skipped in (0, 1, 2):
            # German says "Sekunde zum Quadrat", "Sekunde im Quadrat".
            between = all(word in units.joins for word in rest[:skipped])
            if between and rest[skipped : skipped + 1] and rest[skipped] in words:
                return power, position + skipped + 1
    return 1, position


def _named(tokens: Sequence[str], position: int, language: str) -> tuple[Measure, int] | None:
    """One unit by name or symbol; names may be of two words ("degrees Celsius")."""
    names = _names(language)
    for length in (2, 1):
        name = " ".join(tokens[position : position + length]).casefold()
        if len(tokens) >= position + length and name in names:
            return names[name], position + length
    symbol = _symbol(tokens[position])
    return (symbol, position + 1) if symbol else None


@cache
def _symbols() -> dict[str, Measure]:
    plain = {
        symbol: Measure(factor, (("length", 3),) if dimension == "volume" else ((dimension, 1),))
        for _, symbol, dimension, factor in _UNITS
    }
    plain["l"] = Measure(1e-3, (("length", 3),))
    plain |= {symbol: Measure(1.0, ((symbol, 1),)) for symbol in _OWN_DIMENSION}
    plain["Wh"] = Measure(3600.0, (("energy", 1),))
    plain |= {more: plain[symbol] for more, symbol in _MORE_SYMBOLS.items() if symbol in plain}
    prefixed = {
        prefix + symbol: Measure(10.0**power, ()).times(unit)
        for (prefix, power), (symbol, unit) in product(_PREFIXES.items(), plain.items())
        if symbol not in ("min", "h", "d", "%", "°", "°C", "in", "t")
    }
    return {**prefixed, **plain, "kmh": prefixed["km"].times(plain["h"], -1)}


def _symbol(token: str) -> Measure | None:
    return _symbols().get(token)


@cache
def _names(language: str) -> dict[str, Measure]:
    """Every name of a unit, with and without a prefix, in lower case."""
    units = language_data(language).units
    names: dict[str, Measure] = {}
    for cldr, symbol, _, _ in _UNITS:
        for locale, count in product(_LOCALES.get(language, (language,)), (1, 2)):
            said = format_unit(count, cldr, "long", locale=locale).replace("\xa0", " ")
            names[said.split(" ", 1)[1].casefold()] = _symbols()[symbol]
    names |= {name: _symbols()[symbol] for name, symbol in units.names.items()}
    prefixed = {
        prefix + name: Measure(10.0 ** int(power), ()).times(unit)
        for (prefix, power), (name, unit) in product(units.prefixes.items(), names.items())
        if " " not in name
    }
    more = {
        before + name: unit.times(unit, power - 1)
        for before, power in (
            *((one, 2) for one in units.square),
            *((one, 3) for one in units.cubic),
        )
        for name, unit in {**names, **prefixed}.items()
    }
    return {**more, **prefixed, **names}
