"""Projects are made whole, in a folder that stays the one that it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldwire.errors import GoldwireError
from goldwire.folders import new_folder
from goldwire.project import copy_example, load_project


def test_an_empty_folder_is_filled_not_replaced(tmp_path: Path) -> None:
    """A shell that stands in the folder still stands in it afterwards."""
    target = tmp_path / "here"
    target.mkdir()
    before = target.stat().st_ino
    assert copy_example(target).name == "politics-fr"
    assert target.stat().st_ino == before
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A folder that could not be made whole is not there at all."""
    with pytest.raises(RuntimeError), new_folder(tmp_path / "new") as made:
        (made / "half").write_text("x", encoding="utf-8")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written_is_a_plain_error(tmp_path: Path) -> None:
    """A file in the way of a folder is named."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW9\d\d"):
        copy_example(tmp_path / "file" / "project")
    with pytest.raises(GoldwireError, match="GW914"):
        copy_example(tmp_path)


@pytest.mark.parametrize("value", ["9" * 5000, "0x", "0000-00-00", "[" * 2000, "nan nan", '"\\uD800"'])
def test_settings_that_can_not_be_read_are_a_plain_error(value: str, tmp_path: Path) -> None:
    """Whatever stands in goldwire.toml, numbers of thousands of digits too."""
    path = tmp_path / "goldwire.toml"
    path.write_text(f'[project]\nname = "a"\nlanguage = "en"\nschema = {value}\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW910 .*goldwire\.toml"):
        load_project(tmp_path)
