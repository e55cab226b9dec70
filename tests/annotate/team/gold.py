"""A team with some reviewed articles: a project of the mini schema, whose articles have two steps each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.files import sha256
from goldwire.model import Annotation, Provenance, Relation, Span, Status
from goldwire.project import EXAMPLE_PARTS, Project, example_root, load_project

MINI = Path(__file__).parents[2] / "data/mini"
#: Of each article; the number makes the texts differ.
WORDS = "Couper {number} tomates. Cuire le riz."


def text_of(article: str) -> str:
    """An article's text."""
    return WORDS.format(number=article.lstrip("r"))


def make_gold_project(root: Path, articles: int = 24, reviewed: int = 4, name: str = "") -> Project:
    """A project whose first articles were reviewed by carla."""
    (root / "seeds/articles").mkdir(parents=True)
    (root / "schemas").mkdir()
    (root / "schemas/mini.yaml").write_bytes((MINI / "schemas/mini.yaml").read_bytes())
    config = f'[project]\nname = "{name or root.name}"\nlanguage = "fr"\nschema = "schemas/mini.yaml"\n'
    (root / "goldwire.toml").write_text(config, encoding="utf-8")
    rows = [{"id": f"r{n}", "text": text_of(f"r{n}"), "title": f"Recette {n}"} for n in range(articles)]
    listing = "".join(json.dumps(row) + "\n" for row in rows)
    (root / "seeds/articles.jsonl").write_text(listing, encoding="utf-8")
    project = load_project(root)
    for n in range(reviewed):
        write_annotation(project, marked(f"r{n}", "carla", right(f"r{n}"), status="reviewed"))
    return project


def right(article: str) -> list[Span]:
    """What is to be marked: a step, the food that it cuts, another step, its food."""
    text = text_of(article)
    end = text.index(" tomates") + len(" tomates")
    start = text.index("Cuire")
    return [
        Span("s1", "step", "CUT", 0, 6),
        Span("t1", "thing", "FOOD", end - len("tomates"), end),
        Span("s2", "step", "HEAT", start, start + 5),
        Span("t2", "thing", "FOOD", start + 9, start + 12),
    ]


OBJECTS = (Relation("object", "s1", "t1"), Relation("object", "s2", "t2"))


def marked(
    article: str,
    name: str,
    spans: Sequence[Span],
    relations: Sequence[Relation] = OBJECTS,
    *,
    status: Status = "submitted",
    when: str = "2026-01-05T10:00:00+00:00",
) -> Annotation:
    """A person's annotation of one article."""
    made = Provenance("human", created=when, updated=when, lead_time=60.0)
    digest = sha256(text_of(article))
    return Annotation(article, name, "mini@0.1", status, made, tuple(spans), tuple(relations), digest)


def example(name: str, folder: Path) -> Project:
    """A copy of an example, whose annotations are drafts by machines."""
    root = folder / name
    for part in EXAMPLE_PARTS[:4]:
        source = example_root(name) / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        root.mkdir(exist_ok=True)
        copy(source, root / part)
    return load_project(root)


def review(project: Project, count: int, by: str = "carla") -> list[Annotation]:
    """Have a person review one stored annotation of each of so many articles."""
    chosen = {each.document: each for each in reversed(read_annotations(project))}
    reviewed = [
        replace(each, annotator=by, status="reviewed", provenance=Provenance("human", by))
        for _, each in sorted(chosen.items())[:count]
    ]
    for each in reviewed:
        write_annotation(project, each)
    return reviewed
