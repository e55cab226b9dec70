"""The passes in a real browser: each has its own screen, shows what was made before, and becomes one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.passes.pull import PassCounts, pull_passes
from goldwire.annotate.passes.push import push_passes
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import Pass, passes_of
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations
from goldwire.model import Document
from goldwire.project import Project, load_project
from goldwire.schemas import Schema
from goldwire.seeds import load_seeds
from tests.browser.test_screen import LINES, OBSCURED, SIZES, read_adjudicated, resized
from tests.browser.test_studio import TEXT, brief, log_in, mark, project, relate, schema, select, type_new_id

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from goldwire.annotate.labelstudio.server import Server

__all__ = ["brief", "project", "schema"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.live]
LONG = f"{TEXT}\n\n" + "Le navire est reparti hier. " * 200
DOCUMENTS = [Document("emoji", LONG, {"title": "Essai"})]


@pytest.fixture
def parted(brief: Project) -> Project:
    """The example project, a pass for each layer."""
    path = brief.root / "goldwire.toml"
    path.write_text(path.read_text(encoding="utf-8") + '[annotate]\npasses = "layers"\n', encoding="utf-8")
    return load_project(brief.root)


def opened(page: Page, client: Client, title: str) -> None:
    """The one task of a project."""
    [found] = client.projects(title)
    [task] = client.tasks(int(found["id"]), include=["id"])
    page.goto(f"{client.url}/projects/{found['id']}/data?task={task['id']}")
    page.locator(".gw-text [class*=richtext__container]").wait_for()
    page.wait_for_timeout(1000)


def submit(page: Page, client: Client, title: str) -> None:
    """Send the work, and see it arrive."""
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Submit").click()
    [found] = client.projects(title)
    for _ in range(30):
        [task] = client.tasks(int(found["id"]), include=["annotations"])
        if task["annotations"]:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"nothing was submitted to {title}")


def all_in_reach(page: Page, schema: Schema, shown: Pass) -> None:
    """On a small and on a large screen: no label or question under a bar, 14 lines or more, the pass's rules
    in sight."""
    first = next(iter(schema.layers[shown.layers[0]].labels))
    sheet = page.locator(".gw-sheet")
    controls = ".gw-labels .lsf-label, .gw-side label, .gw-guide .ant-collapse-header"
    for width, height in SIZES:
        resized(page, width, height)
        assert page.evaluate(LINES) >= 14, (shown.name, width)
        assert page.evaluate(OBSCURED, controls) == [], (shown.name, width)
        assert sheet.is_visible() and first in str(sheet.text_content())


def labels(page: Page) -> list[str]:
    """The labels in sight."""
    return [str(one.text_content()) for one in page.locator(".gw-labels .lsf-label__text:visible").all()]


def test_an_annotator_goes_through_the_passes(
    page: Page, studio: Server, client: Client, parted: Project, schema: Schema
) -> None:
    """Entities; events on top of them, one entity relabelled, one removed; stances: one annotation."""
    page.set_viewport_size({"width": 1366, "height": 768})
    passes = passes_of(parted, schema)
    push_passes(client, parted, schema, DOCUMENTS, passes)
    log_in(page, studio)

    opened(page, client, title_for(parted, "", passes[0]))
    assert [text.partition(" ")[0] for text in labels(page)] == list(schema.layers["entity"].labels)
    all_in_reach(page, schema, passes[0])
    page.set_viewport_size({"width": 1366, "height": 768})
    mark(page, "i", "Élysée")
    mark(page, "e", "Iran")
    mark(page, "p", "Mardi")
    page.keyboard.press("Escape")
    page.keyboard.press("t")  # no key of this pass changes anything
    submit(page, client, title_for(parted, "", passes[0]))

    push_passes(client, parted, schema, DOCUMENTS, passes)
    opened(page, client, title_for(parted, "", passes[1]))
    page.locator(".htx-highlight", has_text="Iran").first.wait_for()
    assert [text.partition(" ")[0] for text in labels(page)] == list(schema.layers["event"].labels)
    select(page, "Mardi")
    page.keyboard.press("Backspace")
    page.locator(".gw-earlier .ant-collapse-header").click()
    select(page, "Élysée")
    page.locator(".gw-earlier .lsf-label", has_text="ORG").first.click()
    page.keyboard.press("Escape")
    mark(page, "t", "menacé")
    select(page, "menacé")
    type_new_id(page, "menace-1")
    relate(page, "menacé", "Iran", "recipient")
    submit(page, client, title_for(parted, "", passes[1]))

    counts = pulled(client, parted, schema)
    assert (counts.whole, counts.begun, counts.conflicts) == (0, 1, [])
    push_passes(client, parted, schema, DOCUMENTS, passes)
    opened(page, client, title_for(parted, "", passes[2]))
    page.locator(".htx-highlight", has_text="Iran").first.wait_for()
    mark(page, "2", "inacceptables")
    page.locator(".lsf-panel-tabs__tab:visible", has_text="Regions").click()
    select(page, "inacceptables")
    page.locator(".gw-side").get_by_text("mots cités").click()
    submit(page, client, title_for(parted, "", passes[2]))

    counts = pulled(client, parted, schema)
    assert (counts.whole, counts.begun, counts.taken, counts.conflicts) == (1, 0, [], [])
    [annotation] = read_annotations(parted)
    found = {(span.label, TEXT[span.start : span.end]) for span in annotation.spans}
    assert {("ORG", "Élysée"), ("STATE", "Iran"), ("THREATEN", "menacé")} <= found, found
    assert len(annotation.spans) == 4 and "Mardi" not in {quote for _, quote in found}
    [relation] = annotation.relations
    assert relation.label == "recipient"
    made = annotation.provenance
    assert annotation.status == "submitted" and list(made.passes) == ["entity", "event", "stance"]
    assert all(seconds and seconds > 0 for seconds in made.passes.values())
    assert made.seen_predictions is False
    assert made.lead_time == pytest.approx(sum(seconds or 0 for seconds in made.passes.values()))


def pulled(client: Client, parted: Project, schema: Schema) -> PassCounts:
    """All passes, pulled."""
    return pull_passes(client, parted, schema, DOCUMENTS, passes_of(parted, schema))[1]


def test_a_later_pass_has_all_in_reach_and_its_rules_in_sight(
    page: Page, studio: Server, client: Client, parted: Project, schema: Schema
) -> None:
    """An article full of what earlier passes marked leaves in reach what an empty one does."""
    passes = passes_of(parted, schema)
    whole = read_adjudicated()
    documents = [document for document in load_seeds(parted) if document.id == whole.document]
    log_in(page, studio)
    for before, shown in pairwise(passes):
        push_passes(client, parted, schema, documents, passes)
        spans = tuple(span for span in whole.spans if span.layer in shown.earlier)
        ids = {span.id for span in spans}
        drawn = tuple(r for r in whole.relations if {r.head, r.tail} <= ids)
        made = structs.replace(whole, annotator="anna", status="submitted", spans=spans, relations=drawn)
        [found] = client.projects(title_for(parted, "", before))
        load_annotations(client, int(found["id"]), [made], schema)
        push_passes(client, parted, schema, documents, passes)
        opened(page, client, title_for(parted, "", shown))
        all_in_reach(page, schema, shown)
