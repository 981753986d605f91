"""Patterns of words, all matched in one pass: the notation of the language files.

(a|b c) one of them; [a|b] one of them or nothing; {name} a pattern of `names`; * one to four words
of any kind; # a number. Patterns become one automaton over words, made deterministic as far as it
is used: an utterance costs a look-up a word, however many patterns there are.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exam_graph.language import LanguageData

_TOKEN = re.compile(r"[()\[\]|*#]|\{\w+\}|[^\s()\[\]|*#{}]+")
_ANY = "*"
_NUMBER = "#"
_ANY_WORDS = 4
_CLOSED_BY = {"(": ")", "[": "]"}
_OPTIONAL = "["
_OR = "|"

# A pattern as read: the alternatives, each a sequence of words and of further alternatives.
_Alternatives = tuple[tuple["str | _Alternatives", ...], ...]


class _State:
    """Where a match may stand; `names` are those of the patterns that could end here."""

    __slots__ = ("moves", "names", "seen")

    def __init__(self, names: tuple[str, ...], moves: dict[str, set[int]]) -> None:
        self.names = names
        self.moves = moves
        self.seen: dict[str, _State | None] = {}


class Automaton:
    """Named patterns of one language. Names come in the order in which they were given."""

    def __init__(self, patterns: Mapping[str, Iterable[str]], data: "LanguageData") -> None:
        self._numbers = data.numbers.words
        self._order = list(patterns)
        # An inner state waits for one word and then goes on in any of the others; the first ones
        # wait for nothing: they are the ends of the names.
        self._inner: list[tuple[str, tuple[int, ...]]] = [("", ()) for _ in self._order]
        self._ids: dict[tuple[str, tuple[int, ...]], int] = {}
        self._states: dict[frozenset[int], _State] = {}
        read = _Reader(data)
        first: set[int] = set()
        for index, name in enumerate(self._order):
            for pattern in patterns[name]:
                first.update(self._alternatives(read(pattern), (index,)))
        self._start = self._state(frozenset(first))

    def ends(self, said: Sequence[str], start: int = 0) -> dict[int, tuple[str, ...]]:
        """Where a match that begins at `start` may end, and by which names."""
        found: dict[int, tuple[str, ...]] = {}
        state = self._start
        for position in range(start, len(said)):
            after = self._after(state, said[position])
            if after is None:
                break
            state = after
            if state.names:
                found[position + 1] = state.names
        return found

    def longest(self, said: Sequence[str], start: int = 0) -> int:
        """Where the longest match that begins at `start` ends; `start` if there is none."""
        return max(self.ends(said, start), default=start)

    def whole(self, said: Sequence[str]) -> bool:
        """Whether the words are a match from the first to the last."""
        return len(said) in self.ends(said)

    def within(self, said: Sequence[str]) -> set[str]:
        """The names of all that is found anywhere in the words."""
        return {
            name
            for start in range(len(said))
            for names in self.ends(said, start).values()
            for name in names
        }

    def _after(self, state: _State, word: str) -> _State | None:
        number = word in self._numbers or word.isdecimal()
        if word not in state.moves:
            # Words that no pattern knows are alike, so that they are remembered once.
            word = _NUMBER if number else _ANY
        try:
            return state.seen[word]
        except KeyError:
            reached = state.moves.get(word, set()) | state.moves.get(_ANY, set())
            if number:
                reached = reached | state.moves.get(_NUMBER, set())
            after = self._state(frozenset(reached)) if reached else None
            state.seen[word] = after
            return after

    def _state(self, inner: frozenset[int]) -> _State:
        if inner not in self._states:
            moves: dict[str, set[int]] = {}
            for each in inner:
                word, after = self._inner[each]
                if word:
                    moves.setdefault(word, set()).update(after)
            ended = sorted(each for each in inner if each < len(self._order))
            self._states[inner] = _State(tuple(self._order[each] for each in ended), moves)
        return self._states[inner]

    def _alternatives(self, read: _Alternatives, after: tuple[int, ...]) -> tuple[int, ...]:
        """The inner states that begin these alternatives and go on in `after`."""
        first: set[int] = set()
        for sequence in read:
            reached = after
            for part in reversed(sequence):
                if part == _ANY:
                    reached = self._any(reached)
                elif isinstance(part, str):
                    reached = (self._one(part, reached),)
                else:
                    reached = self._alternatives(part, reached)
            first.update(reached)
        return tuple(sorted(first))

    def _any(self, after: tuple[int, ...]) -> tuple[int, ...]:
        reached = (self._one(_ANY, after),)
        for _ in range(_ANY_WORDS - 1):
            reached = (self._one(_ANY, tuple(sorted({*reached, *after}))),)
        return reached

    def _one(self, word: str, after: tuple[int, ...]) -> int:
        key = (word, after)
        if key not in self._ids:
            self._ids[key] = len(self._inner)
            self._inner.append(key)
        return self._ids[key]


class _Reader:
    """Reads patterns; each name only once."""

    def __init__(self, data: "LanguageData") -> None:
        self._names = data.names
        self._name = cache(self._read_name)

    def __call__(self, pattern: str) -> _Alternatives:
        tokens = _TOKEN.findall(pattern)
        read, used = self._read(tokens, 0)
        if used != len(tokens):
            raise ValueError(f"unbalanced: {pattern}")
        return read

    def _read_name(self, name: str) -> _Alternatives:
        return self(self._names[name])

    def _read(self, tokens: list[str], position: int) -> tuple[_Alternatives, int]:
        """The alternatives up to the bracket that closes them, and where that stands."""
        alternatives: list[tuple[str | _Alternatives, ...]] = []
        sequence: list[str | _Alternatives] = []
        while position < len(tokens) and tokens[position] not in (")", "]"):
            token = tokens[position]
            if token in _CLOSED_BY:
                inner, position = self._read(tokens, position + 1)
                if tokens[position : position + 1] != [_CLOSED_BY[token]]:
                    raise ValueError(f"unbalanced: {' '.join(tokens)}")
                sequence.append((*inner, ()) if token in _OPTIONAL else inner)
            elif token in _OR:
                alternatives.append(tuple(sequence))
                sequence = []
            elif token[0] == "{":
                sequence.append(self._name(token[1:-1]))
            else:
                sequence.append(token)
            position += 1
        return (*alternatives, tuple(sequence)), position
