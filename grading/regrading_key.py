"""Whether a corrected key belongs to the exams that were held: what may differ, and what not."""

from collections.abc import Iterator

from exam_graph.paper import ChoiceQuestion, Paper, Question


def misfits(held: Paper, key: Paper) -> list[str]:
    """In sentences, why the key cannot mark what was held; [] if it can.

    What counts as right may be another, and so may the points of a rubric; not what was asked, and
    not what there is to reach: a teacher's own marks and the others' totals would mean something
    else.
    """
    if held.id != key.id:
        return [f"the file is of exam {key.id}, not {held.id}"]
    return list(_misfits(held, key))


def _misfits(held: Paper, key: Paper) -> Iterator[str]:
    if held.language != key.language:
        yield f"the exam was held in {held.language}, the file is in {key.language}"
    before, after = [{one.id: one for one in paper.questions} for paper in (held, key)]
    for question_id in before.keys() - after.keys():
        yield f"question {question_id} is not in the file"
    for question_id in after.keys() - before.keys():
        yield f"question {question_id} is only in the file"
    for question_id in before.keys() & after.keys():
        yield from _questions(before[question_id], after[question_id])


def _questions(held: Question, key: Question) -> Iterator[str]:
    if held.kind != key.kind:
        yield f"question {held.id} was a {held.kind} one, in the file it is a {key.kind} one"
    elif held.marks != key.marks:
        yield f"question {held.id} was out of {held.marks:g}, in the file it is {key.marks:g}"
    elif (
        isinstance(held, ChoiceQuestion)
        and isinstance(key, ChoiceQuestion)
        and len(held.options) != len(key.options)
    ):
        yield f"question {held.id} had {len(held.options)} options, not {len(key.options)}"
