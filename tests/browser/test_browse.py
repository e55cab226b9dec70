"""The static site in a real browser: filters, keyboard, relations, graph, timeline; dark, and on a phone."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldwire.corpus.browse import browse
from goldwire.corpus.corpus import Corpus, load_corpus
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.project import example_root, load_project
from goldwire.seeds import load_seeds
from tests.browser.chromium import heard_on
from tests.browser.rules import broken_rules, shorten
from tests.corpus.mini import MINI, mini_articles, mini_schema

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
expect = sync_api.expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

FIRST = "articles/000_1afb81a318aab3f8.html"
PAGES = ["index.html", FIRST, "timeline.html", "graph.html", "tables.html", "labels.html"]
HOSTILE = "<img src=x onerror=alert(1)>"
#: What some of the many articles begin with.
SCRIPTS = {
    1: "أعيد فتح مِيناءِ بحر الرمل. ", 3: "ที่ทำการรัฐบาลเปิดแล้ว ", 5: "서울 시청 앞. ", 7: "दिल्ली सरकार ने कहा। ",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's site."""
    return browse(
        load_corpus(load_project(example_root())), tmp_path_factory.mktemp("browse") / "site"
    ).folder


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipes' site, with one article whose every text looks like HTML."""
    document = Document("hostile", f"{HOSTILE} pain", {"title": HOSTILE, "language": "fr"})
    spans = (
        Span("s1", "thing", "FOOD", 0, len(HOSTILE), {"note": HOSTILE}),
        Span("s2", "step", "CUT", len(HOSTILE) + 1, len(HOSTILE) + 5),
    )
    relations = (Relation("object", "s2", "s1"), Relation("with", "s2", "s1"))
    annotation = Annotation(document.id, HOSTILE, "mini@0.1", spans=spans, relations=relations)
    articles = [*mini_articles(), Article(document, (annotation,))]
    corpus = Corpus(load_project(MINI), mini_schema(), {}, articles)
    return browse(corpus, tmp_path_factory.mktemp("mini") / "site").folder


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of so many short articles that they are listed in pages."""
    articles = []
    for number in range(1_030):
        name, annotator = f"d{number:04}", "anna" if number % 3 else "ben"
        text = (
            f"L’État déploie le pain {number}." if number % 2 else f"北京市政府 cuisine {HOSTILE} {number}."
        )
        text = f"{SCRIPTS.get(number, '')}{text}"
        spans = (Span("s1", "thing", "TOOL" if number % 100 else "FOOD", 0, 4),)
        annotation = Annotation(name, annotator, "mini@0.1", spans=spans)
        articles.append(Article(Document(name, text, {"title": f"Recette {number}"}), (annotation,)))
    corpus = Corpus(load_project(MINI), mini_schema(), {}, articles)
    return browse(corpus, tmp_path_factory.mktemp("many") / "site").folder


@pytest.fixture
def quiet(standing: Page) -> Iterator[Page]:
    """A page on which a message of the console, or a request that leaves the disk, fails the test."""
    standing.set_viewport_size({"width": 1500, "height": 1000})
    with heard_on(standing, "file:") as heard:
        yield standing
    assert heard == []


@pytest.fixture
def searched(quiet: Page, many: Path) -> Iterator[Page]:
    """A page of the long list, opened once; each test leaves it without words or filters."""
    address = (many / "list/3.html").as_uri()
    if quiet.url != address:
        quiet.goto(address)
    yield quiet
    quiet.fill("#q", "")
    expect(quiet.locator("#count")).to_have_text("1,030 articles")
    assert quiet.locator("#rows tr:visible").count() == 200


def shown(page: Page, path: Path) -> Page:
    """The page of a file."""
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_from_the_disk_in_silence(quiet: Page, site: Path, name: str) -> None:
    """No page asks the network, logs an error or lacks a heading; each says draft and local use."""
    shown(quiet, site / name)
    assert quiet.locator("h1").count() == 1
    assert "draft" in (quiet.text_content(".notice") or "")
    assert "local use" in (quiet.text_content(".notice") or "")


def test_search_reads_titles_and_texts(quiet: Page, site: Path) -> None:
    """A word of the text alone, typed without its accent, finds its article, with the words around it."""
    shown(quiet, site / "index.html")
    every = len(load_seeds(load_project(example_root())))
    assert quiet.locator("#rows tr:visible").count() == every
    quiet.fill("#q", "shafaq")
    quiet.wait_for_selector(".snippet")
    assert 0 < quiet.locator("#rows tr:visible").count() < every
    assert "Shafaq" in (quiet.locator(".snippet").first.text_content() or "")
    quiet.fill("#q", "deploient")
    expect(quiet.locator("#rows tr:visible")).to_have_count(1)
    assert "déploient" in (quiet.locator("#rows tr:visible a").text_content() or "")


def test_articles_are_filtered_by_label_and_annotator(quiet: Page, mini: Path) -> None:
    """Only articles that bear the label, or that the annotator read, stay in the list."""
    shown(quiet, mini / "index.html")
    quiet.select_option("#annotator", label="anna")
    assert quiet.locator("#rows tr:visible").count() == 2
    quiet.select_option("#annotator", label="any")
    quiet.select_option("#label", label="TOOL · ustensile")
    assert quiet.locator("#rows tr:visible").count() == 2
    assert "2 of 3 articles" in (quiet.text_content("#count") or "")


def test_a_long_list_has_pages(quiet: Page, many: Path) -> None:
    """Each page lists 200 articles and leads to the next, to the last one and back."""
    shown(quiet, many / "index.html")
    assert quiet.locator("#rows tr").count() == 200
    assert "1,030 articles" in (quiet.text_content("#count") or "")
    quiet.click("#pages a[rel=next]")
    assert "Recette 200" in (quiet.locator("#rows tr").first.text_content() or "")
    quiet.click("#pages a:text-is('6')")
    assert "1,001–1,030 of 1,030" in (quiet.text_content("#pages") or "")
    assert quiet.locator("#rows tr").count() == 30
    quiet.locator("#rows a").last.click()
    assert "Recette 1029" in (quiet.text_content("h1") or "")


@pytest.mark.parametrize(
    ("query", "count", "snippet"),
    [
        ("deploie", 515, "déploie"),
        ("l'ETAT depl", 515, "déploie"),
        ("recette 77", 1, ""),
        ("77", 1, "77"),
        ("1029 pain", 1, "pain"),
        ("市政", 515, "市政"),
        ("府", 515, "府"),
        ("京政", 0, ""),
        ("市政 cuisine", 515, "市政"),
        ("cuisine 北京市政府", 515, "北京市政府"),
        ("政府 北京", 515, "政府"),
        ("onerror", 515, "onerror"),
        ("pai", 515, "pai"),
        ("pa", 0, ""),
        ("constructor", 0, ""),
    ],
)
def test_a_long_list_is_searched_by_words(searched: Page, query: str, count: int, snippet: str) -> None:
    """On any page: words of title and text, or their beginnings, whatever case and accents, all of them."""
    searched.fill("#q", query)
    expect(searched.locator("#count")).to_have_text(f"{count} of 1,030 articles")
    assert searched.locator("#found tr").count() == min(count, 25)
    assert searched.locator("#rows").is_hidden()
    if snippet:
        assert snippet in (searched.locator("#found .snippet").first.text_content() or "")
    assert searched.locator("img[src=x]").count() == 0


@pytest.mark.parametrize(
    ("query", "shown_bold", "direction"),
    [
        ("北京市政府 onerror", "北京市政府", "ltr"),
        ("府 cuisine 市政", "府", "ltr"),
        ("الرمل ميناء", "الرمل", "rtl"),
        ("ميناء 1", "مِيناءِ", "rtl"),
        ("รัฐบาล 3", "รัฐบาล", "ltr"),
        ("시청 5", "시청", "ltr"),
        ("सरकार 7", "सरकार", "ltr"),
    ],
)
def test_what_was_looked_for_is_shown_in_every_script(
    searched: Page, query: str, shown_bold: str, direction: str
) -> None:
    """As it stands in the text, marks and syllables whole, in the direction in which it runs."""
    searched.fill("#q", query)
    snippet = searched.locator("#found tr").first.locator(".snippet")
    expect(snippet.locator("b")).to_have_text(shown_bold)
    assert snippet.evaluate("e => getComputedStyle(e).direction") == direction


def test_a_long_list_is_filtered_by_label_and_annotator(quiet: Page, many: Path) -> None:
    """Filters and words hold together; what is found is paged, and leads to its article."""
    shown(quiet, many / "index.html")
    quiet.select_option("#annotator", label="ben")
    expect(quiet.locator("#count")).to_have_text("344 of 1,030 articles")
    quiet.click("#next")
    expect(quiet.locator("#place")).to_have_text("26–50 of 344")
    quiet.select_option("#label", label="FOOD · aliment")
    expect(quiet.locator("#count")).to_have_text("4 of 1,030 articles")
    quiet.fill("#q", "recette 600")
    expect(quiet.locator("#count")).to_have_text("1 of 1,030 articles")
    assert "d0600" in quiet.inner_text("#found tr")
    quiet.click("#found a")
    assert "Recette 600" in (quiet.text_content("h1") or "")


def test_a_search_names_the_file_that_is_missing(page: Page, many: Path, tmp_path: Path) -> None:
    """Of a site that was copied in part the list opens, and a search says what it lacks."""
    shutil.copy(many / "index.html", tmp_path)
    shutil.copytree(many / "assets", tmp_path / "assets")
    shown(page, tmp_path / "index.html")
    page.fill("#q", "pain")
    expect(page.locator("#count")).to_have_text("data/list.js is missing: copy the whole folder of the site")


def test_a_layer_and_a_label_can_be_put_away(quiet: Page, site: Path) -> None:
    """Marks of a layer or label that is switched off lose line and label; the text stays."""
    shown(quiet, site / FIRST)
    before = quiet.inner_text(".reading:visible")
    events = quiet.locator("mark.y1:visible")
    assert events.count() == quiet.locator("mark.y1:not(.off)").count() > 0
    quiet.uncheck("input[data-layer=event]:not([data-label])")
    assert quiet.locator("mark.y1:not(.off)").count() == 0
    assert quiet.locator("mark.y0:not(.off)").count() > 0
    quiet.uncheck("input[data-layer=entity][data-label=PER]")
    people = quiet.locator("mark", has=quiet.locator(":scope > .lab", has_text="PER"))
    assert people.count() > 0
    assert people.locator(":scope:not(.off)").count() == 0
    quiet.check("input[data-layer=event]:not([data-label])")
    quiet.check("input[data-layer=entity][data-label=PER]")
    assert quiet.inner_text(".reading:visible") == before


def test_readings_are_switched(quiet: Page, site: Path) -> None:
    """Another annotator's marks replace the first ones, with their own counts."""
    shown(quiet, site / "articles/003_0d83b3e9bc078ec9.html")
    before = quiet.locator("#legend .n").all_text_contents()
    quiet.locator("input[name=reading]").nth(2).check()
    assert quiet.locator(".reading:visible").get_attribute("data-reading") == "2"
    assert quiet.locator("#legend .n").all_text_contents() != before


