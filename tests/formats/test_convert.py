"""Formats by name: what can be read and written, and nothing in half."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

import goldwire
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.cli.corpus import command
from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS, format_named
from goldwire.model import Annotation, Article, Document
from tests.corpus.mini import MINI, mini_articles, mini_project


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and messages of `corpus convert`."""
    done = CliRunner().invoke(command, ["convert", *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.stderr


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    """As Windows tools put it before JSON Lines, with their line ends."""
    write_jsonl(tmp_path / "a.jsonl", mini_articles())
    lines = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "b.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.replace(b"\n", b"\r\n"))
    assert read_jsonl(tmp_path / "b.jsonl") == read_jsonl(tmp_path / "a.jsonl")


def test_quotes_become_lines_and_the_store(tmp_path: Path) -> None:
    """A folder of quotes goes to JSON Lines and to a project, and comes back the same from both."""
    project = mini_project(tmp_path / "mini", annotated=False)
    lines = tmp_path / "out.jsonl"
    code, said = run(MINI / "quotes", lines, "--from", "quotes", "--to", "jsonl", "--project", project.root)
    assert (code, read_jsonl(lines)) == (0, mini_articles())
    assert "2 documents, 4 annotations, 40 spans, 23 relations read; 2 lines written" in said
    code, said = run(MINI / "quotes", project.root, "--from", "quotes", "--to", "store")
    assert (code, len(read_annotations(project))) == (0, 4)
    assert "4 files changed" in said
    again = tmp_path / "again.jsonl"
    run(project.root, again, "--from", "store", "--to", "jsonl")
    assert again.read_bytes() == lines.read_bytes()
    assert "0 files changed" in run(lines, project.root, "--from", "jsonl", "--to", "store")[1]


@pytest.mark.parametrize("content", [b"", b"{broken\n"], ids=["read", "refused"])
def test_reading_leaves_the_garbage_collector_as_it_was(content: bytes, tmp_path: Path) -> None:
    """It is called seldom on the way, and as before afterwards, whether or not the file could be read."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    before = gc.get_threshold()
    with suppress(GoldwireError):
        FORMATS["jsonl"].read(path, ConversionOptions())
    assert gc.get_threshold() == before


def test_a_single_document_of_a_larger_project_is_converted_alone(tmp_path: Path) -> None:
    """Articles that no file of quotes annotates are not written."""
    setting = ConversionOptions(MINI)
    path = tmp_path / "out.jsonl"
    convert(MINI / "quotes/soupe-anna.yaml", path, source="quotes", target="jsonl", setting=setting)
    assert [article.document.id for article in read_jsonl(path)] == ["soupe"]


def test_the_store_never_trades_a_more_trusted_annotation_for_a_lesser_one(tmp_path: Path) -> None:
    """A reviewed annotation is not replaced by a submitted one; nothing at all is written then."""
    project = mini_project(tmp_path / "mini", annotated=False)
    reviewed = structs.replace(mini_articles()[1].annotations[0], status="reviewed")
    write_annotation(project, reviewed)
    with pytest.raises(GoldwireError, match="a reviewed annotation would be replaced by a submitted one"):
        FORMATS["store"].write(project.root, mini_articles(), ConversionOptions())
    assert read_annotations(project) == [reviewed]


def test_the_store_refuses_strange_articles_and_other_texts(tmp_path: Path) -> None:
    """An article that the project lacks, or whose text is another, is named; nothing is written."""
    project = mini_project(tmp_path / "mini", annotated=False)
    strange = Article(Document("x", "text"), (Annotation("x", "a", "mini@0.1"),))
    other = Article(Document("soupe", "text"), (Annotation("soupe", "a", "mini@0.1"),))
    with pytest.raises(GoldwireError) as caught:
        FORMATS["store"].write(project.root, [*mini_articles(), strange, other], ConversionOptions())
    assert sorted(fault.code for fault in caught.value.faults) == ["GW203", "GW210"]
    assert read_annotations(project) == []


def test_a_format_that_does_not_exist_or_goes_one_way_is_told_by_name(tmp_path: Path) -> None:
    """The message lists the formats that would do."""
    with pytest.raises(GoldwireError, match="unknown format `tape`"):
        format_named("tape")
    with pytest.raises(GoldwireError, match="`quotes` can't be written"):
        convert(tmp_path, tmp_path, source="jsonl", target="quotes", setting=ConversionOptions())


@pytest.mark.parametrize(
    ("name", "told"), [("jsonl", "GW207 .*the .jsonl file"), ("labelstudio", "GW266 .*the .json file")]
)
@pytest.mark.parametrize("project", [MINI, None], ids=["with a schema", "without"])
def test_a_folder_where_a_file_is_read_is_told_the_way_out(
    tmp_path: Path, project: Path | None, name: str, told: str
) -> None:
    """The message says which file to name, and how folders are read."""
    with pytest.raises(GoldwireError, match=f"{told}.*--from store") as caught:
        convert(tmp_path, tmp_path / "out", source=name, target="jsonl", setting=ConversionOptions(project))
    assert "a folder, not a" in str(caught.value) and str(tmp_path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_conversion_leaves_the_old_file(tmp_path: Path) -> None:
    """Where the source is broken the target is not touched."""
    target = tmp_path / "out.jsonl"
    write_jsonl(target, mini_articles())
    before = target.read_bytes()
    broken = tmp_path / "broken.yaml"
    broken.write_text("document: nowhere\n", encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW258"):
        convert(broken, target, source="quotes", target="jsonl", setting=ConversionOptions(MINI))
    assert target.read_bytes() == before


@pytest.mark.parametrize("name", ["brat", "webanno_tsv", "cas", "store"])
def test_a_source_that_breaks_off_leaves_nothing_of_what_was_read(tmp_path: Path, name: str) -> None:
    """Articles go through one at a time; a bad line at the end is told, and no file of them is there."""
    source = tmp_path / "in.jsonl"
    write_jsonl(source, mini_articles())
    with source.open("a", encoding="utf-8") as stream:
        stream.write("{\n")
    project = mini_project(tmp_path / "mini", annotated=False)
    target = project.root if name == "store" else tmp_path / "out"
    with pytest.raises(GoldwireError, match=r"in\.jsonl:3"):
        convert(source, target, source="jsonl", target=name, setting=ConversionOptions(project.root))
    assert read_annotations(project) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "mini"]


@pytest.mark.parametrize("name", ["brat", "webanno_tsv", "cas", "store"])
def test_what_goes_through_one_at_a_time_is_counted(tmp_path: Path, name: str) -> None:
    """Documents, annotations and spans, and nothing is held; what a format can't hold is put down as ever."""
    source = tmp_path / "in.jsonl"
    write_jsonl(source, mini_articles())
    project = mini_project(tmp_path / "mini", annotated=False)
    target = project.root if name == "store" else tmp_path / "out"
    done = convert(source, target, source="jsonl", target=name, setting=ConversionOptions(project.root))
    annotations = [annotation for article in mini_articles() for annotation in article.annotations]
    assert done.written == len(annotations)
    assert done.counts == {
        "documents": len(mini_articles()),
        "annotations": len(annotations),
        "spans": sum(len(annotation.spans) for annotation in annotations),
        "relations": sum(len(annotation.relations) for annotation in annotations),
    }
    if name == "store":
        assert len(read_annotations(project)) == len(annotations)


def test_articles_that_the_store_has_no_place_for_are_told(tmp_path: Path) -> None:
    """Of those without annotations the number is said, though none is held."""
    first, *others = mini_articles()
    source = tmp_path / "in.jsonl"
    write_jsonl(source, [structs.replace(first, annotations=()), *others])
    project = mini_project(tmp_path / "mini", annotated=False)
    code, said = run(source, project.root, "--to", "store")
    assert code == 0
    assert "1 document without annotations: the store keeps annotations, seeds/ the articles" in said


def test_every_format_says_what_it_is() -> None:
    """Each has a sentence for its users, and the functions that it promises."""
    for name, each in FORMATS.items():
        assert each.about and each.name == name
        assert hasattr(import_module(each.reader), f"read_{name}")
        assert not each.writes or hasattr(import_module(each.writer), f"write_{name}")


#: A schema with every kind of rule that a value or a relation can break, and what breaks each.
RULES = """
name: kitchen
version: "1"
language: en
title: Kitchen
layers:
  thing:
    title: Things
    labels:
      FOOD: {name: food, definition: It is eaten., color: "#0072B2", hotkey: f}
      TOOL: {name: tool, definition: It serves to cook., color: "#D55E00", hotkey: t}
    attributes:
      when: {title: When, kind: date}
      count: {title: Count, kind: integer}
      many: {title: Many, kind: range}
      land: {title: Land, kind: country}
      hot: {title: Hot, kind: flag, labels: [FOOD]}
      kind: {title: Kind, kind: choice, values: {raw: {title: raw}, sharp: {title: sharp, labels: [TOOL]}}}
relations:
  with:
    name: with
    definition: With what.
    head: [{layer: thing, labels: [FOOD]}]
    tail: [{layer: thing, labels: [TOOL]}]
"""
BROKEN: tuple[tuple[str, dict[str, object], tuple[str, str]], ...] = (
    ("GW236", {"when": "someday"}, ("FOOD", "TOOL")),
    ("GW236", {"count": "twelve"}, ("FOOD", "TOOL")),
    ("GW236", {"many": "some"}, ("FOOD", "TOOL")),
    ("GW236", {"land": "france"}, ("FOOD", "TOOL")),
    ("GW236", {"kind": "sharp"}, ("FOOD", "TOOL")),
    ("GW236", {"hot": False}, ("FOOD", "TOOL")),
    ("GW234", {"hot": True}, ("TOOL", "TOOL")),
    ("GW238", {}, ("TOOL", "FOOD")),
)


def kitchen(folder: Path, attributes: dict[str, object], labels: tuple[str, str]) -> tuple[Path, Path]:
    """A project with an article and no annotation; lines that hold one annotation of it."""
    project = folder / "project"
    for part in ("schemas", "seeds"):
        (project / part).mkdir(parents=True)
    config = '[project]\nname = "kitchen"\nlanguage = "en"\nschema = "schemas/kitchen.yaml"\n'
    (project / "goldwire.toml").write_text(config, encoding="utf-8")
    (project / "schemas/kitchen.yaml").write_text(RULES, encoding="utf-8")
    article = {"id": "soup", "text": "Cut the onion with a knife."}
    (project / "seeds/articles.jsonl").write_text(json.dumps(article) + "\n", encoding="utf-8")
    spans: list[dict[str, object]] = [
        {"id": name, "layer": "thing", "label": label, "start": start, "end": end}
        for (name, start, end), label in zip((("a", 8, 13), ("b", 21, 26)), labels, strict=True)
    ]
    spans[0]["attributes"] = attributes
    relations = [{"label": "with", "head": "a", "tail": "b"}] if labels[0] != labels[1] else []
    annotation = {
        "annotator": "anna",
        "schema": "kitchen@1",
        "status": "submitted",
        "spans": spans,
        "relations": relations,
    }
    lines = folder / "in.jsonl"
    lines.write_text(json.dumps(article | {"annotations": [annotation]}) + "\n", encoding="utf-8")
    return project, lines


@pytest.mark.parametrize(("code", "attributes", "labels"), BROKEN)
def test_every_writer_holds_to_the_schema_as_the_check_does(
    code: str, attributes: dict[str, object], labels: tuple[str, str], tmp_path: Path
) -> None:
    """What `corpus check` would find of values and ends is refused before anything is written: to the store,
    which has its schema, and to any format with a schema that was named; from Python too."""
    project, lines = kitchen(tmp_path, attributes, labels)
    schema = project / "schemas/kitchen.yaml"
    ways: tuple[Callable[[], object], ...] = (
        lambda: goldwire.convert(lines, project, target="store"),
        lambda: goldwire.convert(lines, tmp_path / "out.jsonl", schema=schema),
        lambda: goldwire.convert(lines, tmp_path / "out", target="brat", schema=schema),
        lambda: goldwire.write(goldwire.read(lines), project, "store"),
    )
    for way in ways:
        with pytest.raises(GoldwireError, match=code):
            way()
    assert not (project / "annotate").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"project", "in.jsonl"}


def test_what_the_schema_allows_goes_into_the_store_and_passes_its_check(tmp_path: Path) -> None:
    """The other side of it."""
    good = {"when": "2020-01", "count": "12", "many": ">12", "land": "FRA", "kind": "raw", "hot": True}
    project, lines = kitchen(tmp_path, good, ("FOOD", "TOOL"))
    assert goldwire.convert(lines, project, target="store").written == 1
    assert not goldwire.check_corpus(project).faults


def test_what_was_put_aside_of_one_source_outlives_the_conversion_of_another(tmp_path: Path) -> None:
    """Each line of the quarantine says its source; one that is converted again replaces its own alone."""
    project, lines = kitchen(tmp_path, {}, ("FOOD", "TOOL"))
    good = lines.read_text(encoding="utf-8")
    (tmp_path / "other.jsonl").write_text("{no json\n" + good, encoding="utf-8")
    lines.write_text(good + "[]\n", encoding="utf-8")
    for target, file in (
        (project, project / "annotate/convert.quarantine.jsonl"),
        (tmp_path / "out.jsonl", tmp_path / "out.jsonl.quarantine.jsonl"),
    ):
        form = "store" if target == project else "jsonl"

        def sources(file: Path = file) -> list[str]:
            rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            return [Path(row["source"]).name for row in rows]

        for source in ("in.jsonl", "other.jsonl", "in.jsonl"):
            done = goldwire.convert(tmp_path / source, target, target=form, lenient=True)
            assert done.quarantine_file == file and len(done.put_aside) == 1
        assert sources() == ["other.jsonl", "in.jsonl"]
        mended = tmp_path / "other.jsonl"
        mended.write_text(good, encoding="utf-8")
        assert goldwire.convert(mended, target, target=form, lenient=True).quarantine_file is None
        assert sources() == ["in.jsonl"]
        mended.write_text("{no json\n" + good, encoding="utf-8")
