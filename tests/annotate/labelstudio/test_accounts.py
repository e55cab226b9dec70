"""Accounts come and go on Label Studio; each keeps the name under which its work is stored."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import goldwire.annotate.rename as rename_module
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.labelstudio.users import UNKNOWN, address
from goldwire.annotate.records.accounts import (
    Account,
    Accounts,
    accounts_path,
    read_accounts,
    write_accounts,
)
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.notes import (
    Note,
    TaskPlace,
    place_key,
    read_notes,
    read_places,
    write_notes,
    write_places,
)
from goldwire.annotate.rename import rename_annotator
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.report import PullReport
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotate.team.assign import assign_project, pull_projects, push_assigned
from goldwire.annotate.team.status import team_status
from goldwire.annotations.store import annotation_path, read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.errors import GoldwireError
from goldwire.files import sha256, write_text
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project, load_project
from tests.annotate.helpers import make_schema
from tests.examples import at_most

SCHEMA = make_schema()
_numbers = itertools.count(1)
TEXTS = {name: f"Un texte : {name}." for name in ("soup", "pie", "bread")}


class Office:
    """A project on the shared server, and the accounts of its annotators."""

    def __init__(self, root: Path, studio: Server) -> None:
        self.number = next(_numbers)
        config = f'[project]\nname = "office-{self.number}"\nlanguage = "fr"\nschema = "s.yaml"\n'
        root.mkdir(parents=True, exist_ok=True)
        (root / "goldwire.toml").write_text(config, encoding="utf-8")
        self.project: Project = load_project(root)
        self.client = Client(studio.url, studio.token)
        self.token = studio.token
        self.documents = [Document(name, text) for name, text in TEXTS.items()]
        push(self.client, self.project, SCHEMA, self.documents)
        self.ls_project = int(self.client.projects(self.project.name)[0]["id"])

    @property
    def zoe(self) -> str:
        """What the first account of the local part `zoe` is called."""
        return f"zoe.{self.number}"

    def join(self, local: str, domain: str) -> int:
        """A new account, whose address no other test has."""
        return int(self.client.create_user(self.email(local, domain), local)["id"])

    def email(self, local: str, domain: str) -> str:
        return f"{local}.{self.number}@{domain}.example"

    def leave(self, number: int, *, deleted: bool = False) -> None:
        """A member is removed, or deleted for good: the server forgets whose the work is."""
        path = f"api/users/{number}/" if deleted else f"api/organizations/1/memberships/{number}/"
        self.client.request("DELETE", path)

    def mark(self, number: int, document: str, end: int = 2) -> int:
        """An annotation by an account; its number."""
        made = Annotation(document, "x", SCHEMA.id, spans=(Span("s", "thing", "FOOD", 0, end),))
        tasks = {t["data"]["id"]: t["id"] for t in self.client.tasks(self.ls_project, ("data",))}
        fields = {"result": to_result(made, SCHEMA, TEXTS[document]), "completed_by": number}
        given = self.client.create_annotation(tasks[document], fields)
        return int((given or {})["id"])

    def pull(self, **options: Any) -> PullReport:
        return pull(self.client, self.project, SCHEMA, self.documents, **options)

    def stored(self) -> set[str]:
        return {f"{a.annotator}/{a.document}" for a in read_annotations(self.project)}


@pytest.fixture
def office(studio: Server, tmp_path: Path) -> Iterator[Office]:
    """An office with three articles."""
    made = Office(tmp_path / "office", studio)
    yield made
    made.client.close()


@pytest.mark.live
@pytest.mark.parametrize("deleted", [False, True])
def test_an_account_keeps_its_name_whoever_comes_and_goes(office: Office, deleted: bool) -> None:
    """Two accounts of one local part, the first of which is removed: two annotators from first to last."""
    first = office.join("zoe", "a")
    office.mark(first, "soup")
    office.pull()
    assert office.stored() == {f"{office.zoe}/soup"}
    second = office.join("zoe", "b")
    office.mark(second, "soup")
    office.pull(full=True)
    other = office.email("zoe", "b")
    assert office.stored() == {f"{office.zoe}/soup", f"{other}/soup"}
    office.leave(first, deleted=deleted)
    office.mark(second, "pie")
    report = office.pull(full=True)
    assert office.stored() == {f"{office.zoe}/soup", f"{other}/soup", f"{other}/pie"}
    assert set(report.annotators) == {office.zoe, other}
    assert {row.annotator for row in team_status(office.client, office.project)} == {office.zoe, other}


@pytest.mark.live
@pytest.mark.parametrize("deleted", [False, True])
def test_two_removed_accounts_are_two_people(office: Office, deleted: bool) -> None:
    """Whom nobody has named before is not taken for another one who is gone too, now and by later pulls."""
    people = [office.join(name, "a") for name in ("yan", "yves")]
    for number in people:
        office.mark(number, "soup")
        office.leave(number, deleted=deleted)
    office.pull()
    stored = office.stored()
    assert len(stored) == 2
    office.pull(full=True)
    office.pull()
    assert office.stored() == stored
    assert len(set(office.pull(full=True).annotators)) == 2


@pytest.mark.live
def test_who_comes_back_has_the_former_name(office: Office) -> None:
    """An account deleted and made anew for the same address is the same annotator."""
    first = office.join("zoe", "a")
    office.mark(first, "soup")
    office.pull()
    office.leave(first, deleted=True)
    office.mark(office.join("zoe", "b"), "pie")
    office.mark(office.join("zoe", "a"), "bread")
    office.pull()
    assert office.stored() == {f"{office.zoe}/soup", f"{office.email('zoe', 'b')}/pie", f"{office.zoe}/bread"}


@pytest.mark.live
def test_another_address_is_no_other_annotator(office: Office, studio: Server) -> None:
    """An account whose address changes keeps its name, and the new one of another keeps theirs."""
    number = office.join("zoe", "a")
    office.mark(number, "soup")
    office.pull()
    [database] = [folder / ".goldwire/studio/label_studio.sqlite3" for folder in _folders_of(studio)]
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("UPDATE htx_user SET email = ? WHERE id = ?", (office.email("zora", "a"), number))
    office.mark(number, "pie")
    office.pull()
    assert office.stored() == {f"{office.zoe}/soup", f"{office.zoe}/pie"}
    office.mark(office.join("zora", "b"), "bread")
    office.pull()
    assert office.stored() == {f"{office.zoe}/soup", f"{office.zoe}/pie", f"zora.{office.number}/bread"}


def _folders_of(studio: Server) -> list[Path]:
    """The project whose server it is, by the folder that its process keeps its data in."""
    import psutil

    data = psutil.Process(studio.pid).environ()["LABEL_STUDIO_BASE_DATA_DIR"]
    return [Path(data).parents[1]]


@pytest.mark.live
def test_loaded_work_comes_back_under_its_name(office: Office) -> None:
    """Loaded work comes back as its annotator's, also when an account of that name joins, or leaves."""
    mine = Annotation(
        "soup", f"ada.{office.number}", SCHEMA.id, "submitted", text_sha256=sha256(TEXTS["soup"])
    )
    write_annotation(office.project, mine)

    def load() -> int:
        report = load_annotations(office.client, office.ls_project, [mine], SCHEMA, project=office.project)
        return report.sent

    assert load() == 1
    joined = office.join("ada", "a")
    assert load() == 0
    office.pull(full=True)
    assert office.stored() == {f"{mine.annotator}/soup"}
    office.mark(joined, "pie")
    office.pull()
    assert office.stored() == {f"{mine.annotator}/soup", f"{office.email('ada', 'a')}/pie"}
    made = next(n for n, name in _names(office).items() if name == mine.annotator)
    office.leave(made, deleted=True)
    office.pull(full=True)
    assert load() == 0
    assert office.stored() == {f"{mine.annotator}/soup", f"{office.email('ada', 'a')}/pie"}


