"""What is stored or asked for is kept: on a server that only answers from memory."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from click.testing import CliRunner

from goldwire.annotate.adjudication.project import adjudicate
from goldwire.annotate.import_project import import_project
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.users import account_number
from goldwire.annotate.migration.server import migrate_projects, migrate_server
from goldwire.annotate.records.assignments import Assignment, assignments_path, title_for
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.quarantine import quarantine_path
from goldwire.annotate.sync.report import PullReport
from goldwire.annotate.sync.upload import finished, load_annotations
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.cli.schema import command as schema_command
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.changes.plan import Plan
from goldwire.schemas.rendering.label_config import label_config

MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
SCHEMA = load_schema(MINI)
TEXT = "Couper la tomate."
USERS = [{"id": 1, "email": "anna@goldwire.invalid"}, {"id": 2, "email": "bruno@goldwire.invalid"}]


class Memory:
    """As much of a Label Studio as pulls and migrations ask for, held here."""

    server_time = None

    def __init__(self, url: str = "http://memory") -> None:
        self.url = self.server = url
        self.held: dict[int, dict[str, Any]] = {}
        self.work: dict[int, list[dict[str, Any]]] = {}

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def add(self, number: int, title: str, *annotations: dict[str, Any], schema: Schema = SCHEMA) -> None:
        self.held[number] = {"id": number, "title": title, "label_config": label_config(schema)}
        data = {"id": "d", "text": TEXT, "uid": f"d@{sha256(TEXT)[:16]}"}
        task = {"id": number * 10, "data": data, "updated_at": "2026-01-09T00:00:00Z"}
        self.work[number] = [{**task, "annotations": list(annotations)}]

    def projects(self, title: str, _fields: Sequence[str] = ()) -> list[dict[str, Any]]:
        return [self.project(number) for number, one in self.held.items() if one["title"] == title]

    def project(self, number: int, _fields: Sequence[str] = ()) -> dict[str, Any]:
        made = self.work[number][0]["annotations"]
        return {**self.held[number], "total_annotations_number": len(made)}

    def project_url(self, number: int) -> str:
        return f"{self.url}/projects/{number}"

    def task_url(self, number: int, task: int, *, labelling: bool = False) -> str:
        return f"{self.project_url(number)}/data?task={task}{'&labeling=1' if labelling else ''}"

    def users(self) -> list[dict[str, Any]]:
        return USERS

    def organisation(self) -> str:
        return self.url

    def tasks(self, number: int, *_options: Any, **_more: Any) -> Iterator[dict[str, Any]]:
        yield from self.work[number]

    def tasks_with(self, number: int, *_options: Any) -> Iterator[dict[str, Any]]:
        yield from self.work[number]

    def create_annotation(self, task: int, fields: dict[str, Any]) -> dict[str, Any]:
        self.work[task // 10][0]["annotations"].append({"id": task * 100, **fields})
        return fields

    def request(self, method: str, path: str, *, body: dict[str, Any]) -> None:
        if method == "PATCH":
            number = int(path.split("/")[2])
            for tasks in self.work.values():
                for one in tasks[0]["annotations"]:
                    if one["id"] == number:
                        one.update(body)

    def get(self, path: str, **_options: Any) -> list[dict[str, Any]]:
        assert path == "api/dm/views/", path
        return []

    def update_project(self, number: int, fields: dict[str, Any]) -> None:
        self.held[number].update(fields)


def _client(memory: Memory) -> Client:
    return cast(Client, memory)


def _marked(label: str = "FOOD", end: int = 16) -> list[dict[str, Any]]:
    layer = "step" if label in ("CUT", "HEAT") else "thing"
    spans = (Span("s", layer, label, 10, end),)
    return to_result(Annotation("d", "anna", SCHEMA.id, spans=spans), SCHEMA, TEXT)


def _given(number: int, result: list[Any], updated: str = "2026-01-02T00:00:00Z") -> dict[str, Any]:
    return {"id": number, "completed_by": 1, "result": result, "updated_at": updated}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one article."""
    (tmp_path / "seeds/articles").mkdir(parents=True)
    (tmp_path / "goldwire.toml").write_text(
        '[project]\nname = "kept"\nlanguage = "fr"\nschema = "mini.yaml"\n', encoding="utf-8"
    )
    (tmp_path / "mini.yaml").write_bytes(MINI.read_bytes())
    (tmp_path / "seeds/articles.jsonl").write_text(
        json.dumps({"id": "d", "text": TEXT}) + "\n", encoding="utf-8"
    )
    return load_project(tmp_path)


