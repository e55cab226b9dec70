"""Scores: figures, their intervals, their JSON, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.eval.counts.counts import MatchCounts
from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Relation
from tests.eval.helpers import Mark, marks, reading, spans
from tests.examples import at_most

Corpus = list[tuple[list[Mark], list[Mark]]]
corpora = st.lists(st.tuples(marks(), marks()), min_size=2, max_size=5)


def paired(corpus: Corpus) -> list[tuple[Annotation, Annotation]]:
    """A document for each pair of sides."""
    return [
        (reading(*spans(*gold), document=f"d{i}"), reading(*spans(*pred), document=f"d{i}", annotator="m"))
        for i, (gold, pred) in enumerate(corpus)
    ]


def exact(scores: Scores) -> Any:
    """The exact figures of the one layer."""
    return scores.as_json()["layers"].get("thing", {}).get("exact")


CORPUS: Corpus = [
    ([("A", 0, 3), ("B", 5, 8)], [("A", 0, 3), ("C", 5, 8)]),
    ([("A", 0, 3), ("B", 5, 8)], [("A", 0, 3), ("B", 5, 8)]),
    ([("A", 0, 3)], []),
]


def test_counts_add_and_derive() -> None:
    """Counts add up; precision, recall and F1 follow from the sums."""
    total = MatchCounts(1, 1, 0) + MatchCounts(2, 0, 3)
    assert total == MatchCounts(3, 1, 3)
    assert (total.precision, total.recall, total.f1) == (3 / 4, 1 / 2, 6 / 10)
    assert MatchCounts().f1 is None
    assert MatchCounts(0, 2, 0).recall is None
    assert MatchCounts(0, 2, 0).f1 == 0


def test_figures_by_hand() -> None:
    """Micro, macro and per-label figures of a corpus counted by hand."""
    figures = exact(score(paired(CORPUS)))
    assert {key: figures["micro"][key] for key in ("tp", "fp", "fn")} == {"tp": 3, "fp": 1, "fn": 2}
    assert figures["micro"]["precision"] == 3 / 4
    assert figures["micro"]["recall"] == 3 / 5
    assert figures["micro"]["f1"] == 6 / 9
    assert figures["labels"]["A"]["f1"] == 4 / 5
    assert figures["labels"]["B"]["f1"] == 2 / 3
    assert figures["macro"]["f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert figures["macro"]["excluded"] == ["C"]


def test_json_follows_the_contract() -> None:
    """The JSON has the keys that other programs rely on, and is plain JSON."""
    figures = json.loads(json.dumps(score(paired(CORPUS)).as_json(), allow_nan=False))
    assert set(figures) >= {"layers", "documents", "reference", "warnings"}
    assert "relations" not in figures
    assert figures["documents"] == 3
    assert figures["reference"] == "draft"
    assert set(figures["layers"]["thing"]) >= {"exact", "partial", "boundary", "type"}
    for kind in figures["layers"]["thing"].values():
        assert set(kind) == {"micro", "macro", "labels"}
        assert set(kind["micro"]) >= {"tp", "fp", "fn", "precision", "recall", "f1", "ci95"}
        assert set(kind["macro"]) >= {"f1", "ci95"}
        assert set(kind["labels"]) == {"A", "B", "C"}
        low, high = kind["micro"]["ci95"]
        assert 0 <= low <= kind["micro"]["f1"] <= high <= 1


def test_undefined_figures_are_null_with_a_reason() -> None:
    """What 0/0 leaves undefined is null and says why; it is neither 0 nor nan."""
    labels = exact(score(paired(CORPUS)))["labels"]
    assert labels["C"]["recall"] is None
    assert labels["C"]["f1"] == 0
    assert "gold has none" in labels["C"]["why"]
    assert labels["C"]["ci95"] is None
    assert "one document only" in labels["C"]["why"]
    empty = score(paired([([], []), ([], [])]), layers=["thing"])
    assert exact(empty)["micro"]["f1"] is None
    assert exact(empty)["micro"]["why"]
    assert exact(empty)["macro"]["f1"] is None
    assert any("empty on both sides" in warning for warning in empty.warnings)


def test_one_document_has_no_interval() -> None:
    """With one document nothing varies: the interval is null and says so."""
    scores = score(paired(CORPUS[:1]))
    assert exact(scores)["micro"]["ci95"] is None
    assert "no interval" in exact(scores)["micro"]["why"]
    assert any("1 document" in warning for warning in scores.warnings)


def test_few_documents_are_warned_of() -> None:
    """Under 20 documents a warning says that intervals are rough; from 20 on none does."""
    assert any("fewer than 20" in warning for warning in score(paired(CORPUS)).warnings)
    assert not score(paired(CORPUS * 7)).warnings


def test_reference_is_the_least_trusted_status() -> None:
    """One draft among reviewed annotations makes the reference a draft; so does one by a machine."""
    gold = [
        reading(document="d0", status="adjudicated", kind="human"),
        reading(document="d1", status="reviewed", kind="human"),
    ]
    assert score([(one, one) for one in gold]).reference == "reviewed"
    drafts = (
        reading(document="d2", status="draft", kind="human"),
        reading(document="d2", status="adjudicated", kind="model"),
    )
    for low in drafts:
        assert score([(one, one) for one in (*gold, low)]).reference == "draft"


def test_relations_are_strict_on_both_ends() -> None:
    """A relation counts where its label and both ends agree, labels included; ids do not matter."""
    things = spans(("A", 0, 3), ("A", 5, 8), ("B", 10, 12))
    renamed = [type(s)(f"x{s.id}", s.layer, s.label, s.start, s.end) for s in things]
    other = [*renamed[:2], type(things[2])("xt2", "thing", "C", 10, 12)]
    gold = reading(
        *things,
        relations=(Relation("of", "t0", "t1"), Relation("of", "t0", "t2"), Relation("by", "t1", "t2")),
    )
    pred = reading(
        *other,
        relations=(Relation("of", "xt0", "xt1"), Relation("of", "xt0", "xt2"), Relation("of", "xt1", "xt0")),
    )
    figures = score([(gold, pred)]).as_json()["relations"]
    assert {key: figures["of"][key] for key in ("tp", "fp", "fn")} == {"tp": 1, "fp": 2, "fn": 1}
    assert {key: figures["by"][key] for key in ("tp", "fp", "fn")} == {"tp": 0, "fp": 0, "fn": 1}
    assert {key: figures["micro"][key] for key in ("tp", "fp", "fn")} == {"tp": 1, "fp": 2, "fn": 2}
    assert "relations" not in score([(gold, pred)], layers=["other"]).as_json()


def test_layers_are_scored_apart() -> None:
    """A span is never matched with one of another layer; a layer that one side lacks is pointed out."""
    gold, pred = reading(*spans(("A", 0, 3))), reading(*spans(("A", 0, 3), layer="step"))
    scores = score([(gold, pred)])
    assert {name: kinds["exact"].total() for name, kinds in scores.layers.items()} == {
        "step": MatchCounts(0, 1, 0),
        "thing": MatchCounts(0, 0, 1),
    }
    assert sum("no span at all" in warning for warning in scores.warnings) == 2
    assert list(score([(gold, pred)], layers=["thing"]).layers) == ["thing"]


def test_duplicates_are_reported() -> None:
    """How many duplicates were left out is said, by side."""
    twice = reading(*spans(("A", 0, 3), ("A", 0, 3)))
    (warning,) = [w for w in score([(reading(*spans(("A", 0, 3))), twice)]).warnings if "duplicate" in w]
    assert "1 duplicate span in the prediction" in warning


def test_the_same_seed_gives_the_same_intervals() -> None:
    """Figures are repeatable; another seed moves the intervals, not the figures."""
    pairs = paired(CORPUS * 4)
    assert score(pairs, seed=1).as_json() == score(pairs, seed=1).as_json()
    one, other = exact(score(pairs, seed=1)), exact(score(pairs, seed=2))
    assert one["micro"]["f1"] == other["micro"]["f1"]
    assert exact(score(pairs, resamples=0))["micro"]["ci95"] is None


@settings(max_examples=at_most(25))
@given(corpora)
def test_against_itself_and_against_nothing(corpus: Corpus) -> None:
    """A reading against itself scores 1 wherever it has a span, against an empty one 0."""
    same = score(paired([(gold, gold) for gold, _ in corpus]), resamples=20)
    none = score(paired([(gold, []) for gold, _ in corpus]), resamples=20)
    for scores, value in ((same, 1), (none, 0)):
        for kinds in scores.layers.values():
            for counts in kinds.values():
                assert counts.micro().counts.f1 == value
                assert counts.macro().f1 == value


@settings(max_examples=at_most(25))
@given(corpora)
def test_doubling_the_corpus(corpus: Corpus) -> None:
    """Each document twice leaves every F1 as it is, and does not widen its interval."""
    once = score(paired(corpus), resamples=400)
    twice = score(paired(corpus * 2), resamples=400)
    for layer, kinds in once.layers.items():
        for kind, counts in kinds.items():
            before, after = counts.micro(), twice.layers[layer][kind].micro()
            assert after.counts.f1 == pytest.approx(before.counts.f1)
            if before.ci95 and after.ci95:
                width = [ci[1] - ci[0] for ci in (before.ci95, after.ci95)]
                assert width[1] <= width[0] + 0.1


def test_doubling_narrows_the_interval() -> None:
    """Four times the documents halve the interval, as the standard error does."""
    corpus: Corpus = [
        ([("A", 0, 3), ("B", 5, 8)], [("A", 0, 3)] if i % 2 else [("B", 5, 8), ("A", 0, 2)])
        for i in range(12)
    ]
    corpus += CORPUS
    widths = []
    for times in (1, 4):
        low, high = exact(score(paired(corpus * times)))["micro"]["ci95"]
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.2)


def refused(pairs: list[tuple[Annotation, Annotation]], **options: Any) -> str:
    """What the error says."""
    with pytest.raises(GoldwireError) as error:
        score(pairs, **options)
    return str(error.value)


def test_bad_input_is_refused_with_its_place() -> None:
    """No documents, pairs of two documents or texts, unknown layers: refused by code, with what to do."""
    one, other = reading(document="d1"), reading(document="d2")
    assert "GW504" in refused([])
    assert "GW506 $[1]" in refused([(one, one), (one, other)])
    texts = [Annotation("d", "a", "m@1", text_sha256=hash_) for hash_ in ("1", "2")]
    assert "different texts" in refused([(texts[0], texts[1])])
    pairs = paired(CORPUS)
    assert "one of: thing" in refused(pairs, layers=["thin"], strict_layers=True)
    assert "GW508" in refused(pairs, resamples=-1)
    assert "GW510" in refused(pairs, groups=["x"])
