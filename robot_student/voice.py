"""The robot's voice: Deepgram's speak API over HTTP, synthesised ahead and trimmed.

https://developers.deepgram.com/docs/text-to-speech: POST /v1/speak {"text"} answers raw linear16.
"""

import asyncio
from collections.abc import Callable, Iterable

import httpx
import numpy as np
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from robot_student.errors import VoiceError
from robot_student.hearing import Samples, trim
from robot_student.settings import SpeechSettings

RATE = 48_000
AT_ONCE = 2
DEFAULT_MODEL = "aura-2-thalia-en"

Progress = Callable[[int, int], None]
"""Called with how many texts are ready, and how many there are."""


class _BusyError(Exception):
    """An answer that may be better the next time."""


class Voice:
    """Speaks texts as 48 kHz mono; each is synthesised once and kept.

    One Voice may serve many robots.
    """

    def __init__(
        self,
        settings: SpeechSettings,
        *,
        model: str = DEFAULT_MODEL,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._model = model
        self._transport = transport
        self._spoken: dict[str, Samples] = {}

    async def prepare(self, texts: Iterable[str], progress: Progress | None = None) -> None:
        """Synthesise what is not there yet. Raises VoiceError."""
        wanted = [text for text in dict.fromkeys(texts) if text not in self._spoken]
        places = asyncio.Semaphore(AT_ONCE)
        ready = 0

        async def one(client: httpx.AsyncClient, text: str) -> None:
            nonlocal ready
            async with places:
                self._spoken[text] = await self._synthesise(client, text)
            ready += 1
            if progress:
                progress(ready, len(wanted))

        async with self._client() as client:
            tasks = [asyncio.ensure_future(one(client, text)) for text in wanted]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()

    def say(self, text: str) -> Samples:
        """The samples of a text that was prepared."""
        return self._spoken[text]

    def _client(self) -> httpx.AsyncClient:
        key = self._settings.api_key
        return httpx.AsyncClient(
            base_url=self._settings.origin,
            headers={"Authorization": f"Token {key.get_secret_value()}"} if key else {},
            params={
                "model": self._model,
                "encoding": "linear16",
                "sample_rate": str(RATE),
                "container": "none",
            },
            timeout=30,
            transport=self._transport,
        )

    async def _synthesise(self, client: httpx.AsyncClient, text: str) -> Samples:
        where = self._settings.origin
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((httpx.TransportError, _BusyError)),
                stop=stop_after_attempt(4),
                wait=wait_random_exponential(multiplier=0.5, max=3),
                reraise=True,
            ):
                with attempt:
                    answer = await client.post("/v1/speak", json={"text": text})
                    if answer.status_code == 429 or answer.status_code >= 500:
                        raise _BusyError(f"answered {answer.status_code}")
        except httpx.TransportError as error:
            raise VoiceError(
                f"The speech service at {where} cannot be reached ({type(error).__name__}). "
                "Start the local providers or set DEEPGRAM_BASE_URL."
            ) from error
        except _BusyError as error:
            raise VoiceError(f"The speech service at {where} {error} four times.") from error
        if answer.status_code != 200:
            raise VoiceError(
                f"The speech service at {where} answered {answer.status_code} "
                f"for the voice {self._model}: {answer.text[:200]}"
            )
        speech = trim(np.frombuffer(answer.content[: len(answer.content) // 2 * 2], "<i2"), RATE)
        if not len(speech):
            raise VoiceError(f"The speech service at {where} gave silence for a text to speak.")
        return speech
