"""Annotations change here, on the server, or on both sides: a pull loses neither, on a real Label Studio."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.records.pulled import PulledAnnotation, follow, local_hash, remote_hash
from goldwire.annotate.rename import rename_annotator
from goldwire.annotate.sync import pull_state
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.pull_state import PullState, before, to_come
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.quarantine import quarantine_path
from goldwire.annotate.sync.report import PullReport
from goldwire.annotate.sync.three_way import PullChoice, choose_version
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import annotation_path, read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema

MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
SCHEMA = load_schema(MINI)
TEXTS = {name: f"Couper la tomate : {name}." for name in ("soup", "pie")}
FIRST, HERE, THERE, LATER = (0, 6), (10, 16), (7, 9), (0, 16)
_numbers = itertools.count(1)


def _marked(name: str, extent: tuple[int, int], document: str = "soup", **changes: Any) -> Annotation:
    spans = (Span("s", "thing", "FOOD", *extent),)
    digest = sha256(TEXTS[document])
    made = Annotation(document, name, SCHEMA.id, "submitted", spans=spans, text_sha256=digest)
    return msgspec.structs.replace(made, **changes)


_choices = st.fixed_dictionaries(
    {
        "known": st.sampled_from(["", "stored", "other"]),
        "there": st.sampled_from(["", "server", "other"]),
        "prefer": st.sampled_from(["", "ours", "theirs"]),
        "store_is_new": st.booleans(),
        "noted": st.booleans(),
        "new": st.booleans(),
        "set_back": st.booleans(),
        "times": st.sampled_from([("", ""), ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]),
    }
)


@given(_choices, st.booleans(), st.booleans())
def test_no_edit_is_taken_over_unless_it_is_put_aside(
    facts: dict[str, Any], removed: bool, turned: bool
) -> None:
    """Whatever is known: what was edited here stays, or is put aside, or was to lose by what was asked."""
    times = facts["times"][::-1] if turned else facts["times"]
    stored, made = (
        _marked("ann", extent, provenance=Provenance(updated=time))
        for extent, time in zip((HERE, THERE), times, strict=True)
    )
    known = PulledAnnotation(
        {"": "", "stored": local_hash(stored), "other": "0"}[facts["known"]],
        "here 1",
        {"": {}, "server": {"here 1": remote_hash(made)}, "other": {"here 1": "0"}}[facts["there"]],
    )
    choice = choose_version(
        None if removed else stored,
        made,
        same=False,
        known=known,
        source="here 1",
        remote=remote_hash(made),
        prefer=facts["prefer"],
        store_is_new=facts["store_is_new"],
        as_noted=facts["noted"],
        set_back=facts["set_back"],
        new_there=lambda _stored: facts["new"],
    )
    if choice is PullChoice.TAKE and not removed:
        assert facts["known"] == "stored" or facts["prefer"] == "theirs"
    if choice is PullChoice.TAKE_OVER_EDIT:
        assert facts["prefer"] == ""
    if choice in (PullChoice.LEAVE_REMOVED, PullChoice.TAKE_ANEW):
        assert removed and known.remote and facts["prefer"] != "theirs"
    if facts["there"] == "other" and not removed and facts["known"] == "stored" and not turned:
        assert choice is PullChoice.TAKE, "changed there alone"


class Table:
    """A project on the shared server; `ann` has marked the soup there, and it was pulled."""

    def __init__(self, root: Path, studio: Server) -> None:
        number = next(_numbers)
        self.ann, self.studio = "ann-three", studio
        root.mkdir(exist_ok=True)
        config = f'[project]\nname = "three-{number}"\nlanguage = "fr"\nschema = "mini.yaml"\n'
        (root / "goldwire.toml").write_text(config, encoding="utf-8")
        (root / "mini.yaml").write_bytes(MINI.read_bytes())
        (root / "seeds/articles").mkdir(parents=True)
        rows = [msgspec.json.encode({"id": n, "text": t}) + b"\n" for n, t in TEXTS.items()]
        (root / "seeds/articles.jsonl").write_bytes(b"".join(rows))
        self.project: Project = load_project(root)
        self.client = Client(studio.url, studio.token)
        self.documents = [Document(name, text) for name, text in TEXTS.items()]
        push(self.client, self.project, SCHEMA, self.documents)
        self.number = int(self.client.projects(self.project.name)[0]["id"])
        load_annotations(self.client, self.number, [_marked(self.ann, FIRST)], SCHEMA)
        self.pull()

    def given(self) -> dict[str, Any]:
        tasks = self.client.tasks(self.number, ("data", "annotations", "result", "completed_by"))
        return dict(next(task for task in tasks if task["annotations"])["annotations"][0])

    def there(self, extent: tuple[int, int]) -> None:
        """Ann changes it on the server."""
        result = to_result(_marked(self.ann, extent), SCHEMA, TEXTS["soup"])
        self.client.request("PATCH", f"api/annotations/{self.given()['id']}/", body={"result": result})

    def here(self, extent: tuple[int, int]) -> None:
        """Somebody changes the file."""
        spans = (Span("s", "thing", "FOOD", *extent),)
        write_annotation(self.project, msgspec.structs.replace(self.stored, spans=spans))

    def remove(self) -> None:
        annotation_path(self.project, self.stored).unlink()

    @property
    def stored(self) -> Annotation:
        [annotation] = read_annotations(self.project)
        return annotation

    @property
    def extent(self) -> tuple[int, int]:
        [span] = self.stored.spans
        return span.start, span.end

    def aside(self) -> list[tuple[int, int]]:
        """What is put aside."""
        paths = sorted((self.project.annotate / "conflicts").glob("*/*.json"))
        held = [msgspec.json.decode(path.read_bytes(), type=Annotation) for path in paths]
        return [(a.spans[0].start, a.spans[0].end) for a in held]

    def forget(self) -> None:
        """A fresh clone: what lies in .goldwire/ is not there."""
        for path in self.project.cache.glob("pull*.json"):
            path.unlink()

    def pull(self, **options: Any) -> PullReport:
        return pull(self.client, self.project, SCHEMA, self.documents, **options)


@pytest.fixture
def board(studio: Server, tmp_path: Path) -> Iterator[Table]:
    """A project with one pulled annotation."""
    made = Table(tmp_path / "table", studio)
    yield made
    made.client.close()


_SPAN_HERE = (Span("s", "thing", "FOOD", *HERE),)
FULL = pytest.mark.parametrize("full", [False, True])
live = pytest.mark.live


@live
@FULL
@pytest.mark.parametrize("prefer", ["", "ours", "theirs"])
def test_what_changed_here_only_stays(board: Table, full: bool, prefer: str) -> None:
    """No pull undoes a local edit while the server has what was pulled, and it says which they are."""
    board.here(HERE)
    for _ in range(2):
        report = board.pull(full=full, prefer=prefer)
        assert (board.extent, report.written, report.conflicts) == (HERE, 0, [])
    if full:
        assert report.edited_here == [f"{board.ann}/soup"]


@live
@FULL
@pytest.mark.parametrize("prefer", ["", "ours", "theirs"])
def test_what_changed_there_only_comes(board: Table, full: bool, prefer: str) -> None:
    """The server's change is taken where the file is as it was pulled, however it is laid out."""
    board.there(THERE)
    path = annotation_path(board.project, board.stored)
    path.write_bytes(msgspec.json.encode(board.stored))
    report = board.pull(full=full, prefer=prefer)
    assert (board.extent, report.written, report.conflicts, board.aside()) == (THERE, 1, [], [])


