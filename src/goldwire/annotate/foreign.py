"""Results of a config that goldwire did not make: read where the formats are."""

from goldwire.corpus.formats.foreign import census, read_foreign

__all__ = ["census", "read_foreign"]
