"""Whether a run is good enough to be merged: against the committed baseline, and against a floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import ROUNDING, Baseline, read_baseline, write_baseline
from goldwire.eval.ci.measure import RELATIONS
from goldwire.eval.ci.overlap import Overlap, other_layer, overlap
from goldwire.eval.counts.significance import ALPHA, Tested, compare_labels, power_warning
from goldwire.eval.scoring.ceiling import Beside, Ceiling
from goldwire.number_format import counted, interval, number, p_in_words, percent, signed, with_interval
from goldwire.table import Cell, Column, Figures, Table

#: By so much F1 may fall without the gate closing, where no test can tell a fall from chance.
TOLERANCE = 0.02
#: With fewer documents (or stories) that did not change, a run on changed data is not compared: six is the
#: least with which the paired test can say anything, 2 / 2^6 = .031, and under it F1 moves by more than any
#: tolerance for having learned from other articles.
ENOUGH = 6


@dataclass(frozen=True)
class GateCheck:
    """One condition of the gate, whether it holds, and why."""

    name: str
    passed: bool
    why: str


@dataclass(frozen=True, repr=False)
class Gated(Figures):
    """A run against its baseline, on the documents that both have unchanged.

    `test` has the baseline as first, the run as second; None where too few documents are unchanged. `grave`
    are warnings of what makes the verdict worth less: a baseline that the branch itself brings.
    """

    now: Baseline
    baseline: Baseline
    overlap: Overlap
    checks: tuple[GateCheck, ...]
    test: Tested | None
    tolerance: float
    floor: float | None
    agreement_floor: float | None = None
    ceiling: Ceiling | None = None
    warnings: tuple[str, ...] = ()
    grave: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Gated: {self.state}: {self.why}>"

    @property
    def compared(self) -> bool:
        """Whether the run was held against the baseline."""
        return self.test is not None

    @property
    def passed(self) -> bool | None:
        """Whether every condition holds; None where they do, but nothing was compared."""
        if not all(check.passed for check in self.checks):
            return False
        return True if self.compared else None

    @property
    def state(self) -> str:
        """`passed`, `failed` or `not compared`."""
        return {True: "passed", False: "failed", None: "not compared"}[self.passed]

    @property
    def why(self) -> str:
        """One line: the first condition that fails, else how the run stands."""
        failed = [check.why for check in self.checks if not check.passed]
        if failed:
            return "; ".join(failed)
        return self.checks[-1].why if self.compared else too_few(self.now, self.overlap)

    @property
    def data(self) -> str:
        """What was compared, where the data changed; empty where the corpus is the same."""
        if self.now.corpus["content_hash"] == self.baseline.corpus["content_hash"]:
            return ""
        return (
            f"the data changed: {'compared' if self.compared else 'not compared'} {self.overlap.in_words()}"
        )

    @property
    def beside(self) -> Beside | None:
        """The readers' agreement on this layer or on the relations, where it is known."""
        return _beside(self.now, self.ceiling)

    @property
    def headline(self) -> str:
        """Passed or failed, F1 with its interval, what it rests on, and what the reference is."""
        now = self.now
        figure = f"{now.layer} F1 {with_interval(now.f1, now.ci95)}"
        return f"gate {self.state} · {figure} · {now.scored_on} · reference: {now.reference}"

    @property
    def readers(self) -> str:
        """The readers' agreement beside the model, in a line; empty where it is not known."""
        beside = self.beside
        if beside is None or self.ceiling is None or beside.readers is None:
            return ""
        share = f"; the model reaches {percent(beside.share)} of it" if beside.share is not None else ""
        return f"{self.ceiling.title}: F1 {number(beside.readers)} ({interval(beside.ci95)}){share}"

    def tables(self) -> list[Table]:
        """`gate`: baseline F1, F1 now, change, its 95 % interval, p (for labels Holm's), support; of what was
        compared."""
        now = self.now
        title = f"{now.layer}, {now.kind}: the baseline and now; reference: {now.reference}"
        return [Table("gate", title, COLUMNS, self._rows(), lesser=("support", "baseline F1"))]

    def _rows(self) -> list[tuple[Cell, ...]]:
        if self.test is None:
            return []
        shared = self.now.only(self.overlap.same)
        micro = self.test.micro
        differences = [("micro", micro, micro.p, shared.total.support)]
        differences += [
            (label, difference, difference.p_holm, shared.of(label).support)
            for label, difference in self.test.labels.items()
        ]
        return [
            (
                name,
                difference.first.f1,
                difference.second.f1,
                difference.value,
                difference.ci95,
                p,
                support,
            )
            for name, difference, p, support in differences
        ]

    def as_json(self) -> dict[str, Any]:
        """The verdict, its conditions, the test, and what was compared."""
        figures: dict[str, Any] = {
            "passed": self.passed,
            "compared": self.compared,
            "why": self.why,
            "reference": self.now.reference,
            "layer": self.now.layer,
            "kind": self.now.kind,
            "f1": self.now.f1,
            "ci95": list(self.now.ci95) if self.now.ci95 else None,
            "baseline": {
                "f1": self.baseline.f1,
                "ci95": self.baseline.ci95,
                "config": self.baseline.config,
                "corpus": self.baseline.corpus,
            },
            "floor": self.floor,
            "agreement_floor": self.agreement_floor,
            "tolerance": self.tolerance,
            "checks": [
                {"name": check.name, "passed": check.passed, "why": check.why} for check in self.checks
            ],
            "test": self.test.as_json() if self.test else None,
            "corpus": self.now.corpus,
            "schema": list(self.now.schema),
            "documents": len(self.now.documents),
            "scored_on": self.now.scored_on,
            "test_set": dict(self.now.test) or None,
            "data": self.overlap.as_json(),
            "warnings": [*self.grave, *self.warnings],
        }
        return figures | ({"agreement": self.ceiling.as_json()} if self.ceiling else {})


