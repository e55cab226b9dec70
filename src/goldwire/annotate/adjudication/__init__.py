"""Two annotations of an article become one, with every decision on record.

`project` goes through the articles: `pairing` finds what belongs together, `merge` keeps what both marked
and asks for the rest, `decisions` are the files. In Label Studio, `push` shows the `items` to be decided,
with the ids that may be `offered`, and `pull` brings back what `interpret` makes decisions of.
"""