def _pull(memory: Memory, project: Project, title: str | None = None) -> PullReport:
    return pull(_client(memory), project, SCHEMA, [Document("d", TEXT)], title=title, full=True)


def _lines(project: Project) -> list[dict[str, Any]]:
    return [json.loads(line) for line in quarantine_path(project).read_text("utf-8").splitlines()]


def test_a_pull_keeps_what_others_left_in_quarantine(project: Project, tmp_path: Path) -> None:
    """Lines of an imported project and of another server stay; its own are written anew."""
    foreign = Memory("http://foreign")
    foreign.add(1, "kept", _given(5, [{"type": "labels", "from_name": "gone"}]))
    import_project(_client(foreign), 1, tmp_path / "adopted", name="kept", language="fr")
    quarantine_path(project).parent.mkdir(parents=True)
    shutil.copy(tmp_path / "adopted/annotate/quarantine.jsonl", quarantine_path(project))
    one, other = Memory(), Memory("http://other")
    for memory in (one, other):
        memory.add(1, "kept", _given(5, [*_marked(), {"type": "labels", "from_name": "gone"}]))
        _pull(memory, project)
    assert _pull(one, project).quarantined == 3
    assert [line.get("imported_from") for line in _lines(project)].count("http://foreign/projects/1") == 1
    one.work[1][0]["annotations"] = [_given(5, _marked())]
    assert _pull(one, project).quarantined == 2


@pytest.mark.parametrize("token", ["sek\nret", "sekrét", "sek ret", "\x7fsekret", ""])
def test_an_odd_token_is_refused_unseen(token: str) -> None:
    """A token that no header can carry is a plain fault that does not show it."""
    with pytest.raises(GoldwireError, match="GW312") as caught:
        Client("http://127.0.0.1:9", token)
    assert "sek" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://[bad", "http://h:99999", "http://h:x", "ftp://h", "http://u:pw@[x", "http://xn--..x"]
)
def test_an_odd_address_is_refused(url: str) -> None:
    """What is no address is a plain fault, without the password that may stand in it."""
    with pytest.raises(GoldwireError, match="GW310") as caught:
        Client(url, "0123")
    assert "pw" not in str(caught.value)


def _reading(name: str, document: str = "d", **changes: Any) -> Annotation:
    spans = (Span("s", "thing", "FOOD", 10, 16),)
    made = Annotation(document, name, SCHEMA.id, "submitted", spans=spans)
    return msgspec.structs.replace(made, **changes)


def _articles(project: Project, *names: str) -> None:
    rows = [json.dumps({"id": name, "text": f"{TEXT} {name}"}) + "\n" for name in names]
    (project.root / "seeds/articles.jsonl").write_text("".join(rows), encoding="utf-8")


def test_an_article_with_one_reading_is_passed_over(project: Project, tmp_path: Path) -> None:
    """It is reported, and keeps no other article from being adjudicated."""
    _articles(project, "a", "b")
    for one in (_reading("anna", "a"), _reading("anna", "b"), _reading("bruno", "b", spans=())):
        write_annotation(project, one)
    made = adjudicate(project, by="eve")
    assert (made.waiting, list(made.outcomes)) == (["a"], ["b"])
    figures = tmp_path / "figures.json"
    words = ["adjudicate", "--by", "eve", "--project", str(project.root), "--json", str(figures)]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 1 and "one reading: a" in done.output
    told = json.loads(figures.read_text(encoding="utf-8"))
    assert told["kinds"]["missed"]["open"] == 1 and told["waiting"] == ["a"]
    assert told["articles"] == {"b": {"spans": 1, "relations": 0, "items": 1, "open": 1, "dropped": []}}


