"""Imported before job processes are forked from the importing one: they share what is made."""

import logging

import worker.groq_probes
import worker.groq_understanding  # noqa: F401  (an exam with a key needs it)
from worker.rehearsal import rehearse
from worker.warmup import make

try:
    rehearse(make())
except Exception:
    # Exams are held without it, only not as cheaply.
    logging.getLogger(__name__).exception("the rehearsal failed")
