"""Parquet: built field by field, and no different from the rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.cli.corpus import command as corpus_command
from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.dataset.arrow import annotation_batch, annotation_of, annotations_of, document_batch
from goldwire.formats.dataset.columns import SchemaColumns
from goldwire.formats.dataset.parquet import MARKS
from goldwire.formats.inferred_schema import found_schema
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Article, Drafting, Provenance, curated
from goldwire.project import load_project
from goldwire.schemas import Attribute, Schema, load_schema
from tests.corpus.mini import mini_articles, mini_project
from tests.examples import at_most
from tests.formats.sample import SCHEMA, marks, rich, sample, whole
from tests.strategies import articles

ROOT = Path(__file__).parents[3]


def told_by_rows(held: list[Article], schema: Schema) -> None:
    """Whether the cells of both configs say what articles do, each attribute by its kind."""
    columns = SchemaColumns(schema)
    documents = document_batch(held, columns)
    documents.validate(full=True)
    for row, article in zip(documents.to_pylist(), held, strict=True):
        best = curated(article.annotations)
        assert (row["id"], row["text"]) == (article.document.id, article.document.text)
        assert row["annotator"] == (best.annotator if best else None)
        for layer, kind in schema.layers.items():
            cells, spans = row[columns.layer_names[layer]], best.layer(layer) if best else ()
            labels, names = list(kind.labels), columns.fields[layer]
            assert [(labels[c["label"]], c["id"], c["start"], c["end"]) for c in cells] == [
                (s.label, s.id, s.start, s.end) for s in spans
            ]
            for cell, span in zip(cells, spans, strict=True):
                assert cell["text"] == article.document.text[span.start : span.end]
                for key, attribute in kind.attributes.items():
                    assert cell[names[key]] == in_cell(span.attributes.get(key), attribute)
                for key in columns.relations(layer):
                    tails = (
                        [r.tail for r in best.relations if (r.head, r.label) == (span.id, key)]
                        if best
                        else []
                    )
                    assert cell[names[key]] == tails
    pairs = list(annotations_of(held))
    whole_rows = annotation_batch(pairs, columns)
    whole_rows.validate(full=True)
    layers, kinds = list(schema.layers), list(schema.relations)
    for row, (annotation, _) in zip(whole_rows.to_pylist(), pairs, strict=True):
        for span in row["spans"]:
            span |= {"layer": layers[span["layer"]], "label": columns.labels[span["label"]]}
        for relation in row["relations"]:
            relation["label"] = kinds[relation["label"]]
        again = annotation_of(row, row["document"])
        assert (again.spans, again.relations) == (annotation.spans, annotation.relations)


def in_cell(value: object, attribute: Attribute) -> object:
    """An attribute's value as a typed column has it."""
    values = list(attribute.values)
    if value is None or attribute.kind == "flag":
        return value
    if attribute.kind == "choice":
        return values.index(str(value))
    if attribute.kind == "choices" and isinstance(value, list):
        return [values.index(each) for each in value]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@settings(max_examples=at_most(40))
@given(held=st.lists(articles(), max_size=2, unique_by=lambda article: article.document.id))
def test_rows_say_what_any_articles_do(held: list[Article]) -> None:
    """Nulls, empty lists, odd values: not one cell differs."""
    told_by_rows(held, found_schema(held))


def test_rows_say_what_the_examples_do() -> None:
    """With schemas that have choices, flags and relations too."""
    project = load_project(ROOT)
    told_by_rows(FORMATS["store"].read(ROOT, ConversionOptions()), load_schema(project.schema_path))
    told_by_rows(mini_articles(), load_schema(SCHEMA))


@pytest.mark.parametrize("config", ["documents", "annotations", "tokens"])
def test_the_schema_is_what_datasets_makes(config: str) -> None:
    """Types, made without `datasets`, are its own; no file says so in words that only some versions know."""
    from datasets import Features

    for path in (SCHEMA, load_project(ROOT).schema_path):
        columns = SchemaColumns(load_schema(path))
        made = columns.arrow_schema(config)
        assert made.equals(Features.from_dict(columns.plain_features(config)).arrow_schema)
        assert list(made.metadata) == [b"goldwire"]


def test_the_built_dataset_is_read_whole() -> None:
    """What `corpus build` wrote gives back every article as the store has it."""
    assert whole(FORMATS["parquet"].read(ROOT / "corpus", ConversionOptions())) == whole(
        FORMATS["store"].read(ROOT, ConversionOptions())
    )


