"""Makes a child end when the process that started it dies, however it dies (Linux only).

Also a program: `python death.py SIGNAL PARENT COMMAND…` asks the kernel for that signal and becomes
COMMAND. A program and not subprocess's `preexec_fn`, which may deadlock where there are threads.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def dying_with_parent(command: Sequence[str], number: signal.Signals) -> list[str]:
    """`command` such that it gets signal `number` when the thread that starts it ends.

    Elsewhere than on Linux the command as it is: there a launcher that is killed leaves its parts.
    """
    if sys.platform != "linux":
        return list(command)
    # -I -S: needs nothing but the standard library, and starts in a moment
    return [sys.executable, "-I", "-S", __file__, str(int(number)), str(os.getpid()), *command]


def _become(number: int, parent: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before the line above
        return
    os.execvp(command[0], command)  # noqa: S606 -- our own doors


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