def test_a_mark_shows_its_relations_and_attributes(quiet: Page, site: Path) -> None:
    """A click draws an arrow for each relation and tells label, attributes and both ends in the panel."""
    shown(quiet, site / FIRST)
    quiet.locator("mark.y1").first.click()
    panel = quiet.inner_text("#panel")
    assert "retirera" in panel and "SANCTION" in panel
    assert "2020-12-us-embassy-drawdown" in panel and "planned" in panel
    assert quiet.locator(".arcs path.tip").count() == 4
    assert sorted(quiet.locator(".arcs text").all_text_contents()) == ["actor", "location", "source", "theme"]
    quiet.locator("#panel li button", has_text="Trump").click()
    assert "administration Trump" in quiet.inner_text("#panel h2")
    quiet.keyboard.press("Escape")
    assert quiet.locator("mark.sel").count() == 0
    quiet.check("#arcs")
    assert quiet.locator(".arcs path.tip").count() > 50


def test_the_text_is_read_by_keyboard(quiet: Page, site: Path) -> None:
    """Tab enters the text once; arrows go from mark to mark, inwards and outwards; the panel follows."""
    shown(quiet, site / FIRST)
    assert quiet.locator("mark[tabindex='0']").count() == 1
    quiet.locator("#arcs").focus()
    quiet.keyboard.press("Tab")
    assert quiet.evaluate("document.activeElement.tagName") == "MARK"
    first = quiet.evaluate("document.activeElement.dataset.s")
    quiet.keyboard.press("ArrowRight")
    assert quiet.evaluate("document.activeElement.dataset.s") != first
    quiet.keyboard.press("ArrowLeft")
    assert quiet.evaluate("document.activeElement.dataset.s") == first
    outer = quiet.locator("mark:has(mark)").first
    outer.evaluate("mark => mark.focus()")
    name = outer.get_attribute("data-s")
    quiet.keyboard.press("ArrowDown")
    assert quiet.evaluate("document.activeElement.parentElement.closest('mark').dataset.s") == name
    quiet.keyboard.press("ArrowUp")
    assert quiet.evaluate("document.activeElement.dataset.s") == name
    assert str(name) in quiet.inner_text("#panel")
    quiet.keyboard.press("Tab")
    assert quiet.evaluate("document.activeElement.tagName") != "MARK"


