"""Who practises sees the reviewed annotation and the rule after submitting, never before."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import goldwire
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.records.assignments import practice_title
from goldwire.annotate.records.gold_checks import GoldCheck, read_checks, write_checks
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotate.team.practice import FEEDBACK, give_practice, practice_config, show_answers
from goldwire.annotate.team.practice_page import lesson_of, practice_page
from goldwire.annotations.store import annotation_path, read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio.reader import from_result
from goldwire.model import Document, Relation, Span
from goldwire.project import Project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.annotate.team.gold import MINI, OBJECTS, example, make_gold_project, marked, review, right, text_of

SCHEMA = load_schema(MINI / "schemas/mini.yaml")
DOCUMENT = Document("r1", text_of("r1"), {"title": "Une <recette>"})
GOLD = marked("r1", "carla", right("r1"), OBJECTS, status="reviewed")


def test_what_is_right_teaches_nothing() -> None:
    """All is as reviewed, and the page says so; the title of an article is text."""
    lesson = lesson_of(DOCUMENT, GOLD, marked("r1", "anna", right("r1")), SCHEMA)
    assert (lesson.right, lesson.reviewed, lesson.differences) == (6, 6, ())
    page = practice_page([lesson], SCHEMA, "anna", "/data/guide.html")
    assert "Tout est comme à la relecture." in page and "Une &lt;recette&gt;" in page


def test_each_difference_comes_with_its_rule() -> None:
    """Of a label both are explained, of an extent where it ends, of an attribute its values, of a relation
    what it is; each leads to its place in the guide."""
    spans = right("r1")
    mine = [
        replace(spans[0], label="HEAT"),
        replace(spans[1], attributes={"state": "cooked"}),
        replace(spans[2], end=spans[2].end + 3),
        Span("x", "thing", "TOOL", 24, 25),
    ]
    lesson = lesson_of(DOCUMENT, GOLD, marked("r1", "anna", mine, (Relation("with", "s1", "t1"),)), SCHEMA)
    found = {each.kind: each for each in lesson.differences}
    assert sorted(found) == [
        *("attribute", "extent", "label", "missed", "relation_missed", "relation_spurious", "spurious"),
    ]
    assert (found["label"].mine, found["label"].theirs) == ("HEAT « Couper »", "CUT « Couper »")
    assert [rule.place for rule in found["label"].rules] == ["step-CUT", "step-HEAT"]
    assert (found["attribute"].mine, found["attribute"].theirs) == ("État : cuit", "État : cru")
    assert found["extent"].rules[0].more == (("Sans article", "L’article reste dehors."),)
    assert found["missed"].mine == "" and found["missed"].theirs == "FOOD « riz »"
    assert found["spurious"].theirs == "" and found["spurious"].rules[0].key == "TOOL"
    assert found["relation_missed"].theirs.startswith("object: HEAT « Cuire » → FOOD")
    assert found["relation_spurious"].rules[0].text == "avec : L’outil."
    page = practice_page([lesson], SCHEMA, "anna", "/data/guide.html")
    assert 'href="/data/guide.html#relation-with"' in page and "Ce qui se mange." in page


@pytest.mark.parametrize(("name", "word"), [("politics", "relu"), ("recalls", "reviewed")])
def test_the_page_is_in_the_language_of_the_project(name: str, word: str, tmp_path: Path) -> None:
    """The French example's in French, the English one's in English; nothing is told of where both agree."""
    project = example(name, tmp_path)
    schema = load_schema(project.schema_path)
    other = {a.document: a for a in read_annotations(project) if a.annotator == "reading-b"}
    texts = {document.id: document for document in load_seeds(project)}
    [gold] = review(project, 1)
    lesson = lesson_of(texts[gold.document], gold, other[gold.document], schema)
    assert 0 < lesson.right < lesson.reviewed == len(gold.spans) + len(gold.relations)
    page = practice_page([lesson], schema, "anna", "guide.html")
    assert f"<dt>{word}</dt>" in page and f'lang="{schema.language}"' in page
    everything = lesson_of(texts[gold.document], gold, gold, schema)
    assert (everything.right, everything.differences) == (everything.reviewed, ())


def test_the_config_shows_how_it_went(tmp_path: Path) -> None:
    """A line above the text, of the task's data; without a guide's place it stands at the end."""
    assert f'<Markdown value="${FEEDBACK}"' in practice_config(SCHEMA)


@pytest.mark.live
def test_the_answer_comes_after_submitting(project: Project, named_server: Server, tmp_path: Path) -> None:
    """Nothing of the answer is in Label Studio before; then it stands beside one's own, with the page; a
    second look sends nothing; a mended answer takes the place of the old; what is marked lies apart."""
    figures = tmp_path / "figures.json"

    def goldwire_(*words: str) -> str:
        arguments = [*words, "--project", str(project.root), "--json", str(figures)]
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    goldwire_("practice", "anna", "--count", "2")
    [one, two] = read_checks(project, "practice")
    with Client(named_server.url, named_server.token) as client:
        [remote] = client.projects(practice_title(project, "anna"))
        number = int(remote["id"])

        def tasks() -> dict[str, dict[str, Any]]:
            include = ("data", "predictions", "model_version", "result")
            return {task["data"]["id"]: task for task in client.tasks(number, include)}

        before = tasks()
        assert sorted(before) == sorted([one.article, two.article])
        assert not any(task["predictions"] for task in before.values())
        assert {str(task["data"][FEEDBACK])[:12] for task in before.values()} == {"Entraînement"}
        mine = marked(one.article, "anna", right(one.article)[:3], OBJECTS[:1])
        load_annotations(client, number, [mine], SCHEMA)
        goldwire_("pull")
        [told] = json.loads(figures.read_text(encoding="utf-8"))["practice"]
        assert (told["given"], told["done"], told["shown"]) == (2, 1, [one.article])
        after = tasks()
        assert after[two.article] == before[two.article]
        [answer] = after[one.article]["predictions"]
        read = from_result(answer["result"], text_of(one.article), SCHEMA)
        assert len(read.spans) == 4 and answer["model_version"] == "Relu"
        text = str(after[one.article]["data"][FEEDBACK])
        assert text.startswith("**4 marques sur 6 sont celles de la relecture.** <a href=")
        address = text.partition('href="')[2].partition("#")[0]
        request = urllib.request.Request(
            named_server.url + address, headers={"Authorization": f"Token {named_server.token}"}
        )
        page = urllib.request.urlopen(request).read().decode()
        assert "Pas marqué" in page and "FOOD « riz »" in page and two.article not in page
        assert "answers shown now" in goldwire_("practice", "anna", "--count", "2")
        assert json.loads(figures.read_text(encoding="utf-8"))["shown"] == [] and tasks() == after
        [gold] = [a for a in read_annotations(project) if a.document == one.article]
        write_annotation(project, replace(gold, spans=gold.spans[:3], relations=gold.relations[:1]))
        show_answers(client, project, SCHEMA, load_seeds(project))
        [mended] = tasks()[one.article]["predictions"]
        assert len(from_result(mended["result"], text_of(one.article), SCHEMA).spans) == 3
        assert "3" not in str(tasks()[one.article]["data"][FEEDBACK])[:3]
    assert [a.annotator for a in read_annotations(project)] == ["carla"] * 4
    assert [a.document for a in read_annotations(project, project.practice)] == [one.article]


@pytest.mark.live
def test_the_answer_comes_within_seconds(project: Project, named_server: Server) -> None:
    """`practice --watch` stays until all is done, and shows each answer when it sees it submitted."""
    told: list[str] = []

    def watch() -> None:
        words = ["practice", "zoe", "--count", "1", "--watch", "--project", str(project.root)]
        told.append(CliRunner().invoke(command, words).output)

    watching = Thread(target=watch, daemon=True)
    watching.start()
    with Client(named_server.url, named_server.token) as client:
        title = practice_title(project, "zoe")
        while (
            not (projects := client.projects(title)) or not client.project(projects[0]["id"])["task_number"]
        ):
            assert watching.is_alive()
            time.sleep(0.5)
        time.sleep(3)  # it has looked once, and found nothing
        [check] = read_checks(project, "practice")
        mine = marked(check.article, "zoe", right(check.article))
        load_annotations(client, int(projects[0]["id"]), [mine], SCHEMA)
        watching.join(60)
        assert not watching.is_alive() and f"answer shown: {check.article} (1 of 1 done)" in told[0]
        [task] = client.tasks(int(projects[0]["id"]), ("data",))
        assert str(task["data"][FEEDBACK]).startswith("**6 marques sur 6")


@pytest.mark.live
def test_a_look_gives_nothing_new(project: Project, named_server: Server) -> None:
    """What is reviewed meanwhile is not given to who practises, unless asked for anew."""
    zoe: dict[str, Any] = {"annotator": "zoe", "count": 5, "url": named_server.url}
    for name in ("r2", "r3"):
        annotation_path(project, marked(name, "carla", [])).unlink()
    assert goldwire.practice(project, **zoe).practised.given == 2
    write_annotation(project, marked("r2", "carla", right("r2"), status="reviewed"))
    assert goldwire.practice(project, give=False, **zoe).practised.given == 2
    assert goldwire.practice(project, **zoe).practised.given == 3


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """24 articles, four of them reviewed by carla."""
    return make_gold_project(tmp_path / f"gold-{tmp_path.name}"[:30])


@pytest.mark.live
def test_nobody_practises_on_what_they_know(project: Project, named_server: Server) -> None:
    """Who reviewed them all has none left (GW785); what somebody is checked with is not practised on."""

    def goldwire_(*words: str) -> str:
        result = CliRunner().invoke(command, [*words, "--project", str(project.root)])
        return f"{result.output}{result.exception or ''}"

    assert "GW785" in goldwire_("practice", "carla")
    write_checks(project, [GoldCheck(f"r{n}", "anna") for n in range(3)])
    assert "1 of 3: no other reviewed article is new to anna" in goldwire_("practice", "anna")
    assert [check.article for check in read_checks(project, "practice")] == ["r3"]
    assert len(read_checks(project, "check")) == 3
    with Client(named_server.url, named_server.token) as client, pytest.raises(GoldwireError, match="GW786"):
        give_practice(client, project, SCHEMA, load_seeds(project), "x" * 30)
