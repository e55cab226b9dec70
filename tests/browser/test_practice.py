"""Practice in a real browser: the line above the text, the reviewed annotation, the page with the rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.records.assignments import practice_title
from goldwire.annotate.team.practice import give_practice, practise
from goldwire.annotate.team.practice_page import lesson_of, practice_page
from goldwire.annotations.store import read_annotations
from goldwire.project import load_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.annotate.team.gold import example, review
from tests.browser.rules import broken_rules
from tests.browser.test_studio import cut, log_in, mark, send

pytest.importorskip("playwright.sync_api", reason="playwright is missing")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from goldwire.annotate.labelstudio.server import Server

pytestmark = pytest.mark.browser


@pytest.mark.live
@pytest.mark.parametrize(
    ("name", "key", "quote", "waiting", "told", "answer"),
    [
        ("recalls", "f", "Hazelby Bakery", "Practice: mark and submit.", "marks are as reviewed", "Reviewed"),
        ("politics", "l", "Washington", "Entraînement : annotez", "celles de la relecture", "Relu"),
    ],
)
def test_the_answer_stands_there_after_submitting(
    page: Page,
    studio: Server,
    tmp_path: Path,
    name: str,
    key: str,
    quote: str,
    waiting: str,
    told: str,
    answer: str,
) -> None:
    """Before: what to do, and no answer. After: how far both agree, the reviewed annotation to be read beside
    one's own, and a page with each difference, in the language of the project."""
    root = cut(example(name, tmp_path)).root
    config = (root / "goldwire.toml").read_text(encoding="utf-8")
    former = next(line for line in config.splitlines() if line.startswith("name"))
    config = config.replace(former, f'name = "learn-{name}"', 1)
    (root / "goldwire.toml").write_text(config, encoding="utf-8")
    project = load_project(root)
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    [gold] = review(project, 1)
    who = studio.username.partition("@")[0]
    with Client(studio.url, studio.token) as client:
        give_practice(client, project, schema, documents, who)
        [remote] = client.projects(practice_title(project, who))
        [task] = client.tasks(int(remote["id"]), ["id"])
        address = f"{studio.url}/projects/{remote['id']}/data?task={task['id']}"
        log_in(page, studio)
        page.goto(address)
        page.locator(".gw-text", has_text=quote).wait_for()
        page.wait_for_timeout(800)
        assert page.get_by_text(waiting).is_visible() and page.get_by_text(answer, exact=True).count() == 0
        mark(page, key, quote)
        send(page)
        practised = practise(client, project, schema, documents, who)
        assert practised.shown == (gold.document,)
        page.goto(address)
        page.locator(".gw-text", has_text=quote).wait_for()
        page.wait_for_timeout(800)
        line = page.get_by_text(told).first
        assert line.is_visible() and page.locator(".htx-highlight").count() == 1
        link = page.locator('a[href*="goldwire-practice"]')
        with page.context.expect_page() as opened:
            link.click()
        lesson = opened.value
        lesson.wait_for_load_state()
        assert lesson.locator("ol > li").count() > 5 and lesson.locator(".rule a").first.is_visible()
        page.get_by_text(answer, exact=True).first.click()
        page.wait_for_timeout(800)
        assert page.locator(".htx-highlight").count() > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_breaks_no_rule_of_accessibility(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    """axe finds no fault of WCAG 2.2 A and AA, on a desk and on a phone, and nothing scrolls sideways."""
    project = example("recalls", tmp_path)
    schema = load_schema(project.schema_path)
    other = {a.document: a for a in read_annotations(project) if a.annotator == "reading-b"}
    texts = {document.id: document for document in load_seeds(project)}
    lessons = [lesson_of(texts[a.document], a, other[a.document], schema) for a in review(project, 2)]
    path = tmp_path / "practice.html"
    path.write_text(practice_page(lessons, schema, "anna", "guide.html"), encoding="utf-8")
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert broken_rules(page) == []
    context.close()
