"""All formats by name: what each is, holds and loses, and where its reader and writer are."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from goldwire.errors import GoldwireError, by_cause, one_of
from goldwire.formats import others
from goldwire.formats.edges import trimmed
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article

Reader = Callable[[Path, ConversionOptions], Iterable[Article]]
Writer = Callable[[Path, Iterable[Article], ConversionOptions], int]


@dataclass(frozen=True)
class Format:
    """One format. `loses` says in a few words what it can't hold; empty where it holds the model, but for
    what its writer finds and puts down in the setting.

    `unit` is what its writer counts. Its functions are `read_NAME` of the module `reader`, which gives a list
    or yields articles one at a time, and `write_NAME` of `writer`, both imported when they are used; a writer
    that `streams` takes articles one at a time. A format without a writer is read only. A reader that
    `accounts` counts itself what became of spans, relations and attributes, white space at edges among it; it
    may have put aside more than what it gives.
    """

    name: str
    about: str
    reader: str
    writer: str = ""
    loses: str = ""
    unit: str = "lines"
    streams: bool = False
    accounts: bool = False

    @property
    def writes(self) -> bool:
        """Whether it can be written."""
        return bool(self.writer)

    def read(self, path: Path, setting: ConversionOptions) -> list[Article]:
        """All articles of `path`; as `stream`."""
        with few_collections():
            return list(self.stream(path, setting))

    def stream(self, path: Path, setting: ConversionOptions) -> Iterator[Article]:
        """The articles of `path`, white space off the edges of their spans; one at a time where that can be.

        Raises what is wrong with the input, a fault a cause.
        """
        read: Reader = getattr(import_module(self.reader), f"read_{self.name}")
        with few_collections(), _by_cause():
            articles = read(path, setting)
        return self._checked(articles, setting)

    def _checked(self, articles: Iterable[Article], setting: ConversionOptions) -> Iterator[Article]:
        """The articles as they go on; what was refused is raised after the last one."""
        taken = False
        with _by_cause():
            for article in articles:
                taken = True
                yield article if self.accounts else trimmed(article, setting)
            setting.settle(taken=taken)

    def write(self, path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
        """Write articles to `path`, whole or not at all; their number. Raises GW259 where it is read only."""
        self.check_writable()
        write: Writer = getattr(import_module(self.writer), f"write_{self.name}")
        return write(path, articles, setting)

    def check_writable(self) -> None:
        """Raise GW259 where the format is read only."""
        if not self.writes:
            writable = one_of(name for name, each in FORMATS.items() if each.writes)
            raise GoldwireError.of("GW259", f"format `{self.name}` can't be written", hint=writable)


@contextmanager
def _by_cause() -> Iterator[None]:
    """What is raised has a fault a cause."""
    try:
        yield
    except GoldwireError as error:
        raise GoldwireError(*by_cause(error.faults)) from None


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for cycles seldom: what is read has none, and the more there is the longer each look takes."""
    before = gc.get_threshold()
    gc.set_threshold(500_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _others() -> Iterator[Format]:
    """The formats of other tools: each module of `others` is one."""
    for info in iter_modules(others.__path__):
        if not info.name.startswith("_"):
            module = import_module(f"{others.__name__}.{info.name}")
            yield Format(
                info.name,
                module.ABOUT,
                module.__name__,
                module.__name__ if hasattr(module, f"write_{info.name}") else "",
                getattr(module, "LOSES", ""),
                getattr(module, "UNIT", "lines"),
            )


_HERE = "goldwire.formats"
_OWN = f"{_HERE}.adapters"

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("jsonl", "JSON Lines, a document a line", _OWN, _OWN, streams=True),
        Format(
            "labelstudio",
            "Label Studio's JSON export",
            f"{_HERE}.labelstudio.export",
            f"{_HERE}.labelstudio.export",
            unit="tasks",
            accounts=True,
        ),
        Format(
            "brat",
            "brat standoff, a folder of .txt and .ann with annotation.conf and visual.conf",
            f"{_HERE}.brat.read",
            f"{_HERE}.brat.write",
            loses="span ids, meta, status, provenance, marked_by, origin, score",
            unit=".ann files",
            streams=True,
        ),
        Format(
            "docbin",
            "spaCy's DocBin: entities, span groups, the rest in user_data",
            f"{_HERE}.docbin",
            f"{_HERE}.docbin",
            unit="Docs",
        ),
        Format(
            "parquet",
            "the dataset, a folder as `corpus build` writes it, or one file NAME.parquet",
            f"{_HERE}.dataset.parquet",
            f"{_HERE}.dataset.parquet",
            loses="in a folder, `trained_on` and `drafting` of predictions, `passes` (NAME.parquet has them)",
            unit="documents",
            streams=True,
        ),
        Format(
            "conll",
            "CoNLL: a token a line, one layer's tags in IOB1, IOB2 or IOBES",
            f"{_HERE}.conll.read",
            f"{_HERE}.conll.write",
            loses="other layers, nesting beyond --depth, extents that cut tokens, relations, attributes, "
            "ids, all annotators but the most trusted, meta, status, provenance, marked_by, origin, score",
            unit="documents",
        ),
        Format(
            "cas",
            "UIMA CAS as INCEpTION opens it, XMI or JSON: DOCUMENT/ANNOTATOR.xmi",
            f"{_HERE}.cas.read",
            f"{_HERE}.cas.write",
            unit="files",
            streams=True,
        ),
        Format(
            "webanno_tsv",
            "WebAnno TSV 3 as INCEpTION reads and writes it: DOCUMENT/ANNOTATOR.tsv",
            f"{_HERE}.webanno_tsv.read",
            f"{_HERE}.webanno_tsv.write",
            loses="span ids, types of values, meta, schema, status, provenance, marked_by, origin, score",
            unit="files",
            streams=True,
        ),
        *_others(),
        Format("quotes", "YAML written by hand: a file, or a folder of files", _OWN),
        Format(
            "store",
            "a project's own annotations; its path is the project's folder",
            _OWN,
            _OWN,
            unit="files changed",
            streams=True,
        ),
    )
}


def format_named(name: str) -> Format:
    """The format of that name; raises GW259 with the names that exist."""
    if name not in FORMATS:
        raise GoldwireError.of("GW259", f"unknown format `{name}`", hint=one_of(FORMATS))
    return FORMATS[name]
