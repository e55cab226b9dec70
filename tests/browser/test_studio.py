"""Label Studio in a real browser: what an annotator sees and marks is what `pull` brings."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotations.store import read_annotations
from goldwire.model import Document
from goldwire.project import Project, copy_example, load_project
from goldwire.schemas import Schema, load_schema

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from goldwire.annotate.labelstudio.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.live]

TEXT = "🇫🇷 Mardi, le porte-parole de l’Élysée a menacé l’Iran de sanctions « inacceptables »."
DOCUMENT = Document("emoji", TEXT, {"title": "Essai"})
#: What is picked in these tests.
PICKED = {"per.mike-pompeo", "per.mark-esper", "per.mark-milley", "2020-01-03-soleimani-strike"}


def copied(folder: Path) -> Project:
    """The example project, without its annotations, under a name of its own."""
    project = copy_example(folder / "project")
    config = project.root / "goldwire.toml"
    renamed = config.read_text(encoding="utf-8").replace("politics-fr", f"browser-{folder.name}")
    config.write_text(renamed, encoding="utf-8")
    for path in project.annotations.rglob("*.json"):
        path.unlink()
    return load_project(project.root)


def cut(project: Project) -> Project:
    """The same project, its registries cut to some two a label: all controls and keys, a tenth to draw."""
    for file in load_schema(project.schema_path).registries.values():
        path, kept = project.schema_path.parent / file, Counter[str]()
        few = []
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            label = str(entry["label"])
            kept[label] += 1
            few += [entry] if kept[label] <= 2 or entry["id"] in PICKED else []
        path.write_text(yaml.safe_dump(few, allow_unicode=True), encoding="utf-8")
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The example project to annotate."""
    return copied(tmp_path)


@pytest.fixture
def schema(project: Project) -> Schema:
    """The example's schema."""
    return load_schema(project.schema_path)


@pytest.fixture
def brief(project: Project) -> Project:
    """The same project with few ids."""
    return cut(project)


def log_in(page: Page, studio: Server) -> None:
    """As the server's own user, by the form's request: to draw it and the page behind it takes seconds."""
    cookies = signed_in(studio.url, studio.username, studio.password)
    page.context.add_cookies([{"name": name, "value": value, "url": studio.url} for name, value in cookies])


@cache
def signed_in(url: str, email: str, password: str) -> list[tuple[str, str]]:
    """The cookies of an account that logged in."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        client.get("/user/login/")
        form = {"email": email, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/user/login/", data=form, headers={"Referer": url}).status_code == 302
        return list(client.cookies.items())


def mark(page: Page, key: str, quote: str) -> None:
    """Choose a label by its hotkey, then select the quote's characters with the mouse."""
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    page.keyboard.press(key)
    page.wait_for_timeout(300)
    drag(page, quote)


def drag(page: Page, quote: str) -> None:
    """Select the quote's characters with the mouse."""
    box = page.evaluate(
        """quote => {
            const root = document.querySelector('.gw-text');
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            const nodes = []; let all = '';
            while (walker.nextNode()) {
                nodes.push([walker.currentNode, all.length]); all += walker.currentNode.data;
            }
            const at = all.indexOf(quote);
            const place = offset => { const [node, start] = nodes.filter(n => n[1] <= offset).pop();
                                      return [node, offset - start]; };
            const range = document.createRange();
            range.setStart(...place(at)); range.setEnd(...place(at + quote.length - 1));
            const last = range.endContainer; range.setEnd(last, range.endOffset + 1);
            const rects = range.getClientRects(), a = rects[0], b = rects[rects.length - 1];
            return [a.left + 0.5, a.top + a.height / 2, b.right - 0.5, b.top + b.height / 2];
        }""",
        quote,
    )
    page.mouse.move(box[0], box[1])
    page.mouse.down()
    page.mouse.move((box[0] + box[2]) / 2, box[3])
    page.mouse.move(box[2], box[3])
    page.mouse.up()
    page.wait_for_timeout(300)


