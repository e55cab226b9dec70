"""The team's page: its figures by hand, from what is stored alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from goldwire.annotate.records.assignments import read_assignments
from goldwire.annotate.records.summary import Marked, Summary, store_index
from goldwire.annotate.report.figures import (
    acceptances,
    confusions,
    paces,
    parted,
    week_of,
    weekly_agreement,
    work,
)
from goldwire.annotate.report.page import team_page
from goldwire.annotate.report.team import changes, read_team, team_report
from goldwire.annotations.store import annotation_path, write_annotation
from goldwire.errors import GoldwireError
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from tests.annotate.report.made import WORDS, bread, make_project, make_team, reading, word
from tests.cli.terminal import called


@pytest.fixture
def team(tmp_path: Path) -> Project:
    """Two annotators' work."""
    return make_team(tmp_path / "team")


def read(project: Project) -> list[Summary]:
    """What is stored, in short."""
    with store_index(project, load_schema(project.schema_path)) as index:
        return index.summaries()


def test_done_and_to_do(team: Project) -> None:
    """What is assigned is done, begun or to do; drafts are not done; spans count by layer."""
    anna, bruno = work(read(team), read_assignments(team))
    assert (anna.annotator, anna.assigned, anna.done, anna.begun, anna.to_do) == ("anna", 6, 6, 0, 0)
    assert (bruno.done, bruno.begun, bruno.to_do) == (5, 1, 1)
    assert (dict(anna.spans), dict(bruno.spans)) == ({"thing": 12}, {"thing": 13})


def test_minutes_by_week(team: Project) -> None:
    """Medians by annotator and week, an article and a hundred words; a draft's time does not count."""
    found = {(each.annotator, each.week): each for each in paces(read(team))}
    assert sorted(found) == [(name, f"2026-W0{n}") for name in ("anna", "bruno") for n in (2, 3, 4)]
    anna = found["anna", "2026-W02"]
    assert (anna.articles, anna.minutes, anna.per_hundred_words) == (2, 1.0, 5.0)
    assert found["bruno", "2026-W04"].articles == 1


def test_minutes_by_pass(tmp_path: Path) -> None:
    """Medians by annotator and pass beside all passes together, in the project's order; a pass counts once it
    is submitted, one screen's time in none; the page and the JSON have them."""
    project = make_project(tmp_path / "team")
    config = project.root / "goldwire.toml"
    config.write_text(f'{config.read_text(encoding="utf-8")}\n[annotate]\npasses = [["step"], ["thing"]]\n')
    project = load_project(project.root)
    for n, times in enumerate(
        [{"step": 60.0, "thing": 120.0}, {"step": 180.0, "thing": 240.0}, {"step": 90.0}]
    ):
        read_in = reading(project, f"a{n}", "anna", status="draft" if len(times) < 2 else "submitted")
        made = structs.replace(read_in.provenance, lead_time=sum(times.values()), passes=times)
        write_annotation(project, structs.replace(read_in, provenance=made))
    reading(project, "a0", "bruno")
    team = read_team(project)
    found = [(each.annotator, each.part, each.articles, each.minutes) for each in team.pass_paces]
    assert found == [("anna", "step", 3, 1.5), ("anna", "thing", 2, 3.0), ("anna", "", 2, 5.0)]
    assert team.pass_paces[0].per_hundred_words == pytest.approx(1.5 / WORDS * 100)
    page = team_page(team)
    columns = ("annotator", "step", "thing", "all passes")
    assert "".join(f'<th scope="col">{name}</th>' for name in columns) in page
    assert "<td>1.5 (3)</td><td>3.0 (2)</td><td>5.0 (2)</td>" in page
    report = team_report(project, tmp_path / "team.html")
    assert report.as_json()["passes"][2] == {
        "annotator": "anna",
        "part": "",
        "articles": 2,
        "minutes": 5.0,
        "per_hundred_words": 25.0,
    }
    assert report.table("passes").rows[2][1] == "all passes"


def test_agreement_by_week_and_over_all(team: Project) -> None:
    """F1 by hand: of 2 + 2 spans in each article of the first week one is shared."""
    found = {(each.layer, each.week): each for each in weekly_agreement(read(team), ("thing", "step"))}
    first = found["thing", "2026-W02"]
    assert (first.articles, first.ci95) == (2, None) and first.f1 == pytest.approx(0.5)
    whole = found["thing", ""]
    assert whole.articles == 5 and whole.f1 == pytest.approx(2 * (1 + 1 + 1 + 2 + 1) / (4 + 4 + 3 + 4 + 8))
    assert whole.ci95 is not None and whole.f1 is not None and whole.ci95[0] < whole.f1 < whole.ci95[1]
    assert not [each for each in found if each[0] == "step"]


