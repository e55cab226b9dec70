"""A schema as found: the layers, labels, attributes and relations that annotations use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from goldwire.annotations.fit import end_faults, given_faults, value_faults
from goldwire.annotations.spool import ArticleSpool
from goldwire.annotations.values import value_problem
from goldwire.errors import Fault, GoldwireError, by_cause, one_of, raise_faults
from goldwire.formats.options import SCHEMA, ConversionOptions
from goldwire.model import Annotation, Article, AttributeValue, pairs
from goldwire.schemas.colors import PALETTE
from goldwire.schemas.schema import (
    Attribute,
    AttributeKind,
    End,
    Label,
    Layer,
    RelationType,
    Schema,
    Value,
)


class Usage:
    """Collects, an article at a time, what a schema for all of them must have."""

    def __init__(self) -> None:
        self.labels: dict[str, set[str]] = {}
        self.values: dict[str, dict[str, list[AttributeValue]]] = {}
        self.relations: dict[str, tuple[set[str], set[str]]] = {}
        self.schema_ids: set[str] = set()

    def add(self, annotation: Annotation) -> None:
        """Take in one annotation."""
        self.schema_ids.add(annotation.schema)
        layers: dict[str, str] = {}
        for span in annotation.spans:
            layers[span.id] = span.layer
            self.labels.setdefault(span.layer, set()).add(span.label)
            for name, value in span.attributes.items():
                seen = self.values.setdefault(span.layer, {}).setdefault(name, [])
                # 1 equals True: a number is no flag.
                already_seen = value in seen and (
                    value not in (0, 1) or any(type(each) is type(value) for each in seen)
                )
                if not already_seen and len(seen) < 1000:
                    seen.append(value)
        for relation in annotation.relations:
            heads, tails = self.relations.setdefault(relation.label, (set(), set()))
            heads.add(layers[relation.head])
            tails.add(layers[relation.tail])

    def schema(self, language: str = "xx") -> Schema:
        """The schema of all that was taken in; the same whatever the order.

        Named like the one that the annotations name, where they name the same; else `found@0`.
        """
        name, _, version = (next(iter(self.schema_ids)) if len(self.schema_ids) == 1 else SCHEMA).rpartition(
            "@"
        )
        layers = {
            layer: inferred_layer(
                layer,
                labels,
                {key: _attribute(key, seen) for key, seen in sorted(self.values.get(layer, {}).items())},
            )
            for layer, labels in sorted(self.labels.items())
        }
        relations = {
            label: relation_of(label, heads, tails)
            for label, (heads, tails) in sorted(self.relations.items())
        }
        title = name or version
        return Schema(title, version if name else "0", language, title, layers, relations=relations)


class SchemaFor:
    """Takes in articles one at a time and says by which schema they are written.

    The one that was asked for; else, where the project that the working folder lies in has the very schema
    that all annotations name, and it has all that they use, that one; else their labels as found.
    """

    def __init__(self, setting: ConversionOptions) -> None:
        self.setting, self.usage = setting, Usage()
        self.faults: list[Fault] = []
        try:
            self.own: Schema | None = setting.schema
        except GoldwireError:
            if setting.named_schema is not None:
                raise
            self.own = None  # no project here

    def add(self, article: Article) -> None:
        """Take in one article."""
        if self.setting.named_schema is not None:
            self.faults += misfits(article, self.setting.named_schema)
            return
        for annotation in article.annotations:
            self.usage.add(annotation)
        if self.own is not None and next(misfits(article, self.own), None):
            self.own = None

    def schema(self) -> Schema:
        """The schema for all that was taken in; raises GW270 for what the one asked for lacks."""
        raise_faults(by_cause(self.faults))
        if self.setting.named_schema is not None:
            return self.setting.named_schema
        if self.own is not None and self.usage.schema_ids <= {self.own.id}:
            return self.own
        return self.usage.schema(self.setting.language or "xx")


def schema_for(articles: Iterable[Article], setting: ConversionOptions) -> Schema:
    """The schema by which these articles are written; raises what `SchemaFor` raises."""
    seen = SchemaFor(setting)
    for article in articles:
        seen.add(article)
    return seen.schema()


def spooled(articles: Iterable[Article], setting: ConversionOptions) -> tuple[ArticleSpool, Schema]:
    """Articles that pass once, kept on disk, and the schema by which they are written; raises as above."""
    seen, spool = SchemaFor(setting), ArticleSpool()
    for article in articles:
        seen.add(article)
        spool.append(article)
    return spool, seen.schema()


def inferred_layer(name: str, labels: Iterable[str], attributes: dict[str, Attribute]) -> Layer:
    """A layer with these labels, sorted; they are their own names and definitions."""
    labels_by_name = {
        label: Label(label, label, PALETTE[number % len(PALETTE)])
        for number, label in enumerate(sorted(labels))
    }
    return Layer(title=name, labels=labels_by_name, attributes=attributes)


def relation_of(name: str, heads: Iterable[str], tails: Iterable[str]) -> RelationType:
    """A relation between any spans of these layers."""
    head, tail = ([End(layer) for layer in sorted(side)] for side in (heads, tails))
    return RelationType(name, name, head, tail)


def found_schema(articles: Iterable[Article], language: str = "xx") -> Schema:
    """The schema that these articles' annotations use."""
    in_use = Usage()
    for article in articles:
        for annotation in article.annotations:
            in_use.add(annotation)
    return in_use.schema(language)


