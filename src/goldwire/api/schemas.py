"""Schemas checked, rendered, compared, made of a config; stored annotations brought to a new version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from goldwire.api.data import load_schema
from goldwire.errors import GoldwireError, raise_faults
from goldwire.files import read_bytes, read_text, write_text
from goldwire.folders import put_aside
from goldwire.number_format import counted
from goldwire.project import Project, find_project, name_faults
from goldwire.schemas import Schema
from goldwire.table import Column, Figures, Table

if TYPE_CHECKING:
    from goldwire.annotate.migration.server import ServerMigration
    from goldwire.annotate.migration.stored import MigrateReport
    from goldwire.schemas.changes.diff import SchemaChange
    from goldwire.schemas.inference.inferred import Inferred


@dataclass(frozen=True, repr=False)
class CheckedSchema(Figures):
    """A schema without a fault, where it stands, and how many things each of its registries has."""

    schema: Schema
    path: Path
    registries: dict[str, int]

    def __repr__(self) -> str:
        return f"<CheckedSchema: {self.schema.id}, {counted(len(self.schema.layers), 'layer')}>"

    def tables(self) -> list[Table]:
        """`layers`: how many labels, attributes and examples each has."""
        names = ("labels", "attributes", "examples")
        rows = [
            (
                name,
                len(layer.labels),
                len(layer.attributes),
                sum(len(label.examples) for label in layer.labels.values()),
            )
            for name, layer in self.schema.layers.items()
        ]
        columns = (Column("layer"), *(Column(name, "amount") for name in names))
        return [Table("layers", self.schema.id, columns, rows)]

    def as_json(self) -> dict[str, Any]:
        """Its id, its layers and registries, counted, as `goldwire schema check --json` writes them."""
        layers = {
            name: {"labels": len(layer.labels), "attributes": len(layer.attributes)}
            for name, layer in self.schema.layers.items()
        }
        return {"schema": self.schema.id, "layers": layers, "registries": self.registries}


def check_schema(path: str | Path | Project = ".") -> CheckedSchema:
    """A schema's file, or that of a project with its registries and its name: all faults as one error.

    Raises `SchemaError` (GW1xx), GW915 for a name of a project that Label Studio refuses.

        >>> import goldwire
        >>> goldwire.check_schema("my-project")
        <CheckedSchema: mini@0.1, 2 layers>
    """
    from goldwire.schemas.load import load_registries

    file = Path() if isinstance(path, Project) else Path(path)
    if isinstance(path, Project) or file.is_dir():
        home = find_project(path)
        raise_faults(name_faults(home))
        file = home.schema_path
    schema = load_schema(file)
    registries = load_registries(schema, file)
    return CheckedSchema(schema, file, {name: len(entries) for name, entries in registries.items()})


@dataclass(frozen=True, repr=False)
class Rendered:
    """What was made of a schema: each file, from the project's folder on, and whether it was `up to date`,
    was `written`, or is `stale`; and `aside`, what stood there and was no rendering, under its new name."""

    schema: Schema
    files: dict[str, str]
    aside: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Rendered {self.schema.id}: {', '.join(f'{k} {v}' for k, v in self.files.items())}>"


def render_schema(project: str | Path | Project = ".", *, dry_run: bool = False) -> Rendered:
    """Write a schema's label config and guidelines, and the guide as a page, into `annotate/`.

    A file of such a name that no schema rendered is put aside, as `NAME.orig`. With `dry_run` nothing is
    written; what would be is `stale`. Raises `SchemaError` (GW1xx) for the schema's faults, GW904 where
    nothing can be written.

        >>> import goldwire
        >>> goldwire.render_schema("my-project").files["annotate/guide.html"]
        'written'
        >>> set(goldwire.render_schema("my-project", dry_run=True).files.values())
        {'up to date'}
    """
    from goldwire.annotate.passes.screen import with_keys_of
    from goldwire.annotate.records.passes import passes_of
    from goldwire.schemas.rendering.guide import GUIDE, guide_page
    from goldwire.schemas.rendering.guidelines import guidelines
    from goldwire.schemas.rendering.label_config import label_config
    from goldwire.schemas.rendering.rendered import is_rendering

    home = find_project(project)
    schema = load_schema(home)
    texts = {
        "label_config.xml": label_config(schema),
        "guidelines.md": guidelines(schema),
        GUIDE: guide_page(with_keys_of(schema, passes_of(home, schema)), home.schema_path.parent),
    }
    files, aside = {}, list[str]()
    for name, text in texts.items():
        target = home.annotate / name
        standing = read_bytes(target) if target.is_file() else None
        is_current = standing == text.encode()
        if not is_current and not dry_run:
            if standing is not None and not is_rendering(name, standing.decode(errors="replace")):
                aside.append(put_aside(target).relative_to(home.root).as_posix())
            write_text(target, text)
        state = "up to date" if is_current else "stale" if dry_run else "written"
        files[target.relative_to(home.root).as_posix()] = state
    return Rendered(schema, files, tuple(aside))


@dataclass(frozen=True, repr=False)
class SchemaDiff(Figures):
    """The `changes` from one schema to another that annotations can feel; `hits` says how many stored spans
    or relations each would orphan, None where none were counted."""

    before: Schema
    after: Schema
    changes: tuple[SchemaChange, ...]
    hits: tuple[int | None, ...]

    def __repr__(self) -> str:
        ids = f"{self.before.id} → {self.after.id}"
        return f"<SchemaDiff {ids}: {counted(len(self.changes), 'change')}, {self.orphaning} orphaning>"

    @property
    def orphaning(self) -> int:
        """How many changes can orphan annotations, or make them invalid."""
        return sum(change.orphans for change in self.changes)

    def tables(self) -> list[Table]:
        """`changes`."""
        rows = [
            (
                f"{change.change} {change.what}",
                f"{change.name} → {change.to}" if change.to else change.name,
                change.detail,
                "orphans" if change.orphans else "compatible",
                "" if hit is None else hit,
            )
            for change, hit in zip(self.changes, self.hits, strict=True)
        ]
        words = (Column(name) for name in ("change", "of", "detail", "annotations"))
        title = f"{self.before.id} → {self.after.id}"
        return [Table("changes", title, (*words, Column("hit", "amount")), rows, lesser=("detail",))]

    def as_json(self) -> dict[str, Any]:
        """All changes, as `goldwire schema diff --json` writes them."""
        pairs = zip(self.changes, self.hits, strict=True)
        changes = [{**to_builtins(change), "hits": hit} for change, hit in pairs]
        return {"old": self.before.id, "new": self.after.id, "changes": changes}


def diff_schemas(
    old: str | Path | Project | Schema,
    new: str | Path | Project | Schema,
    project: str | Path | Project | None = None,
) -> SchemaDiff:
    """What annotations of the schema `old` would lose under `new`; with a `project` its own are counted.

    Raises GW901 for a schema that is not there, `SchemaError` (GW1xx) for its faults.

    >>> import goldwire
    >>> goldwire.diff_schemas("my-project", "my-project")
    <SchemaDiff mini@0.1 → mini@0.1: 0 changes, 0 orphaning>
    """
    from goldwire.annotations.store import read_annotations
    from goldwire.schemas.changes.diff import count_hits, diff

    before, after = (each if isinstance(each, Schema) else load_schema(each) for each in (old, new))
    changes = tuple(diff(before, after))
    if project is None:
        return SchemaDiff(before, after, changes, (None,) * len(changes))
    hits = count_hits(changes, after, read_annotations(find_project(project)))
    return SchemaDiff(before, after, changes, tuple(hits))


def migrate(project: str | Path | Project, plan: str | Path, *, dry_run: bool = False) -> MigrateReport:
    """Rewrite all stored annotations for a new version of the schema, by a plan's file: all, or none.

    The project's schema must be the one that the plan leads to (GW362). What was changed and what was taken
    out is recorded in `annotate/migrations/`. With `dry_run` it is checked and counted alone. Raises GW131 to
    GW133 for the plan, GW2xx where an outcome does not fit the new schema.

        >>> import goldwire
        >>> try:
        ...     goldwire.migrate("my-project", "no-plan.yaml")
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW901
    """
    from goldwire.annotate.migration.stored import migrate_project
    from goldwire.schemas.changes.plan import load_plan
    from goldwire.seeds import load_seeds

    home, steps = find_project(project), load_plan(Path(plan))
    return migrate_project(home, steps, load_schema(home), load_seeds(home), dry_run=dry_run)


def push_migration(
    project: str | Path | Project,
    plan: str | Path,
    *,
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> ServerMigration:
    """Rewrite what the project's Label Studio has by the plan that `migrate` followed, then its configs.

    Nobody should be annotating meanwhile; what the server held is kept in `annotate/migrations/`. The project
    of an adjudication is left as it is, and named. `advance` counts results. Raises GW310 and GW311 where no
    server can be used, GW325 where it has no such project, GW364 where results were changed meanwhile.

        >>> import goldwire
        >>> try:
        ...     goldwire.push_migration("my-project", "no-plan.yaml")
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW901
    """
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.annotate.migration.server import migrate_projects
    from goldwire.schemas.changes.plan import load_plan

    home, steps = find_project(project), load_plan(Path(plan))
    with connect(home, url=url) as client:
        return migrate_projects(client, home, steps, load_schema(home), advance=advance)


@dataclass(frozen=True, repr=False)
class ImportedSchema(Figures):
    """A schema made of a Label Studio config, the file that it was written to, and how its names came about:
    what was `renamed`, what was `left` out."""

    schema: Schema
    path: Path
    inferred: Inferred

    def __repr__(self) -> str:
        parts = {"renamed": self.inferred.renamed, "left out": self.inferred.left}
        more = "".join(f", {len(items)} {name}" for name, items in parts.items() if items)
        return f"<ImportedSchema: {self.schema.id} in {self.path}{more}>"

    def tables(self) -> list[Table]:
        """`layers`: how many labels and attributes each has."""
        rows = [(key, len(lay.labels), len(lay.attributes)) for key, lay in self.schema.layers.items()]
        columns = (Column("layer"), Column("labels", "amount"), Column("attributes", "amount"))
        return [Table("layers", self.schema.id, columns, rows)]

    def as_json(self) -> dict[str, Any]:
        """The schema as plain data and what became of its names."""
        plain: dict[str, Any] = to_builtins(self.inferred)
        return plain


def import_schema(
    config: str | Path,
    out: str | Path | None = None,
    *,
    name: str | None = None,
    language: str | None = None,
    force: bool = False,
    notify: Callable[[str], None] = lambda _message: None,
) -> ImportedSchema:
    """Make a schema of a Label Studio config over a text and write it to `out` (default: NAME.yaml).

    `name` is the config's file name unless given; `language`, ISO 639-1, by default that of the project that
    `out` or the working folder lies in, else `en`: `notify` is told which. Raises GW121 and GW122 for a
    config that is none of texts, GW123 where there is a file and no `force`, GW124 for an unknown language.

        >>> import goldwire
        >>> rendered = goldwire.render_schema("my-project")
        >>> goldwire.import_schema("my-project/annotate/label_config.xml", "again.yaml", name="again")
        <ImportedSchema: again@1.0 in again.yaml, 2 renamed>
    """
    from goldwire.schemas.inference.from_label_config import infer
    from goldwire.schemas.inference.inferred import check_language, schema_of
    from goldwire.schemas.slugs import slug

    source = Path(config)
    if language is None:
        try:
            home = find_project(Path(out).parent if out is not None else None)
            language, whose = home.language, f"as that of the project {home.name}"
        except GoldwireError:
            language, whose = "en", "since none is named and no project is here"
        notify(f"language: {language}, {whose} (--language names another)")
    check_language(language)
    name = slug(name or source.stem)
    inferred = infer(read_text(source), name=name, language=language, where=str(source))
    schema = schema_of(inferred, str(source))
    target = Path(out) if out is not None else Path(f"{name}.yaml")
    if target.exists() and not force:
        hint = "name another with --out, or replace it with --force"
        raise GoldwireError.of("GW123", "there is a file already", where=str(target), hint=hint)
    write_text(target, inferred.yaml())
    return ImportedSchema(schema, target, inferred)
