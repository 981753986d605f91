"""The school of these tests: its database is made once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.security.school import School, make_database, serving

Serve = Callable[..., AbstractContextManager[School]]


@pytest.fixture(scope="session")
def school_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_database(tmp_path_factory.mktemp("school"))


@pytest.fixture
def serve(school_database: Path, tmp_path: Path) -> Serve:
    """Serves with other settings than usual."""
    return partial(serving, school_database, tmp_path)


@pytest.fixture
def school(serve: Serve) -> Iterator[School]:
    with serve() as school:
        yield school
