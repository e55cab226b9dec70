"""Push and pull with the server or the client killed on the way: what a rerun makes of it.

Used by `benchmarks.sync` and by the tests; `python -m benchmarks.crashes push|pull ROOT NUMBER TITLE` is
the client that gets killed.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from goldwire.annotate.labelstudio import server
from goldwire.annotate.labelstudio.client import Client, connect
from goldwire.annotate.records.accounts import accounts_path
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.quarantine import quarantine_path
from goldwire.annotate.sync.tasks import uid
from goldwire.annotations.store import read_annotations
from goldwire.errors import GoldwireError
from goldwire.files import sha256, write_text
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Provenance, Relation, Span
from goldwire.project import Project, load_project
from tests.annotate.helpers import make_schema

SCHEMA = make_schema()
WORDS = ("carotte", "couteau", "émince", "l’huile", "chauffe", "🥕", "tarte", "pommes")
SPANS = 30


def documents(number: int, words: int = 600) -> list[Document]:
    """Articles of that many words."""
    rng = random.Random(7)
    texts = [" ".join(rng.choice(WORDS) for _ in range(words)) for _ in range(number)]
    return [Document(f"d{n:05}", text, {"title": f"Article {n}"}) for n, text in enumerate(texts)]


def annotation(document: Document, annotator: str) -> Annotation:
    """Thirty spans, two of three with an attribute, ten relations."""
    spans = []
    for number in range(SPANS):
        start = number * 60
        while document.text[start].isspace() or document.text[start + 4].isspace():
            start += 1
        layer, label = ("step", "CUT") if number % 3 == 0 else ("thing", ("FOOD", "TOOL")[number % 2])
        attributes: dict[str, Any] = {"state": "cooked"} if layer == "thing" else {}
        spans.append(Span(f"s{number}", layer, label, start, start + 5, attributes))
    relations = tuple(Relation("object", f"s{n}", f"s{n + 1}") for n in range(0, SPANS - 1, 3))
    return Annotation(
        document.id,
        annotator,
        SCHEMA.id,
        provenance=Provenance("model", "bench", "1"),
        spans=tuple(spans),
        relations=relations,
        text_sha256=sha256(document.text),
    )


def annotated(document: Document) -> dict[str, Any]:
    """A task whose annotation is the server's only account's."""
    data = {"uid": uid(document), "id": document.id, "text": document.text, "sha256": sha256(document.text)}
    given = {"result": to_result(annotation(document, ""), SCHEMA, document.text), "ground_truth": False}
    return {"data": data, "annotations": [given]}


@dataclass
class Bed:
    """A project with a server of its own, started anew whenever it was killed."""

    root: Path
    number: int = 500
    starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        config = self.root / "goldwire.toml"
        if not config.exists():  # one who joins may not empty it under the others' eyes
            text = '[project]\nname = "bench"\nlanguage = "fr"\nschema = "s.yaml"\n'
            write_text(config, text)
        self.project: Project = load_project(self.root)
        self.documents = documents(self.number)
        self.predictions = [annotation(document, "bench") for document in self.documents]

    def client(self) -> Client:
        """A connection; the server is started where none runs."""
        begun = time.monotonic()
        if server.running(self.project) is None:
            server.start(self.project)
            self.starts.append(time.monotonic() - begun)
        return connect(self.project)

    def push(self, client: Client, title: str) -> None:
        push(client, self.project, SCHEMA, self.documents, predictions=self.predictions, title=title)

    def pull(self, client: Client, title: str, **options: Any) -> Any:
        return pull(client, self.project, SCHEMA, self.documents, title=title, **options)

    def run(self, what: str, client: Client, title: str) -> Any:
        """A push or a pull."""
        return self.push(client, title) if what == "push" else self.pull(client, title)

    def wrong(self, what: str, client: Client, title: str) -> list[str]:
        """What is wrong after a push or a pull that was cut off and made again."""
        self.run(what, client, title)
        return self.pushed(client, title) if what == "push" else self.pulled(client, title)

    def fill(self, client: Client, title: str) -> None:
        """A Label Studio project of annotated tasks."""
        push(client, self.project, SCHEMA, (), title=title)
        found = client.projects(title)[0]
        client.import_tasks(int(found["id"]), [annotated(document) for document in self.documents])

    def forget(self) -> None:
        """As if nothing had been pulled."""
        for path in (*self.project.annotate.rglob("*"), *self.project.cache.glob("pull*.json")):
            if path.is_file():
                path.unlink()

    def kill_server(self) -> None:
        """SIGKILL to the server's whole tree."""
        found = server.running(self.project)
        if found is None:
            return
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(found.pid)
            family = [*parent.children(recursive=True), parent]
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(family, timeout=20)

    def stop(self) -> None:
        server.stop(self.project)

    # What a rerun left ------------------------------------------------------------------------------------

    def pushed(self, client: Client, title: str) -> list[str]:
        """What is wrong on the server after a push: nothing, where each article is there once and whole."""
        found = Counter[str]()
        wrong = []
        include = ("data", "predictions", "model_version", "result")
        for task in client.tasks(int(client.projects(title)[0]["id"]), include):
            found[task["data"]["uid"]] += 1
            sizes = [len(p["result"]) for p in task["predictions"]]
            if sizes != [len(to_result(self.predictions[0], SCHEMA))]:
                wrong.append(f"{task['data']['id']} has predictions of {sizes} items")
        wrong += [f"{d.id} has {found[uid(d)]} tasks" for d in self.documents if found[uid(d)] != 1]
        return wrong

    def pulled(self, client: Client, title: str) -> list[str]:
        """What is wrong here after a pull: nothing, where every annotation is there once and whole."""
        wrong = []
        kept = Counter[str]()
        for one in read_annotations(self.project):
            kept[one.document] += 1
            wanted = self.predictions[int(one.document[1:])]
            if (one.spans, set(one.relations)) != (wanted.spans, set(wanted.relations)):
                wrong.append(f"{one.document} is not what was annotated")
        wrong += [f"{d.id} is there {kept[d.id]} times" for d in self.documents if kept[d.id] != 1]
        files = [path for path in self.project.annotate.rglob("*") if path.is_file()]
        odd = [p for p in files if p.suffix != ".json" and p != accounts_path(self.project)]
        wrong += [f"{path.name} was left behind" for path in odd]
        if quarantine_path(self.project).exists():
            wrong.append("something is in quarantine")
        if self.pull(client, title).written:
            wrong.append("a second pull wrote files")
        return wrong


