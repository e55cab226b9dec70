"""Two annotations of an article become one, with every decision on record.

`pairing` finds what belongs together, `merge` keeps what both marked and asks for the rest, `decisions`
are the files; `push`, `pull` and `interpret` do the same in Label Studio.
"""
