"""Two models against each other: tests, verdicts, the places where they differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.eval.ci.compare_models import compare_models
from goldwire.eval.counts.significance import Difference, compare_counts, holm, power_warning, smallest_p
from goldwire.eval.scoring.pairing import Paired
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Document, Relation
from tests.eval.helpers import Mark, article, reading, spans
from tests.eval.test_cli import run
from tests.examples import at_most

TEXT = "Coupez l’oignon. Faites cuire le poivron dans la poêle."
GOLD: list[Mark] = [("FOOD", 9, 15), ("FOOD", 33, 40), ("TOOL", 49, 54)]


def side(found: Sequence[list[Mark]]) -> list[Paired]:
    """A prediction for each document against the same gold spans."""
    return [
        Paired(
            Document(f"d{n}", TEXT),
            reading(*spans(*GOLD), document=f"d{n}"),
            reading(*spans(*one), document=f"d{n}", annotator="m"),
        )
        for n, one in enumerate(found)
    ]


def random_counts(documents: int, seed: int, best: float) -> np.ndarray:
    """Counts of a model that finds a share of ten spans of each of two labels."""
    right = np.random.default_rng(seed).binomial(10, best, size=(documents, 2)).astype(float)
    return np.stack((right, 10 - right, 10 - right), axis=-1)


def test_a_model_against_itself_shows_nothing() -> None:
    """No difference, p of 1, an interval of no width, no place to look at."""
    one = side([GOLD[:2]] * 4)
    found = compare_models(one, one)
    micro = found.layers["thing"].micro
    assert (micro.value, micro.p, micro.ci95) == (0, 1, (0, 0))
    assert not found.disagreements
    assert "the same F1" in found.verdict("thing")


def test_a_table_says_who_its_columns_are() -> None:
    """Two models with names of their own stand as A and B in the columns, and by name in the title."""
    one = side([GOLD[:2]] * 4)
    title = compare_models(one, one, names=("ner_1", "crf")).table("thing").title
    assert title.endswith("; A: ner_1, B: crf")
    assert "; A:" not in compare_models(one, one).table("thing").title


def test_a_clear_difference_is_called_one() -> None:
    """Over many documents the better model is named, with its lead, an interval around it and a small p."""
    found = compare_models(side([GOLD[:2]] * 24), side([GOLD] * 24))
    micro = found.layers["thing"].micro
    assert micro.value == pytest.approx(0.2)
    assert micro.p is not None and micro.p < 0.001
    assert "B is better than A by .200" in found.verdict("thing")
    assert "A is better than B by .200" in compare_models(side([GOLD] * 24), side([GOLD[:2]] * 24)).verdict(
        "thing"
    )
    assert not found.warnings
    labels = found.layers["thing"].labels
    assert labels["FOOD"].value == 0
    assert labels["TOOL"].value == 1


def test_five_documents_prove_nothing() -> None:
    """However clear, five documents give no p under 2/2^5 = .0625: that is said, no model called better."""
    found = compare_models(side([[]] * 5), side([GOLD] * 5))
    micro = found.layers["thing"].micro
    assert micro.p == 0.0625 == smallest_p(5, 10_000)
    (warning,) = [note for note in found.warnings if ".0625" in note]
    assert "2/2^5" in warning
    assert "may be chance" in found.verdict("thing")
    assert ".0625" not in power_warning(6, 10_000)
    assert power_warning(20, 10_000) == ""


def test_documents_of_one_story_are_exchanged_together() -> None:
    """Forty copies of four stories are four units: their p can't fall under 2/2^4."""
    stories = [f"s{n % 4}" for n in range(40)]
    found = compare_models(side([[]] * 40), side([GOLD] * 40), groups=stories)
    assert found.layers["thing"].units == 4
    assert found.layers["thing"].micro.p == 0.125
    assert "4 groups" in found.warnings[0]