def test_where_readings_part_with_both_places(team: Project) -> None:
    """A label for another, an extent, what one alone marks: each counted, with both annotators and where."""
    found = {(each.kind, each.labels): each for each in confusions(read(team))}
    assert found["label", ("FOOD", "TOOL")].places == [("a0", "anna", "bruno", 0, 5)]
    assert found["extent", ("FOOD", "FOOD")].count == 1
    assert found["missed", ("", "FOOD")].count == 1 + 1 + 5
    page = team_page(read_team(team))
    assert 'href="https://studio.example/projects/1/data?task=0"' in page
    assert 'href="https://studio.example/projects/1/data?task=9"' in page and "«pain0» anna" in page


def test_predictions_accepted_faster_than_they_can_be_read(team: Project) -> None:
    """Six of six accepted in 1.3 s are remarked, by name and article; slower ones are not."""
    [bruno] = acceptances(read(team))
    assert (bruno.annotator, bruno.kept, bruno.changed) == ("bruno", 6, 0)
    assert bruno.quick == (("a4", 6, 1.3),)
    assert "bruno accepted 6 of 6 predicted spans of a4 in 1.3 s" in team_page(read_team(team))
    reading(team, "a4", "bruno", [word(n, "prediction") for n in range(6)], week=2, seconds=60)
    assert acceptances(read(team))[0].quick == ()


def test_rules_and_notes_are_on_the_page(team: Project) -> None:
    """Rules broken by each, with the way there; notes of annotators, as text."""
    page = team_page(read_team(team))
    assert "GW242" in page and "ends inside a word" in page
    assert "&lt;b&gt;Vraiment ?&lt;/b&gt;" in page


def test_small_counts_say_so(team: Project) -> None:
    """No interval rests on four articles, and the page says why there is none."""
    for n in (3, 4):
        annotation_path(team, reading(team, f"a{n}", "bruno")).unlink()
    page = team_page(read_team(team))
    assert "fewer than 5 articles" in page and "(few)" not in page


def test_an_empty_project_has_a_page(tmp_path: Path) -> None:
    """Before anything is annotated the page says so, and nothing fails."""
    page = team_page(read_team(make_project(tmp_path / "new")))
    assert "Nobody yet." in page and "No article has two finished readings yet." in page


def test_what_is_kept_is_read_anew_where_a_file_changed(team: Project) -> None:
    """A changed, a new and a removed annotation count at once; a damaged record only costs time."""
    before = read(team)
    assert read(team) == before
    path = annotation_path(team, reading(team, "a0", "bruno", [bread(), word(0)], seconds=120))
    os.utime(path, ns=(1, 1))
    assert {"a0"} == {new.document for old, new in zip(before, read(team), strict=True) if old != new}
    path.unlink()
    assert len(read(team)) == len(before) - 1
    (team.cache / "team.json").write_text("{", encoding="utf-8")
    assert len(read(team)) == len(before) - 1


def test_a_new_rule_is_held_against_all_that_is_kept(team: Project) -> None:
    """A changed schema reads everything anew: what is kept belongs to the one that it was checked with."""
    assert not [fault for each in read(team) for fault in each.broken if fault.code == "GW235"]
    schema = team.schema_path.read_text(encoding="utf-8").replace(
        "note: {title: Remarque, kind: text}", "note: {title: Remarque, kind: text, required: true}"
    )
    team.schema_path.write_text(schema, encoding="utf-8")
    assert [fault for each in read(team) for fault in each.broken if fault.code == "GW235"]


def test_a_changed_text_is_held_against_the_rules(team: Project) -> None:
    """A text in a file of its own counts anew when it changes, though no annotation did."""
    listing = team.seeds / "articles.jsonl"
    rows = [json.loads(line) for line in listing.read_text(encoding="utf-8").splitlines()]
    first = team.seeds / "a0.txt"
    first.write_text(rows[0]["text"], encoding="utf-8")
    listed = [{"id": "a0", "file": first.name}, *rows[1:]]
    listing.write_text("".join(json.dumps(row) + "\n" for row in listed), encoding="utf-8")
    assert {each.words for each in read(team)} == {WORDS}
    first.write_text(rows[0]["text"].replace("pain0", "pains") + " encore", encoding="utf-8")
    [changed] = {each.words for each in read(team) if each.document == "a0"}
    assert changed == WORDS + 1


