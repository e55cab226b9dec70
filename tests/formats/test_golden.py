"""Golden folders: read and written again they are the same to the byte, but for those declared one-way.

`python -m tests.formats.test_golden` writes them anew; look at the difference before it is kept.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from goldwire.annotations.line import dumps
from goldwire.folders import MANIFEST
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Article
from tests.formats.sample import GOLDEN, SCHEMA, marks, rich, sample

#: Format, golden file or folder, what is written there, options of reading and writing.
BOTH_WAYS: list[tuple[str, str, list[Article], dict[str, Any]]] = [
    ("jsonl", "sample.jsonl", rich(), {}),
    ("labelstudio", "labelstudio.json", rich(), {"schema_path": SCHEMA}),
    ("brat", "brat", sample(), {"schema_path": SCHEMA}),
    ("conll", "sample.conll", sample()[:2], {"schema_path": SCHEMA, "layer": "thing", "depth": 2}),
    ("webanno_tsv", "webanno_tsv", sample(), {"schema_path": SCHEMA, "language": "fr"}),
    ("cas", "cas", rich(), {"schema_path": SCHEMA, "language": "fr"}),
    ("cas", "cas-json", rich(), {"schema_path": SCHEMA, "language": "fr", "cas_json": True}),
]
#: Files of others' making, and what they hold as JSON Lines: a way back would write them otherwise.
ONE_WAY = [("brat", "one-way/brat"), ("conll", "one-way/conll2003.conll"), ("cas", "one-way/inception")]


def files(path: Path) -> dict[str, bytes]:
    """A file's bytes, or those of all in a folder but the list of them."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {
        str(p.relative_to(path)): p.read_bytes()
        for p in sorted(path.rglob("*"))
        if p.is_file() and p.name != MANIFEST
    }


@pytest.mark.parametrize(("name", "golden", "_held", "options"), BOTH_WAYS, ids=[g[1] for g in BOTH_WAYS])
def test_a_golden_folder_is_written_as_it_was_read(
    name: str, golden: str, _held: list[Article], options: dict[str, Any], tmp_path: Path
) -> None:
    """To the byte."""
    held = FORMATS[name].read(GOLDEN / golden, ConversionOptions(**options))
    FORMATS[name].write(tmp_path / golden, held, ConversionOptions(**options))
    assert files(tmp_path / golden) == files(GOLDEN / golden)


@pytest.mark.parametrize(("name", "golden", "held", "options"), BOTH_WAYS, ids=[g[1] for g in BOTH_WAYS])
def test_a_golden_folder_is_what_the_sample_gives(
    name: str, golden: str, held: list[Article], options: dict[str, Any], tmp_path: Path
) -> None:
    """What is written today is what was looked at once."""
    FORMATS[name].write(tmp_path / golden, held, ConversionOptions(**options))
    assert files(tmp_path / golden) == files(GOLDEN / golden)


@pytest.mark.parametrize(("name", "golden"), ONE_WAY, ids=[golden for _, golden in ONE_WAY])
def test_what_goes_one_way_is_read_as_it_was(name: str, golden: str) -> None:
    """Everything in it, as JSON Lines."""
    held = FORMATS[name].read(GOLDEN / golden, ConversionOptions())
    expected = read_jsonl(GOLDEN / f"{golden.partition('.')[0]}.jsonl")
    assert [dumps(article) for article in held] == [dumps(article) for article in expected]


@pytest.mark.parametrize("name", ["docbin", "parquet"])
def test_binary_files_are_written_the_same_again(name: str, tmp_path: Path) -> None:
    """What can't be kept as text is the same to the byte after a way there and back."""
    ending = {"docbin": ".spacy", "parquet": ".parquet"}[name]
    setting = ConversionOptions(schema_path=SCHEMA, language="fr")
    FORMATS[name].write(tmp_path / f"a{ending}", rich(), setting)
    again = FORMATS[name].read(tmp_path / f"a{ending}", setting)
    FORMATS[name].write(tmp_path / f"b{ending}", again, setting)
    assert marks(again) == marks(rich())
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


def test_brat_shows_names_colours_and_roles() -> None:
    """The two confs are made from the schema: layers over labels, roles, attributes, names, colours."""
    conf = (GOLDEN / "brat/anna/annotation.conf").read_text(encoding="utf-8")
    shown = (GOLDEN / "brat/anna/visual.conf").read_text(encoding="utf-8")
    for line in ("[entities]\n!thing\n\tFOOD\n\tTOOL", "!step\n\tCUT\tobject*:FOOD, with?:TOOL"):
        assert line in conf
    assert "state\tArg:FOOD|TOOL, Value:raw|cooked" in conf
    for line in ("FOOD | aliment", "object | objet", "FOOD\tbgColor:#0072B2, fgColor:white"):
        assert line in shown


if __name__ == "__main__":
    for format_name, target, articles, given in BOTH_WAYS:
        path = GOLDEN / target
        shutil.rmtree(path, ignore_errors=True)
        FORMATS[format_name].write(path, articles, ConversionOptions(**given))
    for format_name, target in ONE_WAY:
        found = FORMATS[format_name].read(GOLDEN / target, ConversionOptions())
        write_jsonl(GOLDEN / f"{target.partition('.')[0]}.jsonl", found)
