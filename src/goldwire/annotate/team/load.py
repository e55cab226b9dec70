"""Stored annotations up: each to the Label Studio project that its annotator has the article in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from goldwire.annotate.labelstudio.client import connect
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.passes.load import load_passes, passes_done
from goldwire.annotate.records.assignments import read_assignments, title_for
from goldwire.annotate.records.passes import Pass, passes_of
from goldwire.annotate.sync.upload import finished, load_annotations
from goldwire.annotations.store import read_annotations
from goldwire.errors import GoldwireError
from goldwire.model import Annotation
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from goldwire.table import Column, Figures, Table


@dataclass(frozen=True, repr=False)
class Loaded(Figures):
    """What a load did: annotations `sent`, `present` on the server before, and `unfinished` ones of people,
    which are not sent. `edited_here` are the places (annotator/article) of those present that were edited
    here since: the server keeps what it has of them. `by_pass` says how many went to each pass."""

    sent: int
    present: int
    edited_here: tuple[str, ...]
    unfinished: int
    by_pass: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Loaded: {counted(self.sent, 'annotation')} sent, {self.present} there already>"

    def tables(self) -> list[Table]:
        """`load`: what was sent, and what was not."""
        counts = [
            ("annotations sent", self.sent),
            *((f"  to pass {name}", count) for name, count in self.by_pass.items()),
            ("annotations there already", self.present),
            ("of these edited here, which the server does not have", len(self.edited_here)),
            ("people's drafts, not sent: nobody has submitted them", self.unfinished),
        ]
        return [Table("load", "load", (Column("what"), Column("count", "amount")), counts)]

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate load --json` writes them."""
        return asdict(self) | {"edited_here": len(self.edited_here)}


def load(
    project: str | Path | Project = ".",
    annotators: Iterable[str] = (),
    *,
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> Loaded:
    """Send stored annotations to a project's Label Studio, each as its annotator's work.

    Of all annotators, or of those named. Who has an annotation on a task already is passed over; what people
    have not submitted stays here. The articles must be there: `push` sends them. What is of an article that
    was assigned goes to its annotator's own project; of `[annotate] passes` each gets what its screen shows.
    `url` and its token as in `push`; `advance` counts annotations. Raises GW310 and GW311 without a server or
    token, GW325 where it has no project of this one, GW331 where an article has no task there, GW333 for an
    annotator without any stored annotation, GW798 where there are passes and work on one screen.

        >>> import goldwire
        >>> try:
        ...     goldwire.load("my-project", ["nobody"])
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW333 no stored annotation of nobody
    """
    home = find_project(project)
    names = {annotators} if isinstance(annotators, str) else set(annotators)
    stored = read_annotations(home)
    if unknown := names - {annotation.annotator for annotation in stored}:
        message = f"no stored annotation of {', '.join(sorted(unknown))}"
        raise GoldwireError.of("GW333", message, where=str(home.annotations))
    named = [a for a in stored if not names or a.annotator in names]
    schema = load_schema(home.schema_path)
    passes = passes_of(home, schema)
    chosen = loadable(named, passes)
    documents = load_seeds(home) if passes else []
    by_owner: dict[str, list[Annotation]] = defaultdict(list)
    reports = []
    with connect(home, url=url) as client:
        assigned = {(each.annotator, each.article) for each in read_assignments(home)}
        has_own = {
            name: bool(client.projects(title_for(home, name, passes[0] if passes else None)))
            for name in sorted({name for name, _ in assigned})
        }
        for annotation in chosen:
            name = annotation.annotator
            own = (name, annotation.document) in assigned and has_own[name]
            by_owner[name if own else ""].append(annotation)
        for owner, theirs in sorted(by_owner.items()) or [("", [])]:
            if passes:
                report = load_passes(
                    client, home, schema, documents, passes, theirs, owner=owner, advance=advance
                )
            else:
                number = int(project_on_server(client, title_for(home, owner))["id"])
                report = load_annotations(client, number, theirs, schema, project=home, advance=advance)
            reports.append(report)
    sent = sum(report.sent for report in reports)
    edited_here = tuple(place for report in reports for place in report.edited_here)
    by_pass = sum((Counter(report.by_pass) for report in reports), Counter[str]())
    to_passes = {each.name: by_pass[each.name] for each in passes}
    return Loaded(sent, len(chosen) - sent, edited_here, len(named) - len(chosen), to_passes)


def loadable(annotations: Sequence[Annotation], passes: Sequence[Pass]) -> list[Annotation]:
    """Those of which something may stand on the server as done."""
    if passes:
        return [annotation for annotation in annotations if passes_done(annotation, passes)]
    return finished(annotations)
