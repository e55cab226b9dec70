"""Label Studio's JSON export: a list of tasks, each with its annotations. One task a document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpus.formats import Setting
from goldwire.corpus.formats.labelstudio import from_result, to_result
from goldwire.corpus.integrity import article_faults
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_text, sha256, write_text
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.schemas.render import TEXT
from goldwire.seeds import normalise


def read_labelstudio(path: Path, setting: Setting) -> list[Article]:
    """The articles of an export, annotations as their people submitted or skipped them.

    A person is named by e-mail address or user name where the export holds one, else `user-NUMBER`. What the
    schema has no place for, unfinished drafts, predictions and a person's older annotations of a task are
    left out, and counted in `setting.lost`. Raises one error (GW266, and what the model itself asks for)
    with the faults of all tasks.
    """
    try:
        tasks = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits are ValueErrors too
        raise GoldwireError.of("GW266", f"not JSON: {error}", where=str(path)) from None
    if not isinstance(tasks, list):
        hint = "export the project as JSON (not JSON_MIN)"
        raise GoldwireError.of("GW266", "not a list of tasks", where=str(path), hint=hint)
    articles: list[Article] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for number, task in enumerate(tasks):
        place = f"{path} $[{number}]"
        data = task.get("data") if isinstance(task, dict) else None
        text = data.get(TEXT) if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(text, str):
            faults.append(Fault("GW266", f"no task with `data.{TEXT}`", place, "export the project as JSON"))
            continue
        name = str(data.get("id") or f"task-{task.get('id', number)}")
        if not _encodable(text, name):
            faults.append(Fault("GW266", "half a surrogate pair in its id or text", place, "repair it"))
            continue
        if text != normalise(text):
            hint = "offsets count its characters as they are: import the text normalised (NFC, \\n)"
            faults.append(Fault("GW266", f"the text of `{name}` is not normalised", place, hint))
            continue
        if name in seen:
            faults.append(Fault("GW266", f"document `{name}` stands twice", place, "keep one task for each"))
            continue
        seen.add(name)
        meta = {key: value for key, value in data.items() if key not in ("id", "uid", TEXT, "sha256")}
        document = Document(name, text, meta)
        article = Article(document, tuple(_annotations(task, document, setting)))
        try:
            msgspec.json.encode(article)
        except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            faults.append(Fault("GW266", f"`{name}` holds what can't be written again: {error}", place))
            continue
        faults.extend(article_faults(article, place))
        articles.append(article)
    raise_faults(faults[:100])
    return articles


def _annotations(task: dict[str, Any], document: Document, setting: Setting) -> Iterator[Annotation]:
    for kind in ("predictions", "drafts"):
        for _ in _several(task.get(kind)):
            setting.lose(kind, document.id)
    held: dict[str, dict[str, Any]] = {}
    given = _several(task.get("annotations"))
    listed = [a for a in given if isinstance(a, dict)]
    for _ in range(len(given) - len(listed)):
        setting.lose("annotations of no known form", document.id)
    for item in sorted(listed, key=lambda a: str(a.get("updated_at") or "")):
        annotator = _person(item.get("completed_by"))
        if annotator in held:
            setting.lose("older annotations of one person", f"{annotator}/{document.id}")
        held[annotator] = item
    for annotator, item in held.items():
        found = from_result(item.get("result"), document.text, setting.schema)
        for part in found.quarantined:
            setting.lose(f"{part.kind}s: {part.reason}", f"{annotator}/{document.id}")
        for trim in found.trims:
            setting.lose("white space at a span's edge", f"{annotator}/{document.id} {trim.span}")
        seen = item.get("prediction") or item.get("parent_prediction")
        yield Annotation(
            document.id,
            annotator,
            setting.schema.stamp,
            "skipped" if item.get("was_cancelled") else "submitted",
            Provenance(
                created=str(item.get("created_at") or ""),
                updated=str(item.get("updated_at") or ""),
                lead_time=item["lead_time"] if isinstance(item.get("lead_time"), (int, float)) else None,
                seen_predictions=True if seen else None,
            ),
            found.spans,
            found.relations,
            sha256(document.text),
        )


def _several(value: Any) -> list[Any]:
    """What should be a list; anything else that is there counts as one thing."""
    return value if isinstance(value, list) else [value] if value else []


def _encodable(*texts: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for text in texts for char in text)


def _person(user: Any) -> str:
    if isinstance(user, dict):
        return str(user.get("email") or user.get("username") or f"user-{user.get('id', '')}")
    return f"user-{user}" if isinstance(user, int) else str(user or "user")


def write_labelstudio(path: Path, articles: Iterable[Article], setting: Setting) -> int:
    """Articles in the form of an export; the number of tasks.

    To bring annotations onto a server, which knows people by their accounts, push them instead. Statuses
    other than `skipped`, who marked what, and the rest of the provenance have no place there: counted in
    `setting.lost`.
    """
    tasks = []
    for article in articles:
        document = article.document
        made = []
        for number, annotation in enumerate(article.annotations, start=1):
            place = f"{annotation.annotator}/{document.id}"
            if annotation.status not in ("submitted", "skipped"):
                setting.lose(f"status {annotation.status}", place)
            if annotation.provenance.kind != "human" or annotation.provenance.based_on:
                setting.lose("provenance", place)
            marked = (*(s.marked_by for s in annotation.spans), *(r.marked_by for r in annotation.relations))
            if any(marked):
                setting.lose("marked_by", place)
            made.append(
                {
                    "id": number,
                    "completed_by": {"email": annotation.annotator},
                    "result": to_result(annotation, setting.schema, document.text),
                    "was_cancelled": annotation.status == "skipped",
                    "lead_time": annotation.provenance.lead_time,
                    "created_at": annotation.provenance.created,
                    "updated_at": annotation.provenance.updated,
                }
            )
        data = {**document.meta, "id": document.id, TEXT: document.text, "sha256": sha256(document.text)}
        tasks.append({"data": data, "annotations": made})
    write_text(path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
    return len(tasks)
