"""How far words that speak to the grader reach, so that the answer around them is left whole."""

from collections.abc import Sequence

from grading.steering import Steering
from grading.unravelling import EDGE, Word

Span = tuple[int, int]

_SHORT = 3


def widened(said: Sequence[Word], start: int, end: int, known: Steering) -> Span:
    """With what leads to it in its clause, and with the rest of the clause."""
    lead = start
    while (
        lead > 0
        and said[lead - 1].text != EDGE
        and (
            said[lead - 1].text in known.open | known.articles | known.joins
            or not said[lead - 1].text
        )
    ):
        lead -= 1
    lead = _from_edge(said, lead, known)
    while end < len(said) and said[end].text != EDGE:
        if said[end].text in known.joins and not _goes_on(said[end + 1 :], known):
            break
        end += 1
    while end < len(said):
        clause = _clause(said, end + 1)
        if not clause or not all(belongs(word, known) for word in clause):
            break
        end += 1 + len(clause)
    return lead - (lead > 0 and said[lead - 1].text == EDGE), end


def _from_edge(said: Sequence[Word], lead: int, known: Steering) -> int:
    """From where the clause begins, if hardly anything stands before; "by the way" with it."""
    begin = lead
    while begin > 0 and said[begin - 1].text != EDGE:
        begin -= 1
    before = said[begin:lead]
    if len(before) > _SHORT or not all(belongs(word, known) for word in before):
        return lead
    if any(word.text in known.joins for word in before):
        return lead
    above = begin - 1
    while above > 0 and (
        said[above - 1].text in known.open | known.articles or not said[above - 1].text
    ):
        above -= 1
    return above if above > 0 and said[above - 1].text == EDGE and above < begin - 1 else begin


def _clause(said: Sequence[Word], start: int) -> list[Word]:
    rest = list(said[start:])
    edges = [at for at, word in enumerate(rest) if word.text == EDGE]
    return rest[: edges[0]] if edges else rest


def belongs(word: Word, known: Steering) -> bool:
    return (
        word.text in known.hot
        or word.text in known.open
        or word.text in known.articles
        or word.text in known.small
        or word.text in known.people
        or not word.text
    )


def _goes_on(rest: Sequence[Word], known: Steering) -> bool:
    """Whether what follows an "and" is still said to the grader."""
    following = [word for word in rest[:4] if word.text]
    return any(word.text in known.hot or word.text in known.people for word in following[:2])
