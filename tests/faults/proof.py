"""What has to be true of a record when an exam is over, whatever happened in it."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from records.engine import sqlite_file


def lost(record: Mapping[str, Any], answers: Mapping[str, str]) -> int:
    """How many answers are not there to the letter, once, under their question."""
    kept = {each["question_id"]: each["text"] for each in record["answers"]}
    return sum(kept.get(question) != said for question, said in answers.items())


def whole(record: Mapping[str, Any], answers: Mapping[str, str]) -> None:
    """The exam is finished: no turn is missing, no question skipped, none in another order."""
    assert record["sitting"]["status"] == "finished"
    numbers = [turn["number"] for turn in record["turns"]]
    assert numbers == list(range(len(numbers)))
    assert [each["question_id"] for each in record["answers"]] == list(answers)
    assert {each["status"] for each in record["answers"]} == {"answered"}
    heard = [
        each["question_id"]
        for turn in record["turns"]
        for each in turn["utterances"]
        if each["kind"] == "question" and each["whole"]
    ]
    assert list(dict.fromkeys(heard)) == list(answers), "each was heard to its end, in this order"


def unforked(database_url: str, sitting: str) -> None:
    """The checkpoints are one chain: each follows another one, and no two the same."""
    parents = _parents(database_url, sitting)
    assert parents, "there are checkpoints"
    assert [each for each, count in Counter(parents.values()).items() if count > 1] == []
    assert len([each for each in parents.values() if each is None]) == 1
    assert {each for each in parents.values() if each is not None} <= parents.keys()


def _parents(database_url: str, sitting: str) -> dict[str, str | None]:
    """The checkpoint before each one."""
    query = "SELECT checkpoint_id, parent_checkpoint_id FROM checkpoints WHERE thread_id = {}"
    if file := sqlite_file(make_url(database_url)):
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return dict(database.execute(query.format("?"), (sitting,)).fetchall())
    with psycopg.connect(database_url) as connection:
        return dict(connection.execute(query.format("%s"), (sitting,)).fetchall())
