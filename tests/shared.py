"""Other people's data, which lie beside a checkout of the toolkit's authors and not in the repository.

A test that needs some is marked `@needs_shared("data/popcorn-fr/train.json")`. Where they are missing it
can't run: the run's last lines say how many, and where CI is `true` each fails.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1] / "../shared"
#: How each skip begins, by which they are counted.
MISSING = "not beside this checkout: "


def needs_shared(*paths: str) -> pytest.MarkDecorator:
    """Marks a test that reads these paths of the shared folder."""
    return pytest.mark.shared(*paths)


def require(item: pytest.Item) -> None:
    """Skip a test whose data are missing, or fail it where CI is `true`."""
    wanted = [path for mark in item.iter_markers("shared") for path in mark.args]
    if missing := [path for path in wanted if not (SHARED / path).exists()]:
        reason = f"{MISSING}../shared/{missing[0]}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def told(skipped: list[str]) -> str:
    """One line on the tests that could not run, empty where all could; `skipped` are the reasons of skips."""
    number = sum(MISSING in reason for reason in skipped)
    if not number:
        return ""
    return f"{number} test(s) could not run: the data that they read, ../shared, are not beside this checkout"