COLUMNS = (
    Column("label"),
    Column("baseline F1", "number"),
    Column("F1", "number"),
    Column("change", "signed"),
    Column("95 % of it", "signed_interval"),
    Column("p", "p"),
    Column("support", "amount"),
)


class Gates(list[Gated], Figures):
    """Several gates, each with its verdict; F1 of all of them is the first one's."""

    def __repr__(self) -> str:
        return f"<Gates: {', '.join(f'{gated.now.layer} {gated.state}' for gated in self)}>"

    @property
    def passed(self) -> bool | None:
        """Whether all hold: not where one failed; None where none was compared."""
        verdicts = {gated.passed for gated in self}
        return False if False in verdicts else True if True in verdicts else None

    def tables(self) -> list[Table]:
        """That of each gate, named by what it is of."""
        return [replace(gated.table(), name=gated.now.layer) for gated in self]

    def as_json(self) -> dict[str, Any]:
        """All verdicts, and all figures."""
        return {"passed": self.passed, "f1": self[0].now.f1, "gates": [gated.as_json() for gated in self]}


def gate(
    now: Baseline,
    baseline: Baseline,
    *,
    floor: float | None = None,
    agreement_floor: float | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = 10_000,
    ceiling: Ceiling | None = None,
    grave: Sequence[str] = (),
) -> Gated:
    """Hold a run against a baseline, on the documents whose text and reference are the same in both.

    It fails under the `floor`, where the readers agree less than `agreement_floor`, where the paired
    randomisation says that it is worse (two-sided, α .05), and where F1 falls by more than `tolerance`. Where
    the data changed and fewer than `ENOUGH` documents did not, only the floors are held. `grave` is kept, to
    be said first. Raises GW533, GW534 and GW551 for what can't be compared, see `overlap`.
    """
    shared = overlap(now, baseline)
    checks = [_floor(now, floor)] if floor is not None else []
    if agreement_floor is not None and (now.kind == "exact" or _of_relations(now)):
        checks.append(_agreed(now, _beside(now, ceiling), agreement_floor))
    unchanged = set(shared.same)
    same = [name for name in baseline.documents if name in unchanged]
    mine, theirs = now.only(same), baseline.only(same)
    units = len(set(mine.groups)) if mine.groups else len(shared.same)
    test = None
    warnings: list[str] = []
    if shared.whole or units >= ENOUGH:
        groups = theirs.groups
        test = compare_labels(
            theirs.label_counts, mine.label_counts, rounds=rounds, seed=now.seed, groups=groups
        )
        checks += _comparisons(now, test, tolerance, partial=not shared.whole)
        warnings.append(power_warning(test.units, rounds, grouped=groups is not None))
    for name, in_baseline, in_run in (
        ("schema", ", ".join(baseline.schema), ", ".join(now.schema)),
        ("reference", baseline.reference, now.reference),
        ("seed", str(baseline.seed), str(now.seed)),
        ("test set", _test_set(baseline), _test_set(now)),
    ):
        if in_baseline != in_run:
            warnings.append(f"another {name}: {in_baseline} in the baseline, {in_run} now")
    same_content = now.corpus["content_hash"] == baseline.corpus["content_hash"]
    if same_content and now.corpus["version"] != baseline.corpus["version"]:
        versions = f"{baseline.corpus['version']} and {now.corpus['version']}"
        warnings.append(f"the corpus is the same under two versions, {versions}")
    return Gated(
        now=now,
        baseline=baseline,
        overlap=shared,
        checks=tuple(checks),
        test=test,
        tolerance=tolerance,
        floor=floor,
        agreement_floor=agreement_floor,
        ceiling=ceiling,
        warnings=tuple(filter(None, warnings)),
        grave=tuple(filter(None, grave)),
    )


