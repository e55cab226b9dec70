"""The dataset: typed, the same to the byte for the same input, read by `datasets` and by plain pyarrow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from msgspec import structs

from goldwire.annotations.store import write_annotation
from goldwire.cli.corpus import command
from goldwire.corpus.corpus import Corpus, load_corpus
from goldwire.corpus.dataset.build import Build, build
from goldwire.corpus.dataset.croissant import CROISSANT
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.formats.dataset.columns import SchemaColumns
from goldwire.formats.dataset.files import dataset_files
from goldwire.model import Annotation, Article, Provenance, Relation, Span, curated
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.corpus.mini import mini_articles, mini_project, mini_schema


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small project, annotated."""
    return mini_project(tmp_path_factory.mktemp("build") / "mini")


@pytest.fixture(scope="module")
def built(project: Project) -> Build:
    """Its dataset."""
    return build(load_corpus(project))


def table(built: Build, config: str) -> list[dict[str, Any]]:
    """A config's rows, read without `datasets`."""
    import pyarrow.parquet as pq

    [path] = dataset_files(built.folder, config)["train"]
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


LOAD = """
import json, sys
from datasets import load_dataset
folder, *configs = sys.argv[1:]
found = []
for config in configs:
    data = load_dataset(folder, config or None)
    train = data["train"]
    found.append({"splits": list(data), "features": repr(train.features), "rows": list(train)})
print(json.dumps(found))
"""


def load(folder: Path, cache: Path, *configs: str) -> Any:
    """Configs as `datasets` loads them, in a process of its own that has no network."""
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(cache)}
    arguments = [sys.executable, "-c", LOAD, str(folder), *configs]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_datasets_loads_every_config_offline(built: Build, tmp_path: Path) -> None:
    """`load_dataset(folder)` gives the documents, and the others by name, as typed as they were built."""
    from datasets import Features

    configs = ["", "annotations", "tokens"]
    for config, found in zip(configs, load(built.folder, tmp_path, *configs), strict=True):
        assert found["splits"] == ["train"]
        assert found["rows"] == table(built, config or "documents")
        assert found["features"] == repr(
            Features.from_dict(SchemaColumns(mini_schema()).plain_features(config or "documents"))
        )


def test_documents_hold_spans_attributes_and_arguments(built: Build) -> None:
    """Each layer is a column of structs: the article's own words, the ids that relations point to."""
    for row, article in zip(table(built, "documents"), mini_articles(), strict=True):
        annotation = curated(article.annotations)
        assert annotation is not None
        assert (row["id"], row["text"], row["annotator"]) == (
            article.document.id,
            article.document.text,
            "bruno",
        )
        assert row["title"] == article.document.meta["title"]
        assert row["text_sha256"] == sha256(row["text"])
        spans = {span["id"]: span for layer in ("thing", "step") for span in row[layer]}
        assert set(spans) == {span.id for span in annotation.spans}
        assert all(row["text"][s["start"] : s["end"]] == s["text"] for s in spans.values())
        arrows = {
            (name, span["id"], tail)
            for span in row["step"]
            for name in ("object", "with")
            for tail in span[name]
        }
        assert arrows == {(r.label, r.head, r.tail) for r in annotation.relations}
    states = {span["id"]: span["state"] for span in table(built, "documents")[1]["thing"]}
    assert (states["o1"], states["o2"], states["b1"]) == (0, 1, None)


def test_annotations_are_held_whole(built: Build) -> None:
    """A row gives back the very annotation that it was made from."""
    schema, rows = mini_schema(), table(built, "annotations")
    layers, relations = list(schema.layers), list(schema.relations)
    labels = [label for layer in layers for label in schema.labels(layer)]
    again = []
    for row in rows:
        spans = tuple(
            Span(
                s["id"],
                layers[s["layer"]],
                labels[s["label"]],
                s["start"],
                s["end"],
                json.loads(s["attributes"]),
                tuple(s["marked_by"]),
                s["origin"],
                s["score"],
            )
            for s in row["spans"]
        )
        arrows = tuple(
            Relation(relations[r["label"]], r["head"], r["tail"], tuple(r["marked_by"]))
            for r in row["relations"]
        )
        stated = {**row["provenance"], "based_on": tuple(row["provenance"]["based_on"])}
        head = (row["document"], row["annotator"], row["schema"], row["status"])
        again.append(Annotation(*head, Provenance(**stated), spans, arrows, row["text_sha256"]))
    assert again == [a for article in mini_articles() for a in article.annotations]


