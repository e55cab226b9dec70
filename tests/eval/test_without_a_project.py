"""Files of any tools scored and compared where there is no project, and no goldwire's own file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import read_jsonl
from tests.cli.terminal import called
from tests.shared import SHARED, needs_shared

GOLD = "Anna B-PER\nlebt O\nin O\nBerlin B-LOC\n\nBen B-PER\nging O\n\n"
SYSTEM_A = GOLD.replace("Berlin B-LOC", "Berlin O")
SYSTEM_B = GOLD.replace("ging O", "ging B-LOC")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that lies in no project, with three CoNLL files of one text."""
    monkeypatch.chdir(tmp_path)
    for name, content in (("gold", GOLD), ("a", SYSTEM_A), ("b", SYSTEM_B)):
        (tmp_path / f"{name}.conll").write_text(content, encoding="utf-8")
    return tmp_path


def figures(path: Path) -> dict[str, float]:
    """Exact micro precision, recall and F1 of the only layer."""
    layers = json.loads(path.read_text(encoding="utf-8"))["layers"]
    (layer,) = layers.values()
    micro = layer["exact"]["micro"]
    return {name: round(micro[name], 3) for name in ("precision", "recall", "f1")}


def test_two_conll_files_are_scored_without_a_rename(folder: Path) -> None:
    """Systems' CoNLL files of one text are matched by it, and it is said how many documents were."""
    done = called("eval", "score", "gold.conll", "a.conll", "--json", "s.json")
    assert done.returncode == 0, done.stderr
    assert "documents of a.conll found in gold.conll: 1 by text" in done.stderr
    assert figures(folder / "s.json") == {"precision": 1, "recall": 0.667, "f1": 0.8}
    done = called("eval", "compare", "gold.conll", "a.conll", "b.conll", "--rounds", 100)
    assert done.returncode == 0, done.stderr
    assert "only B is right in 1 place" in done.stdout
    done = called("eval", "report", "gold.conll", "b.conll", "--out", "r.html", "--train", "a.conll")
    assert done.returncode == 0, done.stderr
    assert (folder / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_three_conll_files_are_three_readings(folder: Path) -> None:
    """Annotators are called like the files that don't name them, or as --names says."""
    done = called("eval", "agree", "gold.conll", "a.conll", "b.conll", "--no-gamma", "--json", "a.json")
    assert done.returncode == 0, done.stderr
    made = json.loads((folder / "a.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in made["annotators"]] == ["a", "b", "gold"]
    named = ("--names", "anna,ben,cem", "--no-gamma")
    done = called("eval", "agree", "gold.conll", "a.conll", "b.conll", *named)
    assert "anna (draft), ben (draft), cem (draft)" in done.stdout
    done = called("eval", "agree", "gold.conll", "a.conll", "--names", "anna")
    assert (done.returncode, done.stderr.count("GW744")) == (2, 1)
    assert called("eval", "agree", "--names", "anna,ben").returncode == 2


def test_other_tools_files_are_held_against_one_another(folder: Path) -> None:
    """doccano against Label Studio, brat against DocBin, CoNLL against both: each says what differs."""
    text = "Anna lebt in Berlin.\nBen ging."
    line = {"id": 7, "text": text, "label": [[0, 4, "PER"], [13, 19, "LOC"], [21, 24, "PER"]]}
    (folder / "doccano.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    (folder / "brat").mkdir()
    (folder / "brat/doc.txt").write_text(text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    (folder / "brat/doc.ann").write_text("T1\tPER 0 4\tAnna\nT2\tLOC 13 19\tBerlin\n", encoding="utf-8")
    for source, target, format in (
        ("doccano.jsonl", "studio.json", "labelstudio"),
        ("doccano.jsonl", "doc.spacy", "docbin"),
    ):
        done = called("corpus", "convert", source, target, "--to", format)
        assert done.returncode == 0, done.stderr
    for pred, f1 in (("studio.json", 1), ("doc.spacy", 1), ("brat", 0.8)):
        done = called("eval", "score", "doccano.jsonl", pred, "--json", "s.json")
        assert done.returncode == 0, (pred, done.stderr)
        assert figures(folder / "s.json")["f1"] == f1, pred
    spaced = GOLD.replace("Berlin B-LOC", "Berlin B-LOC\n. O").replace("ging O", "ging O\n. O")
    (folder / "gold.conll").write_text(spaced, encoding="utf-8")
    done = called("eval", "score", "doccano.jsonl", "gold.conll")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 3)
    assert "GW741 `gold-1` in gold.conll has the text of `7` in doccano.jsonl" in done.stderr
    done = called("eval", "score", "doccano.jsonl", "gold.conll", "--ignore-space", "--json", "s.json")
    assert done.returncode == 0, done.stderr
    assert figures(folder / "s.json")["f1"] == 1


def test_conll_where_json_lines_are_expected_is_one_line(folder: Path) -> None:
    """A file of another format is called by its name, with the way out; its lines' faults are one line."""
    with pytest.raises(
        GoldwireError, match=r"^GW631 .*this looks like conll.*corpus convert \S*gold.conll"
    ) as told:
        read_jsonl(folder / "gold.conll")
    assert len(told.value.faults) == 1
    done = called("eval", "score", "gold.conll", "a.conll", "--from", "jsonl")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)
    assert "this looks like conll" in done.stderr


@needs_shared("data/brat-fenec", "data/labelstudio-export")
def test_real_files_of_others(folder: Path) -> None:
    """Real corpora: a brat folder against its DocBin and its CoNLL, two versions of a Label Studio export."""
    brat = SHARED / "data/brat-fenec"
    for target, format in (("f.spacy", "docbin"), ("f.conll", "conll"), ("f.jsonl", "doccano")):
        done = called("corpus", "convert", brat, target, "--to", format, "--language", "fr")
        assert done.returncode == 0, done.stderr
    f1 = {}
    for name in ("f.spacy", "f.conll", "f.jsonl"):
        done = called("eval", "score", brat, name, "--resamples", 0, "--json", "s.json")
        assert done.returncode == 0, (name, done.stderr)
        f1[name] = figures(folder / "s.json")["f1"]
    # CoNLL holds one of two nested spans.
    assert f1 == {"f.spacy": 1, "f.conll": 0.942, "f.jsonl": 1}
    exports = [
        SHARED / f"data/labelstudio-export/label_studio_export.{v}.json" for v in ("fe6460d", "37df0f5")
    ]
    done = called("eval", "agree", *exports, "--names", "first,second", "--no-gamma", "--resamples", 0)
    assert done.returncode == 0, done.stderr
    assert "first" in done.stdout
