"""The rehearsal before job processes are forked: an exam on the real record, and nothing left."""

import threading
from pathlib import Path

import pytest

from worker.rehearsal import rehearse
from worker.warmup import make

pytestmark = pytest.mark.flow


def test_nothing_of_it_is_left_that_a_fork_must_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/else.db")
    monkeypatch.setenv("GROQ_API_KEY", "never-used")
    before = set(threading.enumerate())
    rehearse(make())
    assert set(threading.enumerate()) <= before
    assert list(tmp_path.iterdir()) == []