def test_adjudication_writes_all_or_nothing(project: Project) -> None:
    """Every article's fault is told with its name, and no file is written while there is one."""
    _articles(project, "a", "b", "c")
    for document in "abc":
        write_annotation(project, _reading("anna", document))
        write_annotation(project, _reading("bruno", document, spans=()))
    write_annotation(project, _reading("carl", "c"))
    folder = project.annotate / "adjudication"
    folder.mkdir()
    row = "- {key: thing FOOD 10-16 | -, kind: missed, decide: both, reason: x}"
    (folder / "b.yaml").write_text(f"document: b\nbetween: [anna, bruno]\ndecisions:\n{row}\n", "utf-8")
    with pytest.raises(GoldwireError) as caught:
        adjudicate(project, by="eve")
    assert [(f.code, f.where) for f in caught.value.faults] == [("GW370", "b"), ("GW372", "c")]
    assert [p.name for p in folder.iterdir()] == ["b.yaml"]
    assert "adjudicated" not in {a.annotator for a in read_annotations(project)}
    with pytest.raises(GoldwireError, match=r"GW378 .*zoe"):
        adjudicate(project, by="eve", between=("anna", "zoe"))


def test_an_articles_name_never_leaves_the_folder(project: Project) -> None:
    """An id with a slash names its file as the stored annotations do."""
    _articles(project, "../x/1")
    write_annotation(project, _reading("anna", "../x/1"))
    write_annotation(project, _reading("bruno", "../x/1", spans=()))
    adjudicate(project, by="eve")
    [written] = (project.annotate / "adjudication").iterdir()
    assert written.suffix == ".yaml"


def test_an_older_annotation_never_replaces_a_newer_one(project: Project) -> None:
    """Of one annotator's work in two projects the later stays; the earlier goes to quarantine."""
    memory = Memory()
    mine = title_for(project, "anna")
    memory.add(1, "kept", _given(5, _marked("FOOD")))
    memory.add(2, mine, _given(6, _marked("TOOL"), "2026-01-03T00:00:00.5+00:00"))
    _pull(memory, project, mine)
    report = _pull(memory, project)
    assert [a.spans[0].label for a in read_annotations(project)] == ["TOOL"]
    assert (report.written, report.quarantined) == (0, 1)
    assert "later" in _lines(project)[0]["reason"] and _lines(project)[0]["annotation"] == 5
    memory.work[1][0]["annotations"] = [_given(5, _marked("FOOD"), "2026-01-04T00:00:00Z")]
    assert _pull(memory, project).written == 1


def _assigned(project: Project) -> None:
    assignments_path(project).parent.mkdir(parents=True, exist_ok=True)
    assignments_path(project).write_bytes(msgspec.json.encode(Assignment("d", "anna")) + b"\n")


RENAME = msgspec.convert(
    {
        "from": SCHEMA.id,
        "to": "mini@0.2",
        "operations": [{"rename": "label", "name": "TOOL", "to": "UTENSIL"}],
    },
    Plan,
)


def _renamed() -> Schema:
    text = msgspec.json.encode(SCHEMA).decode().replace("TOOL", "UTENSIL")
    return msgspec.structs.replace(msgspec.json.decode(text, type=Schema), version="0.2")


def test_a_migration_reaches_every_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The main project and each annotator's are rewritten, each with a record; the board is named."""
    memory = Memory()
    _assigned(project)
    titles = ["kept", title_for(project, "anna"), title_for(project, "adjudication")]
    for number, title in enumerate(titles, start=1):
        memory.add(number, title, _given(number + 100, _marked("TOOL")))
    moved = migrate_projects(_client(memory), project, RENAME, _renamed())
    assert [report.rewritten["annotations"] for report in moved.projects] == [1, 1]
    assert len({report.record for report in moved.projects}) == 2
    assert moved.left == titles[2]
    labels = [memory.work[n][0]["annotations"][0]["result"][0]["value"]["labels"] for n in (1, 2, 3)]
    assert labels == [["UTENSIL"], ["UTENSIL"], ["TOOL"]]
    monkeypatch.setattr("goldwire.annotate.labelstudio.client.connect", lambda *_a, **_k: memory)
    (project.root / "mini.yaml").write_bytes(msgspec.yaml.encode(_renamed()))
    (project.root / "plan.yaml").write_bytes(msgspec.yaml.encode(RENAME))
    told = project.root / "told.json"
    words = ["migrate", str(project.root / "plan.yaml"), "--push", "--json", str(told)]
    done_again = CliRunner().invoke(schema_command, [*words, "--project", str(project.root)])
    assert done_again.exit_code == 0, done_again.output
    server = json.loads(told.read_text(encoding="utf-8"))["server"]
    assert [sum(one["rewritten"].values()) for one in server["projects"]] == [0, 0]
    assert server["left"] == titles[2] and titles[2] in done_again.output


