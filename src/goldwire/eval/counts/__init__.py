"""Counts and what follows from them: precision, recall, F1, intervals, tests.

`per_document` counts each document, `attributes` what its spans bear, `counts` adds and derives (`packed`:
in fewer bytes), `bootstrap` resamples documents, `significance` compares.
"""
