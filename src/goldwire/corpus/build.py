"""Build the dataset: parquet, card, manifest, from the articles, their annotations and the schema."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from goldwire import __version__, strict_json
from goldwire.corpus import rules
from goldwire.corpus.card import CONFIGS as CONFIGS
from goldwire.corpus.card import card
from goldwire.corpus.card_header import LICENCE_FILE, licence_text
from goldwire.corpus.checks import CheckResult, Registries, check_articles
from goldwire.corpus.columns import Columns
from goldwire.corpus.split_file import sides_of
from goldwire.corpus.stats import Counts, count
from goldwire.corpus.store import dumps_annotation, project_articles
from goldwire.corpus.tokens import Loss, tokenizer
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, read_text, sha256, write_text, writing
from goldwire.model import Article
from goldwire.project import Project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.load import load_registries

#: Faults that no typed column can hold: with any of them nothing is built.
_UNTYPED = (rules.LAYER, rules.LABEL, rules.ATTRIBUTE, rules.VALUE, rules.RELATION)
_BATCH = 500


@dataclass
class Corpus:
    """Everything that a dataset is made of."""

    project: Project
    schema: Schema
    registries: Registries
    articles: list[Article]
    sources: dict[str, str] = field(
        default_factory=dict
    )  # registries and guidelines: name, SHA-256 of the file

    @property
    def version(self) -> str:
        """The dataset's version, from goldwire.toml."""
        return str(self.project.setting("corpus", "version", "0.0.0"))

    def content_hash(self) -> str:
        """The SHA-256 of all that a reader of the dataset depends on, whatever its order.

        Texts and annotations as the store writes them, schema, registries, guidelines.
        """
        parts = [sha256(msgspec.json.encode(self.schema))]
        parts.extend(f"{name} {digest}" for name, digest in sorted(self.sources.items()))
        for article in sorted(self.articles, key=lambda each: each.document.id):
            parts.append(f"{article.document.id} {sha256(msgspec.json.encode(article.document))}")
            parts.extend(sorted(sha256(dumps_annotation(a)) for a in article.annotations))
        return sha256("\n".join(parts))


@dataclass(frozen=True)
class Build:
    """What was built: the manifest's content, and what the checks and the tokens could not make fit."""

    folder: Path
    manifest: dict[str, Any]
    counts: Counts
    checks: CheckResult
    losses: dict[str, Loss]
    changelog_current: bool


def load_corpus(project: Project) -> Corpus:
    """The project's articles with their stored annotations, its schema and registries."""
    schema = load_schema(project.schema_path)
    articles = project_articles(project)
    files = {name: project.schema_path.parent / file for name, file in schema.registries.items()}
    files["guidelines"] = project.annotate / "guidelines.md"
    sources = {name: sha256(read_bytes(path)) for name, path in files.items() if path.is_file()}
    return Corpus(project, schema, load_registries(schema, project.schema_path), articles, sources)


