"""Damaged exports are refused in plain words, or taken in with nothing lost in silence."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fuzz import mutated, problem, sound
from tests.annotate.helpers import make_schema


def test_damaged_exports_lose_nothing_in_silence(tmp_path: Path) -> None:
    """Of 500 exports with bits, types, keys or nesting changed none ends in a traceback or a loss."""
    schema = make_schema()
    outcomes: dict[str, int] = {}
    wrong: list[str] = []
    for seed in range(500):
        outcome, fault = problem(mutated(seed), tmp_path / "export.json", schema)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if fault:
            wrong.append(f"seed {seed}: {fault}")
    assert not wrong
    # Damage that is always refused, or never, would test one half only.
    assert min(outcomes["refused"], outcomes["taken in"]) > 50


def test_the_export_that_is_damaged_is_sound(tmp_path: Path) -> None:
    """Undamaged, the export is taken in, and a seed always damages it in the same way."""
    import json

    data = json.dumps(sound()).encode()
    assert problem(data, tmp_path / "export.json", make_schema()) == ("taken in", "")
    assert mutated(7) == mutated(7) != data
