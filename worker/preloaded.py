"""Imported before job processes are forked from the importing one: they share what is made."""

from worker import warmup

warmup.make()
