"""The corpus: annotations checked, curated, split, built into a dataset, shown and given away.

`corpus` loads a project's articles with their annotations once; `quality` looks them through, `split` divides
them, `dataset` writes them, `versions` compares two, `publish` gives one away (`redistribution`: which texts
may go with it), `browse` and `events` show what they say, as a site and as a table.
"""
