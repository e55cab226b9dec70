"""Adjudication through Label Studio: what was submitted there becomes decisions, and decisions stay."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from click.testing import CliRunner

from goldwire.annotate.adjudication.decisions import AdjudicationCase, read_file
from goldwire.annotate.adjudication.items import listed, region_id, regions
from goldwire.annotate.adjudication.merge import AdjudicationOutcome
from goldwire.annotate.adjudication.project import adjudicate
from goldwire.annotate.adjudication.pull import PulledAdjudication, pull_adjudication
from goldwire.annotate.adjudication.push import (
    ACCEPTED,
    PushedAdjudication,
    config,
    push_adjudication,
    tasks_of,
)
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.sync.push import push
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.model import Annotation, Document, Span
from goldwire.project import Project, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.rendering.label_config import label_config
from tests.annotate.adjudication.test_merge import TEXT, A, B, span

MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
_numbers = itertools.count(1)


def reading(of: Annotation, name: str, *more: Span, without: str = "") -> Annotation:
    """One of the two readings as a person's submitted work, with spans more or less."""
    spans = (*(s for s in of.spans if s.id != without), *more)
    kept = {s.id for s in spans}
    return msgspec.structs.replace(
        of,
        annotator=name,
        status="submitted",
        spans=spans,
        relations=tuple(r for r in of.relations if {r.head, r.tail} <= kept),
        text_sha256=sha256(TEXT),
    )


class Board:
    """A project with two readings, its file and its server."""

    def __init__(self, root: Path, client: Client | None) -> None:
        (root / "seeds/articles").mkdir(parents=True)
        name = f"board-{next(_numbers)}"
        text = f'[project]\nname = "{name}"\nlanguage = "fr"\nschema = "mini.yaml"\n'
        (root / "goldwire.toml").write_text(text, encoding="utf-8")
        (root / "mini.yaml").write_bytes(MINI.read_bytes())
        (root / "seeds/articles.jsonl").write_text(
            '{"id": "d", "file": "articles/d.txt"}\n', encoding="utf-8"
        )
        (root / "seeds/articles/d.txt").write_text(TEXT, encoding="utf-8")
        self.project: Project = load_project(root)
        self.schema: Schema = load_schema(MINI)
        self.documents = [Document("d", TEXT)]
        self.server = client
        self.store(reading(A, "anna"), reading(B, "bruno"))

    @property
    def client(self) -> Client:
        assert self.server is not None
        return self.server

    @property
    def file(self) -> Path:
        return self.project.annotate / "adjudication/d.yaml"

    def store(self, *readings: Annotation) -> None:
        for one in readings:
            write_annotation(self.project, one)

    def push(self) -> PushedAdjudication:
        return push_adjudication(self.project)

    def pull(self, by: str | None = None) -> PulledAdjudication:
        return pull_adjudication(self.project, by=by)

    def task(self) -> dict[str, Any]:
        include = ("data", "annotations", "result", "updated_at", "predictions", "model_version")
        [task] = tasks_of(self.client, self.project, include).values()
        return task

    def submit(self, result: list[dict[str, Any]], by: str = "marie") -> None:
        """As the browser does: a new annotation, or the one that is there changed."""
        task = self.task()
        if task["annotations"]:
            path = f"api/annotations/{task['annotations'][0]['id']}/"
            self.client.request("PATCH", path, body={"result": result})
            return
        user = next((u["id"] for u in self.client.users() if u["email"] == f"{by}@goldwire.invalid"), None)
        user = user or self.client.create_user(f"{by}@goldwire.invalid", by)["id"]
        fields = {"result": result, "completed_by": user, "lead_time": 30.0, "ground_truth": False}
        self.client.create_annotation(int(task["id"]), fields)

    def adjudicated(self) -> Annotation:
        return next(a for a in read_annotations(self.project) if a.annotator == "adjudicated")


@pytest.fixture
def board(named_server: Server, tmp_path: Path) -> Iterator[Board]:
    """A project with two readings, and the shared server."""
    with Client(named_server.url, named_server.token) as client:
        yield Board(tmp_path / "board", client)


def region(name: str, quote: str, label: str, **more: Any) -> dict[str, Any]:
    """A marked quote as Label Studio stores it."""
    one = span(name, quote, label)
    value = {"start": one.start, "end": one.end, "labels": [label], "text": quote}
    return {"id": name, "from_name": one.layer, "to_name": "text", "type": "labels", "value": value, **more}


