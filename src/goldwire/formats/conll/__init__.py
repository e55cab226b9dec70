"""CoNLL: a token a line with its tags in columns.

`read` and `write` go between files and the model. A file's `lines` are cut into cells, `columns` finds out
which of them is the token and which are tags, `tags` knows how tags say where spans begin and end.
"""
