"""What can't be learned from is said before anything is trained: what, where, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from goldwire.errors import Fault, GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article, Span
from goldwire.project import example_root
from goldwire.train.run.choice import Choice
from goldwire.train.run.crossval import folds
from goldwire.train.run.plan import plan

POLITICS = example_root() / "schemas" / "politics.yaml"


def fault(folder: Path, articles: list[Article], choice: Choice, schema: Path | None = None) -> Fault:
    """What `train` says of these articles."""
    data = folder / "data.jsonl"
    write_jsonl(data, articles)
    with pytest.raises(GoldwireError) as refused:
        plan(choice=choice, data=data, schema=schema, out=folder / "m")
    assert not (folder / "m").exists()
    return refused.value.faults[0]


def without_spans(one: Article) -> Article:
    """An article whose annotation marks nothing."""
    return Article(one.document, (replace(one.annotations[0], spans=(), relations=()),))


@pytest.mark.parametrize(
    "choice",
    [Choice(), Choice(("thing",)), Choice(("act",), spans=True, nested=True), Choice(every=True)],
    ids=lambda choice: choice.name,
)
def test_articles_without_annotation_or_without_marks_are_told_apart(
    tmp_path: Path, articles: list[Article], choice: Choice
) -> None:
    """No annotation at all is one fault, annotations that mark nothing another; neither asks for a layer."""
    bare = fault(tmp_path, [Article(one.document) for one in articles], choice)
    assert (bare.code, "annotated" in bare.message) == ("GW401", True)
    empty = fault(tmp_path, [without_spans(one) for one in articles], choice)
    assert empty.code == "GW415"
    assert "nothing is marked in 3 annotated articles" in empty.message
    assert "--data" in empty.hint


def test_a_layer_of_the_schema_without_an_example_is_named(tmp_path: Path, articles: list[Article]) -> None:
    """A layer that nobody has marked, alone or beside another, is named, with the layers that there are."""
    marked = []
    for one in articles:
        (annotation,) = one.annotations
        spans = tuple(
            Span(span.id, "entity", "PER", span.start, span.end)
            for span in annotation.spans
            if span.label == "WHO"
        )
        marked.append(Article(one.document, (replace(annotation, spans=spans),)))
    for layers, layer in ((("stance",), "stance"), (("entity", "event"), "event")):
        found = fault(tmp_path, marked, Choice(layers), POLITICS)
        assert found.code == "GW402"
        assert f"`{layer}` has no examples in 3 annotated articles" in found.message
        assert "entity (18 spans)" in found.hint


def test_articles_of_one_story_want_another_story() -> None:
    """A second article of the same story would not help, and is not asked for."""
    with pytest.raises(GoldwireError, match=r"GW408 3 documents of one story.*an article of another story"):
        folds(["a", "b", "c"], groups=["x", "x", "x"])
