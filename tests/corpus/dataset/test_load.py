"""What is loaded is what was built, whatever was loaded before, from where, and with which `datasets`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import structs

import goldwire
from goldwire.annotations.store import write_annotation
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.dataset.build import build
from goldwire.corpus.dataset.card_header import LEAST_DATASETS
from goldwire.corpus.publish.hub import parcel
from goldwire.corpus.split.io import Split, split_path, write_split
from goldwire.errors import GoldwireError
from goldwire.files import write_text
from goldwire.formats.dataset.columns import SchemaColumns
from goldwire.formats.dataset.files import dataset_files, features_of
from goldwire.model import Annotation
from goldwire.project import Project, cache_home, load_project
from tests.corpus.mini import mini_articles, mini_project

CONFIGS = ("documents", "annotations", "tokens")
#: One of each form in which a version holds and reads types; the newest is the one that is installed here.
VERSIONS = ("2.19.2", "3.6.0", "4.0.0", "4.4.0")

LOAD = """
import json, sys
from datasets import load_dataset

def plain(feature):
    kind = type(feature).__name__
    if isinstance(feature, dict):
        return {name: plain(each) for name, each in feature.items()}
    if isinstance(feature, list):
        return ["list", plain(feature[0])]
    if kind in ("Sequence", "List"):
        return ["list", plain(feature.feature)]
    return ["label", feature.names] if kind == "ClassLabel" else [kind, feature.dtype]

loaded = []
for place in sys.argv[1:]:
    folder, _, config = place.rpartition("#")
    sides = load_dataset(folder, config)
    loaded.append({side: {"features": plain(d.features), "rows": list(d)} for side, d in sides.items()})
print(json.dumps(loaded))
"""


def load(cache: Path, *places: str, cwd: Path | None = None, python: str = sys.executable) -> list[Any]:
    """Each `FOLDER#CONFIG` as `datasets` loads it, in a process of its own, offline, with one cache."""
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(cache)}
    env.pop("PYTHONPATH", None)
    command = [python, "-c", LOAD, *places]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=cwd)
    assert done.returncode == 0, done.stderr
    loaded: list[Any] = json.loads(done.stdout)
    return loaded


def built_rows(folder: Path, config: str) -> dict[str, list[dict[str, Any]]]:
    """The rows that stand in the files, by split."""
    import pyarrow.parquet as pq

    files = dataset_files(folder, config)
    return {
        side: [row for path in paths for row in pq.read_table(path).to_pylist()]
        for side, paths in files.items()
    }


def shorter(project: Project) -> None:
    """Take the last span of every annotation away, with the relations that it is part of."""
    for annotation in (each for article in mini_articles() for each in article.annotations):
        gone = annotation.spans[-1].id
        relations = tuple(each for each in annotation.relations if gone not in (each.head, each.tail))
        write_annotation(
            project, structs.replace(annotation, spans=annotation.spans[:-1], relations=relations)
        )


@pytest.mark.slow
def test_the_same_folder_gives_its_new_content_in_one_cache(tmp_path: Path) -> None:
    """Built, loaded, changed, built, loaded: all configs, by either kind of path, and copied elsewhere."""
    project, cache = mini_project(tmp_path / "mini"), tmp_path / "cache"
    seen: list[list[Any]] = []
    for change in (lambda _: None, shorter):
        change(project)
        folder = build(load_corpus(project)).folder
        copy = tmp_path / f"copy{len(seen)}"
        shutil.copytree(folder, copy)
        places = [f"{place}#{config}" for config in CONFIGS for place in (folder, "corpus", copy)]
        loaded = iter(load(cache, *places, cwd=project.root))
        for config in CONFIGS:
            for _ in range(3):
                assert {side: each["rows"] for side, each in next(loaded).items()} == built_rows(
                    folder, config
                )
        seen.append([built_rows(folder, config) for config in CONFIGS])
    assert all(one != other for one, other in zip(*seen, strict=True))


@pytest.mark.slow
def test_names_of_labels_alone_make_another_file(tmp_path: Path) -> None:
    """Files hold numbers for labels: a label that is called otherwise is read so from the same cache."""
    project, cache = mini_project(tmp_path / "mini"), tmp_path / "cache"
    names = []
    for old, new in (("TOOL", "TOOL"), ("TOOL", "WARE")):
        for path in (project.schema_path, *project.annotations.rglob("*.json")):
            path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        folder = build(load_corpus(load_project(project.root))).folder
        [loaded] = load(cache, f"{folder}#tokens")
        names.append(loaded["train"]["features"]["thing_tags"][1][1])
    assert [name[-1] for name in names] == ["I-TOOL", "I-WARE"]


@pytest.mark.slow
def test_the_sides_of_a_split_load_by_their_usual_names(tmp_path: Path) -> None:
    """Train, validation and test, as `corpus split` names them, are what `load_dataset` gives; a side without
    a row in a config is none of that config's."""
    project = mini_project(tmp_path / "mini")
    listing = project.seeds / "articles.jsonl"
    line = {"id": "tarte", "file": "articles/tarte.txt", "title": "Tarte", "language": "fr"}
    listing.write_text(f"{listing.read_text('utf-8')}{json.dumps(line)}\n", "utf-8")
    (project.seeds / "articles/tarte.txt").write_text("Anna mange une tarte aux pommes.\n", "utf-8")
    sides = dict(zip(("pommes", "soupe", "tarte"), ("train", "test", "validation"), strict=True))
    write_split(split_path(project), Split("parts", sides=sides))
    folder = build(load_corpus(project)).folder
    for config in CONFIGS:
        expected = ["test", "train", *([] if config == "annotations" else ["validation"])]
        [loaded] = load(tmp_path / "cache", f"{folder}#{config}")
        # Nobody has annotated what is on the side `validation`.
        assert sorted(loaded) == expected
        assert {side: each["rows"] for side, each in loaded.items()} == built_rows(folder, config)


