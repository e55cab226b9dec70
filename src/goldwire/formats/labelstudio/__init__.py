"""Label Studio's JSON and the model, both ways: the one place that knows its shape.

`export` reads and writes whole files of tasks, `task` one task, `result` one annotation's result list;
`other_config` reads results of a config that goldwire did not make, `extras` keeps what regions have no
place for.
"""