def _names(office: Office) -> dict[int, str]:
    return {one.account: one.name for one in read_accounts(office.project)}


@pytest.mark.live
@pytest.mark.parametrize("deleted", [False, True])
def test_projects_from_before_the_record_are_not_doubled(office: Office, deleted: bool) -> None:
    """Where the record is missing, accounts keep the names under which their work is stored."""
    first = office.join("zoe", "a")
    office.mark(first, "soup")
    office.mark(first, "pie")
    office.pull()
    second = office.join("zoe", "b")
    office.mark(second, "soup")
    accounts_path(office.project).unlink()
    for path in office.project.cache.glob("pull*.json"):
        path.unlink()
    office.leave(first, deleted=deleted)
    office.pull(full=True)
    wanted = {f"{office.zoe}/soup", f"{office.zoe}/pie", f"{office.email('zoe', 'b')}/soup"}
    assert office.stored() == wanted
    office.pull(full=True)
    assert office.stored() == wanted


@pytest.mark.live
def test_what_removed_accounts_shared_is_told_apart(office: Office) -> None:
    """Work of two removed accounts that was stored as `unknown` goes under a name for each, once."""
    people = [office.join(name, "a") for name in ("yan", "yves")]
    office.mark(people[0], "soup")
    office.mark(people[1], "pie")
    office.pull()
    for annotation in read_annotations(office.project):
        annotation_path(office.project, annotation).unlink()
        write_annotation(office.project, _renamed(annotation, UNKNOWN))
    accounts_path(office.project).unlink()
    for number in people:
        office.leave(number)
    report = office.pull(full=True)
    assert len(report.moved) == 2
    assert office.stored() == {f"user-{people[0]}/soup", f"user-{people[1]}/pie"}


