"""Gold checks are scored by the toolkit's own scorer, by kind of fault; few of them say so."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from goldwire.annotate.records.gold_checks import GoldCheck, write_checks
from goldwire.annotate.report.gold_checks import DRIFT, Checked, drift, read_checked, scored
from goldwire.annotate.report.page import drift_hint, team_page
from goldwire.annotate.report.team import read_team, team_report
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Relation, Span
from goldwire.project import Project
from goldwire.schemas import load_schema
from tests.annotate.team.gold import MINI, OBJECTS, example, make_gold_project, marked, review, right
from tests.cli.terminal import called


def given_checks(root: Path, count: int, spans_of: Callable[[str, int], list[Span]]) -> Project:
    """Anna's checks, so many, one a day."""
    project = make_gold_project(root, articles=count + 1, reviewed=count)
    write_checks(project, [GoldCheck(f"r{n}", "anna") for n in range(count)])
    for n in range(count):
        when = f"2026-01-{n + 1:02}T10:00:00+00:00"
        relations = OBJECTS if len(spans_of(f"r{n}", n)) == 4 else ()
        annotation = marked(f"r{n}", "anna", spans_of(f"r{n}", n), relations, when=when)
        write_annotation(project, annotation, project.checks)
    return project


def checked(project: Project) -> Checked:
    """Anna's figures."""
    [found] = read_checked(project, load_schema(project.schema_path))
    return found


def faults(found: Checked) -> dict[str, tuple[int, int]]:
    """How many of how many, by kind, where there are any."""
    return {fault.kind: (fault.count, fault.of) for fault in found.faults if fault.count}


def test_what_is_right_has_no_fault(tmp_path: Path) -> None:
    """F1 is 1 in every layer and for relations, each with what it rests on; nothing is left out."""
    found = checked(given_checks(tmp_path / "p", 6, lambda article, _: right(article)))
    assert {figure.what: (figure.f1, figure.marks) for figure in found.figures} == {
        "all spans": (1.0, 24),
        "thing": (1.0, 12),
        "step": (1.0, 12),
        "relations": (1.0, 12),
    }
    assert (found.given, found.done, faults(found), found.left_out, found.few) == (6, 6, {}, (), False)
    assert found.figures[0].ci95 == (1.0, 1.0)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("missed", lambda spans: spans[:3]),
        ("spurious", lambda spans: [*spans, Span("x", "thing", "TOOL", 24, 25)]),
        ("extent", lambda spans: [*spans[:3], replace(spans[3], end=spans[3].end + 1)]),
        ("label", lambda spans: [*spans[:3], replace(spans[3], label="TOOL")]),
        ("label and extent", lambda spans: [*spans[:3], replace(spans[3], label="TOOL", start=0)]),
        ("attribute", lambda spans: [*spans[:3], replace(spans[3], attributes={"state": "cooked"})]),
    ],
)
def test_each_fault_has_its_kind(kind: str, change: Callable[[list[Span]], list[Span]]) -> None:
    """One fault in one article is one fault of its kind, and none of another; relations go by their ends."""
    schema = load_schema(MINI / "schemas/mini.yaml")
    gold = marked("r1", "carla", right("r1"), (), status="reviewed")
    found = scored("anna", 1, [(gold, marked("r1", "anna", change(right("r1")), ()))], schema)
    of = {"spurious": 5, "attribute": 4}.get(kind, 4)
    assert faults(found) == {kind: (1, of)}


def test_arguments_have_kinds_of_their_own() -> None:
    """An argument that is missing and one that was not reviewed are told apart from faults of spans; an end
    of another extent does not count twice."""
    schema = load_schema(MINI / "schemas/mini.yaml")
    gold = marked("r1", "carla", right("r1"), OBJECTS, status="reviewed")
    wrong = (OBJECTS[0], Relation("object", "s2", "t1"))
    found = scored("anna", 1, [(gold, marked("r1", "anna", right("r1"), wrong))], schema)
    assert faults(found) == {"relation missed": (1, 2), "relation spurious": (1, 2)}
    wider = [*right("r1")[:3], replace(right("r1")[3], end=right("r1")[3].end + 1)]
    found = scored("anna", 1, [(gold, marked("r1", "anna", wider))], schema)
    assert faults(found) == {"extent": (1, 4)}


def test_figures_are_those_of_the_scorer(tmp_path: Path) -> None:
    """`eval score` of the same annotations says the same, interval included."""

    def some(article: str, number: int) -> list[Span]:
        return right(article)[: 4 - number % 3]

    project = given_checks(tmp_path / "p", 7, some)
    found = {figure.what: figure for figure in checked(project).figures}
    stored = {a.document: a for a in read_annotations(project)}
    pairs = [(stored[a.document], a) for a in read_annotations(project, project.checks)]
    scores = score(pairs, schema=load_schema(project.schema_path), resamples=500)
    for layer in ("thing", "step"):
        figure = scores.layers[layer]["exact"].micro()
        assert found[layer].f1 == figure.counts.f1
        assert found[layer].ci95 == pytest.approx(figure.ci95)


def test_few_checks_say_so(tmp_path: Path) -> None:
    """Below five there is no interval and no word of drift, on the page and in the JSON."""
    project = given_checks(tmp_path / "p", 4, lambda article, _: right(article))
    found = checked(project)
    assert found.few and found.drift is None and all(figure.ci95 is None for figure in found.figures)
    assert all(fault.ci95 is None for fault in found.faults)
    page = team_page(read_team(project))
    assert "fewer than 5 checks" in page and "permutation" not in page
    assert team_report(project).to_dict()["checks"][0]["few"] is True


