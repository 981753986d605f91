"""For a process under libfaketime 0.9.10, which refuses `time.sleep`.

Python sleeps until a time of the monotonic clock; libfaketime moves that as if it were the time of
day, though it was told to leave the monotonic clock alone. Waiting for a lock it leaves alone.
"""

import threading
import time
from typing import Any


def _sleep(seconds: Any, /) -> None:
    threading.Event().wait(seconds)


time.sleep = _sleep