@pytest.mark.slow
def test_datasets_loads_a_converted_folder(tmp_path: Path) -> None:
    """Both configs, in a process of its own, with names for the numbers of labels."""
    FORMATS["parquet"].write(tmp_path / "set", sample(), ConversionOptions(schema_path=SCHEMA))
    code = (
        "import sys; from datasets import load_dataset\n"
        "a, b = (load_dataset(sys.argv[1], each)['train'] for each in ('documents', 'annotations'))\n"
        "print(len(a), len(b), a.features['thing'].feature['label'].names, a[0]['step'][0]['object'])"
    )
    env = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, str(tmp_path / "set")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "3 3 ['FOOD', 'TOOL'] ['T3', 'T5']\n", done.stderr


def test_metadata_of_any_type_survives_its_columns(tmp_path: Path) -> None:
    """A title that is a number and oddities that are no list come back as they were."""
    held = rich()
    held[0].document.meta.update({"title": 7, "url": None, "oddities": "une", "source": "s"})
    FORMATS["parquet"].write(tmp_path / "set", held, ConversionOptions())
    assert whole(FORMATS["parquet"].read(tmp_path / "set", ConversionOptions())) == whole(held)


def predicted() -> list[Article]:
    """Two annotations of one document: by a model that had learned from it and was asked, and by another."""
    held = sample()[0]
    asked = Drafting(
        prompt="abc",
        schema="def",
        settings={"temperature": 0.0, "seed": 3},
        requests=2,
        tokens_in=900,
        tokens_out=40,
        seconds=1.5,
        cost=0.01,
        currency="EUR",
        placed=5,
        repaired=1,
        dropped=1,
    )
    marked = [
        structs.replace(
            a,
            provenance=Provenance(
                "model",
                a.annotator,
                "1",
                trained_on=a.annotator == "anna",
                drafting=asked if a.annotator == "anna" else None,
                passes={"z": 1.5, "a": None} if a.annotator == "anna" else {},
            ),
        )
        for a in held.annotations
    ]
    return [Article(held.document, tuple(marked))]


def test_one_file_keeps_what_a_model_was_trained_on(tmp_path: Path) -> None:
    """A prediction for a text that the model had learned from is still known as one."""
    path, setting = tmp_path / "pred.parquet", ConversionOptions()
    FORMATS["parquet"].write(path, predicted(), setting)
    assert setting.lost == {}
    assert whole(FORMATS["parquet"].read(path, ConversionOptions())) == whole(predicted())


def test_a_file_of_an_older_version_is_read(tmp_path: Path) -> None:
    """Without the column nothing is marked."""
    path = tmp_path / "pred.parquet"
    FORMATS["parquet"].write(path, sample(), ConversionOptions())
    table = pq.read_table(path)
    rows = table.column("annotations").to_pylist()
    for several in rows:
        for row in several:
            for name in ("trained_on", "drafting", "passes"):
                del row["provenance"][name]
    pq.write_table(table.set_column(3, "annotations", pa.array(rows)), path)
    assert whole(FORMATS["parquet"].read(path, ConversionOptions())) == whole(sample())


@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_a_folder_counts_what_a_model_was_trained_on(schema: Path | None, tmp_path: Path) -> None:
    """A dataset has no column for it: it is counted with its place, and --strict writes nothing."""
    source = tmp_path / "pred.jsonl"
    FORMATS["jsonl"].write(source, predicted(), ConversionOptions())
    for strict in (False, True):
        setting = ConversionOptions(schema_path=schema, strict=strict)
        out = tmp_path / f"set-{strict}"
        with pytest.raises(GoldwireError, match="GW272") if strict else nullcontext():
            convert(source, out, source="jsonl", target="parquet", setting=setting)
        assert setting.lost == {f"provenance {mark}": ["anna/recette-1"] for mark in MARKS}
        assert out.exists() != strict


def test_a_build_counts_what_a_model_was_trained_on(tmp_path: Path) -> None:
    """Drafts of a model that had learned from the texts are counted in manifest and output."""
    project = mini_project(tmp_path / "mini")
    for annotation in read_annotations(project):
        if annotation.annotator == "anna":
            made = structs.replace(annotation.provenance, kind="model", name="m", trained_on=True)
            write_annotation(project, structs.replace(annotation, provenance=made))
    done = CliRunner().invoke(corpus_command, ["build", "--project", str(project.root)])
    assert done.exit_code == 0, done.output
    marked = sum(a.provenance.trained_on for a in read_annotations(project))
    assert json.loads((project.corpus / "manifest.json").read_text(encoding="utf-8"))["trained_on"] == marked
    assert f"{marked} annotations are by models that had learned" in done.output


