"""What annotations say of who does what to whom, as a table for statistics.

`rows` makes the rows of one article from its frames (`browse.argument_roles`), `stories` finds reports of the
same event among them, `write` streams both into one parquet file.
"""
