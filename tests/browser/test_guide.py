"""The guide in a real browser: found by words, easy on everyone, and reached from the labelling view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.push import push
from goldwire.model import Document
from goldwire.project import Project, example_root
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.rendering.guide import guide_page
from tests.browser.rules import broken_rules, shorten
from tests.browser.test_studio import brief, log_in, project, schema

pytest.importorskip("playwright.sync_api", reason="playwright is missing")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from goldwire.annotate.labelstudio.server import Server

__all__ = ["brief", "project", "schema"]  # fixtures
pytestmark = pytest.mark.browser

SCHEMA = example_root() / "schemas/politics.yaml"


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the example's guide."""
    path = tmp_path_factory.mktemp("guide") / "guide.html"
    path.write_text(guide_page(load_schema(SCHEMA), SCHEMA.parent), encoding="utf-8")
    return path.as_uri()


def test_a_word_without_its_accents_finds_what_is_said_of_it(page: Page, guide: str) -> None:
    """All words must be there, whatever their accents and case; the rest is hidden, the count is told."""
    page.goto(guide)
    whole = page.locator("[data-entry]:visible").count()
    page.fill("#search", "TEHERAN nie")
    found = page.locator("[data-entry]:visible").all_inner_texts()
    assert 0 < len(found) < whole
    assert all("téhéran" in text.lower() for text in found)
    assert str(len(found)) in page.inner_text("#found")
    page.fill("#search", "per.mark-esper")
    assert page.locator("tr[data-entry]:visible", has_text="Mark Esper").count() == 1
    counts = []
    for apostrophe in "'\u2019":
        page.fill("#search", f"s{apostrophe}est rendu")
        counts.append(page.locator("[data-entry]:visible").count())
    assert counts[0] == counts[1] > 1
    page.fill("#search", "")
    assert page.locator("[data-entry]:visible").count() == whole


def test_a_link_out_of_what_was_found_leads_to_its_place(page: Page, guide: str) -> None:
    """Who searches for a word and follows its label sees the label's section, not an empty page."""
    page.goto(guide)
    page.keyboard.press("/")
    page.keyboard.type("Mark Esper")
    page.locator(".words li:visible", has_text="Mark Esper").get_by_role("link", name="PER").first.click()
    assert page.locator("#entity-PER").evaluate("e => Math.abs(e.getBoundingClientRect().top) < 200")


def test_a_decision_leads_to_the_rule_that_it_rests_on(page: Page, guide: str) -> None:
    """From a line of the worked article one click shows the rule, on its sheet, by the number that it had."""
    page.goto(guide)
    link = page.locator("section[aria-labelledby=worked]").get_by_role("link", name="règle A5").first
    link.click()
    rule = page.locator("#rule-A5")
    assert rule.evaluate("e => Math.abs(e.getBoundingClientRect().top) < 200")
    assert rule.inner_text().startswith("A5 ") and str(link.get_attribute("title")) in rule.inner_text()


def test_each_sheet_prints_on_one_page(page: Page, guide: str) -> None:
    """A4 with its margins, at 96 pixels an inch: 188 mm are 710 pixels, 275 mm are 1039."""
    page.set_viewport_size({"width": 710, "height": 1039})
    page.goto(guide)
    page.emulate_media(media="print")
    heights = page.locator(".sheet").evaluate_all("sheets => sheets.map(sheet => sheet.offsetHeight)")
    assert len(heights) == 4 and all(height <= 1039 for height in heights)
    page.emulate_media(media="screen")


def test_without_scripts_the_whole_guide_is_there(browser: Browser, guide: str) -> None:
    """Where no script may run, as beside Label Studio's tasks, nothing is hidden but the field."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(guide)
    assert not page.locator("#search").is_visible()
    assert page.locator("#entity-PER").is_visible() and page.get_by_text("per.mark-esper").last.is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_guide_breaks_no_rule_of_accessibility(browser: Browser, guide: str, scheme: Any) -> None:
    """axe finds no fault of WCAG 2.2 A and AA, on a desk and on a phone; by night it judges the colours
    alone, which is all that changes. All rows are seen once; colours, and a phone, are judged by two of those
    that are alike."""
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(guide)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if (scheme, width) == ("light", 1366):
            assert broken_rules(page, colours=False) == []
        shorten(page)
        assert broken_rules(page, structure=scheme == "light") == []
    context.close()


@pytest.mark.live
def test_an_annotator_opens_the_guide_beside_the_work(
    page: Page, studio: Server, client: Client, brief: Project, schema: Schema
) -> None:
    """The panel's link to a label opens the guide at that label, in a tab of its own; Instructions hold the
    sheet."""
    pushed = push(client, brief, schema, [Document("a", "Paris nie.")])
    [task] = client.tasks(pushed.project, include=["id"])
    log_in(page, studio)
    page.goto(f"{studio.url}/projects/{pushed.project}/data?task={task['id']}")
    page.locator(".gw-text", has_text="Paris").wait_for()
    page.get_by_text("Guide d’annotation").first.click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="THREATEN").click()
    beside = opened.value
    beside.wait_for_load_state()
    assert beside.url.endswith("#event-THREATEN")
    assert beside.locator("#event-THREATEN").evaluate("e => Math.abs(e.getBoundingClientRect().top) < 300")
    assert page.locator(".gw-text").is_visible()
    page.get_by_role("button", name="Instructions").click()
    assert page.get_by_text("Le guide entier").last.is_visible()
