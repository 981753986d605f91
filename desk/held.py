"""What waits for a teacher's word between two pages: a list that was looked at, a paper, links.

In memory, for half an hour, for the teacher who made it: nothing of it is worth keeping longer.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

_SECONDS = 30 * 60
#: All teachers together; the oldest makes room.
_MOST = 100


class Held:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[str, tuple[float, str, str, Any]] = OrderedDict()

    def put(self, teacher_id: str, what: str, value: Any) -> str:
        """`what`: which kind of thing, so that none is taken for another. Returns its token."""
        token = secrets.token_urlsafe(24)
        self._kept[token] = (self._now() + _SECONDS, teacher_id, what, value)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return token

    def see(self, token: str, teacher_id: str, what: str) -> Any:
        """None where it is gone, too old, or another's."""
        until, owner, kind, value = self._kept.get(token, (0.0, "", "", None))
        return value if (owner, kind) == (teacher_id, what) and self._now() < until else None

    def take(self, token: str, teacher_id: str, what: str) -> Any:
        """As `see`; afterwards it is gone."""
        value = self.see(token, teacher_id, what)
        if value is not None:
            del self._kept[token]
        return value