def test_a_link_leads_to_its_mark(quiet: Page, site: Path) -> None:
    """An address with reading and span opens that reading and selects that span."""
    quiet.goto(f"{(site / FIRST).as_uri()}#reading-b/s3")
    assert quiet.locator("mark.sel").first.get_attribute("data-s") == "s3"
    assert quiet.locator("input[name=reading]").nth(2).is_checked()


def test_stances_and_events_are_listed_under_the_text(quiet: Page, site: Path) -> None:
    """Who holds which view of whom stands in a table: what the arrows say can be read without them."""
    shown(quiet, site / FIRST)
    table = quiet.locator("[data-frame=stance] table")
    assert table.locator("thead").inner_text().split("\t")[0].strip().startswith("holder")
    assert table.locator("tbody tr").count() == 11
    assert "NEGATIVE" in table.inner_text()


def test_the_timeline_groups_mentions_of_one_happening(quiet: Page, site: Path) -> None:
    """Points are drawn, the table holds the same, and one event has mentions in several articles."""
    shown(quiet, site / "timeline.html")
    assert quiet.locator("#chart svg path").count() > 50
    with (site / "tables/event.csv").open(encoding="utf-8-sig", newline="") as stream:
        mentions = sum(row["annotator"] == "adjudicated" for row in csv.DictReader(stream))
    shown_first = quiet.text_content("#count") or ""
    drawn = re.fullmatch(r"(\d+) events, (\d+) mentions", shown_first)
    assert drawn and 100 < int(drawn[1]) < int(drawn[2]) <= mentions
    quiet.fill("#q", "soleimani")
    expect(quiet.locator("#count")).not_to_contain_text(shown_first)
    quiet.locator("#table button", has_text="frappe qui tue Soleimani").click()
    links = quiet.locator("#detail a")
    pages = {str(link.get_attribute("href")).split("#")[0] for link in links.all()}
    assert len(pages) > 1
    links.first.click()
    quiet.wait_for_selector("mark.sel")