@live
@FULL
def test_what_both_changed_is_told_and_nothing_is_lost(board: Table, full: bool) -> None:
    """The server's version is stored, the local one lies aside, each of them; told once each time."""
    board.here(HERE)
    board.there(THERE)
    report = board.pull(full=full)
    assert (board.extent, board.aside(), len(report.conflicts)) == (THERE, [HERE], 1)
    assert "annotate/conflicts/" in report.conflicts[0] and not quarantine_path(board.project).exists()
    assert board.pull(full=full).conflicts == []
    board.here(LATER)
    board.there(FIRST)
    assert (len(board.pull(full=full).conflicts), sorted(board.aside())) == (1, sorted([HERE, LATER]))
    assert len(read_annotations(board.project)) == 1


@live
@FULL
def test_a_side_can_be_named(board: Table, full: bool) -> None:
    """`ours` keeps the local version, also at the next pull; `theirs` the server's; nothing is put aside."""
    board.here(HERE)
    board.there(THERE)
    assert board.pull(full=full, prefer="ours").conflicts == []
    assert (board.extent, board.pull(full=full).conflicts, board.extent) == (HERE, [], HERE)
    board.there(LATER)
    assert board.pull(full=full, prefer="theirs").conflicts == []
    assert (board.extent, board.aside()) == (LATER, [])


