"""Scores, agreement, the report."""
