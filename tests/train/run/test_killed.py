"""A training that is killed leaves no model behind, and the next one starts clean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from goldwire.folders import MANIFEST
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article
from goldwire.train.run.model_folder import model_folder


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills a process group")
def test_a_killed_training_leaves_no_broken_model(
    articles: list[Article], config: Path, tmp_path: Path
) -> None:
    """Killed while it trains, the command leaves the old model; what it began is tidied up later."""
    data, out = tmp_path / "data.jsonl", tmp_path / "models" / "ner"
    write_jsonl(data, articles)
    with model_folder(out) as folder:
        (folder / "meta.json").write_text('{"name": "old"}', encoding="utf-8")
    arguments = ["--data", data, "--config", config, "--out", out, "--", "--training.max_epochs", "100000"]
    command = [sys.executable, "-m", "goldwire", "train", "ner", *map(str, arguments)]
    process = subprocess.Popen(
        command, start_new_session=True, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None and not list(out.parent.glob(".ner.*.part")):
            time.sleep(0.1)
        assert process.poll() is None, "the training ended before it could be killed"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert sorted(path.name for path in out.iterdir()) == [MANIFEST, "meta.json"]
    assert list(out.parent.glob(".ner.*.part"))
    with model_folder(out) as folder:
        (folder / "meta.json").write_text('{"name": "new"}', encoding="utf-8")
    assert [path.name for path in out.parent.iterdir()] == ["ner"]
    assert "new" in (out / "meta.json").read_text(encoding="utf-8")