@pytest.mark.slow
def test_two_projects_in_one_cache_do_not_meet(tmp_path: Path) -> None:
    """Each gives its own documents, also with the other loaded in between; so do datasets without texts."""
    one, other = mini_project(tmp_path / "one"), mini_project(tmp_path / "other")
    shorter(other)
    folders = [build(load_corpus(project)).folder for project in (one, other)]
    for project in (one, other):
        with parcel(load_corpus(project), without_texts=True, out=project.root / "bare"):
            folders.append(project.root / "bare")
    places = [folders[0], folders[1], folders[0], folders[2], folders[3], folders[2]]
    loaded = load(tmp_path / "cache", *(f"{place}#annotations" for place in places))
    for place, each in zip(places, loaded, strict=True):
        assert {side: held["rows"] for side, held in each.items()} == built_rows(place, "annotations")
    assert loaded[0] != loaded[1] and loaded[3] != loaded[4] and loaded[0] == loaded[2]


def test_files_of_an_older_build_go_and_others_stay(tmp_path: Path) -> None:
    """One file for each config and split, but for one that somebody put there: that is not read either."""
    project = mini_project(tmp_path / "mini")
    folder = build(load_corpus(project)).folder
    mine = folder / "documents/mine.parquet"
    mine.write_bytes(b"mine")
    before = set(folder.rglob("*.parquet"))
    shorter(project)
    build(load_corpus(project))
    assert before & set(folder.rglob("*.parquet")) == {mine}
    assert len(set(folder.rglob("*.parquet"))) == len(CONFIGS) + 1
    assert len(goldwire.load_corpus(folder, split="train")) == len(mini_articles())


