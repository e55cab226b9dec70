"""One training run: plan it, learn, predict what was not seen, score, keep the model.

`plan` says what is learned from what, `jobs` and `crossval` do it side by side, `run` scores it beside
`baselines`, `report` and `card` tell what `layers` puts together; `model_folder` keeps it, `predict` uses it.
"""
