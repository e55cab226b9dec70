"""Unfinished work: what annotators have not submitted yet, taken in on request.

Label Studio saves as one marks. Its export leaves out tasks that have nothing but drafts, its list of tasks
shows the token's own only; asked task by task it tells everybody's. A draft touches neither its task's nor
its annotation's time of change, so each task that has one is asked every time: the cost goes with the work in
progress, not with the project.

Whose article it is the first work on, their draft is stored like any annotation, with status `draft`. A
draft over work that is there already (an own annotation reopened, or somebody else's) never replaces that:
it is kept in `annotate/drafts/ANNOTATOR/DOCUMENT.json`, which no other stage reads, until what is stored is
later. So is a draft in a later pass: it goes on from what its annotator submitted before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.labelstudio.client import task_filter
from goldwire.annotate.labelstudio.transport import dicts
from goldwire.annotate.sync.importer import Importer
from goldwire.annotate.sync.keep_history import kept
from goldwire.annotations.meaning import content, later
from goldwire.annotations.store import dumps_annotation, load_annotation
from goldwire.errors import GoldwireError
from goldwire.files import file_name, read_bytes, read_text, write_text
from goldwire.model import Annotation, Document
from goldwire.project import Project

_INCLUDE = ("data", "annotations", "completed_by", "predictions_model_versions")
_WITH_DRAFTS = task_filter("draft_exists", "equal", "Boolean", True)


def drafts_path(project: Project, draft: Annotation) -> Path:
    """Where a draft over work that is there already is kept."""
    folder = project.annotate / "drafts" / file_name(draft.annotator)
    return folder / f"{file_name(draft.document)}.json"


def take_drafts(
    importer: Importer, *, part: str = "", onward: bool = False, taken: set[tuple[str, str]] | None = None
) -> None:
    """Take in the drafts of all annotators in the importer's project; what the model can't hold is put aside.

    Of several drafts of one annotator on one task the last is taken. What is kept beside a stored
    annotation goes once that is later or says the same (`settled`). In passes `part` is the project's pass,
    which goes `onward` from others unless it is the first; of drafts in several passes the first one that is
    `taken` stays.
    """
    client, report, taken = importer.client, importer.report, set() if taken is None else taken
    report.drafts = 0
    for task in client.tasks(importer.number, _INCLUDE, [_WITH_DRAFTS]):
        made_by = {a["id"]: importer.accounts.of(a) for a in dicts(task.get("annotations"))}
        drafts = [
            {
                **draft,
                "completed_by": importer.accounts.number(str(draft.get("user", ""))),
                "draft": draft["id"],
            }
            for draft in client.drafts(int(task["id"]))
        ]
        document = importer.document(task, drafts)
        if document is None:
            continue
        for name, raw in importer.latest(task, drafts):
            report.drafts += 1
            if (name, document.id) not in taken:
                taken.add((name, document.id))
                _take(importer, task, document, name, raw, made_by, part, onward)
    importer.flush()
    report.drafts_settled = _settle(importer)


def _take(
    importer: Importer,
    task: dict[str, Any],
    document: Document,
    name: str,
    raw: dict[str, Any],
    made_by: dict[int, str],
    part: str,
    onward: bool,
) -> None:
    draft = importer.annotation(task, document, name, raw, importer.read(task, document, raw))
    owner = made_by.get(raw.get("annotation") or 0, name)
    based_on = (owner,) if owner != name else ()
    first = owner == name and name not in made_by.values() and not onward
    passes = {part: None} if part else {}  # begun, and for no time that could be summed up
    provenance = msgspec.structs.replace(draft.provenance, based_on=based_on, passes=passes)
    draft = msgspec.structs.replace(draft, status="draft", provenance=provenance)
    stored = importer.stored(_whose(draft))
    if first and (stored is None or is_draft(stored)):
        result: Annotation | None = draft
        if stored is not None:
            spans = tuple(kept(stored.spans, draft.spans))
            same = content(stored) == content(draft)
            result = None if same else msgspec.structs.replace(draft, spans=spans)
        importer.report.drafts_written += importer.settle(task, raw, stored, draft, result)
        return
    if stored is not None and _settled(draft, stored):
        return  # opened and left as it was
    importer.report.drafts_beside += 1
    path = drafts_path(importer.project, draft)
    if not path.is_file() or read_text(path) != dumps_annotation(draft):
        write_text(path, dumps_annotation(draft))
        importer.report.drafts_written += 1


def is_draft(stored: Annotation) -> bool:
    """Whether a stored annotation is unfinished work that was pulled, not a machine's nor from a file."""
    provenance = stored.provenance
    return (
        stored.status == "draft"
        and provenance.kind == "human"
        and bool(provenance.updated)
        and not provenance.based_on
    )


def _whose(draft: Annotation) -> Annotation:
    """The draft under the name of whose annotation it changes."""
    return msgspec.structs.replace(draft, annotator=(*draft.provenance.based_on, draft.annotator)[0])


def _settled(draft: Annotation, stored: Annotation) -> bool:
    """Whether what is stored is later, with the pass of the draft in it, or says the same."""
    within = draft.provenance.passes.keys() <= stored.provenance.passes.keys()
    return (within and later(stored, draft)) or content(stored) == content(draft)


def _settle(importer: Importer) -> int:
    """Remove drafts that have become, or left unchanged, what is stored; the number."""
    count = 0
    for path in sorted((importer.project.annotate / "drafts").glob("*/*.json")):
        try:
            draft = load_annotation(read_bytes(path))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GoldwireError.of("GW350", str(error), where=str(path), hint="remove it and pull") from None
        stored = importer.stored(_whose(draft))
        if stored is not None and _settled(draft, stored):
            path.unlink()
            count += 1
    return count
