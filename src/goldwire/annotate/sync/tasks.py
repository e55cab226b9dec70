"""What a push sends: tasks with their predictions, in batches that the server takes at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from goldwire.annotate.labelstudio.client import in_portions
from goldwire.annotate.sync.predictions import version
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document
from goldwire.schemas import Schema
from goldwire.schemas.rendering.label_config import TEXT
from goldwire.schemas.rendering.picks import ids_in

_CHARACTERS = 10_000_000  # of text, in one request


def uid(document: Document) -> str:
    """What makes an article one task: its id and its text."""
    return f"{document.id}@{sha256(document.text)[:16]}"


def task_of(
    document: Document,
    predictions: Sequence[Annotation],
    schema: Schema,
    extra: Mapping[str, Any],
    config: str = "",
) -> dict[str, Any]:
    """A task as it is imported; `extra` joins its data. Ids are picked as far as `config` offers them."""
    shown_meta: dict[str, Any] = {
        key: document.meta[key] for key in ("source", "published") if key in document.meta
    }
    data = {
        # Label Studio's columns stand in this order.
        "title": document.meta.get("title", document.id),
        "uid": uid(document),
        "id": document.id,
        TEXT: document.text,
        **shown_meta,
        "sha256": sha256(document.text),
        **extra,
    }
    picks = ids_in(config, data) if config and predictions else {}
    sent = [prediction_of(annotation, document, schema, picks) for annotation in predictions]
    return {"data": data, "predictions": sent} if sent else {"data": data}


def prediction_of(
    annotation: Annotation, document: Document, schema: Schema, picks: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """A prediction as it is imported; its score is the mean of its spans'. `picks`: see `to_result`."""
    scores = [span.score for span in annotation.spans if span.score is not None]
    prediction: dict[str, Any] = {"result": to_result(annotation, schema, document.text, picks)}
    prediction["model_version"] = version(annotation)
    if scores:
        prediction["score"] = sum(scores) / len(scores)
    return prediction


def data_of(task: dict[str, Any], key: str) -> str:
    """A field of a task's data, empty where it has none."""
    data = task.get("data")
    return str(data.get(key, "")) if isinstance(data, dict) else ""


def versions(task: dict[str, Any]) -> set[str]:
    """Which models' predictions a task has."""
    return {str(prediction.get("model_version")) for prediction in task.get("predictions") or ()}


def worked_on(task: dict[str, Any]) -> bool:
    """Whether anybody has annotated, skipped or begun a task."""
    # Counters may lag behind after a crash; the ids are read from the annotations themselves.
    fields = ("total_annotations", "cancelled_annotations", "annotations_ids", "draft_exists")
    return any(task.get(field) for field in fields)


def task_batches(
    documents: Iterable[Document], most: int | None = None, *, characters: int = _CHARACTERS
) -> Iterator[list[Document]]:
    """Articles in batches of at most so many, and of so many code points of text; a longer one is alone."""
    return in_portions(documents, lambda document: len(document.text), characters, most)
