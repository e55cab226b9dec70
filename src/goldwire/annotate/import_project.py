"""A running Label Studio project as a goldwire project: schema, articles, everybody's annotations."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.labelstudio.client import TOKEN_VARIABLE, WORK, Client, check_address, checked
from goldwire.annotate.labelstudio.users import UNKNOWN
from goldwire.annotate.records.accounts import Accounts, accounts_path
from goldwire.annotations.store import annotation_path, dumps_annotation
from goldwire.errors import GoldwireError
from goldwire.files import safe_name, sha256, write_text
from goldwire.formats.labelstudio.other_config import census, read_foreign
from goldwire.formats.labelstudio.result import Quarantined
from goldwire.model import Annotation, Document, Provenance, Status
from goldwire.new_project import make_project
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.infer import Inferred, Left, Renamed, infer, schema_of, slug
from goldwire.seeds import normalise

_INCLUDE = ("id", "data", *WORK, "drafts", "user", "parent_prediction", "total_predictions", "comment_count")


@dataclass(frozen=True)
class AdoptReport:
    """What was found and what became of it. `found` and `kept` count spans, attributes and relations.

    `ground_truth` counts marks of annotations, `commented` tasks with comments: neither has a place here.
    """

    project: str
    url: str
    tasks: int
    articles: int
    annotations: int
    annotators: tuple[str, ...]
    found: dict[str, int]
    kept: dict[str, int]
    trims: int
    quarantined: dict[str, int]
    quarantine_file: str
    predictions_left: int
    renamed: tuple[Renamed, ...]
    left: tuple[Left, ...]
    ground_truth: int
    commented: int

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        rows = {key: [msgspec.to_builtins(one) for one in getattr(self, key)] for key in ("renamed", "left")}
        return asdict(self) | rows


def connect_to(url: str) -> Client:
    """A Label Studio with the token of $GOLDWIRE_TOKEN; raises GW369 where that is missing."""
    check_address(url)
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        hint = f"set ${TOKEN_VARIABLE} to the token of Label Studio's page Account & Settings"
        raise GoldwireError.of("GW369", "no token for it", where=url, hint=hint)
    return checked(Client(url, token))


def adopt(
    client: Client,
    number: int,
    target: Path,
    *,
    name: str,
    language: str,
    advance: Callable[[int], None] | None = None,
) -> AdoptReport:
    """Make a goldwire project in the folder `target` of the Label Studio project `number`; read only there.

    Articles are the tasks' texts, normalised. Of each annotator and article one annotation is kept, the last
    that was submitted. What has no place goes to `annotate/quarantine.jsonl`, a line each with the reason;
    how names were changed, to `annotate/adoption.json`. Raises GW121 and GW122 for a config that is no
    schema, GW367 where the folder holds something, GW360 where no task has a text.
    """
    found = client.project(number)
    where = f"{client.url}/projects/{number}"
    config = str(found.get("label_config", ""))
    title = slug(name)
    infer(config, name=title, language=language, where=where)  # refused before a task is read
    tasks = []
    for task in client.tasks(number, _INCLUDE):
        tasks.append(task)
        if advance is not None:
            advance(1)
    inferred = infer(config, name=title, language=language, unnamed=any(map(_unnamed, tasks)), where=where)
    schema = schema_of(inferred, where)
    work = _Adoption(inferred, schema, Accounts(client, None), where)
    for task in tasks:
        work.task(task)
    work.read()
    if not work.documents:
        raise GoldwireError.of("GW360", "no task has a text", where=where, hint="check the project's config")
    project = make_project(target, name=name, language=language, schema=inferred.yaml(), fill=work.write)
    return AdoptReport(
        str(project.root),
        where,
        len(tasks),
        len(work.documents),
        len(work.annotations),
        tuple(sorted({annotation.annotator for annotation in work.annotations})),
        dict(work.found),
        dict(work.kept),
        work.trims,
        dict(Counter(str(line["kind"]) for line in work.lines)),
        "annotate/quarantine.jsonl" if work.lines else "",
        sum(int(task.get("total_predictions") or 0) for task in tasks),
        inferred.renamed,
        inferred.left,
        sum(bool(one.get("ground_truth")) for task in tasks for one in _dicts(task.get("annotations"))),
        sum(bool(task.get("comment_count")) for task in tasks),
    )


def _unnamed(task: dict[str, Any]) -> bool:
    """Whether a task has a relation without a label."""
    return any(
        isinstance(item, dict) and item.get("type") == "relation" and not item.get("labels")
        for annotation in _dicts(task.get("annotations"))
        for item in _items(annotation)
    )


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _items(annotation: dict[str, Any]) -> list[Any]:
    result = annotation.get("result")
    return result if isinstance(result, list) else []


@dataclass
class _Adoption:
    """What is gathered of the tasks before anything is written."""

    inferred: Inferred
    schema: Schema
    accounts: Accounts
    where: str
    documents: dict[str, Document] = field(default_factory=dict)
    by_text: dict[str, str] = field(default_factory=dict)
    given: dict[tuple[str, str], list[tuple[dict[str, Any], dict[str, Any]]]] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    trims: int = 0

    def task(self, task: dict[str, Any]) -> None:
        """Put down a task's article and whose annotations it has."""
        document, why = self.document(task)
        for draft in _dicts(task.get("drafts")):
            reason = "a draft that was not submitted"
            self.aside(document, task, draft, Quarantined("result", reason, draft.get("result")))
        for annotation in _dicts(task.get("annotations")):
            self.found += census(annotation.get("result"))
            if document is None:
                self.aside(None, task, annotation, Quarantined("result", why, annotation.get("result")))
            else:
                name = self.accounts.of(annotation)
                if name == UNKNOWN:  # several of whom nobody knows are several people
                    numbered = (name if n == 1 else f"{name}-{n}" for n in itertools.count(1))
                    name = next(free for free in numbered if (free, document.id) not in self.given)
                self.given.setdefault((name, document.id), []).append((task, annotation))

    def document(self, task: dict[str, Any]) -> tuple[Document | None, str]:
        """The article of a task, or None and why not. Tasks of one text share their article."""
        data = task.get("data")
        key = self.inferred.names.text_key
        raw = data.get(key) if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(raw, str) or not raw.strip():
            return None, f"the task has no text `{key}`"
        if any("\ud800" <= char <= "\udfff" for char in raw):
            return None, f"`{key}` holds half a surrogate pair"
        text = normalise(raw)
        if text not in self.by_text:
            wanted = data.get("id")
            name = str(wanted) if isinstance(wanted, (str, int)) and str(wanted).strip() else ""
            name = safe_name(name) or f"task-{task['id']}"
            # File systems may not tell upper case from lower.
            taken = {held.casefold() for held in self.documents}
            name = name if name.casefold() not in taken else f"{name}-{task['id']}"
            meta = {k: v for k, v in data.items() if k not in (key, "id", "uid", "sha256")}
            self.documents[name] = Document(name, text, meta)
            self.by_text[text] = name
        return self.documents[self.by_text[text]], ""

    def aside(
        self, document: Document | None, task: dict[str, Any], given: dict[str, Any], found: Quarantined
    ) -> None:
        """Keep what has no place, with what it was and why."""
        place = {
            "document": document.id if document is not None else "",
            "adopted": self.where,
            "annotator": self.accounts.of(given, "completed_by" if "completed_by" in given else "user"),
            "task": task["id"],
            "annotation": given.get("id"),
        }
        self.lines.append({**place, **msgspec.to_builtins(found)})

    def read(self) -> None:
        """Read each annotator's last annotation of an article; former ones are kept aside."""
        for (name, key), given in self.given.items():
            # Submitted before skipped, then the last.
            given.sort(key=lambda pair: (not pair[1].get("was_cancelled"), str(pair[1].get("updated_at"))))
            document = self.documents[key]
            for task, older in given[:-1]:
                reason = "the same annotator has a later annotation of this text"
                self.aside(document, task, older, Quarantined("result", reason, older.get("result")))
            self.take(document, name, *given[-1])

    def take(self, document: Document, name: str, task: dict[str, Any], given: dict[str, Any]) -> None:
        raw = task["data"][self.inferred.names.text_key]
        read = read_foreign(given.get("result") or [], raw, self.inferred.names, self.schema)
        for one in read.quarantined:
            self.aside(document, task, given, one)
        editor = self.accounts.of(given, "updated_by")
        seconds = given.get("lead_time")
        begun = given.get("parent_prediction") is not None
        begun = begun or any(span.origin in ("prediction", "prediction-changed") for span in read.spans)
        provenance = Provenance(
            kind="human",
            name=editor if editor not in (name, UNKNOWN) else "",
            created=str(given.get("created_at") or ""),
            updated=str(given.get("updated_at") or ""),
            lead_time=float(seconds) if isinstance(seconds, (int, float)) else None,
            # Where none was begun from, it is not known whether any were in sight.
            seen_predictions=True if begun else None,
        )
        status: Status = "skipped" if given.get("was_cancelled") else "submitted"
        stamp, digest = self.schema.stamp, sha256(document.text)
        self.annotations.append(
            Annotation(document.id, name, stamp, status, provenance, read.spans, read.relations, digest)
        )
        self.kept["spans"] += len(read.spans)
        self.kept["relations"] += len(read.relations)
        self.kept["attributes"] += sum(len(span.attributes) for span in read.spans)
        self.trims += len(read.trims)

    def write(self, root: Path) -> None:
        """The project's contents, into its folder."""
        project = Project(root)
        rows = [{"id": d.id, "text": d.text, "meta": d.meta} for d in self.documents.values()]
        write_text(project.seeds / "articles.jsonl", _lines(rows))
        for annotation in self.annotations:
            write_text(annotation_path(project, annotation), dumps_annotation(annotation))
        if self.lines:
            write_text(project.annotate / "quarantine.jsonl", _lines(self.lines))
        self.accounts.save(accounts_path(project))
        record = {
            "names": msgspec.to_builtins(self.inferred.names),
            "renamed": msgspec.to_builtins(self.inferred.renamed),
            "left": msgspec.to_builtins(self.inferred.left),
        }
        write_text(
            project.annotate / "adoption.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        )


def _lines(rows: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
