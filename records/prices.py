"""What providers ask for their work: a dated list, `prices.yaml` or the file of PRICES_FILE."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.errors import PricesUnreadable

#: Who serves on this machine asks for nothing, and is in no list.
LOCAL = "local"
_KNOWN = {"deepgram.com": "deepgram", "groq.com": "groq"}
_HERE = ("localhost", "127.0.0.1", "::1", "")


@dataclass(frozen=True)
class Price:
    """Of one unit, in `currency`; `prices_of`: the date of the list."""

    price: float
    currency: str
    prices_of: str


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    model: str
    unit: str
    price: float = Field(ge=0)
    per: float = Field(default=1, gt=0)
    since: date = Field(alias="from")


class _List(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    prices_of: date
    currency: str = Field(pattern="^[A-Z]{3}$")
    prices: list[_Entry]


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore")

    prices_file: Path | None = None


def price(provider: str, model: str, unit: str, on: date | None = None) -> Price | None:
    """What held on that day (today), by the newest entry; None where the list has none.

    Raises PricesUnreadable.
    """
    listed = _read(_Settings().prices_file)
    day = on or datetime.now(UTC).date()
    found = [
        each
        for each in listed.prices
        if each.provider == provider
        and each.unit == unit
        and each.since <= day
        and fnmatchcase(model, each.model)
    ]
    if not found:
        return None
    newest = max(found, key=lambda each: each.since)
    return Price(newest.price / newest.per, listed.currency, listed.prices_of.isoformat())


def provider_at(origin: str) -> str:
    """The name of who serves at this address: "deepgram", "groq", "local", or its host."""
    host = urlsplit(origin).hostname or ""
    if host in _HERE or host.startswith("127."):
        return LOCAL
    for domain, name in _KNOWN.items():
        if host == domain or host.endswith(f".{domain}"):
            return name
    return host[:64]


@cache
def _read(file: Path | None) -> _List:
    try:
        source = file or files("records").joinpath("prices.yaml")
        return _List.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as error:
        where = (
            f" {'.'.join(map(str, error.errors()[0]['loc']))}"
            if isinstance(error, ValidationError)
            else ""
        )
        name = file or "prices.yaml"
        raise PricesUnreadable(f"The price list {name} cannot be read{where}.") from error
