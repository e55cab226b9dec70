"""The wheel without extras: Label Studio's SDK is asked for where a server is, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# A process that imports all there is.
pytestmark = pytest.mark.slow

# One process for all commands, which end at the first that fails: each imports what the others have.
CODE = """
import json, os, sys
for name in ("label_studio_sdk", "label_studio", "cv2", "dkpro_cassis", "cassis", "starlette", "cleanlab"):
    sys.modules[name] = None
from goldwire.cli.main import main
for folder, *words in json.loads(sys.argv[1]):
    os.chdir(folder)
    sys.argv = ["goldwire", *words]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""


def without(*commands: tuple[Path | str, ...], **env: str) -> subprocess.CompletedProcess[str]:
    """Commands of goldwire, each behind its folder, in a process that can import no package of an extra."""
    command = [sys.executable, "-c", CODE, json.dumps(commands, default=str)]
    return subprocess.run(command, env=os.environ | env, capture_output=True, text=True, check=False)


def test_scores_agreement_and_conversion_need_no_extra(tmp_path: Path) -> None:
    """Files are converted, scored, compared, reported on, and their agreement told, with the wheel alone."""
    line = {"id": 1, "text": "Anna lebt in Berlin.", "label": [[0, 4, "PER"], [13, 19, "LOC"]]}
    (tmp_path / "a.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    written = {"b.json": "labelstudio", "c.conll": "conll", "d.spacy": "docbin", "e.parquet": "parquet"}
    conversions = [
        (tmp_path, "corpus", "convert", "a.jsonl", name, "--to", format, "--language", "de")
        for name, format in written.items()
    ]
    done = without(
        *conversions,
        (tmp_path, "eval", "score", "a.jsonl", "b.json"),
        (tmp_path, "eval", "compare", "a.jsonl", "c.conll", "d.spacy"),
        (tmp_path, "eval", "agree", "a.jsonl", "e.parquet", "--names", "anna,ben", "--resamples", "0"),
        (tmp_path, "eval", "report", "a.jsonl", "d.spacy", "--out", "report.html"),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").is_file()


def test_a_server_needs_the_sdk_and_says_which_extra_brings_it(tmp_path: Path) -> None:
    """Where a server is named and the SDK is missing, one line says what to install."""
    (tmp_path / "text.txt").write_text("Anna lebt in Berlin.", encoding="utf-8")
    post = tmp_path / "post"
    done = without((tmp_path, "new", "post"), (post, "seeds", "add", "../text.txt"))
    assert done.returncode == 0, done.stderr
    done = without((post, "annotate", "push", "--url", "http://127.0.0.1:9"), GOLDWIRE_TOKEN="x" * 40)
    assert done.returncode == 2
    assert "GW745 talking to Label Studio needs its SDK" in done.stderr
    assert "sh install.sh sync" in done.stderr
    assert len(done.stderr.splitlines()) == 1
