"""goldwire broken on purpose: `python -m benchmarks.faults [--share 1.0] [--only KIND] [--json FILE]`.

Files are damaged, doubled, misplaced; commands are killed half-way; folders of strangers are targets; bombs
are given to be read; a model's server is asked for nonsense; articles of hostile text become pages; a Label
Studio is killed, its clock moved, its answers spoiled. Then it is counted what was lost, doubled, falsified
without a word, and what ended in a traceback. `--share` does so much of each.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.faults.assist import hostile_requests
from benchmarks.faults.bombs import bombs
from benchmarks.faults.fault_counts import FaultCounts, table
from benchmarks.faults.files import doubled_keys, misplaced, mutated_formats, mutated_projects
from benchmarks.faults.kills import killed
from benchmarks.faults.pages import hostile_pages
from benchmarks.faults.server import server_faults
from benchmarks.faults.targets import strangers


def main() -> int:
    """Break and count; 1 where something was lost, doubled, falsified, or ended in a traceback."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", action="append", help="one kind; may be repeated")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()

    def times(number: int) -> int:
        return max(1, round(number * float(options.share)))

    runs: dict[str, Callable[[Path], list[FaultCounts]]] = {
        "projects": lambda place: [mutated_projects(place, times(400))],
        "formats": lambda place: [mutated_formats(place, times(600))],
        "keys": lambda place: [doubled_keys(place, times(100))],
        "places": lambda place: [misplaced(place)],
        "strangers": lambda place: [strangers(place)],
        "bombs": lambda place: [bombs(place)],
        "kills": lambda place: killed(place, times(8)),
        "assist": lambda place: [hostile_requests(place, times(200))],
        "pages": lambda place: [hostile_pages(place)],
        "server": lambda place: server_faults(place, times(6)),
    }
    all_counts: list[FaultCounts] = []
    for name, run in runs.items():
        if options.only and name not in options.only:
            continue
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            all_counts += (found := run(Path(place)))
        for counts in found:
            print("\n".join([counts.row(), *(f"  {line}" for line in counts.told[:12])]), file=sys.stderr)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(table(all_counts))
    if options.json:
        rows = [counts.as_dict() for counts in all_counts]
        Path(options.json).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(any(counts.wrong for counts in all_counts))


if __name__ == "__main__":
    raise SystemExit(main())
