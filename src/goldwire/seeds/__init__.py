"""Articles in: read, normalise once, refuse what can't be trusted.

`sources` finds the files, `contents` takes the articles out of them (tables by `rows` and `columns`), `add`
holds them against those that are there and lists them; `ingest` reads what is listed, `listing` changes it.
"""

from goldwire.seeds.ingest import load_seeds, read_documents, stream_seeds, unlisted

__all__ = ["load_seeds", "read_documents", "stream_seeds", "unlisted"]
