"""Gold checks go unmarked among an annotator's tasks, by seed, and nothing rests on what is marked there."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from math import ceil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import goldwire
from goldwire.annotate.adjudication.project import adjudicate
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.migration.stored import migrate_project
from goldwire.annotate.records.assignments import Assignment, read_assignments
from goldwire.annotate.records.gold_checks import GoldCheck, checks_path, read_checks, write_checks
from goldwire.annotate.rename import rename_annotator
from goldwire.annotate.report.gold_checks import read_checked
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotate.team.assign import assign, assign_project
from goldwire.annotate.team.gold_checks import (
    draw_checks,
    has_seen,
    in_task_order,
    reviewed_answers,
    share_of,
)
from goldwire.annotations.removal import remove_articles
from goldwire.annotations.store import project_articles, read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.corpus.corpus import load_corpus
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Provenance
from goldwire.project import Project
from goldwire.schemas import load_schema
from goldwire.schemas.changes.plan import Plan
from goldwire.seeds import load_seeds
from tests.annotate.team.gold import example, make_gold_project, marked, review, right
from tests.cli.terminal import called


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """24 articles, four of them reviewed by carla."""
    return make_gold_project(tmp_path / f"gold-{tmp_path.name}"[:30])


def answered(count: int) -> dict[str, list[Annotation]]:
    """So many reviewed articles."""
    return {f"g{n}": [marked(f"r{n}", "carla", [], (), status="reviewed")] for n in range(count)}


@pytest.mark.parametrize(("text", "share"), [("5%", 20), (" 12.5 %", 8), ("0.25", 4), ("50%", 2)])
def test_a_share_is_a_percentage_or_a_fraction(text: str, share: int) -> None:
    """`5%` and `0.05` are one in twenty."""
    assert share_of(text) == Fraction(1, share)


@pytest.mark.parametrize("text", ["0", "51%", "-5%", "many", "%", "", "1/0", "nan"])
def test_what_is_no_share_is_refused(text: str) -> None:
    """GW783 says what one looks like."""
    with pytest.raises(GoldwireError, match=r"GW783.*5%"):
        share_of(text)


@given(
    st.integers(0, 60),
    st.integers(1, 4),
    st.integers(0, 12),
    st.fractions(Fraction(1, 50), Fraction(1, 2)),
    st.integers(0, 5),
)
def test_everyone_gets_their_share_of_checks(
    articles: int, people: int, gold: int, share: Fraction, seed: int
) -> None:
    """Rounded up, one in each stretch of the tasks, each of an article of its own; what lacks is counted; and
    the same seed draws the same."""
    names = [f"p{n}" for n in range(people)]
    assignments = assign([f"a{n}" for n in range(articles)], names, 1, seed=seed)
    drawn, lacking = draw_checks(answered(gold), assignments, [], [], share, seed=seed)
    counts = Counter(check.annotator for check in drawn)
    for name, load in Counter(assignment.annotator for assignment in assignments).items():
        assert counts[name] + lacking.get(name, 0) == ceil(share * load)
        assert counts[name] == min(gold, ceil(share * load))
        places = [check.place for check in drawn if check.annotator == name]
        assert [int(place * len(places)) for place in sorted(places)] == list(range(len(places)))
    assert len({(check.annotator, check.article) for check in drawn}) == len(drawn)
    assert draw_checks(answered(gold), assignments, [], [], share, seed=seed) == (drawn, lacking)


def test_checks_come_with_new_articles_only() -> None:
    """Alone they would be known: who gets nothing new gets no check; shares count what was given before."""
    first = assign([f"a{n}" for n in range(20)], ["anna"], 1)
    drawn, _ = draw_checks(answered(9), first, [], [], Fraction(1, 10))
    assert len(drawn) == 2
    assert draw_checks(answered(9), first, first, [], Fraction(1, 2)) == ([], {})
    more = assign([f"a{n}" for n in range(25)], ["anna"], 1, former=first)
    later, _ = draw_checks(answered(9), more, first, drawn, Fraction(1, 10))
    assert len(later) == 1 and later[0].article not in {check.article for check in drawn}


def test_nobody_is_checked_with_what_they_know() -> None:
    """Who read an article, had a part in its reviewed annotation or decided it does not get it; nor does who
    is to read it or had it before."""
    anna, bruno = (marked("r1", name, []) for name in ("anna", "bruno"))
    made = Provenance("human", "dora", based_on=("anna", "emil"))
    gold = Annotation("r1", "adjudicated", "mini@0.1", "adjudicated", made)
    assert all(has_seen(name, [gold, bruno]) for name in ("anna", "emil", "dora", "bruno", "adjudicated"))
    assert not has_seen("carla", [gold, anna, bruno])
    assignments = [Assignment("x", "anna"), Assignment("x", "carla"), Assignment("r1", "carla")]
    drawn, lacking = draw_checks({"r1": [gold, anna]}, assignments, [], [], Fraction(1, 2))
    assert (drawn, lacking) == ([], {"anna": 1, "carla": 1})
    had = [GoldCheck("r1", "fay", "practice")]
    drawn, lacking = draw_checks({"r1": [gold]}, [Assignment("x", "fay")], [], had, Fraction(1, 2))
    assert (drawn, lacking) == ([], {"fay": 1})


def test_only_what_people_reviewed_is_gold() -> None:
    """A submitted reading, a person's draft and a model's adjudication are none."""
    model = Annotation("r3", "m", "mini@0.1", "adjudicated", Provenance("model", "llm"))
    stored = [
        marked("r1", "anna", [], status="submitted"),
        marked("r2", "anna", [], status="draft"),
        model,
        marked("r4", "anna", [], status="submitted"),
        marked("r4", "carla", [], status="reviewed"),
    ]
    found = reviewed_answers(stored)
    assert {name: [each.annotator for each in theirs] for name, theirs in found.items()} == {
        "r4": ["carla", "anna"]
    }


def test_the_order_tells_nothing() -> None:
    """With checks an annotator's tasks stand in an order of their own, checks in their places; without, in
    the project's."""
    documents = [Document(f"a{n:02}", "x") for n in range(40)]
    checks = [GoldCheck("a00", "anna", place=0.2), GoldCheck("a01", "anna", place=0.7)]
    assert in_task_order(documents, "bruno", checks) == documents
    order = [document.id for document in in_task_order(documents, "anna", checks)]
    assert sorted(order) == [document.id for document in documents] != order
    assert 2 <= order.index("a00") <= 16 and 20 <= order.index("a01") <= 36
    assert [document.id for document in in_task_order(documents[::-1], "anna", checks)] == order