def send(page: Page, name: str = "Submit") -> None:
    """Press the button that sends the work, and wait until the server has it."""
    path = re.compile(r"/annotations/?(\d+/?)?(\?|$)")
    with page.expect_response(
        lambda answer: answer.request.method != "GET" and bool(path.search(answer.url))
    ):
        page.locator("button", has_text=name).click()


def select(page: Page, quote: str) -> None:
    """Select the region whose text is the quote, in the outliner."""
    page.keyboard.press("Escape")
    page.locator(".lsf-outliner-item", has_text=quote).last.click()
    page.wait_for_timeout(300)


def type_new_id(page: Page, key: str) -> None:
    """An id that no registry has, into the field below those to pick."""
    field = page.locator(".gw-side").get_by_placeholder("nouveau : écrire son identifiant ici")
    field.locator("visible=true").fill(key)
    page.keyboard.press("Enter")


def draw(page: Page, head: str, tail: str) -> None:
    """Draw an arrow from a region to another."""
    select(page, head)
    page.keyboard.press("Alt+r")
    page.locator(".htx-highlight", has_text=tail).first.click(position={"x": 10, "y": 8})


def relate(page: Page, head: str, tail: str, label: str) -> None:
    """Draw an arrow from a region to another and give it a label."""
    draw(page, head, tail)
    page.locator(".lsf-panel-tabs__tab:visible", has_text="Relations").click()
    item = page.locator(".lsf-relations__item:visible").last
    item.hover()
    item.get_by_role("button", name="Show Relation Labels").click()
    item.get_by_text("Select labels").click()
    page.get_by_text(label, exact=True).last.click()
    page.keyboard.press("Escape")


def test_what_is_marked_in_the_browser_is_what_is_pulled(
    page: Page, studio: Server, client: Client, brief: Project, schema: Schema
) -> None:
    """A nested pair after an elision, an event with modality and argument, a stance, beside an emoji."""
    pushed = push(client, brief, schema, [DOCUMENT])
    [task] = client.tasks(pushed.project, include=["id"])
    log_in(page, studio)
    page.goto(f"{studio.url}/projects/{pushed.project}/data?task={task['id']}")
    page.locator(".gw-text", has_text="porte-parole").wait_for()
    page.wait_for_timeout(500)

    mark(page, "g", "porte-parole de l’Élysée")
    mark(page, "i", "Élysée")
    mark(page, "e", "Iran")
    mark(page, "Shift+T", "menacé")
    select(page, "menacé")
    page.locator(".gw-side").get_by_text(re.compile("^possible")).click()
    type_new_id(page, "menace-1")
    mark(page, "2", "inacceptables")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("manque à un empan").wait_for()  # the stance's voice is required
    page.get_by_role("button", name="OK").click()
    page.wait_for_timeout(500)
    voice = page.locator(".gw-side").get_by_text("mots cités")
    if not voice.is_visible():  # the span that lacks it may be selected already
        select(page, "inacceptables")
    voice.click()
    relate(page, "menacé", "porte-parole", "actor")
    send(page)

    report = pull(client, brief, schema, [DOCUMENT])
    assert (report.annotations, report.quarantined, report.trims) == (1, 0, [])
    [annotation] = read_annotations(brief)
    found = {(span.label, TEXT[span.start : span.end]): span.attributes for span in annotation.spans}
    assert found == {
        ("GROUP", "porte-parole de l’Élysée"): {},
        ("INST", "Élysée"): {},
        ("STATE", "Iran"): {},
        ("THREATEN", "menacé"): {"modality": "possible", "event_id": "menace-1"},
        ("NEGATIVE", "inacceptables"): {"voice": "direct"},
    }
    quotes = {span.id: TEXT[span.start : span.end] for span in annotation.spans}
    arrows = [(arrow.label, quotes[arrow.head], quotes[arrow.tail]) for arrow in annotation.relations]
    assert arrows == [("actor", "menacé", "porte-parole de l’Élysée")]
    assert (annotation.status, annotation.provenance.kind) == ("submitted", "human")
    assert annotation.provenance.seen_predictions is False
