"""Two versions of a corpus compared.

`load` reads the two, `diff` and `spans` compare them, `compared` is what comes of it, `page` shows the
differences, `changelog` names the version due.
"""
