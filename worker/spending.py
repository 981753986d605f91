"""What an exam costs: seconds heard, characters spoken, tokens asked for; noted as it goes.

Counted is what providers were really sent, by the framework's own figures: speech that was made
once and kept costs nothing the next time. A call to the model that was broken off has no count.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any, Literal

from livekit.agents import stt, tts
from livekit.agents.metrics import STTMetrics, TTSMetrics

from records.errors import RecordsError
from records.marking import Cost
from records.prices import LOCAL, price, provider_at
from records.recordings import RecordingStore
from records.store import Records

logger = logging.getLogger(__name__)

#: In seconds: an examiner that dies takes no more than this with it.
EVERY_S = 60.0

Unit = Literal["input_tokens", "output_tokens", "stt_seconds", "tts_characters"]


class Spending:
    """Of one examiner, told by its fence."""

    def __init__(self, fence: int) -> None:
        self._fence = fence
        self._counted: Counter[tuple[Unit, str, str]] = Counter()

    def add(self, unit: Unit, origin: str, model: str, quantity: float) -> None:
        """`origin`: the address of who served it."""
        if quantity > 0:
            key = (unit, provider_at(origin), model)
            self._counted[key] += quantity  # type: ignore[assignment]

    def follow_recogniser(self, recogniser: stt.STT[Any], origin: str) -> None:
        def count(measured: STTMetrics) -> None:
            self.add("stt_seconds", origin, recogniser.model, measured.audio_duration)

        recogniser.on("metrics_collected", count)

    def follow_voice(self, voice: tts.TTS[Any], origin: str) -> None:
        def count(measured: TTSMetrics) -> None:
            self.add("tts_characters", origin, voice.model, measured.characters_count)

        voice.on("metrics_collected", count)

    def tokens(self, origin: str, model: str) -> Callable[[int, int], None]:
        """To be told of each call's tokens, in and out."""

        def count(asked: int, written: int) -> None:
            self.add("input_tokens", origin, model, asked)
            self.add("output_tokens", origin, model, written)

        return count

    def costs(self, on: date) -> list[Cost]:
        """All until now, at the prices of that day."""
        return [self._cost(*key, quantity, on) for key, quantity in self._counted.items()]

    def _cost(self, unit: Unit, provider: str, model: str, quantity: float, on: date) -> Cost:
        listed = None if provider == LOCAL else price(provider, model, unit, on)
        return Cost(
            key=f"exam:{self._fence}:{unit}:{provider}:{model}"[:190],
            part="exam",
            unit=unit,
            provider=provider,
            model=model[:128],
            quantity=round(float(quantity), 3),
            price=listed.price if listed else None,
            currency=listed.currency if listed else None,
            prices_of=listed.prices_of if listed else None,
        )


@contextlib.asynccontextmanager
async def noted_spending(
    records: Records, sitting_id: str, fence: int, *, every_s: float = EVERY_S
) -> AsyncIterator[Spending]:
    """Noted every minute and at the end. What cannot be noted is lost, and stops nothing."""
    spending = Spending(fence)

    async def note_now_and_then() -> None:
        while True:
            await asyncio.sleep(every_s)
            await _note(records, sitting_id, spending)

    noting = asyncio.create_task(note_now_and_then())
    try:
        yield spending
    finally:
        noting.cancel()
        await asyncio.gather(noting, return_exceptions=True)
        await _note(records, sitting_id, spending)


async def _note(records: Records, sitting_id: str, spending: Spending) -> None:
    try:
        if costs := spending.costs(datetime.now(UTC).date()):
            await RecordingStore(records.engine).note_costs(sitting_id, costs)
    except RecordsError as error:
        logger.warning("what sitting %s costs is not noted: %s", sitting_id, error)