def too_few(now: Baseline, shared: Overlap) -> str:
    """Why nothing was compared, and what to do."""
    name = "stories" if now.groups else "documents"
    return (
        f"{now.layer} F1 {number(now.f1)}; too few {name} are unchanged since the baseline "
        f"({counted(len(shared.same), 'document')}), {ENOUGH} are needed: look at the new figures, then "
        "write the baseline anew with goldwire eval gate --update"
    )


def update_baseline(path: Path, now: Baseline) -> str:
    """Write the baseline anew; in a sentence what that changes. Raises GW534 where it is of another layer."""
    change = _change(path, now) if path.exists() else "there was none before"
    write_baseline(path, now)
    of = f"{now.corpus_in_words}, {now.scored_on}"
    return f"baseline: {path}, {of}; {change}. Look at the change, then commit it."


def _change(path: Path, now: Baseline) -> str:
    """How a run stands to the baseline that it replaces, or why it can't be compared."""
    try:
        before = read_baseline(path)
    except GoldwireError as error:
        return error.faults[0].message
    if before.layer != now.layer:
        raise other_layer(now, before)
    try:
        return gate(now, before).why
    except GoldwireError as error:
        return error.faults[0].message


def _test_set(run: Baseline) -> str:
    """What a run was scored on, whatever the number of documents."""
    if not run.test:
        return "articles left out in turn"
    return f"the side {run.test['side']}" if "side" in run.test else run.test["file"]


def _floor(now: Baseline, floor: float) -> GateCheck:
    under = now.f1 is None or now.f1 < floor - ROUNDING
    relation = "under" if under else "not under"
    why = f"{now.layer} F1 {number(now.f1)} is {relation} the floor of {number(floor)}"
    return GateCheck("floor", not under, why)


def _agreed(now: Baseline, beside: Beside | None, floor: float) -> GateCheck:
    """Whether the readers agree enough; where that is not known the floor is not held."""
    if beside is None or beside.readers is None:
        why = f"how far the readers agree on {now.layer} is not known: the floor is {number(floor)}"
        return GateCheck("agreement", False, why)
    under = beside.readers < floor - ROUNDING
    relation = "under" if under else "not under"
    agreed = f"the readers' F1 on {now.layer}, {number(beside.readers)}"
    return GateCheck("agreement", not under, f"{agreed}, is {relation} the floor of {number(floor)}")


def _beside(now: Baseline, ceiling: Ceiling | None) -> Beside | None:
    if ceiling is None:
        return None
    return ceiling.relations if _of_relations(now) else ceiling.layers.get(now.layer)


def _of_relations(now: Baseline) -> bool:
    return now.layer == RELATIONS and now.kind == "strict"


def _comparisons(now: Baseline, test: Tested, tolerance: float, *, partial: bool) -> list[GateCheck]:
    """The paired test and the tolerance; `partial` where not all documents are compared."""
    before, after = test.micro.first.f1, test.micro.second.f1
    gap = (after or 0.0) - (before or 0.0)
    figure = f"{now.layer} F1 {number(after)}" + (" on the unchanged documents" if partial else "")
    p = test.micro.p
    worse = gap < -ROUNDING and p is not None and p < ALPHA
    against = f"{signed(gap)} against the baseline's {number(before)}"
    units = "stories" if now.groups else "documents"
    tested = f"{p_in_words(p)} over {test.units} {units}" if p is not None else "-"
    proven = GateCheck("paired test", not worse, f"{figure}, {against}: {_in_words(gap, worse, p)}, {tested}")
    fell = gap < -tolerance - ROUNDING
    limit = f"the tolerance of {number(tolerance)}"
    if fell:
        why = f"{figure} fell by {number(-gap)}, more than {limit}"
    elif abs(gap) <= ROUNDING:
        why = f"{figure}, the same as the baseline's"
    else:
        why = f"{figure}, {against}: " + (
            f"within {limit}, {tested}" if gap < 0 else f"no fall, {_in_words(gap, False, p)}, {tested}"
        )
    return [proven, GateCheck("tolerance", not fell, why)]


def _in_words(gap: float, worse: bool, p: float | None) -> str:
    if worse:
        return "worse beyond chance"
    if gap > ROUNDING:
        return "better beyond chance" if p is not None and p < ALPHA else "perhaps chance"
    return "not worse beyond chance"
