"""Unfinished work, pulled on request from a real Label Studio."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.sync.drafts import drafts_path
from goldwire.annotate.sync.keep_history import keep_history_of
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.quarantine import quarantine_path
from goldwire.annotate.sync.report import PullReport
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Provenance, Relation, Span
from goldwire.project import Project, load_project
from goldwire.text import normalise
from tests.annotate import helpers

SCHEMA = helpers.make_schema()
TEXT = normalise(helpers.TEXT)
SPANS = (
    Span("s1", "thing", "FOOD", 0, 1, {"state": "cooked", "tastes": ["sweet", "bitter"]}),
    Span("e1", "step", "CUT", TEXT.index("coupe"), TEXT.index("coupe") + 5, {"how": "finement"}),
)
RELATIONS = (Relation("object", "e1", "s1"),)


def _annotation(annotator: str = "annotator", **changes: Any) -> Annotation:
    made = Annotation(
        "soup",
        annotator,
        SCHEMA.id,
        "submitted",
        spans=SPANS,
        relations=RELATIONS,
        text_sha256=sha256(TEXT),
    )
    return msgspec.structs.replace(made, **changes)


class Desk:
    """A project on the shared server, and what annotators do there."""

    def __init__(self, root: Path, studio: Server) -> None:
        config = f'[project]\nname = "desk-{root.name}"\nlanguage = "fr"\nschema = "s.yaml"\n'
        (root / "goldwire.toml").write_text(config, encoding="utf-8")
        self.project: Project = load_project(root)
        self.client = Client(studio.url, studio.token)
        self.documents = [Document("soup", TEXT), Document("pie", f"{TEXT} Une tarte.")]
        push(self.client, self.project, SCHEMA, self.documents)
        self.number = int(project_on_server(self.client, self.project.name)["id"])
        self.tasks = [int(task["id"]) for task in self.client.tasks(self.number, ("data",))]

    def draft(self, *, article: int = 0, on: int | None = None, spans: tuple[Span, ...] = SPANS) -> int:
        """Mark something and leave; `on` names the annotation that was opened for that."""
        relations = RELATIONS if len(spans) > 1 else ()
        text = self.documents[article].text
        result = to_result(_annotation(spans=spans, relations=relations), SCHEMA, text)
        path = f"api/tasks/{self.tasks[article]}/"
        path += f"annotations/{on}/drafts" if on else "drafts"
        made = self.client.request("POST", path, body={"result": result, "lead_time": 4.5})
        return int(made["id"])

    def submit(self, draft: int, *, article: int = 0, spans: tuple[Span, ...] = SPANS) -> None:
        """Submit a draft, as the browser does."""
        relations = RELATIONS if len(spans) > 1 else ()
        result = to_result(_annotation(spans=spans, relations=relations), SCHEMA, TEXT)
        body = {"result": result, "draft_id": draft}
        self.client.request("POST", f"api/tasks/{self.tasks[article]}/annotations/", body=body)

    def pull(self, *, drafts: bool = True) -> PullReport:
        return pull(self.client, self.project, SCHEMA, self.documents, drafts=drafts)

    def stored(self) -> dict[tuple[str, str], Annotation]:
        return {(a.annotator, a.document): a for a in read_annotations(self.project)}

    def files(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(self.project.annotate.rglob("*")) if p.is_file()}


@pytest.fixture
def desk(studio: Server, tmp_path: Path) -> Iterator[Desk]:
    """A desk with two articles."""
    made = Desk(tmp_path, studio)
    yield made
    made.client.close()


@pytest.mark.live
def test_a_task_with_nothing_but_a_draft_comes_whole(desk: Desk) -> None:
    """What the export leaves out is taken in with status draft, every span, attribute and relation."""
    desk.draft()
    assert [task["id"] for task in desk.client.get(f"api/projects/{desk.number}/export")] == []
    assert (desk.pull(drafts=False).drafts, desk.stored()) == (None, {})
    report = desk.pull()
    assert (report.drafts, report.drafts_written, report.drafts_beside) == (1, 1, 0)
    made = desk.stored()["annotator", "soup"]
    assert (made.status, made.spans, made.relations) == ("draft", SPANS, RELATIONS)
    assert (made.provenance.kind, made.provenance.lead_time) == ("human", 4.5)
    assert made.text_sha256 == sha256(TEXT)
    before = desk.files()
    again = desk.pull()
    assert (again.drafts, again.drafts_written, desk.files()) == (1, 0, before)


@pytest.mark.live
def test_a_draft_goes_on_and_is_submitted(desk: Desk) -> None:
    """A draft that grew is taken anew; submitted as it stood it is submitted here too."""
    first = desk.draft(spans=SPANS[:1])
    desk.pull()
    path = f"api/drafts/{first}/"
    result = to_result(_annotation(), SCHEMA, TEXT)
    desk.client.request("PATCH", path, body={"result": result})
    assert desk.pull().drafts_written == 1
    assert desk.stored()["annotator", "soup"].spans == SPANS
    desk.submit(first)
    report = desk.pull()
    made = desk.stored()["annotator", "soup"]
    assert (report.written, report.drafts) == (1, 0)
    assert (made.status, made.spans, made.provenance.seen_predictions) == ("submitted", SPANS, False)


@pytest.mark.live
def test_a_draft_over_submitted_work_lies_beside_it(desk: Desk) -> None:
    """Submitted work stays while its annotator changes it; the change is kept apart until it is submitted."""
    desk.submit(desk.draft())
    desk.pull()
    task = next(desk.client.tasks(desk.number, ("annotations", "result")))
    [given] = task["annotations"]
    desk.draft(on=given["id"], spans=SPANS[:1])
    report = desk.pull()
    assert (report.drafts, report.drafts_beside, report.drafts_written) == (1, 1, 1)
    stored = desk.stored()["annotator", "soup"]
    assert (stored.status, stored.spans) == ("submitted", SPANS)
    path = drafts_path(desk.project, stored)
    beside = msgspec.json.decode(path.read_bytes(), type=Annotation)
    assert (beside.status, beside.spans, beside.provenance.based_on) == ("draft", SPANS[:1], ())
    before = desk.files()
    assert (desk.pull().drafts_written, desk.files()) == (0, before)
    fewer = to_result(_annotation(spans=SPANS[:1], relations=()), SCHEMA, TEXT)
    desk.client.request("PATCH", f"api/annotations/{given['id']}/", body={"result": fewer})
    for draft in desk.client.drafts(desk.tasks[0]):
        desk.client.request("DELETE", f"api/drafts/{draft['id']}/")
    settled = desk.pull()
    assert (settled.drafts_settled, path.exists()) == (1, False)
    assert desk.stored()["annotator", "soup"].spans == SPANS[:1]


@pytest.mark.live
def test_everybodys_drafts_come_and_keep_their_names(desk: Desk) -> None:
    """Another account's draft over loaded work says whose it changes; an own one replaces no machine's."""
    machine = _annotation("annotator", status="draft", provenance=Provenance("model", "m", "1"))
    write_annotation(desk.project, machine)
    load_annotations(desk.client, desk.number, [_annotation("anna")], SCHEMA)
    given = next(desk.client.tasks(desk.number, ("annotations", "completed_by")))["annotations"][0]
    desk.draft(on=given["id"], spans=SPANS[:1])
    desk.draft(article=1)
    with httpx.Client(base_url=desk.client.url, trust_env=False, follow_redirects=True) as http:
        link = desk.client.invite_link()
        http.get(link)
        http.headers.update({"X-CSRFToken": http.cookies["csrftoken"], "Referer": desk.client.url})
        email = f"zoe.{desk.number}@example.org"
        form = {"email": email, "password": "a-long-one-1", "allow_newsletters": "false"}
        assert http.post(link, data=form).status_code == 200
        http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
        result = to_result(_annotation(spans=SPANS[:1], relations=()), SCHEMA, TEXT)
        http.post(f"/api/tasks/{desk.tasks[1]}/drafts", json={"result": result}).raise_for_status()
    report = desk.pull()
    assert (report.drafts, report.drafts_beside) == (3, 1)
    stored = desk.stored()
    assert set(stored) == {
        *(("anna", "soup"), ("annotator", "soup"), ("annotator", "pie")),
        (f"zoe.{desk.number}", "pie"),
    }
    assert stored["annotator", "soup"] == machine
    assert stored[f"zoe.{desk.number}", "pie"].spans == SPANS[:1]
    beside = msgspec.json.decode(drafts_path(desk.project, machine).read_bytes(), type=Annotation)
    assert (beside.annotator, beside.provenance.based_on) == ("annotator", ("anna",))


@pytest.mark.live
def test_what_a_draft_holds_and_the_schema_does_not_is_quarantined(desk: Desk) -> None:
    """Its lines stay while no drafts are asked for, and go when the reason has gone."""
    draft = desk.draft(spans=SPANS[:1])
    region = {"type": "labels", "id": "odd", "from_name": "thing", "to_name": "text"}
    body = {"result": [{**region, "value": {"start": 0, "end": 1, "labels": ["GHOST"]}}]}
    desk.client.request("PATCH", f"api/drafts/{draft}/", body=body)
    assert desk.pull().quarantined == 1
    assert "GHOST" in json.loads(quarantine_path(desk.project).read_text(encoding="utf-8"))["reason"]
    assert desk.pull(drafts=False).quarantined == 1
    desk.client.request("DELETE", f"api/drafts/{draft}/")
    assert desk.pull().quarantined == 0


@pytest.mark.live
def test_the_command_counts_drafts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pull --drafts` shows how much unfinished work there is."""
    (desk.project.root / "s.yaml").write_bytes(
        (Path(__file__).parents[2] / "data/mini/schemas/mini.yaml").read_bytes()
    )
    (desk.project.root / "seeds/articles").mkdir(parents=True)
    rows = [json.dumps({"id": d.id, "text": d.text}) + "\n" for d in desk.documents]
    (desk.project.root / "seeds/articles.jsonl").write_text("".join(rows), encoding="utf-8")
    monkeypatch.setattr("goldwire.annotate.push_and_pull.load_schema", lambda _path: SCHEMA)
    monkeypatch.setattr("goldwire.annotate.push_and_pull.connect", lambda *_a, **_k: desk.client)
    desk.draft()
    done = CliRunner().invoke(command, ["pull", "--drafts", "--project", str(desk.project.root)])
    assert done.exit_code == 0, done.output
    assert "drafts read" in done.output


@pytest.mark.live
def test_a_damaged_draft_is_named(desk: Desk) -> None:
    """A file in annotate/drafts that is not goldwire's is told with its place, not overwritten."""
    path = desk.project.annotate / "drafts/anna/soup.json"
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW350 .*soup\.json"):
        desk.pull()
    assert path.read_text(encoding="utf-8") == "{"


def test_a_persons_draft_that_was_submitted_is_no_draft() -> None:
    """The same content, submitted from the draft, is submitted; one that only went up and down is not."""
    draft = _annotation(status="draft", provenance=Provenance("human", updated="2026-01-01T00:00:00Z"))
    pulled = _annotation(provenance=Provenance("human", updated="2026-01-02T00:00:00Z"))
    assert keep_history_of(draft, pulled, SCHEMA, TEXT) is None
    made = keep_history_of(draft, pulled, SCHEMA, TEXT, submitted=True)
    assert made is not None and made.status == "submitted"
    machine = msgspec.structs.replace(draft, provenance=Provenance("model", "m", "1"))
    assert keep_history_of(machine, pulled, SCHEMA, TEXT, submitted=True) is None
