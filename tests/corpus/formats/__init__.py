"""The formats: round trips, foreign files, faults."""
