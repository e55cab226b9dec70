"""Projects, schemas and articles: read, written, converted, counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from goldwire.annotations.integrity import article_faults
from goldwire.api.arguments import articles_in, check_known, check_least, path_of, wrong_argument
from goldwire.errors import GoldwireError, by_cause, one_of, raise_faults
from goldwire.formats.articles import Articles
from goldwire.formats.convert import Conversion
from goldwire.formats.convert import convert as _convert
from goldwire.formats.convert import write as _write
from goldwire.formats.guess import AUTO, guess_read, guess_written, read_as, stream_as
from goldwire.formats.options import PER, SCHEMES, STATED, ConversionOptions
from goldwire.formats.registry import format_named
from goldwire.model import Article
from goldwire.project import Project, find_project
from goldwire.schemas import Schema
from goldwire.schemas import load_schema as _load_schema

if TYPE_CHECKING:
    from goldwire.annotate.records.accounts import StoredNames
    from goldwire.annotations.stats import Counts

#: Where articles come from: a file or folder in any format that can be told, a project, or the articles.
Source: TypeAlias = str | Path | Project | Article | Iterable[Article]


def load_project(path: str | Path = ".") -> Project:
    """The project that the folder `path` is or lies in; raises GW910 where there is none.

    >>> import goldwire
    >>> project = goldwire.load_project("my-project")
    >>> project.name
    'mini'
    """
    return find_project(path)


def load_schema(path: str | Path | Project | Schema) -> Schema:
    """A schema from its YAML file, or that of a project or its folder; raises all its faults as one error.

    A schema is itself. Raises GW910 for a folder that is and lies in no project.

    >>> import goldwire
    >>> schema = goldwire.load_schema("my-project")
    >>> schema.id
    'mini@0.1'
    """
    if isinstance(path, Schema):
        return path
    if isinstance(path, Project):
        return _load_schema(path.schema_path)
    file = path_of(path)
    return _load_schema(load_project(file).schema_path if file.is_dir() else file)


def read(
    path: str | Path | Project,
    format: str | None = None,
    *,
    schema: str | Path | Schema | None = None,
    project: str | Path | None = None,
    config: str | Path | None = None,
    **options: Any,
) -> Articles:
    """The articles in a file or folder, with their annotations; what could not be kept is in their `lost`.

    `format` is one of `goldwire corpus convert`; without it, or as `auto`, it is told from the content, and
    is the articles' `format`: GW931 is raised where nothing says it, GW630 where it may be several, GW631
    where a named one fails and the file looks like another. A `schema`, a `project` or Label Studio's
    `config` may say what labels mean; without any they are taken as found. `options` are those of
    `goldwire corpus convert`: `language`, `annotator`, `annotator_from`, `status`, `layer`, `scheme`,
    `depth`, `token_column`, `tag_column`, `document_per`, `columns`, `labels`; `strict`, with which a loss is
    an error (GW272), and `lenient`, with which what can't be read is put aside. Raises GW901 where there is
    no such file, GW932 for an option that there is not, GW2xx and GW6xx for what can't be read.

        >>> import goldwire
        >>> articles = goldwire.read("gold.jsonl")
        >>> articles
        <2 articles, 4 annotations, 8 spans>
        >>> articles[0].annotations[0].spans[0].label
        'DISH'
    """
    if isinstance(path, Project):
        path, format = path.root, format or "store"
    file = path_of(path)
    named = None if format in (None, AUTO) else format_named(format or "").name
    if not file.exists():
        raise _missing(file)
    setting = _setting(schema, project, config, **options)
    name = named or format_of(file)
    articles = read_as(name, file, setting)
    setting.check()
    return Articles.as_read(articles, setting, name, file)


def format_of(path: str | Path) -> str:
    """The format that a file or folder is in, as its content tells, else its suffix.

    Raises GW901 where there is nothing, GW931 where nothing says it, GW630 where it may be several.

        >>> import goldwire
        >>> goldwire.format_of("gold.jsonl")
        'jsonl'
    """
    file = path_of(path)
    if not file.exists():
        raise _missing(file)
    return guess_read(file)


def _missing(path: Path) -> GoldwireError:
    return GoldwireError.of("GW901", "there is no such file or folder", where=str(path))


def write(
    articles: Source,
    path: str | Path,
    format: str | None = None,
    *,
    schema: str | Path | Schema | None = None,
    project: str | Path | None = None,
    config: str | Path | None = None,
    **options: Any,
) -> Conversion:
    """Write articles, whole or not at all; says how much was written, and what the format could not hold.

    `articles` may be a path or a project too. `format` and `options` as in `read`; of a path without a
    telling suffix `format` must be named (GW931). Raises GW201 to GW206 for articles that nobody could read
    again, such as with spans outside their text, GW259 for a format that is read only, GW272 with `strict`
    for a loss, GW2xx and GW6xx for what the format can't hold at all.

        >>> import goldwire
        >>> done = goldwire.write(goldwire.read("gold.jsonl"), "gold-brat", "brat")
        >>> done.written, sorted(done.lost)
        (4, ['document meta', 'provenance', 'status submitted'])
        >>> goldwire.read("gold-brat")
        <2 articles, 4 annotations, 8 spans>
    """
    target = path_of(path)
    name = format or guess_written(target)
    format_named(name).check_writable()
    if name == "store":
        project = project or target
    setting = _setting(schema, project, config, **options)
    held = articles_of(articles)
    if not isinstance(articles, (str, Path, Project)):
        raise_faults(by_cause(fault for each in held for fault in article_faults(each, each.document.id)))
    return _write(target, held, name, setting)


def convert(
    src: str | Path,
    dst: str | Path,
    *,
    source: str | None = None,
    target: str | None = None,
    ids: str | Path | None = None,
    curated: bool = False,
    schema: str | Path | Schema | None = None,
    project: str | Path | None = None,
    config: str | Path | None = None,
    **options: Any,
) -> Conversion:
    """From one format to another, an article at a time where both can; says what the target could not hold.

    `source` and `target` are formats, told from the paths where they are not named; `ids` and `curated` as in
    `goldwire corpus convert`, all else as in `read`. Into a project the people of a file from Label Studio go
    under the names that it has for their accounts. Raises what `read` and `write` do: GW901, GW931, GW2xx,
    GW6xx.

        >>> import goldwire
        >>> done = goldwire.convert("gold.jsonl", "gold.json", target="labelstudio")
        >>> done.counts["spans"], done.written
        (8, 2)
    """
    source_path, target_path = path_of(src, "src"), path_of(dst, "dst")
    if not source_path.exists():
        raise _missing(source_path)
    name = target or guess_written(target_path)
    came_as = guess_read(source_path) if source in (None, AUTO) else source or ""
    names: StoredNames | None = None
    if name == "store":
        project = project or target_path
    setting = _setting(schema, project, config, **options)
    if name == "store" and came_as == "labelstudio":
        from goldwire.annotate.records.accounts import StoredNames

        names = StoredNames(find_project(target_path))
        setting.stored_names = names.of
    done = _convert(
        source_path,
        target_path,
        source=came_as,
        target=name,
        setting=setting,
        ids=None if ids is None else Path(ids),
        only_curated=curated,
    )
    if names is not None:
        names.save()
    return done


def count(source: Source, schema: str | Path | Schema | None = None, *, curated: bool = False) -> Counts:
    """What a corpus holds, counted: spans by layer, label, document, annotator and status.

    With `curated` only each document's most trusted annotation counts. A project's own schema says which
    labels there are; otherwise `schema`, if any. Raises GW817 for what gives no articles, and what `read`
    does.

        >>> import goldwire
        >>> goldwire.count("gold.jsonl")
        <Counts: 2 documents, 4 annotations, 12 words, 8 spans>
        >>> goldwire.count("gold.jsonl").table().rows
        [('thing', 8, 0, 0.0)]
    """
    from goldwire.annotations.stats import count_annotations

    known = schema_of(schema)
    if known is None and isinstance(source, Project):
        known = load_schema(source)
    return count_annotations(streamed(source), known, only_curated=curated)


def streamed(source: Source) -> Iterable[Article]:
    """The articles of a source, one at a time where it can be read so."""
    if not isinstance(source, (str, Path, Project)):
        return articles_in(source)
    path = source.root if isinstance(source, Project) else Path(source)
    return stream_as("store" if isinstance(source, Project) else format_of(path), path, ConversionOptions())


def articles_of(source: Source) -> list[Article]:
    """The articles of a source, read where it is none of articles; raises GW817 for what gives none."""
    if isinstance(source, (str, Path, Project)):
        return read(source)
    return source if isinstance(source, Articles) else list(articles_in(source))


def schema_of(named: str | Path | Schema | None) -> Schema | None:
    """A schema that may be named by its file or its project's folder."""
    return named if named is None or isinstance(named, Schema) else load_schema(named)


