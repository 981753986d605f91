"""A whole exam in text, through a pseudo-terminal as a developer would hold it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.processes import ROOT

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

PAPERS = Path(__file__).parent / "papers"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/voxam.db",
        "SPEECH_CACHE_DIR": f"{tmp_path}/speech",
        "PAPERS_DIR": str(PAPERS),
        "TERM": "dumb",
        "COLUMNS": "200",
    }
    for door in (["records", "migrate"], ["worker", "publish"]):
        subprocess.run(
            [sys.executable, "-m", *door],
            cwd=ROOT,
            env=os.environ | given,
            check=True,
            capture_output=True,
        )
    return given


@pytest.fixture
def terminal(env: dict[str, str]) -> Iterator["pexpect.spawn[str]"]:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "worker", "console", "--exam", "three", "--text"],
        cwd=ROOT,
        env=os.environ | env,
        encoding="utf-8",
        timeout=60,
        echo=False,
        dimensions=(50, 200),
    )
    yield child
    child.close(force=True)


def _record(env: dict[str, str], sitting: str) -> dict[str, Any]:
    shown = subprocess.run(
        [sys.executable, "-m", "records", "show", sitting, "--json"],
        cwd=ROOT,
        env=os.environ | env,
        check=True,
        capture_output=True,
    )
    record: dict[str, Any] = json.loads(shown.stdout)
    return record


def test_a_whole_exam_in_a_terminal(env: dict[str, str], terminal: "pexpect.spawn[str]") -> None:
    dialogue = [
        ("say a few words", "yes I can hear you"),
        ("What did you read last week", "a book about the sea"),
        ("muscle cell need so many mitochondria", "how much time is left"),
        ("You have 8 minutes left", "could you repeat that please"),
        ("muscle cell need so many mitochondria", "because muscles do hard work"),
        ("What do the mitochondria give the muscle", "I don't know"),
        ("Which gas do green plants need", "/skip"),
        ("What is the sum of the angles of a triangle", "/end"),
        ("Please say yes or no", "no"),
        ("What is the sum of the angles of a triangle", "one hundred and eighty"),
        ("Would you like to answer", "no thank you"),
    ]
    for heard, typed in dialogue:
        terminal.expect_exact(heard)
        terminal.sendline(typed)
    terminal.expect_exact("The exam is over")
    terminal.expect(r"records show ([0-9a-f]{32})")
    match = terminal.match
    assert isinstance(match, re.Match)
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0
    record = _record(env, match[1])
    assert record["sitting"]["status"] == "finished"
    assert [(answer["question_id"], answer["status"]) for answer in record["answers"]] == [
        ("cell", "answered"),
        ("gas", "skipped"),
        ("angles", "answered"),
    ]


def test_leaving_is_not_ending(env: dict[str, str], terminal: "pexpect.spawn[str]") -> None:
    terminal.expect_exact("say a few words")
    terminal.sendeof()
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 1


def test_an_unknown_exam_is_named_with_those_there_are(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "worker", "console", "--exam", "nothing", "--text"],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "No exam 'nothing' is published" in done.stderr
    assert "three" in done.stderr
