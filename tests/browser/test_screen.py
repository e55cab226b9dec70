"""The annotators' screen, in a real Label Studio: all in sight, and no key that does what nobody meant."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from msgspec.structs import replace

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.push import push
from goldwire.annotations.store import read_annotations
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Span
from goldwire.project import Project, example_root, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.seeds import load_seeds
from tests.browser.test_studio import brief, copied, cut, log_in, project, schema

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from goldwire.annotate.labelstudio.server import Server

__all__ = ["brief", "project", "schema"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.live]

SIZES = {(1366, 768): 14, (1920, 1080): 24}

#: The centre of each element that a selector finds, scrolled into view: what lies there instead of it.
OBSCURED = """selector => {
    const found = [];
    for (const element of document.querySelectorAll(selector)) {
        if (!element.getClientRects().length) continue;
        element.scrollIntoView({block: 'nearest'});
        const box = element.getBoundingClientRect();
        const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        if (!there || !(element === there || element.contains(there) || there.contains(element)))
            found.push(`${element.textContent || element.className}: ${there && there.className}`);
    }
    return found;
}"""
#: How many lines of the text can be seen.
LINES = """() => {
    const text = document.createRange();
    text.selectNodeContents(document.querySelector('.gw-text [class*="richtext__container"]'));
    const top = document.querySelector('.lsf-main-content').getBoundingClientRect().top;
    const bottom = document.querySelector('.lsf-bottombar').getBoundingClientRect().top;
    const middles = [...text.getClientRects()]
        .filter(box => box.width > 2 && box.top >= top && box.bottom <= bottom)
        .map(box => (box.top + box.bottom) / 2).sort((a, b) => a - b);
    return middles.filter((middle, index) => !index || middle - middles[index - 1] > 8).length;
}"""
#: Of each element its text, the contrast (WCAG 2) of its letters to what lies behind, whether it is whole.
CONTRASTS = """elements => elements.map(element => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    canvas.canvas.width = canvas.canvas.height = 1;
    const over = colors => {
        for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const behind = [];
    for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    const light = rgb => {
        const [r, g, b] = rgb.map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const back = ['#fff', ...behind];
    const [a, b] = [light(over(back)), light(over([...back, getComputedStyle(element).color]))];
    const whole = element.scrollWidth <= element.clientWidth + 1
        && element.getBoundingClientRect().right < innerWidth;
    return [element.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), whole];
})"""


def opened(page: Page, studio: Server, project: Project, schema: Schema, annotation: Annotation) -> None:
    """The article of an annotation in Label Studio, with that annotation to go on with."""
    [document] = [d for d in (*load_seeds(project), *OWN) if d.id == annotation.document]
    with Client(studio.url, studio.token) as client:
        pushed = push(client, project, schema, [document])
        [task] = client.tasks(pushed.project, include=["id"])
        result = to_result(annotation, schema, document.text)
        client.create_annotation(int(task["id"]), {"result": result, "ground_truth": False})
    log_in(page, studio)
    page.goto(f"{pushed.url}/data?task={task['id']}")
    page.locator(".gw-text .htx-highlight").first.wait_for()
    page.wait_for_timeout(1000)


def state(page: Page) -> list[dict[str, Any]]:
    """What would be submitted now."""
    shown = page.evaluate("JSON.stringify(window.Htx.annotationStore.selected.serializeAnnotation())")
    return list(json.loads(shown))


def read_adjudicated() -> Annotation:
    """The example's first article, adjudicated: 178 spans."""
    return next(a for a in read_annotations(load_project(example_root())) if a.annotator == "adjudicated")


