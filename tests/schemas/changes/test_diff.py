"""Two versions of a schema: each difference is told, with what annotations would lose."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldwire.model import Annotation, Relation, Span
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.changes.diff import SchemaChange, count_hits, diff

MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
POLITICS = Path(__file__).parents[3] / "schemas/politics.yaml"


def _changed(tmp_path: Path, *changes: tuple[str, str]) -> tuple[Schema, Schema]:
    text = MINI.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "new.yaml"
    path.write_text(text, encoding="utf-8")
    return load_schema(MINI), load_schema(path)


def _told(changes: list[SchemaChange]) -> list[tuple[str, str, str, str, bool]]:
    return [(c.change, c.what, c.name, c.to, c.orphans) for c in changes]


@pytest.mark.parametrize("path", [MINI, POLITICS], ids=["mini", "politics"])
def test_a_schema_does_not_differ_from_itself(path: Path) -> None:
    """The same file twice has no difference."""
    assert diff(load_schema(path), load_schema(path)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("FOOD", "EDIBLE"), [("renamed", "label", "FOOD", "EDIBLE", True)]),
        (("raw", "uncooked"), [("renamed", "value", "thing.state=raw", "uncooked", True)]),
        (("note:", "remark:"), [("renamed", "attribute", "thing.note", "remark", True)]),
        (("kind: text", "kind: date"), [("changed", "kind", "thing.note", "", True)]),
        (("  with:", "  using:"), [("renamed", "relation", "with", "using", True)]),
        (
            ("cooked: {title: cuit}", "cooked: {title: cuit, labels: [FOOD]}"),
            [("narrowed", "value", "thing.state=cooked", "", True)],
        ),
        (("max: 1", "max: 2"), [("widened", "number", "with", "", False)]),
        (("[TOOL]}], max", "[TOOL, FOOD]}], max"), [("widened", "end", "with", "", False)]),
        (
            ("labels: [FOOD]}]", "labels: [TOOL]}]"),
            [
                ("narrowed", "end", "object", "", True),
                ("widened", "end", "object", "", False),
            ],
        ),
        (("title: Recettes", "title: Cuisine"), []),
        (("Ce qui se mange.", "Tout ce qui se mange."), []),
        (
            ("note: {title: Remarque, kind: text}", "note: {title: Remarque, kind: text, labels: [FOOD]}"),
            [
                ("narrowed", "bearer", "thing.note", "", True),
            ],
        ),
        (
            ("note: {title: Remarque, kind: text}", "note: {title: Remarque, kind: text, required: true}"),
            [
                ("narrowed", "required", "thing.note", "", True),
                ("narrowed", "required", "thing.note", "", True),
            ],
        ),
    ],
)
def test_each_kind_of_change_is_told(
    tmp_path: Path, change: tuple[str, str], expected: list[tuple[str, str, str, str, bool]]
) -> None:
    """Renames are suspected, narrowing and widening told apart, wording passed over."""
    changes = [c for c in diff(*_changed(tmp_path, change)) if c.what != "default"]
    assert _told(changes) == expected


def test_additions_are_compatible(tmp_path: Path) -> None:
    """A new label, value or attribute hurts no annotation."""
    old, new = _changed(
        tmp_path,
        (
            "          cooked: {title: cuit}",
            "          cooked: {title: cuit}\n          burnt: {title: brûlé}",
        ),
        (
            "      TOOL: {",
            '      SPICE: {name: épice, definition: Une épice., color: "#000001"}\n      TOOL: {',
        ),
    )
    changes = diff(old, new)
    assert [(c.what, c.name) for c in changes] == [("label", "SPICE"), ("value", "thing.state=burnt")]
    assert not any(c.orphans for c in changes)
    backwards = diff(new, old)
    assert [(c.change, c.orphans) for c in backwards] == [("removed", True), ("removed", True)]


def test_what_a_change_hits_is_counted(tmp_path: Path) -> None:
    """Each orphaning change is counted on the spans and relations that it would break."""
    old, new = _changed(tmp_path, ("FOOD", "EDIBLE"), ("cooked", "done"), ("  with:", "  using:"))
    spans = (
        Span("a", "thing", "FOOD", 0, 1, {"state": "cooked"}),
        Span("b", "thing", "FOOD", 1, 2),
        Span("c", "thing", "TOOL", 2, 3, {"state": "cooked"}),
        Span("d", "step", "CUT", 3, 4),
    )
    relations = (Relation("with", "d", "c"), Relation("object", "d", "a"))
    annotation = Annotation("x", "anna", "mini@0.1", spans=spans, relations=relations)
    changes = diff(old, new)
    hits = count_hits(changes, new, [annotation, annotation])
    assert {c.name: n for c, n in zip(changes, hits, strict=True)} == {
        "FOOD": 4,
        "thing.state=cooked": 4,
        "with": 2,
    }
