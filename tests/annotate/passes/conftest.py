"""What the live tests of passes share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from goldwire.annotate.labelstudio.server import Server
from tests.annotate.passes.kitchen import Kitchen


@pytest.fixture
def kitchen(named_server: Server, tmp_path: Path) -> Iterator[Kitchen]:
    """A project of two passes."""
    made = Kitchen(tmp_path / "k", named_server)
    yield made
    made.client.close()
