"""Scores of predictions against a reference.

`alignment` finds the same documents in several files, `pairing` says which annotation is scored against
which; `scores` does it, batch by batch (`document_counts`), into `score_figures`. `breakdown` says where
errors lie, `notes` what to bear in mind, `ceiling` how far annotators agree; `edits` scores a draft by what
its annotator changed.
"""