def test_the_graph_shows_who_acts_on_whom_and_who_sides_with_whom(quiet: Page, site: Path) -> None:
    """Arrows are drawn and listed; stances by polarity; a participant has its mentions with links."""
    shown(quiet, site / "graph.html")
    assert quiet.locator("#chart svg path").count() > 50
    of_events = re.search(r"\d+ arrows", quiet.text_content("#count") or "")
    assert of_events
    quiet.select_option("#layer", index=1)
    expect(quiet.locator("#count")).not_to_contain_text(of_events[0])
    of_stances = re.search(r"\d+ arrows", quiet.text_content("#count") or "")
    assert of_stances
    assert "NEGATIVE" in quiet.inner_text("#key") and "POSITIVE" in quiet.inner_text("#key")
    quiet.select_option("#label", value="POSITIVE")
    expect(quiet.locator("#count")).not_to_contain_text(of_stances[0])
    assert "NEGATIVE" not in quiet.inner_text("#table")
    quiet.locator("#table tbody button").first.click()
    assert quiet.locator("#detail a").count() > 0


#: Pairs of names that cover each other by more than a hair, and names that leave the frame.
COVERED = """() => {
  const names = [...document.querySelectorAll("#chart svg text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
  const frame = document.querySelector("#chart").getBoundingClientRect();
  const out = names.filter(([, one]) => one.left < frame.left || one.right > frame.right).map(([name]) => name);
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  return [names.length, names.flatMap(([name, a], at) => names.slice(at + 1).filter(([, b]) => meet(a, b)).map(([other]) => `${name} / ${other}`)), out];
}"""  # noqa: E501


@pytest.mark.parametrize(("width", "least"), [(1300, 30), (390, 8)])
def test_names_in_a_dense_graph_do_not_cover_each_other(
    quiet: Page, site: Path, width: int, least: int
) -> None:
    """Of names that would overlap one stands, and no name leaves the frame, on a desk and on a phone."""
    quiet.set_viewport_size({"width": width, "height": 900})
    shown(quiet, site / "graph.html")
    quiet.wait_for_selector("#chart svg text")
    count, covered, outside = quiet.evaluate(COVERED)
    assert count >= least
    assert (covered, outside) == ([], [])


