"""The Markdown of the results: a table for each level, what could not be measured, the machine."""

from collections.abc import Callable, Mapping, Sequence

from bench.summary import Spread, Summary

_TIMES = {
    "wait_ms": "student's wait",
    "reply_ms": "reply time",
    "content_ms": "time to content",
    "own_ms": "own time",
    "ack_to_content_ms": "acknowledgement to content",
    "barge_in_ms": "barge-in to silence",
    "start_cold_ms": "start to first word, cold",
    "start_warm_ms": "start to first word, warm",
}
_SHARES = {
    "no_provider_share": "replies that waited for no provider",
    "no_provider_content_share": "contents that waited for no provider",
    "ack_first_share": "replies that begin with an acknowledgement",
}
_RATES = {
    "guesses_per_turn": "calls before the turn was certain, per turn",
    "wasted_per_turn": "of these in vain",
}
_COSTS = {
    "cpu_s_per_exam_minute": "CPU-seconds per exam minute",
    "livekit_cpu_s_per_exam_minute": "beside it: livekit-server",
    "providers_cpu_s_per_exam_minute": "beside it: stand-ins",
    "load_cpu_s_per_exam_minute": "beside it: students",
    "private_mb_per_exam": "private memory per exam, MB",
}
_BUSY = {"machine_busy_share": "beside it: how busy the machine was"}
_COUNTS = {
    "lines": "lines said",
    "unanswered": "lines without a reply",
    "cut_off": "students cut off",
    "refused": "students turned away",
}


def markdown(
    found: Sequence[Summary], failures: Mapping[str, str], machine: Mapping[str, str]
) -> str:
    """All of it, as one page."""
    parts = [
        "# Results",
        "Times in ms: p50 / p95 / p99, with n samples, and below the 95 % interval of each. "
        "What is measured, and how: docs/bench.md.",
    ]
    levels = dict.fromkeys((each.jitter, each.exams) for each in found)
    for jitter, exams in sorted(levels):
        title = f"{exams} exam{'s' if exams > 1 else ''} at once"
        parts.append(f"## {title}{', providers with jitter' if jitter else ''}")
        parts.append(_table([e for e in found if (e.jitter, e.exams) == (jitter, exams)]))
    if reasons := _reasons(found):
        parts += ["## Not measured", reasons]
    if failures:
        lines = [f"* {name}: {text.splitlines()[-1]}" for name, text in failures.items()]
        parts += ["## Runs that failed", "\n".join(lines)]
    parts += ["## Machine", "\n".join(f"* {name}: {value}" for name, value in machine.items())]
    return "\n\n".join(parts) + "\n"


def _table(level: Sequence[Summary]) -> str:
    rows = [
        ["", *(each.system for each in level)],
        ["---", *("---" for _ in level)],
    ]

    def add(names: Mapping[str, str], cell: Callable[[Summary, str], str]) -> None:
        for name, title in names.items():
            rows.append([title, *(cell(each, name) for each in level)])

    add(_TIMES, lambda each, name: _times(each.times[name]))
    add(_SHARES, lambda each, name: _share(each.shares[name]))
    add(_RATES, lambda each, name: _number(each.shares[name]))
    add(_COSTS, lambda each, name: _number(each.cost[name]))
    add(_BUSY, lambda each, name: _share(each.cost[name]))
    add(_COUNTS, lambda each, name: str(each.counts[name]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _times(spread: Spread | None) -> str:
    if spread is None:
        return "–"
    points = (spread.p50, spread.p95, spread.p99)
    values = " / ".join(f"{point.value:.0f}" for point in points)
    intervals = ", ".join(f"{point.low:.0f}–{point.high:.0f}" for point in points)
    return f"{values} (n {spread.n})<br>{intervals}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _reasons(found: Sequence[Summary]) -> str:
    names = {**_TIMES, **_SHARES, **_RATES, **_COSTS, **_BUSY}
    systems: dict[tuple[str, str], list[str]] = {}
    for each in found:
        where = f"{each.system} at {each.exams}{' with jitter' if each.jitter else ''}"
        if not each.counts["lines"]:
            systems.setdefault(("everything", "no line was said"), []).append(where)
            continue
        for name, why in each.missing.items():
            systems.setdefault((names[name], why), []).append(where)
    return "\n".join(
        f"* {name}: {why} ({', '.join(where)})" for (name, why), where in systems.items()
    )