def server_killed(bed: Bed, what: str, title: str, delay: float) -> tuple[bool, list[str]]:
    """Kill the server `delay` seconds into a push or pull; whether in time, and what is wrong after."""
    client = bed.client()
    timer = threading.Timer(delay, bed.kill_server)
    timer.start()
    cut = False
    try:
        bed.run(what, client, title)
    except GoldwireError:
        cut = True
    timer.join()
    client.close()
    with bed.client() as again:
        return cut, bed.wrong(what, again, title)


def client_killed(bed: Bed, what: str, title: str, delay: float) -> tuple[bool, list[str]]:
    """Kill a client `delay` seconds into its push or pull; as `server_killed`."""
    bed.client().close()
    command = [sys.executable, "-m", "benchmarks.crashes", what, str(bed.root), str(bed.number), title]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process:
        if process.stdout is not None:
            process.stdout.readline()  # it has begun
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        cut = process.wait() == -signal.SIGKILL
    with bed.client() as again:
        return cut, bed.wrong(what, again, title)


def main() -> None:
    """Be the client that is killed."""
    what, root, number, title = sys.argv[1:]
    bed = Bed(Path(root), int(number))
    with bed.client() as client:
        print("begun", flush=True)
        bed.run(what, client, title)


if __name__ == "__main__":
    main()
