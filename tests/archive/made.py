"""Small archives for the tests, and work on them that needs no model."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from goldwire.formats.dataset.parquet import write_parquet
from goldwire.formats.jsonl import write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document, Provenance, Span

RULES = Provenance(kind="rule", name="first-word")


def articles(start: int, number: int) -> list[Article]:
    """So many articles with metadata."""
    return [
        Article(Document(f"d{n}", f"Léa lit 🥔 numéro {n}.\nFin.", {"title": f"Titre {n}"}))
        for n in range(start, start + number)
    ]


def archive(folder: Path) -> Path:
    """Three shards of 23, 11 and 7 articles, one in each form, in a folder."""
    folder.mkdir(parents=True)
    write_jsonl(folder / "a.jsonl", articles(0, 23))
    lines = [{"identifiant": n, "texte": f"Texte numéro {n}.", "titre": "T"} for n in range(11)]
    with gzip.open(folder / "b.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in lines)
    write_parquet(folder / "c.parquet", articles(100, 7), ConversionOptions())
    return folder


@dataclass(frozen=True)
class Marking:
    """Marks the first word of each article; takes so many seconds a batch, and writes who has worked."""

    seconds: float = 0.0
    workers: str = ""

    def __call__(self) -> Callable[[list[Article]], list[Article]]:
        if self.workers:
            with Path(self.workers).open("a", encoding="utf-8") as stream:
                stream.write(f"{os.getpid()}\n")

        def mark(some: list[Article]) -> list[Article]:
            time.sleep(self.seconds)
            return [Article(each.document, (marked(each.document),)) for each in some]

        return mark


def marked(document: Document) -> Annotation:
    """The annotation of a document whose first word is a thing."""
    span = Span("s1", "thing", "WORD", 0, len(document.text.split()[0]))
    return Annotation(document.id, "rules", "mini@0.1", provenance=RULES, spans=(span,))


def held(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, but for the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "_lock"
    }
