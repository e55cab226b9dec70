"""Gold checks scored: each annotator against what was reviewed, by the toolkit's own scorer and kinds.

Few articles tell little: below `FEW` there is no interval, and the test of drift is a hint, never a finding.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import comb
from typing import TYPE_CHECKING, Any

from goldwire.annotate.records.gold_checks import answers, read_checks
from goldwire.annotate.report.figures import FEW
from goldwire.annotations.store import read_annotations
from goldwire.eval.matching.spans import FloatArray
from goldwire.eval.scoring.edits import ADDED, ATTRIBUTES, BOTH, EXTENT, KEPT, LABEL, REMOVED
from goldwire.model import Annotation
from goldwire.project import Project
from goldwire.schemas import Schema

if TYPE_CHECKING:
    from goldwire.eval.counts.counts import Figure
    from goldwire.eval.scoring.edits import Edits

#: The fewest checks that are held against each other, early and late: fewer can't give p below 0.05.
DRIFT = 8
#: Up to so many ways to part checks into early and late all are tried; of more, some are drawn.
_WAYS, _DRAWN = 10_000, 2_000
_RESAMPLES = 500  # of checks, for an interval
#: Kinds of fault: what becomes of a reviewed span, of one that was added, of a reviewed relation.
KINDS = {
    "missed": "a reviewed span that is not marked",
    "spurious": "a marked span that nothing reviewed overlaps",
    "extent": "the label is right, where it begins or ends is not",
    "label": "the extent is right, the label is not",
    "label and extent": "the two overlap, and that is all",
    "attribute": "the span is right, an attribute is not (ids aside)",
    "relation missed": "a reviewed relation that is not marked",
    "relation spurious": "a marked relation that was not reviewed",
}
_SPANS = {
    "missed": REMOVED,
    "spurious": ADDED,
    "extent": EXTENT,
    "label": LABEL,
    "label and extent": BOTH,
    "attribute": ATTRIBUTES,
}


@dataclass(frozen=True)
class CheckFigure:
    """F1 of one layer, or of relations or all layers together, extent and label equal; `ci95` None where
    there are too few checks. `marks` is what was reviewed."""

    what: str
    f1: float | None
    ci95: tuple[float, float] | None
    marks: int


@dataclass(frozen=True)
class FaultKind:
    """Faults of one kind: how many, of so many marks that could have it, the share with its interval, which
    is None where there are none, or too few checks."""

    kind: str
    count: int
    of: int
    share: float | None
    ci95: tuple[float, float] | None


@dataclass(frozen=True)
class Drift:
    """F1 of the first and the second half of the checks in the order of their submission, and how often
    another order would part them as far (two-sided permutation test, over so many `ways`). A hint."""

    early: float
    late: float
    early_checks: int
    late_checks: int
    p: float
    ways: int
    exact: bool


@dataclass(frozen=True)
class Checked:
    """One annotator's checks: `given`, `done` and scored; `left_out` says why others are not.

    `drift` is None below `DRIFT` checks.
    """

    annotator: str
    given: int
    done: int
    figures: tuple[CheckFigure, ...]
    faults: tuple[FaultKind, ...]
    drift: Drift | None
    left_out: tuple[str, ...] = ()

    @property
    def few(self) -> bool:
        """Whether there are so few that figures say little."""
        return self.done < FEW

    def as_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return asdict(self) | {"few": self.few}


def read_checked(project: Project, schema: Schema) -> list[Checked]:
    """The checks of everybody who has some, by name, from what was pulled."""
    given: dict[str, list[str]] = defaultdict(list)
    for check in read_checks(project, "check"):
        given[check.annotator].append(check.article)
    if not given:
        return []
    marked = {(each.annotator, each.document): each for each in read_annotations(project, project.checks)}
    gold = answers(project, {article for articles in given.values() for article in articles})
    listed = []
    for name, articles in sorted(given.items()):
        pairs, left_out = [], []
        for article in articles:
            if (theirs := marked.get((name, article))) is None:
                continue
            answer = gold.get(article)
            if reason := _unusable(theirs, answer):
                left_out.append(f"{article}: {reason}")
            elif answer is not None:
                pairs.append((answer, theirs))
        listed.append(scored(name, len(articles), pairs, schema, left_out))
    return listed


def _unusable(theirs: Annotation, answer: Annotation | None) -> str:
    """Why what was marked can't be scored; empty where it can."""
    if theirs.status in ("draft", "skipped"):
        return "begun, not submitted" if theirs.status == "draft" else "skipped"
    if answer is None:
        return "no reviewed annotation any more"
    if answer.text_sha256 and theirs.text_sha256 and answer.text_sha256 != theirs.text_sha256:
        return "the reviewed annotation is of another text"
    if answer.schema != theirs.schema:
        return f"marked by {theirs.schema}, reviewed by {answer.schema}"
    return ""


