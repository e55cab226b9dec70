"""New projects: empty, of files that are there, or of a project of a Label Studio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from goldwire.api.arguments import check_known
from goldwire.errors import GoldwireError
from goldwire.new_project.starting_point import StartingPoint
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.import_project import ImportReport
    from goldwire.formats.as_project import ProjectMade


@dataclass(frozen=True, repr=False)
class NewProject:
    """An empty project, the `template` of its schema, what its models `start` from, and what of its language
    is missing here (`notes`)."""

    project: Project
    template: str
    start: StartingPoint
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<NewProject {self.project.name} in {self.project.root}: {self.template}>"

    def to_dict(self) -> dict[str, Any]:
        """Where it and its schema are, its language, and the pipeline that its models start from."""
        places = {"project": str(self.project.root), "schema": str(self.project.schema_path)}
        language = {"language": self.project.language, "template": self.template}
        return {**places, **language, "vectors": self.start.pipeline}


def make_project(
    folder: str | Path,
    *,
    name: str | None = None,
    language: str = "en",
    template: Literal["events", "ner", "minimal"] = "events",
) -> NewProject:
    """Make an empty project in a folder: a schema to begin with and spaCy configs, in its language.

    `name` is the folder's unless given; `language` of the articles is ISO 639-1 or 639-3, `xx` for others.
    The `template` is who acts and what happens, names alone, or one label. Raises GW361 for a name or a
    language that can't be, GW367 where the folder holds something.

        >>> import goldwire
        >>> goldwire.make_project("recipes", language="fr", template="minimal").project.language
        'fr'
    """
    from goldwire.annotations.tokens import tokenizer
    from goldwire.new_project import make_project as make
    from goldwire.new_project import starting_point
    from goldwire.new_project.make import TEMPLATES

    check_known(TEMPLATES, template=template)
    new_project = make(Path(folder), name=_named(name, folder), language=language, template=template)
    notes: tuple[str, ...] = ()
    try:
        tokenizer(new_project.language)
    except GoldwireError as error:
        notes = (str(error),)
    return NewProject(new_project, template, starting_point(new_project.language), notes)


def make_project_from_files(
    folder: str | Path,
    source: str | Path,
    format: str,
    *,
    name: str | None = None,
    language: str = "en",
    config: str | Path | None = None,
) -> ProjectMade:
    """Make a project in a folder of the texts and annotations in `source`, its schema inferred from these.

    `format` is one that `read` takes, `config` a Label Studio label config, `name` and `language` are those
    of `make_project`. People whom the source knows by an e-mail address are called by what stands before its
    @, as by a pull; `annotate/accounts.jsonl` has the address's hash. Raises GW714 where nothing is
    annotated, GW715 where an article stands twice, and what `make_project` raises; nothing is written then.

        >>> import goldwire
        >>> goldwire.make_project_from_files("tartes", "gold.jsonl", "jsonl", language="fr")
        <ProjectMade tartes@1.0: 2 articles, 4 annotations>
    """
    from goldwire.annotate.records.accounts import StoredNames
    from goldwire.formats.as_project import make_project_of
    from goldwire.formats.options import ConversionOptions

    names = StoredNames(Project(Path(folder)))
    new_project = make_project_of(
        Path(source),
        Path(folder),
        source=format,
        name=_named(name, folder),
        language=language,
        setting=ConversionOptions(
            config_path=None if config is None else Path(config), stored_names=names.of
        ),
    )
    names.save()
    return new_project


def make_project_from_label_studio(
    folder: str | Path,
    url: str,
    number: int,
    *,
    name: str | None = None,
    language: str = "en",
    advance: Callable[[int], None] | None = None,
) -> ImportReport:
    """Make a project in a folder of the project `number` of the Label Studio at `url`; nothing changes there.

    Its config becomes the schema; texts and everybody's annotations are taken over, one of each annotator and
    text. What has no place goes to annotate/quarantine.jsonl. The token is in $GOLDWIRE_TOKEN. `advance`
    counts tasks. Raises GW369 without a token, GW360 where no task has a text, GW121 and GW122 for a config
    that is no schema, and what `make_project` raises.

        >>> import goldwire
        >>> try:
        ...     goldwire.make_project_from_label_studio("mine", "no address", 1)
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    from goldwire.annotate.import_project import connect_to, import_project

    with connect_to(url) as client:
        return import_project(
            client, number, Path(folder), name=_named(name, folder), language=language, advance=advance
        )


def _named(name: str | None, folder: str | Path) -> str:
    return name or Path(folder).resolve().name
