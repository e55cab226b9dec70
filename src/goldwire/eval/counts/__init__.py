"""Counts and what follows from them: precision, recall, F1, intervals, tests.

`per_document` counts each document, `counts` adds and derives, `bootstrap` resamples documents,
`significance` compares.
"""
