"""A trained model served to Label Studio as an ML backend.

`app` speaks HTTP, `handlers` answers, `predictor` annotates, `validate` keeps to the schema; `connect`
brings backend and project together.
"""
