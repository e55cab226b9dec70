"""Every command that prints a table fits a terminal of any width: no figure of it is ever cut."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.terminal import in_terminal, piped, run
from tests.corpus.mini import mini_project

#: A figure, or an interval's end, as one word of the output.
_FIGURE = re.compile(r"[-+±<]?\s?(?:\d[\d,]*(?:\.\d+)?|\.\d+)%?")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, its annotations as two readings in files, and the scores of one against the other."""
    project = mini_project(tmp_path_factory.mktemp("widths") / "mini")
    root = project.root
    for annotator in ("all", "curated"):
        words = ["--curated"] if annotator == "curated" else []
        out = str(root / f"{annotator}.jsonl")
        assert run("corpus", "convert", str(root), out, "--from", "store", "--to", "jsonl", *words) == 0
    schema = root / "schemas/other.yaml"
    text = project.schema_path.read_text(encoding="utf-8")
    schema.write_text(re.sub(r"version: \S+", 'version: "9.0"', text, count=1), encoding="utf-8")
    return root


PROJECT = ("--project", "{root}")
GOLD = "{root}/curated.jsonl"
FEW = ("--resamples", "20")
COMMANDS = {
    "corpus stats": ("corpus", "stats", *PROJECT),
    "corpus check": ("corpus", "check", *PROJECT),
    "corpus build": ("corpus", "build", *PROJECT),
    "corpus split": ("corpus", "split", *PROJECT, "--shared", "0", "--folds", "2", "--out", "{root}/s.json"),
    "corpus diff": ("corpus", "diff", "{root}/all.jsonl", GOLD),
    "schema check": ("schema", "check", *PROJECT),
    "schema diff": ("schema", "diff", "{schema}", "{root}/schemas/other.yaml"),
    "eval score": ("eval", "score", GOLD, GOLD, *FEW),
    "eval compare": ("eval", "compare", GOLD, GOLD, GOLD),
    "eval agree": ("eval", "agree", "{root}/all.jsonl", "--no-gamma", *FEW),
    "eval agree --all": ("eval", "agree", "{root}/all.jsonl", "--no-gamma", *FEW, "--all"),
    "eval report": ("eval", "report", GOLD, GOLD, "--out", "{root}/r.html", *FEW),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_tables_fit_and_cut_no_figure(files: Path, name: str) -> None:
    """At 60 to 200 columns no table is wider than the terminal; each figure shown is one of those piped."""
    schema = next(path for path in sorted((files / "schemas").glob("*.yaml")) if path.name != "other.yaml")
    words = [word.format(root=files, schema=schema) for word in COMMANDS[name]]
    whole, error, code = piped(*words)
    assert code in (0, 1), error
    figures = set(_FIGURE.findall(whole))
    for columns in (60, 80, 100, 120, 200):
        shown = in_terminal(columns, *words)
        assert not re.search(r"[\d.]…", shown), (columns, shown)
        for line in shown.splitlines():
            if set(line.strip()) == {"─"}:
                assert cell_len(line) <= columns, line
        assert set(_FIGURE.findall(shown)) <= figures, (columns, shown)
