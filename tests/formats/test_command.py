"""`goldwire corpus convert`: what is printed, what is refused, what is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from goldwire.annotations.tokens import tokenizer
from goldwire.cli.corpus import command
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.formats.spacy_doc import KEY, Pipeline, annotation_from
from goldwire.model import Annotation, Article, Document, Span
from tests.formats.sample import SCHEMA, marks, rich, sample


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and messages; an error that the command line would print is exit code 2."""
    done = CliRunner().invoke(command, ["convert", *map(str, arguments)])
    if isinstance(done.exception, GoldwireError):
        return 2, str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stderr


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample as JSON Lines, outside any project."""
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "in.jsonl", rich())
    return tmp_path / "in.jsonl"


def test_losses_are_printed_counted_and_written(lines: Path, tmp_path: Path) -> None:
    """Each kind with its number and its first places, on the screen and as JSON."""
    figures = tmp_path / "x.json"
    code, said = run(lines, tmp_path / "out", "--from", "jsonl", "--to", "brat", "--json", figures)
    assert code == 0
    assert "3 documents, 3 annotations, 12 spans, 4 relations read; 3 .ann files written" in said
    assert "not kept: 12 × score (anna/recette-1 T1, anna/recette-1 T2, anna/recette-1 T3, …)" in said
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert (found["written"], found["spans"]) == (3, 12)
    assert found["lost"]["document meta"] == {"count": 3, "first": ["recette-1", "recette-2", "recette-3"]}
    assert found["lost"]["marked_by"]["count"] == 16


@pytest.mark.parametrize("target", ["brat", "conll"])
def test_strict_writes_nothing_and_ends_with_two(target: str, lines: Path, tmp_path: Path) -> None:
    """Every kind of loss is an error then; what holds everything is written all the same."""
    code, said = run(lines, tmp_path / "out", "--from", "jsonl", "--to", target, "--strict")
    assert (code, (tmp_path / "out").exists()) == (2, False)
    assert "GW272" in said and "would be lost" in said
    for whole in ("docbin", "parquet", "labelstudio", "cas"):
        assert run(lines, tmp_path / whole, "--from", "jsonl", "--to", whole, "--strict")[0] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "cas",
        "docbin",
        "in.jsonl",
        "labelstudio",
        "parquet",
    ]


def test_the_most_trusted_alone(lines: Path, tmp_path: Path) -> None:
    """The others are counted, whatever the target."""
    code, said = run(lines, tmp_path / "out.jsonl", "--from", "jsonl", "--to", "jsonl", "--curated")
    assert (code, "not kept: 1 × annotations by others (béa/recette-1)" in said) == (0, True)
    assert [len(article.annotations) for article in read_jsonl(tmp_path / "out.jsonl")] == [1, 1, 0]


@pytest.mark.parametrize("target", ["jsonl", "docbin"])
def test_what_is_left_out_needs_not_fit_the_schema(tmp_path: Path, target: str) -> None:
    """Of a less trusted annotation no label is looked up, whether articles go one at a time or not."""
    spans = (Span("s1", "thing", "FOOD", 0, 2),)
    best = Annotation("d", "anna", "mini@0.1", "reviewed", spans=spans)
    other = Annotation("d", "béa", "mini@0.1", spans=(structs.replace(spans[0], label="DESSERT"),))
    write_jsonl(tmp_path / "in.jsonl", [Article(Document("d", "Un."), (best, other))])
    words = ("--from", "jsonl", "--to", target, "--schema", str(SCHEMA))
    code, said = run(tmp_path / "in.jsonl", tmp_path / "out", *words)
    assert code == 2 and "GW270" in said and "DESSERT" in said
    assert run(tmp_path / "in.jsonl", tmp_path / "out", *words, "--curated")[0] == 0


def test_a_folder_is_filled_but_not_mixed(lines: Path, tmp_path: Path) -> None:
    """Files of people stay, the same conversion goes over itself, another one's documents are refused."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.md").write_text("mine", encoding="utf-8")
    for _ in range(2):
        assert run(lines, out, "--from", "jsonl", "--to", "brat")[0] == 0
    write_jsonl(lines, sample()[1:])
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    code, said = run(lines, out, "--from", "jsonl", "--to", "brat")
    assert code == 2 and "GW271" in said and "anna/recette-1.ann" in said
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert (out / "notes.md").read_text(encoding="utf-8") == "mine"


def test_a_schema_that_does_not_fit_is_told_at_once(lines: Path, tmp_path: Path) -> None:
    """Every layer, label, attribute and relation that it lacks."""
    text = SCHEMA.read_text(encoding="utf-8").replace("TOOL:", "SPOON:").replace("[TOOL]", "[SPOON]")
    schema = tmp_path / "s.yaml"
    schema.write_text(text.replace("note:", "remark:"), encoding="utf-8")
    code, said = run(lines, tmp_path / "out", "--from", "jsonl", "--to", "cas", "--schema", schema)
    assert code == 2
    assert "layer `thing` of mini@0.1 has no label `TOOL`" in said and "has no attribute `note`" in said