@live
@FULL
def test_the_same_change_on_both_sides_is_no_conflict(board: Table, full: bool) -> None:
    """What was changed here and there alike stays as it is."""
    board.here(HERE)
    board.there(HERE)
    assert (board.pull(full=full).conflicts, board.extent, board.aside()) == ([], HERE, [])
    board.there(THERE)
    assert (board.pull(full=full).conflicts, board.extent, board.aside()) == ([], THERE, [])


@live
@FULL
def test_in_a_fresh_clone_nothing_is_taken_for_unchanged(board: Table, full: bool) -> None:
    """Without hashes an edit here stays while the server's time is the stored one; else it is put aside."""
    board.here(HERE)
    board.forget()
    assert (board.pull(full=full).conflicts, board.extent) == ([], HERE)
    board.forget()
    board.there(THERE)
    assert (len(board.pull(full=full).conflicts), board.extent, board.aside()) == (1, THERE, [HERE])


@live
@FULL
def test_a_removed_file_stays_removed(board: Table, full: bool) -> None:
    """A removal here is told and kept, until the server has something new or is asked for."""
    held = board.stored
    board.remove()
    report = board.pull(full=True)
    assert (report.removed_here, read_annotations(board.project)) == ([f"{board.ann}/soup"], [])
    assert (board.pull(full=full, prefer="ours").written, read_annotations(board.project)) == (0, [])
    assert board.pull(full=True, prefer="theirs").written == 1
    assert board.stored == held
    board.remove()
    board.there(THERE)
    report = board.pull(full=full)
    assert (len(report.conflicts), board.extent) == (1, THERE)


@live
def test_a_lost_store_is_fetched_again(board: Table) -> None:
    """Without the folder of annotations there is nothing that was removed: all of it comes."""
    held = board.stored
    board.remove()
    annotation_path(board.project, held).parent.rmdir()
    board.project.annotations.rmdir()
    assert (board.pull(full=True).written, board.stored) == (1, held)


@live
@FULL
def test_what_is_gone_from_the_server_stays_with_its_edits(board: Table, full: bool) -> None:
    """A deletion there takes nothing from here; what is annotated anew is a change there."""
    board.here(HERE)
    board.client.request("DELETE", f"api/annotations/{board.given()['id']}/")
    assert (board.pull(full=full).gone, board.extent) == (1, HERE)
    load_annotations(board.client, board.number, [_marked(board.ann, THERE)], SCHEMA)
    assert (len(board.pull(full=full).conflicts), board.extent, board.aside()) == (1, THERE, [HERE])


