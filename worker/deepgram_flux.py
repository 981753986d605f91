"""Deepgram's Flux as its plugin speaks to it, and every message of Flux's told to who watches."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from livekit.agents import APIConnectOptions, stt
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from livekit.plugins import deepgram
from livekit.plugins.deepgram.stt_v2 import SpeechStreamv2

logger = logging.getLogger(__name__)

OnMessage = Callable[[stt.RecognizeStream, dict[str, Any]], None]


class WatchedRecogniser(Protocol):
    """A recogniser whose messages can be watched; `fallback`: another one to try in its place."""

    on_message: OnMessage
    fallback: "WatchedRecogniser | None"

    def stream(self, *, conn_options: APIConnectOptions = ...) -> stt.RecognizeStream: ...


def _nobody(_: stt.RecognizeStream, __: dict[str, Any]) -> None:
    """Nobody watches."""


class DeepgramFlux(deepgram.STTv2):
    """The plugin tells what a student said. It does not tell that a connection stands, or that
    Flux is at work while nobody speaks, and it swallows Flux's errors."""

    def __init__(self, *, fallback: "DeepgramFlux | None" = None, **options: Any) -> None:
        """`options` are the plugin's."""
        super().__init__(**options)
        self.fallback: WatchedRecogniser | None = fallback
        self._second = fallback
        self.on_message: OnMessage = _nobody

    def update_options(self, **options: Any) -> None:
        """Configure, of both: either may be listening, now or later."""
        super().update_options(**options)
        if self._second is not None:
            self._second.update_options(**options)

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SpeechStreamv2:
        stream = _Stream(
            stt=self,
            conn_options=conn_options,
            opts=self._opts,
            api_key=self._api_key,
            http_session=self._ensure_session(),
            base_url=self._opts.endpoint_url,
        )
        self._streams.add(stream)
        return stream


class _Stream(SpeechStreamv2):
    def _process_stream_event(self, data: dict[str, Any]) -> None:
        recogniser = self._stt
        assert isinstance(recogniser, DeepgramFlux)
        if data.get("type") != "Error":
            super()._process_stream_event(data)
        recogniser.on_message(self, data)
