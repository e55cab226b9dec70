"""Stored annotations up: each to the Label Studio project that its annotator has the article in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.projects import find_project
from goldwire.annotate.passes.load import load_passes, passes_done
from goldwire.annotate.records.assignments import read_assignments, title_for
from goldwire.annotate.records.passes import Pass, passes_of
from goldwire.annotate.sync.upload import LoadReport, finished, load_annotations
from goldwire.model import Annotation, Document
from goldwire.project import Project
from goldwire.schemas import Schema


def loadable(annotations: Sequence[Annotation], passes: Sequence[Pass]) -> list[Annotation]:
    """Those of which something may stand on the server as done."""
    if passes:
        return [annotation for annotation in annotations if passes_done(annotation, passes)]
    return finished(annotations)


def load_project(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    annotations: Sequence[Annotation],
    *,
    advance: Callable[[int], None] | None = None,
) -> LoadReport:
    """Send annotations to the main project; of an article that is assigned to their annotator to that one's.

    With passes to the projects of the passes that they were made in. Raises GW325 where the server lacks the
    project, and what `load_annotations` does.
    """
    passes = passes_of(project, schema)
    first = passes[0] if passes else None
    assigned = {(each.annotator, each.article) for each in read_assignments(project)}
    has_own = {
        name: bool(client.projects(title_for(project, name, first)))
        for name in sorted({name for name, _ in assigned})
    }
    by_owner: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        name = annotation.annotator
        own = (name, annotation.document) in assigned and has_own[name]
        by_owner[name if own else ""].append(annotation)
    reports = []
    for owner, theirs in sorted(by_owner.items()) or [("", [])]:
        if passes:
            report = load_passes(
                client, project, schema, documents, passes, theirs, owner=owner, advance=advance
            )
        else:
            number = int(find_project(client, title_for(project, owner))["id"])
            report = load_annotations(client, number, theirs, schema, project=project, advance=advance)
        reports.append(report)
    return LoadReport(
        sum(report.sent for report in reports),
        tuple(place for report in reports for place in report.edited_here),
        sum((Counter(report.by_pass) for report in reports), Counter()),
    )
