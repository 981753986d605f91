"""Brings parts up in order, says how that goes, and watches them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from rich.console import Console
from rich.markup import escape

from deploy.errors import PartFailed
from deploy.interruption import Interruption
from deploy.part import Part
from deploy.ready import is_ready
from deploy.supervision import State, Supervisor, supervised

_POLL_S = 0.2
_TAIL_LINES = 15


@dataclass(frozen=True)
class Running:
    """Parts that are all ready."""

    supervisor: Supervisor
    parts: tuple[Part, ...]
    logs: Path
    interruption: Interruption

    def check(self) -> None:
        """Raises PartFailed if one of them has ended since, Interrupted if a signal has come."""
        self.interruption.check()
        states = self.supervisor.states()
        for part in self.parts:
            state = states[part.name]
            if state.end and not (part.ready_url is None and state.succeeded):
                raise PartFailed(failure(part, state.end, self.logs))

    def watch(self, over: Callable[[], bool] = lambda: False) -> None:
        """Checks again and again until it is `over`."""
        while not over():
            self.check()
            sleep(_POLL_S)


@contextmanager
def running(
    parts: tuple[Part, ...],
    *,
    root: Path,
    logs: Path,
    env: Mapping[str, str],
    console: Console,
    interruption: Interruption,
) -> Iterator[Running]:
    """All `parts`, ready, while the block lasts; after it none of their processes is left.

    Raises PartFailed when one ends or is not ready in time, Interrupted when a signal comes.
    """
    with supervised(parts, root=root, logs=logs, env=env) as supervisor:
        try:
            _bring_up(supervisor, parts, logs, console, interruption)
            yield Running(supervisor, parts, logs, interruption)
        finally:
            console.print("Stopping all parts.", style="dim")


def _bring_up(
    supervisor: Supervisor,
    parts: tuple[Part, ...],
    logs: Path,
    console: Console,
    interruption: Interruption,
) -> None:
    started: dict[str, float] = {}
    ready: set[str] = set()
    width = max(len(part.name) for part in parts)
    with console.status("starting") as status:
        while len(ready) < len(parts):
            interruption.check()
            for part in parts:
                if part.name not in started and part.after <= ready:
                    supervisor.start(part)
                    started[part.name] = monotonic()
            states = supervisor.states()
            for part in parts:
                if part.name in ready or part.name not in started:
                    continue
                waited = monotonic() - started[part.name]
                if _got_ready(part, states[part.name], waited, logs):
                    ready.add(part.name)
                    console.print(_progress(part, waited, width), highlight=False)
            if waiting := [name for name in started if name not in ready]:
                status.update(f"waiting for {', '.join(waiting)}")
                sleep(_POLL_S)


def _progress(part: Part, waited: float, width: int) -> str:
    done = "ready" if part.ready_url else "done"
    note = f"  [dim]{escape(part.note)}[/dim]" if part.note else ""
    return f"  {part.name:<{width}}  {done:<5} {waited:5.1f} s{note}"


def _got_ready(part: Part, state: State, waited: float, logs: Path) -> bool:
    if state.end:
        if part.ready_url is None and state.succeeded:
            return True
        raise PartFailed(failure(part, f"{state.end} before it was ready", logs))
    if part.ready_url is not None and _said(part, logs) and is_ready(part.ready_url):
        return True
    if waited > part.timeout_s:
        raise PartFailed(failure(part, f"was not ready after {part.timeout_s:.0f} s", logs))
    return False


def _said(part: Part, logs: Path) -> bool:
    return part.ready_log is None or part.ready_log in (logs / f"{part.name}.log").read_text(
        errors="replace"
    )


def failure(part: Part, what: str, logs: Path) -> str:
    """One sentence on a part that failed, and the end of its log."""
    log = logs / f"{part.name}.log"
    lines = log.read_text(errors="replace").rstrip().splitlines()[-_TAIL_LINES:]
    if not lines:
        return f"{part.name} {what}; its log, {log}, is empty."
    return "\n".join(
        [f"{part.name} {what}; the end of its log, {log}:", *(f"  {x}" for x in lines)]
    )
