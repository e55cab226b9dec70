"""A model's folder is whole or absent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from goldwire.errors import GoldwireError
from goldwire.folders import MANIFEST
from goldwire.train.run.model_folder import fill_meta, model_folder, model_name


def model(folder: Path, name: str) -> None:
    """What stands for a saved pipeline."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meta.json").write_text(json.dumps({"name": name}))


def saved(out: Path, name: str) -> None:
    """A model that stands at its place."""
    with model_folder(out) as folder:
        model(folder, name)


def name_of(out: Path) -> str:
    """Which model stands there."""
    return str(json.loads((out / "meta.json").read_text())["name"])


def test_a_new_model_replaces_the_old_one_whole(tmp_path: Path) -> None:
    """Every file of the old model goes, also those that the new one lacks; nothing lies beside it."""
    out = tmp_path / "models" / "ner"
    with model_folder(out) as folder:
        model(folder, "old")
        (folder / "vectors").write_text("x")
    saved(out, "new")
    assert name_of(out) == "new"
    assert sorted(path.name for path in out.parent.rglob("*")) == [MANIFEST, "meta.json", "ner"]


def test_files_that_are_no_part_of_the_model_stay(tmp_path: Path) -> None:
    """Notes in the model's folder, and data in one below it, are there after the next training."""
    out = tmp_path / "ner"
    saved(out, "old")
    (out / "data").mkdir()
    (out / "data/articles.csv").write_text("mine")
    (out / "notes.txt").write_text("mine")
    saved(out, "new")
    assert name_of(out) == "new"
    assert (out / "data/articles.csv").read_text() == (out / "notes.txt").read_text() == "mine"


def test_a_folder_with_a_meta_of_its_own_is_no_model_of_ours(tmp_path: Path) -> None:
    """`meta.json` is a common name: a stranger's folder stays as it is, before anything is trained."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/articles.csv").write_text("mine")
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(GoldwireError, match="GW413"), model_folder(tmp_path):
        raise AssertionError("the training had begun")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "meta.json"]


def test_a_failure_leaves_the_old_model(tmp_path: Path) -> None:
    """A training that breaks down leaves the old model and no half of the new one."""
    out = tmp_path / "ner"
    saved(out, "old")
    with pytest.raises(RuntimeError), model_folder(out) as folder:
        model(folder, "half")
        raise RuntimeError
    assert name_of(out) == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["ner"]


def test_a_run_killed_between_the_two_moves_is_finished_by_the_next(tmp_path: Path) -> None:
    """Killed when the old model was out and the new one not yet in, a run loses neither."""
    out = tmp_path / "ner"
    dead = tmp_path / ".ner.4194999-abcdefgh.part"
    saved(dead / "old", "old")
    saved(dead / "new", "finished")
    with pytest.raises(RuntimeError), model_folder(out):
        raise RuntimeError
    assert name_of(out) == "finished"
    assert [path.name for path in tmp_path.iterdir()] == ["ner"]


def test_a_killed_run_is_tidied_up_after(tmp_path: Path) -> None:
    """What a killed process left behind goes with the next run; a living one's is left alone."""
    dead, living = tmp_path / ".ner.4194999-abcdefgh.part", tmp_path / f".ner.{os.getpid()}-abcdefgh.part"
    model(dead / "new", "half")
    model(living / "new", "half")
    saved(tmp_path / "ner", "new")
    assert (dead.exists(), living.exists()) == (False, True)


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    """A folder of the user's that is no model is never replaced."""
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(GoldwireError, match="GW413"), model_folder(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "x"


def test_meta_keeps_what_spacy_wrote(tmp_path: Path) -> None:
    """Values are put beside those that stand, and replace those of the same name."""
    model(tmp_path / "m", "ner")
    fill_meta(tmp_path / "m", {"version": "1.0"})
    assert json.loads((tmp_path / "m/meta.json").read_text()) == {"name": "ner", "version": "1.0"}


def test_model_names_are_package_names() -> None:
    """Any project's name gives a name that a package may bear."""
    assert model_name("Politics-fr", "ner") == "politics_fr_ner"
    assert model_name("Élections 2024", "ner").isidentifier()
    assert model_name("…", "ner") == "goldwire_ner"
