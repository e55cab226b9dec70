"""The rules of accessibility that pages are held to: WCAG 2.2 A and AA and good practice, by axe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_COLOURS = "color-contrast"
#: Rows alike beyond which a list or a table shows nothing new.
_ALIKE = 2


def broken_rules(
    page: Page, *, structure: bool = True, colours: bool = True, exclude: str = ""
) -> list[tuple[str, list[str]]]:
    """Each rule that the page breaks, with the first elements that do: of its colours, of all else, or both.

    axe is put into the page as a script: its context needs `bypass_csp`.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-playwright-python")
    only: Any = {"type": "tag", "values": _TAGS} if structure else [_COLOURS]
    rules = {} if colours else {_COLOURS: {"enabled": False}}
    options = {"runOnly": only, "rules": rules, "resultTypes": ["violations"]}
    context = {"exclude": [exclude]} if exclude else None
    found = axe.Axe().run(page, context=context, options=options).response["violations"]
    return [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found]


def shorten(page: Page) -> None:
    """Leave the first of rows that are alike: of thousands, axe looks at the colours of each for seconds.

    Two rows are alike where their elements are of the same kinds, that is tag, class and style.
    """
    page.evaluate(
        """most => {
            const seen = new Map(), rows = document.querySelectorAll(
                ':is(tbody, ul, ol, dl) > :is(tr, li, dt, dd, div)');
            for (const row of rows) {
                const kinds = [row, ...row.querySelectorAll('*')].map(element =>
                    ['class', 'style'].map(name => element.getAttribute(name)).join() + element.localName);
                const key = row.parentElement.localName + [...new Set(kinds)].sort().join();
                seen.set(key, (seen.get(key) || 0) + 1);
                if (seen.get(key) > most) row.remove();
            }
        }""",
        _ALIKE,
    )