def test_tokens_give_back_the_text_and_the_outermost_spans(built: Build) -> None:
    """Words and white space make the text again; tags B and I cover exactly the spans."""
    names = ["O", "B-FOOD", "I-FOOD", "B-TOOL", "I-TOOL"]
    for row, document in zip(table(built, "tokens"), table(built, "documents"), strict=True):
        spaced = zip(row["tokens"], row["whitespace"], strict=True)
        assert "".join(word + " " * space for word, space in spaced) == document["text"]
        extents = list(zip(row["starts"], row["ends"], strict=True))
        assert [document["text"][start:end] for start, end in extents] == row["tokens"]
        begun = [
            start for (start, _), tag in zip(extents, row["thing_tags"], strict=True) if names[tag][0] == "B"
        ]
        assert begun == [span["start"] for span in document["thing"]]


def test_the_same_input_gives_the_same_bytes(built: Build, tmp_path: Path) -> None:
    """A project with the same content, its store filled in another order, is built alike to the byte."""
    other = mini_project(tmp_path / "elsewhere", annotated=False)
    for article in reversed(mini_articles()):
        for annotation in reversed(article.annotations):
            write_annotation(other, annotation)
    again = build(load_corpus(other))
    assert again.manifest == built.manifest
    for path in sorted(p for p in built.folder.rglob("*") if p.is_file()):
        assert (again.folder / path.relative_to(built.folder)).read_bytes() == path.read_bytes(), path.name


def test_the_manifest_names_every_file_by_its_hash(built: Build) -> None:
    """Hashes, counts, version and schema stand in manifest.json."""
    manifest = json.loads((built.folder / "manifest.json").read_text(encoding="utf-8"))
    for name, facts in manifest["files"].items():
        assert sha256((built.folder / name).read_bytes()) == facts["sha256"]
    assert set(manifest["files"]) == {"README.md", CROISSANT, *manifest["configs"].values()}
    assert (manifest["version"], manifest["schema"], manifest["annotations"]) == ("0.1.0", "mini@0.1", 4)
    assert manifest["counts"]["labels"]["thing"] == {"FOOD": 8, "TOOL": 3}


@pytest.mark.parametrize("what", ["text", "annotation", "schema", "guidelines"])
def test_the_content_hash_follows_all_that_a_reader_depends_on(tmp_path: Path, what: str) -> None:
    """A changed text, annotation, schema or guideline is another content."""
    project = mini_project(tmp_path / "mini")
    before = load_corpus(project).content_hash()
    if what == "text":
        listing = project.seeds / "articles.jsonl"
        listing.write_text(
            listing.read_text(encoding="utf-8").replace("goldwire", "elsewhere"), encoding="utf-8"
        )
    elif what == "annotation":
        annotation = mini_articles()[0].annotations[0]
        write_annotation(project, structs.replace(annotation, status="reviewed"))
    elif what == "schema":
        text = project.schema_path.read_text(encoding="utf-8")
        project.schema_path.write_text(text.replace("Ce qui se mange", "Ce que l’on mange"), encoding="utf-8")
    else:
        (project.annotate / "guidelines.md").write_text("Lire.", encoding="utf-8")
    assert load_corpus(project).content_hash() != before


def test_what_is_not_ours_stays_and_what_is_stale_goes(tmp_path: Path) -> None:
    """A build leaves other files and the changelog alone, and takes away what an older build listed."""
    project = mini_project(tmp_path / "mini")
    project.corpus.mkdir()
    (project.corpus / "notes.txt").write_text("mine", encoding="utf-8")
    (project.corpus / "CHANGELOG.md").write_text("# Mine\n", encoding="utf-8")
    (project.corpus / "old.parquet").write_bytes(b"old")
    (project.corpus / "changed.parquet").write_bytes(b"changed")
    listed = {"old.parquet": {"sha256": sha256(b"old")}, "changed.parquet": {"sha256": "0"}}
    (project.corpus / "manifest.json").write_text(json.dumps({"files": listed}), encoding="utf-8")
    done = build(load_corpus(project))
    assert not done.changelog_current
    assert (project.corpus / "CHANGELOG.md").read_text(encoding="utf-8") == "# Mine\n"
    assert (project.corpus / "notes.txt").is_file()
    assert (project.corpus / "changed.parquet").is_file()
    assert not (project.corpus / "old.parquet").exists()
    assert not list(project.root.glob(".corpus.*"))


