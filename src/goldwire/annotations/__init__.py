"""The project's stored annotations: one JSON file per article and annotator, the source of truth.

`store` reads and writes them; `integrity` and `rules` say what must hold of them, `values` what an
attribute may hold; `ids` unifies coined ids, `tokens` cuts texts into tagged tokens, `find_quote` finds
quoted text, `stats` counts.
"""
