"""Damaged exports are refused in plain words, or taken in with nothing lost in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.fuzz import PROJECTS, FuzzProject, mutated, problem, project_of, sound


@pytest.mark.slow
@pytest.mark.parametrize("with_config", [True, False], ids=["config", "as found"])
def test_damaged_exports_lose_nothing_in_silence(tmp_path: Path, with_config: bool) -> None:
    """Of 600 exports of twelve projects, with bits, types, keys or nesting changed, none ends in a traceback
    or a loss: each span is in the output, in the quarantine file or an older annotation's."""
    outcomes = {"refused": 0, "taken in": 0}
    wrong: list[str] = []
    for seed in range(600) if with_config else range(600, 840):
        project = project_of(seed)
        outcome, fault = problem(mutated(seed, project), tmp_path, project, with_config=with_config)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if fault:
            wrong.append(f"seed {seed}, {project.name}: {fault}")
    assert not wrong
    # Damage that is always refused, or never, would test one half only.
    assert min(outcomes.values()) > 20 and outcomes.keys() == {"refused", "taken in"}


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_the_exports_that_are_damaged_are_sound(tmp_path: Path, project: FuzzProject) -> None:
    """Undamaged, each export is taken in, with its config and without."""
    data = json.dumps(sound(project)).encode()
    assert problem(data, tmp_path, project) == ("taken in", "")
    assert problem(data, tmp_path, project, with_config=False) == ("taken in", "")


def test_a_seed_damages_always_in_the_same_way() -> None:
    """What one run found, the next finds again."""
    data = json.dumps(sound()).encode()
    assert mutated(7) == mutated(7) != data
