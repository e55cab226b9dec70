"""The pages for people: what they point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    """Pages name no file that was moved or removed."""
    targets = [target.partition("#")[0] for target in _LINK.findall(page.read_text(encoding="utf-8"))]
    files = [
        target for target in targets if target and "://" not in target and not target.startswith("mailto:")
    ]
    assert [target for target in files if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "docs/install.md", "docs/assist.md", "docs/models.md"])
def test_who_loads_models_is_told_what_that_means(name: str) -> None:
    """Pages that speak of models from elsewhere lead to what it means to load one."""
    assert "SECURITY.md" in (ROOT / name).read_text(encoding="utf-8")
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for word in ("pickle", "code", "Report a vulnerability", "spacy download"):
        assert word in told
