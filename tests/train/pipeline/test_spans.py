"""Nested spans: what is learned, what the suggester looks at, and how sure the model is."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from msgspec.structs import replace

from goldwire.errors import GoldwireError
from goldwire.formats.spacy_doc import Pipeline, annotation_from
from goldwire.model import Annotation, Article, Document, Span
from goldwire.train.options import TrainingSetup, options_of, read_config
from goldwire.train.pipeline.assemble import assemble
from goldwire.train.pipeline.fit_layer import fill_spancat, fit, held_back
from goldwire.train.run.crossval import folds
from goldwire.train.training_data import Reference, innermost, pieces, to_doc, training_data
from tests.train.conftest import TINY, TOK2VEC, article

NLP = spacy.blank("fr")

SPANCAT = (
    """
[components.spancat]
factory = "spancat"
max_positive = null
threshold = 0.5
spans_key = "sc"

[components.spancat.model]
@architectures = "spacy.SpanCategorizer.v1"

[components.spancat.model.reducer]
@layers = "spacy.mean_max_reducer.v1"
hidden_size = 16

[components.spancat.model.scorer]
@layers = "spacy.LinearLogistic.v1"
nO = null
nI = null

[components.spancat.model.tok2vec]"""
    + TOK2VEC
    + """
[components.spancat.suggester]
@misc = "spacy.ngram_range_suggester.v1"
min_size = 1
max_size = 0
"""
)


@pytest.fixture
def spancat(tmp_path: Path) -> Path:
    """A config of nested spans that trains in seconds."""
    start, end = TINY.index("[components.ner]"), TINY.index("[corpora]")
    text = TINY[:start] + SPANCAT + "\n" + TINY[end:]
    path = tmp_path / "spans.cfg"
    path.write_text(text.replace('pipeline = ["ner"]', 'pipeline = ["spancat"]'), encoding="utf-8")
    return path


def nested(number: int) -> Article:
    """The small article, with whole sentences' beginnings marked around the names."""
    base = article(number)
    (annotation,) = base.annotations
    outer = [
        Span(f"o{i}", "thing", "TALE", span.start, span.end + len(" habite"))
        for i, span in enumerate(annotation.spans)
        if span.label == "WHO"
    ]
    return Article(base.document, (replace(annotation, spans=(*annotation.spans, *outer)),))


@pytest.mark.slow
def test_nested_spans_are_found_with_their_confidence(spancat: Path) -> None:
    """A model of nested spans finds the inner and the outer one on its own text, each with a score."""
    found = training_data([nested(0), nested(1)], "thing", nested=True)
    assert found.labels == {"TALE": 12, "WHERE": 12, "WHO": 12}
    fitted = fit(
        found.references,
        config_path=spancat,
        overrides={"training.max_epochs": 25},
        seed=0,
        layer="thing",
    )
    assert fitted.nlp.config["components"]["spancat"]["suggester"]["max_size"] == 2
    document = found.references[0].document
    doc = fitted.nlp(document.text)
    pipeline = Pipeline("m", "1", "s", ("thing",), "thing")
    spans = annotation_from(doc, document, pipeline).spans
    assert {span.label for span in spans} == {"WHO", "WHERE", "TALE"}
    gold = {(s.start, s.end, s.label) for s in found.references[0].full.spans}
    assert len(gold & {(s.start, s.end, s.label) for s in spans}) >= 12
    assert all(span.score is not None and 0.5 <= span.score <= 1 for span in spans)


@pytest.mark.slow
def test_two_recognisers_find_what_is_nested(config: Path, tmp_path: Path) -> None:
    """With nested = true the outermost spans stand in `doc.ents`, and those inside them beside these."""
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[system]", "[goldwire]\nnested = true\n\n[system]"), encoding="utf-8")
    found = training_data([nested(0), nested(1)], "thing", nested=True)
    made = assemble(found.references, TrainingSetup(config, {"training.max_epochs": 15}), "thing")
    made.nlp.to_disk(tmp_path / "model")
    doc = spacy.load(tmp_path / "model")(found.references[0].document.text)
    inner = [span for span in doc.spans["thing"] if span.label_ == "WHO"]
    assert len(inner) >= 4
    for span in inner:
        assert any(ent.start <= span.start and span.end <= ent.end for ent in doc.ents)
    assert {ent.label_ for ent in doc.ents} == {"TALE", "WHERE"}


def test_the_innermost_of_a_nest_is_taken() -> None:
    """Of spans that overlap the shorter one stays, in reading order, with those that overlap none."""
    spans = [Span("a", "x", "A", 0, 9), Span("b", "x", "B", 2, 4), Span("c", "x", "C", 10, 12)]
    assert [span.id for span in innermost(spans)] == ["b", "c"]