def test_articles_are_read_once_and_only_where_needed(
    team: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """A page reads them once, the next not at all: the words that it shows are kept, past new readings."""
    (team.seeds / "unlisted.txt").write_text("mot", encoding="utf-8")  # each reading warns of it
    first = read_team(team)
    assert caplog.text.count("unlisted.txt") == 1 and first.quotes
    caplog.clear()
    assert read_team(team).quotes == first.quotes
    annotation_path(team, reading(team, "a5", "bruno", [bread()], week=2, status="draft")).unlink()
    assert read_team(team).quotes == first.quotes
    assert "unlisted.txt" not in caplog.text


def test_what_lies_in_the_store_and_is_no_annotation_is_named(team: Project) -> None:
    """A file under another annotation's name, and one that is none, are errors whether the rest is kept."""
    read(team)
    stray = team.annotations / "anna/a9.json"
    stray.write_bytes((team.annotations / "anna/a0.json").read_bytes())
    with pytest.raises(GoldwireError, match="GW286"):
        read(team)
    stray.rename(team.annotations / "notes.txt")
    with pytest.raises(GoldwireError, match="GW286"):
        read(team)


def test_a_damaged_annotation_is_named(team: Project) -> None:
    """What can't be read is an error with its file, whether all or one is read anew."""
    read(team)
    path = annotation_path(team, reading(team, "a0", "bruno"))
    path.write_text("{", encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW209"):
        read(team)


def test_watching_sees_a_change_and_nothing_else(team: Project) -> None:
    """The page is written once, and again when something changed."""
    seen = changes(team, 0.01)
    next(seen)
    reading(team, "a5", "bruno", [bread()], week=2)
    next(seen)
    for changed in (team.seeds / "articles.jsonl", team.cache / "places.json"):
        changed.write_text(changed.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        next(seen)
    (team.schema_path.parent / "registry").mkdir()
    (team.schema_path.parent / "registry/people.yaml").write_text("{}", encoding="utf-8")
    next(seen)


def test_the_command_writes_page_and_figures(team: Project, tmp_path: Path) -> None:
    """`annotate report` needs no server; its JSON has all figures."""
    out, figures, tables = tmp_path / "team.html", tmp_path / "team.json", tmp_path / "team.csv"
    files = ("--out", out, "--json", figures, "--csv", tables, "--latex", tmp_path / "team.tex")
    told = called("annotate", "report", "--project", team.root, *files)
    assert told.returncode == 0, told.stderr
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    data = json.loads(figures.read_text(encoding="utf-8"))
    assert [each["annotator"] for each in data["annotators"]] == ["anna", "bruno"]
    assert data["predictions"][0]["quick"] == [["a4", 6, 1.3]]
    named = {line.partition(",")[0] for line in tables.read_text(encoding="utf-8").splitlines()[1:]}
    assert {"annotators", "agreement", "predictions"} <= named
    assert "\\caption" in (tmp_path / "team.tex").read_text(encoding="utf-8")


SPANS = st.sets(
    st.tuples(st.sampled_from("xy"), st.sampled_from("AB"), st.integers(0, 9), st.integers(1, 5)).map(
        lambda each: (each[0], each[1], each[2], each[2] + each[3])
    ),
    max_size=8,
)


@given(SPANS, SPANS)
def test_every_span_that_is_not_shared_is_told_once(one: set[Marked], other: set[Marked]) -> None:
    """Each span of two readings stands in one difference, and pairs are of one layer and overlap."""
    told = parted(one - other, other - one)
    assert sorted(a for _, a, _ in told if a) == sorted(one - other)
    assert sorted(b for _, _, b in told if b) == sorted(other - one)
    for kind, a, b in told:
        assert (kind == "missed") == (a is None or b is None)
        if a and b:
            assert a[0] == b[0] and min(a[3], b[3]) > max(a[2], b[2])
            assert (kind == "label") == (a[1] != b[1])


def test_weeks_are_iso_weeks() -> None:
    """The last days of a year may be of the next one's first week; what is no instant has none."""
    assert week_of("2025-12-29T10:00:00Z") == "2026-W01"
    assert week_of("") == week_of("soon") == ""
