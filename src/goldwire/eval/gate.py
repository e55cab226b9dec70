"""Whether a run is good enough to be merged: against the committed baseline, and against a floor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldwire.errors import GoldwireError
from goldwire.eval.ceiling import Beside, Ceiling
from goldwire.eval.significance import ALPHA, Tested, compare_counts, power_warning
from goldwire.eval.standing import ROUNDING, Standing, read_standing, wide, write_standing
from goldwire.figures import amount, number, p_in_words, p_value, signed, signed_interval

#: By so much F1 may fall without the gate closing, where no test can tell a fall from chance.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Check:
    """One condition of the gate, whether it holds, and why."""

    name: str
    passed: bool
    why: str


@dataclass(frozen=True)
class Gated:
    """A run against its baseline. `test` has the baseline as first, the run as second."""

    now: Standing
    baseline: Standing
    checks: tuple[Check, ...]
    test: Tested
    tolerance: float
    floor: float | None
    ceiling: Ceiling | None = None
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every condition holds."""
        return all(check.passed for check in self.checks)

    @property
    def why(self) -> str:
        """One line: the first condition that fails, else how the run stands."""
        failed = [check.why for check in self.checks if not check.passed]
        return "; ".join(failed) if failed else self.checks[-1].why

    @property
    def beside(self) -> Beside | None:
        """The readers' agreement on this layer, where it is known."""
        return self.ceiling.layers.get(self.now.layer) if self.ceiling else None

    def rows(self) -> list[tuple[str, ...]]:
        """What, baseline F1, F1 now, change, its 95 % interval, p (for labels Holm's), support."""
        micro = self.test.micro
        found = [("micro", micro, micro.p, self.now.total.support)]
        found += [
            (label, one, one.p_holm, self.now.of(label).support) for label, one in self.test.labels.items()
        ]
        return [
            (
                name,
                number(one.first.f1),
                number(one.second.f1),
                signed(one.value),
                signed_interval(one.ci95),
                p_value(p),
                amount(support),
            )
            for name, one, p, support in found
        ]

    def as_json(self) -> dict[str, Any]:
        """The verdict, its conditions, the test, and what was compared."""
        figures: dict[str, Any] = {
            "passed": self.passed,
            "why": self.why,
            "reference": self.now.reference,
            "layer": self.now.layer,
            "f1": self.now.f1,
            "ci95": list(self.now.ci95) if self.now.ci95 else None,
            "baseline": {"f1": self.baseline.f1, "ci95": self.baseline.ci95, "config": self.baseline.config},
            "floor": self.floor,
            "tolerance": self.tolerance,
            "checks": [{"name": one.name, "passed": one.passed, "why": one.why} for one in self.checks],
            "test": self.test.as_json(),
            "corpus": self.now.corpus,
            "schema": list(self.now.schema),
            "documents": len(self.now.documents),
            "warnings": list(self.warnings),
        }
        return figures | ({"agreement": self.ceiling.as_json()} if self.ceiling else {})


COLUMNS = ("label", "baseline F1", "F1", "change", "95 % of it", "p", "support")


def gate(
    now: Standing,
    baseline: Standing,
    *,
    floor: float | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = 10_000,
    ceiling: Ceiling | None = None,
) -> Gated:
    """Hold a run against the baseline of the same corpus.

    It fails under the `floor`, where the paired randomisation says that it is worse (two-sided, α .05), and
    where F1 falls by more than `tolerance`. Raises GW533 for another corpus, GW534 for another layer or other
    documents: such figures are not compared.
    """
    _comparable(now, baseline)
    labels, before, after = wide(baseline, now)
    groups = baseline.groups
    test = compare_counts(before, after, labels, rounds=rounds, seed=now.seed, groups=groups)
    gap = (now.f1 or 0.0) - (baseline.f1 or 0.0)
    said = f"{now.layer} F1 {number(now.f1)}"
    checks = []
    if floor is not None:
        under = now.f1 is None or now.f1 < floor - ROUNDING
        relation = "under" if under else "not under"
        checks.append(Check("floor", not under, f"{said} is {relation} the floor of {number(floor)}"))
    p = test.micro.p
    worse = gap < -ROUNDING and p is not None and p < ALPHA
    against = f"{signed(gap)} against the baseline's {number(baseline.f1)}"
    tested = (
        f"{p_in_words(p)} over {test.units} {'stories' if groups else 'documents'}" if p is not None else "-"
    )
    checks.append(Check("paired test", not worse, f"{said}, {against}: {_verdict(gap, worse, p)}, {tested}"))
    fell = gap < -tolerance - ROUNDING
    limit = f"the tolerance of {number(tolerance)}"
    if fell:
        why = f"{said} fell by {number(-gap)}, more than {limit}"
    elif abs(gap) <= ROUNDING:
        why = f"{said}, the same as the baseline's"
    else:
        why = f"{said}, {against}: " + (
            f"within {limit}, {tested}" if gap < 0 else f"no fall, {_verdict(gap, False, p)}, {tested}"
        )
    checks.append(Check("tolerance", not fell, why))
    warnings = [power_warning(test.units, rounds, grouped=groups is not None)]
    if now.corpus["version"] != baseline.corpus["version"]:
        versions = f"{baseline.corpus['version']} and {now.corpus['version']}"
        warnings.append(f"the corpus is the same under two versions, {versions}")
    if now.seed != baseline.seed:
        warnings.append(f"other seeds: {baseline.seed} in the baseline, {now.seed} now")
    found = tuple(filter(None, warnings))
    return Gated(now, baseline, tuple(checks), test, tolerance, floor, ceiling, found)


def update_baseline(path: Path, now: Standing) -> str:
    """Write the baseline anew; in a sentence what that changes."""
    try:
        change = gate(now, read_standing(path)).checks[-1].why if path.exists() else "there was none before"
    except GoldwireError as error:
        change = error.faults[0].message
    write_standing(path, now)
    return f"baseline: {path}, {now.corpus_in_words}; {change}. Look at the change, then commit it."


def _verdict(gap: float, worse: bool, p: float | None) -> str:
    if worse:
        return "worse beyond chance"
    if gap > ROUNDING:
        return "better beyond chance" if p is not None and p < ALPHA else "perhaps chance"
    return "not worse beyond chance"


def _comparable(now: Standing, baseline: Standing) -> None:
    """Refuse to compare what is not of the same corpus, layer and documents."""
    hint = "look at the new figures, then: goldwire eval gate --update, and commit the baseline"
    if now.corpus["content_hash"] != baseline.corpus["content_hash"]:
        message = (
            f"the baseline is of another corpus, {baseline.corpus_in_words}; this run is of "
            f"{now.corpus_in_words}: their scores are not compared"
        )
        raise GoldwireError.of("GW533", message, hint=hint)
    if now.layer != baseline.layer:
        message = f"the baseline is of layer `{baseline.layer}`, this run of `{now.layer}`"
        raise GoldwireError.of("GW534", message, hint=hint)
    if set(now.documents) != set(baseline.documents):
        odd = sorted(set(now.documents) ^ set(baseline.documents))
        message = f"{len(odd)} document(s) are scored in one of the two only: {', '.join(odd[:5])}"
        raise GoldwireError.of("GW534", message, hint=hint)
