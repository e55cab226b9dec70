"""The dataset's columns: their types, and the rows of each config, made from the model and the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import structs

from goldwire.corpus.tokens import Loss, bio_names, tokens_of
from goldwire.files import sha256
from goldwire.model import Annotation, Article, Relation, Span, curated
from goldwire.schemas import Attribute, Schema

if TYPE_CHECKING:
    from spacy.language import Language

#: What of a document's meta has a column of its own; the rest goes into `meta`, as JSON.
META = ("title", "source", "published", "language", "url", "licence")
_DOCUMENT = ("id", "text", *META, "oddities", "text_sha256", "meta", "annotator", "status", "schema")
_SPAN = ("id", "label", "start", "end", "text")


class Columns:
    """The columns that a schema gives rise to.

    `documents` has one list column of structs for each layer, named like it: id, label, start and end (code
    points), text, one field for each attribute (null where it was not set: the schema's defaults are not
    filled in) and, for each relation that starts from the layer, the ids of the spans that it points to.
    Where a name is taken already, `_` is added.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.layer_names = _free_names(schema.layers, _DOCUMENT)
        self.fields: dict[str, dict[str, str]] = {}
        for name, layer in schema.layers.items():
            self.fields[name] = _free_names([*layer.attributes, *self.relations(name)], _SPAN)

    def relations(self, layer: str) -> list[str]:
        """The relations that start from a layer."""
        return [n for n, r in self.schema.relations.items() if any(end.layer == layer for end in r.head)]

    def features(self, config: str) -> Any:
        """The `datasets.Features` of a config."""
        from datasets import Features

        features: dict[str, dict[str, Any]] = {
            "documents": self._documents(),
            "annotations": self._annotations(),
            "tokens": self._tokens(),
        }
        return Features(features[config])

    def _documents(self) -> dict[str, Any]:
        from datasets import ClassLabel, List, Value

        text = Value("string")
        columns: dict[str, Any] = {"id": text, "text": text, **dict.fromkeys(META, text)}
        columns |= {"oddities": List(text), "text_sha256": text, "meta": text}
        columns |= {"annotator": text, "status": text, "schema": text}
        for name, layer in self.schema.layers.items():
            struct: dict[str, Any] = {"id": text, "label": ClassLabel(names=list(layer.labels))}
            struct |= {"start": Value("int32"), "end": Value("int32"), "text": text}
            for key, attribute in layer.attributes.items():
                struct[self.fields[name][key]] = _attribute_feature(attribute)
            for key in self.relations(name):
                struct[self.fields[name][key]] = List(text)
            columns[self.layer_names[name]] = List(struct)
        return columns

    def _annotations(self) -> dict[str, Any]:
        from datasets import ClassLabel, List, Value

        text, flag, number = Value("string"), Value("bool"), Value("float64")
        labels = [label for layer in self.schema.layers.values() for label in layer.labels]
        relations = list(self.schema.relations)
        span = {"id": text, "layer": ClassLabel(names=list(self.schema.layers))}
        span |= {"label": ClassLabel(names=labels)}
        span |= {"start": Value("int32"), "end": Value("int32"), "text": text, "attributes": text}
        span |= {"marked_by": List(text), "origin": text, "score": number}
        relation = {"label": ClassLabel(names=relations) if relations else text, "head": text, "tail": text}
        relation |= {"marked_by": List(text)}
        provenance = dict.fromkeys(("kind", "name", "version", "guidelines", "created", "updated"), text)
        return {
            **dict.fromkeys(("document", "annotator", "schema", "status"), text),
            "provenance": {
                **provenance,
                "lead_time": number,
                "seen_predictions": flag,
                "based_on": List(text),
            },
            "text_sha256": text,
            "spans": List(span),
            "relations": List(relation),
        }

    def _tokens(self) -> dict[str, Any]:
        from datasets import ClassLabel, List, Value

        text, place = Value("string"), Value("int32")
        columns: dict[str, Any] = {"id": text, "tokens": List(text)}
        columns |= {"starts": List(place), "ends": List(place), "whitespace": List(Value("bool"))}
        for name, layer in self.schema.layers.items():
            columns[f"{name}_tags"] = List(ClassLabel(names=bio_names(list(layer.labels))))
        return columns

    def document_rows(self, articles: list[Article]) -> Iterator[dict[str, Any]]:
        """A row for each document, with its curated annotation; null and empty where it has none."""
        for article in articles:
            document, annotation = article.document, curated(article.annotations)
            meta = dict(document.meta)
            row: dict[str, Any] = {"id": document.id, "text": document.text}
            row |= {key: _plain(meta.pop(key, None)) for key in META}
            oddities = meta.pop("oddities", None) or []
            row["oddities"] = [str(each) for each in (oddities if isinstance(oddities, list) else [oddities])]
            row["text_sha256"] = sha256(document.text)
            row["meta"] = json.dumps(meta, ensure_ascii=False, sort_keys=True)
            for key in ("annotator", "status", "schema"):
                row[key] = getattr(annotation, key) if annotation is not None else None
            for layer, column in self.layer_names.items():
                row[column] = list(self._spans(layer, annotation, document.text)) if annotation else []
            yield row

    def _spans(self, layer: str, annotation: Annotation, text: str) -> Iterator[dict[str, Any]]:
        tails: dict[tuple[str, str], list[str]] = {}
        for relation in annotation.relations:
            tails.setdefault((relation.head, relation.label), []).append(relation.tail)
        kind, names = self.schema.layers[layer], self.fields[layer]
        index = {label: number for number, label in enumerate(kind.labels)}
        for span in annotation.layer(layer):
            row: dict[str, Any] = {"id": span.id, "label": index[span.label], "start": span.start}
            row |= {"end": span.end, "text": text[span.start : span.end]}
            for key, attribute in kind.attributes.items():
                row[names[key]] = _attribute_value(attribute, span.attributes.get(key))
            for key in self.relations(layer):
                row[names[key]] = tails.get((span.id, key), [])
            yield row

    def annotation_rows(self, articles: list[Article]) -> Iterator[dict[str, Any]]:
        """A row for each document and annotator: the annotation whole, attributes as JSON."""
        layers = {name: number for number, name in enumerate(self.schema.layers)}
        every = [label for layer in self.schema.layers.values() for label in layer.labels]
        labels = {label: number for number, label in enumerate(every)}
        kinds = {name: number for number, name in enumerate(self.schema.relations)}

        def span_row(span: Span, text: str) -> dict[str, Any]:
            return {
                "id": span.id,
                "layer": layers[span.layer],
                "label": labels[span.label],
                "start": span.start,
                "end": span.end,
                "text": text[span.start : span.end],
                "attributes": json.dumps(span.attributes, ensure_ascii=False, sort_keys=True),
                "marked_by": list(span.marked_by),
                "origin": span.origin,
                "score": span.score,
            }

        def relation_row(relation: Relation) -> dict[str, Any]:
            row = {"label": kinds[relation.label], "head": relation.head, "tail": relation.tail}
            return {**row, "marked_by": list(relation.marked_by)}

        for article in articles:
            text = article.document.text
            for a in sorted(article.annotations, key=lambda each: each.annotator):
                provenance = structs.asdict(a.provenance)
                yield {
                    "document": a.document,
                    "annotator": a.annotator,
                    "schema": a.schema,
                    "status": a.status,
                    "provenance": provenance,
                    "text_sha256": sha256(text),
                    "spans": [span_row(span, text) for span in a.spans],
                    "relations": [relation_row(relation) for relation in a.relations],
                }

    def token_rows(
        self, articles: list[Article], nlp: Language, losses: dict[str, Loss]
    ) -> Iterator[dict[str, Any]]:
        """A row for each document: tokens, extents in code points, BIO tags of the curated annotation."""
        index = {
            name: {tag: number for number, tag in enumerate(bio_names(list(layer.labels)))}
            for name, layer in self.schema.layers.items()
        }
        for article in articles:
            found = tokens_of(article.document, curated(article.annotations), self.schema, nlp, losses)
            row: dict[str, Any] = {"id": article.document.id, "tokens": found.words}
            row |= {"starts": found.starts, "ends": found.ends, "whitespace": found.whitespace}
            for layer, tags in found.tags.items():
                row[f"{layer}_tags"] = [index[layer][tag] for tag in tags]
            yield row


def _free_names(names: Any, taken: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        free = name
        while free in taken or free in found.values():
            free += "_"
        found[name] = free
    return found


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _attribute_feature(attribute: Attribute) -> Any:
    from datasets import ClassLabel, List, Value

    if attribute.kind == "flag":
        return Value("bool")
    if attribute.kind == "choice":
        return ClassLabel(names=list(attribute.values))
    if attribute.kind == "choices":
        return List(ClassLabel(names=list(attribute.values)))
    return Value("string")


def _attribute_value(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    index = {name: number for number, name in enumerate(attribute.values)}
    if attribute.kind == "choice":
        return index[value]
    if attribute.kind == "choices":
        return [index[each] for each in value]
    return value
