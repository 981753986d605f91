"""Papers out of CSV and Moodle XML: what is taken, what is left, and why."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from exam_graph.__main__ import app
from exam_graph.imported import Heading, Imported, ImportingError
from exam_graph.importing import MAX_IMPORT_BYTES, import_bytes
from exam_graph.loading import load
from exam_graph.paper import ChoiceQuestion, OpenQuestion, Paper, ShortQuestion

pytestmark = pytest.mark.unit

CSV = """id,kind,ask,marks,points,options,correct,value,tolerance,unit
atp,open,How does a mitochondrion serve the cell?,4,produces ATP|2|In what form?; respiration|2,,,,,
,,Which protocol is reliable?,2,,UDP; TCP,TCP,,,
,,How far does it fall?,1,,,,"2,5",0.5,m
"""


def moodle(*questions: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
    return f"{head}{''.join(questions)}</quiz>".encode()


def asked(kind: str, body: str = "", ask: str = "Why?", name: str = "A name") -> str:
    return (
        f'<question type="{kind}">\n<name><text>{name}</text></name>\n'
        f'<questiontext format="html"><text><![CDATA[{ask}]]></text></questiontext>\n'
        f"<defaultgrade>2.0000000</defaultgrade>\n{body}</question>\n"
    )


def answer(text: str, fraction: object = 100, more: str = "") -> str:
    told = f"<text><![CDATA[{text}]]></text>{more}"
    return f'<answer fraction="{fraction}" format="html">{told}</answer>'


def made(
    data: bytes | str, folder: Path, name: str = "cells.csv", **known: Any
) -> tuple[Imported, Paper]:
    """What was imported, and the paper as it is read from its file."""
    raw = data.encode() if isinstance(data, str) else data
    imported = import_bytes(name, raw, Heading(**known))
    file = folder / f"{imported.paper_id}.yaml"
    file.write_text(imported.yaml, encoding="utf-8")
    return imported, load(file)


def notes(imported: Imported) -> list[tuple[int, str]]:
    return [(note.line, note.kind) for note in imported.notes]


def test_each_kind_of_question_comes_out_of_a_spreadsheet(tmp_path: Path) -> None:
    imported, paper = made(CSV, tmp_path)
    assert imported.whole and not imported.notes
    open_, choice, short = paper.questions
    assert isinstance(open_, OpenQuestion)
    assert [(p.looks_for, p.marks, p.probe) for p in open_.points] == [
        ("produces ATP", 2, "In what form?"),
        ("respiration", 2, None),
    ]
    assert isinstance(choice, ChoiceQuestion) and choice.correct == ("B",)
    assert isinstance(short, ShortQuestion)
    assert (short.value, short.tolerance, short.unit, short.marks) == (2.5, 0.5, "m", 1)
    assert choice.id == "which-protocol-is-reliable"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_whatever_the_spreadsheet_wrote_it_with(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    rows = [["ask", "points", "marks"], ["Was heißt „Zelle“, größer?", "größer, schöner", "1"]]
    text = "".join(
        delimiter.join(f'"{cell}"' if "," in cell else cell for cell in row) + "\r\n"
        for row in rows
    )
    _, paper = made(text.encode(encoding), tmp_path, language="de")
    assert paper.questions[0].ask == "Was heißt „Zelle“, größer?"
    assert paper.questions[0].points[0].looks_for == "größer, schöner"
    assert paper.language == "de"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",open,Why?,3,a|1; b|1,,,,,", "points add up to 2"),
        (",open,Why?,2,a|1; b,,,,,", "some of its `points` have marks, and some have not"),
        (",open,Why?,two,a|1,,,,,", "its `marks` is “two”, which is no number"),
        (",choice,Which?,1,,A thing; Another,C,,,", "“C”, which is none of its options"),
        (",choice,Which?,1,,One,A,,,", "its options needs at least 2"),
        (",choice,Which?,1,,One; Two,,,,", "its `correct` does not say"),
        (",short,How far?,1,,,,,,", "its `value` is empty"),
        (",short,How far?,1,,,,far,2,", "belongs to a number"),
        (",essay,Why?,1,,,,,,", "its `kind` is “essay”"),
        (",open,,1,a|1,,,,,", "its `ask` is empty"),
        (",open,Why? Really,1,a|1,,,,,,surplus", "it has 11 cells, and there are 10 columns"),
        (f",open,{'w' * 2001},1,a|1,,,,,", "longer than 2000 characters"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, row: str, reason: str
) -> None:
    imported, paper = made(CSV + row + "\n", tmp_path)
    assert len(paper.questions) == 3
    (note,) = imported.notes
    assert note.kind == "left_out" and reason in note.reason
    assert str(note).startswith("cells.csv:5: “") and "could not be used, because" in str(note)
    assert not imported.whole


def test_lines_are_those_of_the_file_though_cells_hold_line_breaks(tmp_path: Path) -> None:
    text = 'ask,marks,points\n"What is\nthis,\nplease?",1,a|1\nWhy?,x,a|1\n'
    imported, paper = made(text, tmp_path)
    assert paper.questions[0].ask == "What is this, please?"
    assert notes(imported) == [(5, "left_out")]


def test_an_open_question_without_a_key_waits_as_a_comment(tmp_path: Path) -> None:
    imported, paper = made("ask,marks,points\nWhy?,2,\nHow?,1,so|1\n", tmp_path)
    assert [question.ask for question in paper.questions] == ["How?"]
    assert notes(imported) == [(2, "to_complete")]
    # Its author takes the signs away, and has a paper.
    lines = imported.yaml.split("\n")
    begin = next(i for i, line in enumerate(lines) if "TO COMPLETE" in line)
    end = lines.index("", begin)
    freed = [line.replace("  # ", "", 1) for line in lines[begin + 1 : end]]
    file = tmp_path / "cells.yaml"
    file.write_text("\n".join(lines[:begin] + freed + lines[end:]))
    assert [question.ask for question in load(file).questions] == ["Why?", "How?"]


def test_columns_that_are_none_are_named(tmp_path: Path) -> None:
    imported, _ = made("ask,points,colour\nWhy?,a,red\n", tmp_path)
    assert notes(imported) == [(1, "left_out")] and imported.notes[0].what == "colour"


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "the file is empty"),
        (b"\xef\xbb\xbf \n", 1, "the file is empty"),
        (b"question,points\nWhy?,a\n", 1, "`ask` among them"),
        (b"ask,ask\nWhy?,Who?\n", 1, "`ask` is there twice"),
        (b'ask,points\nWhy?,a\n"How?,b\n', 3, "cells cannot be told apart"),
        (b"ask\n" + b"w" * 200_000, 2, "cells cannot be told apart"),
        (b"ask,points\nWhy\x81?,a\xff\x9d\n", 2, "neither UTF-8 nor Windows-1252"),
        (b"<html><body></body></html>", 1, "it holds <html>, not <quiz>"),
        (b"<quiz>\n<question>\n</quiz>", 3, "not well-formed XML: mismatched tag"),
        (b'<?xml version="1.0" encoding="x-none"?><quiz/>', 1, "cannot be read"),
        (b"<quiz>\n" + b"<a>" * 60, 2, "nested too deeply"),
        (b"<quiz>" + b"<a/>" * 200_001 + b"</quiz>", 1, "more than 200,000 elements"),
        (b"x" * (MAX_IMPORT_BYTES + 1), 1, "more than 10 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(
    data: bytes, line: int, reason: str
) -> None:
    with pytest.raises(ImportingError, match=reason) as refused:
        import_bytes("bank.csv", data, Heading())
    assert refused.value.line == line


HOSTILE = {
    "billion laughs": '<!DOCTYPE q [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><quiz>&b;</quiz>',
    "external entity": '<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz>&x;</quiz>',
    "external type": '<!DOCTYPE quiz SYSTEM "http://127.0.0.1:1/quiz.dtd"><quiz/>',
    "parameter entity": '<!DOCTYPE q [<!ENTITY % p SYSTEM "file:///etc/hosts"> %p;]><quiz/>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_unread(name: str) -> None:
    with pytest.raises(ImportingError, match="document type or entities"):
        import_bytes("bank.xml", HOSTILE[name].encode(), Heading())


def test_each_kind_of_question_comes_out_of_moodle(tmp_path: Path) -> None:
    units = "<units><unit><multiplier>1</multiplier><unit_name>m</unit_name></unit></units>"
    listed = "<![CDATA[<ul><li>ATP</li><li>heat</li></ul>]]>"
    key = f"<graderinfo format='html'><text>{listed}</text></graderinfo>"
    data = moodle(
        '<question type="category"><category><text>$course$/top</text></category></question>\n',
        asked("essay", key, ask="<p>Why <b>does</b>&nbsp;it&#8217;s   work?</p>", name="Essay"),
        asked(
            "multichoice", "<single>true</single>" + answer("UDP", 0) + answer("TCP"), name="One"
        ),
        asked(
            "multichoice",
            "<single>false</single>" + answer("a", 50) + answer("b", -50) + answer("c", 50),
            name="Two",
        ),
        asked("truefalse", answer("true", 0) + answer("false"), name="TF"),
        asked("numerical", answer("20.5", 100, "<tolerance>0.5</tolerance>") + units, name="Num"),
        asked("shortanswer", answer("Paris"), name="Short"),
        asked("shortanswer", answer("sugar") + answer("glucose"), name="Either"),
    )
    imported, paper = made(data, tmp_path, "bank.xml")
    by_id = {question.id: question for question in paper.questions}
    assert by_id["essay"].ask == "Why does it’s work?" and by_id["essay"].marks == 2
    assert [(p.looks_for, p.marks) for p in by_id["essay"].points] == [("ATP", 1), ("heat", 1)]
    one, two, false = by_id["one"], by_id["two"], by_id["tf"]
    assert isinstance(one, ChoiceQuestion) and one.correct == ("B",)
    assert isinstance(two, ChoiceQuestion) and two.correct == ("A", "C")
    assert isinstance(false, ChoiceQuestion) and false.correct == ("B",)
    number, short = by_id["num"], by_id["short"]
    assert isinstance(number, ShortQuestion)
    assert (number.value, number.tolerance, number.unit) == (20.5, 0.5, "m")
    assert isinstance(short, ShortQuestion) and short.value == "Paris"
    assert [point.looks_for for point in by_id["either"].points] == ["sugar or glucose"]
    assert imported.whole and {note.what for note in imported.notes} == {"Essay", "Either"}


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (asked("matching"), "pairs cannot be matched by voice"),
        (asked("cloze"), "gaps in a text"),
        (asked("ddmarker"), "on a picture"),
        (asked("calculated"), "drawn anew"),
        (asked("description"), "asks nothing"),
        (asked("hologram"), "of the type hologram, and there is no such kind here"),
        (asked("essay", ask='What is this? <img src="@@PLUGINFILE@@/a.png">'), "shows a picture"),
        (asked("essay", ask="<table><tr><td>1</td></tr></table> Why?"), "shows a table"),
        (asked("essay", ask="<p> </p>"), "its question has no words"),
        (asked("multichoice", answer("a", 0) + answer("b", 0)), "none of its options is right"),
        (asked("multichoice", answer("a") + answer("b", 0) * 8), "9 options"),
        (asked("multichoice", answer("<img>") + answer("b", 0)), "its option shows a picture"),
        (asked("numerical", answer("about two")), "which is no number"),
        (asked("numerical", answer("1") + answer("2")), "has 2 right values"),
        (asked("shortanswer", answer("mito*")), "wildcard"),
        (asked("truefalse", answer("true", 0)), "does not say whether true or false"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_aloud_is_named_with_its_line(question: str, reason: str) -> None:
    good = asked("shortanswer", answer("Paris"), name="Good")
    imported = import_bytes("bank.xml", moodle(good, question), Heading())
    assert imported.questions == 1
    (note,) = imported.notes
    begins = 3 + good.count("\n")
    assert (note.line, note.kind) == (begins, "left_out") and reason in note.reason


def test_an_essay_without_a_key_is_to_be_completed() -> None:
    imported = import_bytes("bank.xml", moodle(asked("essay")), Heading())
    assert imported.questions == 0 and [note.kind for note in imported.notes] == ["to_complete"]


def test_plain_text_is_not_read_as_html(tmp_path: Path) -> None:
    text = asked("shortanswer", answer("yes"), ask="Is a<b and b>c?").replace(
        '"html"', '"plain_text"'
    )
    _, paper = made(moodle(text), tmp_path, "bank.xml")
    assert paper.questions[0].ask == "Is a<b and b>c?"


def test_a_bank_above_what_a_paper_holds_is_cut_and_told(tmp_path: Path) -> None:
    many = "ask,points\n" + "".join(f"Why {i}?,because|1\n" for i in range(230))
    imported, paper = made(many, tmp_path)
    assert len(paper.questions) == 200 and len(imported.notes) == 30
    long = "ask,points\n" + "".join(f"Why {i}?,{'w' * 1990}|1\n" for i in range(190))
    imported, paper = made(long, tmp_path, "long.csv")
    assert 100 < len(paper.questions) < 190
    assert imported.notes[0].reason == "a paper has at most 256 KB"


CELL = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        "=cmd|' /C calc'!A0",
        "a|1; b|1",
        "A",
        "1",
        "2,5",
        "- x: &a *b",
        '"',
        "no",
        "~",
        "# c",
        "\u2028",
    ]
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "ask": CELL,
                "points": CELL,
                "options": CELL,
                "correct": CELL,
                "value": CELL,
                "marks": CELL,
            }
        ),
        max_size=6,
    ),
    CELL,
)
def test_whatever_is_in_the_cells_the_paper_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], title: str
) -> None:
    names = ["ask", "points", "options", "correct", "value", "marks"]
    quoted = [",".join('"' + row[name].replace('"', '""') + '"' for name in names) for row in rows]
    data = "\n".join([",".join(names), *quoted]).encode()
    imported = import_bytes("any.csv", data, Heading(title=title.strip() or None))
    told = sum(note.kind != "look_at" for note in imported.notes)
    blank = sum(not any(row[name].strip() for name in names) for row in rows)
    assert imported.questions + told + blank == len(rows)
    if imported.questions:
        folder = tmp_path_factory.mktemp("any")
        (folder / "any.yaml").write_text(imported.yaml, encoding="utf-8", newline="")
        assert len(load(folder / "any.yaml").questions) == imported.questions


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=300)
    | st.binary(max_size=60).map(lambda junk: b"<quiz>" + junk)
    | st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=3)).map(
        lambda cut: moodle(asked("essay"))[: cut[0]] + cut[1] + moodle(asked("essay"))[cut[0] :]
    )
)
def test_whatever_the_bytes_there_is_a_paper_or_a_sentence(data: bytes) -> None:
    try:
        imported = import_bytes("any.xml", data, Heading())
    except ImportingError as error:
        assert error.line >= 1 and str(error).startswith(f"any.xml:{error.line}: ")
    else:
        assert imported.yaml.startswith("# Made from any.xml.")


@pytest.mark.parametrize(
    ("text", "code"), [(CSV, 0), (CSV + ",essay,Why?,1,,,,,,\n", 1), ("nothing\n", 2)]
)
def test_the_exit_code_tells_whether_something_was_left_out(
    tmp_path: Path, text: str, code: int
) -> None:
    (tmp_path / "My cells.csv").write_text(text)
    words = ["import", str(tmp_path / "My cells.csv"), "--out", str(tmp_path / "papers")]
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == code
    if code < 2:
        told = json.loads(result.stdout)
        assert told["questions"] == 3 and len(told["notes"]) == code
        assert load(tmp_path / "papers" / "my-cells.yaml").title == "My cells"
        again = CliRunner().invoke(app, words)
        assert again.exit_code == 2 and "--force" in again.stderr + again.stdout
        assert CliRunner().invoke(app, [*words, "--force"]).exit_code == code
