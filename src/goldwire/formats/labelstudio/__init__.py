"""Label Studio's JSON and the model, both ways: the one place that knows its shape.

`shapes` knows what files hold, `task` one task, `texts` which of its texts is marked, `region_text` what
extents are stated in it, `naming` what a config's names are called, `people` whose annotation counts.
`reader` (one pass: `result_reader`) is the one reader of results; `task_reader` makes articles of a task,
`export` of a file; `result` writes results, `extras` keeps what regions have no place for.
"""
