"""What is dear to make is made once: tests that share it run in one process."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def dear() -> object:
    """Something that a module makes once."""
    return object()


@pytest.mark.usefixtures("dear")
def test_tests_that_share_what_is_dear_go_to_one_process(request: pytest.FixtureRequest) -> None:
    """pytest-xdist sends tests by the group in their ids; else each process would start its own server."""
    by_group = bool(request.config.getoption("loadgroup", False))
    assert ("@" in request.node.nodeid) == by_group


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.usefixtures("dear")
def test_a_tests_own_parameters_part_it_from_no_other(request: pytest.FixtureRequest, number: int) -> None:
    """What the module makes once is made once for tests with parameters and without."""
    [mark] = request.node.iter_markers("xdist_group")
    assert mark.args == ("tests/house/test_one_process.py dear",)
