"""The adjudicator's files: each article has its own, whatever it is called and whatever lies beside them."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner
from msgspec import structs

from goldwire.annotate.adjudication.decisions import (
    decision_files,
    decision_path,
    folder,
    own_path,
)
from goldwire.annotate.adjudication.project import adjudicate
from goldwire.annotate.rename import rename_annotator
from goldwire.annotations.meaning import content
from goldwire.annotations.store import load_annotation, read_annotations, write_annotation
from goldwire.cli.annotate import command
from goldwire.formats.as_project import make_project_of
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Provenance, Span
from goldwire.project import Project, load_project

#: Two are called as other files of the folder are.
NAMES = ("ids", "IDS", "x", "x.own")
BY = Provenance("human", "marie")


EXAMPLE = Path(__file__).parents[3]


def project_of(folder: Path, *names: str) -> Project:
    """A project of articles with these ids that two have read otherwise."""
    read = [
        Article(
            Document(name, f"Anna ist in {name}."),
            tuple(
                Annotation(
                    name, who, "s@1", "submitted", spans=(Span("1", "thing", label, 0, 4),), provenance=BY
                )
                for who, label in (("anna", "WHO"), ("bruno", "WHERE"))
            ),
        )
        for name in names
    ]
    write_jsonl(folder / "read.jsonl", read)
    make_project_of(folder / "read.jsonl", folder / "made", source="jsonl", name="made", language="de")
    return load_project(folder / "made")


def test_no_article_has_the_file_of_another_or_of_unified_ids(tmp_path: Path) -> None:
    """Each has its own, the unified ids stay as they are, and an annotator is renamed in all of them."""
    project = project_of(tmp_path, *NAMES)
    unified = folder(project) / "ids.yaml"
    unified.parent.mkdir(parents=True)
    unified.write_text("anna: {a.one: a.1}\n", encoding="utf-8")
    for _ in range(2):
        done = adjudicate(project, by="marie")
        assert {name: len(outcome.open) for name, outcome in done.outcomes.items()} == dict.fromkeys(NAMES, 1)
    paths = {own_path(project, name, "yaml") for name in NAMES}
    paths |= {path for path, _ in decision_files(project)}
    assert len({path.name.casefold() for path in paths}) == 2 * len(NAMES)
    assert {record.document for _, record in decision_files(project)} == set(NAMES)
    assert unified.read_text(encoding="utf-8") == "anna: {a.one: a.1}\n"
    rename_annotator(project, old="anna", new="anne")
    assert {tuple(record.between) for _, record in decision_files(project)} == {("anne", "bruno")}


def test_a_result_that_was_changed_by_hand_is_put_aside(tmp_path: Path) -> None:
    """Never overwritten without a word, whether the decisions are new or not; what goldwire wrote is."""
    project = project_of(tmp_path, "x")
    adjudicate(project, by="marie")
    plain = decision_path(project, "x")
    decided = plain.read_text(encoding="utf-8").replace(
        "decide: ''\n  reason: ''", "decide: a\n  reason: seen"
    )
    plain.write_text(decided, encoding="utf-8")
    assert adjudicate(project, by="marie").conflicts == []
    [result] = [each for each in read_annotations(project) if each.annotator == "adjudicated"]
    by_hand = structs.replace(result, spans=(*result.spans, Span("2", "thing", "WHERE", 12, 13)))
    write_annotation(project, by_hand)
    [conflict] = adjudicate(project, by="marie").conflicts
    aside = project.annotate / "conflicts/adjudicated/x.json"
    assert load_annotation(aside.read_bytes()) == by_hand and "conflicts/adjudicated/x.json" in conflict
    assert result in read_annotations(project)
    plain.write_text(decided.replace("decide: a", "decide: b"), encoding="utf-8")
    assert adjudicate(project, by="marie").conflicts == []
    write_annotation(project, by_hand)
    done = CliRunner().invoke(command, ["adjudicate", "--by", "marie", "--project", str(project.root)])
    assert (done.exit_code, "conflict  adjudicated/x" in done.output) == (1, True), done.output


def test_the_examples_decisions_lead_to_what_it_has(tmp_path: Path) -> None:
    """Of all its articles nothing is open, and adjudicated anew they come to what is stored."""
    for name in ("goldwire.toml", "seeds", "schemas", "annotate"):
        source = EXAMPLE / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path)
    project = load_project(tmp_path)
    done = adjudicate(project, by="adjudicator", machine=True)
    stored = {
        each.document: content(each)
        for each in read_annotations(load_project(EXAMPLE))
        if each.provenance.based_on
    }
    assert done.conflicts == [] and stored.keys() == done.outcomes.keys()
    for name, outcome in done.outcomes.items():
        assert (name, outcome.open) == (name, [])
        assert content(outcome.annotation) == stored[name], name
