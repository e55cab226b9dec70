"""One real Label Studio for all tests that need it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from goldwire.errors import GoldwireError, install_hint
from goldwire.project import load_project
from tests.reaper import reaping

if TYPE_CHECKING:
    from goldwire.annotate.server import Server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of the one server go to one worker, so that there is one."""
    for item in items:
        if "studio" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("studio"))


@pytest.fixture(scope="session", autouse=True)
def no_server_outlives_its_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers that a test left, or all of a session that was killed, are ended."""
    with reaping(tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Label Studio, from the user's migrated folder; where CI is `true` a missing one fails."""
    from goldwire.annotate import server

    root = tmp_path_factory.mktemp("studio")
    (root / "goldwire.toml").write_text('[project]\nname = "tests"\nlanguage = "fr"\nschema = "none.yaml"\n')
    try:
        with server.serving(load_project(root)) as running:
            yield running
    except GoldwireError as error:
        if error.faults[0].code != "GW301" or os.environ.get("CI") == "true":
            raise
        pytest.skip(f"Label Studio is not installed: {install_hint('studio')}")
