"""A kitchen: a project of two passes with two articles on the shared server, and who works in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.passes.reading import START
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import Pass, passes_of
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations
from goldwire.cli.annotate import command
from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Provenance, Relation, Span, Status
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds

MINI = Path(__file__).parents[2] / "data/mini"
SCHEMA = load_schema(MINI / "schemas/mini.yaml")
TEXT = "Couper la tomate, le sel et le pain."
TOMATO, SALT, BREAD = (10, 16), (21, 24), (31, 35)
CUT = Span("c", "step", "CUT", 0, 6)


def thing(name: str, extent: tuple[int, int], label: str = "FOOD") -> Span:
    """An entity."""
    return Span(name, "thing", label, *extent)


class Kitchen:
    """A project of two passes with two articles, on the shared server."""

    def __init__(self, root: Path, studio: Server, passes: str = '"layers"') -> None:
        (root / "seeds/articles").mkdir(parents=True)
        name = root.parent.name[-30:]
        config = f'[project]\nname = "{name}"\nlanguage = "fr"\nschema = "mini.yaml"\n'
        (root / "goldwire.toml").write_text(f"{config}[annotate]\npasses = {passes}\n", encoding="utf-8")
        (root / "mini.yaml").write_bytes((MINI / "schemas/mini.yaml").read_bytes())
        rows = []
        for article in ("a1", "a2"):
            (root / f"seeds/articles/{article}.txt").write_text(f"{TEXT} {article}\n", encoding="utf-8")
            rows.append({"id": article, "file": f"articles/{article}.txt"})
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (root / "seeds/articles.jsonl").write_text(lines, encoding="utf-8")
        self.project: Project = load_project(root)
        self.passes = passes_of(self.project, SCHEMA)
        self.client = Client(studio.url, studio.token)
        self.figures = root / "figures.json"
        self.numbers: dict[str, int] = {}

    def goldwire(self, *words: str, code: int = 0) -> str:
        """A command of `goldwire annotate`; its figures are in `self.told`."""
        arguments = [*words, "--project", str(self.project.root), "--json", str(self.figures)]
        result = CliRunner().invoke(command, arguments)
        if code == 2:
            assert isinstance(result.exception, GoldwireError), result.output
            return str(result.exception)
        assert result.exit_code == code, (result.output, result.exception)
        return result.output

    @property
    def told(self) -> Any:
        """The figures of the last command."""
        return json.loads(self.figures.read_text(encoding="utf-8"))

    def title(self, each: Pass, owner: str = "") -> str:
        """The title of a pass's project."""
        return title_for(self.project, owner, each)

    def number(self, part: int, owner: str = "") -> int:
        """The number of a pass's project, which it keeps."""
        title = self.title(self.passes[part - 1], owner)
        if title not in self.numbers:
            [found] = self.client.projects(title)
            self.numbers[title] = int(found["id"])
        return self.numbers[title]

    def tasks(self, part: int, owner: str = "") -> dict[str, dict[str, Any]]:
        """The tasks of a pass, by article."""
        include = ("data", "annotations", "predictions", "result", "model_version", "lead_time")
        return {task["data"]["id"]: task for task in self.client.tasks(self.number(part, owner), include)}

    def start(self, part: int, article: str, owner: str = "") -> list[str]:
        """The ids of the regions that a pass begins from."""
        [shown] = self.tasks(part, owner)[article]["predictions"]
        assert shown["model_version"] == START
        return [item["id"] for item in shown["result"] if item["type"] == "labels"]

    def submit(
        self,
        part: int,
        name: str,
        spans: Sequence[Span],
        relations: Sequence[Relation] = (),
        *,
        article: str = "a1",
        owner: str = "",
        seconds: float = 60.0,
        skip: bool = False,
    ) -> None:
        """Somebody submits a pass, or submits it again."""
        status: Status = "skipped" if skip else "submitted"
        [text] = [document.text for document in load_seeds(self.project) if document.id == article]
        made = Annotation(
            article, name, SCHEMA.id, status, Provenance(lead_time=seconds), tuple(spans), tuple(relations)
        )
        held = self.tasks(part, owner)[article]["annotations"]
        if held:
            fields = {"result": to_result(made, SCHEMA, text), "lead_time": seconds, "was_cancelled": skip}
            self.client.request("PATCH", f"api/annotations/{held[0]['id']}/", body=fields)
        else:
            load_annotations(self.client, self.number(part, owner), [made], SCHEMA)

    def draft(self, part: int, spans: Sequence[Span], article: str = "a1") -> None:
        """The server's own account begins a pass, and submits nothing."""
        made = Annotation(article, "annotator", SCHEMA.id, spans=tuple(spans))
        [text] = [document.text for document in load_seeds(self.project) if document.id == article]
        body = {"result": to_result(made, SCHEMA, text), "lead_time": 3}
        self.client.request("POST", f"api/tasks/{self.tasks(part)[article]['id']}/drafts", body=body)

    def stored(self, name: str, article: str = "a1") -> Annotation:
        """What is stored of somebody."""
        [found] = [a for a in read_annotations(self.project) if (a.annotator, a.document) == (name, article)]
        return found


def marked(annotation: Annotation) -> set[tuple[str, int]]:
    """Labels and where they begin."""
    return {(span.label, span.start) for span in annotation.spans}
