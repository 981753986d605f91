"""What an utterance of commands says to the question that is to be confirmed."""

from collections.abc import Set

from exam_graph.understanding import Confirming, Intent

# Where a courtesy ("okay") agrees, rather than leaves it open.
_AGREED = frozenset({"skipped", "wellbeing", "sound"})
# Commands that say yes or no to what was asked. Those of the other questions are themselves.
_YES: dict[Confirming, Set[str]] = {"end": {"end"}, "skipped": {"skipped_ones", "go_back"}}
_NO: dict[Confirming, Set[str]] = {"end": {"continue"}, "skipped": {"end", "done", "skip"}}
# Where the question offered commands, they count for more than the yes or no before them.
_OFFERED = frozenset({"silence", "wellbeing", "distress"})


def confirmed(said: frozenset[str], confirming: Confirming, *, agreeing: bool) -> Intent | None:
    """`yes`, `no`, `unclear`, or None: the commands mean what they mean elsewhere.

    agreeing: whether a courtesy among the words agrees
    """
    commands = said - {"yes", "no"}
    if confirming in _OFFERED and commands:
        return None
    yes = bool(said & ({"yes"} | _YES.get(confirming, set())))
    no = bool(said & ({"no"} | _NO.get(confirming, set())))
    if confirming == "sound" and "sound_problem" in said:
        return "no" if no and not yes else None
    if yes != no:
        return "yes" if yes else "no"
    if not said:
        if agreeing and confirming in _AGREED:
            return "yes"
        return None if confirming == "silence" else "unclear"
    return "unclear" if yes else None
