"""Parts of pages: lists of labels, the sentence on how far the readings can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from goldwire.corpus.browse import page_data
from goldwire.model import Annotation, by_machine
from goldwire.number_format import amount
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


class StatusCounts:
    """How far the readings shown can be trusted: those chosen are counted, one after the other."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._machine = self._unknown = 0

    def add(self, chosen: Annotation) -> None:
        """Count the reading that is chosen for an article."""
        self._counts[chosen.status] += 1
        self._machine += chosen.status == "draft" and by_machine(chosen)
        self._unknown += chosen.provenance.kind == "unknown"

    @property
    def draft(self) -> bool:
        """Whether any of them is a draft."""
        return self._counts["draft"] > 0

    def in_words(self) -> str:
        """One sentence."""
        if not self._counts.total():
            return "Nothing is annotated yet."
        parts = []
        for status, number in self._counts.items():
            maker = " (machine-drafted)" if status == "draft" and self._machine == number else ""
            parts.append(f"{amount(number)} {status}{maker}")
        tail = " Nobody has reviewed the drafts: they are no gold." if self.draft else ""
        if self._unknown:
            tail += f" Whether a person or a machine made {amount(self._unknown)} of them is unknown."
        return f"Readings: {', '.join(parts)}.{tail}"