def resized(page: Page, width: int, height: int) -> None:
    """The page on a screen of another size, laid out anew."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(500)


def test_everything_is_in_reach_and_the_text_in_sight(
    page: Page, studio: Server, brief: Project, schema: Schema
) -> None:
    """On a small and on a large screen: no label, question or option lies under a bar, at the text's
    beginning and end; 14 or 24 lines."""
    opened(page, studio, brief, schema, read_adjudicated())
    rows = "[...document.querySelectorAll('.gw-side .lsf-choices')].filter(e => e.getClientRects().length)"
    of_a_region = ".gw-labels .lsf-label, .gw-side label, .gw-side input"
    for (width, height), lines in SIZES.items():
        resized(page, width, height)
        page.evaluate("document.querySelector('.lsf-main-content').scrollTo(0, 0)")
        assert page.evaluate(LINES) >= lines
        page.locator(".htx-highlight", has_text="frappe").first.click(position={"x": 4, "y": 6})
        page.locator(".gw-side").get_by_text("drone").wait_for()
        assert set(page.evaluate(f"{rows}.map(e => getComputedStyle(e).display)")) == {"flex"}
        assert page.evaluate(OBSCURED, f"{of_a_region}, .gw-guide .ant-collapse-header") == []
        page.evaluate("document.querySelector('.lsf-main-content').scrollTo(0, 1e6)")
        page.wait_for_timeout(300)
        assert page.evaluate(OBSCURED, of_a_region) == []
        assert page.evaluate(LINES) >= lines
        page.keyboard.press("Escape")


WORDS = "Le drone a été vu. " * 40
OWN = (Document("own", WORDS, {"title": "Essai"}),)


def word(name: str, layer: str, label: str, number: int, words: int = 1) -> Span:
    """The drone of a sentence, or all from there to that of another one."""
    start = number * 19 + 3
    return Span(name, layer, label, start, start + 5 + 19 * (words - 1))


def one_of_each(schema: Schema) -> Annotation:
    """A region of each label, one after the other, over a text of its own; a long one; twice two over the
    same word, the event marked first and the stance."""
    labels = [(name, label) for name, layer in schema.layers.items() for label in layer.labels]
    both = [("event", "ACCUSE"), ("stance", "NEGATIVE")]
    spans = (
        *(word(f"r{number}", *label, number) for number, label in enumerate(labels)),
        word("long", "entity", "MEDIA", 34, words=3),
        *(word(f"one-{layer}", layer, label, 37) for layer, label in both),
        *(word(f"two-{layer}", layer, label, 39) for layer, label in both[::-1]),
    )
    assert len(labels) == 34
    return Annotation("own", "x", schema.id, "submitted", spans=spans, text_sha256=sha256(WORDS))


class Screen(NamedTuple):
    """What is seen of a schema."""

    page: Page
    schema: Schema


@pytest.fixture(scope="module")
def opened_once(standing: Page, studio: Server, tmp_path_factory: pytest.TempPathFactory) -> Screen:
    """A region of each label, of the example's schema with few ids; how stances are said is a long list."""
    project = cut(copied(tmp_path_factory.mktemp("screen")))
    schema = load_schema(project.schema_path)
    mode, stance = schema.layers["event"].attributes["mode"], schema.layers["stance"]
    values = {key: replace(value, labels=None) for key, value in mode.values.items()}
    for_all = replace(mode, title="Manière", values=values)
    stance = replace(stance, attributes={**stance.attributes, "mode": for_all})
    schema = replace(schema, layers={**schema.layers, "stance": stance})
    opened(standing, studio, project, schema, one_of_each(schema))
    return Screen(standing, schema)


@pytest.fixture
def screen(opened_once: Screen) -> Iterator[Screen]:
    """The same for each test: what one has changed is taken back, as by Label Studio's own `Reset`."""
    page, before = opened_once.page, state(opened_once.page)
    assert len(before) == len(one_of_each(opened_once.schema).spans)
    yield opened_once
    page.keyboard.press("Escape")
    page.evaluate("window.Htx.annotationStore.selected.history.reset()")
    resized(page, 1500, 1000)
    assert state(page) == before


def test_labels_can_be_read_in_whatever_colour(screen: Screen) -> None:
    """Codes have 4.5 : 1 in the column and in the list of regions, and none is cut there."""
    page = screen.page
    resized(page, 1366, 768)
    column = page.locator(".gw-labels .lsf-label__text, .gw-labels .lsf-label__hotkey")
    for text, contrast, _ in column.evaluate_all(CONTRASTS):
        assert contrast >= 4.5, text
    names = page.locator(".lsf-outliner-item .lsf-labels-list .lsf-labels-list")
    seen = set()
    listed = page.locator(".lsf-tree-list-holder")
    shown, all_of_it = listed.evaluate("list => [list.clientHeight, list.scrollHeight]")
    for top in range(0, all_of_it, shown - 30):
        listed.evaluate("(list, top) => list.scrollTo(0, top)", top)
        page.wait_for_timeout(500)
        for text, contrast, whole in names.evaluate_all(CONTRASTS):
            seen.add(text)
            assert contrast >= 4.5 and whole, text
    assert {label for layer in screen.schema.layers.values() for label in layer.labels} <= seen
    listed.evaluate("list => list.scrollTo(0, 0)")


def asked_of(schema: Schema, span: Span) -> tuple[str, ...]:
    """What the screen asks of a span: its kind."""
    asked = []
    for name, attribute in schema.layers[span.layer].attributes.items():
        if attribute.applies_to(span.label):
            fitting = [value for value, about in attribute.values.items() if about.applies_to(span.label)]
            asked += [f"{span.layer} {name}", *fitting]
    return tuple(asked)


#: The region that is selected.
SELECTED = "window.Htx.annotationStore.selected.highlightedNode?.cleanId"


