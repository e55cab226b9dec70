"""Runs held against one another and against a committed baseline.

`baseline` keeps a run's figures; `gate` judges the next run by them: `hold` reads each run once for all its
parts, `measure` scores one anew, `overlap` says which documents both have, `gate_trust` what the two sides
are worth. `outputs` and `post` tell CI, `history` follows git. `compare_models` says which of two models is
better, as `compare_results`. `run.sh` and `needs` are what CI runs.
"""
