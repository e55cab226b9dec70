"""Build the dataset: parquet, card, manifest, from the articles, their annotations and the schema."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire import strict_json
from goldwire.annotations import rules
from goldwire.annotations.spool import ArticleSelection, documents_of
from goldwire.annotations.stats import Counts, count_annotations
from goldwire.annotations.tokens import TagLoss
from goldwire.corpus.corpus import Corpus
from goldwire.corpus.dataset.card import CONFIGS as CONFIGS
from goldwire.corpus.dataset.card import limits_of, write_card
from goldwire.corpus.dataset.card_facts import CardFacts, Contents
from goldwire.corpus.dataset.card_header import LICENCE_FILE
from goldwire.corpus.dataset.croissant import CROISSANT, croissant
from goldwire.corpus.dataset.registries import registry_rows, write_registries
from goldwire.corpus.quality.checks import CheckResult, check_articles
from goldwire.corpus.split.io import sides_of
from goldwire.corpus.versions.changelog import has_entry
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, read_text, write_json, write_text
from goldwire.folders import replacing
from goldwire.formats.dataset.arrow import annotation_batch, annotations_of, document_batch
from goldwire.formats.dataset.columns import SchemaColumns
from goldwire.formats.dataset.files import MANIFEST, batched, write_parquet
from goldwire.model import Article
from goldwire.number_format import counted
from goldwire.table import Column, Figures, Table

if TYPE_CHECKING:
    import pyarrow as pa

#: Faults that no typed column can hold: with any of them nothing is built.
_UNTYPED = (rules.LAYER, rules.LABEL, rules.ATTRIBUTE, rules.VALUE, rules.RELATION)


@dataclass(frozen=True, repr=False)
class Build(Figures):
    """What was built: the manifest's content, and what the checks and the tokens could not make fit.

    `aside` are files that stood there changed by hand, under the names that they have now.
    """

    folder: Path
    manifest: dict[str, Any]
    counts: Counts
    checks: CheckResult
    losses: dict[str, TagLoss]
    changelog_current: bool
    aside: list[Path] = field(default_factory=list)

    def __repr__(self) -> str:
        version = f"{self.manifest['name']} {self.manifest['version']}"
        return f"<Build: {version}, {counted(self.counts.documents, 'document')} in {self.folder}>"

    def tables(self) -> list[Table]:
        """`layers`: spans, and which of them a tag for each token can't hold."""
        names = ("spans", "nested", "in tags", "widened to tokens", "collided")
        rows = [
            (name, loss.spans, loss.nested, loss.spans - loss.nested - loss.collided, loss.cut, loss.collided)
            for name, loss in self.losses.items()
        ]
        columns = (Column("layer"), *(Column(name, "amount") for name in names))
        return [Table("layers", "Spans as tags of tokens", columns, rows)]

    def as_json(self) -> dict[str, Any]:
        """The manifest."""
        return self.manifest


def build(
    corpus: Corpus,
    *,
    strict: bool = False,
    total: Callable[[int], None] | None = None,
    advance: Callable[[int], None] | None = None,
) -> Build:
    """Write the dataset into the project's `corpus/`.

    All files are made beside the folder and moved in at the end; what lies there and no manifest lists stays,
    and where it is in the way (GW216) nothing is written, but for a LICENSE of one's own, which is kept. The
    same input gives the same bytes. Each side of the project's split is a file, with its hash in its name.
    Rules that are broken are counted in card and manifest; faults that no typed column can hold, and with
    `strict` any fault, raise an error and nothing is written. `total` is told how many rows there will be,
    `advance` how many were written.
    """
    checks = check_articles(corpus.articles, corpus.schema, corpus.registries)
    if fatal := [fault for fault in checks.faults if strict or fault.code in _UNTYPED]:
        raise GoldwireError(*fatal[:100])
    if not any(article.annotations for article in corpus.articles):
        where, hint = str(corpus.project.annotations), "pull some: goldwire annotate pull"
        raise GoldwireError.of("GW262", "there is no annotation to build from", where=where, hint=hint)
    sides = split_articles(corpus)
    if total is not None:  # of documents, of annotations, of tokens by document
        total(2 * checks.documents + checks.annotations)
    losses = {layer: TagLoss() for layer in corpus.schema.layers}
    folder = corpus.project.corpus
    aside: list[Path] = []
    with replacing(folder, MANIFEST, code="GW216", keep=(LICENCE_FILE,), aside=aside) as new_folder:
        contents = Contents(
            corpus=corpus,
            facts=CardFacts.of(corpus.articles),
            counts=count_annotations(corpus.articles, corpus.schema, only_curated=True),
            checks=checks,
            losses=losses,
            content_hash=corpus.content_hash(),
            sides={side: len(articles) for side, articles in sides.items()},
            paths=write_configs(new_folder, corpus, sides, losses, advance),
            registries=write_registries(new_folder, registry_rows(corpus), corpus.schema),
        )
        describe(new_folder, contents)
        write_json(new_folder / MANIFEST, _manifest(contents))
    manifest = strict_json.loads(read_bytes(folder / MANIFEST))
    current = _changelog(folder / "CHANGELOG.md", corpus, contents.counts)
    return Build(folder, manifest, contents.counts, checks, losses, current, aside)


