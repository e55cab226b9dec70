"""Drafts beside simpler systems: the same documents, each figure by hand, minutes and cost on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

import goldwire
from goldwire.annotations.store import project_articles, write_annotation
from goldwire.model import Annotation, Article, Drafting, Provenance
from goldwire.number_format import counted
from goldwire.project import Project
from tests.cli.terminal import called
from tests.corpus.mini import mini_project

MADE = Provenance("model", "tiny", "v1", drafting=Drafting(seconds=90.0, cost=0.25, currency="EUR"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The recipes, with two readings each."""
    return mini_project(tmp_path / "mini")


def drafts_of(project: Project, keep: int = 100) -> list[Article]:
    """Anna's readings as a model's drafts, of each the first spans."""
    made = []
    for article in project_articles(project):
        anna = next(a for a in article.annotations if a.annotator == "anna")
        spans = anna.spans[:keep]
        ids = {span.id for span in spans}
        kept = tuple(r for r in anna.relations if r.head in ids and r.tail in ids)
        draft = replace(anna, annotator="tiny", status="draft", provenance=MADE, spans=spans, relations=kept)
        made.append(Article(article.document, (draft,)))
    return made


def reviewed(project: Project, *, seen: bool = False) -> dict[str, Annotation]:
    """Anna's readings, reviewed; with `seen` made with predictions in view."""
    made = {}
    for article in project_articles(project):
        anna = next(a for a in article.annotations if a.annotator == "anna")
        provenance = replace(anna.provenance, kind="human", seen_predictions=seen)
        made[article.document.id] = replace(anna, status="reviewed", provenance=provenance)
        write_annotation(project, made[article.document.id])
    return made


def test_drafts_stand_beside_the_lexicon_on_what_was_reviewed(project: Project) -> None:
    """F1 with interval, minutes and cost; the lexicon knows the other articles only."""
    gold = reviewed(project)
    drafts = drafts_of(project, keep=3)
    assessed = goldwire.assess_drafts(drafts, project=project, resamples=100, layers=["thing"])
    draft, lexicon = assessed.table("systems").records()
    every = sum(len(a.layer("thing")) for a in gold.values())
    held = sum(len(d.annotations[0].layer("thing")) for d in drafts)
    assert (draft["system"], draft["P"], draft["R"]) == ("drafts: tiny", 1.0, held / every)
    assert (draft["minutes"], draft["cost"], draft["support"]) == (3.0, 0.5, every)
    assert draft["95 % interval low"] <= draft["F1"] <= draft["95 % interval high"]
    assert lexicon["system"] == "lexicon" and lexicon["F1"] < 1 and lexicon["cost"] is None
    assert assessed.reference == "reviewed" and assessed.edits is None and not assessed.notes


def test_layers_that_were_given_are_not_scored_as_the_models(project: Project) -> None:
    """Drafts upon people's spans hold these too: only what the model marked has a row, and a note says so."""
    reviewed(project)
    upon = replace(MADE, drafting=Drafting(given={"thing": "anna"}))
    drafts = [Article(a.document, (replace(a.annotations[0], provenance=upon),)) for a in drafts_of(project)]
    assessed = goldwire.assess_drafts(drafts, project=project, resamples=0)
    assert {row["layer"] for row in assessed.table("systems").records()} == {"step"}
    assert "drafted upon annotations of `thing`, which are not the model's" in assessed.notes


def test_drafts_of_articles_that_are_not_scored_count_for_nothing(project: Project) -> None:
    """Their minutes, their cost, and what they were given are left out, as their spans are."""
    gold = reviewed(project)
    first, *rest = drafts_of(project)
    slow = replace(MADE, drafting=Drafting(seconds=6000.0, cost=9.0, currency="USD", given={"thing": "anna"}))
    others = [Article(a.document, (replace(a.annotations[0], provenance=slow),)) for a in rest]
    read = [Article(first.document, (gold[first.document.id],))]
    assessed = goldwire.assess_drafts([*others, first], read, project=project, resamples=0)
    rows = {(row["layer"], row["system"]): row for row in assessed.table("systems").records()}
    assert {layer for layer, _ in rows} == {"thing", "step"} and not assessed.notes
    assert (rows["thing", "drafts: tiny"]["minutes"], rows["thing", "drafts: tiny"]["cost"]) == (1.5, 0.25)
    assert assessed.currency == "EUR"


@pytest.mark.parametrize(
    ("record", "note"),
    [
        (Drafting(seconds=9.0), "1 of 2 drafts do not say their cost"),
        (Drafting(cost=1.0, currency="USD"), "the drafts' cost is in several currencies: EUR, USD"),
    ],
)
def test_a_cost_that_is_no_sum_is_told_and_not_given(project: Project, record: Drafting, note: str) -> None:
    """A part of the drafts' cost, or one of two currencies, would be taken for all of it."""
    reviewed(project)
    first, second = drafts_of(project)
    other = replace(first.annotations[0], provenance=replace(MADE, drafting=record))
    drafts = [Article(first.document, (other,)), second]
    assessed = goldwire.assess_drafts(drafts, project=project, resamples=0, layers=["thing"])
    assert assessed.table("systems").records()[0]["cost"] is None and assessed.notes == (note,)


