"""The dataset's columns: their types, and the rows of each config, made from the model and the schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from goldwire.annotations.tokens import TagLoss, bio_names, tagged_tokens, tokenizer
from goldwire.files import sha256
from goldwire.model import Annotation, Article, curated
from goldwire.schemas import Attribute, Schema

if TYPE_CHECKING:
    import pyarrow as pa

#: The key of a parquet file's metadata under which its features stand.
METADATA = "goldwire"
#: What of a document's meta has a column of its own; the rest goes into `meta`, as JSON.
META = ("title", "source", "published", "language", "url", "licence")
_DOCUMENT = ("id", "text", *META, "oddities", "text_sha256", "meta", "annotator", "status", "schema")
_SPAN = ("id", "label", "start", "end", "text")


class SchemaColumns:
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

    @property
    def labels(self) -> list[str]:
        """All labels, layer by layer; one that two layers have stands once."""
        return list(dict.fromkeys(label for layer in self.schema.layers.values() for label in layer.labels))

    @cached_property
    def codes(self) -> dict[str, dict[str, int]]:
        """The numbers of layers, labels and relations in the config `annotations`."""
        kinds = {"layer": self.schema.layers, "label": self.labels, "relation": self.schema.relations}
        return {kind: {name: n for n, name in enumerate(names)} for kind, names in kinds.items()}

    def relations(self, layer: str) -> list[str]:
        """The relations that start from a layer."""
        return list(self.schema.relations_from(layer))

    def plain_features(self, config: str, *, texts: bool = True) -> dict[str, Any]:
        """The features of a config as `Features.to_dict` gives them; without `texts` spans lack theirs."""
        features: dict[str, dict[str, Any]] = {
            "documents": self._documents(),
            "annotations": self._annotations(),
            "tokens": self._tokens(),
        }
        plain = features[config]
        if not texts:
            kept = {name: each for name, each in plain["spans"]["feature"].items() if name != "text"}
            plain["spans"] = _list(kept)
        return plain

    def arrow_schema(self, config: str) -> pa.Schema:
        """The Arrow types of a config, with its features as metadata, under a key of our own.

        Not under `huggingface`: what is written there today only `datasets` 4 and newer can read.
        """
        return arrow_schema(self.plain_features(config))

    def _documents(self) -> dict[str, Any]:
        text = _value("string")
        columns: dict[str, Any] = {"id": text, "text": text, **dict.fromkeys(META, text)}
        columns |= {"oddities": _list(text), "text_sha256": text, "meta": text}
        columns |= {"annotator": text, "status": text, "schema": text}
        for name, layer in self.schema.layers.items():
            struct: dict[str, Any] = {"id": text, "label": _class_label(list(layer.labels))}
            struct |= {"start": _value("int32"), "end": _value("int32"), "text": text}
            for key, attribute in layer.attributes.items():
                struct[self.fields[name][key]] = _attribute_feature(attribute)
            for key in self.relations(name):
                struct[self.fields[name][key]] = _list(text)
            columns[self.layer_names[name]] = _list(struct)
        return columns

    def _annotations(self) -> dict[str, Any]:
        text, flag, number = _value("string"), _value("bool"), _value("float64")
        labels = self.labels
        relations = list(self.schema.relations)
        span = {"id": text, "layer": _class_label(list(self.schema.layers))}
        span |= {"label": _class_label(labels)}
        span |= {"start": _value("int32"), "end": _value("int32"), "text": text, "attributes": text}
        span |= {"marked_by": _list(text), "origin": text, "score": number}
        relation = {"label": _class_label(relations) if relations else text, "head": text, "tail": text}
        relation |= {"marked_by": _list(text)}
        provenance = dict.fromkeys(("kind", "name", "version", "guidelines", "created", "updated"), text)
        return {
            **dict.fromkeys(("document", "annotator", "schema", "status"), text),
            "provenance": {
                **provenance,
                "lead_time": number,
                "seen_predictions": flag,
                "based_on": _list(text),
            },
            "text_sha256": text,
            "spans": _list(span),
            "relations": _list(relation),
        }

    def _tokens(self) -> dict[str, Any]:
        text, place = _value("string"), _value("int32")
        columns: dict[str, Any] = {"id": text, "tokens": _list(text)}
        columns |= {"starts": _list(place), "ends": _list(place), "whitespace": _list(_value("bool"))}
        for name, layer in self.schema.layers.items():
            columns[f"{name}_tags"] = _list(_class_label(bio_names(list(layer.labels))))
        return columns

    def plain_row(self, article: Article, annotation: Annotation | None) -> dict[str, Any]:
        """A document's row but for its layers."""
        document = article.document
        meta = dict(document.meta)
        row: dict[str, Any] = {"id": document.id, "text": document.text}
        row |= {key: _plain(meta.get(key)) for key in META}
        oddities = meta.get("oddities")
        listed = oddities if isinstance(oddities, list) else [oddities] if oddities else []
        row["oddities"] = [str(each) for each in listed] if "oddities" in meta else None
        # What its column shows to the letter is not said twice; all else stays in `meta` too.
        for key in META:
            if isinstance(meta.get(key), str):
                del meta[key]
        if oddities is not None and oddities == row["oddities"]:
            del meta["oddities"]
        row["text_sha256"] = sha256(document.text)
        row["meta"] = json.dumps(meta, ensure_ascii=False, sort_keys=True)
        for key in ("annotator", "status", "schema"):
            row[key] = getattr(annotation, key) if annotation is not None else None
        return row

    def token_rows(
        self, articles: Iterable[Article], language: str, losses: dict[str, TagLoss]
    ) -> Iterator[dict[str, Any]]:
        """A row for each document: tokens, extents in code points, BIO tags of the curated annotation.

        Tokens are those of spaCy's rules for the `language`.
        """
        index = {
            name: {tag: number for number, tag in enumerate(bio_names(list(layer.labels)))}
            for name, layer in self.schema.layers.items()
        }
        for article in articles:
            nlp = tokenizer(language)  # anew where it has kept too many words
            tagged = tagged_tokens(article.document, curated(article.annotations), self.schema, nlp, losses)
            row: dict[str, Any] = {"id": article.document.id, "tokens": tagged.words}
            row |= {"starts": tagged.starts, "ends": tagged.ends, "whitespace": tagged.whitespace}
            for layer, tags in tagged.tags.items():
                row[f"{layer}_tags"] = [index[layer][tag] for tag in tags]
            yield row


