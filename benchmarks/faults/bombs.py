"""Small files that grow when they are read."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.faults.fault_counts import FaultCounts
from tests.corpus.mini import mini_project
from tests.test_limits import inflating


def bombs(place: Path) -> FaultCounts:
    """Small files that grow when they are read: refused in a process of 4 GB within a minute."""
    counts = FaultCounts("bombs")
    root = mini_project(place / "bombs").root
    aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    merges = "".join(f"k{n}: &k{n} {{<<: [*k{n - 1}, *k{n - 1}]}}\n" for n in range(1, 40))
    deep = 40_000
    files = {
        "alias.yaml": f"{aliases}name: *a8\n",
        "merge.yaml": f"k0: &k0 {{a: 1}}\n{merges}",
        "flow.yaml": "name: " + "[" * deep + "]" * deep,
        "maps.yaml": "name: " + "{a: " * deep + "}" * deep,
        "block.yaml": "".join(" " * n + "a:\n" for n in range(3000)),
        "deep.jsonl": '{"id": "a", "text": "b", "meta": {"x": ' + "[" * deep + "]" * deep + "}}\n",
        "objects.jsonl": '{"id": "a", "text": "b", "meta": ' + '{"x": ' * deep + "1" + "}" * deep + "}\n",
        "deep.json": "[" * deep + "]" * deep,
        "digits.jsonl": '{"id": "a", "text": "b", "meta": {"x": ' + "9" * 1_000_000 + "}}\n",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
        words = ["schema", "check", name]
        if name.endswith((".jsonl", ".json")):
            kind = "jsonl" if name.endswith("l") else "labelstudio"
            words = ["corpus", "convert", name, f"{name}.out.jsonl", "--from", kind, "--to", "jsonl"]
        _bomb(counts, root, name, words)
    for name, kind in (("docbin.spacy", "docbin"), ("zlib.parquet", "parquet")):
        (root / name).write_bytes(inflating(2 << 30) if kind == "docbin" else _one_long_text(1 << 28))
        _bomb(
            counts, root, name, ["corpus", "convert", name, f"{name}.jsonl", "--from", kind, "--to", "jsonl"]
        )
    config = root / "goldwire.toml"
    sound = config.read_text(encoding="utf-8")
    for name, value in (("toml", "[" * deep + "]" * deep), ("inline", "{a=" * deep + "1" + "}" * deep)):
        config.write_text(f"{sound}\n[deep]\nx = {value}\n", encoding="utf-8")
        _bomb(counts, root, name, ["corpus", "check"])
    return counts


def _one_long_text(size: int) -> bytes:
    """A parquet file whose dictionary gives one long text to every row."""
    text, number = "a" * (1 << 20), size >> 20
    columns = {"id": [str(n) for n in range(number)], "text": [text] * number, "meta": ["{}"] * number}
    columns["annotations"] = ["[]"] * number
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression="zstd")
    return stream.getvalue()


def _bomb(counts: FaultCounts, root: Path, name: str, words: Sequence[str]) -> None:
    counts.faults += 1
    limit = 'ulimit -v 4000000; exec timeout 60 "$@"'
    command = ["bash", "-c", limit, "-", sys.executable, "-m", "goldwire", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    counts.refused += done.returncode == 2
    counts.taken += done.returncode == 0
    if done.returncode not in (0, 2) or "Traceback" in done.stderr:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        counts.fault(f"{name}: exit {done.returncode} {last}", "tracebacks")
