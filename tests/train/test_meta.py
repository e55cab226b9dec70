"""A model's folder is whole or absent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldwire.errors import GoldwireError
from goldwire.train.meta import fill_meta, model_folder, model_name


def model(folder: Path, name: str) -> None:
    """What stands for a saved pipeline."""
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"name": name}))


def test_a_new_model_replaces_the_old_one_whole(tmp_path: Path) -> None:
    """After a run the folder holds the new model alone, and nothing else lies beside it."""
    out = tmp_path / "models" / "ner"
    model(out, "old")
    (out / "stale").write_text("x")
    with model_folder(out) as folder:
        model(folder, "new")
    assert json.loads((out / "meta.json").read_text())["name"] == "new"
    assert [path.name for path in out.parent.rglob("*")] == ["ner", "meta.json"]


def test_a_failure_leaves_the_old_model(tmp_path: Path) -> None:
    """A training that breaks down leaves the old model and no half of the new one."""
    out = tmp_path / "ner"
    model(out, "old")
    with pytest.raises(RuntimeError), model_folder(out) as folder:
        model(folder, "half")
        raise RuntimeError
    assert json.loads((out / "meta.json").read_text())["name"] == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["ner"]


def test_a_run_killed_between_the_two_moves_is_finished_by_the_next(tmp_path: Path) -> None:
    """Killed when the old model was out and the new one not yet in, a run loses neither."""
    out = tmp_path / "ner"
    dead = tmp_path / ".ner.4194999.abc.part"
    model(dead / "old", "old")
    model(dead / "new", "finished")
    with pytest.raises(RuntimeError), model_folder(out):
        raise RuntimeError
    assert json.loads((out / "meta.json").read_text())["name"] == "finished"
    assert [path.name for path in tmp_path.iterdir()] == ["ner"]


def test_a_killed_run_is_tidied_up_after(tmp_path: Path) -> None:
    """What a killed process left behind goes with the next run; a living one's is left alone."""
    dead, living = tmp_path / ".ner.4194999.abc.part", tmp_path / ".ner.1.abc.part"
    model(dead / "new", "half")
    model(living / "new", "half")
    with model_folder(tmp_path / "ner") as folder:
        model(folder, "new")
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
