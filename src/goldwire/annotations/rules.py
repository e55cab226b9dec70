"""The rules that a reading must satisfy: their codes, shared by whoever can break them."""

from __future__ import annotations

NEAR = "GW227"
STORY = "GW228"
EVENT = "GW229"
SCHEMA = "GW230"
LAYER = "GW231"
LABEL = "GW232"
ATTRIBUTE = "GW233"
BEARER = "GW234"
REQUIRED = "GW235"
VALUE = "GW236"
RELATION = "GW237"
ENDS = "GW238"
NUMBER = "GW239"
CONDITION = "GW240"
SPACE = "GW241"
WORD = "GW242"
SAME_SPAN = "GW243"
REGISTERED = "GW244"
FAMILY = "GW245"
ENTRY_LABEL = "GW246"
ENTRY = "GW247"
LOOP = "GW248"
SAME_RELATION = "GW249"
SEEN = "GW269"
SIDE = "GW292"

#: Every rule in words, by its code.
RULES = {
    SCHEMA: "the annotation was made with this schema",
    LAYER: "every layer is the schema's",
    LABEL: "every label is its layer's",
    ATTRIBUTE: "every attribute is its layer's",
    BEARER: "an attribute stands only on labels that may bear it",
    REQUIRED: "required attributes are there",
    VALUE: "every attribute value is of its kind",
    RELATION: "every relation is the schema's",
    ENDS: "the ends of a relation bear allowed labels, its head the values that it asks for",
    NUMBER: "a span has as many relations of a kind as it needs and may have",
    CONDITION: "labels that need a relation have it, or say why not",
    SPACE: "no span begins or ends in white space",
    WORD: "no span begins or ends inside a word, unless marked",
    SAME_SPAN: "no two spans of one layer with the same extent and label",
    REGISTERED: "every id is in its registry",
    FAMILY: "spans that share an id are of one label family",
    ENTRY_LABEL: "the registry allows an id's label",
    ENTRY: "registry entries name the schema's labels and values, and countries by ISO 3166-1 alpha-3",
    LOOP: "no relation goes from a span to itself",
    SAME_RELATION: "no relation stands twice",
    NEAR: "no two sides of a split hold near-duplicate texts",
    STORY: "no two sides of a split hold documents of one story",
    EVENT: "no two sides of a split hold documents on one event",
    SEEN: "test data were annotated without predictions in view",
    SIDE: "a split gives every document a side",
}
