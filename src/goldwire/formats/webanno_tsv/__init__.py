"""WebAnno TSV 3, which INCEpTION reads and writes too: a token a line, layers in columns, all annotations.

`read` and `write` go between files and the model, `rows` between lines and what stands in their columns.
"""
