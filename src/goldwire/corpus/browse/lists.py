"""Parts of pages: lists of labels, the sentence on how far the readings can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from goldwire.corpus.browse import page_data
from goldwire.model import Annotation, by_machine
from goldwire.schemas import Schema


def layer_list(
    schema: Schema,
    used: Iterable[tuple[str, str]] | None = None,
    counts: Counter[tuple[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Layers with their labels for a template: all of the schema's, or those used, unknown ones too."""
    numbers = page_data.label_numbers(schema)
    wanted = set(numbers) if used is None else set(used)
    listed: list[dict[str, Any]] = []
    for index, (name, layer) in enumerate(schema.layers.items()):
        labels = [
            {
                "code": code,
                "name": label.name,
                "definition": label.definition,
                "index": numbers[name, code],
                "count": counts[name, code] if counts is not None else 0,
            }
            for code, label in layer.labels.items()
            if (name, code) in wanted
        ]
        labels += [
            {"code": code, "name": "", "definition": "", "index": -1, "count": 0}
            for at, code in sorted(wanted - set(numbers))
            if at == name
        ]
        attributes = [(code, about.title, about.definition) for code, about in layer.attributes.items()]
        if labels:
            listed.append(
                {"name": name, "title": layer.title, "labels": labels, "attributes": attributes}
                | {"style": index % page_data.STYLES}
            )
    for name in sorted({layer for layer, _ in wanted} - set(schema.layers)):
        labels = [
            {"code": code, "name": "", "definition": "", "index": -1, "count": 0}
            for at, code in sorted(wanted)
            if at == name
        ]
        listed.append({"name": name, "title": name, "labels": labels, "attributes": [], "style": 0})
    return listed


def status_in_words(chosen: Sequence[Annotation]) -> str:
    """How far the readings shown can be trusted, in one sentence."""
    counts = Counter(annotation.status for annotation in chosen)
    if not chosen:
        return "Nothing is annotated yet."
    machine = sum(a.status == "draft" and by_machine(a) for a in chosen)
    unknown = sum(a.provenance.kind == "unknown" for a in chosen)
    parts = []
    for status, number in counts.items():
        maker = " (machine-drafted)" if status == "draft" and machine == number else ""
        parts.append(f"{number} {status}{maker}")
    tail = " Nobody has reviewed the drafts: they are no gold." if counts["draft"] else ""
    if unknown:
        tail += f" Whether a person or a machine made {unknown} of them is unknown."
    return f"Readings: {', '.join(parts)}.{tail}"
