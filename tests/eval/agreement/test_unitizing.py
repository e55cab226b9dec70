"""Unitizing alpha."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.eval.agreement.gamma import Continuum
from goldwire.eval.agreement.unitizing import Unitizing, unitized, unitizing_columns
from goldwire.eval.agreement.unitizing_2004 import Lines, alpha_2004
from goldwire.eval.counts.bootstrap import Sampling
from tests.examples import at_most

Reader = tuple[tuple[int, int, int], ...]


def unitizing(continua: list[Continuum], labels: int) -> Unitizing:
    """The three coefficients of some documents."""
    return unitized(unitizing_columns(continua, labels), Sampling())


LENGTH = 14


@st.composite
def reader(draw: st.DrawFn) -> Reader:
    """Flat units of two labels in a text of 14 code points."""
    edges = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=8)))
    units = [(a, b, draw(st.integers(0, 1))) for a, b in pairwise(edges)]
    return tuple(unit for unit in units if draw(st.booleans()))


@st.composite
def continuum(draw: st.DrawFn) -> Continuum:
    """A text with one to four readers."""
    return Continuum(tuple(draw(st.lists(reader(), min_size=1, max_size=4))), LENGTH)


def spelled_out(continua: list[Continuum]) -> list[float | None]:
    """uα, |uα and cuα by the formulas as they stand, code point by code point and unit by unit."""
    found: list[float | None] = []
    for binary, units_only in ((False, False), (True, False), (False, True)):
        observed: dict[tuple[int, int], float] = {}
        selves: dict[int, float] = {}
        for one in (c for c in continua if len(c.readers) > 1):
            m = len(one.readers)
            lines = []
            for units in one.readers:
                line = [-1] * one.length
                for start, end, label in units:
                    line[start:end] = [0 if binary else label] * (end - start)
                lines.append(line)
            for i, j in permutations(range(m), 2):
                for c, k in zip(lines[i], lines[j], strict=True):
                    if not units_only or min(c, k) >= 0:
                        observed[c, k] = observed.get((c, k), 0) + 1 / (m - 1)
            for i, units in enumerate(one.readers):
                if not units_only:
                    selves[-1] = selves.get(-1, 0) + lines[i].count(-1)
                for start, end, label in units:
                    if units_only:
                        # What of the unit the others have units at, each of them counting one in m - 1.
                        others = [line for j, line in enumerate(lines) if j != i]
                        met = sum(line[p] >= 0 for line in others for p in range(start, end)) / (m - 1)
                    else:
                        met = end - start
                    code = 0 if binary else label
                    selves[code] = selves.get(code, 0) + met**2
        total = sum(observed.values())
        codes = {code for pair in observed for code in pair}
        margin = {c: sum(v for (a, _), v in observed.items() if a == c) for c in codes}
        differ = sum(v for (c, k), v in observed.items() if c != k)
        chance = sum(margin[c] * margin[k] for c in codes for k in codes if c != k)
        if not chance:
            found.append(None)
            continue
        found.append(1 - differ / (chance / (total - sum(selves.values()) / total)))
    return found


@settings(max_examples=at_most(150))
@given(st.lists(continuum(), min_size=1, max_size=3))
def test_it_is_what_the_formulas_say(continua: list[Continuum]) -> None:
    """The fast way through sums agrees with the formulas spelled out, however many readers a text has.

    The worked examples of Krippendorff et al. 2016 are not at hand; this is the other reading of them.
    """
    for share, wanted in zip(unitizing(continua, 2), spelled_out(continua), strict=True):
        assert share.value == (wanted if wanted is None else pytest.approx(wanted, abs=1e-9))
        if share.value is None:
            assert share.why


def test_a_worked_example() -> None:
    """Three readers of 56 code points, one label: .56 in krippendorff-unitized-alpha's own test."""
    first, second, third = ((3, 15, 0), (22, 53, 0)), ((3, 10, 0), (22, 53, 0)), ((22, 46, 0),)
    found = unitizing([Continuum((first, second, third), 56)], 1)
    assert found.u_alpha.value == pytest.approx(0.56, abs=0.01)
    # One label alone: units are all there is to agree on.
    assert found.binary.value == found.u_alpha.value
    assert found.cu_alpha.value is None and found.cu_alpha.why


@settings(max_examples=at_most(60))
@given(st.lists(continuum(), min_size=1, max_size=3))
def test_order_does_not_matter(continua: list[Continuum]) -> None:
    """Readers, units and documents in any order give the same."""
    turned = [Continuum(tuple(units[::-1] for units in c.readers[::-1]), c.length) for c in continua[::-1]]
    for one, other in zip(unitizing(continua, 2), unitizing(turned, 2), strict=True):
        assert other.value == (one.value if one.value is None else pytest.approx(one.value))
    here, there = alpha_2004(continua, 2).value, alpha_2004(turned, 2).value
    assert there == (here if here is None else pytest.approx(here))


@settings(max_examples=at_most(60))
@given(reader(), st.integers(2, 4))
def test_identical_readings_are_one(units: Reader, readers: int) -> None:
    """1 wherever it is defined; a text that nobody marked has no figure but a reason."""
    found: Unitizing = unitizing([Continuum((units,) * readers, LENGTH)], 2)
    assert all(share.value in (None, pytest.approx(1)) for share in found)
    if not units:
        assert found.u_alpha.value is None and "no disagreement is possible" in found.u_alpha.why
    assert alpha_2004([Continuum((units,) * readers, LENGTH)], 2).value == (1 if units else None)


def test_labels_and_units_are_told_apart() -> None:
    """Other labels on the same units leave |uα at 1; other units with the same labels leave cuα at 1."""
    one: Reader = ((0, 3, 0), (5, 8, 1), (10, 12, 0))
    relabelled = tuple((start, end, 1 - label) for start, end, label in one)
    found = unitizing([Continuum((one, relabelled), LENGTH)], 2)
    assert found.binary.value == 1
    assert found.cu_alpha.value is not None and found.cu_alpha.value < 0
    moved = tuple((start + 1, end, label) for start, end, label in one)
    found = unitizing([Continuum((one, moved), LENGTH)], 2)
    assert found.binary.value is not None and found.binary.value < 1
    assert found.cu_alpha.value == 1


def test_krippendorff_2004() -> None:
    """The worked example of Krippendorff 2004, figure 2 (as DKPro Statistics and text-alpha test it):
    D_o .0144 and D_e .0532 for the first label, 0 and .0490 for the second, α .729, 1 and .859."""
    first: Reader = ((75, 145, 0), (220, 250, 0), (30, 90, 1), (150, 200, 1))
    second: Reader = ((70, 150, 0), (205, 225, 0), (250, 270, 0), (30, 90, 1), (150, 200, 1))
    continua = [Continuum((first, second), 300)]
    lines = Lines(continua, 2, 2)
    observed, expected = lines.disagreement(0)
    assert observed == pytest.approx(0.0144, abs=1e-4)
    assert expected == pytest.approx(0.0532, abs=1e-4)
    alpha = 1 - observed / expected
    assert alpha == pytest.approx(0.729, abs=5e-4)
    observed, expected = lines.disagreement(1)
    assert observed == 0
    assert expected == pytest.approx(0.0490, abs=1e-4)
    assert alpha_2004(continua, 2).value == pytest.approx(0.859, abs=5e-4)
