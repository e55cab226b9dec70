"""A running Label Studio project as a goldwire project: schema, articles, everybody's annotations."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.labelstudio.client import WORK, Client, check_address, checked
from goldwire.annotate.labelstudio.transport import TOKEN_VARIABLE, dicts
from goldwire.annotate.labelstudio.users import UNKNOWN, unknown_name
from goldwire.annotate.records.accounts import Accounts, accounts_path
from goldwire.annotations.store import annotation_path, dumps_annotation
from goldwire.errors import GoldwireError
from goldwire.files import json_lines, safe_name, sha256, write_json, write_text
from goldwire.formats.account import ConversionAccount
from goldwire.formats.labelstudio.items import items_of
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.people import latest_first
from goldwire.formats.labelstudio.reader import census, read_over
from goldwire.formats.labelstudio.result import Quarantined, ReadResult
from goldwire.formats.labelstudio.texts import MarkedText, items_over, marked_text
from goldwire.model import Annotation, Document, Provenance, Status
from goldwire.new_project import make_project
from goldwire.number_format import counted
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.inference.from_label_config import infer
from goldwire.schemas.inference.inferred import Inferred, Left, Renamed, schema_of
from goldwire.schemas.slugs import slug
from goldwire.table import Column, Figures, Table

_INCLUDE = ("id", "data", *WORK, "drafts", "user", "parent_prediction", "total_predictions", "comment_count")


@dataclass(frozen=True, repr=False)
class ImportReport(Figures):
    """What was found and what became of it; `account` sums up spans, relations and attributes.

    `ground_truth` counts marks of annotations, `commented` tasks with comments: neither has a place here.
    """

    project: str
    url: str
    tasks: int
    articles: int
    annotations: int
    annotators: tuple[str, ...]
    account: ConversionAccount
    quarantined: dict[str, int]
    quarantine_file: str
    predictions_left: int
    renamed: tuple[Renamed, ...]
    left: tuple[Left, ...]
    ground_truth: int
    commented: int

    def __repr__(self) -> str:
        counts = counted(self.articles, "article"), counted(self.annotations, "annotation")
        return f"<ImportReport of {self.url}: {', '.join(counts)}>"

    def tables(self) -> list[Table]:
        """`new`: what was taken over, what was left there, and what is in quarantine."""
        rows = [("tasks", self.tasks), ("articles", self.articles), ("annotations", self.annotations)]
        rows += [("predictions left there", self.predictions_left)]
        rows += [(f"in quarantine: {kind}", count) for kind, count in self.quarantined.items()]
        unkept = {"marks as ground truth": self.ground_truth, "tasks with comments": self.commented}
        rows += [(f"{what}, not kept", count) for what, count in unkept.items() if count]
        return [Table("new", self.project, (Column("new"), Column("", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The report, for JSON."""
        rows = {key: [msgspec.to_builtins(row) for row in getattr(self, key)] for key in ("renamed", "left")}
        return asdict(self) | rows


def connect_to(url: str) -> Client:
    """A Label Studio with the token of $GOLDWIRE_TOKEN; raises GW369 where that is missing."""
    check_address(url)
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        hint = f"set ${TOKEN_VARIABLE} to the token of Label Studio's page Account & Settings"
        raise GoldwireError.of("GW369", "no token for it", where=url, hint=hint)
    return checked(Client(url, token))


