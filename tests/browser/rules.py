"""The rules of accessibility that pages are held to: WCAG 2.2 A and AA and good practice, by axe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Rows alike beyond which a list or a table shows nothing new.
_ALIKE = 2


def broken_rules(page: Page, *, colours_only: bool = False, exclude: str = "") -> list[tuple[str, list[str]]]:
    """Each rule that the page breaks, with the first elements that do.

    axe is put into the page as a script: its context needs `bypass_csp`.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-playwright-python")
    only: Any = ["color-contrast"] if colours_only else {"type": "tag", "values": _TAGS}
    options = {"runOnly": only, "resultTypes": ["violations"]}
    context = {"exclude": [exclude]} if exclude else None
    found = axe.Axe().run(page, context=context, options=options).response["violations"]
    return [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found]


def shorten(page: Page) -> None:
    """Leave the first of rows that are alike: of thousands, axe looks at the colours of each for seconds."""
    page.evaluate(
        "document.querySelectorAll('tbody,ul,ol,dl').forEach(list =>"
        f" [...list.children].slice({_ALIKE}).forEach(row => row.remove()))"
    )
