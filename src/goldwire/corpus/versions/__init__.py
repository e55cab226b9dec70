"""Two versions of a corpus compared.

`load` reads the sides, `diff` and `spans` compare them, `page` shows the differences, `changelog` names
the version due.
"""
