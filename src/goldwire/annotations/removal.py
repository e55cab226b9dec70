"""Articles taken out of a project, not leaving annotations of texts that nobody has."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goldwire.annotations.store import annotation_path, read_all_annotations
from goldwire.errors import Fault, raise_faults
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.seeds.listing import list_articles, remove_lines
from goldwire.table import Column, Figures, Table


@dataclass(frozen=True, repr=False)
class Removal(Figures):
    """What was removed: ids of articles, their text files, and files of annotations; paths in the project."""

    articles: tuple[str, ...]
    files: tuple[str, ...]
    annotations: tuple[str, ...]

    def __repr__(self) -> str:
        counts = counted(len(self.articles), "article"), counted(len(self.annotations), "annotation")
        return f"<Removal: {' and '.join(counts)}>"

    def tables(self) -> list[Table]:
        """`removed`: the files that are gone."""
        files = [("text", name) for name in self.files] + [("annotation", name) for name in self.annotations]
        return [Table("removed", "removed", (Column("what"), Column("file")), files)]

    def as_json(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def remove_articles(project: str | Path | Project, *ids: str, with_annotations: bool = False) -> Removal:
    """Take articles out of a project: out of its listing, their texts out of `seeds/`.

    Raises GW713 for those that are annotated, unless `with_annotations`: then their annotations go too, gold
    checks and practice among them. GW712 for an id that is not there. Nothing is removed where anything is
    refused.

        >>> import goldwire
        >>> try:
        ...     goldwire.remove_articles("my-project", "no-such-article")
        ... except goldwire.CorpusError as error:
        ...     print(error.faults[0].code)
        GW712
    """
    project = find_project(project)
    wanted = list(dict.fromkeys(ids))
    kept = read_all_annotations(project)
    orphaned = [(folder, annotation) for folder, annotation in kept if annotation.document in set(wanted)]
    if not with_annotations:
        known = {article.id for article in list_articles(project).articles}
        readers = {name: [a.annotator for _, a in orphaned if a.document == name] for name in wanted}
        hint = "--with-annotations removes these too; git keeps what was committed"
        raise_faults(
            Fault("GW713", f"`{name}` is annotated by {', '.join(names)}", str(project.annotations), hint)
            for name, names in readers.items()
            if names and name in known
        )
    files = remove_lines(project, wanted)
    paths = [annotation_path(project, annotation, folder) for folder, annotation in orphaned]
    for path in paths:
        path.unlink(missing_ok=True)
    root = project.root
    return Removal(
        tuple(wanted),
        tuple(str(path.relative_to(root)) for path in files),
        tuple(str(path.relative_to(root)) for path in paths),
    )
