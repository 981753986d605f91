"""Whether the recogniser was unsure of the words that a mark rests on."""

from collections.abc import Sequence

from exam_graph.language import language_data
from exam_graph.paper import Language
from grading.quotes import Quote, is_hesitation, tokens
from records.model import TurnRecord

THRESHOLD = 0.6

_LANGUAGES: tuple[Language, ...] = ("en", "de")


def doubtful(quote: Quote, turns: Sequence[TurnRecord], threshold: float = THRESHOLD) -> bool:
    """Whether a word that carries meaning, or one next to it, was heard with less confidence.

    Without confidences, as of typed answers, there is no doubt; where only the whole turn has
    one, it counts. A word that a teacher put in has none either.
    """
    turn = next((one for one in turns if one.number == quote.turn), None)
    if turn is None:
        return False
    heard = _heard(turn)
    if not heard:
        return turn.confidence is not None and turn.confidence < threshold
    wanted = [token.key for token in tokens(quote.text) if not is_hesitation(token.key)]
    for start in _places(wanted, [key for key, _ in heard]):
        near = {
            at
            for at in range(start, start + len(wanted))
            if _has_content(heard[at][0])
            for at in (at - 1, at, at + 1)
            if 0 <= at < len(heard)
        }
        return any(_low(heard[at][1], threshold) for at in near)
    return any(_low(sure, threshold) for key, sure in heard if key in wanted and _has_content(key))


def _heard(turn: TurnRecord) -> list[tuple[str, float | None]]:
    """Each word that is more than a sound, with its confidence."""
    return [
        (token.key, word.get("confidence"))
        for word in turn.words
        for token in tokens(str(word.get("word", "")))
        if not is_hesitation(token.key)
    ]


def _places(wanted: list[str], keys: list[str]) -> list[int]:
    if not wanted:
        return []
    return [
        at for at in range(len(keys) - len(wanted) + 1) if keys[at : at + len(wanted)] == wanted
    ]


def _has_content(key: str) -> bool:
    """Negations carry a meaning, articles do not."""
    return not any(
        key in language_data(name).stopwords and key not in language_data(name).negations
        for name in _LANGUAGES
    )


def _low(confidence: float | None, threshold: float) -> bool:
    return confidence is not None and confidence < threshold