def _renamed(annotation: Annotation, name: str) -> Annotation:
    return msgspec.structs.replace(annotation, annotator=name)


@pytest.mark.live
def test_copies_of_former_pulls_are_named(office: Office) -> None:
    """A file that stands under a second name of its account is told and left."""
    office.mark(office.join("zoe", "a"), "soup")
    office.pull()
    [annotation] = read_annotations(office.project)
    write_annotation(office.project, _renamed(annotation, "zoe@old.example"))
    accounts_path(office.project).unlink()
    report = office.pull(full=True)
    assert report.copies == [f"zoe@old.example/soup is {office.zoe}/soup under a second name"]
    assert office.stored() == {f"{office.zoe}/soup", "zoe@old.example/soup"}


@pytest.mark.live
def test_the_record_holds_no_address(office: Office) -> None:
    """It lies beside the annotations, a line an account, without addresses of those whose name is short."""
    office.mark(office.join("zoe", "a"), "soup")
    office.pull()
    text = accounts_path(office.project).read_text(encoding="utf-8")
    assert accounts_path(office.project).parent == office.project.annotate
    assert "@" not in text and f'"name":"{office.zoe}"' in text


def test_a_damaged_record_is_named(project: Project) -> None:
    """A line that is no account is told with its place."""
    accounts_path(project).parent.mkdir(parents=True)
    accounts_path(project).write_text('{"name": "zoe"}\n{"nam": 1}\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW342 .*accounts\.jsonl:2"):
        read_accounts(project)


class Town:
    """Servers on which accounts join, leave and change addresses, as far as naming asks for them."""

    own = False

    def __init__(self) -> None:
        self.here = 0
        self.members: list[dict[int, str]] = [{}, {}]
        self.work: list[dict[int, int]] = [{}, {}]  # by annotation, its account
        self.deleted: set[tuple[int, int]] = set()

    def organisation(self) -> str:
        return f"server {self.here}"

    def users(self) -> list[dict[str, Any]]:
        return [{"id": number, "email": email} for number, email in self.members[self.here].items()]

    def projects(self, title: str) -> list[dict[str, Any]]:
        return [{"id": 1, "title": title}]

    def tasks(self, *_options: Any, **_more: Any) -> Iterator[dict[str, Any]]:
        for number, account in self.work[self.here].items():
            yield {"id": number, "annotations": [self.annotation(number, account)]}

    def annotation(self, number: int, account: int) -> dict[str, Any]:
        moment = f"2026-01-{self.here + 1:02}T00:00:00.{number:06}Z"
        gone = (self.here, account) in self.deleted
        return {"id": number, "completed_by": None if gone else account, "updated_at": moment}


_EMAILS = st.tuples(st.sampled_from(["zoe", "zoé", "ZOE", "user-1"]), st.sampled_from(["a.fr", "b.fr"])).map(
    "@".join
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.one_of(_EMAILS, st.just(address("zoe")))),
        st.tuples(st.just("remove"), st.integers(0, 3)),
        st.tuples(st.just("delete"), st.integers(0, 3)),
        st.tuples(st.just("work"), st.integers(0, 3)),
        st.tuples(st.just("pull"), st.just(0)),
        st.tuples(st.just("forget"), st.just(0)),
        st.tuples(st.just("server"), st.integers(0, 1)),
    ),
    max_size=25,
)


