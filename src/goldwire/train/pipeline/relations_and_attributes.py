"""The end of a pipeline: attributes of spans and relations between them, learned from marked spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from goldwire.eval.counts.attributes import value_of
from goldwire.model import Annotation, Relation, Span
from goldwire.pipelines import load_pipeline
from goldwire.schemas import Schema
from goldwire.train.options import EACH, ENTITIES, ConfigOptions
from goldwire.train.pipeline.analysis import PREFIX, SHARED, Analysis, needs_other_vectors, unfit_pipeline
from goldwire.train.pipeline.components import KEY, show_layers
from goldwire.train.pipeline.features import candidates, gap
from goldwire.train.pipeline.joint_relations import fit_joint, names_of
from goldwire.train.pipeline.linear import (
    CHOICES,
    MarkedDoc,
    fit_attribute,
    fit_relations,
    marked,
    relation_types,
    types_by_head,
)
from goldwire.train.training_data import Reference

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


def add_heads(
    nlp: Language,
    references: Sequence[Reference],
    options: Mapping[str, ConfigOptions],
    *,
    flat: str,
    of: Sequence[str],
    schema: Schema | None,
    analysis: Analysis | None = None,
) -> tuple[dict[tuple[str, str], bool], dict[str, Any]]:
    """Put what tells attributes and relations at the pipeline's end: those of spans of the layers in `of`.

    Of each attribute (layer, name) whether it was learned: only where a classifier is surely right more
    often than the most frequent value (`helps`); and the relations, as `relation_types` gives them. Where an
    `analysis` has read the texts as the pipeline does, they are not read again. Raises GW410, GW411 and GW418
    for the pipeline that is named for its parser.
    """
    layers = list(options)
    types = {
        kind: relation_type
        for kind, relation_type in relation_types(schema, references, layers).items()
        if any(end[0] in of and options[end[0]].relations for end in relation_type["head"])
    }
    syntax = next((layer_options.syntax for layer_options in options.values() if layer_options.syntax), None)
    if syntax and types and f"{PREFIX}parser" not in nlp.pipe_names:
        _add_parser(nlp, syntax)
    read = reader(nlp) if analysis is None or "parser" in nlp.pipe_names else analysis.make_doc
    documents = [marked(read, reference, layers) for reference in references]
    learned: dict[tuple[str, str], bool] = {}
    models, labels = {}, {}
    for layer, name, bearing in attributes_of(schema, references, [layer for layer in layers if layer in of]):
        if options[layer].attributes:
            model, helped = fit_attribute(documents, layer, bearing, _value(schema, layer, name))
            learned[layer, name] = helped
            if model is not None:
                models[f"{layer}\t{name}"], labels[f"{layer}\t{name}"] = model, bearing
    if models:
        _put(nlp, "goldwire_attributes", flat, models, {"layers": layers, "labels": labels})
    jointly = {layer for layer in layers if options[layer].relations in (EACH, ENTITIES)}
    drawn, settings = fit_relations(documents, types, set(layers) - jointly)
    if drawn:
        _put(nlp, "goldwire_relations", flat, drawn, {**settings, "layers": layers})
    if jointly:
        single = any(options[layer].relations == EACH for layer in jointly)
        named_by = {} if single else entity_names(options, schema)
        drawn, settings = fit_joint(documents, types, jointly, named_by=named_by, single=single)
        if drawn:
            _put(nlp, "goldwire_joint_relations", flat, drawn, {**settings, "layers": layers})
    show_layers(layers)
    return learned, types


def _add_parser(nlp: Language, syntax: str) -> None:
    """Put the parser of the pipeline `syntax` at the end; GW418 where it does not fit."""
    source = load_pipeline(syntax, only=["parser"])
    why, hint = "", ""
    if "parser" not in source.pipe_names:
        why, hint = "it has no parser", "name a pipeline with one, or syntax = null"
    elif "parser" in nlp.pipe_names:
        why, hint = "the config has a parser of its own", "set syntax = null"
    elif needs_other_vectors(source, nlp):
        why = "its parser needs its own vectors, and the config names others or none"
        hint = f'set vectors = "{syntax}" in [paths], or syntax = null'
    if why:
        raise unfit_pipeline(syntax, why, hint)
    if "tok2vec" in source.pipe_names:
        source.replace_listeners("tok2vec", "parser", ["model.tok2vec"])
    nlp.add_pipe("parser", source=source)


def entity_names(options: Mapping[str, ConfigOptions], schema: Schema | None) -> dict[str, str]:
    """Of each layer the attribute that says which of its spans are one entity: the one that its config names,
    else the schema's first of ids."""
    named: dict[str, str] = {}
    for layer, layer_options in options.items():
        attributes = schema.layers[layer].attributes if schema and layer in schema.layers else {}
        ids = [name for name, attribute in attributes.items() if attribute.kind == "id"]
        if name := layer_options.entities or next(iter(ids), None):
            named[layer] = name
    return named


