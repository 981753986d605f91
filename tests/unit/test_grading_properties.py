"""Whatever graders write and servers do: marks in range, quotes of the student's, no invented 0."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_graph.paper import Paper
from grading.graph import GradingContext, outcome
from grading.panel import convene
from grading.quotes import find_quote
from grading.reply import Reply, not_written, written
from grading.settings import Settings
from grading.sheet import Sheet, read_sheets
from records.marking import Mark
from tests.graders.material import material

pytestmark = pytest.mark.unit

WORDS = "it produces ATP by cellular respiration um um and full marks for nothing else"
TOLD = Settings(groq_base_url="http://127.0.0.1:1/v1", grading_models="a,b,c", grading_tries=2)

said = st.lists(
    st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=12).map(" ".join),
    min_size=1,
    max_size=3,
)
marks = st.one_of(
    st.sampled_from([0, 0.5, 1, 2]), st.floats(), st.integers(-3, 9), st.none(), st.text(max_size=3)
)


@st.composite
def contents(draw: st.DrawFn, turns: list[str]) -> str:
    """What a model may write: right, wrong, and everything between."""
    quote = st.one_of(
        st.sampled_from(turns),
        st.sampled_from(turns).map(lambda text: " ".join(text.split()[1:3])),
        st.text(max_size=8),
    )
    point = st.fixed_dictionaries(
        {
            "id": st.sampled_from(["atp", "respiration", "respiration", "bonus"]),
            "marks": marks,
            "quotes": st.lists(quote, max_size=2),
            "reason": st.just("so"),
        }
    )
    both = st.tuples(point, point).map(
        lambda two: [{**two[0], "id": "atp"}, {**two[1], "id": "respiration"}]
    )
    words = st.sampled_from([turn for turn in turns if set(turn.split()) != {"um"}] or ["…"])
    fair = st.builds(
        lambda name, given, quoted: {
            "id": name,
            "marks": given,
            "quotes": [quoted] if given else [],
            "reason": "so",
        },
        st.just("atp"),
        st.sampled_from([0, 0.3, 0.5, 1, 1.5, 2]),
        words,
    )
    sane = st.tuples(fair, fair).map(lambda two: [two[0], {**two[1], "id": "respiration"}])
    points = draw(st.one_of(sane, sane, sane, sane, both, st.lists(point, max_size=3)))
    written_out = st.just(json.dumps({"points": points, "why": "so"}))
    content: str = draw(st.one_of(*[written_out] * 5, st.text(max_size=10)))
    return content


def reply(data: st.DataObject, turns: list[str], tried: int, *, fails: bool = True) -> Reply:
    kinds = ["written"] * 4 + (["refused", "failed"] if fails else [])
    kind = data.draw(st.sampled_from(kinds))
    if kind == "written":
        return written("a", data.draw(contents(turns)), 10, 5, tried)
    return not_written(kind, "a", tried, "no", 1.0)  # type: ignore[arg-type]


def graded(
    data: st.DataObject, turns: list[str], flags: list[str]
) -> tuple[Sheet, Mark, list[Reply]]:
    """One answer, asked about until nothing is left to ask."""
    read = material(turns, flags=flags)
    [sheet] = read_sheets(read, Paper.from_dict(read.sitting.paper), "hash")
    replies: dict[str, Reply] = {}
    for tried in (1, 2):
        context = GradingContext([sheet], TOLD, ask=None, tried=tried)  # type: ignore[arg-type]
        for _ in range(10):
            panel = convene(sheet, TOLD.models, context.now(replies))
            if not panel.asks:
                break
            for call in panel.asks:
                replies[call.key] = reply(data, turns, tried)
        came = outcome(context, replies)
        if came.marks is not None:
            return sheet, came.marks[0], list(replies.values())
    raise AssertionError("after the last try it is to be settled")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), turns=said, flags=st.sampled_from([[], ["recogniser_failed"]]))
def test_marks_are_in_range_and_rest_on_quotes(
    data: st.DataObject, turns: list[str], flags: list[str]
) -> None:
    sheet, mark, replies = graded(data, turns, flags)
    for point in mark.points:
        assert 0 <= point["marks"] <= point["out_of"]
        assert point["marks"] * 4 % point["out_of"] == 0
        assert point["quotes"] or point["marks"] == 0
        for quote in point["quotes"]:
            words = turns[quote["turn"] - 1]
            assert quote["text"] in words
            assert find_quote(quote["text"], [(quote["turn"], words)], "en") is not None
    if mark.state == "graded":
        assert mark.marks is not None
        assert 0 <= mark.marks <= mark.out_of
        assert mark.marks == sum(point["marks"] for point in mark.points)
        assert [point["id"] for point in mark.points] == ["atp", "respiration"]
        if sheet.remaining:
            assert any(each["state"] == "given" for each in mark.graders)
    else:
        assert mark.marks is None
        assert "needs_review" in mark.flags
    if flags and mark.marks == 0:
        raise AssertionError("what failed was ours")
    if not any(each["state"] == "written" for each in replies) and sheet.remaining:
        assert mark.marks is None


@settings(max_examples=30, deadline=None)
@given(data=st.data(), turns=said)
def test_no_failure_of_a_model_yields_a_number(data: st.DataObject, turns: list[str]) -> None:
    read = material(turns)
    [sheet] = read_sheets(read, Paper.from_dict(read.sitting.paper), "hash")
    replies: dict[str, Reply] = {}
    context = GradingContext([sheet], TOLD, ask=None, tried=2)  # type: ignore[arg-type]
    garbage = st.one_of(
        st.text(max_size=20),
        st.sampled_from(['{"points": []}', '{"points": null, "why": ""}', "[]", "4", "null"]),
    )
    for _ in range(4):
        for call in convene(sheet, TOLD.models, context.now(replies)).asks:
            failed = data.draw(st.booleans())
            replies[call.key] = (
                not_written("failed", "a", 2, "no")
                if failed
                else written("a", data.draw(garbage), 1, 1, 2)
            )
    came = outcome(context, replies)
    assert came.marks is not None
    if sheet.remaining:
        assert [mark.marks for mark in came.marks] == [None]


@settings(max_examples=25, deadline=None)
@given(data=st.data(), turns=said)
def test_the_next_calls_follow_from_the_replies_alone(
    data: st.DataObject, turns: list[str]
) -> None:
    read = material(turns)
    [sheet] = read_sheets(read, Paper.from_dict(read.sitting.paper), "hash")
    [again] = read_sheets(read, Paper.from_dict(read.sitting.paper), "hash")
    replies: dict[str, Reply] = {}
    context = GradingContext([sheet], TOLD, ask=None, tried=1)  # type: ignore[arg-type]
    for _ in range(6):
        asks = convene(sheet, TOLD.models, context.now(replies)).asks
        same = convene(again, TOLD.models, context.now(dict(reversed(replies.items())))).asks
        assert [call.key for call in asks] == [call.key for call in same]
        assert not {call.key for call in asks} & set(replies)
        for call in asks:
            replies[call.key] = reply(data, turns, 1, fails=False)
    assert outcome(context, replies).marks is not None
