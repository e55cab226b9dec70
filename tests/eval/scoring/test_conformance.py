"""Counts against those of three established scorers on one system's response."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Span
from tests.shared import SHARED, needs_shared

DATA = SHARED / "data/scorer-reference"
GOLD = DATA / "HIPE-2022-v2.1-letemps-test-fr.tsv"
SYSTEM = "neurbsl_bundle3_letemps_fr_1"

pytestmark = needs_shared("data/scorer-reference")


def bio(tags: list[str], *, strict: bool) -> list[Span]:
    """Spans of a tag sequence, in tokens.

    Lenient: an I- that continues nothing begins a span. Strict (IOB2): only B- begins one, and a stray I-
    belongs to none.
    """
    found: list[tuple[str, int, int]] = []
    label, start = "", 0
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        goes_on = prefix == "I" and name == label
        if label and not goes_on:
            found.append((label, start, place))
            label = ""
        if not goes_on and (prefix == "B" or (prefix == "I" and not strict)):
            label, start = name, place
    return [Span(f"s{i}", "coarse", name, a, b) for i, (name, a, b) in enumerate(found)]


def read(path: Path, annotator: str, *, strict: bool) -> list[Annotation]:
    """One annotation a document: the column NE-COARSE-LIT, one sequence, tokens with # left out."""
    documents: list[tuple[str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# hipe2022:document_id"):
            documents.append((line.split("=")[1].strip(), []))
        elif line and not line.startswith("#") and documents:
            cells = line.split("\t")
            if "#" not in cells[0]:
                prefix, _, label = cells[1].partition("-")
                documents[-1][1].append(f"{prefix}-{label.lower()}" if label else "O")
    return [
        Annotation(name, annotator, "hipe@2022", spans=tuple(bio(tags, strict=strict)))
        for name, tags in documents
    ]


def scored(*, strict: bool) -> Scores:
    """Our scores of the system, intervals apart."""
    gold, pred = read(GOLD, "gold", strict=strict), read(DATA / f"{SYSTEM}.tsv", "system", strict=strict)
    return score(list(zip(gold, pred, strict=True)), resamples=0)


def theirs() -> Any:
    """What seqeval and nervaluate say of the system."""
    return json.loads((DATA / "seqeval_nervaluate.json").read_text(encoding="utf-8"))[SYSTEM]


def test_the_lenient_reading_gives_what_all_three_count() -> None:
    """HIPE-scorer, seqeval and nervaluate: 757 right, P .595, R .744, F1 .661; our counts are the same."""
    total = scored(strict=False).layers["coarse"]["exact"].total()
    strict = theirs()["nervaluate_overall"]["strict"]
    assert (total.tp, total.predicted, total.support) == (757, strict["actual"], strict["possible"])
    assert total.precision == pytest.approx(strict["precision"])
    assert total.recall == pytest.approx(strict["recall"])
    assert total.f1 == pytest.approx(theirs()["seqeval_default"]["micro avg"]["f1-score"])
    hipe = json.loads((DATA / f"{SYSTEM}_nerc_coarse.json").read_text(encoding="utf-8"))
    strict = hipe["NE-COARSE-LIT"]["TIME-ALL"]["LED-ALL"]["ALL"]["strict"]
    assert (total.tp, total.fp, total.fn) == (strict["TP"], strict["FP"], strict["FN"])


def test_every_label_as_seqeval_counts_it() -> None:
    """Label by label the strict figures are seqeval's, under its default and its IOB2 reading."""
    for strict, name in ((False, "seqeval_default"), (True, "seqeval_strict_IOB2")):
        counts = scored(strict=strict).layers["coarse"]["exact"]
        reference = {k: v for k, v in theirs()[name].items() if not k.endswith(" avg")}
        assert reference
        for label, figures in reference.items():
            found = counts.of(label)
            assert found.support == figures["support"]
            assert found.precision == pytest.approx(figures["precision"])
            assert found.recall == pytest.approx(figures["recall"])


def test_extents_as_nervaluate_counts_them() -> None:
    """Its `exact` is our boundary; for overlaps we find at least as many pairs as its first-come matching."""
    kinds = scored(strict=False).layers["coarse"]
    overall = theirs()["nervaluate_overall"]
    assert kinds["boundary"].total().tp == overall["exact"]["correct"]
    partial = overall["partial"]
    assert kinds["partial"].total().tp >= partial["correct"] + partial["partial"] / 2
    assert kinds["type"].total().tp >= overall["ent_type"]["correct"]
