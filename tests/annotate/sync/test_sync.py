"""Push, load and pull against a real Label Studio."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.labelstudio.transport import Unsure
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import PushReport, push
from goldwire.annotate.sync.quarantine import quarantine_path
from goldwire.annotate.sync.report import PullReport
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.model import Annotation, Document, Provenance, Relation, Span
from goldwire.project import Project, load_project
from goldwire.schemas import Schema, load_schema
from tests.annotate.helpers import TEXT, make_schema

pytestmark = pytest.mark.live
MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
_numbers = itertools.count(1)


class Loop:
    """A project of its own on the shared server."""

    def __init__(self, root: Path, server: Server, schema: Schema, documents: list[Document]) -> None:
        name = f"loop-{next(_numbers)}"
        root.mkdir(parents=True, exist_ok=True)
        config = f'[project]\nname = "{name}"\nlanguage = "fr"\nschema = "s.yaml"\n'
        (root / "goldwire.toml").write_text(config)
        self.project: Project = load_project(root)
        self.client = Client(server.url, server.token)
        self.schema, self.documents = schema, documents

    def push(self, *predictions: Annotation, **options: Any) -> PushReport:
        some = {"predictions": predictions, **options}
        return push(self.client, self.project, self.schema, self.documents, **some)

    def pull(self, **options: Any) -> PullReport:
        return pull(self.client, self.project, self.schema, self.documents, **options)

    def load(self, *annotations: Annotation) -> int:
        return load_annotations(self.client, self.number, annotations, self.schema).sent

    @property
    def number(self) -> int:
        return int(self.client.projects(self.project.name)[0]["id"])

    def tasks(self) -> list[dict[str, Any]]:
        return list(
            self.client.tasks(self.number, ("data", "annotations", "result", "completed_by", "predictions"))
        )

    def files(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(self.project.annotate.rglob("*")) if p.is_file()}

    def stored(self) -> dict[tuple[str, str], Annotation]:
        return {(a.annotator, a.document): a for a in read_annotations(self.project)}


@pytest.fixture
def loop(studio: Server, tmp_path: Path) -> Iterator[Callable[..., Loop]]:
    """Makes loops, each in a folder of its own."""

    loops: list[Loop] = []

    def make(schema: Schema | None = None, documents: list[Document] | None = None) -> Loop:
        two = [Document("soup", TEXT, {"title": "Soupe"}), Document("pie", f"{TEXT} Une tarte.")]
        loops.append(Loop(tmp_path / "project", studio, schema or make_schema(), documents or two))
        return loops[-1]

    yield make
    for one in loops:
        one.client.close()


def _spans() -> tuple[Span, ...]:
    """Nested, crossing and coinciding spans around an emoji, a ZWJ sequence and U+202F, with attributes."""
    cook, huile = TEXT.index("La cheffe"), TEXT.index("l’huile")
    cut = TEXT.index("coupe")
    return (
        Span(
            "s1",
            "thing",
            "TOOL",
            cook,
            TEXT.index(" d’Alger"),
            {"note": "👩‍🍳 dit : « non »", "thing_id": "q1"},
        ),
        Span("s2", "thing", "FOOD", 0, 1, {"state": "cooked", "tastes": ["sweet", "bitter"]}),
        Span("s3", "thing", "FOOD", huile + 2, huile + 7, {"best": "2020-01-03", "word_part": True}),
        Span("s4", "thing", "TOOL", huile, huile + 7),
        Span("s5", "thing", "TOOL", huile + 2, huile + 7),
        Span("e1", "step", "CUT", cut, cut + 5, {"how": "finement"}),
        Span("e2", "step", "HEAT", cut + 2, huile - 1),
    )


def _relations() -> tuple[Relation, ...]:
    return (
        Relation("object", "e1", "s3"),
        Relation("with", "e1", "s3"),
        Relation("with", "e1", "s1"),
        Relation("object", "e2", "s2"),
    )


def _annotation(annotator: str, document: str = "soup", **changes: Any) -> Annotation:
    made = Annotation(
        document,
        annotator,
        make_schema().id,
        status="submitted",
        spans=_spans(),
        relations=_relations(),
        text_sha256=sha256(TEXT),
        provenance=Provenance(lead_time=12.5),
    )
    return msgspec.structs.replace(made, **changes)


def _plain(annotation: Annotation) -> tuple[Any, Any]:
    return annotation.spans, sorted(annotation.relations, key=lambda r: (r.head, r.tail, r.label))


def test_a_second_push_sends_nothing(loop: Callable[..., Loop]) -> None:
    """Every article is on the server exactly once, with its uid, after one push and after two."""
    one = loop()
    prediction = _annotation("model", status="draft", provenance=Provenance("model", "m", "1"))
    first = one.push(prediction)
    assert (first.created, first.sent, first.predictions_sent, first.tasks) == (True, 2, 1, 2)
    second = one.push(prediction)
    assert (second.created, second.sent, second.predictions_sent, second.present) == (False, 0, 0, 2)
    assert second.predictions_present == 1
    tasks = one.tasks()
    assert [task["data"]["uid"] for task in tasks] == [
        f"{document.id}@{sha256(document.text)[:16]}" for document in one.documents
    ]
    assert [task["data"]["text"] for task in tasks] == [document.text for document in one.documents]
    assert [len(task["predictions"]) for task in tasks] == [1, 0]


def test_a_later_push_sends_what_is_new(loop: Callable[..., Loop]) -> None:
    """New articles and new predictions join those that are there; an article's former text is named."""
    one = loop()
    one.push()
    one.documents[1] = Document("pie", "Une autre tarte.")
    one.documents.append(Document("third", "Encore."))
    report = one.push(_annotation("model", provenance=Provenance("model", "m", "1")))
    assert (report.sent, report.predictions_sent, report.outdated, report.tasks) == (2, 1, ["pie"], 4)
    assert [len(task["predictions"]) for task in one.tasks()] == [1, 0, 0, 0]


