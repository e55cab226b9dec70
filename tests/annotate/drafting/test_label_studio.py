"""Drafts in Label Studio: pushed from a file, or made as an article is opened; what rests on them says so."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import goldwire
from goldwire.annotate.drafting.project_drafts import ProjectDocuments, draft_project, drafting
from goldwire.annotate.drafting.settings import Settings, settings_of
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.labelstudio.ssrf import ADDRESS
from goldwire.annotate.ml_backend.app import serving
from goldwire.annotate.ml_backend.connect import connected, fetch_predictions
from goldwire.annotate.ml_backend.drafting_model import DraftingModel
from goldwire.annotate.ml_backend.handlers import Backend
from goldwire.annotate.sync.predictions import version
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.tasks import uid
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.files import sha256
from goldwire.model import Document
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.annotate.drafting.recorded import good
from tests.annotate.drafting.stand_in import MODEL, Reply, passage_of, standing_in
from tests.cli.terminal import called


@contextmanager
def drafting_model(project: Project, url: str, **options: Any) -> Iterator[DraftingModel]:
    """A language model that drafts for Label Studio."""
    settings: Settings = settings_of(project, {"url": url, "retries": 0} | options)
    with drafting(project, settings) as drafter:
        model = DraftingModel(drafter, ProjectDocuments(project).own)
        try:
            yield model
        finally:
            model.close()


def ask(project: Project, *names: str) -> dict[str, Any]:
    """The body of a request for predictions."""
    documents = [document for document in load_seeds(project) if document.id in names]
    return {"tasks": [{"id": n, "data": {"uid": uid(d), "text": d.text}} for n, d in enumerate(documents)]}


def test_an_article_is_drafted_as_it_is_asked_for(project: Project) -> None:
    """Regions and the version of a draft; asked again, nothing is drafted again."""
    with standing_in(good) as server, drafting_model(project, server.url) as model:
        backend = Backend(model)
        answer = backend.predict(ask(project, "soupe"))
        (made,) = answer["results"]
        assert made["model_version"] == model.version == f"{MODEL}@{model.drafter.version}"
        texts = [r["value"]["text"] for r in made["result"] if r["type"] == "labels"]
        assert "soupe à l’oignon" in texts and len(texts) == 10
        assert any(r["type"] == "relation" for r in made["result"])
        number = len(server.asked)
        assert backend.predict(ask(project, "soupe"))["results"] == [made] and len(server.asked) == number


def test_what_takes_too_long_is_there_when_it_is_asked_for_again(project: Project) -> None:
    """The time limit is kept; the draft goes on meanwhile, and its answers are in the cache."""
    gate = threading.Event()

    def script(body: dict[str, Any]) -> Reply:
        gate.wait(30)
        return good(body)

    with standing_in(script) as server, drafting_model(project, server.url) as model:
        backend = Backend(model, budget=0.3)
        begin = time.monotonic()
        answer = backend.predict(ask(project, "soupe", "pommes"))
        assert time.monotonic() - begin < 10
        assert answer["results"] == [[], []] or not any(answer["results"])
        assert all("not done within" in refused["reason"] for refused in answer["refused"])
        gate.set()
        backend.budget = 30.0
        answer = backend.predict(ask(project, "soupe", "pommes"))
        assert all(entry["result"] for entry in answer["results"]) and not answer["refused"]
        assert len(server.asked) == 4


def test_an_article_is_asked_about_as_annotate_draft_does(project: Project) -> None:
    """With its title, from the project: the answers that are kept come without a question. What the list says
    anew counts at once; an article that the project does not know, or of another text, is asked by its text.
    """
    with standing_in(good) as server, drafting_model(project, server.url) as model:
        draft_project(project, url=server.url)
        number = len(server.asked)
        for name in ("soupe", "pommes"):
            assert Backend(model).predict(ask(project, name))["results"][0]["result"]
        assert len(server.asked) == number == 4
        listing = project.seeds / "articles.jsonl"
        listing.write_text(listing.read_text("utf-8").replace("Soupe à l’oignon", "Soupe du soir"), "utf-8")
        Backend(model).predict(ask(project, "soupe"))
        assert "Soupe du soir" in server.asked[-1]["messages"][-1]["content"]
        for document in (Document("soupe", "Hachez autre chose."), Document("unknown", "Hachez encore.")):
            number = len(server.asked)
            task = {"id": 1, "data": {"uid": uid(document), "text": document.text}}
            Backend(model).predict({"tasks": [task]})
            shown = server.asked[number]["messages"][-1]["content"]
            assert document.text in shown and "title:" not in shown


def test_no_example_is_of_the_story_of_an_article_that_is_opened(project: Project) -> None:
    """The story is the project's to know: Label Studio does not."""
    listing = project.seeds / "articles.jsonl"
    lines = [json.loads(line) | {"story": "s"} for line in listing.read_text("utf-8").splitlines()]
    listing.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    pommes = load_seeds(project)[0]
    span = goldwire.Span("s1", "thing", "FOOD", 0, 8)
    provenance = goldwire.Provenance("human")
    made = goldwire.Annotation("pommes", "anna", "mini@0.1", "reviewed", provenance, (span,))
    write_annotation(project, replace(made, text_sha256=sha256(pommes.text)))
    with standing_in(good) as server, drafting_model(project, server.url, shots=2) as model:
        Backend(model).predict(ask(project, "soupe"))
    assert server.asked and all(len(body["messages"]) == 2 for body in server.asked)


