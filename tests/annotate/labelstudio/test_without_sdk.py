"""The wheel without extras: Label Studio's SDK is asked for where a server is, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
for name in ("label_studio_sdk", "label_studio", "cv2", "dkpro_cassis", "cassis", "starlette", "cleanlab"):
    sys.modules[name] = None
from goldwire.cli.main import main
sys.argv = ["goldwire", *sys.argv[1:]]
main()
"""


def without(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`goldwire WORDS` in a process that can import no package of an extra."""
    command = [sys.executable, "-c", CODE, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_scores_agreement_and_conversion_need_no_extra(tmp_path: Path) -> None:
    """Files are converted, scored, compared, reported on, and their agreement told, with the wheel alone."""
    line = {"id": 1, "text": "Anna lebt in Berlin.", "label": [[0, 4, "PER"], [13, 19, "LOC"]]}
    (tmp_path / "a.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    written = {"b.json": "labelstudio", "c.conll": "conll", "d.spacy": "docbin", "e.parquet": "parquet"}
    for name, format in written.items():
        done = without(tmp_path, "corpus", "convert", "a.jsonl", name, "--to", format, "--language", "de")
        assert done.returncode == 0, (name, done.stderr)
    for words in (
        ("score", "a.jsonl", "b.json"),
        ("compare", "a.jsonl", "c.conll", "d.spacy"),
        ("agree", "a.jsonl", "e.parquet", "--names", "anna,ben", "--resamples", "0"),
        ("report", "a.jsonl", "d.spacy", "--out", "report.html"),
    ):
        done = without(tmp_path, "eval", *words)
        assert done.returncode == 0, (words, done.stderr)


def test_a_server_needs_the_sdk_and_says_which_extra_brings_it(tmp_path: Path) -> None:
    """Where a server is named and the SDK is missing, one line says what to install."""
    done = without(tmp_path, "new", "post")
    assert done.returncode == 0, done.stderr
    (tmp_path / "text.txt").write_text("Anna lebt in Berlin.", encoding="utf-8")
    done = without(tmp_path / "post", "seeds", "add", "../text.txt")
    assert done.returncode == 0, done.stderr
    code = CODE.replace("import sys\n", "import os, sys\nos.environ['GOLDWIRE_TOKEN'] = 'x' * 40\n")
    command = [sys.executable, "-c", code, "annotate", "push", "--url", "http://127.0.0.1:9"]
    done = subprocess.run(command, cwd=tmp_path / "post", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "GW745 talking to Label Studio needs its SDK" in done.stderr
    assert "sh install.sh sync" in done.stderr
    assert len(done.stderr.splitlines()) == 1
