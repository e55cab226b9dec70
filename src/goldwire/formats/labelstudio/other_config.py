"""Results of a config that goldwire did not make, read into the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from goldwire.formats.labelstudio.result import Quarantined, Read, from_result
from goldwire.schemas import Schema
from goldwire.schemas.infer import UNNAMED, Names
from goldwire.schemas.label_config import TEXT, control
from goldwire.seeds import normalise


def read_foreign(result: Any, raw: str, names: Names, schema: Schema) -> Read:
    """The spans and relations of a result of a config that goldwire did not make, over `normalise(raw)`.

    Quarantined items are the server's own, with its names and its offsets.
    """
    return _Translation(raw, names).read(result, schema)


class _Translation:
    """A result in another config's names, put into ours; what can't be is kept aside."""

    def __init__(self, raw: str, names: Names) -> None:
        self.raw, self.text, self.names = raw, normalise(raw), names
        self.same = self.text == raw
        self.layers: dict[str, list[str]] = {}
        self.quarantined: list[Quarantined] = []
        # By identity, since what from_result refuses is the very item it was given.
        self.originals: dict[int, Any] = {}

    def read(self, result: Any, schema: Schema) -> Read:
        made: list[Any] = []
        items = result if isinstance(result, list) else []
        for item in items:
            if isinstance(item, dict) and (layer := self.layer(item)) is not None:
                self.layers.setdefault(str(item.get("id")), []).append(layer)
        for item in items:
            for translated in self.item(item):
                self.originals[id(translated)] = item
                made.append(translated)
        read = from_result(made if isinstance(result, list) else result, self.text, schema)
        refused = [
            Quarantined(q.kind, q.reason, self.originals.get(id(q.item), q.item)) for q in read.quarantined
        ]
        return Read(read.spans, read.relations, (*self.quarantined, *refused), read.trims, read.doubles)

    def layer(self, item: dict[str, Any]) -> str | None:
        name = item.get("from_name")
        return self.names.layers.get(name) if isinstance(name, str) and item.get("type") == "labels" else None

    def item(self, item: Any) -> Iterator[Any]:
        if not isinstance(item, dict):
            yield item
        elif item.get("type") == "relation":
            labels = item.get("labels")
            known = self.names.relations
            if not labels and UNNAMED in known:
                yield {**item, "labels": [known[UNNAMED]]}
            else:
                yield {**item, "labels": _mapped(labels, known)}
        elif (layer := self.layer(item)) is not None:
            yield from self.span(item, layer)
        elif item.get("type") == "labels":
            self.refuse("span", f"the config has no labels `{item.get('from_name')}` over the text", item)
        elif str(item.get("type")).endswith("labels"):
            self.refuse("span", f"`{item['type']}` mark no plain text", item)
        else:
            yield from self.attribute(item)

    def refuse(self, kind: Any, reason: str, item: Any) -> None:
        self.quarantined.append(Quarantined(kind, reason, item))

    def span(self, item: dict[str, Any], layer: str) -> Iterator[Any]:
        value = item.get("value")
        if isinstance(value, dict):
            value = {**value, "labels": _mapped(value.get("labels"), self.names.labels[item["from_name"]])}
            if not self.same:
                try:
                    value |= {key: self.moved(value[key]) for key in ("start", "end") if key in value}
                except _Inside as inside:
                    return self.refuse("span", str(inside), item)
        yield {**item, "from_name": layer, "to_name": TEXT, "value": value}
        return None

    def moved(self, offset: Any) -> Any:
        """Where an offset of the raw text lies in the normalised one; raises `_Inside` where nowhere."""
        if type(offset) is not int or not 0 <= offset <= len(self.raw):
            return offset if type(offset) is not int else -1
        before = normalise(self.raw[:offset])
        if before + normalise(self.raw[offset:]) != self.text:
            raise _Inside(f"offset {offset} lies inside a character that normalising joins")
        return len(before)

    def attribute(self, item: dict[str, Any]) -> Iterator[Any]:
        name = item.get("from_name")
        known = self.names.attributes.get(name, {}) if isinstance(name, str) else {}
        if not known:
            return self.refuse("attribute", f"the schema has no place for `{name}`", item)
        value = item.get("value")
        if isinstance(value, dict) and isinstance(value.get("choices"), list):
            value = {**value, "choices": _mapped(value["choices"], self.names.values.get(str(name), {}))}
        layers = list(dict.fromkeys(self.layers.get(str(item.get("id")), [])))
        fitting = [layer for layer in layers if layer in known]
        if not fitting:
            where = (
                f"on a span of layer `{layers[0]}`" if layers else f"no span has the id `{item.get('id')}`"
            )
            return self.refuse("attribute", f"`{name}`: {where}", item)
        for layer in fitting:
            yield {**item, "from_name": control(layer, known[layer]), "to_name": TEXT, "value": value}
        return None


class _Inside(Exception):
    """An offset that has no place in the normalised text."""


def _mapped(names: Any, known: dict[str, str]) -> Any:
    if not isinstance(names, list):
        return names
    return [known.get(name, name) if isinstance(name, str) else name for name in names]


def census(result: Any) -> Counter[str]:
    """Spans (a label of a region each), relations (a label each) and attributes in a result."""
    found: Counter[str] = Counter()
    for item in result if isinstance(result, list) else []:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "relation":
            found["relations"] += max(1, len(_listed(item.get("labels"))))
        elif str(kind).endswith("labels"):
            value = item.get("value")
            found["spans"] += max(1, len(_listed(value.get(kind) if isinstance(value, dict) else None)))
        else:
            found["attributes"] += 1
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