def test_the_suggester_looks_at_the_lengths_that_were_seen() -> None:
    """Its longest span is the longest of 99 % of the marked ones; the few longer ones are counted."""
    text = " ".join(["un"] * 400)
    spans = [Span(f"s{i}", "thing", "X", 3 * i, 3 * i + 2) for i in range(200)]
    spans.append(Span("long", "thing", "X", 0, 3 * 30 - 1))
    reference = Reference(Document("d", text), Annotation("d", "a", "s", spans=tuple(spans)))
    doc, _ = to_doc(NLP, reference, "thing", group=True)
    component = {"factory": "spancat", "suggester": {"min_size": 1, "max_size": 0}}
    assert fill_spancat(component, "thing", [doc]) == 1
    assert (component["spans_key"], component["suggester"]) == ("thing", {"min_size": 1, "max_size": 1})
    component = {"factory": "spancat", "suggester": {"min_size": 1, "max_size": 40}}
    assert fill_spancat(component, "thing", [doc]) == 0


def test_pieces_keep_nested_spans() -> None:
    """Cut into paragraphs, a document keeps every span of the group, and no cut runs through one."""
    found = training_data([nested(0)], "thing", nested=True)
    doc, _ = to_doc(NLP, found.references[0], "thing", group=True)
    cut = pieces(doc, 3)
    assert sum(len(piece.spans["thing"]) for piece in cut) == 18
    texts = [span.text for piece in cut for span in piece.spans["thing"]]
    assert sorted(texts) == sorted(span.text for span in doc.spans["thing"])


def test_a_nested_span_that_cuts_a_token_is_reported() -> None:
    """An inner span that begins inside a token is widened and named like an outer one."""
    text = "un ex-premier ministre parle"
    spans = (Span("a", "thing", "ROLE", 3, 22), Span("b", "thing", "ROLE", 6, 22))
    reference = Reference(Document("d", text), Annotation("d", "a", "s", spans=spans))
    doc, cuts = to_doc(NLP, reference, "thing", group=True)
    assert [(cut.text, cut.learned) for cut in cuts] == [("premier ministre", "ex-premier ministre")]
    assert len(doc.spans["thing"]) == 2


@pytest.mark.slow
def test_training_stops_early_and_keeps_the_best(articles: list[Article], config: Path) -> None:
    """With text held back, training ends once nothing improves, long before the last epoch."""
    text = config.read_text(encoding="utf-8").replace("patience = 0", "patience = 20\neval_frequency = 5")
    config.write_text(text.replace("[system]", "[goldwire]\ndev = 0.3\n\n[system]"), encoding="utf-8")
    assert options_of(config, {}).dev == 0.3
    assert options_of(config, {"goldwire.dev": 0.5}).dev == 0.5
    found = training_data(articles, "thing")
    fitted = fit(found.references, config_path=config, overrides={"training.max_epochs": 500}, seed=0)
    assert 20 <= fitted.updates < 1000
    document = found.references[0].document
    assert len(fitted.nlp(document.text).ents) >= 6


def test_whole_documents_are_held_back() -> None:
    """What training stops by shares no document with what is learned, and something is always learned."""
    references = training_data([article(n) for n in range(5)], "thing").references
    for share, count in ((0.0, 0), (0.2, 1), (0.5, 2), (0.99, 4)):
        kept, held = held_back(references, share, 3)
        assert len(held) == count
        assert sorted(one.document.id for one in (*kept, *held)) == [one.document.id for one in references]
    assert held_back(references[:1], 0.5, 0) == (list(references[:1]), [])


def test_the_section_of_goldwire_is_checked(config: Path) -> None:
    """A slip in [goldwire] is named, and patience without text held back is refused."""
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[system]", "[goldwire]\nsintax = null\n\n[system]"), encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW404 .*sintax.*syntax"):
        read_config(config, overrides={}, seed=0)
    config.write_text(text.replace("[system]", "[goldwire]\ndev = 2\n\n[system]"), encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW403 .*dev"):
        read_config(config, overrides={}, seed=0)


def test_articles_with_seen_predictions_are_learned_from_only(articles: list[Article]) -> None:
    """An annotator's work on shown predictions teaches, and is scored only where that is asked for."""

    def seen(one: Article) -> Article:
        (annotation,) = one.annotations
        shown = replace(annotation, provenance=replace(annotation.provenance, seen_predictions=True))
        return Article(one.document, (shown,))

    mixed = [seen(articles[0]), *articles[1:]]
    found = training_data(mixed, "thing", score_seen=False)
    assert [one.document.id for one in found.scored] == ["a1", "a2"]
    assert len(found.references) == 3
    assert len(training_data(mixed, "thing").scored) == 3
    with pytest.raises(GoldwireError, match=r"GW416 .*--score-seen"):
        training_data([seen(one) for one in articles], "thing", score_seen=False)


def test_what_is_not_scored_is_learned_unless_its_story_is_tested(articles: list[Article]) -> None:
    """Each fold learns from the unscored articles, but for those of a story that it is tested on."""
    from goldwire.train.run.crossval import Fold, with_unscored

    references = tuple(
        Reference(one.document, one.annotations[0], scored=number > 0) for number, one in enumerate(articles)
    )
    found = training_data(articles, "thing")
    found = type(found)(found.layer, references)
    story = {"a0": "x", "a1": "x", "a2": "y"}
    plan = folds(["a1", "a2"], groups=["x", "y"])
    assert [with_unscored(one, found, story) for one in plan] == [
        Fold(("a2",), ("a1",)),
        Fold(("a0", "a1"), ("a2",)),
    ]
    assert TrainingSetup(Path("x")).heads == ()
