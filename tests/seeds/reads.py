"""How often a project's articles are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from goldwire.model import Document
from goldwire.seeds import ingest


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The listings of articles that are read from now on, each time one is."""
    listings: list[Path] = []
    stream_documents = ingest.stream_documents

    def counted(*paths: Path) -> Iterator[Document]:
        listings.extend(paths)
        return stream_documents(*paths)

    monkeypatch.setattr(ingest, "stream_documents", counted)
    return listings
