"""What the calls of a grading cost."""

from datetime import date
from pathlib import Path

import pytest

from grading.costs import costs_of
from grading.reply import not_written, written

pytestmark = pytest.mark.unit

MODEL = "openai/gpt-oss-20b"
DAY = date(2026, 11, 27)


def test_each_answered_call_is_paid_once_whatever_it_said() -> None:
    replies = {
        "q:r:1:1:0:aa": written(MODEL, "{}", 1000, 200, 1),
        "q:r:1:2:0:bb": written(MODEL, "", 500, 0, 1),
        "q:r:1:1:1:cc": not_written("failed", MODEL, 1, "RateLimitError 429"),
    }
    found = costs_of(replies, version=3, provider="groq", on=DAY)
    assert [(cost.key, cost.quantity) for cost in found] == [
        ("grading:3:q:r:1:1:0:aa:input", 1000),
        ("grading:3:q:r:1:1:0:aa:output", 200),
        ("grading:3:q:r:1:2:0:bb:input", 500),
    ]
    assert {cost.part for cost in found} == {"grading"}
    assert all(cost.price and cost.currency == "USD" and cost.prices_of for cost in found)


def test_without_a_price_the_quantity_is_kept() -> None:
    replies = {"k": written("unheard/of", "{}", 10, 0, 1)}
    [cost] = costs_of(replies, version=1, provider="groq", on=DAY)
    assert (cost.quantity, cost.price, cost.currency) == (10, None, None)


def test_a_price_list_that_cannot_be_read_stops_no_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRICES_FILE", str(tmp_path / "none.yaml"))
    [cost] = costs_of({"k": written(MODEL, "{}", 10, 0, 1)}, version=1, provider="groq", on=DAY)
    assert (cost.quantity, cost.price) == (10, None)