@live
@FULL
def test_loaded_work_that_is_corrected_comes_without_a_conflict(board: Table, full: bool) -> None:
    """A draft loaded and corrected there is taken; one that was edited here since as well is told."""
    machine = Provenance("model", "m", "1")
    drafts = [_marked(f"{board.ann}-{n}", FIRST, "pie", status="draft", provenance=machine) for n in (1, 2)]
    for draft in drafts:
        write_annotation(board.project, draft)
    load_annotations(board.client, board.number, drafts, SCHEMA, project=board.project)
    edited = msgspec.structs.replace(drafts[1], spans=_SPAN_HERE)
    write_annotation(board.project, edited)
    tasks = board.client.tasks(board.number, ("data", "annotations", "completed_by"))
    for sent in next(task for task in tasks if task["data"]["id"] == "pie")["annotations"]:
        result = to_result(_marked("x", THERE, "pie"), SCHEMA, TEXTS["pie"])
        board.client.request("PATCH", f"api/annotations/{sent['id']}/", body={"result": result})
    report = board.pull(full=full)
    assert [line.partition(":")[0] for line in report.conflicts] == [f"{board.ann}-2/pie"]
    assert board.aside() == [HERE]
    assert {a.spans[0].start for a in read_annotations(board.project) if a.document == "pie"} == {THERE[0]}


@live
def test_a_draft_edited_here_is_not_overwritten(board: Table) -> None:
    """Unfinished work that goes on there and was changed here as well is told, like what is finished."""
    task = next(t["id"] for t in board.client.tasks(board.number, ("data",)) if t["data"]["id"] == "pie")
    body = {"result": to_result(_marked("x", FIRST, "pie"), SCHEMA, TEXTS["pie"]), "lead_time": 1}
    draft = board.client.request("POST", f"api/tasks/{task}/drafts", body=body)
    board.pull(drafts=True)
    [mine] = [a for a in read_annotations(board.project) if a.status == "draft"]
    write_annotation(board.project, msgspec.structs.replace(mine, spans=_SPAN_HERE))
    assert board.pull(drafts=True).drafts_written == 0
    body = {"result": to_result(_marked("x", THERE, "pie"), SCHEMA, TEXTS["pie"])}
    board.client.request("PATCH", f"api/drafts/{draft['id']}/", body=body)
    report = board.pull(drafts=True)
    assert (report.drafts_written, len(report.conflicts), board.aside()) == (1, 1, [HERE])


@live
def test_a_rename_is_no_edit(board: Table) -> None:
    """What goldwire itself changed in a file makes no conflict."""
    rename_annotator(board.project, old=board.ann, new=f"{board.ann}-b")
    board.there(THERE)
    assert (board.pull().conflicts, board.extent) == ([], THERE)


@live
def test_the_command_says_it(board: Table, named_server: Server) -> None:
    """`pull` ends with 1 and names the file where both sides changed; the options exclude that."""
    board.here(HERE)
    board.there(THERE)
    words = ["pull", "--project", str(board.project.root)]
    done = CliRunner().invoke(command, words)
    assert (done.exit_code, f"conflict  {board.ann}/soup" in done.output) == (1, True), done.output
    board.here(HERE)
    board.there(LATER)
    done = CliRunner().invoke(command, [*words, "--ours"])
    assert (done.exit_code, board.extent) == (0, HERE), done.output
    assert f"left as they are: {board.ann}/soup" in done.output


# Clocks -----------------------------------------------------------------------------------------------------


