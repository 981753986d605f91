"""What is open while the desk runs, for every request."""

from typing import TypedDict

from desk.held import Held
from desk.settings import Settings
from desk.throttle import Throttle
from records.desk_store import DeskStore
from records.sound_files import SoundFiles


class State(TypedDict):
    settings: Settings
    store: DeskStore
    files: SoundFiles | None
    throttle: Throttle
    held: Held
