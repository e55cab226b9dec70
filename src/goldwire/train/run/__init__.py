"""One training run: plan it, learn, predict what was not seen, score, keep the model.

`choice` says which layers are wanted, `sources` of which articles, `plan` what is learned from what, `start`
what it starts from; `jobs` and `crossval` do it side by side, `run` scores it beside `baselines` and
`agreement`, `report` and `card` tell what `layers`, `tables` and `notes` put together; `model_folder` keeps
it, `package` wraps it, `predict` uses it, `beside_drafts` holds it against drafts.
"""
