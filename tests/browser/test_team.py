"""The team's page in a real browser: for everyone, on a desk and on a phone, by day and by night."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldwire.annotate.report.page import team_page
from goldwire.annotate.report.team import read_team
from tests.annotate.report.made import make_team
from tests.annotate.report.test_gold_checks import given_checks
from tests.annotate.team.gold import right
from tests.browser.rules import broken_rules

pytest.importorskip("playwright.sync_api", reason="playwright is missing")

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_breaks_no_rule_of_accessibility(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    """axe finds no fault of WCAG 2.2 A and AA, and nothing but tables scrolls sideways."""
    checked = given_checks(tmp_path / "checks", 9, lambda article, n: right(article)[: 4 - n // 5])
    paths = []
    for project in (make_team(tmp_path / "team"), checked):
        paths.append(tmp_path / f"{project.root.name}.html")
        paths[-1].write_text(team_page(read_team(project, watched=True)), encoding="utf-8")
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for width, path in product((1366, 390), paths):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert broken_rules(page) == []
    context.close()
