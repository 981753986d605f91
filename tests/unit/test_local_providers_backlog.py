"""The backlog of a stream: its order, its bound, and how far it can see."""

import asyncio
import math

import numpy as np
import pytest

from local_providers.backlog import MOST, Backlog, Frame
from local_providers.recording import FRAME_SECONDS

pytestmark = pytest.mark.unit


def frame(speech: bool) -> Frame:
    return Frame(np.zeros(1, np.float32), speech)


async def filled(pattern: str) -> Backlog:
    """A backlog of frames: v for voice, . for silence, ! for a message."""
    backlog = Backlog()
    for sign in pattern:
        await backlog.put("{}" if sign == "!" else frame(sign == "v"))
    return backlog


async def test_items_come_out_in_order() -> None:
    backlog = Backlog()
    items: list[Frame | str] = [frame(True), "one", frame(False), "two"]
    for item in items:
        await backlog.put(item)
    assert [await backlog.get() for _ in items] == items


async def test_a_reader_waits_for_an_item() -> None:
    backlog = Backlog()
    getting = asyncio.create_task(backlog.get())
    await asyncio.sleep(0)
    await backlog.put("late")
    assert await getting == "late"


async def test_a_writer_waits_when_there_is_too_much() -> None:
    backlog = Backlog()
    for _ in range(MOST - 1):
        await backlog.put("x")
    writing = asyncio.create_task(backlog.put("last"))
    await asyncio.sleep(0)
    assert not writing.done()
    await backlog.get()
    await writing


@pytest.mark.parametrize(
    ("pattern", "frames"),
    [
        ("", math.inf),
        ("....", math.inf),
        (".vv.", math.inf),
        ("..vvv", 5),
        ("vvv", 3),
        (".vv.vvvv", 7),
        ("..!vvv", math.inf),
        ("." * 80 + "vvv", math.inf),
    ],
)
async def test_voice_ahead_is_seen(pattern: str, frames: float) -> None:
    assert (await filled(pattern)).voice_returns_in() == pytest.approx(frames * FRAME_SECONDS)