def test_a_lost_answer_doubles_nothing(loop: Callable[..., Loop], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server took a batch and its answer was lost, the push finds it there and goes on."""
    one = loop(documents=[Document(f"d{n}", f"Texte {n}.") for n in range(5)])
    honest = one.client.import_tasks
    calls = itertools.count()

    def deaf(project: int, tasks: Any) -> dict[str, Any]:
        counts = honest(project, tasks)
        if next(calls) == 1:
            raise Unsure.of("GW316", "no answer")
        return counts

    monkeypatch.setattr(one.client, "import_tasks", deaf)
    assert one.push(batch=2).sent == 5
    assert len(one.tasks()) == 5


def test_a_push_cut_off_is_finished_by_the_next(
    loop: Callable[..., Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push that ends between two batches loses nothing and repeats nothing when it is run again."""
    one = loop(documents=[Document(f"d{n}", f"Texte {n}.") for n in range(5)])
    honest = one.client.import_tasks
    calls = itertools.count()

    def cut(project: int, tasks: Any) -> dict[str, Any]:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return honest(project, tasks)

    with monkeypatch.context() as patch:
        patch.setattr(one.client, "import_tasks", cut)
        with pytest.raises(KeyboardInterrupt):
            one.push(batch=2)
    report = one.push()
    assert (report.sent, report.present) == (3, 2)
    assert sorted(task["data"]["id"] for task in one.tasks()) == [f"d{n}" for n in range(5)]


def test_copies_that_nobody_worked_on_go(loop: Callable[..., Loop]) -> None:
    """Of two tasks of one article the one without work is removed, the other stays."""
    one = loop()
    one.push()
    one.client.import_tasks(one.number, [{"data": one.tasks()[0]["data"]}])
    one.load(_annotation("anna"))
    report = one.push()
    assert (report.duplicates_removed, report.tasks) == (1, 2)
    assert [bool(task["annotations"]) for task in one.tasks()] == [True, False]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"spans": (Span("s", "thing", "NOPE", 0, 1),), "relations": ()}, "GW232"),
        ({"spans": (Span("s", "thing", "FOOD", 0, 9999),), "relations": ()}, "GW204"),
        ({"relations": (Relation("object", "e1", "gone"),)}, "GW206"),
        ({"relations": (Relation("object", "s1", "e1"),)}, "GW238"),
        ({"text_sha256": sha256("another")}, "GW203"),
        ({"document": "unknown"}, "GW322"),
    ],
)
def test_bad_predictions_are_refused_before_anything_is_sent(
    loop: Callable[..., Loop], change: dict[str, Any], code: str
) -> None:
    """What the server would store without a word is refused with its place, and no project is made."""
    one = loop()
    with pytest.raises(GoldwireError) as caught:
        one.push(_annotation("model", **change))
    assert code in {fault.code for fault in caught.value.faults}
    assert one.client.projects(one.project.name) == []


