"""What a worker counts, all of it here.

Each exam has a process of its own. What happens there is reported over a socket of this machine to
the worker's process, which alone keeps the figures and serves them (`worker/figures.py`): a
process that ends leaves no file behind, and one that is killed takes no figure with it.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

#: Names the socket to the job processes, which inherit it.
SOCKET = "VOXAM_METRICS_SOCKET"

Ending = Literal["finished", "abandoned", "left", "failed", "deadline"]

EXAMS_RUNNING = Gauge("voxam_exams_running", "Exams that this worker holds now.")
EXAMS_MAX = Gauge("voxam_exams_max", "Exams that this worker may hold at once (MAX_EXAMS).")
EXAMS_BEGUN = Counter(
    "voxam_exams_begun", "Jobs that began to examine; resumed: the exam was under way.", ["how"]
)
EXAMS_ENDED = Counter(
    "voxam_exams_ended",
    "Jobs that ended; left: the room or the sitting was gone, or another examiner has it.",
    ["how"],
)
REPLY_WAIT = Histogram(
    "voxam_reply_wait_seconds",
    "From the end of a student's turn to the reply's first frame.",
    buckets=(0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4),
)
PROVIDER_ERRORS = Counter(
    "voxam_provider_errors",
    "Failures of a provider that an exam met, retried ones too.",
    ["provider", "kind"],
)
SITTINGS_HELD = Gauge("voxam_sittings_held", "Sittings with an examiner, in the whole record.")
SITTINGS_LOST = Gauge(
    "voxam_sittings_lost",
    "Sittings, in the whole record, that were begun and are not over, without an examiner and "
    "without a turn for an hour. Should be 0.",
)

_REPORTED: dict[str, Counter | Histogram] = {
    "begun": EXAMS_BEGUN,
    "ended": EXAMS_ENDED,
    "wait": REPLY_WAIT,
    "provider": PROVIDER_ERRORS,
}


@contextlib.contextmanager
def counted_exam(*, resumed: bool, ending: Callable[[], Ending]) -> Iterator[None]:
    """The block examines; `ending` tells after it how that ended."""
    _report("begun", how="resumed" if resumed else "new")
    try:
        yield
    except BaseException:
        _report("ended", how="failed")
        raise
    _report("ended", how=ending())


def reply_waited(seconds: float) -> None:
    _report("wait", seconds)


def provider_failed(provider: str, kind: str) -> None:
    """`kind` is one of few words of our own, never a provider's message."""
    _report("provider", provider=provider, kind=kind)


def take(report: bytes) -> None:
    """Counts what a process has reported. Raises ValueError for what nobody here wrote."""
    try:
        name, value, labels = json.loads(report)
        figure = _REPORTED[name]
        _count(figure, float(value), labels)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("not a report of a figure") from None


def _report(name: str, value: float = 1.0, /, **labels: str) -> None:
    """Never in the way of an exam: what cannot be sent at once is not counted."""
    if (path := os.environ.get(SOCKET)) is None:
        _count(_REPORTED[name], value, labels)
        return
    report = json.dumps([name, value, labels]).encode()
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
    ):
        sender.setblocking(False)
        sender.sendto(report, path)


def _count(figure: Counter | Histogram, value: float, labels: dict[str, str]) -> None:
    labelled = figure.labels(**labels) if labels else figure
    if isinstance(labelled, Histogram):
        labelled.observe(value)
    else:
        labelled.inc(value)
