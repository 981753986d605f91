"""Puts papers into the record, from which sittings are made: whole and valid, or not at all."""

from collections.abc import Iterable
from pathlib import Path

from exam_graph.loading import PaperError, Problem, load
from records.store import Records


async def publish(files: Iterable[Path], records: Records) -> tuple[list[str], list[Problem]]:
    """Publishes each valid paper. The ids published, and what is wrong with the others.

    A paper that is broken now leaves what was published of it before untouched.
    """
    published: list[str] = []
    problems: list[Problem] = []
    for file in files:
        try:
            paper = load(file)
        except PaperError as error:
            problems.extend(error.problems)
            continue
        await records.publish_paper(paper.id, paper.to_dict(), paper.content_hash)
        published.append(paper.id)
    return published, problems