@settings(max_examples=at_most(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS)
def test_no_account_has_two_names_and_no_two_people_share_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    """Whatever joins and leaves in whatever order on two servers, and though the record is lost meanwhile."""
    root = tmp_path_factory.mktemp("town")
    (root / "goldwire.toml").write_text(
        '[project]\nname = "t"\nlanguage = "fr"\nschema = "s"\n', encoding="utf-8"
    )
    project, town = load_project(root), Town()
    names: dict[tuple[int, int], str] = {}
    addresses: dict[tuple[int, int], str] = {}
    numbers = itertools.count(1)

    def see() -> None:
        accounts = Accounts(cast(Client, town), project, keep=True)
        for number, account in town.work[town.here].items():
            given_one = town.annotation(number, account)
            name = accounts.of(given_one)
            assert names.setdefault((town.here, account), name) == name
            made = Provenance(updated=given_one["updated_at"])
            write_annotation(project, Annotation(f"d{town.here}-{number}", name, "s@1", "submitted", made))
        accounts.save()

    for what, value in [*steps, ("pull", 0)]:
        members = town.members[town.here]
        live = [number for number, email in members.items() if email != "Deleted"]
        if what == "server":
            see()
            town.here = value
        elif what == "pull":
            see()
        elif what == "forget":
            see()
            accounts_path(project).unlink(missing_ok=True)
        elif what == "join" and value not in members.values():
            number = next(numbers)
            members[number] = addresses[town.here, number] = value
        elif live and what == "remove":
            members[live[value % len(live)]] = "Deleted"
        elif live and what == "delete":
            see()
            del members[live[value % len(live)]]
            town.deleted.add((town.here, live[value % len(live)]))
        elif live and what == "work":
            town.work[town.here][next(numbers)] = live[value % len(live)]
    by_name: dict[str, set[str]] = {}
    for key, name in names.items():
        by_name.setdefault(name, set()).add(addresses[key].casefold())
    assert all(len(people) == 1 for people in by_name.values())
    places = [(a.annotator, a.document) for a in read_annotations(project)]
    assert len({document for _, document in places}) == len(places)


@pytest.mark.live
def test_a_renamed_annotator_stays_renamed(office: Office) -> None:
    """Files, drafts and marks go under the new name, and later pulls, loads and servers keep to it."""
    number = office.join("zoe", "a")
    office.mark(number, "soup")
    office.pull()
    [mine] = read_annotations(office.project)
    merged = Annotation(
        "soup",
        "adjudicated",
        SCHEMA.id,
        "adjudicated",
        Provenance(name=office.zoe, based_on=("anna", office.zoe)),
        (msgspec.structs.replace(mine.spans[0], marked_by=(office.zoe,)),),
    )
    write_annotation(office.project, merged)
    report = rename_annotator(office.project, old=office.zoe, new="zoé & co")
    assert (report.files, report.accounts) == (2, 1)
    stored = {a.annotator: a for a in read_annotations(office.project)}
    assert set(stored) == {"zoé & co", "adjudicated"}
    assert stored["zoé & co"] == msgspec.structs.replace(mine, annotator="zoé & co")
    result = stored["adjudicated"]
    assert (result.provenance.name, result.provenance.based_on) == ("zoé & co", ("anna", "zoé & co"))
    assert result.spans[0].marked_by == ("zoé & co",)
    assert not (office.project.annotations / office.zoe).exists()
    office.mark(number, "pie")
    assert office.pull(full=True).annotators == ["zoé & co"]
    assert office.stored() == {"zoé & co/soup", "zoé & co/pie", "adjudicated/soup"}
    again = _renamed(mine, "zoé & co")
    assert (
        load_annotations(office.client, office.ls_project, [again], SCHEMA, project=office.project).sent == 0
    )


@pytest.mark.live
def test_a_renamed_annotators_project_is_renamed_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has assignments keeps them, and their Label Studio project with its work is pulled as before."""
    monkeypatch.setenv("GOLDWIRE_TOKEN", office.token)
    anna = f"anna{office.number}"
    made = assign_project(office.project, office.documents, [anna], 1).assignments
    push_assigned(office.client, office.project, SCHEMA, office.documents, made)
    work = [Annotation("soup", anna, SCHEMA.id, "submitted", text_sha256=sha256(TEXTS["soup"]))]
    own = int(office.client.projects(title_for(office.project, anna))[0]["id"])
    load_annotations(office.client, own, work, SCHEMA, project=office.project)
    report = rename_annotator(office.project, old=anna, new="berta", url=office.client.url)
    assert (report.assignments, report.title) == (3, title_for(office.project, "berta"))
    made = assign_project(office.project, office.documents, [], 1).assignments
    sent = push_assigned(office.client, office.project, SCHEMA, office.documents, made)
    assert {name: pushed.sent for name, pushed in sent.items()} == {"berta": 0}
    pulled = pull_projects(office.client, office.project, SCHEMA, office.documents)
    assert office.stored() == {"berta/soup"}
    assert [one.others for one in pulled if one.annotator] == [()]


@pytest.mark.parametrize(("old", "new", "why"), [
    ("anna", "bruno", "two people can't become one"),
    ("anna", "BRUNO", "two people can't become one"),
    ("anna", "anna", "two people can't become one"),
    ("anna", "carl", "two people can't become one"),
    ("zoe", "eve", "nobody is called `zoe`.*anna, bruno, carl"),
    ("anna", "unknown", "can't be an annotator's name"),
    ("anna", "../x", "can't be an annotator's name"),
    ("anna", " ", "can't be an annotator's name"),
    ("anna", "cecil", "exchange the sides a and b"),
])  # fmt: skip
def test_a_rename_that_would_lose_is_refused(project: Project, old: str, new: str, why: str) -> None:
    """Who is stored or recorded is no other's new name; sides of decisions are not exchanged; files stay."""
    for name in ("anna", "bruno"):
        write_annotation(project, Annotation("d", name, SCHEMA.id))
    write_accounts(accounts_path(project), [Account("carl", "s", 3)])
    folder = project.annotate / "adjudication"
    folder.mkdir()
    (folder / "d.yaml").write_text("document: d\nbetween: [anna, bruno]\ndecisions: []\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in project.annotate.rglob("*.*") if path.is_file()}
    with pytest.raises(GoldwireError, match=why) as caught:
        rename_annotator(project, old=old, new=new)
    assert caught.value.faults[0].code in ("GW379", "GW341")
    assert before == {path: path.read_bytes() for path in project.annotate.rglob("*.*") if path.is_file()}


def test_a_rename_that_was_cut_off_is_finished(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever file was the last one, the same command brings all under the new name, none twice."""
    texts = [f"d{number}" for number in range(3)]
    for document in texts:
        write_annotation(project, Annotation(document, "anna", SCHEMA.id))
    honest = write_text
    for writes in range(7):
        left = itertools.count()

        def cut(path: Path, text: str, left: Iterator[int] = left, writes: int = writes) -> None:
            if next(left) == writes:
                raise KeyboardInterrupt
            honest(path, text)

        old, new = ("anna", "berta") if writes % 2 == 0 else ("berta", "anna")
        with monkeypatch.context() as patch:
            patch.setattr(rename_module, "write_text", cut)
            with contextlib.suppress(KeyboardInterrupt):
                rename_annotator(project, old=old, new=new)
        with contextlib.suppress(GoldwireError):  # nothing was left to do
            rename_annotator(project, old=old, new=new)
        assert [(a.annotator, a.document) for a in read_annotations(project)] == [(new, d) for d in texts]


def test_a_renamed_annotators_notes_and_places_go_along(project: Project) -> None:
    """Notes and addresses of tasks are found under the new name, and none is left under the old one."""
    write_annotation(project, Annotation("d", "anna", SCHEMA.id))
    others = Note("annabel", "d", "", "x", "y"), TaskPlace(1, 3, "http://x/3")
    write_notes(project, [Note("anna", "d", "2026-01-05", "pain", "why?"), others[0]])
    places = {place_key("anna", "d"): TaskPlace(1, 2, "http://x/2"), place_key("annabel", "d"): others[1]}
    write_places(project, places)
    assert rename_annotator(project, old="anna", new="berta").files == 2
    assert read_notes(project) == [others[0], Note("berta", "d", "2026-01-05", "pain", "why?")]
    assert read_places(project) == {
        place_key("berta", "d"): TaskPlace(1, 2, "http://x/2"),
        place_key("annabel", "d"): others[1],
    }


def test_the_command_renames(project: Project) -> None:
    """`annotate rename OLD NEW` says what it did."""
    write_annotation(project, Annotation("d", "anna", SCHEMA.id))
    done = CliRunner().invoke(command, ["rename", "anna", "berta", "--project", str(project.root)])
    assert (done.exit_code, "1 files" in done.output) == (0, True), done.output
    assert [a.annotator for a in read_annotations(project)] == ["berta"]
