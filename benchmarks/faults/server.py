"""Faults between here and a real Label Studio: ids, accounts, edits on both sides, clocks, answers, kills."""

from __future__ import annotations

import random
import re
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec.structs import replace

from benchmarks.crashes import SCHEMA, Bed, client_killed, server_killed
from benchmarks.faults.fault_counts import FaultCounts
from benchmarks.sync import timed
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import read_credentials
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project

_PARTS = (
    *("%20", "%C3%A9", "%", "+", "&", "#", '"', "'", "<b>", "/", "\\", " ", "?q="),
    *("é", "日本", "ا", "🥕", ";", "x" * 90),
)


def ids(bed: Bed, client: Client, number: int) -> FaultCounts:
    """Articles under ids that filters and addresses change: pushed twice, loaded, pulled."""
    counts, rng = FaultCounts("ids of all kinds, pushed twice, loaded and pulled"), random.Random(5)
    names = {"a" + "".join(rng.choices(_PARTS, k=rng.randint(1, 4))) + "z" for _ in range(number * 10)}
    documents = [Document(name, f"Un texte, {place}.") for place, name in enumerate(sorted(names))]
    title = "ids of all kinds"
    for _ in range(2):
        push(client, bed.project, SCHEMA, documents, title=title)
    found = Counter(t["data"]["id"] for t in client.tasks(_number(client, title), ("data",)))
    counts.faults = len(documents)
    for document in documents:
        if found[document.id] != 1:
            counts.fault(
                f"{document.id!r}: {found[document.id]} tasks", "doubled" if found[document.id] else "lost"
            )
    marked = [
        Annotation(d.id, "anna", SCHEMA.id, spans=(Span("s", "thing", "FOOD", 0, 2),)) for d in documents
    ]
    counts.taken = load_annotations(client, _number(client, title), marked, SCHEMA).sent
    _pull(bed.project, client, documents, title)
    stored = Counter(a.document for a in read_annotations(bed.project))
    for document in documents:
        if stored[document.id] != 1:
            counts.fault(f"{document.id!r}: stored {stored[document.id]} times", "lost")
    bed.forget()
    return counts


def accounts(bed: Bed, client: Client, number: int) -> FaultCounts:
    """Accounts come and go while two people annotate: all their annotations are here, under two names."""
    counts, rng = FaultCounts("accounts that come and go"), random.Random(6)
    documents = [Document(f"account{n}", f"Une recette, {n}.") for n in range(number)]
    title = "accounts"
    push(client, bed.project, SCHEMA, documents, title=title)
    tasks = {t["data"]["id"]: int(t["id"]) for t in client.tasks(_number(client, title), ("data",))}
    people = [int(client.create_user(f"zoe@{domain}.example", "zoe")["id"]) for domain in ("a", "b")]
    others: list[int] = []
    for place, document in enumerate(documents):
        for person in people:
            _mark(client, document, tasks[document.id], person)
        _pull(bed.project, client, documents, title, full=bool(place % 2))
        if others and rng.random() < 0.5:
            client.request("DELETE", f"api/organizations/1/memberships/{others.pop()}/")
        else:
            others.append(int(client.create_user(f"zoe@c{place}.example", "zoe")["id"]))
        counts.faults += 1
    client.request("DELETE", f"api/organizations/1/memberships/{people[0]}/")
    _pull(bed.project, client, documents, title, full=True)
    stored = Counter((a.document, a.annotator) for a in read_annotations(bed.project))
    names = Counter(name for _, name in stored)
    counts.taken = sum(stored.values())
    if (extra := sum(stored.values()) - 2 * len(documents)) > 0:
        counts.fault(f"{extra} files too many: {names}", "doubled")
    if len(names) != 2 or set(names.values()) != {len(documents)}:
        counts.fault(f"work of two people under {dict(names)}", "falsified")
    bed.forget()
    return counts