def test_reviewed_articles_serve_as_checks(project: Project) -> None:
    """With checks nobody is given a reviewed article to read; a check never becomes a reading later; a run
    without new articles adds none."""
    documents = load_seeds(project)
    made = assign_project(project, documents, ["anna", "bruno"], 2, checks=Fraction(1, 10))
    gold = {f"r{n}" for n in range(4)}
    assert {assignment.article for assignment in made.assignments} & gold == set() and made.held_back == 4
    assert Counter(check.annotator for check in made.checks) == {"anna": 2, "bruno": 2}
    assert {check.article for check in made.checks} <= gold
    assert read_checks(project) == made.checks
    again = assign_project(project, documents, [], 2, checks=Fraction(1, 10))
    assert (again.assignments, again.checks) == (made.assignments, made.checks)
    without = assign_project(project, documents, [], 2)
    theirs = {(assignment.annotator, assignment.article) for assignment in without.assignments}
    assert theirs & {(check.annotator, check.article) for check in made.checks} == set()


def test_checks_that_would_be_known_are_not_drawn(project: Project) -> None:
    """A check without predictions among new articles that have them, though older ones have none: GW788 names
    the project, and who reads what is as it was. With predictions of all it is drawn."""
    documents = load_seeds(project)
    assign_project(project, documents[4:12], ["anna"], 1)
    before = {path: path.read_bytes() for path in project.annotate.glob("*.jsonl")}
    assert [path.name for path in before] == ["assignments.jsonl"]
    everywhere = {each.id: [Annotation(each.id, "m", "mini@0.1")] for each in documents}
    unread = {name: made for name, made in everywhere.items() if name not in reviewed_gold(project)}
    with pytest.raises(GoldwireError, match=r"GW788.*anna's gold checks") as raised:
        assign_project(project, documents, [], 1, checks=Fraction(1, 10), predictions=unread)
    assert [fault.where for fault in raised.value.faults] == [str(project.root)]
    assert {path: path.read_bytes() for path in project.annotate.glob("*.jsonl")} == before
    made = assign_project(project, documents, [], 1, checks=Fraction(1, 10), predictions=everywhere)
    assert made.checks == read_checks(project) != []


def reviewed_gold(project: Project) -> set[str]:
    """The articles that have a reviewed annotation."""
    return set(reviewed_answers(read_annotations(project)))


