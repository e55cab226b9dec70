"""A project from nothing to the page of its team: two people, each at a screen of their own, in passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from goldwire.annotate.adjudication.decisions import read_file
from goldwire.annotate.adjudication.push import title
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import passes_of
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from tests.annotate.team.gold import OBJECTS, make_gold_project, marked, right, text_of
from tests.browser.test_studio import draw, log_in, mark, select, send

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from goldwire.annotate.labelstudio.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.live]
FOODS = "- {id: food.tomato, label: FOOD, name: tomates}\n- {id: food.rice, label: FOOD, name: riz}\n"


@pytest.fixture
def kitchen(tmp_path: Path) -> Project:
    """Two recipes, of which one was reviewed; foods have ids; things first, then steps. Nobody has begun."""
    project = make_gold_project(tmp_path / f"all-{tmp_path.name}"[:24], articles=2, reviewed=0)
    text = project.schema_path.read_text(encoding="utf-8")
    text = text.replace("layers:\n", "registries: {foods: foods.yaml}\nlayers:\n", 1)
    note = "      note: {title: Remarque, kind: text}\n"
    which = "      which: {title: Lequel, kind: id, registry: foods, labels: [FOOD]}\n"
    project.schema_path.write_text(text.replace(note, note + which), encoding="utf-8")
    (project.schema_path.parent / "foods.yaml").write_text(FOODS, encoding="utf-8")
    with (project.root / "goldwire.toml").open("a", encoding="utf-8") as config:
        config.write('[annotate]\npasses = "layers"\n')
    cut, tomatoes = right("r0")[:2]
    known = replace(tomatoes, attributes={"which": "food.tomato"})
    write_annotation(project, marked("r0", "carla", [cut, known], OBJECTS[:1], status="reviewed"))
    return load_project(project.root)


def join(page: Page, client: Client, email: str) -> None:
    """Follow the invitation, and make an account."""
    page.goto(client.invite_link())
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", "a-long-one-1")
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "signup" not in url)


def work(page: Page, client: Client, title: str, **articles: Sequence[Callable[[Page], None]]) -> None:
    """Go through a project's tasks as they come, do what is to be done in each, and send it."""
    [found] = client.projects(title)
    names = {task["id"]: task["data"]["id"] for task in client.tasks(int(found["id"]), ["id", "data"])}
    left = {number: articles[name] for number, name in names.items() if name in articles}
    assert len(left) == len(articles)
    page.goto(f"{client.url}/projects/{found['id']}/data?labeling=1")
    while left:
        page.wait_for_function("left => left.includes(Number(window.Htx?.task?.id))", arg=list(left))
        number = int(page.evaluate("window.Htx.task.id"))
        page.locator(".gw-text [class*=richtext__container]", has_text=text_of(names[number])).wait_for()
        page.wait_for_timeout(700)
        for step in left.pop(number):
            step(page)
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
        send(page)
        assert client.get(f"api/tasks/{number}/")["annotations"]


def thing(key: str, words: str, letters: str = "") -> Callable[[Page], None]:
    """Mark words by a key; with letters their id is picked: `z`, the letters, Enter."""

    def step(page: Page) -> None:
        mark(page, key, words)
        if letters:
            select(page, words)
            page.keyboard.press("z")
            page.wait_for_timeout(400)
            page.keyboard.type(letters)
            page.keyboard.press("Enter")
            page.wait_for_timeout(300)

    return step


def test_two_people_go_from_an_empty_project_to_the_team_page(
    page: Page,
    browser: Browser,
    studio: Server,
    client: Client,
    kitchen: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In passes, ids picked, arrows without roles filled in; of the gold check one is right and one wrong; of
    three disagreements one is decided and two stay open; the page of the team shows both."""
    monkeypatch.setenv("GOLDWIRE_URL", studio.url)
    monkeypatch.setenv("GOLDWIRE_TOKEN", studio.token)
    figures = kitchen.root / "figures.json"

    def goldwire(*words: str, code: int = 0) -> Any:
        told = CliRunner().invoke(command, [*words, "--project", str(kitchen.root), "--json", str(figures)])
        assert told.exit_code == code, (told.output, told.exception)
        return json.loads(figures.read_text(encoding="utf-8"))

    schema = load_schema(kitchen.schema_path)
    things, steps = passes_of(kitchen, schema)
    first = studio.username.partition("@")[0]
    second = f"berta-{kitchen.name[-12:]}"
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    context.set_default_timeout(180_000)
    hers = context.new_page()
    log_in(page, studio)
    join(hers, client, f"{second}@example.org")

    goldwire("assign", "--annotators", f"{first},{second}", "--per-article", "2", "--checks", "50%")
    mine, others = title_for(kitchen, first, things), title_for(kitchen, second, things)
    tomatoes = thing("f", "tomates", "toma")
    work(page, client, mine, r0=[tomatoes], r1=[tomatoes, thing("f", "riz")])
    work(hers, client, others, r0=[thing("t", "riz")], r1=[thing("f", "tomates", "riz")])
    goldwire("assign")
    mine, others = title_for(kitchen, first, steps), title_for(kitchen, second, steps)
    arrow = [thing("c", "Couper"), lambda page: draw(page, "Couper", "tomates")]
    work(page, client, mine, r0=arrow, r1=arrow)
    work(hers, client, others, r0=[], r1=[*arrow, thing("g", "Cuire")])
    context.close()

    pulled = [each["report"] for each in goldwire("pull")["projects"]]
    assert sum(report["filled"] for report in pulled) == 3  # an arrow may only say one thing
    checks = {made.annotator: made for made in read_annotations(kitchen, kitchen.checks)}
    assert {name: made.document for name, made in checks.items()} == {first: "r0", second: "r0"}
    stored = {made.annotator: made for made in read_annotations(kitchen) if made.document == "r1"}
    ids = {
        name: {span.attributes["which"] for span in made.spans if "which" in span.attributes}
        for name, made in stored.items()
    }
    assert ids == {first: {"food.tomato"}, second: {"food.rice"}}
    assert all(made.status == "submitted" for made in (*checks.values(), *stored.values()))
    assert [relation.label for relation in stored[first].relations] == ["object"]

    assert goldwire("adjudicate", "--push")["open"] == 3
    page.goto(f"{studio.url}/projects")  # a page of its own: the former one is asked whether to leave

    def decide(page: Page) -> None:
        page.locator(".lsf-outliner-item", has_text="≠").nth(0).click()
        page.wait_for_timeout(300)
        page.keyboard.press("3")
        page.wait_for_timeout(300)

    work(page, client, title(kitchen), r1=[decide])
    for _ in range(2):
        goldwire("adjudicate", "--pull", code=1)
        decisions = read_file(kitchen.annotate / "adjudication/r1.yaml").decisions
        assert sorted(decision.decide for decision in decisions) == ["", "", "neither"]
    assert not [made for made in read_annotations(kitchen) if made.annotator == "adjudicated"]

    told = goldwire("report")
    scores = {each["annotator"]: each["figures"][0]["f1"] for each in told["checks"]}
    assert scores[first] == 1.0 and scores[second] < 0.5
    page.goto((kitchen.reports / "team.html").as_uri())
    shown = page.locator("main").inner_text()
    assert first in shown and second in shown and text_of("r1") not in shown