@pytest.mark.slow
def test_the_randomisation_keeps_its_level() -> None:
    """Of two equal models about one in twenty pairs differs at the five-percent level, not more."""
    hits = 0
    for seed in range(200):
        one, other = random_counts(25, 2 * seed, 0.6), random_counts(25, 2 * seed + 1, 0.6)
        p = compare_counts(one, other, "AB", rounds=400, seed=seed).micro.p
        assert p is not None
        hits += p < 0.05
    assert 0 < hits <= 22


def test_exact_and_drawn_exchanges_agree() -> None:
    """With few documents all exchanges are tried; drawing some of them gives nearly the same p."""
    one, other = random_counts(12, 1, 0.5), random_counts(12, 2, 0.65)
    exact = compare_counts(one, other, "AB", rounds=5000)
    drawn = compare_counts(one, other, "AB", rounds=4000)
    assert exact.exact and not drawn.exact
    assert exact.micro.p is not None and drawn.micro.p is not None
    assert drawn.micro.p == pytest.approx(exact.micro.p, abs=0.03)


@settings(max_examples=at_most(40))
@given(st.integers(0, 10_000), st.integers(2, 9))
def test_exchanging_the_models_exchanges_the_sign(seed: int, documents: int) -> None:
    """p is the same whichever model comes first; the difference and its interval change their signs."""
    one, other = random_counts(documents, seed, 0.5), random_counts(documents, seed + 1, 0.7)
    here = compare_counts(one, other, "AB", rounds=600).micro
    there = compare_counts(other, one, "AB", rounds=600).micro
    assert here.value is not None and there.value is not None
    assert here.value == pytest.approx(-there.value)
    assert here.p == there.p
    assert here.ci95 is not None and there.ci95 is not None
    assert here.ci95[0] == pytest.approx(-there.ci95[1], abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_makes_p_smaller_nor_changes_the_order(values: list[float]) -> None:
    """Corrected p are at least as large, at most 1, in the same order; the smallest is multiplied by all."""
    from goldwire.eval.counts.counts import MatchCounts

    tests = {str(n): Difference(MatchCounts(), MatchCounts(), p=p) for n, p in enumerate(values)}
    corrected = [one.p_holm for one in holm(tests).values()]
    assert all(c is not None and p <= c <= 1 for p, c in zip(values, corrected, strict=True))
    order = np.argsort(values, kind="stable")
    ranked = [corrected[n] for n in order]
    assert ranked == sorted(ranked, key=float)
    assert ranked[0] == min(1.0, values[order[0]] * len(values))


def test_holm_by_hand() -> None:
    """.01, .04, .03 become .03, .06, .06."""
    from goldwire.eval.counts.counts import MatchCounts

    tests = {
        n: Difference(MatchCounts(), MatchCounts(), p=p) for n, p in (("a", 0.01), ("b", 0.04), ("c", 0.03))
    }
    assert [one.p_holm for one in holm(tests).values()] == pytest.approx([0.03, 0.06, 0.06])


def test_a_label_that_only_one_model_predicts() -> None:
    """Where gold lacks a label and one model never predicts it there is no difference to test."""
    found = compare_models(side([[*GOLD, ("ODD", 0, 6)]] * 3), side([GOLD] * 3)).layers["thing"].labels["ODD"]
    assert found.first.f1 == 0
    assert found.second.f1 is None
    assert (found.value, found.p) == (None, None)


def test_places_name_the_model_that_is_right() -> None:
    """Each differing span stands with its sentence, who marked it, and for whom it speaks."""
    found = compare_models(side([GOLD[:1]]), side([[*GOLD[:2], ("TOOL", 0, 6)]]))
    shown = [(p.text, p.by, p.what, p.better, p.sentence) for p in found.disagreements]
    assert shown == [
        ("Coupez", "B", "spurious", "A", "Coupez l’oignon."),
        ("poivron", "B", "found", "B", "Faites cuire le poivron dans la poêle."),
    ]
    assert found.speaking["thing", "FOOD"] == {"B": 1}
    lines = "\n".join(found.places(5))
    assert "le [poivron] dans" in lines
    assert "B marked it wrongly" in lines
    assert not list(found.places(0))
    twice = compare_models(side([GOLD[:1]] * 2), side([[*GOLD[:2], ("TOOL", 0, 6)]] * 2))
    assert "and 1 more" in "\n".join(twice.places(1))


@settings(max_examples=at_most(40))
@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from([*GOLD, ("ODD", 0, 6)])), st.sets(st.sampled_from([*GOLD, ("MIX", 0, 6)]))
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 4),
)
def test_as_many_places_as_are_asked_for_show_the_same(
    found: list[tuple[set[Mark], set[Mark]]], most: int
) -> None:
    """Where only some places are kept, they are the first of all; tables and lines are those of all."""
    first, second = side([sorted(a) for a, _ in found]), side([sorted(b) for _, b in found])
    every = compare_models(first, second, rounds=50)
    few = compare_models(first, second, rounds=50, places=most)
    assert list(few.places(most)) == list(every.places(most))
    assert [table.rows for table in few.tables()] == [table.rows for table in every.tables()]
    for model in ("A", "B"):
        speaking = [place for place in every.disagreements if place.better == model]
        assert [place for place in few.disagreements if place.better == model] == speaking[:most]