#: What a conversion may be told besides its schema: fields of `ConversionOptions` with a plain default.
_OPTIONS: dict[str, str | int | bool] = {
    field.name: field.default
    for field in fields(ConversionOptions)
    if field.default is not MISSING and field.default is not None
}
#: Those that can be one of a few.
_CHOICES = {"status": STATED, "scheme": SCHEMES, "document_per": ("", *PER)}


def _setting(
    schema: str | Path | Schema | None,
    project: str | Path | None,
    config: str | Path | None,
    **options: Any,
) -> ConversionOptions:
    """What a conversion is told; GW932 for an option that no format has, GW818 for what it can't be."""
    for name, value in options.items():
        if name not in _OPTIONS:
            raise GoldwireError.of("GW932", f"there is no option `{name}`", hint=one_of(_OPTIONS))
        if isinstance(_OPTIONS[name], str) and isinstance(value, int) and not isinstance(value, bool):
            options[name] = value = str(value)  # a column by its number
        if not isinstance(value, type(_OPTIONS[name])):
            wanted = {str: "text", bool: "True or False", int: "a whole number"}[type(_OPTIONS[name])]
            raise wrong_argument(name, value, wanted)
        if name in _CHOICES:
            check_known(_CHOICES[name], **{name: value})
    check_least(1, depth=options.get("depth"))
    for place in (schema, project, config):
        if isinstance(place, str | Path) and not Path(place).exists():
            raise _missing(Path(place))
    setting = ConversionOptions(**options)
    setting.project_path = None if project is None else Path(project)
    setting.config_path = None if config is None else Path(config)
    if isinstance(schema, Schema):
        setting.named_schema = schema
    elif schema is not None:
        setting.schema_path = Path(schema)
    return setting
