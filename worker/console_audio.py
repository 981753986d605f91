"""An exam aloud in a terminal: this machine's microphone and speakers, and no room."""

import os
import sys
import warnings

from livekit.agents import AgentServer, AgentSession, cli

from records.dispatch import Dispatch
from worker.conversation import Conversation
from worker.examiner import Examiner
from worker.turn_end import TurnEnd
from worker.voice import Voice

#: The framework's console job comes without metadata; its dispatch goes by the environment.
CONSOLE_DISPATCH = "VOXAM_CONSOLE_DISPATCH"


class NoSoundError(Exception):
    """This machine has no sound for us; the message says what to do."""


def run_console(server: AgentServer, sitting_id: str) -> None:
    """Runs the framework's console until the exam is over or Ctrl-C. Raises NoSoundError."""
    _check_sound()
    os.environ[CONSOLE_DISPATCH] = Dispatch(session_id=sitting_id).encode()
    sys.argv = ["worker", "console"]
    with warnings.catch_warnings():
        # The framework wants its console started by its own CLI, which is no Python package.
        warnings.simplefilter("ignore", DeprecationWarning)
        cli.run_app(server)


async def hold_in_console(
    examiner: Examiner, session: AgentSession[None], turn_end: TurnEnd, voice: Voice
) -> None:
    """The console job: begins at once, for whoever started it is there."""
    await session.start(voice, session_host=False, record=False)
    voice.attach()
    conversation = Conversation(examiner, voice, turn_end)
    conversation.student_ready()
    await conversation.hold()
    await session.aclose()


def _check_sound() -> None:
    advice = "or type instead of speaking: --text."
    try:
        import sounddevice
    except OSError as error:
        raise NoSoundError(
            f"Sound needs the PortAudio library (Debian: libportaudio2, macOS: portaudio), {advice}"
        ) from error
    for kind in ("input", "output"):
        try:
            sounddevice.query_devices(kind=kind)
        except (ValueError, sounddevice.PortAudioError) as error:
            raise NoSoundError(
                f"This machine has no sound {kind} device. Add one, {advice}"
            ) from error
