"""A record on SQLite, for the tests that want one of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from records.migrate import migrate
from records.store import Records


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file; there is nothing in it, or not even that, before `url` was asked for."""
    return tmp_path / "voxam.db"


@pytest.fixture
def url(database: Path) -> str:
    """The address of an empty, migrated database."""
    url = f"sqlite:///{database}"
    migrate(url)
    return url


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    """With one paper, `cells`."""
    records = await Records.open(url)
    await records.publish_paper("cells", {"title": "Cells"}, "hash")
    yield records
    await records.close()
