"""Reads questions out of Moodle XML (docs.moodle.org/en/Moodle_XML_format)."""

from collections.abc import Callable, Iterator
from typing import Any

from exam_graph.imported import Draft, Remark
from exam_graph.importing_cells import EXAMPLE_POINT, KEY, CellError, number
from exam_graph.importing_html import Words, words
from exam_graph.importing_ids import numbered
from exam_graph.importing_xml import Element, XmlError, parse
from exam_graph.paper import LETTERS

__all__ = ["XmlError", "read"]

_TRUE_FALSE = {"en": ("True", "False"), "de": ("Richtig", "Falsch")}
_FULL = 100.0
#: Why a type cannot be asked aloud, where the reason is a particular one.
_UNUSABLE = {
    "matching": "pairs cannot be matched by voice",
    "cloze": "gaps in a text cannot be filled by voice",
    "gapselect": "gaps in a text cannot be filled by voice",
    "ddwtos": "words cannot be dragged by voice",
    "ddmarker": "it is answered on a picture",
    "ddimageortext": "it is answered on a picture",
    "ordering": "things cannot be put in order by voice",
    "calculated": "its numbers are drawn anew for each student",
    "calculatedsimple": "its numbers are drawn anew for each student",
    "calculatedmulti": "its numbers are drawn anew for each student",
    "random": "it stands for any question of a category",
    "randomsamatch": "pairs cannot be matched by voice",
    "description": "it is a text and asks nothing",
    "coderunner": "it is answered by a program",
    "stack": "it is answered by a formula",
    "recordrtc": "it is answered by a recording of its own",
}

Made = tuple[dict[str, Any], str | None, list[str]]
"""The fields of a question, what is missing of it, and what to look at."""


def read(data: bytes, language: str) -> Iterator[Draft | Remark]:
    """The questions in their order. Raises XmlError."""
    root = parse(data)
    if root.tag != "quiz":
        raise XmlError(root.line, f"it is no Moodle XML: it holds <{root.tag[:40]}>, not <quiz>")
    for element in root.every("question"):
        kind = element.attributes.get("type", "")
        if kind == "category":
            continue
        name = element.told("name", "text") or element.told("questiontext", "text") or kind
        try:
            yield from _question(element, kind, name, language)
        except CellError as fault:
            yield Remark(element.line, "left_out", name, str(fault))


def _question(element: Element, kind: str, name: str, language: str) -> Iterator[Draft | Remark]:
    make = _MAKERS.get(kind)
    if make is None:
        why = _UNUSABLE.get(kind, "there is no such kind here")
        raise CellError(f"it is of the type {kind[:40] or 'without a name'}, and {why}")
    ask = _spoken(element.find("questiontext"), "question")
    content: dict[str, Any] = {"id": element.told("idnumber") or name, "ask": ask}
    content["marks"] = _grade(element)
    more, to_complete, remarks = make(element, content["marks"], language)
    for each in remarks:
        yield Remark(element.line, "look_at", name, each)
    explained = _words(element.find("generalfeedback"))
    if explained.text and not explained.shows:
        content["model_answer"] = explained.text
    hints = [_words(hint).text for hint in element.every("hint")]
    if any(hints):
        content["hints"] = [hint for hint in hints if hint]
    yield Draft(element.line, name, content | more, to_complete)


def _spoken(element: Element | None, what: str) -> str:
    """Its words. Raises CellError where it has none, or shows something besides."""
    found = _words(element)
    if found.shows or (element and next(element.every("file"), None)):
        raise CellError(f"its {what} shows {found.shows or 'a file'}")
    if not found.text:
        raise CellError(f"its {what} has no words")
    return found.text


def _words(element: Element | None) -> Words:
    if element is None:
        return Words("")
    text = element.find("text")
    return words(text.text if text else element.text, element.attributes.get("format", "html"))


def _grade(element: Element) -> float:
    given = element.told("defaultgrade") or "1"
    if not (grade := number(given)):
        raise CellError(f"its default mark is “{given[:40]}”")
    return grade


