"""What a grader counts, for Prometheus."""

from prometheus_client import Counter, Gauge

CALLS = Counter("voxam_grading_calls", "Calls to graders' models.", ["model", "outcome"])
GRADINGS = Counter("voxam_gradings", "Gradings that were taken up here.", ["outcome"])
UNDER_WAY = Gauge("voxam_gradings_under_way", "Gradings under way here.")
