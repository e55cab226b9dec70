"""Adjudication in a real browser: both versions in sight, what was decided is pulled, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from goldwire.annotate.adjudication.decisions import read_file
from goldwire.annotate.adjudication.pull import pull_adjudication
from goldwire.annotate.adjudication.push import push_adjudication
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.files import json_lines, sha256, write_text
from goldwire.model import Annotation, Document, Relation, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from tests.browser.test_screen import state
from tests.browser.test_studio import brief, log_in, project, schema, send

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from goldwire.annotate.labelstudio.server import Server

__all__ = ["brief", "project", "schema"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.live]

TEXT = "🇫🇷 Mardi, le porte-parole de l’Élysée a menacé l’Iran de sanctions « inacceptables »."
DOCUMENT = Document("emoji", TEXT, {"title": "Essai"})


def span(name: str, layer: str, label: str, quote: str) -> Span:
    """A span over the first occurrence of a quote."""
    start = TEXT.index(quote)
    return Span(name, layer, label, start, start + len(quote))


def hold(project: Project, document: Document) -> None:
    """Make an article the only one of a project."""
    row = {"id": document.id, "text": document.text, "meta": document.meta}
    write_text(project.seeds / "articles.jsonl", json_lines([row]))


def test_each_disagreement_is_decided_by_one_key_or_stays_open(
    page: Page,
    studio: Server,
    client: Client,
    brief: Project,
    schema: Schema,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of three disagreements two are decided and submitted: the third stays open until it is, too."""
    hold(brief, DOCUMENT)
    monkeypatch.setenv("GOLDWIRE_TOKEN", studio.token)
    anna = Annotation(
        DOCUMENT.id,
        "anna",
        schema.id,
        "submitted",
        spans=(
            span("1", "entity", "STATE", "Iran"),
            span("2", "event", "THREATEN", "menacé"),
            span("3", "entity", "GROUP", "porte-parole de l’Élysée"),
        ),
        relations=(Relation("recipient", "2", "1"),),
        text_sha256=sha256(TEXT),
    )
    shorter = span("3", "entity", "GROUP", "porte-parole")
    possible = msgspec.structs.replace(anna.spans[1], attributes={"modality": "possible"})
    day = span("4", "entity", "DATE", "Mardi")
    bruno = msgspec.structs.replace(anna, annotator="bruno", spans=(anna.spans[0], possible, shorter, day))
    for reading in (anna, bruno):
        write_annotation(brief, reading)
    pushed = push_adjudication(brief, url=studio.url)
    assert (pushed.sent, pushed.open) == (1, 3)
    number = int(pushed.url.rsplit("/", 1)[1])
    [task] = client.tasks(number, include=["id"])

    page.set_viewport_size({"width": 1366, "height": 768})
    log_in(page, studio)
    page.goto(f"{pushed.url}/data?task={task['id']}")
    page.locator(".gw-text", has_text="porte-parole").wait_for()
    page.get_by_text("3 à décider", exact=False).wait_for()
    page.wait_for_timeout(500)
    items = page.locator(".lsf-outliner-item", has_text="≠")
    assert items.count() == 3
    # Each item leads to its place, shows both versions, and is decided by one key.
    items.nth(1).click()
    page.wait_for_timeout(300)
    side = page.locator(".gw-side")
    side.get_by_text("A (anna) : GROUP «porte-parole de l’Élysée»", exact=False).wait_for()
    for box in (page.locator(".gw-text .htx-highlight", has_text="porte-parole").first, side):
        place = box.bounding_box()
        assert place is not None and place["y"] > 80 and place["y"] < 718
    page.keyboard.press("5")
    page.wait_for_timeout(200)
    items.nth(0).click()
    page.keyboard.press("7")
    page.wait_for_timeout(200)
    send(page)

    who = studio.username.partition("@")[0]
    report = pull_adjudication(brief, url=studio.url, by=who)
    assert (report.refused, report.waiting) == ([], ["emoji"])
    told = {d.kind: d.decide for d in read_file(brief.annotate / "adjudication/emoji.yaml").decisions}
    assert told == {"missed": "neither", "extent": "a", "attribute": ""}
    assert not [a for a in read_annotations(brief) if a.annotator == "adjudicated"]

    # The third, in another sitting: only then is there a gold annotation.
    page.goto(f"{pushed.url}/data?task={task['id']}")
    page.locator(".gw-text", has_text="porte-parole").wait_for()
    page.wait_for_timeout(800)
    items.nth(2).click()
    page.keyboard.press("6")
    page.wait_for_timeout(200)
    send(page, "Update")
    report = pull_adjudication(brief, url=studio.url, by=who)
    assert (report.refused, report.waiting) == ([], [])
    decisions = read_file(brief.annotate / "adjudication/emoji.yaml").decisions
    assert {d.reason for d in decisions} == {f"decided in Label Studio by {who}"}
    [made] = [a for a in read_annotations(brief) if a.annotator == "adjudicated"]
    assert {(s.label, TEXT[s.start : s.end], s.marked_by) for s in made.spans} == {
        ("STATE", "Iran", ("anna", "bruno")),
        ("THREATEN", "menacé", ("anna", "bruno")),
        ("GROUP", "porte-parole de l’Élysée", ("anna", "bruno")),
    }
    assert {s.attributes.get("modality") for s in made.spans if s.label == "THREATEN"} == {"possible"}
    assert [(r.label, r.marked_by) for r in made.relations] == [("recipient", ("anna", "bruno"))]
    assert (made.status, made.provenance.kind, made.provenance.name) == ("adjudicated", "human", who)
    assert made.provenance.based_on == ("anna", "bruno")


