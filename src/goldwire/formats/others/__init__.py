"""Other tools' and corpora's files: a module for each format, and nothing else to do for the next one.

A module is called like its format. It says what it is (`ABOUT`), what it can't hold (`LOSES`) and what its
writer counts (`UNIT`); `looks_like(head)` says whether a file begins like one of its;
`read_NAME(path, setting)` and `write_NAME(path, articles, setting)` are its reader and writer, if it has
them. `_rows` takes files apart, `_marks` makes articles of what rows mark, their offsets counted as their
words prove.
"""
