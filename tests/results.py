"""Students' links to their results, on a database of tests/desk.py."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from records.desk_store import DeskStore
from records.invitations import sign
from records.store import Records
from tests.desk import SECRET


def on_desk(database: Path, work: Callable[[DeskStore], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        store = await DeskStore.open(f"sqlite:///{database}")
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def invite(
    database: Path,
    user: str,
    exam: str = "cells",
    *,
    secret: str = SECRET,
    days: float = 1,
    revoked: bool = False,
) -> str:
    """The token of a link; one of negative days has expired."""
    expires_at = datetime.now(UTC) + timedelta(days=days)

    async def create() -> str:
        records = await Records.open(f"sqlite:///{database}")
        made = await records.create_invitation(
            user_id=user, exam_id=exam, profile={}, attempts=1, expires_at=expires_at
        )
        if revoked:
            await records.revoke_invitation(made.jti)
        await records.close()
        return made.jti

    return sign(asyncio.run(create()), expires_at, secret)


class StudentAtResult:
    """A student's browser: keeps the cookie, and sends the token of the last page it saw."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.csrf = ""

    def enter(self, token: object) -> Any:
        """As the page's script does."""
        self.client.cookies.clear()
        return self.client.post("/result/session", json={"invitation": token})

    def get(self, path: str = "/result/view") -> Any:
        return self._kept(self.client.get(path))

    def appeal(self, sitting_id: str, text: str, question: str = "", **fields: str) -> Any:
        path = f"/result/view/{sitting_id}/appeals"
        data = {"csrf": self.csrf, "question": question, "text": text} | fields
        return self._kept(self.client.post(path, data=data))

    def _kept(self, answer: Any) -> Any:
        if found := re.search(r'name="csrf" value="([^"]+)"', answer.text):
            self.csrf = found[1]
        return answer