def choose(page: Page, region: str) -> None:
    """Select a region, and no other."""
    page.keyboard.press("Escape")
    page.evaluate(
        """id => { const all = window.Htx.annotationStore.selected;
                 all.unselectAll(); all.selectArea(all.regions.find(each => each.cleanId === id)); }""",
        region,
    )


def test_no_key_does_what_nobody_meant(screen: Screen) -> None:
    """Every letter and digit, with every kind of region selected: keys of labels change labels only."""
    page, schema = screen
    keys = [*string.ascii_letters, *string.digits]
    taken = {label.hotkey for layer in schema.layers.values() for label in layer.labels.values()}
    written = {key: f"shift+{key.lower()}" if key.isupper() else key for key in keys}
    before = state(page)
    kinds = {asked_of(schema, span): span for span in one_of_each(schema).spans}
    for span in kinds.values():
        choose(page, span.id)
        for key in keys:
            if written[key] not in taken:
                page.keyboard.press(f"Shift+{key}" if key.isupper() else key)
                page.evaluate("document.activeElement.blur()")  # a key of a search leads there
        assert state(page) == before, span.label
    reached: set[str] = set()
    for name in schema.layers:
        span = next(span for span in one_of_each(schema).spans if span.layer == name)
        for key in keys:
            if written[key] in taken:
                if page.evaluate(SELECTED) != span.id:  # to select one draws all its questions anew
                    choose(page, span.id)
                page.keyboard.press(f"Shift+{key}" if key.isupper() else key)
        after = state(page)
        assert {item["type"] for item in after} == {"labels"}, span.label
        assert {item["id"] for item in after} == {item["id"] for item in before}
        assert [item for item in after if item["id"] == span.id] != [i for i in before if i["id"] == span.id]
        reached.add(span.id)
        others = [item for item in after if item["id"] not in reached]
        assert others == [item for item in before if item["id"] not in reached]


def test_an_option_is_shown_for_its_labels_only(screen: Screen) -> None:
    """Each event type offers its own modes, as the schema has them; one without is not asked."""
    page, schema = screen
    mode = schema.layers["event"].attributes["mode"]
    modes = {value.title for value in mode.values.values()}
    for span in one_of_each(schema).spans:
        if span.layer != "event":
            continue
        choose(page, span.id)
        page.wait_for_timeout(100)
        inputs = page.locator(".gw-side input:visible")
        offered = set(inputs.evaluate_all("inputs => inputs.map(input => input.name)")) & modes
        wanted = {value.title for value in mode.values.values() if value.applies_to(span.label)}
        assert offered == wanted, span.label
        assert page.locator(".gw-side").get_by_text(mode.title, exact=True).is_visible() == bool(wanted)


def test_a_long_list_is_searched_by_typing(screen: Screen) -> None:
    """Of a list for all labels one key leads to the search; what is typed sets one value, on Enter."""
    page, schema = screen
    span = next(span for span in one_of_each(schema).spans if span.label == "NEGATIVE")
    before = state(page)
    choose(page, span.id)
    page.wait_for_timeout(300)
    page.keyboard.press("x")  # `z` leads to ids
    page.keyboard.type("dest")
    assert state(page) == before
    page.keyboard.press("Enter")
    made = [item for item in state(page) if item not in before]
    assert [(item["id"], item["from_name"], item["value"]["choices"]) for item in made] == [
        (span.id, "stance-mode", ["destroy"])
    ]


def test_a_click_reaches_each_of_two_spans_over_the_same_words(screen: Screen) -> None:
    """The word is the inner span's, the edge at its end the outer one's, whichever was marked first."""
    page = screen.page
    for order in ("one", "two"):
        outer = page.locator(f'[class*="htx-highlight-{order}-"]').first
        outer.scroll_into_view_if_needed()
        reached = set()
        for at_its_end in (False, True):
            page.keyboard.press("Escape")
            page.mouse.move(5, 5)
            page.wait_for_timeout(500)
            box = outer.bounding_box()
            assert box is not None
            across = box["width"] - 3 if at_its_end else box["width"] / 2
            page.mouse.click(box["x"] + across, box["y"] + box["height"] / 2)
            page.wait_for_timeout(500)
            reached.add(page.evaluate(SELECTED))
        assert reached == {f"{order}-event", f"{order}-stance"}


def test_lists_of_tasks_show_titles(screen: Screen) -> None:
    """Of what a task holds the title comes first, in the list and beside a task; the text is in neither."""
    texts = "[...document.querySelectorAll('[class*=head] [class*=cell]')].map(e => e.textContent.trim())"
    listed = screen.page.context.new_page()
    listed.goto(screen.page.url.partition("?")[0])
    listed.get_by_text("Annotated by").first.wait_for()
    for page in (screen.page, listed):
        shown = page.evaluate(texts)
        assert "titlestr" in shown and "textstr" not in shown
    listed.close()
