"""Runs of a project held against their baselines: each run read once, for all its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from goldwire.annotations.store import read_once
from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.eval.ci.baseline import read_baseline
from goldwire.eval.ci.gate import TOLERANCE, Gates, gate, update_baseline
from goldwire.eval.ci.gate_trust import GatedPart, baseline_path, branch_note, check_current
from goldwire.eval.ci.measure import Measured, measure
from goldwire.eval.project_scores import in_project
from goldwire.eval.scoring.ceiling import Ceiling
from goldwire.project import Project


def hold(
    project: Project,
    parts: Sequence[GatedPart],
    *,
    floor: float | None = None,
    floors: Mapping[str, float] | None = None,
    agreement_floor: float | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = 10_000,
    agreement: str | Path | None = None,
    trained_on: bool = False,
    base: str | None = None,
    update: bool = False,
    notify: Callable[[str], None] = lambda _message: None,
) -> Gates:
    """Hold each part against its baseline, as `goldwire.gate` says; in the order given.

    Raises GW752 for a floor of what is not among the parts, before anything is written, and what `gate`
    raises.
    """
    runs: dict[GatedPart, Measured] = {}
    for scores in dict.fromkeys(part.scores for part in parts):
        mine = [part for part in parts if part.scores == scores]
        measured = measure(scores, [part.name for part in mine], trained_on=trained_on)
        runs |= zip(mine, measured, strict=True)
    _check_floors(floors or {}, [run.as_baseline.layer for run in runs.values()])
    figures = None if agreement is None else Path(agreement)
    read = read_once(project)  # for all runs and parts
    ceilings: dict[int, Ceiling | None] = {}  # by the scores that they are of
    gates = Gates()
    for part in parts:
        run = runs[part]
        file = part.baseline or baseline_path(project, part.scores, run.name, part.name)
        before = None if update else read_baseline(file)
        try:
            if id(run.scores) not in ceilings:
                check_current(run, project, read)
            if before is None:
                notify(update_baseline(file, run.as_baseline))
                before = read_baseline(file)
            if id(run.scores) not in ceilings:
                beside = in_project(run.scores, run.paired, project, figures, read)
                ceilings[id(run.scores)] = beside.agreement
            gates.append(
                gate(
                    run.as_baseline,
                    before,
                    floor=(floors or {}).get(run.as_baseline.layer, floor),
                    agreement_floor=agreement_floor,
                    tolerance=tolerance,
                    rounds=rounds,
                    ceiling=ceilings[id(run.scores)],
                    grave=[run.note, "" if update else branch_note(file, run.as_baseline, base)],
                )
            )
        except GoldwireError:
            if run.note:
                notify(f"note: {run.note}")
            raise
    return gates


def _check_floors(floors: Mapping[str, float], gated: Sequence[str]) -> None:
    """Refuse a floor that nothing would be held against: it would be passed whatever the figures are."""
    raise_faults(
        Fault("GW752", f"no part `{name}` is gated here: its floor would hold nothing", "", one_of(gated))
        for name in floors
        if name not in gated
    )
