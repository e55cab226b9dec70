"""The command line: one module per command group; parses, calls the API, prints; holds no logic.

`main` finds the group that was called and imports it alone; `common` has the options and messages that
commands share, `tables` prints figures, `streams` guards the standard streams.
"""