def _attribute(name: str, seen: list[AttributeValue]) -> Attribute:
    """Its kind as far as its values show one: flags are true, choices lists, all else is text."""
    kind: AttributeKind = "text"
    values: set[str] = set()
    if all(value is True for value in seen):
        kind = "flag"
    elif all(isinstance(value, list) for value in seen):
        kind, values = "choices", {each for value in seen if isinstance(value, list) for each in value}
    return Attribute(name, kind, values={value: Value(value) for value in sorted(values)})


def misfits(article: Article, schema: Schema, *, whole: bool = False) -> Iterator[Fault]:
    """What an article has and the schema lacks: layers, labels, attributes, relations (each once).

    With `whole` also what it has otherwise than the schema allows, as `corpus check` says it: values that are
    not of their kind, or stand on labels that may not bear them, and relations between other ends.
    """
    reported: set[tuple[str, ...]] = set()

    def fault(key: tuple[str, ...], message: str, hint: str, place: str) -> Iterator[Fault]:
        if key not in reported:
            reported.add(key)
            yield Fault("GW270", message, place, hint)

    for annotation in article.annotations:
        place = f"{annotation.annotator}/{article.document.id}"
        for span in annotation.spans:
            layer = schema.layers.get(span.layer)
            if layer is None:
                message = f"{schema.id} has no layer `{span.layer}`"
                yield from fault((span.layer,), message, one_of(schema.layers), place)
                continue
            known = span.label in layer.labels
            if not known:
                message = f"layer `{span.layer}` of {schema.id} has no label `{span.label}`"
                yield from fault((span.layer, span.label), message, one_of(layer.labels), place)
            for key, value in span.attributes.items():
                if (kind := layer.attributes.get(key)) is None:
                    message = f"layer `{span.layer}` of {schema.id} has no attribute `{key}`"
                    yield from fault((span.layer, "", key), message, one_of(layer.attributes), place)
                elif (
                    kind.kind in ("choice", "choices") or (kind.kind == "flag" and value is not False)
                ) and (problem := value_problem(kind, value)):
                    message = f"attribute `{key}` of layer `{span.layer}`: {problem[0]}"
                    yield from fault((span.layer, "", key, str(value)), message, problem[1], place)
                elif whole and known:
                    yield from value_faults(span, key, value, kind, f"{place} {span.id}")
        for relation, head, tail in pairs(annotation) if annotation.relations else ():
            if relation.label not in schema.relations:
                message = f"{schema.id} has no relation `{relation.label}`"
                yield from fault(("", "", "", relation.label), message, one_of(schema.relations), place)
            elif whole:
                where = f"{place} {head.id} → {tail.id}"
                yield from end_faults(schema, relation, head, tail, where)
                yield from given_faults(schema, relation, head, where)


def check_fit(articles: Iterable[Article], schema: Schema) -> None:
    """Raise GW270 for all that the articles have and the schema lacks, a fault a cause."""
    raise_faults(by_cause(fault for article in articles for fault in misfits(article, schema)))