def test_spans_that_cut_tokens_are_told_with_the_token(tmp_path: Path) -> None:
    """DocBin keeps their extents, CoNLL widens them."""
    document = Document("d", "l’ex-premier ministre", {"language": "fr"})
    spans = (Span("a", "entity", "ROLE", 5, 12),)
    held = [Article(document, (Annotation("d", "x", "s@1", spans=spans),))]
    setting = ConversionOptions()
    FORMATS["docbin"].write(tmp_path / "x.spacy", held, setting)
    assert (setting.lost, setting.widened) == ({}, ["x/d [5, 12) «premier» in «ex-premier»"])
    assert marks(FORMATS["docbin"].read(tmp_path / "x.spacy", ConversionOptions())) == marks(held)
    FORMATS["conll"].write(tmp_path / "x.conll", held, setting)
    assert setting.lost["spans that cut a token"] == ["x/d [5, 12) «premier» in «ex-premier»"]


def test_a_doc_speaks_as_any_pipeline_does() -> None:
    """Groups, entities, attributes and relations stand where `formats.docs` reads them."""
    article = rich()[0]
    doc = article.to_spacy(tokenizer("fr"), article.annotations[0], layer="thing")
    assert [(e.text, e.label_) for e in doc.ents][:2] == [("🍏", "FOOD"), ("oignon rouge", "FOOD")]
    assert doc.user_data[KEY]["attributes"]["thing"][1] == {"state": "raw", "note": "il pique"}
    found = annotation_from(doc, article.document, Pipeline("p", "1", "s@1", ("thing", "step"), "thing"))
    text = article.document.text
    said = {s.id: text[s.start : s.end] for s in found.spans}
    assert {(r.label, said[r.head], said[r.tail]) for r in found.relations} == {
        ("object", "Éplucher", "oignon rouge"),
        ("object", "Éplucher", "فلفل"),
        ("object", "dorer\nà feu doux", "oignon rouge"),
        ("with", "dorer\nà feu doux", "poêle"),
    }
    assert {span.score for span in found.spans} == {0.25}


def test_a_text_that_xml_can_not_hold_goes_into_json(tmp_path: Path) -> None:
    """XMI is refused with the character's place; CAS JSON takes it."""
    document = Document("d", "a\u0007b 🍏")
    held = [Article(document, (Annotation("d", "x", "s@1", spans=(Span("a", "l", "L", 4, 5),)),))]
    with pytest.raises(GoldwireError, match="GW281 d: character U\\+0007 at 1"):
        FORMATS["cas"].write(tmp_path / "xmi", held, ConversionOptions())
    FORMATS["cas"].write(tmp_path / "json", held, ConversionOptions(cas_json=True))
    (again,) = FORMATS["cas"].read(tmp_path / "json", ConversionOptions())
    assert (again.document, again.annotations[0].spans) == (document, held[0].annotations[0].spans)


def test_labels_that_no_file_could_hold_come_back(tmp_path: Path) -> None:
    """A label of two layers, labels with spaces, accents and digits, and a relation named like a keyword."""
    document = Document("d", "Anna rit")
    named = [("class", "1 é|x"), ("Relation", "1 é|x"), ("a-b", "X"), ("a-b", "O\tp")]
    spans = tuple(
        Span(f"s{n}", layer, label, 0, 4, {"type": "t", "id": "i", "from": "f", "deux mots": True})
        for n, (layer, label) in enumerate(named)
    )
    article = Article(document, (Annotation("d", "le\u0301a/b", "s@1", spans=spans),))
    for name, path in (
        ("brat", "b"),
        ("cas", "c"),
        ("docbin", "x.spacy"),
        ("parquet", "p"),
        ("parquet", "p.parquet"),
    ):
        FORMATS[name].write(tmp_path / path, [article], ConversionOptions())
        assert marks(FORMATS[name].read(tmp_path / path, ConversionOptions())) == marks([article]), name
    relabelled = structs.replace(article.annotations[0], spans=spans[:1])
    setting = ConversionOptions()
    FORMATS["conll"].write(tmp_path / "x.conll", [Article(document, (relabelled,))], setting)
    assert len(setting.lost["white space in a label"]) == 1


@pytest.mark.parametrize("name", [n for n, each in FORMATS.items() if each.writes and n != "store"])
def test_what_a_format_has_no_place_for_is_said_each_time(name: str, lines: Path, tmp_path: Path) -> None:
    """Also what is not counted one by one: brat numbers spans anew."""
    target = tmp_path / f"out.{name}"
    done = CliRunner().invoke(command, ["convert", str(lines), str(target), "--from", "jsonl", "--to", name])
    assert done.exit_code == 0, done.output
    said = f"{name} has no place for: {FORMATS[name].loses}"
    assert (said in done.stderr) == bool(FORMATS[name].loses)