def test_what_is_no_dataset_is_told(tmp_path: Path) -> None:
    """A folder without documents, a file that is no parquet, one of other columns and rows of others."""
    file = tmp_path / "x.parquet"
    file.write_bytes(b"no")
    for path, said in ((tmp_path, "no documents"), (file, "no parquet")):
        with pytest.raises(GoldwireError, match=said) as caught:
            FORMATS["parquet"].read(path, ConversionOptions())
        assert caught.value.faults[0].code == "GW283"
    pq.write_table(pa.table({"id": ["a", "b"], "text": ["x", "y"]}), file)
    with pytest.raises(GoldwireError, match=r"GW283 .* no column `meta`"):
        FORMATS["parquet"].read(file, ConversionOptions())
    bad = pa.table({"id": ["a", "b"], "text": ["x", "y"], "meta": ["", "[]"], "annotations": [[], []]})
    pq.write_table(bad, file)
    with pytest.raises(GoldwireError) as caught:
        FORMATS["parquet"].read(file, ConversionOptions())
    assert [(f.code, f.where) for f in caught.value.faults] == [
        ("GW284", f"{file} row 1"),
        ("GW284", f"{file} row 2"),
    ]


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    """Labels that a schema lacks are told, all of them, and nothing is written."""
    target = tmp_path / "set"
    FORMATS["parquet"].write(target, sample(), ConversionOptions())
    before = {path: path.read_bytes() for path in target.rglob("*.parquet")}
    schema = load_project(ROOT).schema_path
    with pytest.raises(GoldwireError) as caught:
        FORMATS["parquet"].write(target, sample(), ConversionOptions(schema_path=schema))
    assert {fault.code for fault in caught.value.faults} == {"GW270"}
    assert "has no layer `thing`" in str(caught.value) and "no relation `with`" in str(caught.value)
    assert {path: path.read_bytes() for path in target.rglob("*.parquet")} == before
    assert marks(FORMATS["parquet"].read(target, ConversionOptions())) == marks(sample())


def bomb(path: Path, columns: dict[str, pa.Array]) -> Path:
    """A file of some kilobytes whose dictionaries stand for much more."""
    pq.write_table(pa.table(columns), path, compression="zstd")
    assert path.stat().st_size < 100_000
    return path


TEXTS = pa.array(["x" * (8 << 20)] * 12)
NESTED = pa.array([["y" * (8 << 20)]] * 12)
IDS = pa.array([f"a{number}" for number in range(12)])


@pytest.mark.parametrize(
    ("form", "code", "columns"),
    [
        ("parquet", "GW283", {"id": IDS, "text": TEXTS, "meta": IDS, "annotations": NESTED}),
        ("huggingface", "GW621", {"id": IDS, "tokens": NESTED, "ner_tags": pa.array([["O"]] * 12)}),
        (
            "huggingface",
            "GW621",
            {"id": IDS[:1], "tokens": pa.array([["y"] * (9 << 20)]), "ner_tags": pa.array([["O"]])},
        ),
    ],
    ids=["texts", "lists of texts", "one row of many"],
)
def test_a_few_kilobytes_that_stand_for_much_more_are_refused_before_they_are_unpacked(
    form: str, code: str, columns: dict[str, pa.Array], tmp_path: Path
) -> None:
    """Texts that a dictionary keeps once count as often as they stand there; telling takes little memory."""
    path = bomb(tmp_path / "a.parquet", columns)
    before = pa.total_allocated_bytes()
    with pytest.raises(GoldwireError, match=f"{code} .*more than 64 MiB"):
        FORMATS[form].read(path, ConversionOptions())
    assert pa.total_allocated_bytes() - before < 64 << 20


def test_what_repeats_itself_within_its_limits_is_read(tmp_path: Path) -> None:
    """A dictionary is no fault: rows alike, lists, empty cells, a few hundred times the file's size."""
    rows = 3000
    tokens, tags = ["Anna", "rit", None][:2], ["B-PER", "O"]
    path = tmp_path / "a.parquet"
    columns = {"tokens": [tokens] * rows, "ner_tags": [tags] * rows, "note": [None, "x"] * (rows // 2)}
    pq.write_table(pa.table(columns), path)
    assert len(FORMATS["huggingface"].read(path, ConversionOptions())) == rows
