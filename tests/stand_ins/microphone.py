"""The microphone of a Chromium in a test: a WAV file, with a new sentence in it for each answer.

Before and after the sentence it gives the faint noise of a room: digital silence would be the sign
of a broken one.

    microphone = Microphone(folder / "microphone.wav", voice)
    browser = await chromium.launch(args=[*microphone.flags, …])
    await microphone.say("It makes energy.", page)

Chromium reads the file each time a page opens the device. The page opens it again by its own
button for a microphone that was unplugged, so nothing in page or browser is stood in for.
"""

import wave
from pathlib import Path

import numpy as np
from playwright.async_api import Page

from robot_student.voice import RATE, Voice

#: The room is heard for so long before a sentence, in seconds: the device takes a moment to open.
BREATH_S = 0.3
#: And for so long after it: longer than any wait for the next one.
ROOM_S = 120.0
#: Standard deviation of its noise in 16-bit steps, before Chromium suppresses most of it.
ROOM_NOISE = 60.0


class Microphone:
    """Hears one sentence each time it is opened, then the room. `voice` has prepared them all."""

    def __init__(self, file: Path, voice: Voice) -> None:
        self._file = file
        self._voice = voice
        noise = np.random.default_rng(seed=7).normal(0.0, ROOM_NOISE, round(ROOM_S * RATE))
        self._room = noise.astype(np.int16)
        self.load()

    @property
    def flags(self) -> tuple[str, ...]:
        """What tells Chromium to use it."""
        return (
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={self._file}%noloop",
        )

    def load(self, text: str | None = None) -> None:
        """What is heard when a page opens the microphone the next time; None is the room alone."""
        breath = self._room[: round(BREATH_S * RATE)]
        spoken = breath if text is None else self._voice.say(text)
        samples = np.concatenate([breath, spoken, self._room]).astype("<i2")
        whole = self._file.with_suffix(".new")
        with wave.open(str(whole), "wb") as audio:
            audio.setnchannels(1)
            audio.setsampwidth(2)
            audio.setframerate(RATE)
            audio.writeframes(samples.tobytes())
        whole.replace(self._file)

    async def say(self, text: str, page: Page) -> None:
        """Begins to speak into a page that has opened the microphone before."""
        self.load(text)
        await page.evaluate("document.getElementById('mic-recover').click()")