def test_an_article_that_fails_leaves_the_others_of_a_request(project: Project) -> None:
    """It is told with the reason, and begun anew when it is asked for again; the others have predictions."""
    failing = [True]

    def script(body: dict[str, Any]) -> Reply:
        return Reply(status=500) if failing[0] and "Épluchez" in passage_of(body) else good(body)

    with standing_in(script) as server, drafting_model(project, server.url) as model:
        backend = Backend(model)
        answer = backend.predict(ask(project, "pommes", "soupe"))
        failed, made = answer["results"]
        assert failed == [] and made["result"]
        ((reason, count),) = backend.counts.failed.items()
        assert "GW807" in reason and count == 1 and backend.counts.predicted == 1
        assert answer["refused"] == [{"task": 0, "reason": reason}] and not backend.counts.refused
        failing[0] = False
        assert all(entry["result"] for entry in backend.predict(ask(project, "pommes", "soupe"))["results"])


def test_assist_takes_a_model_or_a_language_model(project: Project) -> None:
    """One of the two, each with its own options."""
    for words in ([], ["m", "--llm"], ["m", "--endpoint", "http://127.0.0.1:9/v1"]):
        done = called("annotate", "assist", *words, "--project", project.root)
        assert done.returncode == 2 and "Usage" in done.stderr
    done = called("annotate", "assist", "--llm", "--project", project.root)
    assert done.returncode == 2 and "GW800" in done.stderr


def test_what_a_person_made_is_no_draft(project: Project, tmp_path: Path) -> None:
    """`push --drafts` refuses a file in which somebody's work would be shown to others."""
    with standing_in(good) as server:
        drafts = draft_project(project, ["soupe"], url=server.url)
    (annotation,) = drafts.articles[0].annotations
    human = replace(annotation, provenance=goldwire.Provenance("human"))
    for wrong in (human, replace(annotation, status="submitted")):
        goldwire.write([replace(drafts.articles[0], annotations=(wrong,))], tmp_path / "d.jsonl", "jsonl")
        done = called("annotate", "push", "--drafts", tmp_path / "d.jsonl", "--project", project.root)
        assert done.returncode == 2 and "GW814" in done.stderr


@pytest.mark.live
def test_pushed_drafts_are_shown_and_recorded(
    named_server: Server, client: Client, project: Project, tmp_path: Path
) -> None:
    """`push --drafts` shows them as predictions; what an annotator makes on top has seen them."""
    project = _renamed(project, tmp_path)
    out = tmp_path / "drafts.jsonl"
    with standing_in(good) as server:
        words = ["annotate", "draft", "--out", out, "--endpoint", server.url, "--project", project.root]
        assert called(*words).returncode == 0
    for _ in range(2):
        done = called("annotate", "push", "--drafts", out, "--project", project.root)
        assert done.returncode == 0, done.stderr
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    number = int(client.projects(project.name)[0]["id"])
    tasks = list(client.tasks(number, ["data", "predictions", "model_version"]))
    (drafted,) = goldwire.read(out)[1].annotations
    shown = {task["data"]["id"]: task["predictions"] for task in tasks}
    assert [p["model_version"] for p in shown["soupe"]] == [version(drafted)]
    task = next(task for task in tasks if task["data"]["id"] == "soupe")
    prediction = client.get("api/predictions/", task=task["id"])[0]
    client.create_annotation(
        int(task["id"]), {"result": prediction["result"], "parent_prediction": prediction["id"]}
    )
    pull(client, project, schema, documents)
    (stored,) = read_annotations(project)
    assert stored.provenance.seen_predictions is True
    key = [(s.label, s.start, s.end) for s in drafted.spans]
    assert sorted((s.label, s.start, s.end) for s in stored.spans) == sorted(key)


@pytest.mark.live
def test_a_language_model_answers_as_an_article_is_opened(
    client: Client, project: Project, tmp_path: Path
) -> None:
    """Connected like any model: Label Studio asks it for all articles, and shows what it drafted."""
    project = _renamed(project, tmp_path)
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    number = push(client, project, schema, documents).project
    with standing_in(good) as llm, drafting_model(project, llm.url) as model:
        backend = Backend(model)
        with serving(backend, ADDRESS) as address, connected(client, project.name, address.url, model):
            assert fetch_predictions(client, number, model.version) == (2, 0)
        assert backend.counts.predicted == 2 and not backend.counts.failed


def _renamed(project: Project, tmp_path: Path) -> Project:
    """The project under a name of its own on the shared server."""
    config = project.root / "goldwire.toml"
    config.write_text(config.read_text("utf-8").replace('"mini"', f'"{tmp_path.name[:50]}"', 1), "utf-8")
    return load_project(project.root)