def scored(
    name: str,
    articles_given: int,
    pairs: Sequence[tuple[Annotation, Annotation]],
    schema: Schema,
    left_out: Sequence[str] = (),
) -> Checked:
    """What (reviewed, marked) of one annotator's checks says."""
    if not pairs:
        return Checked(name, articles_given, 0, (), (), None, tuple(left_out))
    from goldwire.eval.counts.bootstrap import Sampling, resampled
    from goldwire.eval.counts.counts import figure
    from goldwire.eval.scoring.edits import count_edits
    from goldwire.eval.scoring.scores import score

    ordered = sorted(pairs, key=lambda pair: _when(pair[1]))
    drawn = _RESAMPLES if len(ordered) >= FEW else 0
    scores = score(ordered, schema=schema, layers=list(schema.layers), resamples=drawn)
    exact = {layer: kinds["exact"] for layer, kinds in scores.layers.items()}
    figures = [_figured(layer, counts.micro()) for layer, counts in exact.items()]
    by_article = sum(counts.counts.sum(axis=1) for counts in exact.values())
    whole = _figured("all spans", figure(by_article, resampled(by_article, Sampling(drawn))))
    figures = [whole, *(each for each in figures if each.f1 is not None)]
    if scores.relations is not None:
        figures.append(_figured("relations", scores.relations.micro()))
    edits = [count_edits([pair], schema, list(schema.layers)) for pair in ordered]
    return Checked(
        name,
        articles_given,
        len(ordered),
        tuple(figures),
        tuple(_faults(edits, drawn)),
        drift(by_article),
        tuple(left_out),
    )


def _when(annotation: Annotation) -> tuple[str, str]:
    provenance = annotation.provenance
    return provenance.created or provenance.updated, annotation.document


def _figured(what: str, figure: Figure) -> CheckFigure:
    return CheckFigure(what, figure.counts.f1, figure.ci95, round(figure.counts.support))


def _faults(edits: Sequence[Edits], resamples: int) -> list[FaultKind]:
    """Each kind of fault over all checks; spans and relations that were left out by both count nowhere."""
    import numpy as np

    from goldwire.eval.counts.bootstrap import Sampling, percentile_interval, resampled

    rows: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for each in edits:
        spans = sum(each.spans.values(), Counter[str]())
        relations = sum(each.relations.values(), Counter[str]())
        reviewed = sum(spans.values()) - spans[ADDED]
        for kind, counted in _SPANS.items():
            marked, right = reviewed - spans[REMOVED] + spans[ADDED], spans[KEPT] + spans[ATTRIBUTES]
            of = {"spurious": marked, "attribute": right}.get(kind, reviewed)
            rows[kind].append((spans[counted], of))
        rows["relation missed"].append((relations[REMOVED], relations[KEPT] + relations[REMOVED]))
        rows["relation spurious"].append((relations[ADDED], relations[KEPT] + relations[ADDED]))
    listed = []
    for kind, counts in rows.items():
        table = np.array(counts, dtype=float)
        count, of = (int(total) for total in table.sum(axis=0))
        # Where there is no fault all draws are alike, which is no knowledge that there are none.
        sums = resampled(table, Sampling(resamples)) if count else None
        with np.errstate(invalid="ignore"):
            ci95 = None if sums is None else percentile_interval(sums[:, 0] / sums[:, 1])
        listed.append(FaultKind(kind, count, of, count / of if of else None, ci95))
    return listed


def drift(by_article: FloatArray) -> Drift | None:
    """Early against late checks, of counts (checks × tp, fp, fn) in the order of their submission.

    F1 is of all marks of a half together. All ways to choose which checks are the early ones are tried, where
    they are few enough. None below `DRIFT` checks: with fewer no order is rare enough.
    """
    import numpy as np
    from scipy.stats import permutation_test

    count = len(by_article)
    if count < DRIFT:
        return None
    half = count // 2
    tp, marks = by_article[:, 0], 2 * by_article[:, 0] + by_article[:, 1] + by_article[:, 2]

    def f1(chosen: Any, axis: int = -1) -> Any:
        right, of = tp[chosen].sum(axis=axis), marks[chosen].sum(axis=axis)
        return 2 * right / np.maximum(of, 1)

    places = np.arange(count)
    ways = comb(count, half)
    tested = permutation_test(
        (places[:half], places[half:]),
        lambda early, late, axis: f1(late, axis) - f1(early, axis),
        vectorized=True,
        n_resamples=_WAYS if ways <= _WAYS else _DRAWN,
        rng=np.random.default_rng(0),
    )
    return Drift(
        float(f1(places[:half])),
        float(f1(places[half:])),
        half,
        count - half,
        float(tested.pvalue),
        ways if ways <= _WAYS else _DRAWN,
        ways <= _WAYS,
    )