def _free_names(names: Any, taken: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in names:
        free = name
        while free in taken or free in values.values():
            free += "_"
        values[name] = free
    return values


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _value(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "_type": "Value"}


def _class_label(names: list[str]) -> dict[str, Any]:
    return {"names": names, "_type": "ClassLabel"}


def _list(feature: dict[str, Any]) -> dict[str, Any]:
    return {"feature": feature, "_type": "List"}


def arrow_schema(plain: Mapping[str, Any]) -> pa.Schema:
    """The Arrow schema of plain features, which it holds as metadata."""
    import pyarrow as pa

    fields = [pa.field(name, _arrow_type(feature)) for name, feature in plain.items()]
    return pa.schema(fields, {METADATA: json.dumps({"features": plain}, ensure_ascii=False)})


def yaml_features(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Plain features as a card's `dataset_info` has them, in the form that `datasets` reads from 2.19 on.

    Lists of structs are a `list`, for a `sequence` of structs was a struct of lists before 4; lists of values
    are a `sequence`, which has the attribute `feature` in every version.
    """
    return [{"name": name, **_yaml_feature(feature)} for name, feature in plain.items()]


def _yaml_feature(feature: dict[str, Any]) -> dict[str, Any]:
    kind = feature.get("_type")
    if kind == "Value":
        return {"dtype": feature["dtype"]}
    if kind == "ClassLabel":
        names = {str(number): name for number, name in enumerate(feature["names"])}
        return {"dtype": {"class_label": {"names": names}}}
    if kind == "List":
        inner = feature["feature"]
        if "_type" not in inner:
            return {"list": yaml_features(inner)}
        held = _yaml_feature(inner)
        return {"sequence": held["dtype"]}
    return {"struct": yaml_features(feature)}


def _arrow_type(feature: dict[str, Any]) -> pa.DataType:
    """The Arrow type of a plain feature, as `datasets` has it."""
    import pyarrow as pa

    kind = feature.get("_type")
    if kind == "Value":
        return pa.type_for_alias(
            {"bool": "bool", "float64": "double"}.get(feature["dtype"], feature["dtype"])
        )
    if kind == "ClassLabel":
        return pa.int64()
    if kind == "List":
        return pa.list_(_arrow_type(feature["feature"]))
    return pa.struct({name: _arrow_type(each) for name, each in feature.items()})


def _attribute_feature(attribute: Attribute) -> dict[str, Any]:
    if attribute.kind == "flag":
        return _value("bool")
    if attribute.kind == "choice":
        return _class_label(list(attribute.values))
    if attribute.kind == "choices":
        return _list(_class_label(list(attribute.values)))
    return _value("string")


def attribute_reader(attribute: Attribute) -> Callable[[Any], Any]:
    """What makes a span's value of an attribute the column's: numbers of class labels, texts, flags."""
    if attribute.kind == "flag":
        return lambda value: value
    if attribute.kind not in ("choice", "choices"):
        return _plain
    index: dict[Any, int] = {name: number for number, name in enumerate(attribute.values)}
    if attribute.kind == "choice":
        return lambda value: None if value is None else index[value]
    return lambda value: None if value is None else [index[each] for each in value]
