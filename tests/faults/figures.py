"""What is measured of a fault: when it was noticed and told, when all went on, what was lost."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic

from tests.faults.scale import Scaled

#: What the table of faults promises, in seconds.
TOLD_S = 5.0
BACK_S = 8.0

_ROW = re.compile(r"row_(\d\d)")


@dataclass
class Figures:
    """Of one injected fault. All `at` are times of `time.monotonic`."""

    row: int
    fault: str
    noticed_s: float | None = None
    told_s: float | None = None
    recovered_s: float | None = None
    lost: int | None = None
    scale: float = 1.0
    struck: float = field(default=0.0, repr=False)

    def strike(self) -> float:
        """The fault happens now."""
        self.struck = monotonic()
        return self.struck

    def scaled(self, duration: Scaled) -> float:
        """The duration in seconds; its factor is reported."""
        self.scale = min(self.scale, duration.factor)
        return duration.seconds

    def noticed(self, at: float) -> None:
        self.noticed_s = self._since(at)

    def told(self, at: float) -> None:
        self.told_s = self._since(at)
        if self.noticed_s is None:
            self.noticed_s = self.told_s

    def recovered(self, at: float) -> None:
        self.recovered_s = self._since(at)

    def _since(self, at: float) -> float:
        return round(at - self.struck, 2)

    def entry(self, ok: bool) -> dict[str, object]:
        values = asdict(self)
        del values["struck"]
        return {**values, "ok": ok}


class Gathered:
    """All rows of a run: figures where a test measured some, else whether its tests passed."""

    def __init__(self) -> None:
        self._outcomes: dict[str, tuple[Figures | None, bool]] = {}

    def note(self, test: str, figures: Figures | None, passed: bool) -> None:
        """The last run of a test counts."""
        self._outcomes[test] = (figures, passed)

    @property
    def measured(self) -> bool:
        return any(figures for figures, _ in self._outcomes.values())

    def entries(self) -> list[dict[str, object]]:
        rows: list[tuple[int, dict[str, object]]] = []
        unmeasured: dict[int, list[tuple[str, bool]]] = {}
        for test, (figures, passed) in self._outcomes.items():
            if figures is not None:
                rows.append((figures.row, figures.entry(passed)))
            elif found := _ROW.search(test):
                unmeasured.setdefault(int(found[1]), []).append((test, passed))
        for row, tests in unmeasured.items():
            files = sorted({test.partition("::")[0] for test, _ in tests})
            fault = f"{len(tests)} tests in {', '.join(files)}"
            rows.append((row, Figures(row, fault).entry(all(passed for _, passed in tests))))
        return [entry for _, entry in sorted(rows, key=lambda each: each[0])]


_COLUMNS = ("row", "fault", "noticed_s", "told_s", "recovered_s", "lost", "scale", "ok")


def table(entries: Sequence[dict[str, object]]) -> list[list[str]]:
    """Head and lines, as words."""
    return [list(_COLUMNS), *([_words(entry[name]) for name in _COLUMNS] for entry in entries)]


def write(entries: Sequence[dict[str, object]], folder: Path) -> None:
    """faults.json and faults.md."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "faults.json").write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
    head, *lines = table(entries)
    rule = ["---"] * len(head)
    (folder / "faults.md").write_text("".join(f"{_line(each)}\n" for each in (head, rule, *lines)))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.2g}" if value < 1 else f"{value:.1f}"
    return "" if value is None else str(value)
