"""CoNLL: a token a line with its tags in columns.

`read` and `write` go between files and the model, `tags` knows IOB1, IOB2 and IOBES.
"""
