"""How the names that a foreign label config stores are called in a schema."""

from __future__ import annotations

from msgspec import Struct, field

#: What a relation without a label is called.
UNNAMED = "related"


class TextSource(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An object whose text is marked: its name, the task's field that it shows, and how the text lies there.

    `key` may be dotted (`$a.b`). A HyperText's field holds HTML, that of Paragraphs a list of turns, each
    with its words under `text_key` and their speaker under `name_key`. `problem` says why the text can't be
    had from the task, where it can't.
    """

    tag: str
    key: str
    kind: str = "Text"
    text_key: str = "text"
    name_key: str = "author"
    problem: str = ""


class Names(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How the names that a config stores are called in the schema; by control where they belong to one.

    `texts` are the objects whose text is marked. An attribute of several layers has one control:
    `attributes` gives its name by control and layer. `relations` has `UNNAMED` for those without a label.
    """

    texts: tuple[TextSource, ...]
    layers: dict[str, str] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    relations: dict[str, str] = field(default_factory=dict)
