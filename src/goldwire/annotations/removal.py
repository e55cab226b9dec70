"""Articles taken out of a project, not leaving annotations of texts that nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from goldwire.annotations.store import annotation_path, read_all_annotations
from goldwire.errors import Fault, raise_faults
from goldwire.project import Project
from goldwire.seeds.listing import list_articles, remove_lines


@dataclass(frozen=True)
class Removal:
    """What was removed: ids of articles, their text files, and files of annotations; paths in the project."""

    articles: tuple[str, ...]
    files: tuple[str, ...]
    annotations: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def remove_articles(project: Project, ids: Sequence[str], *, with_annotations: bool = False) -> Removal:
    """Take articles out of the listing and their texts out of `seeds/`.

    Raises GW713 for those that are annotated, unless `with_annotations`: then their annotations go too,
    gold checks and practice among them. GW712
    for an id that is not there. Nothing is removed where anything is refused.
    """
    wanted = list(dict.fromkeys(ids))
    kept = read_all_annotations(project)
    orphaned = [(folder, annotation) for folder, annotation in kept if annotation.document in set(wanted)]
    if not with_annotations:
        known = {article.id for article in list_articles(project)}
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
