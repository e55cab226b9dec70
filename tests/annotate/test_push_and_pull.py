"""A round with Label Studio from Python: sent, assigned, looked at, brought home, each good in a notebook."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

import goldwire
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.model import Annotation, Article, Document, Provenance, Span
from goldwire.project import Project

MINI = Path(__file__).parents[1] / "data/mini"


@pytest.fixture
def recipes(tmp_path: Path) -> Project:
    """A project of two articles, under a name that no other test has on the server."""
    root = tmp_path / "recipes"
    shutil.copytree(MINI, root)
    settings = root / "goldwire.toml"
    text = settings.read_text(encoding="utf-8").replace('name = "mini"', f'name = "{tmp_path.name}"')
    settings.write_text(text, encoding="utf-8")
    return goldwire.load_project(root)


def reading(document: Document, annotator: str, made_by: Provenance, status: str = "submitted") -> Annotation:
    """The first word of an article, marked."""
    spans = (Span("s", "step", "CUT", 0, 6),)
    return Annotation(document.id, annotator, "mini@0.1", status, made_by, spans)  # type: ignore[arg-type]


@pytest.mark.live
def test_a_round_from_python(recipes: Project, named_server: Server, client: Client, tmp_path: Path) -> None:
    """Articles are sent once, with what a model drafted; annotators get theirs, what they submit comes home,
    and status, pull and report say so as tables, as data and in a line."""
    articles = goldwire.read(recipes)
    documents = [article.document for article in articles]
    drafted = [reading(d, "m", Provenance("model", "m", "1"), "draft") for d in documents]
    predicted = [Article(d, (made,)) for d, made in zip(documents, drafted, strict=True)]
    pushed = goldwire.push(recipes, predictions=predicted)
    assert repr(pushed) == "<Pushed: 2 articles sent, 0 there already>"
    assert pushed.report is not None and pushed.report.predictions_sent == 2
    assert goldwire.push(recipes.root).table().records()[1] == {"what": "articles there already", "count": 2}
    with pytest.raises(GoldwireError, match=r"GW341 2 annotators an article, and there are 1"):
        goldwire.assign(recipes, "anna")
    sent = goldwire.assign(recipes, ["anna", "ben"], per_article=1)
    assert [row["articles"] for row in sent.table().records()] == [1, 1]
    assert sent.to_dict()["invite"] == sent.invite
    assert sent.invite not in sent._repr_html_() + repr(sent) + sent.to_csv()
    name = sent.assigned.assignments[0].annotator
    work = reading(documents[0], name, Provenance(lead_time=60.0))
    load_annotations(client, sent.sent[name].project, [work], goldwire.load_schema(recipes))
    status = goldwire.status(recipes)
    done = status.to_pandas().set_index("annotator")["done"]
    assert done[name] == 1 and done.sum() == 1
    assert "<table" in status._repr_html_() and repr(status) == "<TeamStatus: 1 done, 3 to do in 3 rows>"
    pulled = goldwire.pull(recipes)
    assert repr(pulled) == "<Pulled: 1 annotation read, 1 file written>"
    assert (pulled.conflicts, pulled.refused) == ([], [])
    assert len(pulled.to_dict()["projects"]) == len(pulled.projects) == 3
    report = goldwire.team_report(recipes, tmp_path / "team.html")
    assert [row["done"] for row in report.table().records() if row["annotator"] == name] == [1]
    assert json.dumps(report.to_dict()) and report.path.read_text(encoding="utf-8").startswith("<!doctype")


@pytest.mark.live
def test_stored_work_is_sent_and_adjudicated_from_python(recipes: Project, named_server: Server) -> None:
    """Stored annotations are sent once as their annotators' work; two readings are adjudicated in a Label
    Studio or by files, with the same items; each result is tables, data and a line."""
    documents = [article.document for article in goldwire.read(recipes)]
    goldwire.push(recipes)
    for name, label in (("anna", "CUT"), ("ben", "HEAT")):
        spans, made_by = (Span("s", "step", label, 0, 6),), Provenance("human", name)
        made = Annotation(documents[0].id, name, "mini@0.1", "submitted", made_by, spans)
        write_annotation(recipes, replace(made, text_sha256=sha256(documents[0].text)))
    assert goldwire.load(recipes, "anna").sent == 1
    loaded = goldwire.load(recipes)
    assert repr(loaded) == "<Loaded: 1 annotation sent, 1 there already>"
    counts = {"sent": 1, "present": 1, "edited_here": 0, "unfinished": 0, "by_pass": {}}
    assert loaded.to_dict() == counts
    pushed = goldwire.push_adjudication(recipes, between=("anna", "ben"))
    assert repr(pushed) == "<PushedAdjudication: 1 article sent, 1 item open>"
    assert pushed.table().records()[0] == {"what": "articles sent", "count": 1}
    with pytest.raises(goldwire.AnnotateError, match="GW377"):
        goldwire.pull_adjudication(recipes, by="eve")
    result = goldwire.adjudicate(recipes, by="eve")
    assert repr(result) == "<Adjudicated: 1 article, 1 item open>"
    [item] = result.outcomes[documents[0].id].open
    assert result.to_pandas("kinds").set_index("kind")["open"][item.kind] == 1
    path = recipes.annotate / f"adjudication/{documents[0].id}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("decide: ''", "decide: a").replace("reason: ''", "reason: r"), "utf-8")
    assert repr(goldwire.adjudicate(recipes, by="eve")) == "<Adjudicated: 1 article, 0 items open>"
    practice = goldwire.practice(recipes, annotator="zoe", count=2)
    assert repr(practice) == "<Practice of zoe: 0 done of 1 article>"
    assert practice.table().records()[0]["articles"] == 1 and practice.asked == 2
    renamed = goldwire.rename_annotator(recipes, old="ben", new="bruno")
    assert renamed.files > 0 and {a.annotator for a in read_annotations(recipes)} == {
        "anna", "bruno", "adjudicated",
    }  # fmt: skip


def test_what_can_not_be_sent_together_is_refused_before_a_server_is_asked(recipes: Project) -> None:
    """What excludes each other or can't be is one plain error, and so is a person's work as a draft."""
    document = goldwire.read(recipes)[0].document
    person = [Article(document, (reading(document, "anna", Provenance("human")),))]
    model = [Article(document, (reading(document, "m", Provenance("model", "m"), "draft"),))]
    for options in (
        {"drafts": model, "model": "m"},
        {"drafts": model, "order": "uncertainty"},
        {"predictions": person, "model": "m"},
        {"predictions": person, "show": False},
        {"order": "uncertainty"},
        {"count": 3},
        {"order": "uncertain"},
    ):
        with pytest.raises(goldwire.UsageError, match="GW958"):
            goldwire.push(recipes, **options)
    with pytest.raises(goldwire.UsageError, match="GW958"):
        goldwire.pull(recipes, prefer="mine")  # type: ignore[arg-type]
    with pytest.raises(GoldwireError, match="GW814"):
        goldwire.push(recipes, drafts=person)
    for call in (
        lambda: goldwire.adjudicate(recipes, by=""),
        lambda: goldwire.adjudicate(recipes, by="eve", between=("anna",)),
        lambda: goldwire.push_adjudication(recipes, between="anna"),
        lambda: goldwire.pull_adjudication(recipes, between=("anna", "ben", "eve")),
        lambda: goldwire.practice(recipes, annotator="anna", count=0),
        lambda: goldwire.assist(project=recipes),
        lambda: goldwire.assist("m", recipes, llm=True),
    ):
        with pytest.raises(goldwire.UsageError, match="GW958"):
            call()
