"""Figures that say how far to trust them: matching, scores, intervals, agreement, the report.

Annotations of the same documents go in; `matching` pairs what they mark, `counts` adds the pairs up and
derives figures and intervals, `scoring` and `agreement` put these together, `report` and `ci` show and judge
them. `project_scores` and `file_scores` do so for a project, and for files that no memory holds.
"""