@live
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("hours", [2, -2, 24 * 400])
def test_a_pull_under_a_wrong_clock_hides_nothing(
    board: Table, monkeypatch: pytest.MonkeyPatch, own: bool, hours: int
) -> None:
    """After a pull while this machine's clock was wrong, what is changed at once and later still comes."""
    board.client.own = own
    board.forget()
    right = pull_state.now
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    with monkeypatch.context() as patch:
        patch.setattr("goldwire.annotate.sync.pull.now", lambda: wrong.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        patch.setattr(pull_state, "now", lambda: wrong.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        board.pull()
    assert _state(board).since <= right()
    board.there(THERE)
    assert (board.pull().written, board.extent) == (1, THERE)


@live
@pytest.mark.parametrize("own", [False, True])
def test_an_instant_to_come_means_reading_everything(board: Table, own: bool) -> None:
    """What a former pull noted under a clock that was ahead is not believed, whose clock that was."""
    board.client.own = own
    board.forget()
    board.pull()
    _ahead(board, hours=2)
    board.there(THERE)
    report = board.pull()
    assert (report.tasks, report.written, board.extent) == (2, 1, THERE)
    assert _state(board).since <= pull_state.now()


@live
def test_times_of_a_server_that_was_ahead_hide_nothing(board: Table) -> None:
    """A task stamped with an instant to come does not keep later edits away, though none is as late."""
    tasks = list(board.client.tasks(board.number, ("data", "updated_at")))
    honest = board.client.tasks

    def ahead(*options: Any, **more: Any) -> Iterator[dict[str, Any]]:
        for task in honest(*options, **more):
            late = task["id"] == tasks[1]["id"]
            yield {**task, "updated_at": before(task["updated_at"], -7200)} if late else task

    board.client.tasks = ahead  # type: ignore[method-assign]
    board.pull(full=True)
    assert _state(board).since <= pull_state.now()
    board.there(THERE)
    assert (board.pull().written, board.extent) == (1, THERE)


@live
@pytest.mark.parametrize("reached", [False, True])
def test_what_was_stored_under_a_clock_ahead_is_not_taken_for_later(board: Table, reached: bool) -> None:
    """The stored time of a change may be to come, or have been then; the next change on the server counts."""
    if reached:
        board.there(THERE)
    old = board.stored
    ahead = pull_state.now() if reached else before(pull_state.now(), -7200)
    new = msgspec.structs.replace(old, provenance=msgspec.structs.replace(old.provenance, updated=ahead))
    write_annotation(board.project, new)
    follow(board.project, [(old, new)])
    if not reached:
        board.there(THERE)
    report = board.pull()
    assert (report.written, report.quarantined, report.conflicts, board.extent) == (1, 0, [], THERE)


@pytest.mark.parametrize(("instant", "expected"), [("11.900000Z", False), ("13.000000Z", True)])
def test_the_fraction_that_a_date_leaves_out_is_no_clock_ahead(instant: str, expected: bool) -> None:
    """What changed earlier in the second of the server's answer is not to come."""
    answered = datetime(2020, 1, 1, 12, 0, 11, tzinfo=UTC)
    assert to_come(f"2020-01-01T12:00:{instant}", answered) is expected


@live
def test_a_server_restored_from_a_backup_undoes_nothing(board: Table) -> None:
    """What the server had before is not taken for new: the later work stays, the earlier is set aside."""
    data = psutil.Process(board.studio.pid).environ()["LABEL_STUDIO_BASE_DATA_DIR"]
    query = "SELECT result, updated_at FROM task_completion WHERE id = ?"
    with sqlite3.connect(Path(data) / "label_studio.sqlite3", timeout=30) as database:
        backup = database.execute(query, (board.given()["id"],)).fetchone()
    board.there(THERE)
    board.pull()
    with sqlite3.connect(Path(data) / "label_studio.sqlite3", timeout=30) as database:
        change = "UPDATE task_completion SET result = ?, updated_at = ? WHERE id = ?"
        database.execute(change, (*backup, board.given()["id"]))
    report = board.pull(full=True)
    assert (report.written, report.quarantined, board.extent) == (0, 1, THERE)


def _state(board: Table) -> PullState:
    return msgspec.json.decode((board.project.cache / "pull.json").read_bytes(), type=PullState)


def _ahead(board: Table, *, hours: int) -> None:
    state = _state(board)
    late = before(pull_state.now(), -3600 * hours)
    path = board.project.cache / "pull.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(state, since=late, recent={})))


@live
def test_two_pulls_at_once_are_one_after_the_other(board: Table, named_server: Server) -> None:
    """Both end well, everything is stored once, and the second finds nothing to write."""
    load_annotations(board.client, board.number, [_marked(board.ann, HERE, "pie")], SCHEMA)
    board.there(THERE)
    program = [sys.executable, "-m", "goldwire", "annotate", "pull", "--project", str(board.project.root)]
    running = [subprocess.Popen(program, stderr=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    told = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert {(a.document, a.spans[0].start) for a in read_annotations(board.project)} == {
        ("soup", THERE[0]),
        ("pie", HERE[0]),
    }
    assert board.pull().written == 0
