"""Finished sittings in a record, to be marked."""

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from exam_graph.paper import Paper
from records.migrate import migrate
from records.model import AnswerRecord, UtteranceRecord
from records.store import Records
from tests.graders.material import PAPER, turn

FULL = "It produces ATP by cellular respiration, I would say."
HALF = "It produces ATP."
#: Three open answers of the same kind are marked by nine calls of three graders.
OPEN = {
    **PAPER,
    "questions": [
        {**PAPER["questions"][0], "id": name, "ask": f"The {name}: how does it serve the cell?"}
        for name in ("first", "second", "third")
    ],
}


def migrated(folder: Path) -> str:
    url = f"sqlite:///{folder / 'voxam.db'}"
    migrate(url)
    return url


async def hold(records: Records, user: str, said: Mapping[str, str], content: object = OPEN) -> str:
    """Answers each question with these words, and closes; the sitting's id."""
    paper = Paper.from_dict(content)  # type: ignore[arg-type]
    await records.publish_paper("cells", paper.to_dict(), paper.content_hash)
    sitting, _ = await records.open_sitting(
        user_id=user,
        exam_id="cells",
        consent={"recording": False, "text_version": "1"},
        profile={},
        invitation=None,
    )
    lease = await records.claim(sitting.id, "test")
    for number, (question_id, words) in enumerate(said.items()):
        answered = AnswerRecord(question_id, number, "answered")
        asks = UtteranceRecord(0, "question", "…", "…", True, question_id)
        last = number == len(said) - 1
        fields = {
            "text": words,
            "utterances": [asks],
            "answers": [answered],
            "status": "finished" if last else None,
        }
        await records.commit_turn(sitting.id, lease.fence, turn(number, question_id, fields))
    return sitting.id


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """Of an SQLite database, read beside all that goes on."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]
    finally:
        engine.dispose()
