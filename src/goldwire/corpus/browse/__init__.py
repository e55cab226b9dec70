"""A corpus as a static site: articles with their spans, a timeline, a graph, tables to download.

`site` reads the articles and writes the pages: `argument_roles` makes frames of spans and relations, `events`
rows of these, which `frame_files` sorts on disk; `article_list`, `lists`, `csv_tables`, `word_index` and
`page_data` are what pages hold. `review` is the page of what deserves a second look.
"""

from goldwire.corpus.browse.site import Site, browse

__all__ = ["Site", "browse"]
