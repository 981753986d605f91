"""Which questions a sitting gets, in which order: a function of the paper and the seed alone."""

import hashlib

from exam_graph.paper import Paper


def draw(paper: Paper, seed: int) -> list[str]:
    """Ids of the questions in the order they are asked.

    Without `select` all of them in the paper's order. With it, `select.count` of the pool, in
    random order. The same seed gives the same draw on every Python version, which `random` does
    not promise, so a sitting that is resumed or graded later can be drawn again.
    """
    ids = [question.id for question in paper.questions]
    if paper.select is None:
        return ids
    return sorted(ids, key=lambda question_id: _rank(seed, question_id))[: paper.select.count]


def _rank(seed: int, question_id: str) -> bytes:
    return hashlib.sha256(f"{seed}:{question_id}".encode()).digest()
