"""Figures that say how far to trust them: matching, scores, intervals, agreement, the report."""
