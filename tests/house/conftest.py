"""What the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house.trees import nodes_of


@pytest.fixture(scope="package", autouse=True)
def trees_are_let_go() -> Iterator[None]:
    """All code as trees is a million objects: later tests would look for garbage among them."""
    yield
    nodes_of.cache_clear()