@pytest.mark.parametrize("config", CONFIGS)
def test_python_gets_what_is_built_now(tmp_path: Path, config: str) -> None:
    """`goldwire.load_corpus` of a project or a dataset: the rows and the types, without any cache."""
    from datasets import Features

    project = mini_project(tmp_path / "mini")
    for change in (lambda _: None, shorter):
        change(project)
        folder = build(load_corpus(project)).folder
        for place in (project.root, folder, str(folder)):
            sides = goldwire.load_corpus(place, config)
            assert {side: list(rows) for side, rows in sides.items()} == built_rows(folder, config)
            train = goldwire.load_corpus(place, config, split="train")
            assert train.features == Features.from_dict(
                SchemaColumns(load_corpus(project).schema).plain_features(config)
            )


def test_python_is_told_what_there_is(tmp_path: Path) -> None:
    """No dataset, no such config, no such split: one plain error each, which names those that exist."""
    with pytest.raises(GoldwireError, match=r"GW219 .*there is no dataset"):
        goldwire.load_corpus(tmp_path)
    project = mini_project(tmp_path / "mini")
    with pytest.raises(GoldwireError, match=r"GW219 .*there is no dataset"):
        goldwire.load_corpus(project.root)
    build(load_corpus(project))
    with pytest.raises(GoldwireError, match=r"GW219 .*no config `x`.*annotations, documents, tokens"):
        goldwire.load_corpus(project.root, "x")
    with pytest.raises(GoldwireError, match=r"GW219 .*no split `test`.*train"):
        goldwire.load_corpus(project.root, split="test")
    next((project.corpus / "documents").iterdir()).unlink()
    with pytest.raises(GoldwireError, match="GW2"):
        goldwire.load_corpus(project.root)


def environment(name: str, *wanted: str) -> str:
    """The interpreter of an environment with these packages, made once for all runs of this user."""
    listed = [*wanted, *(f"{package}=={version(package)}" for package in ("pyarrow", "numpy", "pandas"))]
    folder = cache_home() / f"{name}-python{sys.version_info[0]}.{sys.version_info[1]}"
    interpreter, made = folder / "bin/python", folder / "goldwire-made"
    if not made.is_file() or made.read_text(encoding="utf-8") != " ".join(listed):
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "--clear", "-p", sys.executable, str(folder)], check=True)
        subprocess.run([*uv, "pip", "install", "-q", "-p", str(interpreter), *listed], check=True)
        write_text(made, " ".join(listed))
    return str(interpreter)


