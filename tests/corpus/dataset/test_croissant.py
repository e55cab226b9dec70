"""The dataset's description in Croissant: valid, and enough to load every row with its marked spans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.dataset.build import Build, build
from goldwire.corpus.dataset.croissant import CROISSANT
from goldwire.formats.dataset.files import dataset_files
from goldwire.project import load_project
from tests.corpus.mini import mini_project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The small project's dataset, with a date and an address."""
    project = mini_project(tmp_path_factory.mktemp("mini"))
    config = project.root / "goldwire.toml"
    more = '[corpus]\ndate = "2024-03-05"\nurl = "https://example.org/recipes"\n'
    config.write_text(config.read_text(encoding="utf-8").replace("[corpus]\n", more), encoding="utf-8")
    return build(load_corpus(load_project(project.root)))


def plain(value: Any) -> Any:
    """A record of mlcroissant with short names, and texts instead of bytes."""
    if isinstance(value, dict):
        return {name.rsplit("/", 1)[-1]: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.slow
def test_it_is_valid_and_loads_what_was_marked(built: Build) -> None:
    """mlcroissant finds nothing wrong or missing, checks the hashes, and reads texts and nested spans."""
    import mlcroissant
    import pyarrow.parquet as pq

    dataset = mlcroissant.Dataset(jsonld=built.folder / CROISSANT)
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings
    rows = [plain(row) for row in dataset.records("documents/train")]
    [path] = dataset_files(built.folder, "documents")["train"]
    expected = pq.read_table(path).to_pylist()
    assert [row["text"] for row in rows] == [row["text"] for row in expected]
    for row, other in zip(rows, expected, strict=True):
        assert [(s["label"], s["start"], s["end"]) for s in row["thing"]] == [
            (s["label"], s["start"], s["end"]) for s in other["thing"]
        ]
    assert {each.uuid for each in dataset.metadata.record_sets} == {
        "documents/train",
        "annotations/train",
        "tokens/train",
    }


def test_a_changed_file_is_noticed(built: Build, tmp_path: Path) -> None:
    """Each file stands there with the hash of what was written."""
    described = json.loads((built.folder / CROISSANT).read_text(encoding="utf-8"))
    listed = {each["contentUrl"]: each["sha256"] for each in described["distribution"]}
    manifest = json.loads((built.folder / "manifest.json").read_text(encoding="utf-8"))
    assert listed == {name: manifest["files"][name]["sha256"] for name in listed}
    assert set(listed) == set(manifest["configs"].values())
    assert described["license"] == ["Apache-2.0", "https://creativecommons.org/publicdomain/zero/1.0/"]
    assert "no person has reviewed" not in described["description"]
    assert "*" not in described["rai:dataLimitations"] and "2 documents" in described["rai:dataLimitations"]
    assert described["datePublished"] == "2024-03-05"
