"""What a keeper counts, for Prometheus: with --metrics-port, on 127.0.0.1."""

from prometheus_client import Counter, Gauge, start_http_server

STUDENTS_WAITING = Gauge(
    "voxam_students_waiting", "Students in a room whose exam has no examiner; the same from each."
)
EXAMINERS_SENT = Counter("voxam_examiners_sent", "Dispatches that this keeper made.")
EXAMINERS_DIED = Counter("voxam_examiners_died", "Leases that this keeper found dead and broke.")


def serve(port: int) -> None:
    """In a thread of its own. Raises OSError when the port is taken."""
    start_http_server(port, addr="127.0.0.1")
