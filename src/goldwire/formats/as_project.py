"""What one has in some format as a new project: its texts, its annotations, a schema inferred from these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from goldwire.annotations.store import annotation_path, dumps_annotation
from goldwire.errors import GoldwireError
from goldwire.files import file_names, json_lines, sha256, write_text
from goldwire.formats.inferred_schema import found_schema
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import format_named
from goldwire.model import Annotation, Article
from goldwire.new_project import make_project
from goldwire.number_format import counted
from goldwire.project import Project
from goldwire.schemas.inference.fitting import FittedSchema, fitted_schema
from goldwire.schemas.inference.inferred import schema_yaml
from goldwire.table import Column, Figures, Table


@dataclass(frozen=True, repr=False)
class ProjectMade(Figures):
    """A project made of files: what it holds, what had to be `renamed` ((kind, old, new)), what was `lost`
    and `changed` on reading (kind: number), and the file of what was put aside."""

    project: str
    schema: str
    articles: int
    annotations: int
    annotators: tuple[str, ...]
    renamed: tuple[tuple[str, str, str], ...]
    lost: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    quarantine_file: str = ""

    def __repr__(self) -> str:
        counts = counted(self.articles, "article"), counted(self.annotations, "annotation")
        return f"<ProjectMade {self.schema}: {', '.join(counts)}>"

    def tables(self) -> list[Table]:
        """`new`: what it holds, and what was not kept or changed."""
        rows = [("articles", self.articles), ("annotations", self.annotations)]
        rows += [(f"not kept: {kind}", number) for kind, number in self.lost.items()]
        rows += [(f"changed: {kind}", number) for kind, number in self.changed.items()]
        return [Table("new", self.project, (Column("new"), Column("", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def make_project_of(
    path: Path,
    target: Path,
    *,
    source: str,
    name: str,
    language: str,
    setting: ConversionOptions | None = None,
) -> ProjectMade:
    """Make a project in the folder `target` of what `path` holds in the format `source`.

    Its schema has the layers, labels, attributes and relations that the annotations use, or that of the
    `setting`, whose `stored_names` say what annotators are called. Raises GW714 where nothing is annotated,
    GW715 where an article stands twice, and what `make_project` and the format raise; then nothing is kept.
    """
    setting = setting or ConversionOptions()
    setting.language = setting.language or language
    if not path.exists():
        raise GoldwireError.of("GW901", "there is no such file or folder", where=str(path))
    articles = format_named(source).read(path, setting)
    setting.check()
    _check(articles, path)
    own = setting.named_schema
    fit = (
        FittedSchema(own)
        if own
        else fitted_schema(found_schema(articles, language), name=name, language=language)
    )
    given = [annotation for article in articles for annotation in article.annotations]
    called = {} if setting.stored_names is None else setting.stored_names(given)
    renamed = [_renamed(article, fit, called) for article in articles]

    def fill(root: Path) -> None:
        _fill(root, renamed, setting)

    project = make_project(
        target, name=name, language=language, schema=schema_yaml(fit.schema, f"made from {source}"), fill=fill
    )
    annotations = [annotation for article in renamed for annotation in article.annotations]
    return ProjectMade(
        project=str(project.root),
        schema=fit.schema.id,
        articles=len(renamed),
        annotations=len(annotations),
        annotators=tuple(sorted({annotation.annotator for annotation in annotations})),
        renamed=(*fit.renamed, *(("annotator", old, new) for old, new in called.items())),
        lost={kind: len(places) for kind, places in setting.lost.items()},
        changed={kind: len(places) for kind, places in setting.changed.items()},
        quarantine_file="annotate/quarantine.jsonl" if setting.quarantine else "",
    )


def _check(articles: list[Article], path: Path) -> None:
    if not any(annotation.spans for article in articles for annotation in article.annotations):
        hint = "goldwire new DIR, then goldwire seeds add"
        raise GoldwireError.of("GW714", "nothing is annotated here", where=str(path), hint=hint)
    times = Counter(article.document.id for article in articles)
    if twice := sorted(name for name, count in times.items() if count > 1):
        message = f"article `{twice[0]}` stands {times[twice[0]]} times"
        raise GoldwireError.of("GW715", message, where=str(path), hint="keep one, or name them apart")


def _renamed(article: Article, fit: FittedSchema, called: Mapping[str, str]) -> Article:
    """An article whose annotations name what the schema does, by people as they are `called`."""
    annotations = (_annotation(annotation, article, fit, called) for annotation in article.annotations)
    return Article(article.document, tuple(annotations))


def _annotation(
    annotation: Annotation, article: Article, fit: FittedSchema, called: Mapping[str, str]
) -> Annotation:
    annotator = called.get(annotation.annotator, annotation.annotator)
    spans = tuple(
        replace(
            span,
            layer=fit.layers.get(span.layer, span.layer),
            label=fit.labels.get((span.layer, span.label), span.label),
            attributes={
                name: value
                for key, value in span.attributes.items()
                if (name := fit.attributes.get((span.layer, key), key))
            },
        )
        for span in annotation.spans
    )
    relations = tuple(
        replace(relation, label=fit.relations.get(relation.label, relation.label))
        for relation in annotation.relations
    )
    digest = sha256(article.document.text)
    return replace(
        annotation,
        annotator=annotator,
        schema=fit.schema.id,
        spans=spans,
        relations=relations,
        text_sha256=digest,
    )


def _fill(root: Path, articles: list[Article], setting: ConversionOptions) -> None:
    """The articles, their annotations, and what was put aside, into a project's folder."""
    project = Project(root)
    names = file_names(article.document.id for article in articles)
    lines = []
    for article in articles:
        document = article.document
        file = f"articles/{names[document.id]}.txt"
        write_text(project.seeds / file, document.text)
        lines.append({"id": document.id, "file": file, "meta": document.meta})
        for annotation in article.annotations:
            write_text(annotation_path(project, annotation), dumps_annotation(annotation))
    write_text(project.seeds / "articles.jsonl", json_lines(lines))
    if setting.quarantine:
        write_text(project.annotate / "quarantine.jsonl", json_lines(setting.quarantine))