def test_without_gold_there_are_no_checks(tmp_path: Path) -> None:
    """A project of drafts is told to adjudicate first (GW784), and nothing is assigned."""
    project = make_gold_project(tmp_path / "drafts", reviewed=0)
    write_annotation(project, marked("r0", "anna", right("r0")))
    with pytest.raises(GoldwireError, match=r"GW784.*adjudicate"):
        assign_project(project, load_seeds(project), ["anna"], 1, checks=Fraction(1, 20))
    assert read_assignments(project) == [] and not checks_path(project).exists()


def test_a_line_that_is_no_check_is_named(project: Project) -> None:
    """GW782 with file and line: a check that is lost would count as a reading."""
    write_checks(project, [GoldCheck("r0", "anna")])
    path = checks_path(project)
    path.write_text(path.read_text(encoding="utf-8") + '{"article": "r1"}\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW782.*checks\.jsonl:2"):
        read_checks(project)


def test_an_annotator_renamed_keeps_their_checks(project: Project) -> None:
    """Record and files follow; none is left under the old name."""
    write_checks(project, [GoldCheck("r0", "anna", place=0.5), GoldCheck("r1", "bruno")])
    write_annotation(project, marked("r0", "anna", right("r0")), project.checks)
    rename_annotator(project, old="anna", new="anne")
    assert [check.annotator for check in read_checks(project)] == ["anne", "bruno"]
    [kept] = read_annotations(project, project.checks)
    assert kept.annotator == "anne"


def test_nothing_rests_on_a_check(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    """Corpus, agreement, training data and adjudication have no check among their readings, and say how many
    were left out."""
    write_annotation(project, marked("r5", "anna", right("r5")))
    for name in ("anna", "bruno"):
        write_annotation(project, marked("r0", name, right("r0")), project.checks)
    names = {a.annotator for article in project_articles(project) for a in article.annotations}
    assert names == {"carla", "anna"}
    assert "left out: 2 × gold checks in annotate/checks" in caplog.text
    by_document = {article.document.id: article.annotations for article in load_corpus(project).articles}
    assert [a.annotator for a in by_document["r0"]] == ["carla"]
    with pytest.raises(GoldwireError, match="two annotators"):
        goldwire.agree(project)
    caplog.clear()
    waiting = adjudicate(project, by="dora").waiting
    assert "r0" in waiting and "left out: 2 × gold checks" in caplog.text
    built = called("corpus", "build", "--project", project.root)
    assert "left out: 2 × gold checks in annotate/checks" in built.stderr


def test_a_migration_takes_checks_along(project: Project) -> None:
    """Checks and practice get the new schema with what they are held against, recorded as all others are, and
    can be scored after."""
    write_checks(project, [GoldCheck("r0", "anna"), GoldCheck("r1", "anna", "practice")])
    write_annotation(project, marked("r0", "anna", right("r0")), project.checks)
    write_annotation(project, marked("r1", "anna", right("r1")), project.practice)
    text = project.schema_path.read_text(encoding="utf-8").replace("FOOD", "MEAL").replace('"0.1"', '"0.2"')
    project.schema_path.write_text(text, encoding="utf-8")
    renaming = {"rename": "label", "name": "FOOD", "to": "MEAL"}
    plan = msgspec.convert({"from": "mini@0.1", "to": "mini@0.2", "operations": [renaming]}, Plan)
    schema = load_schema(project.schema_path)
    assert migrate_project(project, plan, schema, load_seeds(project)).migrated == 6
    for folder in (project.checks, project.practice):
        [moved] = read_annotations(project, folder)
        assert moved.schema == "mini@0.2" and "MEAL" in {span.label for span in moved.spans}
    assert {a.document for a in read_annotations(project)} == {"r0", "r1", "r2", "r3"}
    [anna] = read_checked(project, schema)
    assert (anna.done, anna.figures[0].f1, anna.left_out) == (1, 1.0, ())


def test_an_article_with_a_check_is_annotated(project: Project) -> None:
    """It is not removed in silence (GW713); with its annotations the check goes too, and nothing is left that
    has no text."""
    write_annotation(project, marked("r9", "anna", right("r9")), project.checks)
    with pytest.raises(GoldwireError, match=r"GW713.*r9.*anna"):
        remove_articles(project, "r9")
    assert remove_articles(project, "r9", with_annotations=True).annotations == (
        "annotate/checks/anna/r9.json",
    )
    assert read_annotations(project, project.checks) == []


@pytest.mark.live
def test_a_check_passed_and_one_failed(project: Project, named_server: Server, tmp_path: Path) -> None:
    """From `assign --checks` to the pull: no field, tab or id of Label Studio tells a check from a task; what
    is marked lies apart; and a second run sends nothing."""
    figures = tmp_path / "figures.json"

    def goldwire_(*words: str) -> str:
        arguments = [*words, "--project", str(project.root), "--json", str(figures)]
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    shown = goldwire_("assign", "--annotators", "anna,bruno", "--per-article", "1", "--checks", "10%")
    made = json.loads(figures.read_text(encoding="utf-8"))
    assert "4 articles with a reviewed annotation serve as checks only" in shown
    assert {name: (one["sent"], one["checks"]) for name, one in made["annotators"].items()} == {
        "anna": (11, 1),
        "bruno": (11, 1),
    }
    checks = {check.annotator: check.article for check in read_checks(project)}
    schema = load_schema(project.schema_path)
    with Client(named_server.url, named_server.token) as client:
        for name, report in made["annotators"].items():
            listed = client.get("api/tasks/", project=report["project"], fields="all")["tasks"]
            tasks = sorted(listed, key=lambda task: int(task["id"]))
            ids = [task["data"]["id"] for task in tasks]
            assert ids.count(checks[name]) == 1 and ids != sorted(ids)
            known = [int(task["id"]) for task in tasks]
            assert known == list(range(known[0], known[0] + 11))  # one batch, without a gap
            told = {
                json.dumps(
                    {key: value for key, value in task.items() if key not in _OF_ITS_OWN}
                    | {"data": sorted(task["data"])},
                    default=str,
                )
                for task in tasks
            }
            assert len(told) == 1  # but for ids, times and texts all tasks are alike
            [tab] = client.get("api/dm/views/", project=report["project"])  # of all tasks, the same for all
            assert not tab["data"].get("filters") and not tab["data"].get("ordering")
        good = marked(checks["anna"], "anna", right(checks["anna"]))
        bad = marked(checks["bruno"], "bruno", right(checks["bruno"])[:1], ())
        other = next(a.article for a in read_assignments(project) if a.annotator == "anna")
        reading = marked(other, "anna", right(other))
        for annotation in (good, bad, reading):
            number = made["annotators"][annotation.annotator]["project"]
            assert load_annotations(client, number, [annotation], schema).sent == 1
    assert "gold checks or practice, kept apart" in goldwire_("pull")
    stored = {(a.annotator, a.document) for a in read_annotations(project)}
    assert stored == {("carla", f"r{n}") for n in range(4)} | {("anna", other)}
    apart = {a.annotator: a for a in read_annotations(project, project.checks)}
    assert {name: (a.document, len(a.spans)) for name, a in apart.items()} == {
        "anna": (checks["anna"], 4),
        "bruno": (checks["bruno"], 1),
    }
    shown = goldwire_("status")
    assert "fewer than 5 checks" in shown and shown.index("anna") < shown.index("bruno")
    rows = json.loads(figures.read_text(encoding="utf-8"))
    scores = {row["annotator"]: row["checks"] for row in rows if row["checks"]}
    assert {name: (one["done"], one["figures"][0]["f1"]) for name, one in scores.items()} == {
        "anna": (1, 1.0),
        "bruno": (1, 0.4),
    }
    files = {path: path.read_bytes() for path in project.annotate.rglob("*.json")}
    goldwire_("pull", "--full")
    goldwire_("assign", "--per-article", "1", "--checks", "10%")
    again = json.loads(figures.read_text(encoding="utf-8"))["annotators"]
    assert {path: path.read_bytes() for path in project.annotate.rglob("*.json")} == files
    assert {name: one["sent"] for name, one in again.items()} == {"anna": 0, "bruno": 0}


#: What differs between any two tasks.
_OF_ITS_OWN = ("id", "data", "created_at", "updated_at", "inner_id", "unique_lock_id", "file_upload")


@pytest.mark.parametrize("name", ["politics", "recalls"])
def test_the_examples_have_no_gold_to_check_with(name: str, tmp_path: Path) -> None:
    """Their readings are drafts by machines, which is said (GW784); once a person has reviewed some, they
    serve, in either language."""
    project = example(name, tmp_path)
    documents = load_seeds(project)
    with pytest.raises(GoldwireError, match="GW784"):
        assign_project(project, documents, ["anna"], 1, checks=Fraction(1, 5))
    review(project, 2)
    made = assign_project(project, documents, ["anna"], 1, checks=Fraction(1, 5))
    rest = len(documents) - 2
    assert len(made.assignments) == rest and len(made.checks) == min(2, rest // 5)
