"""The figures and files of a cohort come out of Postgres as they do out of SQLite."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.school import EXAM, School, build
from records.cohort import Cohort, read_cohort
from records.cohort_queries import fingerprint
from records.engine import open_engine, reading
from records.export_results import read_results
from records.exporting import export

pytestmark = pytest.mark.live

NOW = datetime(2026, 3, 3, tzinfo=UTC)


async def figures(url: str) -> tuple[Cohort, str, bytes]:
    build(url, School(sittings=60, questions=3, turns=6))
    engine = open_engine(url)
    async with reading(engine) as connection:
        cohort = await read_cohort(connection, EXAM, NOW)
        prints = await fingerprint(connection, EXAM)
    pages = read_results(lambda: reading(engine), EXAM)
    file = b"".join([piece async for piece in export(pages, EXAM, "csv")])
    await engine.dispose()
    return cohort, prints.figures, file


def rounded(cohort: Cohort) -> Cohort:
    """Sums are added up in another order."""
    return replace(
        cohort,
        questions=[
            replace(
                each,
                share=round(each.share or 0, 9),
                discrimination=round(each.discrimination or 0, 9),
            )
            for each in cohort.questions
        ],
    )


async def test_both_databases_tell_the_same(postgres_url: str, tmp_path: Path) -> None:
    ours, prints, file = await figures(postgres_url)
    theirs, other_prints, other_file = await figures(f"sqlite:///{tmp_path / 'voxam.db'}")
    assert rounded(ours) == rounded(theirs)
    assert ours.waits.count == 360 and len(ours.questions) == 3
    assert prints == other_prints
    assert file == other_file
