"""How far readers agree stands beside a model's spans and relations."""

from __future__ import annotations

import msgspec
import pytest

from goldwire.eval.agreement.ceiling import ceiling_of
from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import score
from goldwire.model import Article, Relation, Span
from goldwire.train.run.agreement import agreement_note, related_agreement
from goldwire.train.run.report import readers_of_relations
from tests.eval.helpers import article, reading

STEP = Span("s0", "step", "CUT", 30, 35)
FOOD, TOOL, BOWL = (Span(f"t{i}", "thing", label, 10 * i, 10 * i + 5) for i, label in enumerate("ABC"))
OBJECT, WITH, IN = (Relation(name, "s0", f"t{i}") for i, name in enumerate(("object", "with", "in")))


def readings() -> list[Article]:
    """Three documents read twice: the readers share step, food and tool and one relation of two between
    these; each marks a bowl of his own with a relation to it."""
    found = []
    for number in range(3):
        own = [
            reading(STEP, FOOD, TOOL, BOWL, relations=(OBJECT, WITH, IN), annotator="a"),
            reading(
                STEP, FOOD, TOOL, msgspec.structs.replace(BOWL, end=28), relations=(OBJECT, IN), annotator="b"
            ),
        ]
        found.append(article("x" * 40, *(msgspec.structs.replace(one, document=f"d{number}") for one in own)))
    return found


def scored(found: list[Article], *names: str) -> Scores:
    """A model that says what the first reader says, in relations of these names."""
    gold = []
    for one in found:
        first = one.annotations[0]
        kept = tuple(relation for relation in first.relations if relation.label in names)
        gold.append(msgspec.structs.replace(first, relations=kept))
    return score([(one, one) for one in gold], resamples=50)


def test_between_shared_spans_readers_are_judged_by_their_relations_alone() -> None:
    """What one reader relates to a span that the other did not mark counts between own spans only."""
    found = readings()
    scores = scored(found, "object", "with", "in")
    ceiling = ceiling_of(found, [one.annotations[0] for one in found], scores)
    assert ceiling is not None
    assert ceiling.relations is not None
    # One of three and two is shared (the bowls differ); without the bowls one of two and one.
    assert ceiling.relations.readers == pytest.approx(2 / 5)
    assert ceiling.relations.model == 1
    given = related_agreement(found, scores)
    assert given is not None
    assert given["f1"] == pytest.approx(2 / 3)
    assert given["documents"] == 3
    figures = {"agreement": ceiling.as_json(), "given_spans": {"agreement": given}}
    assert readers_of_relations(figures) == (given["f1"], ceiling.relations.readers)
    said = agreement_note(figures) or ""
    assert "machine-drafted" in said
    assert "relations .400" in said
    assert "relations between spans that all marked .667" in said


def test_relations_that_are_not_scored_are_not_compared() -> None:
    """Readers who differ in a relation that is not scored agree fully on the one that is."""
    found = readings()
    scores = scored(found, "object")
    ceiling = ceiling_of(found, [one.annotations[0] for one in found], scores)
    given = related_agreement(found, scores)
    assert ceiling is not None
    assert ceiling.relations is not None
    assert given is not None
    assert (ceiling.relations.readers, given["f1"]) == (1, 1)


def test_adjudications_are_no_readings() -> None:
    """An adjudicated annotation neither is compared nor takes a span from what the readers share."""
    found = readings()
    decided = reading(STEP, annotator="judge", status="adjudicated")
    more = [
        msgspec.structs.replace(
            one,
            annotations=(*one.annotations, msgspec.structs.replace(decided, document=one.document.id)),
        )
        for one in found
    ]
    scores = scored(found, "object", "with", "in")
    assert related_agreement(more, scores) == related_agreement(found, scores)


def test_without_relations_or_readings_there_is_no_figure() -> None:
    """Where no relation is scored, each article was read once, or nothing is shared, nothing is said."""
    found = readings()
    scores = scored(found, "object")
    assert related_agreement(found, scored(found)) is None
    once = [msgspec.structs.replace(one, annotations=one.annotations[:1]) for one in found]
    assert related_agreement(once, scores) is None
    apart = [
        msgspec.structs.replace(
            one,
            annotations=(
                one.annotations[0],
                msgspec.structs.replace(
                    one.annotations[1], spans=(Span("x", "step", "CUT", 1, 2),), relations=()
                ),
            ),
        )
        for one in found
    ]
    assert related_agreement(apart, scores) is None
    assert agreement_note({}) is None
    layers = {"thing": {"agreement_f1": None, "agreement_ci95": None}}
    assert agreement_note({"agreement": {"title": "t", "layers": layers}}) is None
    assert readers_of_relations({}) == (None, None)