def test_a_config_gains_and_never_loses(loop: Callable[..., Loop]) -> None:
    """A label more goes through, a label less is refused by name while there are tasks."""
    one = loop()
    one.push()
    wider = make_schema()
    wider.layers["thing"].labels["SPICE"] = wider.layers["thing"].labels["FOOD"]
    one.schema = wider
    report = one.push()
    assert any("SPICE" in part for part in report.config_added)
    one.schema = make_schema()
    with pytest.raises(GoldwireError, match="SPICE") as caught:
        one.push()
    assert caught.value.faults[0].code == "GW321"


def test_all_that_was_marked_comes_back(loop: Callable[..., Loop]) -> None:
    """Two annotators' spans, attributes, roles, a skip and lead times come back as theirs, exactly."""
    one = loop()
    one.push()
    skipped = _annotation("Zoé B.", status="skipped", spans=(), relations=())
    fewer = _annotation("Zoé B.", "pie", spans=_spans()[:1], relations=(), text_sha256="")
    assert one.load(_annotation("anna"), skipped, fewer) == 3
    report = one.pull()
    assert (report.annotations, report.written, report.skipped, report.quarantined) == (3, 3, 1, 0)
    assert report.annotators == ["Zoé B.", "anna"]
    stored = one.stored()
    assert _plain(stored["anna", "soup"]) == _plain(_annotation("anna"))
    assert stored["anna", "soup"].status == "submitted"
    assert stored["anna", "soup"].provenance.kind == "human"
    assert stored["anna", "soup"].provenance.lead_time == 12.5
    assert stored["anna", "soup"].provenance.seen_predictions is False
    assert stored["anna", "soup"].text_sha256 == sha256(TEXT)
    assert stored["Zoé B.", "soup"].status == "skipped"
    assert stored["Zoé B.", "pie"].spans == _spans()[:1]


def test_the_mini_schema_goes_round(loop: Callable[..., Loop]) -> None:
    """A schema of another domain, read from its file, goes up and comes down."""
    text = "Couper les carottes au couteau."
    one = loop(load_schema(MINI), [Document("m", text)])
    spans = (
        Span("c", "step", "CUT", 0, 6),
        Span("f", "thing", "FOOD", 11, 19, {"state": "cooked", "note": "déjà cuites"}),
        Span("t", "thing", "TOOL", 23, 30),
    )
    relations = (Relation("object", "c", "f"), Relation("with", "c", "t"))
    one.push()
    marked = Annotation("m", "anna", one.schema.id, "submitted", spans=spans, relations=relations)
    assert one.load(marked) == 1
    one.pull()
    assert _plain(one.stored()["anna", "m"]) == _plain(marked)


def test_a_second_pull_changes_no_file(loop: Callable[..., Loop]) -> None:
    """With nothing new no file is written, neither by a short pull nor by a full one."""
    one = loop()
    one.push()
    one.load(_annotation("anna"))
    one.pull()
    before = one.files()
    assert one.pull().written == 0
    assert one.pull(full=True).written == 0
    assert one.files() == before


def test_loading_again_sends_nothing(loop: Callable[..., Loop]) -> None:
    """Who has an annotation on a task is passed over, also where only the server knows of it."""
    one = loop()
    one.push()
    assert one.load(_annotation("anna"), _annotation("bruno")) == 2
    assert one.load(_annotation("anna"), _annotation("bruno")) == 0
    users = {user["id"]: user["email"] for user in one.client.users()}
    made = one.tasks()[0]["annotations"]
    assert [users[a["completed_by"]] for a in made] == ["anna@goldwire.invalid", "bruno@goldwire.invalid"]


