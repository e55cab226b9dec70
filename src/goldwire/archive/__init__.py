"""Archives: articles as JSON Lines or parquet shards, more than fit into memory.

`shards` finds them at addresses, `reading` yields their rows a batch at a time, `rows` makes articles of a
batch, an `engine` maps it over worker processes, and `run` writes what comes back, a shard whole or not at
all, beside a manifest that says what it was made with, so that a run which was killed goes on.
"""
