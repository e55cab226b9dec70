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
    unknown = sorted(wanted - numbers.keys())

    def about(layer: str, code: str) -> dict[str, Any]:
        label = schema.layers[layer].labels[code] if (layer, code) in numbers else None
        return {
            "code": code,
            "name": label.name if label else "",
            "definition": label.definition if label else "",
            "index": numbers.get((layer, code), -1),
            "count": counts[layer, code] if counts else 0,
        }

    listed: list[dict[str, Any]] = []
    for index, name in enumerate(dict.fromkeys([*schema.layers, *(layer for layer, _ in unknown)])):
        layer = schema.layers.get(name)
        attributes = layer.attributes if layer else {}
        if labels := [about(*key) for key in (*numbers, *unknown) if key in wanted and key[0] == name]:
            listed.append(
                {
                    "name": name,
                    "title": layer.title if layer else name,
                    "labels": labels,
                    "attributes": [(code, each.title, each.definition) for code, each in attributes.items()],
                    "style": index % page_data.STYLES if layer else 0,
                }
            )
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