def both_sides(bed: Bed, client: Client, number: int) -> FaultCounts:
    """An annotation edited here and on the server too: neither edit is gone without a word."""
    counts = FaultCounts("edited here and on the server")
    documents = [Document(f"both{n}", f"Un couteau, {n}, et une carotte.") for n in range(number)]
    title = "both sides"
    push(client, bed.project, SCHEMA, documents, title=title)
    tasks = {t["data"]["id"]: int(t["id"]) for t in client.tasks(_number(client, title), ("data",))}
    given = {d.id: _mark(client, d, tasks[d.id], 1) for d in documents}
    _pull(bed.project, client, documents, title)
    for stored in read_annotations(bed.project):
        mine = Span("mine", "step", "CUT", 3, 10, {"how": f"here {stored.document}"})
        write_annotation(bed.project, replace(stored, spans=(*stored.spans, mine)))
    for document in documents:
        theirs = (Span("s", "thing", "TOOL", 3, 10, {"note": f"there {document.id}"}),)
        made = Annotation(document.id, "x", SCHEMA.id, spans=theirs)
        body = {"result": to_result(made, SCHEMA, document.text)}
        client.request("PATCH", f"api/annotations/{given[document.id]}/", body=body)
    try:
        _pull(bed.project, client, documents, title)
    except GoldwireError:
        counts.refused = len(documents)
    kept = "".join(p.read_text("utf-8") for p in bed.project.annotate.rglob("*") if p.is_file())
    for document in documents:
        counts.faults += 1
        if f"here {document.id}" not in kept:
            counts.fault(f"{document.id}: the edit made here", "lost")
    counts.taken = counts.faults - counts.refused
    bed.forget()
    return counts


def clocks(bed: Bed, client: Client, number: int) -> FaultCounts:
    """A pull by a clock that is ahead or behind, then an edit on the server: the next pull brings it."""
    counts = FaultCounts("clocks ahead and behind")
    documents = [Document(f"clock{n}", f"Une tarte, {n}.") for n in range(3)]
    title = "clocks"
    push(client, bed.project, SCHEMA, documents, title=title)
    tasks = {t["data"]["id"]: int(t["id"]) for t in client.tasks(_number(client, title), ("data",))}
    given = {d.id: _mark(client, d, tasks[d.id], 1) for d in documents}
    _pull(bed.project, client, documents, title)
    shifts = [2, -2, 24 * 400, 0.5, -24 * 400, 48]
    for place in range(number):
        hours = shifts[place % len(shifts)]
        for path in bed.project.cache.glob("pull*.json"):
            _shift(path, hours)
        document = documents[place % 3]
        note = f"edit {place}"
        made = Annotation(
            document.id, "x", SCHEMA.id, spans=(Span("s", "thing", "FOOD", 0, 2, {"note": note}),)
        )
        body = {"result": to_result(made, SCHEMA, document.text)}
        client.request("PATCH", f"api/annotations/{given[document.id]}/", body=body)
        _pull(bed.project, client, documents, title)
        counts.faults += 1
        counts.taken += 1
        if not any(s.attributes.get("note") == note for a in read_annotations(bed.project) for s in a.spans):
            counts.fault(f"an edit after a pull by a clock {hours:+} h", "lost")
    bed.forget()
    return counts


def _shift(path: Path, hours: float) -> None:
    """The instant of the last pull, as a clock would have given it that is so much ahead."""
    text = path.read_text(encoding="utf-8")
    if found := re.search(r'"since":"([^"]+)"', text):
        moment = datetime.fromisoformat(found[1]) + timedelta(hours=hours)
        form = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
        path.write_text(text.replace(found[0], f'"since":"{form}"'), encoding="utf-8")