@pytest.fixture(scope="module", params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """One with that `datasets`."""
    return environment(f"datasets-{request.param}", f"datasets=={request.param}")


@pytest.fixture(scope="module")
def read_here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Datasets, as `FOLDER#CONFIG`, and what the `datasets` that is installed reads of each."""
    root, made = Path(__file__).parents[3], tmp_path_factory.mktemp("read")
    project = mini_project(made / "mini")
    write_annotation(project, Annotation("pommes", "nobody", "mini@0.1"))
    folders = [root / "corpus", build(load_corpus(project)).folder]
    with parcel(load_corpus(project), without_texts=True, out=made / "bare"):
        places = [f"{folder}#{config}" for folder in folders for config in CONFIGS]
        places.append(f"{made / 'bare'}#annotations")
    return dict(zip(places, load(made / "cache", *places), strict=True))


@pytest.mark.slow
@pytest.mark.xdist_group("read here")
def test_every_datasets_reads_the_same(python: str, read_here: dict[str, Any], tmp_path: Path) -> None:
    """From the least version that the card names to the newest: types, labels and rows are equal."""
    assert VERSIONS[0].startswith(LEAST_DATASETS)
    assert load(tmp_path / "cache", *read_here, python=python) == list(read_here.values())


@pytest.mark.slow
@pytest.mark.xdist_group("read here")
def test_what_is_read_is_what_stands_in_the_files(read_here: dict[str, Any]) -> None:
    """Every row of every side, of the example, of an empty annotation and without texts."""
    for place, sides in read_here.items():
        folder, _, config = place.rpartition("#")
        assert {side: held["rows"] for side, held in sides.items()} == built_rows(Path(folder), config)


@pytest.mark.slow
def test_the_card_s_own_words_work_with_every_datasets(python: str, tmp_path: Path) -> None:
    """How to load, as the card says it, prints labels and words."""
    folder = build(load_corpus(mini_project(tmp_path / "mini"))).folder
    card = (folder / "README.md").read_text(encoding="utf-8")
    code = card.partition("```python\n")[2].partition("```")[0]
    env = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "cache"),
    }
    command = [python, "-c", code]
    done = subprocess.run(command, cwd=folder.parent, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "FOOD" in done.stdout


READ = """
import duckdb, json, pandas, polars, pyarrow.parquet, sys
for path in sys.argv[1:]:
    rows = pyarrow.parquet.read_table(path).to_pylist()
    frame = pandas.read_parquet(path)
    assert (len(frame), list(frame.columns)) == (len(rows), list(rows[0])), path
    assert polars.read_parquet(path).to_dicts() == rows, path
    found = duckdb.sql(f"select * from '{path}'")
    assert [dict(zip(found.columns, row)) for row in found.fetchall()] == rows, path
print("read")
"""


@pytest.mark.slow
def test_other_readers_read_the_files_as_they_are() -> None:
    """Pandas, polars and DuckDB: the rows and lists of structs that pyarrow has."""
    corpus = Path(__file__).parents[3] / "corpus"
    files = [str(path) for config in CONFIGS for path in dataset_files(corpus, config)["train"]]
    command = [environment("readers", "polars", "duckdb"), "-c", READ, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "read\n", done.stderr


COOKBOOK = """
import duckdb, json, sys
print(json.dumps([duckdb.sql(query).fetchall() for query in json.loads(sys.argv[1])], default=str))
"""


@pytest.mark.slow
def test_the_queries_of_the_docs_mean_what_they_say(tmp_path: Path) -> None:
    """They run over the example's events; an event counts where one report is sure and says that it happened,
    though the first was neither, and what has no whole date ends no query."""
    root = Path(__file__).parents[3]
    goldwire.write_events(tmp_path / "example.parquet", project=root)
    shape = pq.read_schema(tmp_path / "example.parquet")
    given = {"label": "ASSAULT", "actor_country": "IRN", "recipient_country": "IRQ", "reports": 3}
    told: list[dict[str, Any]] = [
        {
            "story": "a",
            "confidence": 0.2,
            "modality": "planned",
            "is_first": True,
            "event_date": "2024-05-01",
        },
        {"story": "a", "confidence": 0.9, "is_first": False, "event_date": "2024-05-01"},
        {"story": "a", "is_first": False, "asserted_by": "source", "event_date": "2024-05-01"},
        {"story": "b", "confidence": 0.9, "modality": "negated", "is_first": True, "event_date": "2024"},
    ]
    pq.write_table(
        pa.Table.from_pylist([row | given for row in told], schema=shape), tmp_path / "made.parquet"
    )
    text = (root / "docs/archives.md").read_text(encoding="utf-8")
    queries = text.partition("```sql\n")[2].partition("```")[0].split(";")[:-1]
    answers = []
    for name in ("example", "made"):
        asked = [query.replace("events.parquet", str(tmp_path / f"{name}.parquet")) for query in queries]
        command = [environment("readers", "polars", "duckdb"), "-c", COOKBOOK, json.dumps(asked)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    assert all(answers[0])
    assert answers[1][0] == [["IRN", "IRQ", "ASSAULT", 1]]
    assert answers[1][1] == [["2024-04-29 00:00:00", "ASSAULT", 1, 3.0]]
    assert sorted(answers[1][2]) == [["ASSAULT", "article", 3], ["ASSAULT", "source", 1]]
    assert [row[0] for row in answers[1][3]] == ["a", "b"]


def test_a_file_names_its_labels_itself() -> None:
    """Apart from its card, a file still holds the types of its columns with the names of labels."""
    [path] = dataset_files(Path(__file__).parents[3] / "corpus", "tokens")["train"]
    assert features_of(path)["entity_tags"]["feature"]["names"][0] == "O"