def prediction(task: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The result of a task's prediction."""
    [found] = [p["result"] for p in task["predictions"] if p["model_version"] == name]
    return list(found)


def quotes(result: list[dict[str, Any]]) -> set[str]:
    """What a result marks, apart from the disagreements."""
    return {
        TEXT[r["value"]["start"] : r["value"]["end"]]
        for r in result
        if r["type"] == "labels" and r["from_name"] != "disagreement"
    }


#: The items of the two readings.
KNIFE, BREAD, COOK = "thing TOOL 27-34 | thing TOOL 27-41", "thing FOOD 37-41 | -", "- | step HEAT 48-53"
STATE = "attribute thing FOOD 12-18 state"
NEW = "step HEAT 43-47 | -"
PAIR = "thing FOOD 37-41 | thing FOOD 35-41"
OBJECT = "relation object step CUT 0-6 -> thing FOOD 12-18"


def case_of(a: Annotation, b: Annotation, schema: Schema) -> tuple[AdjudicationCase, AdjudicationOutcome]:
    """Two readings, and what came of them with nothing decided."""
    case = AdjudicationCase(Document("d", TEXT), (a, b), Path("d.yaml"), {}, {}, "", "", True, None, None)
    return case, case.merged(schema)


def test_versions_are_written_as_the_language_writes_them() -> None:
    """A space stands before the colon in French, none in English."""
    schema = load_schema(MINI)
    for language, line in (("fr", "A (ann) : FOOD «pain»"), ("en", "A (ann): FOOD «pain»")):
        spoken = msgspec.structs.replace(schema, language=language)
        shown = {r.id: str(r.attributes["versions"]) for r in regions(*case_of(A, B, spoken), spoken)}
        assert line in shown[region_id(BREAD)].splitlines()


def test_an_item_waits_only_for_its_own_span() -> None:
    """What differs on a span is asked though another open one's extent begins with the same digits."""
    schema = load_schema(MINI)
    sides = [
        reading(side, side.annotator, Span("long", "thing", "FOOD", 2, 54, {"state": state}))
        for side, state in ((A, "raw"), (B, "cooked"))
    ]
    short = Span("short", "thing", "FOOD", 2, 5)
    longer = msgspec.structs.replace(sides[0], spans=(*sides[0].spans, short))
    case, outcome = case_of(longer, sides[1], schema)
    keys = {item.key for item in listed(case, outcome, schema)}
    assert keys >= {"thing FOOD 2-5 | -", "attribute thing FOOD 2-54 state"}


def choose(result: list[dict[str, Any]], **answers: str) -> list[dict[str, Any]]:
    """A result with answers to items, by the names above: as the browser stores a choice."""
    chosen = [
        {
            "id": region_id(globals()[name]),
            "from_name": "disagreement-decision",
            "to_name": "text",
            "type": "choices",
            "value": {"start": 0, "end": 1, "choices": [answer]},
        }
        for name, answer in answers.items()
    ]
    return [*result, *chosen]


def test_the_config_asks_of_each_disagreement() -> None:
    """A layer of its own with one choice, a key for each answer, beside all that the schema's config has."""
    schema = load_schema(MINI)
    made = ET.fromstring(config(schema))
    [choices] = [one for one in made.iter("Choices") if one.get("name") == "disagreement-decision"]
    answers = {option.get("alias"): option.get("hotkey") for option in choices}
    assert answers == {"a": "1", "b": "2", "neither": "3", "other": "4"}
    names = {one.get("name") for one in made.iter()}
    assert {one.get("name") for one in ET.fromstring(label_config(schema)).iter()} <= names


@pytest.mark.live
def test_a_task_shows_both_readings_and_what_is_accepted(board: Board) -> None:
    """Predictions bear the annotators' names, the accepted one holds what both have."""
    report = board.push()
    assert (report.sent, report.open, report.decided) == (1, 5, 0)
    task = board.task()
    assert quotes(prediction(task, "anna")) == {"Couper", "tomate", "couteau", "pain"}
    assert quotes(prediction(task, "bruno")) == {"Couper", "tomate", "couteau à pain", "cuire"}
    assert quotes(prediction(task, ACCEPTED)) == {"Couper", "tomate"}
    assert "5 à décider" in task["data"]["disagreements"]
    shown = {r["id"]: r["value"]["text"] for r in prediction(task, ACCEPTED) if r["type"] == "textarea"}
    assert shown[region_id(KNIFE)] == [
        "étendue\nA (anna) : TOOL «couteau»\nB (bruno) : TOOL «couteau à pain»"
    ]
    assert set(shown) == {region_id(key) for key in (KNIFE, BREAD, COOK, STATE, OBJECT)}
    found = board.client.projects(f"{board.project.name} · adjudication")[0]
    assert board.client.project(found["id"])["model_version"] == ACCEPTED
    again = board.push()
    assert (again.sent, again.refreshed, again.tasks) == (0, 0, 1)


@pytest.mark.live
def test_the_adjudicator_has_the_annotators_guide(board: Board) -> None:
    """Its instructions and the page beside its tasks are those that the annotators have."""
    push(board.client, board.project, board.schema, board.documents)
    board.push()
    names = (board.project.name, f"{board.project.name} · adjudication")
    annotators, adjudicator = (int(board.client.projects(name)[0]["id"]) for name in names)
    pages, told = [], []
    for number in (annotators, adjudicator):
        [page] = board.client.uploads(number)
        pages.append(page["file"].rpartition("-")[2])
        instructions = board.client.project(number)["expert_instruction"]
        told.append(instructions.replace(page["file"], "page"))
    assert pages[0] == pages[1] and told[0] == told[1]


@pytest.mark.live
def test_what_was_submitted_is_what_is_stored(board: Board) -> None:
    """Every item is decided, own marks are added, and the file says who, with the comment as the reason."""
    board.push()
    result = prediction(board.task(), ACCEPTED)
    knife = region("k", "couteau à pain", "TOOL", meta={"text": ["le nom est entier"]})
    ends = {r["value"]["start"]: r["id"] for r in result if r["from_name"] == "step"}
    arrow = {"type": "relation", "from_id": ends[0], "to_id": "k", "direction": "right", "labels": ["with"]}
    result = choose(result, KNIFE="other", BREAD="b", COOK="neither", STATE="a", OBJECT="neither")
    board.submit([*result, knife, region("n", "puis", "HEAT"), arrow])
    report = board.pull()
    assert (report.by, report.refused, report.waiting) == ("marie", [], [])
    made = board.adjudicated()
    shown = {(TEXT[s.start : s.end], s.label): s.marked_by for s in made.spans}
    assert shown == {
        ("Couper", "CUT"): ("anna", "bruno"),
        ("tomate", "FOOD"): ("anna", "bruno"),
        ("couteau à pain", "TOOL"): ("anna", "bruno"),
        ("puis", "HEAT"): ("marie",),
    }
    assert [(r.label, r.marked_by) for r in made.relations] == [("with", ("anna", "bruno"))]
    assert (made.status, made.provenance.kind, made.provenance.name) == ("adjudicated", "human", "marie")
    assert made.provenance.based_on == ("anna", "bruno") and made.provenance.lead_time == 30.0
    told = {d.key: (d.decide, d.reason) for d in read_file(board.file).decisions}
    default = "decided in Label Studio by marie"
    assert told == {
        "thing TOOL 27-34 | thing TOOL 27-41": ("b", "le nom est entier"),
        "thing FOOD 37-41 | -": ("neither", default),
        "- | step HEAT 48-53": ("neither", default),
        "attribute thing FOOD 12-18 state": ("a", default),
        "relation object step CUT 0-6 -> thing FOOD 12-18": ("neither", default),
    }
    files = {p: p.read_bytes() for p in board.project.annotate.rglob("*") if p.is_file()}
    assert board.pull("marie").written == 0
    assert {p: p.read_bytes() for p in board.project.annotate.rglob("*") if p.is_file()} == files
    by_files = adjudicate(board.project, by="marie")
    assert by_files.outcomes["d"].annotation.spans == made.spans


@pytest.mark.live
def test_only_what_is_new_is_open_after_new_readings(board: Board) -> None:
    """Decisions stay, what vanished is set aside, a new item waits for another submission."""
    board.push()
    started = prediction(board.task(), ACCEPTED)
    board.submit(choose(started, KNIFE="a", BREAD="neither", COOK="neither", STATE="a", OBJECT="neither"))
    board.pull()
    # bruno takes "cuire" back; anna marks "puis".
    board.store(reading(A, "anna", span("new", "puis", "HEAT")), reading(B, "bruno", without="w"))
    report = board.push()
    assert (report.refreshed, report.open) == (1, 1)
    task = board.task()
    assert quotes(prediction(task, ACCEPTED)) == {"Couper", "tomate", "couteau"}
    assert "1 à décider" in task["data"]["disagreements"]
    pulled = board.pull()
    assert (pulled.waiting, pulled.superseded) == (["d"], 1)
    kept = read_file(board.file)
    assert [d.key for d in kept.superseded] == ["- | step HEAT 48-53"]
    assert [d.key for d in kept.decisions if not d.decide] == ["step HEAT 43-47 | -"]
    board.submit(choose(prediction(task, ACCEPTED), NEW="a"))
    pulled = board.pull()
    assert (pulled.waiting, pulled.refused) == ([], [])
    assert ("puis", ("anna",)) in {(TEXT[s.start : s.end], s.marked_by) for s in board.adjudicated().spans}
    reasons = {d.key: d.decide for d in read_file(board.file).decisions}
    assert reasons["thing TOOL 27-34 | thing TOOL 27-41"] == "a"


@pytest.mark.live
def test_a_changed_mind_counts(board: Board) -> None:
    """A later submission replaces what the former decided."""
    board.push()
    answers = {"BREAD": "neither", "COOK": "neither", "STATE": "a", "OBJECT": "neither"}
    board.submit(choose(prediction(board.task(), ACCEPTED), KNIFE="a", **answers))
    board.pull()
    assert "couteau" in {TEXT[s.start : s.end] for s in board.adjudicated().spans}
    board.submit(choose(prediction(board.task(), ACCEPTED), KNIFE="b", **answers))
    assert board.pull().refused == []
    assert "couteau à pain" in {TEXT[s.start : s.end] for s in board.adjudicated().spans}


@pytest.mark.live
def test_what_was_not_chosen_stays_open(board: Board) -> None:
    """Two of five settled and submitted: the others are open, whatever is marked there, and it is told."""
    board.push()
    started = prediction(board.task(), ACCEPTED)
    board.submit([*choose(started, KNIFE="b", BREAD="a"), region("k", "cuire", "HEAT")])
    report = board.pull()
    assert (report.waiting, report.refused, report.written) == (["d"], [], 0)
    told = {d.key: d.decide for d in read_file(board.file).decisions}
    assert {key: answer for key, answer in told.items() if answer} == {KNIFE: "b", BREAD: "a"}
    assert {COOK, STATE, OBJECT} <= {key for key, answer in told.items() if not answer}
    assert any("3 items are open: choose, and submit again" in note for note in report.notes)
    assert not [a for a in read_annotations(board.project) if a.annotator == "adjudicated"]


@pytest.mark.live
def test_a_version_is_taken_whole(board: Board) -> None:
    """Who chooses a span's version chooses its attributes with it; nothing more is asked of them."""
    board.store(
        reading(A, "anna", span("4", "pain", "FOOD", state="cooked", note="n"), without="4"),
        reading(B, "bruno", Span("p", "thing", "FOOD", 35, 41, {"note": "m"})),
    )
    board.push()
    items = [r for r in prediction(board.task(), ACCEPTED) if r["from_name"] == "disagreement"]
    assert region_id(PAIR) in {item["id"] for item in items}
    answers = {"KNIFE": "b", "COOK": "neither", "STATE": "a", "OBJECT": "neither"}
    board.submit(choose(prediction(board.task(), ACCEPTED), PAIR="a", **answers))
    assert board.pull().waiting == []
    [bread] = [s for s in board.adjudicated().spans if TEXT[s.start : s.end] == "pain"]
    assert bread.attributes == {"state": "cooked", "note": "n"}


@pytest.mark.live
def test_what_can_not_be_taken_is_refused_by_name(board: Board) -> None:
    """An unknown label keeps the article's files as they are; so does an account that submitted nothing."""
    board.push()
    with pytest.raises(GoldwireError, match=r"GW377 .*nobody has yet"):
        board.pull()
    odd = region("k", "couteau", "TOOL")
    odd["value"]["labels"] = ["GHOST"]
    board.submit([odd])
    with pytest.raises(GoldwireError, match=r"GW377 .*one of: marie"):
        board.pull("anna")
    report = board.pull()
    assert [fault.code for fault in report.refused] == ["GW374"]
    assert not board.file.exists()


@pytest.mark.live
def test_readings_from_the_server_are_adjudicated_there(board: Board) -> None:
    """Drafts stay drafts whoever adjudicates them."""
    board.store(msgspec.structs.replace(reading(A, "anna"), status="draft"))
    board.push()
    answers = {"KNIFE": "a", "BREAD": "a", "COOK": "a", "STATE": "a", "OBJECT": "a"}
    board.submit(choose(prediction(board.task(), ACCEPTED), **answers))
    board.pull()
    assert board.adjudicated().status == "draft"
    assert len(board.adjudicated().spans) == len(A.spans)


def test_decisions_outlive_readings_that_changed(tmp_path: Path) -> None:
    """In files too: what vanished is set aside, taken up again where it returns; a hand's slip is a fault."""
    board = Board(tmp_path / "board", None)
    adjudicate(board.project, by="marie")
    text = board.file.read_text(encoding="utf-8")
    for key, answer in (("thing FOOD 37-41 | -", "a"), ("attribute thing FOOD 12-18 state", "b")):
        head, _, rest = text.partition(key)
        text = head + key + rest.replace("decide: ''\n  reason: ''", f"decide: {answer}\n  reason: x", 1)
    board.file.write_text(text, encoding="utf-8")
    board.store(reading(A, "anna", without="4"))
    adjudicate(board.project, by="marie")
    kept = read_file(board.file)
    assert [d.key for d in kept.superseded] == ["thing FOOD 37-41 | -"]
    assert {d.key for d in kept.decisions if d.decide} == {"attribute thing FOOD 12-18 state"}
    board.store(reading(A, "anna"))
    adjudicate(board.project, by="marie")
    kept = read_file(board.file)
    assert kept.superseded == []
    assert {d.key for d in kept.decisions if d.decide} == {
        "thing FOOD 37-41 | -",
        "attribute thing FOOD 12-18 state",
    }
    text = board.file.read_text(encoding="utf-8").replace("thing FOOD 37-41 | -", "thing FOOD 36-41 | -")
    board.file.write_text(text, encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW371"):
        adjudicate(board.project, by="marie")


def test_a_value_that_changed_is_asked_again(tmp_path: Path) -> None:
    """A decision for a reading's value does not hold for another value of that reading."""
    board = Board(tmp_path / "board", None)
    adjudicate(board.project, by="marie")
    text = board.file.read_text(encoding="utf-8")
    head, key, rest = text.partition("attribute thing FOOD 12-18 state")
    rest = rest.replace("decide: ''\n  reason: ''", "decide: b\n  reason: x", 1)
    board.file.write_text(head + key + rest, encoding="utf-8")
    first = span("2", "tomate", "FOOD", state="cooked", note="n")
    board.store(
        reading(A, "anna", first, without="2"), reading(B, "bruno", span("x", "tomate", "FOOD"), without="x")
    )
    adjudicate(board.project, by="marie")
    kept = read_file(board.file)
    assert [d.key for d in kept.superseded] == ["attribute thing FOOD 12-18 state"]


def test_of_three_readings_two_are_named(tmp_path: Path) -> None:
    """More than two are refused with the way out, and --between names the two."""
    board = Board(tmp_path / "board", None)
    board.store(reading(A, "chloé"))
    with pytest.raises(GoldwireError, match=r"GW372 .*name two with --between"):
        adjudicate(board.project, by="marie")
    made = adjudicate(board.project, by="marie", between=("anna", "chloé"))
    assert made.outcomes["d"].items == []
    assert board.adjudicated().provenance.based_on == ("anna", "chloé")


@pytest.mark.live
def test_a_mark_as_ground_truth_is_told(board: Board) -> None:
    """The star that an adjudication bears on the server is not kept, and the pull says so."""
    board.push()
    board.submit(prediction(board.task(), "bruno"))
    star = "d: it is marked as ground truth there, which has no place here"
    assert star not in board.pull("marie").notes
    path = f"api/annotations/{board.task()['annotations'][0]['id']}/"
    board.client.request("PATCH", path, body={"ground_truth": True})
    assert star in board.pull("marie").notes


@pytest.mark.live
def test_the_command_line_pushes_and_pulls(board: Board, named_server: Server, tmp_path: Path) -> None:
    """Exit 2 for wrong use, 1 while anything is open, 0 when all is decided."""
    figures = tmp_path / "figures.json"

    def adjudicate(*words: str) -> tuple[int, dict[str, Any]]:
        arguments = ["adjudicate", *words, "--project", str(board.project.root), "--json", str(figures)]
        result = CliRunner().invoke(command, arguments)
        told = json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {}
        return result.exit_code, told

    assert adjudicate("--push", "--pull")[0] == 2
    assert adjudicate("--push", "--between", "anna")[0] == 2
    code, told = adjudicate("--push")
    assert (code, told["sent"], told["open"]) == (0, 1, 5)
    answers = {"KNIFE": "b", "BREAD": "b", "COOK": "b", "STATE": "b", "OBJECT": "b"}
    board.submit(choose(prediction(board.task(), ACCEPTED), **answers))
    code, told = adjudicate("--pull", "--by", "marie")
    assert (code, told["by"], told["written"], told["open"]) == (0, "marie", 1, 0)
    board.store(reading(A, "anna", span("new", "puis", "HEAT")))
    code, told = adjudicate("--pull", "--by", "marie")
    assert (code, told["open"], told["waiting"]) == (1, 1, ["d"])