@contextmanager
def spoiling(url: str, share: float, counts: Counter[str]) -> Iterator[str]:
    """A proxy before a server that spoils that share of its answers: an error, half, other bytes, none."""
    rng = random.Random(8)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
            asked = urllib.request.Request(url + self.path, data=body, headers=headers, method=self.command)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            try:
                with opener.open(asked) as answer:
                    status, data = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                status, data = error.code, error.read()
            counts["answers"] += 1
            way = ""
            if rng.random() < share:
                way = rng.choice(("error", "half", "other", "none"))
                counts["spoiled"] += 1
            if way == "none":
                self.connection.close()
                return
            if way == "error":
                status, data = 502, b"<html>Bad Gateway</html>"
            if way == "other":
                data = b'{"detail": ' + bytes(rng.randrange(256) for _ in range(40))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if way == "half" else data)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def answers(bed: Bed, client: Client, number: int) -> FaultCounts:
    """Push and pull through a proxy that spoils 22 % of all answers, again and again until they are done."""
    counts = FaultCounts("answers of the server spoiled, 22 %")
    account = read_credentials(bed.project)
    assert account is not None
    seen: Counter[str] = Counter()
    for place in range(number):
        title = f"spoiled {place}"
        bed.fill(client, f"{title} pull")
        for what in ("push", "pull"):
            bed.forget()
            with spoiling(client.url, 0.22, seen) as url:
                for _ in range(60):
                    try:
                        with Client(url, account.token) as spoiled:
                            if what == "push":
                                bed.push(spoiled, title)
                            else:
                                bed.pull(spoiled, f"{title} pull")
                        counts.taken += 1
                        break
                    except GoldwireError:
                        counts.refused += 1
                    except Exception as error:  # noqa: BLE001
                        counts.fault(f"{what}: {type(error).__name__}: {error}", "tracebacks")
            wrong = bed.pushed(client, title) if what == "push" else bed.pulled(client, f"{title} pull")
            for case in wrong:
                counts.fault(f"{what} {place}: {case}", "falsified")
    counts.faults = seen["spoiled"]
    bed.forget()
    return counts


def kills(bed: Bed, number: int) -> FaultCounts:
    """Server or client killed at random points of push and pull, and the same once more."""
    counts, rng = FaultCounts("kills of server and client in push and pull, in time"), random.Random(9)
    with bed.client() as client:
        push_seconds = timed(lambda: bed.push(client, "whole"))[0]
        bed.fill(client, "filled")
        bed.forget()
        pull_seconds = timed(lambda: bed.pull(client, "filled"))[0]
    for place in range(number):
        for who, kill in (("server", server_killed), ("client", client_killed)):
            for what, seconds, title in (
                ("push", push_seconds, f"{who} {place}"),
                ("pull", pull_seconds, "filled"),
            ):
                if what == "pull":
                    bed.forget()
                cut, wrong = kill(bed, what, title, rng.uniform(0, seconds))
                counts.faults += cut
                counts.taken += cut
                for case in wrong:
                    counts.fault(f"{who} killed in a {what}: {case}", "falsified")
    return counts


def _number(client: Client, title: str) -> int:
    return int(client.projects(title)[0]["id"])


def _mark(client: Client, document: Document, task: int, person: int) -> int:
    made = Annotation(
        document.id, "x", SCHEMA.id, spans=(Span("s", "thing", "FOOD", 0, 2),), provenance=Provenance()
    )
    fields = {"result": to_result(made, SCHEMA, document.text), "completed_by": person}
    return int((client.create_annotation(task, fields) or {})["id"])


def _pull(
    project: Project, client: Client, documents: list[Document], title: str, *, full: bool = False
) -> None:
    pull(client, project, SCHEMA, documents, title=title, full=full)


def server_faults(place: Path, number: int) -> list[FaultCounts]:
    """All of it, on one server of their own; `number` rounds of each."""
    bed = Bed(place / "bed", 60)
    try:
        with bed.client() as client:
            found = [run(bed, client, number) for run in (ids, accounts, both_sides, clocks)]
            found.append(answers(bed, client, max(1, number // 3)))
        found.append(kills(bed, number))
        return found
    finally:
        bed.stop()
