"""The draw: fixed by paper and seed, fair over seeds."""

from collections import Counter

import pytest

from exam_graph.paper import Paper
from exam_graph.selection import draw

pytestmark = pytest.mark.unit

IDS = ["a", "b", "c", "d", "e", "f"]


def pool(count: int | None) -> Paper:
    question = {"kind": "short", "ask": "How far?", "marks": 1, "value": 20}
    return Paper.from_dict(
        {
            "id": "sample",
            "title": "A sample",
            "duration_minutes": 5,
            "select": {"count": count} if count else None,
            "questions": [{"id": each, **question} for each in IDS],
        }
    )


def test_without_select_all_questions_come_in_the_papers_order() -> None:
    assert draw(pool(None), 1) == IDS


def test_a_seed_gives_the_same_draw_everywhere() -> None:
    # Fixed values: sittings keep their seed, and are drawn again on resume and in grading.
    assert draw(pool(3), 7) == ["c", "e", "a"]
    assert draw(pool(3), 2**62) == ["a", "c", "d"]


def test_draws_have_no_repeats_and_the_right_length() -> None:
    for seed in range(50):
        drawn = draw(pool(4), seed)
        assert len(drawn) == len(set(drawn)) == 4
        assert set(drawn) <= set(IDS)


def test_every_question_comes_up_about_equally_often() -> None:
    counts = Counter(each for seed in range(600) for each in draw(pool(3), seed))
    assert all(240 < counts[each] < 360 for each in IDS)


def test_the_whole_pool_can_be_drawn() -> None:
    assert sorted(draw(pool(6), 3)) == IDS