def _essay(element: Element, marks: float, language: str) -> Made:
    key = _words(element.find("graderinfo"))
    items = key.items
    if not items:
        return {"kind": "open", "points": [EXAMPLE_POINT | {"marks": marks}]}, KEY, []
    if len(items) > 1:
        remark = f"its {len(items)} points share the marks; write what each is worth"
    else:
        remark = "its one point is the whole information for graders; part it into points"
    share = marks / len(items)
    points = [
        {"id": point_id, "marks": share, "looks_for": item}
        for point_id, item in zip(numbered(items, "point"), items, strict=True)
    ]
    shown = (
        [f"its information for graders shows {key.shows}, which is left out"] if key.shows else []
    )
    return {"kind": "open", "points": points}, None, [remark, *shown]


def _answers(element: Element) -> list[tuple[Element, float]]:
    """Each answer and its share of the marks, in percent."""
    return [
        (answer, number(answer.attributes.get("fraction", "0")) or 0.0)
        for answer in element.every("answer")
    ]


def _multichoice(element: Element, marks: float, language: str) -> Made:
    given = _answers(element)
    options = [_spoken(answer, "option") for answer, _ in given]
    shares = [share for _, share in given]
    single = element.told("single").lower() in ("true", "1")
    right = [share >= _FULL if single else share > 0 for share in shares]
    if not any(right):
        raise CellError("none of its options is right")
    if len(options) > len(LETTERS):
        raise CellError(f"it has {len(options)} options; at most {len(LETTERS)} can be heard")
    correct = [letter for letter, is_right in zip(LETTERS, right, strict=False) if is_right]
    remarks = []
    if any(0 < share < _FULL for share in shares) and single:
        remarks.append("options that were right in part count as wrong")
    if len(correct) > 1 and single:
        remarks.append("more than one of its options is right, and all have to be named")
    return {"kind": "choice", "options": options, "correct": correct}, None, remarks


def _truefalse(element: Element, marks: float, language: str) -> Made:
    right = {answer.told("text").lower() for answer, share in _answers(element) if share >= _FULL}
    if right not in ({"true"}, {"false"}):
        raise CellError("it does not say whether true or false is right")
    options = list(_TRUE_FALSE[language])
    return {"kind": "choice", "options": options, "correct": ["AB"["true" not in right]]}, None, []


def _numerical(element: Element, marks: float, language: str) -> Made:
    full = [answer for answer, share in _answers(element) if share >= _FULL]
    if len(full) != 1:
        raise CellError(f"it has {len(full)} right values, and there has to be one")
    value = number(full[0].told("text"))
    if value is None:
        raise CellError(f"its value is “{full[0].told('text')[:40]}”, which is no number")
    more: dict[str, Any] = {"kind": "short", "value": value}
    if tolerance := number(full[0].told("tolerance")):
        more["tolerance"] = tolerance
    units = [unit for holder in element.every("units") for unit in holder.every("unit")]
    base = [unit.told("unit_name") for unit in units if number(unit.told("multiplier")) == 1]
    if any(base):
        more["unit"] = next(unit for unit in base if unit)
    return more, None, _partly(element)


def _shortanswer(element: Element, marks: float, language: str) -> Made:
    right = [answer.told("text") for answer, share in _answers(element) if share >= _FULL]
    right = list(dict.fromkeys(each for each in right if each))
    if not right:
        raise CellError("it has no right answer")
    if any("*" in each.replace("\\*", "") for each in right):
        raise CellError("its right answer holds a wildcard (*)")
    right = [each.replace("\\*", "*") for each in right]
    if len(right) == 1:
        value = number(right[0])
        return (
            {"kind": "short", "value": right[0] if value is None else value},
            None,
            _partly(element),
        )
    either = {"en": " or ", "de": " oder "}[language].join(right)
    points = [{"id": "answer", "marks": marks, "looks_for": either}]
    remark = "it has several right answers, so it became an open question with one point"
    return {"kind": "open", "points": points}, None, [remark, *_partly(element)]


def _partly(element: Element) -> list[str]:
    some = any(0 < share < _FULL for _, share in _answers(element))
    return ["answers that were right in part count as wrong"] if some else []


_MAKERS: dict[str, Callable[[Element, float, str], Made]] = {
    "essay": _essay,
    "multichoice": _multichoice,
    "truefalse": _truefalse,
    "numerical": _numerical,
    "shortanswer": _shortanswer,
}