def corpus_of(project: Project, *annotations: Annotation) -> Corpus:
    """The project's articles with these annotations only."""
    documents = load_seeds(project)
    articles = [
        Article(document, tuple(a for a in annotations if a.document == document.id))
        for document in documents
    ]
    return Corpus(project, load_schema(project.schema_path), {}, articles)


def test_faults_without_a_type_stop_the_build_and_others_are_counted(tmp_path: Path) -> None:
    """An unknown label is refused, nothing written; a broken rule is counted and shown in the card."""
    project = mini_project(tmp_path / "mini", annotated=False)
    wrong = Annotation("pommes", "x", "mini@0.1", spans=(Span("a", "thing", "SOUP", 0, 8),))
    with pytest.raises(GoldwireError, match=r"GW232 x/pommes \$\.spans\[0\] «Épluchez»"):
        build(corpus_of(project, wrong))
    with pytest.raises(GoldwireError, match="GW262"):
        build(corpus_of(project))
    assert not project.corpus.exists()
    spans = (
        Span("a", "thing", "FOOD", 13, 27),
        Span("b", "thing", "TOOL", 67, 75),
        Span("c", "step", "CUT", 0, 8),
    )
    partly = Annotation("pommes", "x", "mini@0.1", spans=spans)
    with pytest.raises(GoldwireError, match="GW242"):
        build(corpus_of(project, partly), strict=True)
    assert not project.corpus.exists()
    done = build(corpus_of(project, partly))
    assert done.checks.by_code == {"GW240": 1, "GW242": 3}
    assert (done.losses["thing"].spans, done.losses["thing"].cut) == (2, 2)
    assert done.losses["thing"].cases[0] == "pommes [13, 27) «pommes de terr» in «pommes de terre»"
    card = (project.corpus / "README.md").read_text(encoding="utf-8")
    assert "| GW242 | no span begins or ends inside a word, unless marked | 3 |" in card
    assert "1 of 2 documents have no annotation." in card
    rows = table(done, "documents")
    assert [(row["annotator"], row["thing"] == []) for row in rows] == [("x", False), (None, True)]


ODD_SCHEMA = """
name: odd
version: "1"
language: fr
title: "A | B"
layers:
  title:
    title: Titre
    labels: {A: {name: "a|b", definition: x, color: "#0072B2"}}
    attributes:
      label: {title: Étiquette, kind: text}
      many: {title: Plusieurs, kind: choices, values: {a: {title: a}, b: {title: b}}}
      sure: {title: Sûr, kind: flag}
"""


