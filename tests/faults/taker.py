"""`python -m tests.faults.taker LINK`: a typing student in a process of its own, to be stopped.

Writes a line of JSON for all that it sees, and for each answer.
"""

import asyncio
import json
import sys

from tests.faults.house import ANSWERS
from tests.faults.page import Page
from tests.faults.student import Student


async def _take(link: str) -> None:
    async with Page(link) as page:
        telling = asyncio.create_task(_tell(page))
        await Student(page, ANSWERS).farewell(600)
        await asyncio.sleep(0)
        telling.cancel()


async def _tell(page: Page) -> None:
    told = 0
    while True:
        for each in page.seen[told:]:
            seen = {"kind": each.kind, "name": each.name, "value": each.value}
            print(json.dumps(seen), flush=True)
        told = len(page.seen)
        await page.until(lambda told=told: len(page.seen) > told, 3600)  # type: ignore[misc]


if __name__ == "__main__":
    asyncio.run(_take(sys.argv[1]))
