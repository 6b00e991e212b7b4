"""Measurements: each module prints a table, `python -m bench` runs them all. Machines are noisy: never asserted."""