@pytest.mark.slow
def test_names_that_are_taken_get_another_and_all_kinds_are_typed(tmp_path: Path) -> None:
    """A layer called `title`, an attribute called `label`, lists and flags; no relation at all."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "schema.yaml").write_text(ODD_SCHEMA, encoding="utf-8")
    (tmp_path / "seeds/articles.jsonl").write_text('{"id": "d", "text": "un mot", "n": 3, "title": 7}\n')
    settings = '[project]\nname = "odd"\nlanguage = "fr"\nschema = "schema.yaml"\n'
    (tmp_path / "goldwire.toml").write_text(settings, encoding="utf-8")
    attributes: dict[str, Any] = {"label": "x", "many": ["b", "a"], "sure": True}
    annotation = Annotation("d", "x", "odd@1", spans=(Span("s", "title", "A", 3, 6, attributes),))
    done = build(corpus_of(load_project(tmp_path), annotation))
    (row,) = table(done, "documents")
    assert row["text"] == "un mot"
    expected = {
        "id": "s",
        "label": 0,
        "start": 3,
        "end": 6,
        "text": "mot",
        "label_": "x",
        "many": [1, 0],
        "sure": True,
    }
    assert row["title_"] == [expected]
    assert (json.loads(row["meta"])["n"], row["title"], row["published"]) == (3, "7", None)
    assert load(done.folder, tmp_path / "cache", "")[0]["rows"] == [row]


def test_the_card_opens_with_a_header_that_names_the_configs(built: Build) -> None:
    """The YAML header lists licence, language and the file of each config, the documents by default."""
    text = (built.folder / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("---\n")[1])
    assert (header["license"], header["language"], header["pretty_name"]) == ("cc0-1.0", ["fr"], "Recettes")
    configs = {c["config_name"]: c for c in header["configs"]}
    assert list(configs) == ["documents", "annotations", "tokens"]
    assert configs["documents"]["default"] is True
    assert all((built.folder / c["data_files"][0]["path"]).is_file() for c in configs.values())
    assert "soupe`: no stock in the soup" in text
    assert "- published of `soupe`: inferred from the season" in text
    assert "| `FOOD` | aliment | 8 | 72.7 % |" in text


def card_of(project: Project, *annotations: Annotation) -> str:
    """The card of a corpus with these annotations."""
    return (build(corpus_of(project, *annotations)).folder / "README.md").read_text(encoding="utf-8")


def test_the_card_says_how_far_the_annotations_may_be_trusted(tmp_path: Path) -> None:
    """Machine drafts are called so and never gold; only what people reviewed counts as reviewed."""
    project = mini_project(tmp_path / "mini", annotated=False)
    machine = Provenance("model", "reader", "2", based_on=("a", "b"))
    drafts = [Annotation(name, "m", "mini@0.1", provenance=machine) for name in ("pommes", "soupe")]
    text = card_of(project, *drafts)
    assert "**Draft.** All annotations are machine-drafted; no person has reviewed them." in text
    assert "| m | a model (reader 2), from a, b | 2 |" in text
    assert "State with every figure that the reference is a draft." in text
    assert "gold" not in text.replace("goldwire", "")
    claimed = [structs.replace(draft, status="adjudicated") for draft in drafts]
    assert "**Draft.**" in card_of(project, *claimed)
    people = [structs.replace(a, provenance=Provenance("human", "Anna")) for a in claimed]
    assert "**In part reviewed.** People reviewed or adjudicated the annotations of 1 of 2" in card_of(
        project, people[0], drafts[1]
    )
    text = card_of(project, *people)
    assert "**Reviewed.** People reviewed or adjudicated the annotations of every document." in text
    assert "State with every figure" not in text


def test_agreement_figures_stand_in_the_card_where_there_are_any(tmp_path: Path) -> None:
    """Tables of spans, labels given a match and relations; a broken file is refused by name."""
    project = mini_project(tmp_path / "mini")
    figure = {"f1": 0.8, "ci95": [0.7, 0.9], "matched": 4, "unmatched": 2}
    layer = {
        "exact": figure,
        "overlap": {"f1": None, "ci95": None},
        "label_given_match": {"same_extent": {"accuracy": {"value": 0.75, "pairs": 8, "ci95": None}}},
        "attributes_given_match": {"state": {"equal": 0.5, "ci95": None, "pairs": 2}},
    }
    relations = {"strict": {"micro": figure, "labels": {"object": figure}}}
    found = {"what": "Two people.", "layers": {"thing": layer}, "relations": relations, "warnings": ["Few."]}
    project.eval.mkdir()
    path = project.eval / "agreement.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    text = (build(load_corpus(project)).folder / "README.md").read_text(encoding="utf-8")
    assert "## Agreement\n\nTwo people.\n" in text
    assert "| `thing` | .800 (.700 to .900) | – |" in text
    assert "| `thing` label | same extent | accuracy | .750 | 8 |" in text
    assert "| `object` | .800 (.700 to .900) |" in text
    assert "- Few." in text
    path.write_text("[1", encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW263"):
        build(load_corpus(project))


def test_a_place_that_can_not_be_written_is_told_plainly(tmp_path: Path) -> None:
    """A file where the folder should be is an error with its place; nothing of ours is left about."""
    project = mini_project(tmp_path / "mini")
    project.corpus.write_text("in the way", encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW216"):
        build(load_corpus(project))
    assert not list(project.root.glob(".corpus.*"))


def test_a_language_that_spacy_lacks_is_told_plainly(tmp_path: Path) -> None:
    """The tokeniser's language is the project's."""
    project = mini_project(tmp_path / "mini")
    settings = (project.root / "goldwire.toml").read_text(encoding="utf-8")
    (project.root / "goldwire.toml").write_text(settings.replace('"fr"', '"qq"'), encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW261"):
        build(load_corpus(load_project(project.root)))


def test_the_command_builds_and_prints_what_tags_leave_out(tmp_path: Path) -> None:
    """`corpus build` prints a table, says where it wrote, and gives the manifest as JSON."""
    project = mini_project(tmp_path / "mini")
    files = ["--json", str(tmp_path / "out.json"), "--csv", str(tmp_path / "out.csv")]
    arguments = ["build", "--project", str(project.root), *files]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").startswith("table,layer,spans,nested,in tags,")
    assert "mini 0.1.0: 2 documents" in done.stdout
    assert "written to" in done.stderr
    assert json.loads((tmp_path / "out.json").read_text())["version"] == "0.1.0"
