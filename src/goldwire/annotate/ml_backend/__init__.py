"""A trained model, or one that drafts, served to Label Studio as an ML backend.

`app` speaks HTTP over `connections`, `handlers` answers, `predictor` or `drafting_model` annotates,
`validate` keeps to the schema, `screens` to a pass's layers; `connect` brings backend and project together.
"""