def _put(nlp: Language, factory: str, flat: str, models: Mapping[str, Any], settings: dict[str, Any]) -> None:
    component: Any = nlp.add_pipe(factory, config={"flat": flat})
    # By name, not by class: `spacy package` runs the file anew, and its classes are others then.
    component.set(dict(models), settings)


def reader(nlp: Language) -> Callable[[str], Doc]:
    """What makes a text's tokens as the pipeline's end sees them: analysed where its beginning analyses, with
    a parse where it has a parser."""
    names = {name for name in nlp.pipe_names if name.startswith(PREFIX)}
    names |= {"parser", *(SHARED if names else ())}
    pipes: list[Any] = [nlp.get_pipe(name) for name in nlp.pipe_names if name in names]

    def read(text: str) -> Doc:
        doc = nlp.make_doc(text)
        for pipe in pipes if len(doc) else ():
            doc = pipe(doc)
        return doc

    return read


def _value(schema: Schema | None, layer: str, name: str) -> Callable[[Span], str]:
    """An attribute's value on a span; "" where it has none, or what an absent one means."""
    attribute = schema.layers[layer].attributes.get(name) if schema and layer in schema.layers else None

    def value(span: Span) -> str:
        marked_value = value_of(span, name, attribute)
        default = attribute.default_for(span.label, span.attributes) if attribute is not None else None
        return "" if marked_value is None or marked_value == default else str(marked_value)

    return value


def attributes_of(
    schema: Schema | None, references: Sequence[Reference], layers: Sequence[str]
) -> Iterator[tuple[str, str, list[str] | None]]:
    """Layer, name and labels of the attributes that are a choice of one value and were marked at least once.

    Without a schema: those of text with few values, each of them marked more than once.
    """
    for layer in layers:
        values: dict[str, Counter[str]] = {}
        for reference in references:
            for span in reference.annotation.layer(layer):
                for name, value in span.attributes.items():
                    if isinstance(value, str) and value:
                        values.setdefault(name, Counter())[value] += 1
        for name, counts in sorted(values.items()):
            if schema is not None and layer in schema.layers:
                attribute = schema.layers[layer].attributes.get(name)
                if attribute is not None and attribute.kind == "choice":
                    yield layer, name, attribute.labels
            elif len(counts) <= CHOICES and min(counts.values()) > 1:
                yield layer, name, None


def given_spans(nlp: Language, references: Sequence[Reference], layers: Sequence[str]) -> list[Annotation]:
    """Each reference's own spans with the attributes and relations that the pipeline gives them: what its
    heads are worth where all spans are right."""
    read = reader(nlp)
    annotations = []
    for reference in references:
        document = marked(read, reference, layers)
        if "goldwire_joint_relations" in nlp.pipe_names:
            joint: Any = nlp.get_pipe("goldwire_joint_relations")
            names = names_of(document, joint.settings["named_by"])
            document.doc.user_data[KEY] = {
                "entities": {
                    layer: [names.get((layer, index), "") for index in range(len(document.doc.spans[layer]))]
                    for layer in layers
                }
            }
        for name in ("goldwire_attributes", "goldwire_relations", "goldwire_joint_relations"):
            if name in nlp.pipe_names:
                nlp.get_pipe(name)(document.doc)
        extra = document.doc.user_data.get(KEY) or {}
        attributes = extra.get("attributes", {})
        ids = {position: name for name, position in document.places.items()}
        spans = []
        for span in reference.full.spans:
            layer, index = document.places.get(span.id, (span.layer, -1))
            rows = attributes.get(layer, [])
            spans.append(replace(span, attributes=dict(rows[index]) if 0 <= index < len(rows) else {}))
        relations = tuple(
            Relation(label, ids[head[0], head[1]], ids[tail[0], tail[1]])
            for label, head, tail in extra.get("relations", ())
        )
        annotations.append(replace(reference.full, spans=tuple(spans), relations=relations))
    return annotations


def nearest_by_rule(
    nlp: Language, references: Sequence[Reference], layers: Sequence[str], types: Mapping[str, Any]
) -> list[Annotation]:
    """Each reference with the relations that a rule draws: of each head to its nearest allowed tail in its
    sentence, for each relation; a tail that several allow goes to the first of them in the schema."""
    read = reader(nlp)
    return [
        replace(reference.full, relations=_nearest(marked(read, reference, layers), types))
        for reference in references
    ]


def _nearest(document: MarkedDoc, types: Mapping[str, Any]) -> tuple[Relation, ...]:
    ids = {position: name for name, position in document.places.items()}
    spans = {layer: list(group) for layer, group in document.doc.spans.items()}
    drawn = []
    for layer, outgoing in types_by_head(types).items():
        for head, ends in candidates(document.doc, spans, layer, outgoing, len(document.doc)):
            taken: set[tuple[str, int]] = set()
            for kind in outgoing:
                able = [
                    end for end in ends if kind in end.kinds and not end.sentences and end.end not in taken
                ]
                if able:
                    end = min(able, key=lambda other: (gap(other.head, other.tail), other.tail.start))
                    taken.add(end.end)
                    drawn.append(Relation(kind, ids[layer, head], ids[end.end]))
    return tuple(drawn)