def test_a_draft_that_comes_back_unchanged_stays_a_draft(loop: Callable[..., Loop]) -> None:
    """A machine's draft that only went up and down is not made human; once changed it is, and says so."""
    one = loop()
    one.push()
    draft = _annotation("reader", status="draft", provenance=Provenance("model", "m", "1"))
    write_annotation(one.project, draft)
    before = one.files()
    one.load(draft)
    one.pull()
    assert one.files().items() >= before.items()
    given = one.tasks()[0]["annotations"][0]
    fewer = [item for item in given["result"] if "e2" not in (item.get("id"), item.get("from_id"))]
    one.client.request("PATCH", f"api/annotations/{given['id']}/", body={"result": fewer})
    assert one.pull().written == 1
    changed = one.stored()["reader", "soup"]
    assert [span.id for span in changed.spans] == [s.id for s in _spans() if s.id != "e2"]
    made = changed.provenance
    assert (changed.status, made.kind, made.seen_predictions) == ("submitted", "human", True)
    assert made.name == "annotator"  # whose token it was


def test_only_what_changed_is_read_again(loop: Callable[..., Loop]) -> None:
    """After a first pull only tasks with changes are read, and a change made here outlives that."""
    one = loop()
    # So many that it is asked first which ones changed.
    one.documents += [Document(f"more{number}", f"Encore {number}.") for number in range(20)]
    one.push()
    one.load(_annotation("anna"))
    assert one.pull().tasks == 22
    assert one.pull().tasks == 0
    mine = one.stored()["anna", "soup"]
    write_annotation(one.project, msgspec.structs.replace(mine, spans=mine.spans[:1], relations=()))
    one.load(_annotation("bruno", "pie", text_sha256=""))
    report = one.pull()
    assert (report.tasks, report.written) == (1, 1)
    assert len(one.stored()["anna", "soup"].spans) == 1


def test_an_annotation_gone_from_the_server_stays(loop: Callable[..., Loop]) -> None:
    """A deletion on the server is told; the stored annotation is kept."""
    one = loop()
    one.push()
    one.load(_annotation("anna"))
    one.pull()
    before = one.files()
    one.client.request("DELETE", f"api/annotations/{one.tasks()[0]['annotations'][0]['id']}/")
    assert one.pull().gone == 1
    assert one.files() == before


def test_what_has_no_place_is_quarantined(loop: Callable[..., Loop]) -> None:
    """An unknown label is kept in a file with its reason, and the file goes when the reason has gone."""
    one = loop()
    one.push()
    one.load(_annotation("anna"))
    given = one.tasks()[0]["annotations"][0]
    odd = {**given["result"][0], "id": "odd", "value": {"start": 0, "end": 1, "labels": ["GHOST"]}}
    body = {"result": [*given["result"], odd]}
    one.client.request("PATCH", f"api/annotations/{given['id']}/", body=body)
    assert one.pull().quarantined == 1
    line = json.loads(quarantine_path(one.project).read_text(encoding="utf-8"))
    assert (line["annotator"], line["document"], line["item"]["id"]) == ("anna", "soup", "odd")
    assert "GHOST" in line["reason"]
    assert one.pull().quarantined == 1
    one.client.request("PATCH", f"api/annotations/{given['id']}/", body={"result": given["result"]})
    assert one.pull().quarantined == 0
    assert not quarantine_path(one.project).exists()


def test_a_schema_that_lost_a_label_reads_nothing(loop: Callable[..., Loop]) -> None:
    """Pulled with a schema that lacks what was marked, stored work would shrink: refused, files untouched."""
    one = loop()
    one.push()
    one.load(_annotation("ann"))
    one.pull()
    before = one.files()
    layers = dict(one.schema.layers)
    thing = layers["thing"]
    labels = {key: label for key, label in thing.labels.items() if key != "TOOL"}
    layers["thing"] = msgspec.structs.replace(thing, labels=labels)
    one.schema = msgspec.structs.replace(one.schema, layers=layers)
    with pytest.raises(GoldwireError, match=r"GW329.*Label `TOOL` of `thing`.*schema migrate"):
        one.pull(full=True)
    assert one.files() == before


