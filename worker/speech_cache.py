"""The examiner's speech, ready before it is needed: in memory what comes next, the rest on disk."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from livekit import rtc
from livekit.agents import APIConnectOptions, APIError, tts
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from worker import failures
from worker.speech_store import SpeechStore

logger = logging.getLogger(__name__)

RATE = 48_000
_BYTES = 2
#: The output takes 50 ms at a time: the first frame is one of these, and copies are few.
FRAME_S = 0.1
#: Deepgram takes so many characters in one request
#: (developers.deepgram.com/docs/text-to-speech).
MAX_CHARS = 2000
#: What may come for some time is made so far apart, in seconds: the machine has other work.
APART_S = 0.5
#: So many times as much is held in memory if the disk does not take it.
WITHOUT_DISK = 8
_ATTEMPTS = 3

Synthesise = Callable[[str], Awaitable[bytes]]


class SpeechCache:
    """One voice at one speed, for one exam. `run` it as a task; `prepare` gives it work.

    Holds authored words only: nothing of a student's is looked up or kept here.
    """

    def __init__(self, store: SpeechStore, synthesise: Synthesise, *, memory_mb: int = 3) -> None:
        """`memory_mb`, half a minute of speech: what is likeliest next is there a millisecond
        earlier. Of what the disk does not take there may be more."""
        self._store = store
        self._synthesise = synthesise
        self._memory: dict[str, bytes] = {}
        self._limit = memory_mb * 2**20
        self._size = 0
        self._wanted: OrderedDict[str, None] = OrderedDict()
        self._later: OrderedDict[str, None] = OrderedDict()
        self._work = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    def get(self, text: str) -> bytes | None:
        """The speech of these words, from memory or from disk (about a millisecond)."""
        pcm = self._memory.get(text)
        return self._store.read(text) if pcm is None else pcm

    def put(self, text: str, pcm: bytes) -> None:
        """The speech of these words, whole."""
        self._store.write(text, pcm)
        self._remember(text, pcm)

    def prepare(self, texts: Iterable[str], *, may_come: Iterable[str] = ()) -> None:
        """Has these ready next, in this order, and forgets what was to be ready before; `may_come`
        for some time."""
        texts = list(texts)
        for text in [each for each in self._memory if each not in texts and self._store.has(each)]:
            self._size -= len(self._memory.pop(text))
        self._wanted = OrderedDict.fromkeys(each for each in texts if each not in self._memory)
        self._later.update(OrderedDict.fromkeys(may_come))
        self._work.set()

    @contextlib.contextmanager
    def streaming(self) -> Iterator[None]:
        """While something is synthesised that is waited for, nothing is ahead of it."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    async def run(self) -> None:
        """Until cancelled, one text after the other. One that cannot be synthesised is streamed
        when its time comes."""
        while True:
            await self._free.wait()
            if self._wanted:
                text = self._wanted.popitem(last=False)[0]
                pcm = await self._found_or_made(text)
                if pcm is not None:
                    self._remember(text, pcm)
            elif self._later:
                text = self._later.popitem(last=False)[0]
                if not self._store.has(text):
                    await self._made(text)
                    await asyncio.sleep(APART_S)
            else:
                self._work.clear()
                await self._work.wait()

    async def _found_or_made(self, text: str) -> bytes | None:
        pcm = await asyncio.to_thread(self._store.read, text)
        return await self._made(text) if pcm is None else pcm

    async def _made(self, text: str) -> bytes | None:
        if not text.strip() or len(text) > MAX_CHARS:
            return None
        with self._store.claimed(text) as ours:
            if not ours:
                # Another exam is at it, and this one looks again when it is needed.
                return None
            try:
                pcm = await self._tried(text)
            except (APIError, TimeoutError) as error:
                failures.note("tts", failures.kind_of(error))
                logger.warning("speech could not be made ahead: %s", type(error).__name__)
                return None
            if pcm:
                await asyncio.to_thread(self._store.write, text, pcm)
            return pcm or None

    async def _tried(self, text: str) -> bytes:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((APIError, TimeoutError)),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=0.5, max=4),
            reraise=True,
        ):
            with attempt:
                return await self._synthesise(text)
        raise AssertionError("tenacity returns or raises")

    def _remember(self, text: str, pcm: bytes) -> None:
        limit = self._limit if self._store.has(text) else self._limit * WITHOUT_DISK
        if text not in self._memory and self._size + len(pcm) <= limit:
            self._memory[text] = pcm
            self._size += len(pcm)


def frames(pcm: bytes) -> Iterator[rtc.AudioFrame]:
    """The speech as frames for the track."""
    step = round(RATE * FRAME_S) * _BYTES
    for start in range(0, len(pcm), step):
        piece = pcm[start : start + step]
        yield rtc.AudioFrame(piece, RATE, 1, len(piece) // _BYTES)


def synthesiser(voice: tts.TTS[Any], *, timeout_s: float = 10.0) -> Synthesise:
    """Speaks a whole text with one request."""
    options = APIConnectOptions(max_retry=0, timeout=timeout_s)

    async def synthesise(text: str) -> bytes:
        pieces = []
        async with voice.synthesize(text, conn_options=options) as stream:
            async for audio in stream:
                pieces.append(bytes(audio.frame.data))
        return b"".join(pieces)

    return synthesise
