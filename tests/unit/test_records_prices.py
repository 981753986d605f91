"""Prices by provider, model, unit and day."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from records import prices
from records.errors import PricesUnreadable
from records.prices import price, provider_at

pytestmark = pytest.mark.unit

LIST = """
prices_of: 2026-03-01
currency: EUR
prices:
  - provider: deepgram
    model: aura-2-*
    unit: tts_characters
    price: 30
    per: 1000
    from: 2026-01-01
  - provider: deepgram
    model: aura-2-*
    unit: tts_characters
    price: 40
    per: 1000
    from: 2026-02-01
"""


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    prices._read.cache_clear()
    yield
    prices._read.cache_clear()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "prices.yaml"
    file.write_text(LIST)
    monkeypatch.setenv("PRICES_FILE", str(file))
    return file


def test_the_newest_price_of_the_day_holds(own: Path) -> None:
    def of(day: date, model: str = "aura-2-orion-en") -> float | None:
        found = price("deepgram", model, "tts_characters", day)
        return found.price if found else None

    assert of(date(2025, 12, 31)) is None
    assert of(date(2026, 1, 31)) == pytest.approx(0.030)
    assert of(date(2026, 2, 1)) == pytest.approx(0.040)
    assert of(date(2026, 2, 1), "aura-1") is None
    assert price("deepgram", "aura-2-orion-en", "stt_seconds", date(2026, 2, 1)) is None


def test_the_list_is_named_by_its_date(own: Path) -> None:
    found = price("deepgram", "aura-2-orion-en", "tts_characters", date(2026, 2, 1))
    assert found is not None
    assert (found.currency, found.prices_of) == ("EUR", "2026-03-01")


def test_the_list_that_comes_along_has_what_is_used_by_default() -> None:
    for provider, model, unit in (
        ("deepgram", "flux-general-en", "stt_seconds"),
        ("deepgram", "aura-2-orion-en", "tts_characters"),
        ("groq", "openai/gpt-oss-20b", "input_tokens"),
        ("groq", "openai/gpt-oss-120b", "output_tokens"),
    ):
        found = price(provider, model, unit)
        assert found is not None and 0 < found.price < 0.01, model


@pytest.mark.parametrize("text", ["", "prices: 3", LIST.replace("price: 30", "price: -1"), "a: ["])
def test_a_list_that_does_not_read_is_told(own: Path, text: str) -> None:
    own.write_text(text)
    with pytest.raises(PricesUnreadable):
        price("deepgram", "aura-2-orion-en", "tts_characters")


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("https://api.deepgram.com", "deepgram"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("http://127.0.0.1:8600", "local"),
        ("http://localhost:8600", "local"),
        ("https://speech.school.example", "speech.school.example"),
        ("https://notdeepgram.com", "notdeepgram.com"),
    ],
)
def test_who_serves_is_told_by_the_address(origin: str, name: str) -> None:
    assert provider_at(origin) == name
