"""Articles are dealt out evenly, for good, and annotators read them unseen by each other."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.records.assignments import (
    Assignment,
    assignments_path,
    read_assignments,
    title_for,
    write_assignments,
)
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotate.team.assign import assign, assign_project
from goldwire.annotations.store import read_annotations
from goldwire.cli.annotate import command
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema

MINI = Path(__file__).parents[2] / "data/mini"
names = st.lists(st.text("abcdefgh", min_size=1, max_size=3), unique=True, max_size=30)


def loads(made: list[Assignment], people: list[str]) -> list[int]:
    """How many articles each annotator has."""
    counts = Counter(one.annotator for one in made)
    return [counts[name] for name in people]


def test_only_a_line_feed_ends_the_line_of_a_record(tmp_path: Path) -> None:
    """An article is assigned whose id holds what Unicode also calls the end of a line."""
    (tmp_path / "goldwire.toml").write_bytes((MINI / "goldwire.toml").read_bytes())
    project = load_project(tmp_path)
    made = [Assignment("a\u2028b\x85c", "anna")]
    write_assignments(project, made)
    assert read_assignments(project) == made


@given(names, names.filter(bool), st.data(), st.integers(0, 9))
def test_everyone_gets_the_same_share(
    articles: list[str], people: list[str], data: st.DataObject, seed: int
) -> None:
    """Each article has K different readers, loads differ by at most one, the same input gives the same."""
    k = data.draw(st.integers(1, len(people)))
    made = assign(articles, people, k, seed=seed)
    assert len(set(made)) == len(made)
    assert Counter(one.article for one in made) == Counter(dict.fromkeys(articles, k))
    assert max(loads(made, people)) - min(loads(made, people)) <= 1
    assert assign(articles, people, k, seed=seed) == made


@given(names, names.filter(bool), names, names, st.data())
def test_what_was_assigned_stays(
    articles: list[str], people: list[str], more: list[str], newcomers: list[str], data: st.DataObject
) -> None:
    """New articles and annotators move nothing; loads of the same people stay even."""
    k = data.draw(st.integers(1, len(people)))
    first = assign(articles, people, k)
    longer = assign([*articles, *more], people, k, former=first)
    assert longer[: len(first)] == first
    assert max(loads(longer, people)) - min(loads(longer, people)) <= 1
    joined = assign([*articles, *more], [*people, *newcomers], k, former=longer)
    assert joined == longer
    assert assign(["fresh", *articles], [*people, *newcomers], k, former=first)[: len(first)] == first


def test_a_newcomer_gets_what_is_new() -> None:
    """Who joins later has the fewest, and so is dealt the next articles."""
    first = assign(["1", "2", "3", "4"], ["a", "b"], 1)
    later = assign(["1", "2", "3", "4", "5", "6"], ["a", "b", "c"], 1, former=first)
    assert [one.annotator for one in later[4:]] == ["c", "c"]


def test_more_readers_than_annotators_are_refused() -> None:
    """K different annotators must exist."""
    with pytest.raises(GoldwireError, match=r"GW341 2 annotators an article, and there are 1"):
        assign(["1"], ["a", "a"], 2)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of four articles with the small schema."""
    root = tmp_path / "team"
    (root / "seeds/articles").mkdir(parents=True)
    config = f'[project]\nname = "team-{tmp_path.name}"\nlanguage = "fr"\nschema = "mini.yaml"\n'
    (root / "goldwire.toml").write_text(config, encoding="utf-8")
    (root / "mini.yaml").write_bytes((MINI / "schemas/mini.yaml").read_bytes())
    rows = []
    for number in range(4):
        (root / f"seeds/articles/r{number}.txt").write_text(f"Couper {number} tomates.\n", encoding="utf-8")
        rows.append({"id": f"r{number}", "file": f"articles/r{number}.txt"})
    (root / "seeds/articles.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )
    return load_project(root)


def test_assignments_are_kept_in_a_file(project: Project) -> None:
    """A line each; a later run appends; a line that is none is named with its place."""
    documents = [Document("r1", "a"), Document("r2", "b")]
    first = assign_project(project, documents, ["anna", "bruno"], 1).assignments
    before = assignments_path(project).read_text(encoding="utf-8")
    assert read_assignments(project) == first
    assign_project(project, [*documents, Document("r3", "c")], [], 1)
    text = assignments_path(project).read_text(encoding="utf-8")
    assert text.startswith(before) and len(text.splitlines()) == 3
    assignments_path(project).write_text(text + '{"article": 3}\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW340 .*assignments.jsonl:4"):
        read_assignments(project)


@given(st.text("ab", max_size=80), st.text("cd", min_size=1, max_size=36))
def test_titles_fit_and_differ(name: str, annotator: str) -> None:
    """Label Studio takes 50 characters; projects of long names that begin alike stay apart."""
    one, other = (Project(Path(), {"project": {"name": n}}) for n in (f"p{name}", f"p{name}z"))
    assert len(title_for(one, annotator)) <= 50
    assert title_for(one, annotator) != title_for(other, annotator)
    assert title_for(one, annotator).endswith(f" · {annotator}")


@pytest.mark.parametrize("name", ["adjudication", "a/b", " ", "x" * 37])
def test_names_that_can_not_be_are_refused(project: Project, name: str) -> None:
    """A name is an account's and part of a project's title."""
    with pytest.raises(GoldwireError, match="GW341"):
        assign_project(project, [Document("r1", "a")], [name], 1)


@pytest.mark.live
def test_two_annotators_read_blind(project: Project, named_server: Server, tmp_path: Path) -> None:
    """Each has a project with their articles only; pull brings both; status counts; a stranger is named."""
    figures = tmp_path / "figures.json"

    def goldwire(*words: str) -> str:
        arguments = [*words, "--project", str(project.root), "--json", str(figures)]
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    shown = goldwire("assign", "--annotators", "anna,bruno,chloé", "--per-article", "2")
    told = json.loads(figures.read_text(encoding="utf-8"))
    assert told["invite"].startswith(f"{named_server.url}/user/signup")
    assert told["invite"] not in shown  # who has it can join: it is shown in a terminal only
    made = told["annotators"]
    assert sorted(report["sent"] for report in made.values()) == [2, 3, 3]
    wanted = {name: {a.article for a in read_assignments(project) if a.annotator == name} for name in made}
    schema = load_schema(project.root / "mini.yaml")
    with Client(named_server.url, named_server.token) as client:
        for name, report in made.items():
            tasks = list(client.tasks(report["project"], ("data", "predictions", "annotations")))
            assert {task["data"]["id"] for task in tasks} == wanted[name]
            assert not any(task["predictions"] or task["annotations"] for task in tasks)
        again = goldwire("assign")
        assert json.loads(figures.read_text(encoding="utf-8"))["annotators"]["anna"]["sent"] == 0, again

        def mark(
            name: str, article: str, project_of: str, status: str = "submitted", seconds: float = 90
        ) -> None:
            span = Span("s", "step", "CUT", 0, 6)
            one = Annotation(article, name, schema.id, "submitted", spans=(span,))
            if status == "skipped":
                one = Annotation(article, name, schema.id, "skipped")
            one = Annotation(
                one.document, name, one.schema, one.status, Provenance(lead_time=seconds), one.spans
            )
            assert load_annotations(client, made[project_of]["project"], [one], schema).sent == 1

        first, second = sorted(wanted["anna"])[:2]
        mark("anna", first, "anna")
        mark("anna", second, "anna", status="skipped", seconds=30)
        shared = sorted(wanted["bruno"])[0]
        mark("bruno", shared, "bruno")
        mark("zoé", shared, "bruno")
    output = goldwire("pull")
    assert "zoé annotated, not only bruno" in output
    assert "spans: 3 in, 3 kept, 0 not kept; relations: 0 in, 0 kept, 0 not kept; attributes: 0" in output
    stored = {(a.annotator, a.document): a.status for a in read_annotations(project)}
    assert stored == {
        ("anna", first): "submitted",
        ("anna", second): "skipped",
        ("bruno", shared): "submitted",
        ("zoé", shared): "submitted",
    }
    files = {p: p.read_bytes() for p in project.annotations.rglob("*.json")}
    goldwire("pull", "--full")
    assert {p: p.read_bytes() for p in project.annotations.rglob("*.json")} == files
    output = goldwire("status")
    rows = {row["annotator"]: row for row in json.loads(figures.read_text(encoding="utf-8"))}
    anna = rows["anna"]
    assert (anna["to_do"], anna["done"], anna["skipped"], anna["minutes"]) == (
        len(wanted["anna"]) - 2,
        1,
        1,
        2.0,
    )
    assert (rows["bruno"]["done"], rows["bruno"]["others"], rows["chloé"]["done"]) == (1, 1, 0)
    assert f"/projects/{made['chloé']['project']}/data?task=" in rows["chloé"]["next"]
    assert "1 annotations are not bruno's" in output
