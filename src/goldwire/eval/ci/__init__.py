"""Runs held against one another and against a committed baseline.

`baseline` keeps a run, `gate` judges the next against it, `outputs` tells CI, `history` follows git,
`compare_models` says which of two models is better.
"""
