"""Loaded once, before job processes are forked from it: they share the memory (80 MB)."""

from exam_graph import foreign

foreign.load()
