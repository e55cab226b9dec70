"""Articles in: read, normalise once, refuse what can't be trusted."""

from goldwire.seeds.ingest import load_seeds, normalise, read_documents, unlisted

__all__ = ["load_seeds", "normalise", "read_documents", "unlisted"]
