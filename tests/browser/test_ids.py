"""Ids picked in a real Label Studio: a key, some letters, Enter; and what was typed before stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import PushReport, push
from goldwire.annotations.store import read_annotations
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import pickers, to_result
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.load import load_registries
from tests.browser.test_screen import choose, state
from tests.browser.test_studio import brief, copied, cut, log_in, project, schema, send

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from goldwire.annotate.labelstudio.server import Server

__all__ = ["brief", "project", "schema"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.live]

TEXT = "Mike Pompeo et Jeanne Nouvelle ont parlé de l’attaque avec Esper."
DOCUMENT = Document("ids", TEXT, {"title": "Essai"})


def span(name: str, layer: str, label: str, words: str, **attributes: Any) -> Span:
    """The first such words."""
    start = TEXT.index(words)
    return Span(name, layer, label, start, start + len(words), attributes)


POMPEO = span("r0", "entity", "PER", "Pompeo")
NEW = span("r1", "entity", "PER", "Jeanne Nouvelle", entity_id="per.jeanne-nouvelle")
ATTACK = span("r2", "event", "ASSAULT", "attaque")
ESPER = span("r3", "entity", "PER", "Esper")
VIEW = span("r4", "stance", "NEGATIVE", "ont", voice="direct")


def reading(schema: Schema, *spans: Span) -> Annotation:
    """An annotation of the text."""
    return Annotation("ids", "x", schema.id, "submitted", spans=spans, text_sha256=sha256(TEXT))


def opened(page: Page, studio: Server, pushed: PushReport) -> None:
    """The one task, to go on with its annotation."""
    with Client(studio.url, studio.token) as client:
        [task] = client.tasks(pushed.project, include=["id"])
    log_in(page, studio)
    page.goto(f"{pushed.url}/data?task={task['id']}")
    page.locator(".gw-text .htx-highlight").first.wait_for()
    page.wait_for_timeout(1500)


def pick(page: Page, region: str, letters: str) -> list[dict[str, Any]]:
    """Without a mouse: the region selected, the key, some letters, Enter; what that adds."""
    before = state(page)
    page.evaluate("document.activeElement.blur()")  # as a click into the text does
    choose(page, region)
    page.wait_for_timeout(300)
    page.keyboard.press("z")
    page.wait_for_timeout(400)
    page.keyboard.type(letters)
    assert state(page) == before, "typing changes nothing"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.tagName === 'BODY'")  # keys are labels' again
    after = state(page)
    assert [item for item in before if item not in after] == []
    return [item for item in after if item not in before]


class Screen(NamedTuple):
    """What is seen of a task, and the project that it is of."""

    page: Page
    project: Project
    schema: Schema


@pytest.fixture(scope="module")
def opened_once(standing: Page, studio: Server, tmp_path_factory: pytest.TempPathFactory) -> Screen:
    """People, an event, a stance, in a project from before ids were picked."""
    project = cut(copied(tmp_path_factory.mktemp("ids")))
    schema = load_schema(project.schema_path)
    standing.set_viewport_size({"width": 1366, "height": 768})
    with Client(studio.url, studio.token) as client:
        before = push(client, project, schema, [DOCUMENT], pick=False)
        [task] = client.tasks(before.project, include=["id"])
        result = to_result(reading(schema, POMPEO, NEW, ATTACK, ESPER, VIEW), schema, TEXT)
        client.create_annotation(int(task["id"]), {"result": result, "ground_truth": False})
        pushed = push(client, project, schema, [DOCUMENT])
        assert pushed.project == before.project and pushed.config_added == []
    opened(standing, studio, pushed)
    return Screen(standing, project, schema)


@pytest.fixture
def screen(opened_once: Screen) -> Iterator[Screen]:
    """The same for each test: what one has changed is taken back, as by Label Studio's own `Reset`, and no
    search is left with a text."""
    yield opened_once
    page = opened_once.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    page.evaluate("window.Htx.annotationStore.selected.history.reset()")
    page.wait_for_timeout(500)


def test_a_search_that_was_left_says_so_and_can_be_emptied(screen: Screen) -> None:
    """Label Studio keeps its text, on other spans too, where it would hide what is looked for next."""
    page = screen.page
    said = page.locator(".gw-left:visible")
    choose(page, "r0")
    page.wait_for_timeout(300)
    page.keyboard.press("z")
    page.wait_for_timeout(400)
    page.keyboard.type("esper")
    assert said.count() == 0, "while it is used nothing is said"
    page.evaluate("document.activeElement.blur()")
    choose(page, "r3")
    page.wait_for_timeout(300)
    assert said.count() == 1 and "Ctrl+A" in (said.first.text_content() or "")
    page.keyboard.press("z")
    page.wait_for_timeout(400)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    [picked] = pick(page, "r3", "esper")
    assert picked["value"]["choices"] == ["per.mark-esper"] and said.count() == 0


def test_letters_after_the_key_are_no_labels_where_there_is_nothing_to_pick(screen: Screen) -> None:
    """With nothing selected, or a stance, they end in a field that says so, until a click in the text.

    Right after a click on a span that has ids they are its search's.
    """
    page = screen.page
    before = state(page)
    told = page.get_by_text("Rien à choisir pour ce qui est sélectionné")
    text = page.locator(".gw-text").get_by_text("de l’")
    for region in ("", "r4"):
        page.keyboard.press("Escape")
        if region:
            choose(page, region)
        page.keyboard.type("zpomp")
        page.keyboard.press("Enter")
        assert told.evaluate("e => e.getBoundingClientRect().height") > 0
        page.wait_for_timeout(200)
        assert state(page) == before, region
        text.click()
        assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.locator(".htx-highlight", has_text="Pompeo").click(position={"x": 4, "y": 6})
    page.keyboard.type("zpomp")
    assert page.evaluate("document.activeElement.value") == "pomp"
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    assert state(page) == before


def test_an_id_is_picked_by_a_key_some_letters_and_enter(screen: Screen, studio: Server) -> None:
    """Of the span's label alone; nothing else changes; a project from before keeps what was typed there."""
    page, project, schema = screen
    [made] = pick(page, "r0", "pomp")
    assert (made["id"], made["value"]["choices"]) == ("r0", ["per.mike-pompeo"])
    assert made["from_name"] in pickers(POMPEO, "entity_id")
    [event] = pick(page, "r2", "soleimani")
    assert (event["id"], event["from_name"]) == ("r2", "event-event_id-ASSAULT")
    [happening] = event["value"]["choices"]
    events = load_registries(schema, project.schema_path)["events"]
    assert events[happening].labels == ["ASSAULT"]
    choose(page, "r1")
    page.wait_for_timeout(300)
    assert page.get_by_text("per.jeanne-nouvelle").count() > 0
    page.keyboard.press("Escape")
    send(page, "Update")
    with Client(studio.url, studio.token) as client:
        pull(client, project, schema, [DOCUMENT])
    [stored] = read_annotations(project)
    assert {each.id: dict(each.attributes) for each in stored.spans} == {
        "r0": {"entity_id": "per.mike-pompeo"},
        "r1": {"entity_id": "per.jeanne-nouvelle"},
        "r2": {"event_id": happening},
        "r3": {},
        "r4": {"voice": "direct"},
    }