def test_another_text_is_refused_by_name(loop: Callable[..., Loop]) -> None:
    """Annotations of a text that is not the article's are set aside whole, and their task is named."""
    one = loop()
    one.push()
    one.load(_annotation("anna"))
    one.documents[0] = Document("soup", TEXT.replace("pommes", "poires"))
    report = one.pull()
    assert (report.written, report.quarantined) == (0, 1)
    assert report.refused[0].code == "GW330"
    assert "soup" in report.refused[0].message
    one.documents[0] = Document("soup", TEXT)
    assert (one.pull().written, quarantine_path(one.project).exists()) == (1, False)


def test_predictions_in_sight_are_recorded(loop: Callable[..., Loop]) -> None:
    """Work on a task that carries shown predictions says that they were seen."""
    one = loop()
    one.push(_annotation("model", spans=_spans()[:1], relations=(), provenance=Provenance("model", "m", "1")))
    one.load(_annotation("anna"))
    one.pull()
    assert one.stored()["anna", "soup"].provenance.seen_predictions is True


def test_a_missing_project_is_named(loop: Callable[..., Loop]) -> None:
    """Pull before push says which project is missing and what makes it."""
    with pytest.raises(GoldwireError, match=r"GW325 .*no project `loop-\d+` \(goldwire annotate push"):
        loop().pull()


def test_a_wrong_token_is_told_without_it(studio: Server) -> None:
    """A refused token is told plainly and never shown."""
    token = studio.token[::-1]
    with Client(studio.url, token) as client, pytest.raises(GoldwireError) as caught:
        client.whoami()
    assert caught.value.faults[0].code == "GW312"
    assert token not in str(caught.value) + repr(client)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:label_studio_sdk")
@pytest.mark.filterwarnings("ignore:The `parse_obj` method")
def test_a_personal_token_serves_too(studio: Server, personal_token: str) -> None:
    """A personal access token, as the server gives it, is exchanged and works."""
    with Client(studio.url, personal_token) as personal:
        assert personal.whoami()["email"] == studio.username
        assert personal.projects("none of this title") == []


def test_strangers_find_the_door_closed(studio: Server) -> None:
    """Nobody can sign up without an invitation, nor reach the server under a foreign name."""
    with httpx.Client(base_url=studio.url, trust_env=False) as http:
        page = http.get("/user/signup/")
        form = {"email": "x@example.org", "password": "12345678", "allow_newsletters": "false"}
        http.headers["X-CSRFToken"] = str(http.cookies.get("csrftoken", ""))
        answer = http.post("/user/signup/", data=form)
        assert page.status_code == 200
        assert answer.status_code in (400, 403)
        assert http.get("/health", headers={"Host": "evil.example"}).status_code == 400
    with Client(studio.url, studio.token) as client:
        assert "x@example.org" not in {user["email"] for user in client.users()}


def test_a_folder_of_another_project_is_left_alone(loop: Callable[..., Loop]) -> None:
    """A pull writes under the project's annotate folder and its cache, nowhere else."""
    one = loop()
    one.push()
    one.load(_annotation("anna"))
    one.pull()
    written = {p.name for p in one.project.root.iterdir()}
    assert written == {"goldwire.toml", "annotate", ".goldwire"}
    shutil.rmtree(one.project.annotate)
    assert one.pull().written == 1  # what is missing here is fetched again


def test_stars_and_comments_are_counted_each_time_that_they_are_read(loop: Callable[..., Loop]) -> None:
    """A mark as ground truth and a task's comments are not kept, and the pull says how many there are."""
    work = loop()
    work.push()
    work.load(_annotation("anna"))
    assert (work.pull().ground_truth, work.pull().commented) == (0, 0)
    (task,) = [one for one in work.tasks() if one["annotations"]]
    path = f"api/annotations/{task['annotations'][0]['id']}"
    work.client.request("PATCH", path, body={"ground_truth": True})
    work.client.request("PATCH", f"api/tasks/{task['id']}", body={"comment_count": 2})
    report = work.pull(full=True)
    assert (report.ground_truth, report.commented, report.quarantined) == (1, 1, 0)
    assert report.as_dict()["ground_truth"] == 1
