"""Adjudication in a real browser: both readings in sight, one decision made, exactly that pulled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from goldwire.annotate.adjudication.decisions import read_file
from goldwire.annotate.adjudication.pull import pull_adjudication
from goldwire.annotate.adjudication.push import push_adjudication
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.files import sha256
from goldwire.model import Annotation, Document, Relation, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from tests.browser.test_studio import log_in, mark, project, schema

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from goldwire.annotate.labelstudio.server import Server

__all__ = ["project", "schema"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.live]

TEXT = "🇫🇷 Mardi, le porte-parole de l’Élysée a menacé l’Iran de sanctions « inacceptables »."
DOCUMENT = Document("emoji", TEXT, {"title": "Essai"})


def span(name: str, layer: str, label: str, quote: str) -> Span:
    """A span over the first occurrence of a quote."""
    start = TEXT.index(quote)
    return Span(name, layer, label, start, start + len(quote))


def test_one_change_in_the_browser_is_one_decision(
    page: Page, studio: Server, project: Project, schema: Schema
) -> None:
    """The adjudicator starts from what is agreed, takes one reading's extent, submits; the rest stands."""
    anna = Annotation(
        DOCUMENT.id,
        "anna",
        schema.stamp,
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
    bruno = msgspec.structs.replace(anna, annotator="bruno", spans=(*anna.spans[:2], shorter))
    for reading in (anna, bruno):
        write_annotation(project, reading)
    client = Client(studio.url, studio.token)
    pushed = push_adjudication(client, project, schema, [DOCUMENT])
    assert (pushed.sent, pushed.open) == (1, 1)
    number = int(pushed.url.rsplit("/", 1)[1])
    [task] = client.tasks(number, include=["id"])

    log_in(page, studio)
    page.goto(f"{pushed.url}/data?task={task['id']}")
    page.locator(".gw-text", has_text="porte-parole").wait_for()
    page.get_by_text("1 à décider", exact=False).wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=project.root / "before.png")
    mark(page, "g", "porte-parole de l’Élysée")
    page.screenshot(path=project.root / "decided.png")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_timeout(1500)

    who = studio.username.partition("@")[0]
    report = pull_adjudication(client, project, schema, [DOCUMENT], by=who)
    assert (report.refused, report.waiting) == ([], [])
    [decision] = read_file(project.annotate / "adjudication/emoji.yaml").decisions
    assert (decision.kind, decision.decide) == ("extent", "a")
    assert decision.reason == f"decided in Label Studio by {who}"
    [made] = [a for a in read_annotations(project) if a.annotator == "adjudicated"]
    assert {(s.label, TEXT[s.start : s.end], s.marked_by) for s in made.spans} == {
        ("STATE", "Iran", ("anna", "bruno")),
        ("THREATEN", "menacé", ("anna", "bruno")),
        ("GROUP", "porte-parole de l’Élysée", ("anna", "bruno")),
    }
    assert [(r.label, r.marked_by) for r in made.relations] == [("recipient", ("anna", "bruno"))]
    assert (made.status, made.provenance.kind, made.provenance.name) == ("adjudicated", "human", who)
    assert made.provenance.based_on == ("anna", "bruno")
    client.close()