def import_project(
    client: Client,
    number: int,
    target: Path,
    *,
    name: str,
    language: str,
    advance: Callable[[int], None] | None = None,
) -> ImportReport:
    """Make a goldwire project in the folder `target` of the Label Studio project `number`; read only there.

    Articles are the tasks' texts, normalised. Of each annotator and article one annotation is kept, the last
    that was submitted. What has no place goes to `annotate/quarantine.jsonl`, a line each with the reason;
    how names were changed, to `annotate/imported.json`. Raises GW121 and GW122 for a config that is no
    schema, GW367 where the folder holds something, GW360 where no task has a text.
    """
    remote = client.project(number)
    where = client.project_url(number)
    config = str(remote.get("label_config", ""))
    title = slug(name)
    infer(config, name=title, language=language, where=where)  # refused before a task is read
    tasks = []
    for task in client.tasks(number, _INCLUDE):
        tasks.append(task)
        if advance is not None:
            advance(1)
    inferred = infer(config, name=title, language=language, unnamed=any(map(_unnamed, tasks)), where=where)
    schema = schema_of(inferred, where)
    gathered = _Import(inferred, schema, Accounts(client, None), where)
    for task in tasks:
        gathered.task(task)
    gathered.read()
    if not gathered.documents:
        raise GoldwireError.of("GW360", "no task has a text", where=where, hint="check the project's config")
    project = make_project(target, name=name, language=language, schema=inferred.yaml(), fill=gathered.write)
    marked = (annotation for task in tasks for annotation in dicts(task.get("annotations")))
    return ImportReport(
        project=str(project.root),
        url=where,
        tasks=len(tasks),
        articles=len(gathered.documents),
        annotations=len(gathered.annotations),
        annotators=tuple(sorted({annotation.annotator for annotation in gathered.annotations})),
        account=gathered.account,
        quarantined=dict(Counter(str(line["kind"]) for line in gathered.lines)),
        quarantine_file="annotate/quarantine.jsonl" if gathered.lines else "",
        predictions_left=sum(int(task.get("total_predictions") or 0) for task in tasks),
        renamed=inferred.renamed,
        left=inferred.left,
        ground_truth=sum(bool(annotation.get("ground_truth")) for annotation in marked),
        commented=sum(bool(task.get("comment_count")) for task in tasks),
    )


def _unnamed(task: dict[str, Any]) -> bool:
    """Whether a task has a relation without a label."""
    return any(
        isinstance(item, dict) and item.get("type") == "relation" and not item.get("labels")
        for annotation in dicts(task.get("annotations"))
        for item in _items(annotation)
    )


def _items(annotation: dict[str, Any]) -> list[Any]:
    result = annotation.get("result")
    return result if isinstance(result, list) else []


@dataclass
class _Submitted:
    """An annotation of a task, and what it holds over one of the task's texts."""

    task: dict[str, Any]
    annotation: dict[str, Any]
    read: ReadResult


