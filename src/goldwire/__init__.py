"""goldwire: from news articles to a gold corpus."""

__version__ = "0.1.0"
