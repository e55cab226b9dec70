"""What one has in some format becomes a project whose schema has all that it uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given

import goldwire
from goldwire.annotations.store import project_articles
from goldwire.cli.main import cli
from goldwire.errors import GoldwireError
from goldwire.formats.as_project import make_project_of
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.project import load_project
from goldwire.schemas import load_schema
from goldwire.seeds import unlisted
from tests.strategies import articles

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("brat", "brat"),
        ("jsonl", "sample.jsonl"),
        ("conll", "sample.conll"),
        ("cas", "cas"),
        ("labelstudio", "labelstudio.json"),
    ],
)
def test_a_project_is_made_of_each_format(source: str, file: str, tmp_path: Path) -> None:
    """Texts, annotations and an inferred schema that all of them keep, with nothing left unlisted."""
    words = ["new", str(tmp_path / "port"), "--language", "fr", "--from", source, str(GOLDEN / file)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    project = load_project(tmp_path / "port")
    stored = project_articles(project)
    assert any(article.annotations for article in stored) and unlisted(project) == []
    schema_id = load_schema(project.schema_path).id
    assert {annotation.schema for article in stored for annotation in article.annotations} == {schema_id}
    assert CliRunner().invoke(cli, ["corpus", "check", "--project", str(project.root)]).exit_code == 0


def test_nobody_is_named_by_an_address(tmp_path: Path) -> None:
    """A project made of files calls people by what stands before the @; no file of it has the address."""
    people = [
        {"id": number, "email": f"{name}@example.org"}
        for number, name in enumerate(("ada.lo", "ben"), start=1)
    ]
    mark = {"from_name": "label", "to_name": "text", "type": "labels"}
    result = [{**mark, "id": "a", "value": {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}}]
    annotations = [
        {"id": who["id"], "completed_by": who, "updated_at": "2026-01-01T00:00:00Z", "result": result}
        for who in people
    ]
    task = {"id": 1, "data": {"text": "Ada salts."}, "annotations": annotations}
    (tmp_path / "ls.json").write_text(json.dumps([task]), encoding="utf-8")
    made = goldwire.make_project_from_files(tmp_path / "port", tmp_path / "ls.json", "labelstudio")
    assert made.annotators == ("ada.lo", "ben")
    assert ("annotator", "ben@example.org", "ben") in made.renamed
    files = [path for path in (tmp_path / "port").rglob("*") if path.is_file()]
    assert not [path for path in files if b"@example.org" in path.read_bytes() or "@" in str(path)]
    # What is pulled, or converted, of the same people later goes under the same names.
    task["annotations"] = [{**each, "updated_at": "2026-02-01T00:00:00Z"} for each in annotations]
    (tmp_path / "ls.json").write_text(json.dumps([task]), encoding="utf-8")
    goldwire.convert(tmp_path / "ls.json", tmp_path / "port", target="store")
    stored = project_articles(load_project(tmp_path / "port"))
    assert {a.annotator for article in stored for a in article.annotations} == {"ada.lo", "ben"}


def test_names_that_no_schema_takes_are_made_such_and_told(tmp_path: Path) -> None:
    """Layers, labels, attributes and relations; two labels of one name in two layers are told apart."""
    spans = (
        Span("s1", "T-Loc", "a, b", 0, 4, {"Wie genau?": "x"}),
        Span("s2", "Ereignis 1", "a b", 5, 8),
        Span("s3", "T-Loc", "PER", 10, 11),
    )
    annotation = Annotation(
        "d", "anna", "x@1", "submitted", spans=spans, relations=(Relation("Täter-von", "s2", "s1"),)
    )
    write_jsonl(tmp_path / "a.jsonl", [Article(Document("d", "Anna rief e."), (annotation,))])
    made = make_project_of(
        tmp_path / "a.jsonl", tmp_path / "port", source="jsonl", name="Port", language="de"
    )
    assert set(made.renamed) == {
        ("layer", "T-Loc", "t_loc"), ("layer", "Ereignis 1", "ereignis_1"), ("label", "a, b", "a b_2"),
        ("attribute", "Wie genau?", "wie_genau"),
        ("relation", "Täter-von", "tater_von"),
    }  # fmt: skip
    [article] = project_articles(load_project(tmp_path / "port"))
    [kept] = article.annotations
    assert [(span.layer, span.label) for span in kept.spans] == [
        ("t_loc", "a b_2"), ("ereignis_1", "a b"), ("t_loc", "PER"),
    ]  # fmt: skip
    assert kept.relations[0].label == "tater_von"


@given(article=articles())
def test_no_span_or_relation_is_lost(article: Article, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is stored says what was read, but for names."""
    root = tmp_path_factory.mktemp("as")
    write_jsonl(root / "a.jsonl", [article])
    [article] = goldwire.read(root / "a.jsonl")  # white space at edges is trimmed by whoever reads
    if not any(annotation.spans for annotation in article.annotations):
        return
    make_project_of(root / "a.jsonl", root / "port", source="jsonl", name="Port", language="en")
    [kept] = project_articles(load_project(root / "port"))
    assert kept.document.text == article.document.text
    by_name = sorted(article.annotations, key=lambda annotation: annotation.annotator)
    for before, after in zip(by_name, kept.annotations, strict=True):
        assert before.annotator == after.annotator and before.status == after.status
        assert [(s.id, s.start, s.end) for s in before.spans] == [(s.id, s.start, s.end) for s in after.spans]
        ends = [[(each.head, each.tail) for each in made.relations] for made in (before, after)]
        assert ends[0] == ends[1]


def test_many_labels_have_a_colour_each(tmp_path: Path) -> None:
    """More than a palette holds."""
    spans = tuple(Span(f"s{n}", "thing", f"L{n}", n, n + 1) for n in range(30))
    article = Article(Document("d", "x" * 40), (Annotation("d", "anna", "x@1", "submitted", spans=spans),))
    write_jsonl(tmp_path / "a.jsonl", [article])
    make_project_of(tmp_path / "a.jsonl", tmp_path / "port", source="jsonl", name="Port", language="en")
    labels = load_schema(load_project(tmp_path / "port").schema_path).layers["thing"].labels
    assert len({label.color for label in labels.values()}) == 30


def test_what_makes_no_project_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    """A missing file, an unknown format, nothing annotated, an article twice, half of the words."""
    folder, file = tmp_path / "port", tmp_path / "a.jsonl"
    write_jsonl(file, [Article(Document("d", "Un."))])
    with pytest.raises(GoldwireError, match=r"GW714 .*goldwire seeds add"):
        make_project_of(file, folder, source="jsonl", name="Port", language="en")
    with pytest.raises(GoldwireError, match="GW901"):
        make_project_of(tmp_path / "none", folder, source="jsonl", name="Port", language="en")
    with pytest.raises(GoldwireError, match="GW259"):
        make_project_of(file, folder, source="x", name="Port", language="en")
    assert CliRunner().invoke(cli, ["new", str(folder), "--from", "jsonl"]).exit_code != 0
    assert CliRunner().invoke(cli, ["new", str(folder), str(file)]).exit_code != 0
    assert not folder.exists()


def test_json_says_what_became_of_it(tmp_path: Path) -> None:
    """Articles, annotations, annotators."""
    words = [
        "new",
        str(tmp_path / "port"),
        "--from",
        "brat",
        str(GOLDEN / "brat"),
        "--json",
        str(tmp_path / "j"),
    ]
    assert CliRunner().invoke(cli, words).exit_code == 0
    made = json.loads((tmp_path / "j").read_text())
    assert made["articles"] == 3 and made["annotators"] == ["anna", "béa"]