def test_a_layer_that_only_the_second_has_is_compared() -> None:
    """A wanted layer is known where gold or either prediction has it, and refused where none does."""
    one, other = side([GOLD] * 3), side([GOLD] * 3)
    other = [
        p._replace(pred=reading(*spans(("MIX", 0, 6), layer="step"), document=p.document.id)) for p in other
    ]
    found = compare_models(one, other, layers=["step"])
    assert found.layers["step"].micro.second.f1 == 0
    assert found.verdict("step") == "nothing to find here: B marks 3 wrongly, A marks nothing"
    with pytest.raises(GoldwireError, match="GW505"):
        compare_models(one, other, layers=["other"])


def test_relations_that_only_one_model_makes_are_compared() -> None:
    """Where gold has no relation and one model makes some, they are counted against it, not dropped."""
    bare = side([GOLD] * 3)
    linked = [
        p._replace(
            pred=reading(*p.pred.spans, document=p.document.id, relations=(Relation("of", "t0", "t1"),))
        )
        for p in bare
    ]
    for found in (compare_models(bare, linked), compare_models(linked, bare)):
        assert found.relations is not None
        of = found.relations.labels["of"]
        assert sorted((of.first.fp, of.second.fp)) == [0, 3]
    assert compare_models(bare, bare).relations is None


def test_predictions_of_other_documents_are_refused() -> None:
    """Two predictions must be of the same documents."""
    with pytest.raises(GoldwireError, match="GW531"):
        compare_models(side([GOLD]), side([GOLD] * 2))


def test_compare_on_the_command_line(tmp_path: Path) -> None:
    """The verdict, the table by label and the sentences are printed; the JSON holds all of it."""
    paths = {name: tmp_path / f"{name}.jsonl" for name in ("gold", "a", "b")}
    for name, found in (("gold", GOLD), ("a", GOLD[:1]), ("b", GOLD)):
        write_jsonl(paths[name], [article(TEXT, reading(*spans(*found), document=f"d{n}")) for n in range(5)])
    out = tmp_path / "c.json"
    done = run("compare", *paths.values(), "--rounds", 500, "--show", 2, "--json", out)
    assert "B is ahead of A by .500 F1" in done.stdout
    assert "reference: draft" in done.stdout
    assert "only B is right in 10 places" in done.stdout
    assert ".0625" in done.stderr
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["layers"]["thing"]["micro"]["p"] == 0.0625
    assert figures["layers"]["thing"]["labels"]["TOOL"]["p_holm"] == 0.125
    assert len(figures["differences"]) == 10
    assert figures["reference"] == "draft"
    run("compare", paths["gold"], paths["a"], tmp_path / "none.jsonl", "--json", tmp_path / "x.json", code=2)
    assert not (tmp_path / "x.json").exists()
