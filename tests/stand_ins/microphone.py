"""The microphone of a Chromium in a test: a WAV file, with a new sentence in it for each answer.

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

#: Silence before and after a sentence, in seconds: the device takes a moment to open.
BREATH_S = 0.3


class Microphone:
    """Hears one sentence each time it is opened, then silence. `voice` has prepared them all."""

    def __init__(self, file: Path, voice: Voice) -> None:
        self._file = file
        self._voice = voice
        self.load()

    @property
    def flags(self) -> tuple[str, ...]:
        """What tells Chromium to use it."""
        return (
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={self._file}%noloop",
        )

    def load(self, text: str | None = None) -> None:
        """What is heard when a page opens the microphone the next time; None is silence."""
        silence = np.zeros(round(BREATH_S * RATE), np.int16)
        spoken = silence if text is None else self._voice.say(text)
        samples = np.concatenate([silence, spoken, silence]).astype("<i2")
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
