"""A corpus as a static site: articles with their spans, a timeline, a graph, tables to download."""

from goldwire.corpus.browse.site import Site, browse

__all__ = ["Site", "browse"]
