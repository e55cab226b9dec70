"""What the tests of annotate share: a schema with every kind of attribute, texts that test offsets."""

from __future__ import annotations

from typing import Any

from goldwire.schemas import Schema
from goldwire.schemas.load import typed_data

#: Emoji, a ZWJ sequence, Arabic, a combining accent, U+202F, an elision, an astral letter.
TEXT = (
    "🥕 La cheffe 👩‍🍳 d’Alger (الجزائر) coupe\u202f: e\u0301plucher l’huile,\nles pommes  𝒙 et 🇫🇷. "
    "Elle chauffe, elle coupe."
)


def _label(name: str, color: str) -> dict[str, Any]:
    return {"name": name, "definition": name, "color": color}


def make_schema(**changes: Any) -> Schema:
    """A schema of two layers, all kinds of attributes and two relations; `changes` replace its parts."""
    value = {"title": "v"}
    data: dict[str, Any] = {
        "name": "every",
        "version": "1.0",
        "language": "fr",
        "title": "Tout",
        "layers": {
            "thing": {
                "title": "Choses",
                "labels": {"FOOD": _label("aliment", "#0072B2"), "TOOL": _label("outil", "#D55E00")},
                "attributes": {
                    "state": {
                        "title": "État",
                        "kind": "choice",
                        "values": {"raw": value, "cooked": {"title": "w"}},
                        "default": "raw",
                    },
                    "tastes": {
                        "title": "Goûts",
                        "kind": "choices",
                        "values": {"sweet": value, "sour": {"title": "w"}, "bitter": {"title": "x"}},
                    },
                    "note": {"title": "Remarque", "kind": "text"},
                    "best": {"title": "Date", "kind": "date"},
                    "thing_id": {"title": "Numéro", "kind": "id"},
                    "word_part": {"title": "Morceau", "kind": "flag"},
                },
            },
            "step": {
                "title": "Gestes",
                "labels": {"CUT": _label("couper", "#009E73"), "HEAT": _label("chauffer", "#CC79A7")},
                "attributes": {"how": {"title": "Comment", "kind": "text", "labels": ["CUT"]}},
            },
        },
        "relations": {
            "object": {
                "name": "objet",
                "definition": "o",
                "head": [{"layer": "step"}],
                "tail": [{"layer": "thing"}],
            },
            "with": {
                "name": "avec",
                "definition": "a",
                "head": [{"layer": "step"}],
                "tail": [{"layer": "thing", "labels": ["FOOD", "TOOL"]}],
            },
        },
        **changes,
    }
    schema, faults = typed_data(data, Schema, {}, "helpers.py")
    if schema is None:
        raise ValueError(faults)
    return schema
