"""Push and pull against a real Label Studio of their own: how long they take, and what crashes leave.

`python -m benchmarks.sync [--tasks 1000] [--kills 20] [--kill-tasks 500] [--skip-kills]`. Push stands beside
the bare call of the SDK with the same tasks and predictions, in turn, the best of three each. The pull of
what changed stands beside the full pull of the same project, the best of three each; before these two minutes
pass, since what changed just before the last pull is asked for again. Then server and client are killed at
random points of push and pull, and a rerun's result is counted.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.crashes import SCHEMA, Bed, client_killed, server_killed
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import read_credentials
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.tasks import task_of
from goldwire.schemas.rendering.label_config import label_config

#: Of the bare call's time; of a full pull's.
WANTED = (1.15, 0.05)


def timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds by the clock, CPU seconds of this process, and what came out."""
    begun, cpu = time.monotonic(), time.process_time()
    found = run()
    return time.monotonic() - begun, time.process_time() - cpu, found


def pushes(bed: Bed, client: Client, runs: int) -> dict[str, Any]:
    """Our push and the bare call, in turn; each into a new project that is there already."""
    from label_studio_sdk.client import LabelStudio

    account = read_credentials(bed.project)
    assert account is not None
    server = LabelStudio(base_url=client.url, api_key=account.token)
    request = [task_of(d, [p], SCHEMA, {}) for d, p in zip(bed.documents, bed.predictions, strict=True)]
    once: Any = {"max_retries": 0, "timeout_in_seconds": 600}
    spent: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(runs):
        fields = {"title": f"bare {number}", "label_config": label_config(SCHEMA)}
        bare = int(client.create_project(fields)["id"])
        seconds, _, _ = timed(
            partial(server.projects.import_tasks, id=bare, request=request, request_options=once)
        )
        spent["bare"].append(seconds)
        push(client, bed.project, SCHEMA, (), title=f"ours {number}")
        seconds, _, _ = timed(partial(bed.push, client, f"ours {number}"))
        spent["ours"].append(seconds)
    return {name: min(times) for name, times in spent.items()} | {"runs": spent}


def pulls(bed: Bed, client: Client, wait: float, runs: int) -> dict[str, Any]:
    """A full pull, then one of what changed in one of a hundred tasks, then one of nothing; several times."""
    bed.fill(client, "pulled")
    number = int(project_on_server(client, "pulled")["id"])
    tasks = list(client.tasks(number, ("annotations", "result"), page=500))
    bed.pull(client, "pulled")
    found: dict[str, Any] = {"full": [], "part": [], "idle": []}
    rng = random.Random(5)

    def measured(name: str, **options: Any) -> None:
        seconds, cpu, report = timed(partial(bed.pull, client, "pulled", **options))
        row = {"seconds": seconds, "cpu": cpu, "read": report.tasks, "written": report.written}
        found[name].append(row)

    for _ in range(runs):
        time.sleep(wait)
        measured("full", full=True)
        for task in rng.sample(tasks, max(1, len(tasks) // 100)):
            [given] = task["annotations"]
            given["result"] = given["result"][:-1]
            body = {"result": given["result"]}
            client.request("PATCH", f"api/annotations/{given['id']}/", body=body)
        measured("part")
        measured("idle")
    return found


def crashes(bed: Bed, kills: int) -> dict[str, Any]:
    """Kill the server during pushes and during pulls, and the client during both, at random points."""
    rng = random.Random(11)
    with bed.client() as client:
        # The quicker of two: a kill after the end tells nothing.
        whole_push = min(timed(partial(bed.push, client, f"whole {n}"))[0] for n in range(2))
        bed.fill(client, "filled")
        bed.forget()
        whole_pull = timed(partial(bed.pull, client, "filled"))[0]
        whole_pull = min(whole_pull, timed(partial(bed.pull, client, "filled", full=True))[0])
    found: dict[str, Any] = {}
    rounds = []
    for number in range(kills):
        rounds += [("server", "push"), ("server", "pull"), ("client", ("push", "pull")[number % 2])]
    for number, (who, what) in enumerate(rounds):
        kill = server_killed if who == "server" else client_killed
        delay = rng.uniform(0, whole_push if what == "push" else whole_pull)
        title = f"{what} {number}" if what == "push" else "filled"
        if what == "pull":
            bed.forget()
        cut, wrong = kill(bed, what, title, delay)
        row = found.setdefault(f"{who}, {what}", {"kills": 0, "in time": 0, "wrong": []})
        row["kills"] += 1
        row["in time"] += cut
        row["wrong"] += [f"after {delay:.2f} s: {one}" for one in wrong]
        state = "cut off" if cut else "was done before"
        told = f"{who} killed {delay:.2f} s into a {what} ({state}): {len(wrong)} things wrong"
        print(f"  {number + 1}/{len(rounds)} {told}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Measure and print; 1 where a crash left something lost, doubled or half-written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20, help="of each kind")
    parser.add_argument("--kill-tasks", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--wait", type=float, default=125.0, help="seconds before a full pull")
    parser.add_argument("--skip-kills", action="store_true")
    parser.add_argument("--only-kills", action="store_true")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        if not options.only_kills:
            bed = Bed(Path(place) / "speed", options.tasks)
            try:
                with bed.client() as client:
                    figures["push"] = sent = pushes(bed, client, options.runs)
                    print(
                        f"push of {options.tasks} tasks with 30 predicted spans: {sent['ours']:.2f} s,",
                        end="",
                    )
                    ratio = sent["ours"] / sent["bare"]
                    print(f" the bare call {sent['bare']:.2f} s: {ratio:.2f} (wanted: at most {WANTED[0]})")
                    figures["pull"] = got = pulls(bed, client, options.wait, options.runs)
            finally:
                bed.stop()
            best = {name: min(row["seconds"] for row in rows) for name, rows in got.items()}
            cpu = {name: min(row["cpu"] for row in rows) for name, rows in got.items()}
            print(f"full pull of {options.tasks} tasks: {best['full']:.2f} s ({cpu['full']:.2f} s CPU here)")
            read = [(row["read"], row["written"]) for row in got["part"]]
            print(
                f"pull with 1 % changed (tasks read, files written: {read}): {best['part']:.3f} s, ", end=""
            )
            share = best["part"] / best["full"]
            print(f"{cpu['part']:.3f} s CPU here: {share:.3f} of the full one (wanted: at most {WANTED[1]})")
            print(f"pull with nothing new: {best['idle']:.3f} s", flush=True)
        wrong = 0
        if not options.skip_kills:
            bed = Bed(Path(place) / "crashes", options.kill_tasks)
            try:
                figures["crashes"] = crashes(bed, options.kills)
            finally:
                bed.stop()
            for name, row in figures["crashes"].items():
                wrong += len(row["wrong"])
                told = "; ".join(row["wrong"][:3]) or "nothing lost, doubled or half-written"
                print(f"{name}: {row['kills']} kills, {row['in time']} in time; after a rerun: {told}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
