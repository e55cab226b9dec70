"""Articles in a temporary file: read one at a time and as often as wanted, held in memory by none."""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, overload

import msgspec

from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Article, Document

_BUFFER = 1 << 20
_encode = msgspec.json.Encoder().encode
_document = msgspec.json.Decoder(Document).decode
_annotation = msgspec.json.Decoder(Annotation).decode


class _Records:
    """Pieces of bytes in a temporary file, by their number. It has no name, and goes with this object."""

    def __init__(self) -> None:
        self._stream = tempfile.TemporaryFile(buffering=_BUFFER)  # noqa: SIM115 - as long as this object
        self._starts = array("Q", [0])
        self._waiting = False
        weakref.finalize(self, _close, self._stream)

    def append(self, data: bytes) -> int:
        """Keep a piece; its number. Raises GW904 where the disk is full."""
        with _told():
            self._stream.write(data)
        self._waiting = True
        self._starts.append(self._starts[-1] + len(data))
        return len(self._starts) - 2

    def __getitem__(self, number: int) -> bytes:
        if self._waiting:
            with _told():
                self._stream.flush()
            self._waiting = False
        start, end = self._starts[number], self._starts[number + 1]
        return os.pread(self._stream.fileno(), end - start, start)


def _close(stream: IO[bytes]) -> None:
    """Close the file; that the disk has no room for what nobody will read is no matter."""
    with suppress(OSError):
        stream.close()


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with the temporary file as GW904."""
    try:
        yield
    except OSError as error:
        message = f"can't be written: {error.strerror or error}"
        hint = "check space and rights; TMPDIR names another folder"
        raise GoldwireError.of("GW904", message, where=tempfile.gettempdir(), hint=hint) from error


class ArticleSpool(Sequence[Article]):
    """A sequence of articles whose texts and annotations lie on disk; one is read when it is asked for.

    In memory are the ids and a few numbers of each. What is read again is what was put in, whatever happens
    meanwhile to the files that it came from. `ids` are those of the documents, in order.
    """

    def __init__(self, articles: Iterable[Article] = ()) -> None:
        self.ids: list[str] = []
        self._records = _Records()
        self._places: dict[str, int] = {}
        self._documents = array("Q")
        self._annotations: list[tuple[int, ...]] = []
        for article in articles:
            self.append(article)

    def append(self, article: Article) -> None:
        """Put an article behind the others. Raises GW904 where the temporary file can't be written."""
        self._places[article.document.id] = len(self.ids)
        self.ids.append(article.document.id)
        self._documents.append(self._records.append(_encode(article.document)))
        self._annotations.append(tuple(self._records.append(_encode(a)) for a in article.annotations))

    def annotate(self, place: int, annotation: Annotation) -> None:
        """Put one more annotation to the article at `place`."""
        self._annotations[place] = (*self._annotations[place], self._records.append(_encode(annotation)))

    def place(self, name: str) -> int | None:
        """Where the document of this id stands; None where there is none."""
        return self._places.get(name)

    def document(self, place: int) -> Document:
        """The document at `place`, without its annotations."""
        return _document(self._records[self._documents[place]])

    def documents(self) -> Iterator[Document]:
        """All documents in order, one at a time."""
        return map(self.document, range(len(self)))

    @overload
    def __getitem__(self, place: int) -> Article: ...

    @overload
    def __getitem__(self, place: slice) -> ArticleSelection: ...

    def __getitem__(self, place: int | slice) -> Article | ArticleSelection:
        places = range(len(self))[place]
        if isinstance(places, range):
            return ArticleSelection(self, places)
        return Article(
            self.document(places), tuple(_annotation(self._records[n]) for n in self._annotations[places])
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Article]:
        return map(self.__getitem__, range(len(self)))


def documents_of(articles: Iterable[Article]) -> Iterator[Document]:
    """The documents of articles in order, one at a time; of those on disk no annotation is read for it."""
    if isinstance(articles, ArticleSpool):
        yield from articles.documents()
    else:
        yield from (article.document for article in articles)


class ArticleSelection(Sequence[Article]):
    """Some of a sequence of articles, by their places in it; they are read when they are asked for."""

    def __init__(self, articles: Sequence[Article], places: Sequence[int]) -> None:
        self._articles, self._chosen = articles, places

    @overload
    def __getitem__(self, place: int) -> Article: ...

    @overload
    def __getitem__(self, place: slice) -> ArticleSelection: ...

    def __getitem__(self, place: int | slice) -> Article | ArticleSelection:
        if isinstance(place, slice):
            return ArticleSelection(self._articles, self._chosen[place])
        return self._articles[self._chosen[place]]

    def __len__(self) -> int:
        return len(self._chosen)

    def __iter__(self) -> Iterator[Article]:
        return map(self._articles.__getitem__, self._chosen)