ACTORS = "Mike Pompeo et Jeanne Nouvelle ont parlé de l’attaque avec Esper."


def test_an_id_that_neither_has_is_picked_by_a_key_some_letters_and_enter(
    page: Page, studio: Server, brief: Project, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ids come first, then the likeliest; what was picked is decided, and nothing else was typed."""
    hold(brief, Document("talk", ACTORS, {"title": "Essai"}))
    monkeypatch.setenv("GOLDWIRE_TOKEN", studio.token)
    start = ACTORS.index("Esper")
    named = Span("1", "entity", "PER", start, start + 5, {"entity_id": "per.mike-pompeo"})
    other = msgspec.structs.replace(named, attributes={"entity_id": "per.marc-esper"})
    for name, marked in (("anna", named), ("bruno", other)):
        reading = Annotation("talk", name, schema.id, "submitted", spans=(marked,))
        write_annotation(brief, msgspec.structs.replace(reading, text_sha256=sha256(ACTORS)))
    with Client(studio.url, studio.token) as client:
        pushed = push_adjudication(brief, url=studio.url)
        again = push_adjudication(brief, url=studio.url)
        assert (pushed.sent, pushed.open, again.sent, again.refreshed) == (1, 1, 0, 0)
        [task] = client.tasks(int(pushed.url.rsplit("/", 1)[1]), include=["id", "data"])
        [offered] = [rows for key, rows in task["data"].items() if key.endswith("entity_entity_id")]
        ids = [row["alias"] for row in offered]
        assert ids[:3] == ["per.mike-pompeo", "per.marc-esper", "per.mark-esper"]
        assert "per.mark-milley" in ids and len(set(ids)) == len(ids)

        page.set_viewport_size({"width": 1366, "height": 768})
        log_in(page, studio)
        page.goto(f"{pushed.url}/data?task={task['id']}")
        page.get_by_text("1 à décider", exact=False).wait_for()
        page.wait_for_timeout(800)
        page.locator(".lsf-outliner-item", has_text="≠").click()
        side = page.locator(".gw-side")
        side.get_by_text("B (bruno) : per.marc-esper", exact=False).wait_for()
        page.wait_for_timeout(500)
        for box in (page.locator(".gw-text .htx-highlight").first, side):
            place = box.bounding_box()
            assert place is not None and place["y"] > 80 and place["y"] < 718
        before = state(page)
        page.keyboard.press("z")
        page.wait_for_timeout(400)
        page.keyboard.type("milley")
        assert state(page) == before
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        [picked] = [item for item in state(page) if item not in before]
        assert picked["value"]["choices"] == ["per.mark-milley"]
        send(page)
        report = pull_adjudication(brief, url=studio.url)
    assert (report.refused, report.waiting, report.notes) == ([], [], [])
    [decision] = read_file(brief.annotate / "adjudication/talk.yaml").decisions
    assert (decision.decide, decision.value) == ("value", "per.mark-milley")
    [made] = [a for a in read_annotations(brief) if a.annotator == "adjudicated"]
    assert [dict(s.attributes) for s in made.spans] == [{"entity_id": "per.mark-milley"}]