def _export(folder: Path) -> Path:
    """Two tasks of another project: a span that fits, one that says it marks something else, no text."""
    value = {"start": 0, "end": 4, "labels": ["PER"], "text": "Anna"}
    good = {"id": "a", "from_name": "tags", "to_name": "doc", "type": "labels", "value": value}
    wrong = {**good, "id": "b", "value": {**value, "text": "Bert"}}
    tasks = [
        {"id": 1, "data": {"body": "Anna met Bob."}, "annotations": [{"result": [good, wrong]}]},
        {"id": 2, "data": {"body": None}, "annotations": [{"result": [good]}]},
    ]
    (folder / "in.json").write_text(json.dumps(tasks), encoding="utf-8")
    return folder / "in.json"


def test_an_export_ends_with_an_account_and_keeps_what_was_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every span is in the sum, what was not kept lies beside the output, and the figures say the same."""
    monkeypatch.chdir(tmp_path)
    source, figures = _export(tmp_path), tmp_path / "x.json"
    to = ("--from", "labelstudio", "--to", "jsonl")
    code, said = run(source, "out.jsonl", *to, "--json", figures)
    last = said.strip().splitlines()[-1]
    assert code == 0
    assert last.startswith(
        "spans: 3 in, 1 kept, 2 not kept; relations: 0 in, 0 kept, 0 not kept; attributes:"
    )
    assert f"(first: unnamed-1/task-1, {source} $[1])" in last
    aside = [json.loads(line) for line in Path("out.jsonl.quarantine.jsonl").read_text().splitlines()]
    assert [(line["item"]["id"], line["count"]) for line in aside] == [("b", 1), (2, 1)]
    assert "and the region says 'Bert'" in aside[0]["kind"] and "no text" in aside[1]["kind"]
    told = json.loads(figures.read_text(encoding="utf-8"))
    assert told["account"]["spans"] == {"found": 3, "kept": 1, "moved": 0, "trimmed": 0}
    assert told["quarantine_file"].endswith("out.jsonl.quarantine.jsonl")
    code, said = run(source, "strict.jsonl", *to, "--strict")
    assert (code, list(tmp_path.glob("strict*"))) == (2, [])


def test_the_text_to_read_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its object or its field; without it each marked text is a document, or the question is asked."""
    monkeypatch.chdir(tmp_path)
    value = {"start": 0, "end": 4, "labels": ["PER"]}
    item = {"id": "a", "from_name": "tags", "to_name": "doc", "type": "labels", "value": value}
    data = {"one": "Anna met Bob.", "other": "Rosa met Bob."}
    Path("in.json").write_text(json.dumps([{"data": data, "annotations": [{"result": [item]}]}]))
    to = ("--from", "labelstudio", "--to", "jsonl")
    code, said = run("in.json", "out.jsonl", *to)
    assert (code, Path("out.jsonl").exists()) == (2, False)
    assert "GW289" in said and "--text" in said
    assert run("in.json", "out.jsonl", *to, "--text", "other")[0] == 0
    assert read_jsonl(Path("out.jsonl"))[0].document.text == data["other"]


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("brat", ["annotation.conf", "anna/recette-1.txt"]),
        ("cas", ["TypeSystem.xml", "recette-1/anna.xmi"]),
        ("webanno_tsv", ["recette-1/anna.tsv"]),
    ],
)
def test_a_file_that_somebody_else_wrote_is_never_written_over(
    form: str, names: list[str], lines: Path, tmp_path: Path
) -> None:
    """Whatever its suffix: nothing is written then. A folder of ours is written again, and what was edited in
    it since is put aside, and told."""
    if form == "cas":
        pytest.importorskip("cassis")
    ours = tmp_path / "ours"
    assert run(lines, ours, "--from", "jsonl", "--to", form)[0] == 0
    for number, name in enumerate(name for name in names if (ours / name).is_file()):
        theirs = tmp_path / f"theirs{number}"
        (theirs / name).parent.mkdir(parents=True)
        (theirs / name).write_text("mine", encoding="utf-8")
        code, said = run(lines, theirs, "--from", "jsonl", "--to", form)
        assert code == 2 and "GW271" in said and name in said
        assert [path.read_text() for path in theirs.rglob("*") if path.is_file()] == ["mine"]
    edited = next(path for path in sorted(ours.rglob("*")) if path.suffix in (".ann", ".xmi", ".tsv"))
    edited.write_text("edited", encoding="utf-8")
    code, said = run(lines, ours, "--from", "jsonl", "--to", form)
    assert code == 0 and f"{edited.name}.orig" in said and "edited since they were written" in said
    assert edited.with_name(f"{edited.name}.orig").read_text(encoding="utf-8") == "edited"
    assert edited.read_text(encoding="utf-8") != "edited"


def test_the_list_of_what_was_written_is_no_part_of_the_corpus(lines: Path, tmp_path: Path) -> None:
    """CAS JSON has the suffix of the list itself: what is read back is what was written, over itself too."""
    pytest.importorskip("cassis")
    for _ in range(2):
        assert run(lines, tmp_path / "out", "--from", "jsonl", "--to", "cas", "--cas-json")[0] == 0
    setting = ConversionOptions()
    assert len(FORMATS["cas"].read(tmp_path / "out", setting)) == len(rich())
    assert setting.noted == {}