def test_tables_are_looked_at_and_taken(quiet: Page, site: Path) -> None:
    """A table opens on the page, is searched and sorted, and its file is downloaded."""
    shown(quiet, site / "tables.html")
    quiet.locator("button[data-table=stance]").click()
    rows = quiet.locator("#shown tbody tr")
    rows.first.wait_for()
    quiet.locator("#shown th button", has_text="label").first.click()
    assert quiet.locator("#shown th[aria-sort=ascending]").count() == 1
    quiet.fill("#shown input[type=search]", "mike pompeo")
    assert 0 < rows.count() < 50
    with quiet.expect_download() as download:
        quiet.locator("a[download]").first.click()
    assert download.value.suggested_filename == "event.csv"


def test_another_schema_has_its_own_graph_and_timeline(quiet: Page, mini: Path) -> None:
    """Recipes have arrows from food to tools and a timeline by publication; nothing of politics is needed."""
    shown(quiet, mini / "graph.html")
    assert "huile d’olive" in quiet.inner_text("#table")
    shown(quiet, mini / "timeline.html")
    assert "2024-03-01" in quiet.inner_text("#table")
    assert quiet.locator("#chart svg path").count() > 5


def test_nothing_that_looks_like_html_is_run(quiet: Page, mini: Path) -> None:
    """Every page shows hostile titles, labels and attributes as the texts that they are."""
    for name in ["index.html", "articles/hostile.html", "graph.html", "timeline.html"]:
        shown(quiet, mini / name)
        assert quiet.locator("img[src=x]").count() == 0
    quiet.goto((mini / "articles/hostile.html").as_uri())
    quiet.locator("mark").first.click()
    assert HOSTILE in quiet.inner_text("#panel")
    quiet.goto((mini / "index.html").as_uri())
    quiet.fill("#q", "onerror")
    quiet.wait_for_selector(".snippet")
    quiet.goto((mini / "tables.html").as_uri())
    quiet.locator("button[data-table=mentions]").click()
    quiet.locator("#shown tbody tr").first.wait_for()
    assert quiet.locator("img[src=x]").count() == 0


@pytest.fixture(params=["light", "dark"])
def phone(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A phone of 390 pixels, light and dark."""
    scheme: Any = request.param
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    yield context
    context.close()


def test_every_page_fits_a_phone(phone: BrowserContext, site: Path) -> None:
    """Nothing but wide tables scrolls sideways, also with a mark selected."""
    page = phone.new_page()
    for name in PAGES:
        page.goto((site / name).as_uri())
        if name == FIRST:
            page.locator("mark.y1").first.tap()
            assert page.locator("#panel").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(browser: Browser, site: Path, scheme: Any) -> None:
    """axe finds no fault of WCAG 2.2 A and AA on any page, also with a mark selected; by night it judges
    the colours alone, which is all that changes."""
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for name in PAGES if scheme == "light" else PAGES[:2]:
        page.goto((site / name).as_uri())
        if name == FIRST:
            page.locator("mark.y1").first.click()
        if scheme == "light":
            assert broken_rules(page, colours=False, exclude="#chart") == [], name
        shorten(page)
        assert broken_rules(page, structure=False, exclude="#chart") == [], name
    context.close()


def test_a_long_list_keeps_the_rules_and_fits_a_phone(browser: Browser, many: Path) -> None:
    """axe finds no fault where results are shown, and nothing scrolls sideways."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto((many / "list/6.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert broken_rules(page) == []
    page.fill("#q", "deploie 101")
    expect(page.locator("#count")).to_have_text("6 of 1,030 articles")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert broken_rules(page) == []
    context.close()


def test_a_text_that_runs_from_right_to_left_is_shown_so(quiet: Page, tmp_path: Path) -> None:
    """Article, titles and the label under a mark; a text in another script beside it does not."""
    texts = {
        "port": ("أعيد فتح ميناء بحر الرمل يوم الاثنين.", "فتح الميناء"),
        "tarte": ("Anna mange du pain.", "Le pain"),
    }
    articles = []
    for name, (text, title) in texts.items():
        spans = (Span("s1", "thing", "FOOD", 5, 8),)
        annotation = Annotation(name, "anna", "mini@0.1", spans=spans)
        articles.append(Article(Document(name, text, {"title": title}), (annotation,)))
    folder = browse(Corpus(load_project(MINI), mini_schema(), {}, articles), tmp_path / "site").folder
    for name, direction in (("port", "rtl"), ("tarte", "ltr")):
        shown(quiet, folder / f"articles/{name}.html")
        for place in ("#text", "h1"):
            assert quiet.locator(place).evaluate("e => getComputedStyle(e).direction") == direction
    shown(quiet, folder / "index.html")
    links = quiet.locator("th a").evaluate_all("all => all.map(e => getComputedStyle(e).direction)")
    assert sorted(links) == ["ltr", "rtl"]
