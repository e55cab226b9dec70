"""The UIMA type system of a schema, as INCEpTION reads one.

INCEpTION takes a direct subtype of `uima.tcas.Annotation` with features of texts, flags, numbers and lists of
texts for a span layer, and one that has `Governor` and `Dependent` beside those for a relation layer. A layer
is `webanno.custom.LAYER`, all relations together are one layer; `label` and the attributes are features.
`id` names a span as the model does, `goldwire` holds as JSON what no feature can.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from goldwire.errors import GoldwireError, install_hint
from goldwire.formats._escape import escape
from goldwire.schemas.schema import Attribute, Schema

PREFIX = "webanno.custom."
SEGMENTATION = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type"
TOKEN, SENTENCE = f"{SEGMENTATION}.Token", f"{SEGMENTATION}.Sentence"
#: A feature structure without a place in the text: who annotated, and the document's metadata, as JSON.
INFO = "goldwire.Info"
LABEL, ID, REST = "label", "id", "goldwire"
HEAD, TAIL = "Governor", "Dependent"
_ANNOTATION, _STRING = "uima.tcas.Annotation", "uima.cas.String"
_STRINGS, _BOOLEAN = "uima.cas.StringArray", "uima.cas.Boolean"
_TAKEN = frozenset((LABEL, ID, REST, "begin", "end", "sofa", "self", "type", "xmiID", *keyword.kwlist))


def cassis() -> Any:
    """The library; raises GW282 where it is not installed."""
    try:
        import cassis as library
    except ImportError:
        raise GoldwireError.of("GW282", "UIMA CAS needs dkpro-cassis", hint=install_hint("cas")) from None
    return library


def feature(attribute: str) -> str:
    """An attribute's feature."""
    return escape(attribute, reserved=_TAKEN)


def range_of(attribute: Attribute) -> str:
    """The type of an attribute's values."""
    return {"choices": _STRINGS, "flag": _BOOLEAN}.get(attribute.kind, _STRING)


@dataclass(frozen=True)
class Types:
    """The type system of a schema, and what its parts are called in it."""

    schema: Schema

    @cached_property
    def relation(self) -> str:
        """The type of relations; no layer has its name."""
        name = "Relation"
        while name in {escape(layer) for layer in self.schema.layers}:
            name += "s"
        return PREFIX + name

    def layer(self, name: str) -> str:
        """The type of a layer's spans."""
        return PREFIX + escape(name)

    @cached_property
    def system(self) -> Any:
        """The `cassis.TypeSystem`."""
        types = cassis().TypeSystem()
        for name in (TOKEN, SENTENCE):
            types.create_type(name, _ANNOTATION)
        for name, layer in self.schema.layers.items():
            kind = types.create_type(self.layer(name), _ANNOTATION, layer.title)
            types.create_feature(kind, LABEL, _STRING)
            for key, attribute in layer.attributes.items():
                types.create_feature(kind, feature(key), range_of(attribute), description=attribute.title)
            for key in (ID, REST):
                types.create_feature(kind, key, _STRING)
        if self.schema.relations:
            kind = types.create_type(self.relation, _ANNOTATION)
            for key in (HEAD, TAIL):
                types.create_feature(kind, key, self.ends)
            for key in (LABEL, REST):
                types.create_feature(kind, key, _STRING)
        info = types.create_type(INFO, "uima.cas.TOP")
        for key in ("document", "annotation"):
            types.create_feature(info, key, _STRING)
        return types

    @cached_property
    def ends(self) -> str:
        """What relations join: spans of the one layer that all their ends lie in, else any annotation."""
        relations = self.schema.relations.values()
        layers = {end.layer for each in relations for end in (*each.head, *each.tail)}
        return self.layer(layers.pop()) if len(layers) == 1 else _ANNOTATION
