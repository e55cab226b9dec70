"""Readings of several files brought together document by document, on disk: in memory are ids and digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import structs

from goldwire.annotations.spool import ArticleSpool
from goldwire.errors import GoldwireError
from goldwire.formats.articles import Articles
from goldwire.formats.guess import guess_read, stream_as
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import few_collections, format_named
from goldwire.model import Article


class _Otherwise(Exception):
    """The files can't be brought together so: the usual way says what is the matter, or does it."""


def spool_readings(
    paths: Sequence[Path],
    called: Sequence[str],
    *,
    format: str | None = None,
    names: Sequence[str] | None = None,
    layers: Sequence[str] | None = None,
) -> tuple[ArticleSpool, list[Articles]] | None:
    """The readings that files hold of the same documents, and what was not kept of each file.

    The latter in lists without articles.

    Annotators that a file does not name are `called` so; with `names` all of a file are. None where they must
    be read whole: documents have other ids in another file, the files' only layers are called differently, or
    something is wrong.
    """
    spool, read = ArticleSpool(), []
    together = _Together(spool, several=len(paths) > 1 or names is not None)
    try:
        with few_collections():
            for number, (path, annotator) in enumerate(zip(paths, called, strict=True)):
                setting = ConversionOptions(annotator=annotator)
                name = format_named(format).name if format else guess_read(path)
                whose = "" if names is None else names[number]
                together.take(stream_as(name, path, setting), whose, by_layer=layers is None)
                read.append(Articles.as_read((), setting, name, path))
    except (_Otherwise, GoldwireError, OSError):
        return None
    return spool, read


class _Together:
    """Documents with the readings of all files so far."""

    def __init__(self, spool: ArticleSpool, *, several: bool) -> None:
        self._spool, self._several = spool, several
        #: Texts without their white space, as digests.
        self._texts: set[bytes] = set()
        #: By a document's place whose readings it has.
        self._readers: list[tuple[str, ...]] = []
        self._only_layers: set[str] = set()
        self._one_layer_each = True

    def take(self, articles: Iterator[Article], name: str, *, by_layer: bool) -> None:
        """Take in a file's articles, with a `name` as those of this annotator. Raises _Otherwise."""
        if not self._several:
            for article in articles:
                self._spool.append(article)
            return
        seen, texts, layers, annotators = set[str](), set[bytes](), set[str](), set[str]()
        for article in articles:
            document = article.document
            if document.id in seen:
                raise _Otherwise
            seen.add(document.id)
            for annotation in article.annotations:
                annotators.add(annotation.annotator)
                layers.update([span.layer for span in annotation.spans])
            if name:
                annotations = tuple(structs.replace(each, annotator=name) for each in article.annotations)
                article = Article(document, annotations)
            texts.add(self._put(article))
        if name and len(annotators) > 1:
            raise _Otherwise
        self._texts |= texts
        self._only_layers |= layers
        self._one_layer_each &= len(layers) < 2
        if by_layer and self._one_layer_each and len(self._only_layers) > 1:
            raise _Otherwise

    def _put(self, article: Article) -> bytes:
        """Put an article to its document, or behind the others; the digest of its text."""
        document, spool = article.document, self._spool
        digest = hashlib.blake2b("".join(document.text.split()).encode(), digest_size=16).digest()
        readers = tuple({each.annotator: None for each in article.annotations})
        place = spool.place(document.id)
        if place is None:
            if digest in self._texts:
                raise _Otherwise
            spool.append(article)
            self._readers.append(readers)
            return digest
        if spool.document(place).text != document.text or not set(readers).isdisjoint(self._readers[place]):
            raise _Otherwise
        for annotation in article.annotations:
            spool.annotate(place, annotation)
        self._readers[place] += readers
        return digest