def test_what_can_not_be_scored_is_told(tmp_path: Path) -> None:
    """Begun, skipped, of another schema, without a reviewed annotation now: left out, with the reason."""
    project = given_checks(tmp_path / "p", 5, lambda article, _: right(article))
    changes: list[Callable[[Annotation], Annotation]] = [
        lambda a: replace(a, status="draft"),
        lambda a: replace(a, status="skipped"),
        lambda a: replace(a, schema="mini@0.2"),
    ]
    for change, annotation in zip(changes, read_annotations(project, project.checks), strict=False):
        write_annotation(project, change(annotation), project.checks)
    withdrawn = read_annotations(project)[3]
    write_annotation(project, replace(withdrawn, status="submitted"))
    found = checked(project)
    assert (found.given, found.done) == (5, 1)
    assert found.left_out == (
        "r0: begun, not submitted",
        "r1: skipped",
        "r2: marked by mini@0.2, reviewed by mini@0.1",
        "r3: no reviewed annotation any more",
    )
    assert "r1: skipped" in team_page(read_team(project))


def test_checks_that_are_to_do_are_on_the_page(tmp_path: Path) -> None:
    """Who has done none yet is named with how many there are; without checks it says how to have some."""
    project = make_gold_project(tmp_path / "p")
    assert "annotate assign --checks 5%" in team_page(read_team(project))
    write_checks(project, [GoldCheck("r0", "anna"), GoldCheck("r1", "anna")])
    assert "anna: none of 2 done yet." in team_page(read_team(project))


def test_a_change_for_the_worse_is_hinted_at(tmp_path: Path) -> None:
    """Right at first, half missed later: F1 of both halves, p by hand, and that it is a hint; figures stand
    in the JSON of `annotate report`."""

    def tiring(article: str, number: int) -> list[Span]:
        return right(article) if number < 4 else right(article)[:2]

    project = given_checks(tmp_path / "p", 8, tiring)
    found = checked(project).drift
    assert found is not None and found.exact and found.ways == 70
    assert [found.early, found.late, found.p] == pytest.approx([1, 2 / 3, 2 / 70])
    hint = drift_hint(checked(project))
    assert "anna: F1 1.000 in the first 4 checks, .667 in the last 4; p = .0286" in hint
    assert "a hint" in hint and hint in team_page(read_team(project))
    figures = tmp_path / "team.json"
    called("annotate", "report", "--project", project.root, "--json", figures)
    [told] = json.loads(figures.read_text(encoding="utf-8"))["checks"]
    assert told["drift"]["p"] == found.p and told["faults"][0] == {
        "kind": "missed",
        "count": 8,
        "of": 32,
        "share": 0.25,
        "ci95": pytest.approx([0.0625, 0.4375], abs=0.07),
    }


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(0, 5)), min_size=8, max_size=9))
def test_p_is_the_share_of_orders_that_part_as_far(counts: list[tuple[int, int, int]]) -> None:
    """Tried by hand over all ways to choose the early half; below eight checks there is no test."""
    table = np.array(counts, dtype=float)
    found = drift(table)
    assert found is not None and drift(table[: DRIFT - 1]) is None

    def f1(rows: list[int]) -> float:
        tp, fp, fn = table[rows].sum(axis=0)
        return float(2 * tp / max(2 * tp + fp + fn, 1))

    half, places = len(table) // 2, range(len(table))
    gaps = [
        f1([place for place in places if place not in early]) - f1(list(early))
        for early in itertools.combinations(places, half)
    ]
    observed = gaps[0]
    below = np.mean([gap <= observed + 1e-12 for gap in gaps])
    above = np.mean([gap >= observed - 1e-12 for gap in gaps])
    assert found.p == pytest.approx(min(1.0, 2 * below, 2 * above))


@pytest.mark.parametrize("name", ["politics", "recalls"])
def test_it_works_for_the_examples(name: str, tmp_path: Path) -> None:
    """In French and in English, with the schemas of the examples: another reading held against one that a
    person is said to have reviewed."""
    project = example(name, tmp_path)
    other = {a.document: a for a in read_annotations(project) if a.annotator == "reading-b"}
    golds = review(project, 2)
    write_checks(project, [GoldCheck(gold.document, "anna") for gold in golds])
    for gold in golds:
        theirs = replace(other[gold.document], annotator="anna", status="submitted", schema=gold.schema)
        write_annotation(project, replace(theirs, provenance=gold.provenance), project.checks)
    found = checked(project)
    assert found.done == 2 and found.left_out == ()
    whole = found.figures[0]
    assert whole.f1 is not None and 0.3 < whole.f1 < 1 and whole.marks == sum(len(g.spans) for g in golds)
    assert {fault.kind for fault in found.faults if fault.count} >= {"missed", "relation missed"}
    assert "Gold checks" in team_page(read_team(project))


def test_a_relation_goes_with_its_ends() -> None:
    """One whose end was not marked is missed with it, and told so beside the missed span."""
    schema = load_schema(MINI / "schemas/mini.yaml")
    gold = marked("r1", "carla", right("r1"), OBJECTS, status="reviewed")
    found = scored("anna", 1, [(gold, marked("r1", "anna", right("r1")[:3], OBJECTS[:1]))], schema)
    assert faults(found) == {"missed": (1, 4), "relation missed": (1, 2)}