def build(corpus: Corpus, *, strict: bool = False, advance: Callable[[int], None] | None = None) -> Build:
    """Write the dataset into the project's `corpus/`.

    All files are made beside the folder and moved in at the end; what lies there and is not ours stays. The
    same input gives the same bytes. Each side of the project's split is a file. Rules that are broken are
    counted in card and manifest; faults that no typed column can hold, and with `strict` any fault, raise an
    error and nothing is written.
    """
    checks = check_articles(corpus.articles, corpus.schema, corpus.registries)
    if fatal := [fault for fault in checks.faults if strict or fault.code in _UNTYPED]:
        raise GoldwireError(*fatal[:100])
    if not any(article.annotations for article in corpus.articles):
        place, hint = str(corpus.project.annotations), "pull some: goldwire annotate pull"
        raise GoldwireError.of("GW262", "there is no annotation to build from", where=place, hint=hint)
    sides = split_articles(corpus)
    counts = count(corpus.articles, corpus.schema, only_curated=True)
    columns, losses = Columns(corpus.schema), {layer: Loss() for layer in corpus.schema.layers}
    folder = corpus.project.corpus
    made = Path()
    try:
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".corpus."))
        nlp = tokenizer(corpus.project.language)
        for side, articles in sides.items():
            rows = {
                "documents": columns.document_rows(articles),
                "annotations": columns.annotation_rows(articles),
                "tokens": columns.token_rows(articles, nlp, losses),
            }
            for config in CONFIGS:
                path = made / config / f"{side}.parquet"
                write_parquet(path, rows[config], columns.features(config).arrow_schema, advance)
        numbers = {side: len(articles) for side, articles in sides.items()}
        manifest = _manifest(corpus, counts, checks, losses, numbers)
        text = card(corpus, counts, checks, losses, manifest["content_hash"], sides=numbers)
        write_text(made / "README.md", text)
        if f"license_link: {LICENCE_FILE}" in text.partition("\n---\n")[0]:
            write_text(made / LICENCE_FILE, licence_text(corpus))
        manifest["files"] = {
            str(path.relative_to(made)): {"sha256": sha256(read_bytes(path)), "bytes": path.stat().st_size}
            for path in sorted(made.rglob("*"))
            if path.is_file()
        }
        write_text(made / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
        _move_in(made, folder)
    except OSError as error:
        raise GoldwireError.of(
            "GW265", f"can't be written: {error.strerror or error}", where=str(folder)
        ) from None
    finally:
        if made.name:
            shutil.rmtree(made, ignore_errors=True)
    current = _changelog(folder / "CHANGELOG.md", corpus, counts)
    return Build(folder, manifest, counts, checks, losses, current)


def write_parquet(
    path: Path, rows: Iterable[dict[str, Any]], schema: Any, advance: Callable[[int], None] | None
) -> None:
    """Rows to a parquet file, a batch at a time; the schema carries the `datasets` features."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with writing(path) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
            if advance is not None:
                advance(len(batch))


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch


def split_articles(corpus: Corpus) -> dict[str, list[Article]]:
    """The articles of each side of the project's split; without one all are `train`."""
    by_id = {article.document.id: article for article in corpus.articles}
    return {side: [by_id[name] for name in names] for side, names in sides_of(corpus.project, by_id).items()}


def _manifest(
    corpus: Corpus, counts: Counts, checks: CheckResult, losses: dict[str, Loss], sides: dict[str, int]
) -> dict[str, Any]:
    """What the dataset is, in figures. No dates, so that the same input gives the same bytes."""
    paths = {config: {side: f"{config}/{side}.parquet" for side in sides} for config in CONFIGS}
    return {
        "name": corpus.project.name,
        "version": corpus.version,
        "content_hash": corpus.content_hash(),
        "schema": corpus.schema.stamp,
        "goldwire": __version__,
        "configs": {k: v["train"] for k, v in paths.items()} if list(sides) == ["train"] else paths,
        **({"splits": sides} if list(sides) != ["train"] else {}),
        "counts": counts.as_dict(),
        "annotations": sum(len(article.annotations) for article in corpus.articles),
        "checks": checks.by_code,
        "tokens": {layer: asdict(loss) for layer, loss in losses.items()},
    }


def _move_in(made: Path, folder: Path) -> None:
    """Put the finished files into their places, the manifest last; take away what an older build left."""
    old = folder / "manifest.json"
    try:
        listed = dict(strict_json.loads(old.read_bytes())["files"]) if old.is_file() else {}
    except (ValueError, KeyError, TypeError):
        listed = {}  # not one of ours: nothing is known to be stale
    files = sorted(p for p in made.rglob("*") if p.is_file() and p.name != "manifest.json")
    for path in [*files, made / "manifest.json"]:
        target = folder / path.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        listed.pop(str(path.relative_to(made)), None)
    for name, facts in listed.items():
        stale = folder / name
        ours = stale.is_file() and stale.resolve().is_relative_to(folder.resolve())
        if ours and sha256(read_bytes(stale)) == facts.get("sha256"):
            stale.unlink()


def _changelog(path: Path, corpus: Corpus, counts: Counts) -> bool:
    """Begin the changelog where there is none; whether the one that stands names this version."""
    if path.is_file():
        heading = rf"(?m)^##\s+{re.escape(corpus.version)}(\s|$)"
        return re.search(heading, read_text(path)) is not None
    layers = ", ".join(f"{number} {layer} spans" for layer, number in counts.layers.items())
    text = f"# Changelog of {corpus.project.name}\n\n## {corpus.version}\n\nFirst version: "
    write_text(path, f"{text}{counts.documents} documents, {layers}; schema {corpus.schema.stamp}.\n")
    return True
