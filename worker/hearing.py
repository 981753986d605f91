"""What the student has heard of what the examiner said."""

from exam_graph.events import NotHeard
from worker.turn import Heard, Mark, Turn


class Hearing:
    """Follows the last turn that was spoken, and the last one before it that had any words."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []
        self._heard: dict[Mark, Heard] = {}

    @property
    def last(self) -> Turn | None:
        return self._turns[-1] if self._turns else None

    def follow(self, turn: Turn) -> None:
        """This turn is spoken next."""
        self._turns = [*[each for each in self._turns if each.utterances][-1:], turn]
        self._heard = {
            mark: heard for mark, heard in self._heard.items() if mark.turn in self._turns
        }

    def note(self, heard: Heard) -> None:
        """So much of an utterance was played."""
        if heard.mark.turn in self._turns:
            self._heard[heard.mark] = heard

    def played(self, turn: Turn) -> bool:
        """Whether it is known of all its utterances how much was played, or that none is."""
        return all(mark in self._heard for mark in _marks(turn))

    def cut_off(self) -> NotHeard | None:
        """The first utterance of the last turn with words that was not heard whole. Told once."""
        turn = next((each for each in reversed(self._turns) if each.utterances), None)
        for mark in _marks(turn) if turn else ():
            heard = self._heard.get(mark)
            if heard is None or not heard.whole:
                self._turns = []
                return NotHeard(
                    utterance=f"{mark.turn.number}.{mark.position}",
                    heard_ms=heard.heard_ms if heard else 0,
                    total_ms=heard.total_ms if heard else 0,
                )
        return None


def _marks(turn: Turn) -> list[Mark]:
    """Of what can be heard: what no voice could say is read, and counts as heard."""
    return [
        Mark(turn, position)
        for position in range(len(turn.utterances))
        if position not in turn.unspoken
    ]
