"""The report in a real browser: self-contained, readable on a phone, usable by keyboard, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from goldwire.eval.report.page import Extra, write_report
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Article, Document, Span

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


#: A note as a run leaves it: several lines long.
LONG = "The interval rests on 5 documents that one and the same model drafted, " * 4


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on three short recipes with a mistake of each kind, one text hostile to HTML."""
    texts = [
        "Couper la tomate 🍅 au couteau.",
        "Cuire <script>alert(1)</script> l’oignon & l’ail.",
        "مرحبا pain",
    ]
    words = [("tomate", "FOOD"), ("couteau", "TOOL"), ("oignon", "FOOD"), ("ail", "FOOD"), ("pain", "FOOD")]
    gold, pred = [], []
    for number, text in enumerate(texts):
        found = [(word, label, text.find(word)) for word, label in words if word in text]
        spans = tuple(Span(w, "thing", label, at, at + len(w)) for w, label, at in found)
        wrong = tuple(
            msgspec.structs.replace(s, label="TOOL") if s.id == "ail" else s
            for s in spans
            if s.id != "couteau"
        )
        document = Document(f"d{number}", text)
        gold.append(Article(document, (Annotation(document.id, "gold", "mini@0.1", spans=spans),)))
        pred.append(Article(document, (Annotation(document.id, "model", "mini@0.1", spans=wrong),)))
    pairs = [(g.annotations[0], p.annotations[0]) for g, p in zip(gold, pred, strict=True)]
    path = tmp_path_factory.mktemp("report") / "report.html"
    notes: Extra = {"title": "Notes", "columns": [""], "rows": [[LONG], [LONG.replace(" ", "_")]]}
    beside: Extra = {"title": "Beside", "columns": ["", "what"], "rows": [["a", LONG], [LONG, 0.5]]}
    write_report(path, gold=gold, pred=pred, scores=score(pairs), title="Essai", extra=[notes, beside])
    return path


def test_the_page_asks_the_network_for_nothing(page: Page, report: Path) -> None:
    """The file alone is the report: no request leaves it, no script of the text runs."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    assert asked == [report.as_uri()]
    assert "<script>alert(1)</script>" in (page.text_content("body") or "")


def test_the_page_fits_a_phone(browser: Browser, report: Path) -> None:
    """On 390 pixels nothing but wide tables scrolls sideways."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_headings_of_rows_and_captions_wrap_in_the_page_s_own_letters(page: Page, report: Path) -> None:
    """However long a label or a caption is, it breaks, and only code words stand in letters of one width."""
    page.goto(report.as_uri())
    shown = "all => all.map(each => [getComputedStyle(each).whiteSpace, getComputedStyle(each).fontFamily])"
    own = page.evaluate("getComputedStyle(document.body).fontFamily")
    found = page.locator("caption, tbody th, tfoot th, td.wide").evaluate_all(shown)
    assert found and all(each == ["normal", own] for each in found)


@pytest.mark.parametrize("width", [390, 1300])
def test_long_notes_are_read_without_scrolling(browser: Browser, report: Path, width: int) -> None:
    """A note wraps within the page, on a phone and on a desk; so does a long cell of a table."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(report.as_uri())
    rights: list[float] = page.locator("#extra-1 + ul li").evaluate_all(
        "all => all.map(one => { const r = document.createRange(); r.selectNodeContents(one);"
        " return r.getBoundingClientRect().right; })"
    )
    assert len(rights) == 2 and max(rights) < width
    cells = page.locator("section", has=page.locator("#extra-2")).locator(".wide")
    assert [cells.nth(n).bounding_box()["width"] < width for n in range(cells.count())] == [True, True]  # type: ignore[index]
    context.close()


def test_the_page_follows_the_readers_theme(browser: Browser, report: Path) -> None:
    """Dark readers get light text on dark ground, with a contrast of at least 7."""

    def luminance(color: str) -> float:
        channels = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    grounds: dict[str, float] = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(report.as_uri())
        style: Any = page.evaluate("(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))")
        text, ground = (luminance(color) for color in style)
        grounds[scheme] = ground
        assert (max(text, ground) + 0.05) / (min(text, ground) + 0.05) >= 7
        context.close()
    assert grounds["dark"] < grounds["light"]


def test_errors_open_by_keyboard(page: Page, report: Path) -> None:
    """Every fold of the page is reached with Tab and opened with Enter."""
    page.goto(report.as_uri())
    folds = page.locator("details:not([open]) > summary")
    assert folds.count() > 0
    folds.first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() > 0
