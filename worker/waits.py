"""How long students wait for a reply, told from the session's own events."""

from collections.abc import Callable

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    SpeechCreatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)

from exam_graph.clock import Clock


def report_waits(
    session: AgentSession[None], clock: Clock, report: Callable[[float], None]
) -> None:
    """From each end of a turn to the first frame of what is said to it, in seconds.

    What is said without a turn (a check-in, a button's answer) is no reply to one.
    """
    waits = _Waits(clock, report)
    session.on("user_input_transcribed", waits.on_words)
    session.on("user_state_changed", waits.on_user)
    session.on("speech_created", waits.on_speech)
    session.on("agent_state_changed", waits.on_agent)


class _Waits:
    def __init__(self, clock: Clock, report: Callable[[float], None]) -> None:
        self._clock = clock
        self._report = report
        self._since: float | None = None

    def on_words(self, event: UserInputTranscribedEvent) -> None:
        if event.is_final:
            self._since = self._clock.now()

    def on_user(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self._since = None

    def on_speech(self, event: SpeechCreatedEvent) -> None:
        if event.source == "say":
            self._since = None

    def on_agent(self, event: AgentStateChangedEvent) -> None:
        if event.new_state == "speaking" and self._since is not None:
            self._report(self._clock.now() - self._since)
            self._since = None
