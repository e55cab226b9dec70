"""New projects from Python: what was made is told, and nothing where it can't be."""

from __future__ import annotations

from pathlib import Path

import pytest

import goldwire
from tests.test_api import examples


def test_an_empty_project_says_what_its_models_start_from(tmp_path: Path) -> None:
    """It is named like its folder unless it is given a name; a folder that holds something is left alone."""
    made = goldwire.make_project(tmp_path / "recipes", language="deu", template="minimal")
    assert (made.project.name, made.project.language) == ("recipes", "de")
    assert made.to_dict()["template"] == "minimal"
    assert goldwire.check_schema(made.project).registries == {}
    before = sorted(made.project.root.rglob("*"))
    with pytest.raises(goldwire.GoldwireError, match="GW367"):
        goldwire.make_project(tmp_path / "recipes")
    assert sorted(made.project.root.rglob("*")) == before


def test_a_project_of_files_holds_what_they_hold(tmp_path: Path) -> None:
    """All texts and annotations are there, counted in a table; what is refused leaves no folder."""
    goldwire.write(examples()["gold"], tmp_path / "gold.jsonl")
    made = goldwire.make_project_from_files(
        tmp_path / "tartes", tmp_path / "gold.jsonl", "jsonl", name="Tartes", language="fr"
    )
    assert made.table().rows == [("articles", 2), ("annotations", 4)]
    assert goldwire.count(made.project).spans == 8 and goldwire.load_project(made.project).name == "Tartes"
    with pytest.raises(goldwire.GoldwireError):
        goldwire.make_project_from_files(tmp_path / "none", tmp_path / "no.jsonl", "jsonl")
    assert not (tmp_path / "none").exists()
