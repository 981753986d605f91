"""Graders that are killed (kill -9): `python -m tests.graders.killed SITTING:MOMENT …`.

MOMENT: "told": when a line comes in on stdin; "finish", "forget": right before the marks are
stored, and right after. Each grader is a process of its own, forked after all was imported.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from grading.addressing import addresses
from grading.asking import Models
from grading.marking import Marking
from grading.service import Service
from grading.settings import Settings
from records.grading_store import GradingStore


def main() -> None:
    # What takes long the first time.
    addresses("So it is.", "en")
    Models(Settings())
    for each in sys.argv[1:]:
        sitting_id, _, moment = each.partition(":")
        if (grader := os.fork()) == 0:
            _grade(sitting_id, moment)
        if moment == "told":
            print(sitting_id, "begins", flush=True)
            sys.stdin.readline()
            # Not waited for yet, so that the number is nobody else's.
            os.kill(grader, signal.SIGKILL)
        _, status = os.waitpid(grader, 0)
        print(sitting_id, "killed" if os.WIFSIGNALED(status) else "ended", flush=True)


def _grade(sitting_id: str, moment: str) -> None:
    try:
        if moment != "told":
            _die_at(moment)
        asyncio.run(_work(sitting_id))
    finally:
        os._exit(0)


async def _work(sitting_id: str) -> None:
    settings = Settings()
    store = await GradingStore.open(settings.database_url)
    async with Models(settings) as models:
        marking = Marking(store, settings, models)
        await Service(store, settings, marking, only=sitting_id).work_off()


def _die_at(moment: str) -> None:
    finish = GradingStore.finish

    async def dying(*arguments: Any, **named: Any) -> None:
        if moment == "forget":
            await finish(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    GradingStore.finish = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
