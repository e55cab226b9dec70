"""Every page that goldwire writes, of a corpus in which every text is hostile, opened in a real Chromium."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.faults.fault_counts import FaultCounts, call
from goldwire.annotations.store import write_annotation
from goldwire.model import Annotation, Relation, Span
from tests.browser.chromium import launch
from tests.corpus.mini import mini_project

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

#: Each runs something, or asks another machine for something, where it is taken for markup.
HOSTILE = (
    "<script>window.struck = 1</script>",
    "<img src=x onerror='window.struck = 1'>",
    "\"><svg onload=window.struck=1>",
    "'><iframe srcdoc=\"<script>parent.struck=1</script>\">",
    "</script><script>window.struck = 1</script>",
    "<!--<script>window.struck = 1//-->",
    "javascript:window.struck=1",
    "{{ 7 * 7 }} ${window.struck=1} [x](javascript:window.struck=1)",
    "<link rel=stylesheet href=http://192.0.2.1/x.css><img src=http://192.0.2.1/x.png>",
    "\u202e<base href=http://192.0.2.1/>\u0007\u001b]0;x\u0007",
    "https://192.0.2.1/%22onmouseover=window.struck=1//",
    "]]></style><style>@import 'http://192.0.2.1/x.css'</style>",
)  # fmt: skip


def _project(place: Path) -> Path:
    """The recipes, and an article for each hostile text, which stands wherever a text may stand."""
    project = mini_project(place / "hostile")
    rows = []
    for number, hostile in enumerate(HOSTILE):
        text = f"{hostile} Couper la tomate, {number}. {hostile}"
        rows.append(
            {
                "id": f"h{number} {hostile}"[:120],
                "text": text,
                "meta": {"title": hostile, "source": hostile, "url": hostile, "published": hostile},
            }
        )
    with (project.root / "seeds/articles.jsonl").open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    from goldwire.seeds import load_seeds

    for document in load_seeds(project):
        if not document.id.startswith("h"):
            continue
        end = document.text.index(" Couper")
        cut = end + 1
        for annotator in ("anna", "bruno", HOSTILE[0]):
            spans = (
                Span(
                    "a", "thing", "FOOD" if annotator == "anna" else "TOOL", 0, end, {"note": document.text}
                ),
                Span("b", "step", "CUT", cut, cut + 6),
            )
            relations = (Relation("object", "b", "a"),) if annotator == "anna" else ()
            write_annotation(
                project, Annotation(document.id, annotator, "mini@0.1", spans=spans, relations=relations)
            )
    return project.root


def _pages(root: Path, counts: FaultCounts) -> list[Path]:
    """The pages of every command that writes some."""
    gold = ("corpus", "convert", ".", "gold.jsonl", "--from", "store", "--to", "jsonl", "--curated")
    calls = [
        ("corpus", "browse", "--out", "pages/site"),
        ("corpus", "review", "--out", "pages/review.html", "--no-label-errors"),
        gold,
        ("eval", "agree", "--no-gamma", "--resamples", "20", "--json", "agreement.json"),
        ("eval", "report", "gold.jsonl", "pred.jsonl", "--out", "pages/report.html", "--resamples", "20",
         "--title", HOSTILE[0], "--agreement", "agreement.json"),
        ("corpus", "diff", "other", ".", "--html", "pages/diff.html"),
    ]  # fmt: skip
    for words in calls:
        if words[1] == "report":
            shutil.copy(root / "gold.jsonl", root / "pred.jsonl")
        if words[1] == "diff":
            mini_project(root / "other")
        said = call(root, *words)
        if said.broke:
            counts.fault(f"{' '.join(words[:2])}: {said.broke}", "tracebacks")
        elif said.code == 2:
            counts.fault(f"{' '.join(words[:2])} refused: {said.text.strip()[-200:]}", "falsified")
    return sorted((root / "pages").rglob("*.html"))


def _listen(page: Page) -> list[str]:
    """What a page will do that it should not: dialogs, errors, requests that leave the disk."""
    heard: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "about:")):
            heard.append(request.url)

    page.on("dialog", lambda dialog: heard.append(f"dialog {dialog.message}"))
    page.on("pageerror", lambda error: heard.append(f"error {error}"))
    page.on("request", asked)
    return heard


def hostile_pages(place: Path) -> FaultCounts:
    """Whatever a text runs, asks for or logs is counted as falsified."""
    from playwright.sync_api import sync_playwright

    counts = FaultCounts("pages of hostile texts in a browser")
    pages = _pages(_project(place), counts)
    with sync_playwright() as play:
        browser = launch(play)
        for page in pages:
            counts.faults += 1
            opened = browser.new_page()
            heard = _listen(opened)
            opened.goto(page.as_uri())
            opened.wait_for_timeout(200)
            # What only runs when it is touched: every row, mark and button once.
            opened.evaluate(
                "document.querySelectorAll('mark,button,summary').forEach((e, n) => n < 40 && e.click());"
                "document.querySelectorAll('*').forEach((e, n) => n < 3000 &&"
                " e.dispatchEvent(new MouseEvent('mouseover')))"
            )
            opened.wait_for_timeout(100)
            if opened.evaluate("window.struck === 1"):
                heard.append("a text was run")
            if links := opened.evaluate(
                "[...document.querySelectorAll('a')].map(a => a.href)."
                "filter(h => /^\\s*javascript:/i.test(h))"
            ):
                heard.append(f"links that run: {links[:2]}")
            for what in dict.fromkeys(heard):
                counts.fault(f"{page.name}: {what}", "falsified")
            counts.taken += not heard
            opened.close()
        browser.close()
    return counts
