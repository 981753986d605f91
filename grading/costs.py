"""What the calls of a grading cost: each that was answered, once, whatever came of it."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Literal

from grading.reply import Reply
from records.errors import PricesUnreadable
from records.marking import Cost
from records.prices import Price, price

logger = logging.getLogger(__name__)

_UNITS: tuple[Literal["input_tokens", "output_tokens"], ...] = ("input_tokens", "output_tokens")


def costs_of(replies: Mapping[str, Reply], *, version: int, provider: str, on: date) -> list[Cost]:
    """In the order of their keys. A call that broke off has no count, and is not in it."""
    found = []
    for key, reply in sorted(replies.items()):
        for unit in _UNITS:
            if not (quantity := reply[unit]):
                continue
            listed = _listed(provider, reply["model"], unit, on)
            found.append(
                Cost(
                    key=f"grading:{version}:{key}:{unit.partition('_')[0]}",
                    part="grading",
                    unit=unit,
                    provider=provider,
                    model=reply["model"],
                    quantity=float(quantity),
                    price=listed.price if listed else None,
                    currency=listed.currency if listed else None,
                    prices_of=listed.prices_of if listed else None,
                )
            )
    return found


def _listed(provider: str, model: str, unit: str, on: date) -> Price | None:
    """None without a list that can be read: marks do not wait for it."""
    try:
        return price(provider, model, unit, on)
    except PricesUnreadable as error:
        logger.error("a cost has no price: %s", error)
        return None