def test_ids_that_are_sure_are_there_and_can_be_picked_anew(
    page: Page, studio: Server, brief: Project, schema: Schema
) -> None:
    """A prediction's ids are picked already; another one takes their place, and that is what comes back."""
    found = reading(schema, POMPEO, ESPER)
    predicted = msgspec.structs.replace(found, status="draft", provenance=Provenance("model", "m", "1"))
    with Client(studio.url, studio.token) as client:
        pushed = push(client, brief, schema, [DOCUMENT], predictions=[predicted])
    assert (pushed.ids_suggested, pushed.ids_left) == (2, 0)
    opened(page, studio, pushed)
    page.wait_for_timeout(500)
    shown = {item["id"]: item["value"]["choices"] for item in state(page) if item["type"] == "choices"}
    assert sorted(shown.values()) == [["per.mark-esper"], ["per.mike-pompeo"]]
    region = next(key for key, ids in shown.items() if ids == ["per.mark-esper"])
    choose(page, region)
    page.keyboard.press("z")
    page.wait_for_timeout(400)
    page.keyboard.type("milley")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.tagName === 'BODY'")
    send(page)
    with Client(studio.url, studio.token) as client:
        pull(client, brief, schema, [DOCUMENT])
    [stored] = read_annotations(brief)
    assert sorted(str(each.attributes.get("entity_id")) for each in stored.spans) == [
        "per.mark-milley",
        "per.mike-pompeo",
    ]


def test_of_a_large_registry_the_article_s_own_candidates_are_picked(
    page: Page, studio: Server, brief: Project, schema: Schema
) -> None:
    """Two thousand actors: not in the config, but those that the text may name, in its task."""
    path = brief.schema_path.parent / "actors.yaml"
    many = "".join(f"- {{id: per.somebody-{n}, label: PER, name: Person {n}}}\n" for n in range(2000))
    path.write_text(path.read_text(encoding="utf-8") + many, encoding="utf-8")
    with Client(studio.url, studio.token) as client:
        pushed = push(client, brief, schema, [DOCUMENT])
        config = str(client.project(pushed.project)["label_config"])
        assert "per.somebody-7" not in config
        [task] = client.tasks(pushed.project, include=["id"])
        result = to_result(reading(schema, POMPEO, ESPER), schema, TEXT)
        client.create_annotation(int(task["id"]), {"result": result, "ground_truth": False})
    opened(page, studio, pushed)
    [made] = pick(page, "r3", "esper")
    assert (made["from_name"], made["value"]["choices"]) == ("entity-entity_id--any", ["per.mark-esper"])
    page.keyboard.press("Escape")
    send(page, "Update")
    with Client(studio.url, studio.token) as client:
        pull(client, brief, schema, [DOCUMENT])
    [stored] = read_annotations(brief)
    assert {each.id: dict(each.attributes) for each in stored.spans} == {
        "r0": {},
        "r3": {"entity_id": "per.mark-esper"},
    }