def test_a_layer_in_which_the_model_found_nothing_is_scored(project: Project) -> None:
    """It was asked for, as the record says: F1 is 0. Where no record says so, a note does."""
    gold = reviewed(project)
    support = sum(len(a.layer("step")) for a in gold.values())
    asked = replace(MADE, drafting=Drafting(settings={"layers": ["thing", "step"]}))
    for made, row, notes in [
        (asked, [(0.0, support)], ()),
        (MADE, [], ("no draft marks `step`, or says that it was asked for: not scored",)),
    ]:
        drafts = []
        for article in drafts_of(project):
            draft = article.annotations[0]
            things = replace(draft, provenance=made, spans=tuple(draft.layer("thing")), relations=())
            drafts.append(Article(article.document, (things,)))
        assessed = goldwire.assess_drafts(drafts, project=project, resamples=0)
        records = assessed.table("systems").records()
        found = [r for r in records if (r["layer"], r["system"]) == ("step", "drafts: tiny")]
        assert [(r["F1"], r["support"]) for r in found] == row and assessed.notes == notes


def test_what_people_changed_is_told_where_they_saw_the_drafts(project: Project) -> None:
    """By layer, label and kind; and the scores are said to be no measure there."""
    reviewed(project, seen=True)
    assessed = goldwire.assess_drafts(drafts_of(project, keep=3), project=project, resamples=0)
    assert assessed.edits is not None and "edit rate" in " ".join(assessed.notes)
    totals = {row["layer"]: row for row in assessed.table("edits").records() if row["label"] == "all"}
    assert totals["thing"]["edit rate"] == 0.0 and totals["thing"]["added"] > 0


def test_trained_models_join_and_what_nobody_reviewed_is_told(project: Project, tmp_path: Path) -> None:
    """Only documents that all systems have count; without a review the notes say what is compared."""
    drafts = drafts_of(project)
    other = tmp_path / "trained.jsonl"
    made = replace(drafts[0].annotations[0], provenance=Provenance("model", "ner", "1"))
    goldwire.write([Article(drafts[0].document, (made,))], other, "jsonl")
    out = tmp_path / "d.jsonl"
    goldwire.write(drafts, out, "jsonl")
    figures = tmp_path / "f.json"
    words = ["eval", "draft", out, "--trained", other, "--project", project.root, "--json", figures]
    done = called(*words, "--resamples", "50")
    assert done.returncode == 0, done.stderr
    assert "nobody has reviewed" in done.stderr and "ner" in done.stdout
    told = json.loads(figures.read_text("utf-8"))
    assert told["documents"] == [drafts[0].document.id]
    assert {row["system"] for row in told["systems"]} == {"drafts: tiny", "lexicon", "ner"}
    assert told["currency"] == "EUR"


def test_drafts_of_other_articles_are_one_plain_error(project: Project, tmp_path: Path) -> None:
    """No document in common: what, and what to do instead."""
    stranger = Article(goldwire.Document("x", "Un texte."), (Annotation("x", "tiny", "mini@0.1"),))
    goldwire.write([stranger], tmp_path / "d.jsonl", "jsonl")
    done = called("eval", "draft", tmp_path / "d.jsonl", "--project", project.root)
    assert done.returncode == 2 and "GW820" in done.stderr and "Traceback" not in done.stderr


def test_what_a_trained_model_has_no_annotation_of_is_left_out_and_told(project: Project) -> None:
    """A file may hold an article without an annotation: the others are scored, and a note says so."""
    reviewed(project)
    drafts = drafts_of(project)
    first, *others = drafts
    trained = project.root / "trained.jsonl"
    goldwire.write([first, *(Article(article.document) for article in others)], trained, "jsonl")
    assessed = goldwire.assess_drafts(drafts, project=project, trained=[trained], resamples=0)
    assert assessed.documents == (first.document.id,)
    assert f"left out: {counted(len(others), 'document')} that `tiny` has no annotation of" in assessed.notes


def test_a_stock_model_that_is_not_installed_is_told(project: Project) -> None:
    """The figures come without it, as those of a training do, and the note says how to have it."""
    reviewed(project)
    settings = project.root / "goldwire.toml"
    predict = '\n[predict]\nmodel = "xx_ent_wiki_lg"\nlayer = "thing"\nlabels = { PER = "FOOD" }\n'
    settings.write_text(settings.read_text("utf-8") + predict, "utf-8")
    assessed = goldwire.assess_drafts(drafts_of(project), project=project.root, resamples=0)
    assert [row["system"] for row in assessed.table("systems").records() if row["layer"] == "thing"] == [
        "drafts: tiny",
        "lexicon",
    ]
    [note] = assessed.notes
    assert "xx_ent_wiki_lg is not installed" in note and "spacy download" in note


def test_the_lexicon_learns_nothing_from_near_copies(project: Project) -> None:
    """An article's near copy would give its words away: what is of its group is not learned from."""
    gold = reviewed(project)
    original = next(a for a in project_articles(project) if gold[a.document.id].layer("thing"))
    name = original.document.id
    copied = replace(original.document, id="copy", text=original.document.text + " Fin.")
    reading = replace(gold[name], document="copy", text_sha256="")
    draft = next(a for a in drafts_of(project) if a.document.id == name).annotations[0]
    read = [Article(original.document, (gold[name],)), Article(copied, (reading,))]
    drafted = [
        Article(original.document, (draft,)),
        Article(copied, (replace(draft, document="copy", text_sha256=""),)),
    ]
    assessed = goldwire.assess_drafts(drafted, read, project=project, resamples=0, layers=["thing"])
    assert [row["R"] for row in assessed.table("systems").records()] == [1, 0]
