"""Ids that annotators coin are unified by a file, and only where that file fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldwire.annotations.ids import read_ids, unify_ids
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Article, Document, Span
from goldwire.schemas import load_schema

YAML = """
name: m
version: "1"
language: fr
title: T
layers:
  thing:
    title: T
    attributes:
      ref: {title: R, kind: id}
      note: {title: N, kind: text}
    labels:
      FOOD: {name: a, definition: b, color: "#000000"}
"""


@pytest.fixture
def articles(tmp_path: Path) -> tuple[list[Article], Path]:
    """One article, read by two annotators who coined ids of their own."""
    (tmp_path / "m.yaml").write_text(YAML, encoding="utf-8")
    spans = {
        who: (Span("s", "thing", "FOOD", 0, 1, {"ref": coined, "note": coined}),)
        for who, coined in (("ann", "x-1"), ("bob", "y-1"))
    }
    annotations = tuple(Annotation("d", who, "m@1", spans=found) for who, found in spans.items())
    return [Article(Document("d", "ab"), annotations)], tmp_path


def test_only_ids_of_that_annotator_are_replaced(articles: tuple[list[Article], Path]) -> None:
    """Attributes that are no ids keep their text; the other annotator's ids stay."""
    found, folder = articles
    (folder / "ids.yaml").write_text("bob: {y-1: x-1}\n", encoding="utf-8")
    [made] = unify_ids(found, read_ids(folder / "ids.yaml"), load_schema(folder / "m.yaml"))
    assert made.annotations[0] == found[0].annotations[0]
    assert made.annotations[1].spans[0].attributes == {"ref": "x-1", "note": "y-1"}


@pytest.mark.parametrize(
    ("text", "code"), [("carl: {a: b}", "GW267"), ("ann: {a: b}", "GW268"), ("- a", "GW103")]
)
def test_a_file_that_does_not_fit_is_refused(
    articles: tuple[list[Article], Path], text: str, code: str
) -> None:
    """A misspelt annotator or id is a fault, not a line without effect."""
    found, folder = articles
    (folder / "ids.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(GoldwireError, match=code):
        unify_ids(found, read_ids(folder / "ids.yaml"), load_schema(folder / "m.yaml"))