@dataclass
class _Import:
    """What is gathered of the tasks before anything is written."""

    inferred: Inferred
    schema: Schema
    accounts: Accounts
    where: str
    documents: dict[str, Document] = field(default_factory=dict)
    by_text: dict[str, str] = field(default_factory=dict)
    submitted: dict[tuple[str, str], list[_Submitted]] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    account: ConversionAccount = field(default_factory=ConversionAccount)

    @cached_property
    def naming(self) -> Naming:
        """How the config's names are called in the schema."""
        return Naming(self.schema, self.inferred.names)

    def task(self, task: dict[str, Any]) -> None:
        """Put down a task's articles, one for each text that is marked, and whose annotations they have."""
        sources = self.inferred.names.texts
        data = task.get("data")
        texts = [(source, marked_text(data if isinstance(data, dict) else {}, source)) for source in sources]
        present = [(source, marked) for source, marked in texts if not isinstance(marked, str)]
        for draft in dicts(task.get("drafts")):
            reason = "a draft that was not submitted"
            self.aside(None, task, draft, Quarantined("result", reason, draft.get("result")))
        annotations = dicts(task.get("annotations"))
        if not present:
            for annotation in annotations:
                census(annotation.get("result"), self.naming).enter(self.account)
                why = Quarantined("result", str(texts[0][1]), annotation.get("result"))
                self.aside(None, task, annotation, why)
        results = [items_of(annotation.get("result")) for annotation in annotations]
        originals = [_items(annotation).__getitem__ for annotation in annotations]
        for source, marked in present:
            name = f"-{source.tag}" if len(sources) > 1 else ""
            document = self.document(task, name, marked.text.text, marked)
            over, naming = results, self.naming
            if len(sources) > 1:
                shown = [each for each, _ in present]
                over = [items_over(source, shown, items, naming.layers) for items in results]
                naming = naming.over(source.tag)
            _, reads = read_over(over, marked.text, naming, originals)
            for annotation, read in zip(annotations, reads, strict=True):
                self.put(document, _Submitted(task, annotation, read))

    def put(self, document: Document, submitted: _Submitted) -> None:
        """Put down whose annotation of an article one is; several of whom nobody knows are several people."""
        name = self.accounts.of(submitted.annotation)
        if name == UNKNOWN:
            name = unknown_name({taken for taken, article in self.submitted if article == document.id})
        self.submitted.setdefault((name, document.id), []).append(submitted)

    def document(self, task: dict[str, Any], suffix: str, text: str, marked: MarkedText) -> Document:
        """The article of a task's text; tasks of one text share theirs."""
        if text not in self.by_text:
            data = task["data"]
            wanted = data.get("id")
            name = str(wanted) if isinstance(wanted, (str, int)) and str(wanted).strip() else ""
            name = safe_name(f"{name}{suffix}" if name else "") or f"task-{task['id']}{suffix}"
            # File systems may not tell upper case from lower.
            taken = {document_id.casefold() for document_id in self.documents}
            name = name if name.casefold() not in taken else f"{name}-{task['id']}"
            texts = {source.key.partition(".")[0] for source in self.inferred.names.texts}
            meta = {key: v for key, v in data.items() if key not in (*texts, "id", "uid", "sha256")}
            if marked.turns:
                meta["turns"] = [{"start": start, "speaker": speaker} for start, speaker in marked.turns]
            self.documents[name] = Document(name, text, meta)
            self.by_text[text] = name
        return self.documents[self.by_text[text]]

    def aside(
        self,
        document: Document | None,
        task: dict[str, Any],
        annotation: dict[str, Any],
        quarantined: Quarantined,
    ) -> None:
        """Keep what has no place, with what it was and why."""
        origin = {
            "document": document.id if document is not None else "",
            "imported_from": self.where,
            "annotator": self.accounts.of(
                annotation, "completed_by" if "completed_by" in annotation else "user"
            ),
            "task": task["id"],
            "annotation": annotation.get("id"),
        }
        self.lines.append({**origin, **msgspec.to_builtins(quarantined)})

    def read(self) -> None:
        """Take each annotator's annotation of an article that counts; the others are kept aside."""
        for (name, key), all_submitted in self.submitted.items():
            document = self.documents[key]
            first, *others = latest_first(
                all_submitted,
                cancelled=lambda each: bool(each.annotation.get("was_cancelled")),
                draft=lambda _: False,
                updated=lambda each: str(each.annotation.get("updated_at") or ""),
            )
            for other in others:
                reason = "the same annotator has a later annotation of this text"
                other.read.census.enter(self.account)
                result = Quarantined("result", reason, other.annotation.get("result"))
                self.aside(document, other.task, other.annotation, result)
            self.take(document, name, first)

    def take(self, document: Document, name: str, submitted: _Submitted) -> None:
        read, annotation = submitted.read, submitted.annotation
        for item in read.quarantined:
            self.aside(document, submitted.task, annotation, item)
        read.enter(self.account)
        editor = self.accounts.of(annotation, "updated_by")
        seconds = annotation.get("lead_time")
        begun = annotation.get("parent_prediction") is not None
        begun = begun or any(span.origin in ("prediction", "prediction-changed") for span in read.spans)
        provenance = Provenance(
            kind="human",
            name=editor if editor not in (name, UNKNOWN) else "",
            created=str(annotation.get("created_at") or ""),
            updated=str(annotation.get("updated_at") or ""),
            lead_time=float(seconds) if isinstance(seconds, (int, float)) else None,
            # Where none was begun from, it is not known whether any were in sight.
            seen_predictions=True if begun else None,
        )
        status: Status = "skipped" if annotation.get("was_cancelled") else "submitted"
        self.annotations.append(
            Annotation(
                document.id,
                name,
                self.schema.id,
                status=status,
                provenance=provenance,
                spans=read.spans,
                relations=read.relations,
                text_sha256=sha256(document.text),
            )
        )

    def write(self, root: Path) -> None:
        """The project's contents, into its folder."""
        project = Project(root)
        rows = [{"id": d.id, "text": d.text, "meta": d.meta} for d in self.documents.values()]
        write_text(project.seeds / "articles.jsonl", json_lines(rows))
        for annotation in self.annotations:
            write_text(annotation_path(project, annotation), dumps_annotation(annotation))
        if self.lines:
            write_text(project.annotate / "quarantine.jsonl", json_lines(self.lines))
        self.accounts.save(accounts_path(project))
        record = {
            "names": msgspec.to_builtins(self.inferred.names),
            "renamed": msgspec.to_builtins(self.inferred.renamed),
            "left": msgspec.to_builtins(self.inferred.left),
        }
        write_json(project.annotate / "imported.json", record)