def describe(folder: Path, contents: Contents) -> None:
    """Write the card with its licence, and the Croissant description."""
    limits = limits_of(contents)
    write_card(folder, contents, limits)
    write_text(folder / CROISSANT, croissant(folder, contents, limits))


def write_configs(
    folder: Path,
    corpus: Corpus,
    sides: Mapping[str, Sequence[Article]],
    losses: dict[str, TagLoss],
    advance: Callable[[int], None] | None = None,
) -> dict[str, dict[str, str]]:
    """Write a parquet file for each config and side; their paths in `folder`, by config and side.

    What `tokens` can't hold is counted in `losses`, by layer.
    """
    import pyarrow as pa

    columns = SchemaColumns(corpus.schema)
    types = {config: columns.arrow_schema(config) for config in CONFIGS}
    paths: dict[str, dict[str, str]] = {config: {} for config in CONFIGS}
    for side, articles in sides.items():
        tokens = columns.token_rows(articles, corpus.project.language, losses)
        batches: dict[str, Iterator[pa.RecordBatch]] = {
            "documents": (document_batch(held, columns) for held in batched(articles)),
            "annotations": annotation_batches(articles, columns),
            "tokens": (pa.RecordBatch.from_pylist(held, types["tokens"]) for held in batched(tokens)),
        }
        for config in CONFIGS:
            if config == "annotations" and not any(article.annotations for article in articles):
                continue  # `datasets` loads no config that has a split without a row
            path = folder / config / f"{side}.parquet"
            paths[config][side] = write_parquet(path, batches[config], types[config], advance)
    return paths


def annotation_batches(
    articles: Iterable[Article], columns: SchemaColumns, *, texts: bool = True
) -> Iterator[pa.RecordBatch]:
    """The rows of the config `annotations`; without `texts` the marked words are left out."""
    encode = partial(json.dumps, ensure_ascii=False, sort_keys=True)
    for held in batched(annotations_of(articles)):
        yield annotation_batch(held, columns, texts=texts, encode=encode)


def split_articles(corpus: Corpus) -> dict[str, ArticleSelection]:
    """The articles of each side of the project's split; without one all are `train`."""
    places = {document.id: place for place, document in enumerate(documents_of(corpus.articles))}
    return {
        side: ArticleSelection(corpus.articles, array("Q", [places[name] for name in names]))
        for side, names in sides_of(corpus.project, places).items()
    }


def _manifest(contents: Contents) -> dict[str, Any]:
    """What the dataset is, in figures. No dates, so that the same input gives the same bytes."""
    facts, sides, paths = contents.facts, contents.sides, contents.paths
    return {
        **contents.identity(),
        "configs": {k: v["train"] for k, v in paths.items()} if list(sides) == ["train"] else paths,
        **({"splits": sides} if list(sides) != ["train"] else {}),
        "counts": contents.counts.as_json(),
        "annotations": facts.annotations,
        # No column says which: who takes them for predictions to score is to know that there are some.
        **({"trained_on": facts.trained_on} if facts.trained_on else {}),
        "checks": contents.checks.by_code,
        "tokens": {layer: asdict(loss) for layer, loss in contents.losses.items()},
    }


def _changelog(path: Path, corpus: Corpus, counts: Counts) -> bool:
    """Begin the changelog where there is none; whether the one that stands names this version."""
    if path.is_file():
        return has_entry(read_text(path), corpus.version)
    layers = ", ".join(f"{number} {layer} spans" for layer, number in counts.layers.items())
    text = f"# Changelog of {corpus.project.name}\n\n## {corpus.version}\n\nFirst version: "
    write_text(path, f"{text}{counts.documents} documents, {layers}; schema {corpus.schema.id}.\n")
    return True
