"""Baselines: a stock model in the schema's words, and a list learned by heart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy

from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Span
from goldwire.pipelines import load_pipeline
from goldwire.project import Project
from goldwire.train.run.baselines import Stock, apply_stock, lexicon_annotations, stock_predictions
from goldwire.train.training_data import Reference

NLP = spacy.blank("fr")
MakeStock = Callable[..., Path]


@pytest.fixture
def ruler(tmp_path: Path) -> Path:
    """A saved pipeline that marks three words by rule."""
    nlp = spacy.blank("fr")
    found = nlp.add_pipe("entity_ruler")
    words = (("Anna", "PERSON"), ("Lyon", "GPE"), ("lundi", "WHEN"))
    found.add_patterns([{"label": label, "pattern": word} for word, label in words])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "ruler")
    return tmp_path / "ruler"


def texts(annotation: Annotation, document: Document) -> list[tuple[str, str]]:
    """What is marked, in words."""
    return [(document.text[span.start : span.end], span.label) for span in annotation.spans]


def marked(number: int, text: str, *parts: tuple[str, str]) -> Reference:
    """A training document with words marked."""
    spans = tuple(
        Span(f"s{i}", "thing", label, text.index(part), text.index(part) + len(part))
        for i, (part, label) in enumerate(parts)
    )
    return Reference(Document(f"t{number}", text), Annotation(f"t{number}", "a", "tiny@1", spans=spans))


def test_labels_that_are_not_mapped_are_left_out_and_counted(ruler: Path) -> None:
    """The stock model's labels come in the schema's words; the rest is counted by its own label."""
    document = Document("d", "Anna va à Lyon lundi, lundi !")
    stock = Stock(str(ruler), "thing", {"PERSON": "WHO", "GPE": "WHERE"})
    marked = apply_stock(stock, [document], "tiny@1")
    [(annotation,)] = [article.annotations for article in marked]
    assert texts(annotation, document) == [("Anna", "WHO"), ("Lyon", "WHERE")]
    assert marked.lost == {"WHEN": ["d", "d"]}
    assert (annotation.status, annotation.provenance.kind, annotation.schema) == ("draft", "model", "tiny@1")
    assert len({span.id for span in annotation.spans}) == 2


def test_a_mapping_to_labels_that_the_schema_lacks_is_refused(tmp_path: Path) -> None:
    """A stock label mapped to one that the schema lacks is refused by name, and so is no mapping at all."""
    schema = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
    settings: dict[str, Any] = {
        "project": {"name": "m", "language": "fr", "schema": str(schema)},
        "predict": {"model": "m", "layer": "thing", "labels": {"PERSON": "NOBODY"}},
    }
    with pytest.raises(GoldwireError, match=r"GW412 .*NOBODY"):
        stock_predictions(Project(tmp_path, settings), [])
    with pytest.raises(GoldwireError, match=r"GW412 .*lacks \[predict\]"):
        stock_predictions(Project(tmp_path, {"project": settings["project"]}), [])
    settings["predict"]["labels"] = ["PERSON"]
    with pytest.raises(GoldwireError, match=r"GW412 .*must map"):
        stock_predictions(Project(tmp_path, settings), [])


def test_the_lexicon_marks_what_it_saw() -> None:
    """Every wording gets its most frequent label, the longer wording wins, nothing else is marked."""
    train = [
        marked(1, "Lyon joue", ("Lyon", "TEAM")),
        marked(2, "à Lyon", ("Lyon", "WHERE")),
        marked(3, "vers Lyon", ("Lyon", "WHERE")),
        marked(4, "gare de Lyon", ("gare de Lyon", "SITE")),
    ]
    test = Document("d", "De Lyon à la gare de Lyon, via Brest et Lyonnais")
    (annotation,) = lexicon_annotations(NLP, train, [test], "thing")
    assert texts(annotation, test) == [("Lyon", "WHERE"), ("gare de Lyon", "SITE")]


def test_a_tie_goes_to_the_first_label_by_name() -> None:
    """Labels seen equally often are decided the same way every time."""
    train = [marked(1, "Lyon", ("Lyon", "WHERE")), marked(2, "Lyon", ("Lyon", "TEAM"))]
    test = Document("d", "Lyon")
    assert texts(lexicon_annotations(NLP, train, [test], "thing")[0], test) == [("Lyon", "TEAM")]


def test_only_what_is_asked_for_is_loaded(ruler: Path) -> None:
    """A pipeline is loaded without the components that nobody asked for."""
    assert load_pipeline(str(ruler)).pipe_names == ["entity_ruler"]
    assert load_pipeline(str(ruler), only=["ner"]).pipe_names == []


def test_a_model_that_is_not_there_or_broken_is_refused(ruler: Path, tmp_path: Path) -> None:
    """No such folder or package, a folder without a pipeline and a damaged one each get a plain error."""
    with pytest.raises(GoldwireError, match="GW410 no_such_model"):
        load_pipeline("no_such_model")
    with pytest.raises(GoldwireError, match=r"GW410 .*holds no pipeline"):
        load_pipeline(str(tmp_path))
    with pytest.raises(GoldwireError, match="GW410 json"):
        load_pipeline("json")
    (ruler / "config.cfg").write_text("[nlp]\nlang = ")
    with pytest.raises(GoldwireError, match="GW411"):
        load_pipeline(str(ruler))
