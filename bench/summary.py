"""Runs of one system at one level, put together: percentiles with intervals, shares, cost. Pure."""

import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel

from bench.measure import Cost, Run, share, values

RESAMPLES = 2000
_PERCENTILES = (50, 95, 99)


class Interval(BaseModel):
    """A percentile and where it would be found again in 95 of 100 cases (bootstrap)."""

    value: float
    low: float
    high: float


class Spread(BaseModel):
    """Percentiles of `n` samples, in ms."""

    n: int
    p50: Interval
    p95: Interval
    p99: Interval


class Summary(BaseModel):
    """One system at one level. What could not be measured is None; `missing` says why."""

    system: str
    exams: int
    jitter: bool
    runs: int
    times: dict[str, Spread | None]
    shares: dict[str, float | None]
    cost: dict[str, float | None]
    counts: dict[str, int]
    missing: dict[str, str] = {}


def spread(samples: Sequence[float]) -> Spread | None:
    """None of no samples. The same samples give the same intervals."""
    if not samples:
        return None
    given = np.asarray(samples)
    found = np.percentile(given, _PERCENTILES)
    drawn = np.random.default_rng(0).choice(given, (RESAMPLES, len(given)))
    again = np.percentile(drawn, _PERCENTILES, axis=1)
    low, high = np.percentile(again, [2.5, 97.5], axis=1)
    p50, p95, p99 = (
        Interval(value=round(float(v), 1), low=round(float(a), 1), high=round(float(b), 1))
        for v, a, b in zip(found, low, high, strict=True)
    )
    return Spread(n=len(given), p50=p50, p95=p95, p99=p99)


def summarise(
    system: str,
    exams: int,
    runs: Sequence[Run],
    *,
    jitter: bool = False,
    cold: Sequence[Run] = (),
) -> Summary:
    """`runs` at this level, `cold` starts of the same system at whatever level."""
    turns = [turn for run in runs for turn in run.turns]
    times = {name: spread(samples) for name, samples in values(turns).items()}
    times["start_warm_ms"] = spread([1000 * start for run in runs for start in run.starts])
    times["start_cold_ms"] = spread([1000 * start for run in cold for start in run.starts])
    shares, cost = _shares(runs), _costs([run.cost for run in runs])
    return Summary(
        system=system,
        exams=exams,
        jitter=jitter,
        runs=len(runs),
        times=times,
        shares=shares,
        cost=cost,
        counts={
            "lines": len(turns),
            "unanswered": sum(run.unanswered for run in runs),
            "cut_off": sum(turn.cut_off for turn in turns),
            "refused": sum(run.refused for run in runs),
        },
        missing=_missing({**times, **shares, **cost}),
    )


def _shares(runs: Sequence[Run]) -> dict[str, float | None]:
    turns = [turn for run in runs for turn in run.turns if not turn.interrupts]
    owings = [turn.owing for turn in turns if turn.owing is not None]
    contents = [each.content_waited for each in owings if each.content_waited is not None]
    heard = [turn for turn in turns if turn.onset is not None]
    return {
        "no_provider_share": share([not owing.waited for owing in owings]),
        "no_provider_content_share": share([not waited for waited in contents]),
        "ack_first_share": share([turn.ack_ended is not None for turn in heard]),
        "guesses_per_turn": _mean([float(owing.guesses) for owing in owings]),
        "wasted_per_turn": _mean([float(owing.wasted) for owing in owings]),
    }


def _costs(costs: Sequence[Cost]) -> dict[str, float | None]:
    return {
        "cpu_s_per_exam_minute": _mean([cost.system for cost in costs]),
        "livekit_cpu_s_per_exam_minute": _mean([cost.livekit for cost in costs]),
        "providers_cpu_s_per_exam_minute": _mean([cost.providers for cost in costs]),
        "load_cpu_s_per_exam_minute": _mean([cost.load for cost in costs]),
        "private_mb_per_exam": _mean([cost.private_mb for cost in costs]),
        "machine_busy_share": _mean([cost.busy for cost in costs]),
    }


def _mean(samples: Sequence[float | None]) -> float | None:
    known = [each for each in samples if each is not None]
    return round(statistics.mean(known), 3) if known else None


def _missing(known: Mapping[str, object]) -> dict[str, str]:
    """Why a figure is None."""
    return {name: _WHY[name] for name, value in known.items() if value is None}


_NO_REPLY = "no turn got a reply"
_NOBODYS = "no turn got a reply, or the stand-ins did not see which process called"
_TOO_SHORT = "the exams were not long enough to measure it"
_WHY = {
    "own_ms": _NOBODYS,
    "no_provider_share": _NOBODYS,
    "no_provider_content_share": _NOBODYS,
    "guesses_per_turn": _NOBODYS,
    "wasted_per_turn": _NOBODYS,
    "reply_ms": _NO_REPLY,
    "content_ms": "no reply had content",
    "wait_ms": "no reply was heard",
    "ack_first_share": "no reply was heard",
    "ack_to_content_ms": "no reply began with an acknowledgement",
    "barge_in_ms": "nobody interrupted",
    "start_warm_ms": "no examiner was heard",
    "start_cold_ms": "no cold start was made, or no examiner was heard",
    "cpu_s_per_exam_minute": _TOO_SHORT,
    "livekit_cpu_s_per_exam_minute": _TOO_SHORT,
    "providers_cpu_s_per_exam_minute": _TOO_SHORT,
    "load_cpu_s_per_exam_minute": _TOO_SHORT,
    "private_mb_per_exam": _TOO_SHORT,
    "machine_busy_share": _TOO_SHORT,
}
