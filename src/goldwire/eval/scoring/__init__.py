"""Scores of predictions against a reference.

`pairing` says which annotation is scored against which, `scores` does it, `score_figures` shows it,
`breakdown` says where errors lie.
"""
