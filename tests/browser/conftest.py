"""A real Chromium with a voice as its microphone, and the built page."""

import math
import shutil
import subprocess
import wave
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
DESKTOP = (1280, 860)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
)
# Machines under load are slow; what is right comes sooner or later.
EXPECT_MS = 15_000
expect.set_options(timeout=EXPECT_MS)
ALLOW_MICROPHONE = "--use-fake-ui-for-media-stream"


@pytest.fixture(scope="session")
def web_dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as `npm run build` makes it, in a folder of this run."""
    if not (WEB / "node_modules").is_dir():
        pytest.fail("web/node_modules is missing: run `make setup`", pytrace=False)
    folder = tmp_path_factory.mktemp("web") / "dist"
    command = ["npm", "run", "build", "--", "--outDir", str(folder)]
    built = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        pytest.fail(built.stdout + built.stderr, pytrace=False)
    return folder


@pytest.fixture(scope="session")
def voice_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of syllables made of harmonics, which Chromium plays in a loop as the microphone."""
    rate = 48_000
    samples = array("h")
    for n in range(rate):
        syllable = max(0.0, math.sin(2 * math.pi * 4 * n / rate))
        harmonics = (math.sin(2 * math.pi * 140 * h * n / rate) / h for h in range(1, 6))
        samples.append(int(9000 * syllable * sum(harmonics)))
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers() -> AsyncIterator[Any]:
    async with async_playwright() as playwright:
        yield playwright.chromium


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(browsers: Any, voice_wav: Path) -> AsyncIterator[Browser]:
    """Allows the microphone by itself, and plays sound only after a click, as for a person."""
    args = [*FLAGS, ALLOW_MICROPHONE, f"--use-file-for-fake-audio-capture={voice_wav}"]
    browser = await browsers.launch(executable_path=CHROMIUM, args=args)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A fresh window on a desktop; what the page's policy forbids fails the test."""
    width, height = DESKTOP
    context = await chromium.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    opened = await context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
    yield opened
    await context.close()
    bad = [text for text in complaints if "Content Security" in text or "uncaught" in text]
    assert bad == []
