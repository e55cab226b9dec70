"""A corpus from Python: built, checked, looked at, compared and split by calls, with results to look at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import goldwire

RECALLS = Path(__file__).parents[2] / "examples/recalls"


@pytest.fixture
def project(tmp_path: Path) -> goldwire.Project:
    """The example in English, copied."""
    shutil.copytree(RECALLS, tmp_path / "recalls")
    return goldwire.load_project(tmp_path / "recalls")


def test_a_dataset_is_built_and_says_how_far_it_has_come(project: goldwire.Project) -> None:
    """The total is told first, and reached; the result is the manifest, a table and a line."""
    totals, steps = list[int](), list[int]()
    built = goldwire.build_corpus(project.root, total=totals.append, advance=steps.append)
    assert totals == [sum(steps)] and len(steps) > 1
    assert built.to_dict() == json.loads((project.corpus / "manifest.json").read_text())
    assert built.to_pandas()["spans"].sum() == sum(built.counts.layers.values())
    assert "7 documents" in repr(built) and "<table" in built._repr_html_()
    assert len(goldwire.load_corpus(project.root, split="train")) == 7


def test_what_breaks_a_rule_is_listed_with_its_place(project: goldwire.Project, tmp_path: Path) -> None:
    """A file is checked as the project is; each fault is a row, and curated ones decide alone where asked."""
    assert goldwire.check_corpus(project).faults == []
    article = goldwire.read(project)[0]
    annotation = article.annotations[0]
    wrong = goldwire.Span("x1", annotation.spans[0].layer, "NO_SUCH_LABEL", 0, 4)
    draft = goldwire.Annotation(article.document.id, "zoe", annotation.schema, spans=(wrong,))
    held = goldwire.Article(article.document, (*article.annotations, draft))
    goldwire.write([held], tmp_path / "held.jsonl")
    checked = goldwire.check_corpus(project, tmp_path / "held.jsonl")
    row, *_ = checked.table("faults").records()
    assert "NO_SUCH_LABEL" in row["what"] and "zoe" in row["where"] and row["code"] in checked.by_code
    curated = goldwire.check_corpus(project, tmp_path / "held.jsonl", curated=True)
    assert curated.faults == [] and curated.others == checked.faults


def test_pages_are_written_where_they_are_wanted(project: goldwire.Project, tmp_path: Path) -> None:
    """A site and a review, here or in the project; rows without a server are told of."""
    site = goldwire.browse_corpus(project)
    assert site.index.is_relative_to(project.reports) and site.index.is_file()
    assert site.to_dict()["articles"] == site.table().rows[0][1] == 7
    told: list[str] = []
    review = goldwire.review_corpus(project, tmp_path / "r.html", label_errors=False, notify=told.append)
    assert review.page == tmp_path / "r.html" and review.page.is_file()
    assert len(review.tables()) == 1 and told and told[0].startswith("rows link to no task")


def test_two_versions_are_told_apart(project: goldwire.Project, tmp_path: Path) -> None:
    """What differs is counted; a changelog gets an entry only where something does."""
    goldwire.write(goldwire.read(project), tmp_path / "before.jsonl")
    article = goldwire.list_articles(project).articles[0]
    goldwire.remove_articles(project, article.id, with_annotations=True)
    difference = goldwire.diff_corpus(tmp_path / "before.jsonl", project=project)
    assert difference.due.level == "major" and difference.diff.kinds["removed"] == 1
    assert difference.to_pandas()["removed"].sum() > 0 and "due: major" in repr(difference)
    assert difference.summary[1].endswith("1 removed") and [*difference.changes(3)][-1].startswith("due:")
    assert difference.add_entry(tmp_path / "CHANGES.md")
    assert f"`{article.id}`" in (tmp_path / "CHANGES.md").read_text()
    same = goldwire.diff_corpus(project.root, project=project)
    assert not same.add_entry(tmp_path / "OTHER.md") and not (tmp_path / "OTHER.md").exists()
    same.write_page(tmp_path / "same.html")
    assert (tmp_path / "same.html").is_file()


def test_a_split_goes_on_from_the_one_before(project: goldwire.Project) -> None:
    """Who has a side keeps it; folds are a table of their own, in another file."""
    first = goldwire.split_corpus(project, test=0.3, validation=0)
    again = goldwire.split_corpus(project)
    assert again.split.sides == first.split.sides and (first.is_continued, again.is_continued) == (
        False,
        True,
    )
    assert again.new == [] and sum(again.table("sides").to_pandas()["documents"]) == again.documents == 7
    folds = goldwire.split_corpus(project, project.root / "folds.json", folds=3)
    assert repr(folds) == "<SplitResult: 3 folds>" and len(folds.to_pandas("folds")) == 3


def test_what_would_be_published_comes_back_with_ones_own_copies(
    project: goldwire.Project, tmp_path: Path
) -> None:
    """Without texts a folder says what would go; joined with the articles it is the project's again."""
    packed = list[str]()
    published = goldwire.publish_corpus(
        project,
        "us/recalls",
        without_texts=True,
        dry_run=True,
        out=tmp_path / "bare",
        on_packed=lambda each: packed.append(repr(each)),
    )
    assert published.url == "" and packed == [repr(published)] and "not yet" in packed[0]
    assert published.table().rows[-1] == ("in all", sum(published.files.values()))
    whole = goldwire.rehydrate(tmp_path / "bare", project.seeds, tmp_path / "whole.jsonl")
    assert whole.to_dict() == {"documents": 7, "spans": whole.spans, "differing": [], "missing": []}
    assert goldwire.read(tmp_path / "whole.jsonl")[0].document == goldwire.read(project)[0].document