def test_results_decide_whether_a_migration_is_done(project: Project) -> None:
    """With the new config there already old results are rewritten, and what is done is left alone."""
    split = [{"split": "FOOD", "rules": [{"when": {"surface": "tomate"}, "to": "TOOL"}], "otherwise": "FOOD"}]
    plan = msgspec.convert({"from": SCHEMA.id, "to": "mini@0.2", "operations": split}, Plan)
    new = msgspec.structs.replace(SCHEMA, version="0.2")
    memory = Memory()
    memory.add(1, "kept", _given(5, _marked("FOOD")))
    first = migrate_server(_client(memory), project, plan, new)
    assert (first.rewritten["annotations"], first.config_changed) == (1, False)
    result = memory.work[1][0]["annotations"][0]["result"]
    assert result[0]["value"]["labels"] == ["TOOL"]
    memory.work[1][0]["annotations"].append(_given(6, _marked("FOOD")))  # made under the new version
    again = migrate_server(_client(memory), project, plan, new)
    assert sum(again.rewritten.values()) == 0


def test_a_pulls_quarantine_is_that_of_the_last_project(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where one project's lines go in the same run, the sum is what the file holds at the end."""
    memory = Memory()
    _assigned(project)
    odd = {"type": "labels", "from_name": "gone"}
    memory.add(1, "kept", _given(5, _marked()))
    memory.add(2, title_for(project, "anna"), _given(6, [*_marked(), odd]))
    _pull(memory, project, title_for(project, "anna"))
    memory.work[2][0]["annotations"] = [_given(6, _marked(), "2026-01-03T00:00:00Z")]
    monkeypatch.setattr("goldwire.annotate.push_and_pull.connect", lambda *_a, **_k: memory)
    done = CliRunner().invoke(command, ["pull", "--full", "--project", str(project.root)])
    assert done.exit_code == 0, done.output
    assert not quarantine_path(project).exists()
    assert re.search(r"in quarantine\W+0", done.output) and "taken in is in" not in done.output


class Clocks(Memory):
    """One whose clock is set, and which answers by the time of change."""

    def __init__(self) -> None:
        super().__init__()
        self.time = datetime(2026, 11, 1, 10, tzinfo=UTC)

    @property
    def server_time(self) -> datetime:  # type: ignore[override]
        return self.time

    def stamp(self) -> str:
        return self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def change(self, result: list[Any]) -> None:
        self.work[1][0]["annotations"] = [_given(5, result, self.stamp())]
        self.work[1][0]["updated_at"] = self.stamp()

    def tasks(self, number: int, *options: Any, **_more: Any) -> Iterator[dict[str, Any]]:
        filters = options[1] if len(options) > 1 else ()
        since = next((each["value"] for each in filters if each["filter"].endswith("updated_at")), "")
        return (task for task in self.work[number] if task["updated_at"] > since)


def _stored(project: Project) -> list[str]:
    return [annotation.spans[0].label for annotation in read_annotations(project)]


@pytest.fixture
def clocks(project: Project, monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """An annotation, pulled while the clock of machine and server was two hours ahead."""
    memory = Clocks()
    monkeypatch.setattr("goldwire.annotate.sync.pull.now", memory.stamp)
    monkeypatch.setattr("goldwire.annotate.sync.pull_state.now", memory.stamp)
    memory.add(1, "kept")
    memory.time += timedelta(hours=2)
    memory.change(_marked("FOOD"))
    _pull_new(memory, project)
    memory.time -= timedelta(hours=2)
    return memory


def _pull_new(memory: Memory, project: Project) -> PullReport:
    return pull(_client(memory), project, SCHEMA, [Document("d", TEXT)])


def test_a_clock_that_was_ahead_hides_nothing_for_good(clocks: Clocks, project: Project) -> None:
    """Also where the wrong instant is over by the next pull: a day later all is read, the edit comes, and
    what it replaces is put aside, since its time is the later one."""
    clocks.time += timedelta(minutes=30)
    clocks.change(_marked("TOOL"))
    clocks.time += timedelta(hours=3)
    assert (_pull_new(clocks, project).why_all, _stored(project)) == ("", ["FOOD"])
    clocks.time += timedelta(hours=24)
    report = _pull_new(clocks, project)
    assert report.why_all == "the last time was more than a day ago"
    assert (report.tasks, report.quarantined, _stored(project)) == (1, 0, ["TOOL"])
    assert "with an earlier time" in report.conflicts[0]
    assert [path.parent.name for path in (project.annotate / "conflicts").glob("*/*.json")] == ["anna"]
    again = _pull_new(clocks, project)
    assert (again.why_all, again.written, again.conflicts) == ("", 0, [])


def test_a_store_that_is_gone_comes_back_whole(clocks: Clocks, project: Project) -> None:
    """Also where a pull reads what changed at first, and sees then that annotations came or went."""
    clocks.time += timedelta(hours=3)
    of_bruno = {**_given(6, _marked("TOOL"), clocks.stamp()), "completed_by": 2}
    task = {**clocks.work[1][0], "id": 11, "updated_at": clocks.stamp(), "annotations": [of_bruno]}
    clocks.work[1].append(task)
    _pull_new(clocks, project)
    shutil.rmtree(project.annotations)
    clocks.time += timedelta(hours=1)
    task["updated_at"] = clocks.stamp()
    report = _pull_new(clocks, project)
    assert (report.removed_here, report.written, report.unchanged, report.conflicts) == ([], 2, 0, [])
    assert _stored(project) == ["FOOD", "TOOL"]


def test_what_a_pull_has_seen_before_is_no_edit_with_an_earlier_time(
    clocks: Clocks, project: Project
) -> None:
    """A server restored from a backup has what was pulled once: the later work stays, without conflict."""
    clocks.time += timedelta(days=2)
    clocks.change(_marked("TOOL"))
    _pull_new(clocks, project)
    clocks.time -= timedelta(hours=1)
    clocks.change(_marked("FOOD"))
    clocks.time += timedelta(days=2)
    report = _pull_new(clocks, project)
    assert (report.quarantined, report.conflicts, _stored(project)) == (1, [], ["TOOL"])


def test_the_command_says_why_it_reads_everything(
    clocks: Clocks, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line; nothing of it where what changed is read."""
    monkeypatch.setattr("goldwire.annotate.push_and_pull.connect", lambda *_a, **_k: clocks)
    clocks.time += timedelta(days=2)
    words = ["pull", "--project", str(project.root)]
    told = [CliRunner().invoke(command, words).output for _ in range(2)]
    assert ["everything was read again: the last time was more" in text for text in told] == [True, False]


def test_whoever_is_told_as_a_record_is_known() -> None:
    """An account is its number or a record with it; else nobody is named."""
    users: tuple[Any, ...] = (1, {"id": 1}, None, "1", {}, True)
    assert [account_number(user) for user in users] == [1, 1, None, None, None, None]


def test_loading_knows_work_told_with_its_account(project: Project) -> None:
    """Who has an annotation on a task is passed over, also where the server names the account in full."""
    memory = Memory()
    memory.add(1, "kept", {**_given(5, _marked()), "completed_by": {"id": 1, "email": "x"}})
    mine = [_reading("anna"), _reading("bruno")]
    assert load_annotations(_client(memory), 1, mine, SCHEMA).sent == 1


def test_the_help_tells_which_server_is_used() -> None:
    """The order is the one that `connect` takes: named ones before the project's own."""
    told = CliRunner().invoke(command, ["--help"]).output
    assert told.index("--url") < told.index("GOLDWIRE_URL") < told.index("toml") < told.index("own")


def test_a_persons_draft_is_not_loaded_as_done() -> None:
    """Unfinished work of a person stays here; a machine's draft, and whatever was submitted, may go up."""
    person, machine = Provenance(kind="human"), Provenance(kind="model", name="m")
    some = [
        Annotation("a", "anna", "s@1", status="draft", provenance=person),
        Annotation("a", "bruno", "s@1", status="submitted", provenance=person),
        Annotation("a", "m", "s@1", status="draft", provenance=machine),
    ]
    assert [a.annotator for a in finished(some)] == ["bruno", "m"]
