"""Write a dataset to be passed on, and make sure that no text is left in it that may not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from goldwire.annotations.stats import count_annotations
from goldwire.annotations.tokens import TagLoss
from goldwire.corpus.corpus import Corpus
from goldwire.corpus.dataset.build import annotation_batches, describe, split_articles, write_configs
from goldwire.corpus.dataset.card import BARE
from goldwire.corpus.dataset.card_facts import CardFacts, Contents
from goldwire.corpus.dataset.registries import REGISTRIES, registry_rows, without, write_registries
from goldwire.corpus.publish.without_text import NAME, dump_record, quoted, to_text_free_record, windows
from goldwire.corpus.quality.checks import check_articles
from goldwire.corpus.split.io import NAME as SPLIT
from goldwire.errors import Fault, raise_faults
from goldwire.files import read_bytes, read_text, write_bytes, write_json
from goldwire.folders import list_files
from goldwire.formats.dataset.columns import META, SchemaColumns, arrow_schema
from goldwire.formats.dataset.files import MANIFEST, write_parquet
from goldwire.model import Article, Span
from goldwire.schemas import Schema

#: What of a document's metadata is passed on: who published it where and when, its story and split.
KEPT_META = (*META, "story", "split", "sha256")


@dataclass
class Withheld:
    """What was left out because it is text or may be: metadata by key, attribute values and those of the
    registries that quote."""

    meta: Counter[str] = field(default_factory=Counter)
    attributes: Counter[str] = field(default_factory=Counter)
    registries: int = 0


def write_to_pass_on(corpus: Corpus, folder: Path, held: Collection[str] = ()) -> Withheld:
    """Write into the empty `folder` what may be passed on: the articles in `held`, and of others no word.

    Of those that are held there are the configs of `corpus build`; of the others annotations with the texts'
    hashes. Their metadata other than the bibliographic, and attribute values that quote such a text, are left
    out and counted. Raises GW295 where anything else that would be published quotes one: the changelog, the
    card's own words.
    """
    whole = [article for article in corpus.articles if article.document.id in held]
    others = [article for article in corpus.articles if article.document.id not in held]
    texts = {article.document.id: article.document.text for article in others}
    withheld = Withheld()
    bare = _bare(others, texts, withheld)
    shown = {article.document.id: article for article in (*whole, *bare)}
    sides = split_articles(corpus)
    losses = {layer: TagLoss() for layer in corpus.schema.layers}
    paths: dict[str, dict[str, str]] = {}
    if whole:
        parts = {side: [a for a in articles if a.document.id in held] for side, articles in sides.items()}
        paths = write_configs(folder, corpus, {side: part for side, part in parts.items() if part}, losses)
    if bare:
        bare_sides = {
            side: [shown[a.document.id] for a in articles if a.document.id not in held]
            for side, articles in sides.items()
        }
        config = BARE if whole else "annotations"
        paths[config] = _write_bare(folder, corpus.schema, bare_sides, config)
        lines = [dump_record(to_text_free_record(article, article.document.meta)) for article in bare]
        write_bytes(folder / NAME, b"".join(line + b"\n" for line in lines))
    free = {article.document.id: article.document.text for article in whole}
    entries = registry_rows(corpus)
    rows, withheld.registries = without(entries, _quoting(entries, texts, free))
    as_shown = [shown[article.document.id] for article in corpus.articles]
    contents = Contents(
        corpus=Corpus(corpus.project, corpus.schema, corpus.registries, as_shown, corpus.sources),
        facts=CardFacts.of(as_shown),
        counts=count_annotations(as_shown, corpus.schema, only_curated=True),
        checks=check_articles(corpus.articles, corpus.schema, corpus.registries),
        losses=losses if whole else {},
        content_hash=corpus.content_hash(),
        sides={side: len(articles) for side, articles in sides.items()},
        paths=paths,
        registries=write_registries(folder, rows, corpus.schema),
        held=held,
    )
    describe(folder, contents)
    for name in ("CHANGELOG.md", SPLIT):
        if (corpus.project.corpus / name).is_file():
            write_bytes(folder / name, read_bytes(corpus.project.corpus / name))
    manifest = {
        **contents.identity(),
        "without_texts": len(bare),
        "configs": paths,
        "documents": len(as_shown),
        "splits": contents.sides,
        "withheld": vars(withheld),
    }
    write_json(folder / MANIFEST, manifest)
    list_files(folder, MANIFEST)
    _search(folder, bare, texts, free)
    return withheld


def _write_bare(
    folder: Path, schema: Schema, sides: Mapping[str, Sequence[Article]], config: str
) -> dict[str, str]:
    """The annotations of articles without the marked words; the files by side."""
    columns = SchemaColumns(schema)
    types = arrow_schema(columns.plain_features("annotations", texts=False))
    paths: dict[str, str] = {}
    for side, articles in sides.items():
        if any(article.annotations for article in articles):  # else `datasets` loads nothing of the config
            batches = annotation_batches(articles, columns, texts=False)
            paths[side] = write_parquet(folder / config / f"{side}.parquet", batches, types)
    return paths


def _bare(articles: Iterable[Article], texts: Mapping[str, str], withheld: Withheld) -> list[Article]:
    """Articles whose metadata and attribute values quote no text; texts are still there, to be counted."""
    listed = list(articles)
    values = {v for article in listed for v in article.document.meta.values() if isinstance(v, str)}
    values |= {
        v for article in listed for a in article.annotations for s in a.spans for v in _strings(s.attributes)
    }
    hits = quoted(texts, windows(values))
    whole = set(texts.values())

    def quotes(value: Any) -> bool:
        return any(string in whole or not windows([string]).isdisjoint(hits) for string in _strings(value))

    def without_quotes(span: Span) -> Span:
        dropped = [name for name, value in span.attributes.items() if quotes(value)]
        for name in dropped:
            withheld.attributes[f"{span.layer}.{name}"] += 1
        attributes = {name: value for name, value in span.attributes.items() if name not in dropped}
        return structs.replace(span, attributes=attributes) if dropped else span

    bare = []
    for article in listed:
        meta = {}
        for key, value in article.document.meta.items():
            if key in KEPT_META and not quotes(value):
                meta[key] = value
            else:
                withheld.meta[key] += 1
        annotations = tuple(
            structs.replace(a, spans=tuple(without_quotes(span) for span in a.spans))
            for a in article.annotations
        )
        bare.append(Article(structs.replace(article.document, meta=meta), annotations))
    return bare


def _quoting(values: Any, texts: Mapping[str, str], free: Mapping[str, str]) -> Callable[[Any], bool]:
    """Whether one of these values quotes one of `texts`; what stands in `free` too is no quotation."""
    hits = set(quoted(texts, windows(_strings(values))))
    hits -= set(quoted(free, hits))
    return lambda value: any(not windows([string]).isdisjoint(hits) for string in _strings(value))


def _strings(value: Any) -> Iterator[str]:
    """All strings inside a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _strings(key)
            yield from _strings(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _strings(part)


def _search(folder: Path, bare: list[Article], texts: Mapping[str, str], free: Mapping[str, str]) -> None:
    """Refuse (GW295) whatever stretch of a text is left in what would be published.

    What stands in a text that may be passed on too, in `free`, is no quotation.
    """
    places: list[tuple[str, list[str]]] = [
        (path.name, [read_text(path)])
        for path in sorted([*folder.iterdir(), *folder.glob(f"{REGISTRIES}/*")])
        if path.is_file() and path.name != NAME
    ]
    records = [msgspec.to_builtins(to_text_free_record(article, article.document.meta)) for article in bare]
    places.append((NAME, sorted({string for record in records for string in _strings(record)})))
    stretches = {name: windows(strings) for name, strings in places}
    hits = quoted(texts, set().union(*stretches.values()))
    for stretch in quoted(free, set(hits)):
        del hits[stretch]
    faults = []
    for name, in_file in stretches.items():
        for stretch in sorted(in_file & hits.keys())[:3]:
            hint = "write it otherwise: with --without-texts no text leaves the project"
            shown = " ".join(stretch.split())
            faults.append(Fault("GW295", f"quotes `{hits[stretch]}`: «{shown}»", name, hint))
    raise_faults(faults)
