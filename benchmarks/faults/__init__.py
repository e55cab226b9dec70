"""goldwire broken on purpose, kind by kind; `python -m benchmarks.faults` runs them all and counts."""
