"""Ids filled into predictions before they are sent, where it is sure what a span names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from goldwire.annotate.sync.predictions import version
from goldwire.annotations.candidates import Candidates
from goldwire.annotations.ids import id_attributes
from goldwire.annotations.store import Read, read_once
from goldwire.model import Annotation, Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.rendering.picks import data_key, task_options

#: What the version of a prediction with suggested ids ends with.
MARK = "+ids"
#: Ids that a task offers where the registry is too large for the config.
OFFERED = 200


class Suggested(NamedTuple):
    """Predictions by document; how many ids were `filled` in, and how many spans were `left` without."""

    predictions: dict[str, list[Annotation]]
    filled: int = 0
    left: int = 0


def suggest_ids(
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    predictions: Mapping[str, Sequence[Annotation]],
    read: Read | None = None,
) -> Suggested:
    """Predictions with the ids that are sure by the registries and by what is stored of other articles.

    Their version ends with `+ids`, so that what came from a prediction tells whether its id did. What a
    prediction says itself stands. Without registries nothing is changed. `read` gives the project's articles
    where more than this needs them, so that they are read once.
    """
    attributes = {layer: names for layer, names in id_attributes(schema).items() if names}
    if not attributes or not predictions:
        return Suggested({name: list(annotations) for name, annotations in predictions.items()})
    registries = load_registries(schema, project.schema_path)
    candidates = Candidates(schema, registries, (read or read_once(project))())
    known = {document.id: document for document in documents}
    by_document: dict[str, list[Annotation]] = {}
    filled = left = 0
    for name, of_document in predictions.items():
        for annotation in of_document:
            with_ids, ids = candidates.fill(known[name], annotation)
            filled += len(ids)
            left += sum(
                attribute not in span.attributes and about.applies_to(span.label)
                for span in with_ids.spans
                for attribute in attributes.get(span.layer, ())
                for about in [schema.layers[span.layer].attributes[attribute]]
            )
            by_document.setdefault(name, []).append(_marked(with_ids))
    return Suggested(by_document, filled, left)


def _marked(annotation: Annotation) -> Annotation:
    """A prediction under a version that says that its ids are suggested."""
    provenance = annotation.provenance
    named = provenance.name and provenance.version
    changed = (
        msgspec.structs.replace(provenance, version=provenance.version + MARK)
        if named
        else msgspec.structs.replace(provenance, name=version(annotation) + MARK)
    )
    return msgspec.structs.replace(annotation, provenance=changed)


def task_data(
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    config: str,
    extra: Mapping[str, Mapping[str, Any]],
    read: Read | None = None,
) -> Mapping[str, Mapping[str, Any]]:
    """More data for tasks, by document: `extra`, and the ids to pick where a config asks for them.

    Ids that `extra` holds stand. `read` as in `suggest_ids`.
    """
    asked = [
        (layer, name)
        for layer, names in id_attributes(schema).items()
        for name in names
        if f'"${(key := data_key(layer, name, schema))}"' in config
        and not all(key in extra.get(document.id, {}) for document in documents)
    ]
    if not asked:
        return extra
    registries = load_registries(schema, project.schema_path)
    candidates = Candidates(schema, registries, (read or read_once(project))())
    suggestions: dict[str, dict[str, Any]] = {}
    for document in documents:
        data = suggestions[document.id] = dict(extra.get(document.id, {}))
        for layer, name in asked:
            if data_key(layer, name, schema) in data:
                continue
            entries = registries[id_attributes(schema)[layer][name]]
            ids = candidates.standing(document, layer, name, OFFERED)
            data[data_key(layer, name, schema)] = task_options(entries[each] for each in ids)
    return suggestions
