"""What an exam costs, by what providers were sent, and noted so that a crash loses little."""

import asyncio
import json
from datetime import date

import pytest
from livekit.agents import APIConnectOptions
from typer.testing import CliRunner

from records.__main__ import app
from records.errors import RecordsUnavailable
from records.recordings import RecordingStore
from records.store import Records
from tests.stand_ins.speech import SilentVoice
from worker.spending import Spending, noted_spending

pytestmark = pytest.mark.unit

DEEPGRAM = "https://api.deepgram.com"
GROQ = "https://api.groq.com/openai/v1"
DAY = date(2026, 11, 27)


async def opened(records: Records) -> str:
    sitting, _ = await records.open_sitting(
        user_id="ada", exam_id="cells", consent={}, profile={}, invitation=None
    )
    return sitting.id


def test_each_unit_of_each_model_is_counted_apart() -> None:
    spending = Spending(3)
    count = spending.tokens(GROQ, "openai/gpt-oss-20b")
    count(1000, 200)
    count(500, 0)
    spending.add("stt_seconds", DEEPGRAM, "flux-general-en", 60.0)
    asked, written, heard = spending.costs(DAY)
    assert (asked.key, asked.quantity) == ("exam:3:input_tokens:groq:openai/gpt-oss-20b", 1500)
    assert (written.quantity, heard.quantity) == (200, 60)
    assert asked.price == pytest.approx(0.075e-6)
    assert heard.price is not None and heard.price * 60 == pytest.approx(0.0065)
    assert (heard.currency, heard.prices_of) == ("USD", "2026-11-27")


def test_what_is_served_here_has_no_price() -> None:
    spending = Spending(1)
    spending.add("stt_seconds", "http://127.0.0.1:8600", "flux-general-en", 60.0)
    (cost,) = spending.costs(DAY)
    assert (cost.provider, cost.price, cost.quantity) == ("local", None, 60)


async def test_a_voice_is_counted_by_what_it_was_asked_to_say() -> None:
    voice, spending = SilentVoice(), Spending(1)
    spending.follow_voice(voice, DEEPGRAM)
    async with voice.synthesize("Why?", conn_options=APIConnectOptions(max_retry=0)) as stream:
        async for _ in stream:
            pass
    (cost,) = spending.costs(DAY)
    assert (cost.unit, cost.quantity) == ("tts_characters", 4)


async def test_it_is_noted_as_it_goes_and_never_twice(
    records: Records, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = await opened(records)
    noted = asyncio.Event()
    note_costs = RecordingStore.note_costs

    async def note(store: RecordingStore, *given: object) -> None:
        await note_costs(store, *given)  # type: ignore[arg-type]
        noted.set()

    monkeypatch.setattr(RecordingStore, "note_costs", note)
    async with noted_spending(records, sitting, 1, every_s=0.01) as spending:
        spending.add("stt_seconds", DEEPGRAM, "flux-general-en", 60.0)
        for _ in range(3):
            noted.clear()
            await asyncio.wait_for(noted.wait(), 5)
        spending.add("stt_seconds", DEEPGRAM, "flux-general-en", 60.0)
    async with noted_spending(records, sitting, 2) as spending:
        spending.add("tts_characters", DEEPGRAM, "aura-2-orion-en", 1000)
        spending.add("tts_characters", "http://localhost:8600", "aura-2-orion-en", 7)
    monkeypatch.setenv("DATABASE_URL", url)
    door = CliRunner().invoke
    told = json.loads((await asyncio.to_thread(door, app, ["costs", "latest", "--json"])).output)
    assert {(row["unit"], row["quantity"]) for row in told["costs"]} == {
        ("stt_seconds", 120.0),
        ("tts_characters", 1000.0),
        ("tts_characters", 7.0),
    }
    assert told["total"] == {"USD": pytest.approx(2 * 0.0065 + 0.030)}
    assert told["without_price"] == 1
    words = (await asyncio.to_thread(door, app, ["costs", "--exam", "cells"])).output
    assert "In all: 0.0430 USD" in words
    assert (await asyncio.to_thread(door, app, ["costs"])).exit_code == 1


async def test_a_record_that_fails_stops_nothing(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = await opened(records)

    async def refuse(*_: object) -> None:
        raise RecordsUnavailable("The database is away.")

    monkeypatch.setattr(RecordingStore, "note_costs", refuse)
    async with noted_spending(records, sitting, 1, every_s=0.001) as spending:
        spending.add("stt_seconds", DEEPGRAM, "flux-general-en", 60.0)
        await asyncio.sleep(0.02)
