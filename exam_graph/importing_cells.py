"""What stands in the cells of an imported question: numbers, points, options, values."""

import math
import re
from typing import Any

from exam_graph.importing_ids import numbered
from exam_graph.paper import LETTERS

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)([eE][+-]?\d{1,3})?")


class CellError(ValueError):
    """A reason that ends a sentence."""


def number(text: str) -> float | None:
    """A number with a point or a comma; None for anything else."""
    plain = text.strip().replace("−", "-")
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain.replace(",", "."))
    return value if math.isfinite(value) else None


def as_number(text: str, column: str) -> float:
    if (value := number(text)) is None:
        raise CellError(f"its `{column}` is “{text[:40]}”, which is no number")
    return value


def as_open(given: dict[str, str], marks: float | None) -> tuple[dict[str, Any], str | None]:
    """The fields, and what is missing of the key."""
    more: dict[str, Any] = {}
    if "follow_ups" in given:
        follow_ups = as_number(given["follow_ups"], "follow_ups")
        more["follow_ups"] = int(follow_ups) if follow_ups.is_integer() else follow_ups
    if not given.get("points"):
        return {"marks": marks or 1, "points": [EXAMPLE_POINT | {"marks": marks or 1}], **more}, KEY
    points = _points(given["points"], marks)
    total = math.fsum(point["marks"] for point in points)
    return {"marks": total if marks is None else marks, "points": points, **more}, None


#: Stands in a comment, in the place of a key.
EXAMPLE_POINT = {"id": "point-1", "marks": 1, "looks_for": "what a good answer says"}
KEY = "it has no answer key: write under `points` what a good answer says, and what each is worth."


def _points(cell: str, marks: float | None) -> list[dict[str, Any]]:
    """`looks_for|marks|probe; …`; without marks they share those of the question."""
    parts = [each.strip() for each in cell.split(";")]
    given = [[piece.strip() for piece in part.split("|")] for part in parts if part]
    if any(len(pieces) > 3 for pieces in given):
        raise CellError("one of its `points` has more than looks_for|marks|probe")
    worth = [pieces[1] if len(pieces) > 1 else "" for pieces in given]
    if any(worth) and not all(worth):
        raise CellError("some of its `points` have marks, and some have not")
    share = (marks or len(given)) / len(given) if given else 0
    texts = [pieces[0] for pieces in given]
    points: list[dict[str, Any]] = []
    for pieces, mark, name in zip(given, worth, numbered(texts, "point"), strict=True):
        value = as_number(mark, "points") if mark else share
        points.append({"id": name, "marks": value, "looks_for": pieces[0]})
        if len(pieces) > 2 and pieces[2]:
            points[-1]["probe"] = pieces[2]
    return points


def as_choice(given: dict[str, str], marks: float | None) -> dict[str, Any]:
    options = [each.strip() for each in given.get("options", "").split(";") if each.strip()]
    if not given.get("correct"):
        raise CellError("its `correct` does not say which option is right")
    correct = [_letter(each.strip(), options) for each in _named(given["correct"], options)]
    return {"marks": 1 if marks is None else marks, "options": options, "correct": correct}


def _named(cell: str, options: list[str]) -> list[str]:
    """Letters or options, parted by semicolons, or letters by commas."""
    if cell in options or ";" in cell:
        return [each for each in cell.split(";") if each.strip()]
    return [each for each in cell.split(",") if each.strip()]


def _letter(named: str, options: list[str]) -> str:
    if len(named) == 1 and named.upper() in LETTERS[: len(options)]:
        return named.upper()
    for letter, option in zip(LETTERS, options, strict=False):
        if option.casefold() == named.casefold():
            return letter
    raise CellError(f"its `correct` names “{named[:40]}”, which is none of its options")


def as_short(given: dict[str, str], marks: float | None) -> dict[str, Any]:
    if "value" not in given:
        raise CellError("its `value` is empty")
    more: dict[str, Any] = {"marks": 1 if marks is None else marks}
    value = number(given["value"])
    more["value"] = given["value"] if value is None else value
    if "tolerance" in given:
        more["tolerance"] = as_number(given["tolerance"], "tolerance")
    if "unit" in given:
        more["unit"] = given["unit"]
    return more
