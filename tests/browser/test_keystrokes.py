"""One of each kind of mark, made in a browser with as many drags, clicks and keys as the count says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.keystrokes import ARROW, CHOICE, MARK, Hands, letters
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.push import push
from goldwire.model import Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.rendering.picks import data_key, pick_control, picks_of
from tests.browser.test_screen import state
from tests.browser.test_studio import brief, drag, log_in, project, schema

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from goldwire.annotate.labelstudio.server import Server

__all__ = ["brief", "project", "schema"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.live]
TEXT = "Mike Pompeo et Jeanne Nouvelle ont parlé de l’attaque inacceptable avec Esper."


class Annotator:
    """Hands on mouse and keyboard, which count what they do."""

    def __init__(self, page: Page) -> None:
        self.page, self.done = page, Hands()

    def keys(self, *keys: str) -> None:
        """One after the other, as fast as people are."""
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(250)
        self.done += Hands(keys=len(keys))

    def mark(self, key: str, words: str) -> None:
        """A label's key, then the words."""
        self.keys("+".join(part.capitalize() if part == "shift" else part for part in key.split("+")))
        drag(self.page, words)
        self.page.wait_for_timeout(400)
        self.done += Hands(drags=1)

    def click(self, words: str) -> None:
        """A span in the text."""
        self.page.locator(".htx-highlight", has_text=words).first.click(position={"x": 10, "y": 8})
        self.page.wait_for_timeout(250)
        self.done += Hands(clicks=1)


def test_marks_take_as_many_actions_as_are_counted(
    page: Page, studio: Server, brief: Project, schema: Schema
) -> None:
    """An entity, one with an id, an event with two arguments, a stance with its source and holder."""
    page.set_viewport_size({"width": 1366, "height": 768})
    with Client(studio.url, studio.token) as client:
        pushed = push(client, brief, schema, [Document("hands", TEXT, {"title": "Essai"})])
        [task] = client.tasks(pushed.project, include=["id", "data"])
    log_in(page, studio)
    page.goto(f"{pushed.url}/data?task={task['id']}")
    page.locator(".gw-text", has_text="Pompeo").wait_for()
    page.wait_for_timeout(1000)
    page.evaluate("window.Htx.settings.toggleSelectAfterCreate()")  # as the guide has annotators set it
    hands = Annotator(page)
    hotkeys = {name: label.hotkey for layer in schema.layers.values() for name, label in layer.labels.items()}

    hands.mark(hotkeys["PER"], "Jeanne Nouvelle")
    drag(page, "Esper")  # another one of the same label: no key
    page.wait_for_timeout(400)
    hands.done += Hands(drags=1)
    hands.keys("Escape")
    assert hands.done == MARK + Hands(drags=1, keys=1)

    offered = picks_of(schema, load_registries(schema, brief.schema_path)).options
    rows = task["data"].get(data_key("entity", "entity_id", schema), ())
    own = {row["alias"]: row["value"] for row in rows}
    options = own or offered[pick_control("entity", "entity_id", "PER")]
    sought = letters(options, "per.mike-pompeo")
    assert sought is not None
    before = hands.done
    hands.mark(hotkeys["PER"], "Pompeo")
    hands.keys("z", *sought, "Enter", "Escape")
    assert (hands.done.drags, hands.done.keys) == (before.drags + 1, before.keys + len(sought) + 4)

    before = hands.done
    hands.mark(hotkeys["ASSAULT"], "attaque")
    hands.keys("Alt+r")
    hands.click("Jeanne")  # the event is still selected: from it to who is struck
    hands.click("Pompeo")
    hands.keys("Alt+r")
    hands.click("attaque")
    hands.keys("Escape")
    assert hands.done == before + MARK + ARROW + Hands(clicks=1, keys=2)

    before = hands.done
    hands.mark(hotkeys["NEGATIVE"], "inacceptable")
    side = page.locator(".gw-side")
    side.locator("label:visible").first.click()
    hands.done += CHOICE
    hands.keys("Escape")
    hands.click("Pompeo")
    hands.keys("Alt+r")
    hands.click("inacceptable")
    assert hands.done == before + MARK + CHOICE + Hands(keys=1) + ARROW

    made = state(page)
    marks = {item["id"]: item["value"]["text"] for item in made if item["type"] == "labels"}
    assert sorted(marks.values()) == ["Esper", "Jeanne Nouvelle", "Pompeo", "attaque", "inacceptable"]
    labels = {item["value"]["text"]: item["value"]["labels"] for item in made if item["type"] == "labels"}
    assert labels["Esper"] == labels["Jeanne Nouvelle"] == ["PER"]
    [picked] = [item for item in made if item.get("from_name", "").startswith("entity-entity_id")]
    assert (marks[picked["id"]], picked["value"]["choices"]) == ("Pompeo", ["per.mike-pompeo"])
    arrows = {(marks[item["from_id"]], marks[item["to_id"]]) for item in made if item["type"] == "relation"}
    assert arrows == {("attaque", "Jeanne Nouvelle"), ("Pompeo", "attaque"), ("Pompeo", "inacceptable")}
