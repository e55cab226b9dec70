"""A team's work, made: two annotators, three weeks, and what they get wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from goldwire.annotate.records.assignments import Assignment, write_assignments
from goldwire.annotate.records.notes import Note, TaskPlace, place_key, write_notes, write_places
from goldwire.annotations.store import write_annotation
from goldwire.model import Annotation, Provenance, Span
from goldwire.project import Project, load_project

MINI = Path(__file__).parents[2] / "data/mini"
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WORDS = 20


def make_project(root: Path, articles: int = 6) -> Project:
    """A project of the mini schema with so many articles of `WORDS` words, and nothing annotated."""
    (root / "seeds").mkdir(parents=True)
    (root / "schemas").mkdir()
    for part in ("goldwire.toml", "schemas/mini.yaml"):
        (root / part).write_text((MINI / part).read_text(encoding="utf-8"), encoding="utf-8")
    rows = [{"id": f"a{n}", "text": f"pain{n} " + "mot " * (WORDS - 2) + "fin"} for n in range(articles)]
    listing = "".join(json.dumps(row) + "\n" for row in rows)
    (root / "seeds/articles.jsonl").write_text(listing, encoding="utf-8")
    return load_project(root)


def reading(
    project: Project,
    document: str,
    annotator: str,
    spans: Sequence[Span] = (),
    *,
    week: int = 0,
    seconds: float = 60.0,
    status: str = "submitted",
) -> Annotation:
    """One annotator's reading of one article, stored."""
    when = (MONDAY + timedelta(days=7 * week)).isoformat()
    made = Provenance("human", annotator, updated=when, lead_time=seconds)
    annotation = Annotation(document, annotator, "mini@0.1", status, made, tuple(spans))  # type: ignore[arg-type]
    write_annotation(project, annotation)
    return annotation


def bread(label: str = "FOOD", end: int = 5, origin: str | None = None) -> Span:
    """The first word of every article."""
    return Span("b", "thing", label, 0, end, origin=origin)


def word(number: int, origin: str | None = None) -> Span:
    """Another word."""
    start = 6 + 4 * number
    return Span(f"w{number}", "thing", "FOOD", start, start + 3, origin=origin)


def make_team(root: Path) -> Project:
    """Anna and Bruno read six articles in three weeks; they part in known ways, and Bruno hurries once."""
    project = make_project(root)
    for n in range(6):
        reading(project, f"a{n}", "anna", [bread(), word(0)], week=n // 2)
    predicted = [word(number, "prediction") for number in range(6)]
    theirs = [[bread("TOOL"), word(0)], [bread(end=4), word(0)], [word(0)], [bread(), word(0)], predicted]
    for n, spans in enumerate(theirs):
        reading(project, f"a{n}", "bruno", spans, week=n // 2, seconds=1.3 if spans is predicted else 120.0)
    reading(project, "a5", "bruno", [bread()], week=2, status="draft")
    everything = [Assignment(f"a{n}", name) for n in range(6) for name in ("anna", "bruno")]
    write_assignments(project, everything)
    url = "https://studio.example/projects/1/data?task="
    places = {place_key("anna", f"a{n}"): TaskPlace(1, n, f"{url}{n}") for n in range(6)}
    write_places(project, places | {place_key("bruno", "a0"): TaskPlace(2, 9, f"{url}9")})
    write_notes(project, [Note("anna", "a0", MONDAY.isoformat(), "pain0", "<b>Vraiment ?</b>", f"{url}0")])
    return project
