"""Every kind of page that goldwire writes, in a real browser: closed to all that was not written there, and
of a size to be read whatever its texts are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest

from goldwire.annotate.report.page import Team, team_page
from goldwire.annotate.report.team import read_team
from goldwire.archive.selection.options import Choice
from goldwire.archive.selection.select import select
from goldwire.corpus.browse import browse
from goldwire.corpus.browse.review import review, write_review
from goldwire.corpus.corpus import Corpus
from goldwire.corpus.versions.diff import CorpusVersion, diff
from goldwire.corpus.versions.page import write_page as write_diff
from goldwire.eval.ci.history import History, Step
from goldwire.eval.ci.history import page as history_page
from goldwire.eval.report.page import write_report
from goldwire.eval.scoring.scores import score
from goldwire.formats.jsonl import write_jsonl
from goldwire.html.templates import sealed
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.project import load_project
from goldwire.schemas import Schema
from goldwire.schemas.rendering.guide import guide_page
from goldwire.train.curve.extrapolation import Extrapolation
from goldwire.train.curve.page import page as curve_page
from goldwire.train.curve.results import Curve
from goldwire.train.curve.results import Step as Measured
from tests.annotate.report.made import make_team
from tests.browser.chromium import heard_on
from tests.corpus.mini import MINI, mini_articles, mini_schema
from tests.eval.ci.test_gate import as_baseline

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SITE = ("index", "article", "timeline", "graph", "tables", "labels")
KINDS = ("report", "diff", "history", "curve", "review", "guide", "team", "selection", *SITE)
LONG = "Donaudampfschifffahrt" * 150
#: How texts are made long: one word that nothing breaks, or many words.
TEXTS = {"short": "Soupe", "word": LONG, "words": "Soupe aux pois cassés " * 150}


def corpus(title: str) -> list[Article]:
    """Two recipes, and one whose every text is `title`."""
    document = Document("long", f"{title} pain", {"title": title, "source": title, "language": "fr"})
    spans = (
        Span("s1", "thing", "FOOD", 0, len(title), {"note": title}),
        Span("s2", "step", "CUT", len(title) + 1, len(title) + 5),
    )
    relations = (Relation("object", "s2", "s1"), Relation("with", "s2", "s1"))
    made = Annotation(document.id, title[:60], "mini@0.1", spans=spans, relations=relations)
    return [*mini_articles(), Article(document, (made,))]


def titled(title: str) -> Schema:
    """A schema whose own texts are `title`."""
    schema = mini_schema()
    thing = schema.layers["thing"]
    food = msgspec.structs.replace(
        thing.labels["FOOD"], name=title, definition=title, examples=[f"[{title}]"]
    )
    layers = {
        **schema.layers,
        "thing": msgspec.structs.replace(thing, title=title, labels={**thing.labels, "FOOD": food}),
    }
    return msgspec.structs.replace(schema, title=title, layers=layers)


def named_team(root: Path, title: str) -> Team:
    """A team whose names and notes are `title`."""
    team = read_team(make_team(root))
    return replace(
        team,
        title=title,
        work=[replace(each, annotator=title) for each in team.work],
        acceptances=[replace(each, annotator=title) for each in team.acceptances],
        notes=[msgspec.structs.replace(each, annotator=title, text=title) for each in team.notes],
    )


def write_all(folder: Path, title: str) -> dict[str, Path]:
    """A page of each kind, all texts of which are `title`."""
    folder.mkdir()
    articles = corpus(title)
    home = Corpus(load_project(MINI), mini_schema(), {}, articles)
    paths = {kind: folder / f"{kind}.html" for kind in KINDS}
    curated = [Article(a.document, a.annotations[:1]) for a in articles]
    missed = [
        Article(
            a.document,
            (msgspec.structs.replace(a.annotations[0], spans=a.annotations[0].spans[1:], relations=()),),
        )
        for a in curated
    ]
    pairs = [(g.annotations[0], p.annotations[0]) for g, p in zip(curated, missed, strict=True)]
    scores = score(pairs, resamples=50)
    curve: Any = [["1", 0.5, 0.4, 0.6], ["2", 0.6, 0.5, 0.7]]
    extra = [
        {"title": title, "columns": ["", title], "rows": [[title, title]], "note": title, "curve": curve}
    ]
    write_report(
        paths["report"],
        gold=curated,
        pred=missed,
        scores=scores,
        title=title,
        meta={title: title},
        extra=extra,
    )
    write_diff(
        paths["diff"],
        diff(CorpusVersion(title, missed, version="1.0.0"), CorpusVersion(title, curated, version="1.1.0")),
    )
    run = as_baseline(folder / "run")
    steps = (Step("2026-01-01", "a" * 40, run), Step("2026-02-01", "b" * 40, run))
    paths["history"].write_text(history_page(History(steps, ("c",)), title), encoding="utf-8")
    sizes = [Measured(n, 10.0 * n, 20.0 * n, 0.2 + 0.1 * n, (0.1, 0.9)) for n in (1, 2, 3)]
    setting = {
        "corpus": {"name": title, "version": "1"},
        "config": {"file": title, "overrides": {}},
        "seed": 0,
        "trainings": 3,
        "seconds": 1.0,
    }
    ahead = Extrapolation(100, 0.006, (0.004, 0.008), (0.8, 1.6, 0.4))
    curve_of = Curve(title, tuple(sizes), ahead, 1, 5, "draft", (title,), setting)
    paths["curve"].write_text(curve_page(curve_of), encoding="utf-8")
    write_review(paths["review"], home, review(home, label_errors=False))
    paths["guide"].write_text(guide_page(titled(title), MINI), encoding="utf-8")
    paths["team"].write_text(team_page(named_team(folder / "team", title)), encoding="utf-8")
    write_jsonl(folder / "archive.jsonl", articles)
    choice = Choice(number=2, test=1, by=("source",), keywords=(title[:60], "a"))
    select([str(folder / "archive.jsonl")], folder / "selection", choice, workers=1)
    paths["selection"] = folder / "selection/index.html"
    site = browse(home, folder / "site").folder
    paths |= {kind: site / f"{kind}.html" for kind in SITE} | {"article": site / "articles/long.html"}
    return paths


@pytest.fixture(scope="module", params=list(TEXTS))
def pages(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Path]]:
    """All pages, their texts short or long."""
    return request.param, write_all(tmp_path_factory.mktemp(request.param) / "pages", TEXTS[request.param])


@pytest.fixture
def watched(standing: Page) -> Iterator[Any]:
    """Opens pages at a width, on which any message, violation or request from elsewhere fails the test."""

    def open_page(path: Path, width: int = 1300, scheme: Any = "light") -> Page:
        standing.set_viewport_size({"width": width, "height": 900})
        standing.emulate_media(color_scheme=scheme)
        standing.goto(path.as_uri())
        return standing

    with heard_on(standing, "file:", "data:") as heard:
        yield open_page
    assert heard == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_closed_and_fits(watched: Any, pages: tuple[str, dict[str, Path]], kind: str) -> None:
    """On a desk and on a phone, by day and by night: no violation of its policy, nothing asked from outside,
    nothing that scrolls sideways, and a long title or word leaves the page a page."""
    length, paths = pages
    for width, scheme in ((1300, "light"), (390, "dark")):
        page = watched(paths[kind], width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heading = page.locator("h1").first.bounding_box()
        assert heading["height"] <= 400, (length, width)
        wide = page.evaluate(
            "(most) => [...document.querySelectorAll('th, td')].filter((one) => one.offsetWidth > most)"
            ".map((one) => one.textContent.slice(0, 60))",
            max(width, 700),
        )
        assert wide == [], (length, width)


class Heard(BaseHTTPRequestHandler):
    """A server that notes what it is asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Whatever it is."""
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def away() -> Iterator[str]:
    """The address of a place outside the page, which nothing may ask anything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    Heard.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_policy_admits_what_was_written_and_nothing_else(
    browser: Browser, tmp_path: Path, away: str
) -> None:
    """No policy says `unsafe`; markup that gets into a page after all neither runs, loads nor styles."""
    for kind, path in write_all(tmp_path / "pages", TEXTS["short"]).items():
        text = path.read_text(encoding="utf-8")
        (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        assert "unsafe" not in policy and policy.startswith("default-src 'none'"), kind
        loading = [text.index(tag) for tag in ("<style", "<link", "<script") if tag in text]
        assert text.index("Content-Security-Policy") < min(loading), kind
        assert not re.search(r"<[a-z][^<>]* style=", text), kind
        bad = (
            "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
            f"<div id=red style='color: red'>x</div><img src={away}a.png><script src={away}a.js></script>"
            f"<base href={away}><iframe src={away}></iframe><link rel=stylesheet href={away}a.css>"
        )
        path.write_text(text.replace("</body>", f"{bad}</body>"), encoding="utf-8")
        page = browser.new_page()
        page.goto(path.as_uri())
        assert page.evaluate("window.ran") is None, kind
        red = page.evaluate("getComputedStyle(document.getElementById('red')).color")
        assert red != "rgb(255, 0, 0)", kind
        page.close()
    assert Heard.asked == []


def test_the_reports_filter_still_runs(watched: Any, pages: tuple[str, dict[str, Path]]) -> None:
    """What was written there runs: the filter of errors is shown, and bars have their widths."""
    _, paths = pages
    page = watched(paths["report"])
    assert page.locator(".filter").first.is_visible()
    widths = page.locator(".plot .bar").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert len(set(widths)) > 1


DATES = {
    "2024-03-01": True,
    "2024-03": True,
    "2023": True,
    "2024-03-05T10:00:00Z": True,
    "December 2020": False,
    "12/2020": False,
    "2020-13": False,
    "2021-02-30": False,
    "le 3 mars": False,
    "0000": False,
    "": False,
}


def dated(folder: Path, dates: list[str]) -> Path:
    """The timeline of a corpus whose articles were published on these dates, an event in each."""
    articles = []
    for number, date in enumerate(dates):
        text = f"couper le pain {number}"
        document = Document(f"d{number}", text, {"title": f"t{number}", "published": date})
        spans = (Span("s1", "step", "CUT", 0, 6), Span("s2", "thing", "FOOD", 10, len(text)))
        made = Annotation(
            document.id, "a", "mini@0.1", spans=spans, relations=(Relation("object", "s1", "s2"),)
        )
        articles.append(Article(document, (made,)))
    return (
        browse(Corpus(load_project(MINI), mini_schema(), {}, articles), folder / "site").folder
        / "timeline.html"
    )


def test_a_date_that_is_none_does_not_empty_the_timeline(watched: Any, tmp_path: Path) -> None:
    """What can be read as a date is drawn; the rest is counted, said, and stands in the table as written."""
    page = watched(dated(tmp_path, list(DATES)))
    drawn = sum(DATES.values())
    count = page.text_content("#count")
    assert f"{len(DATES)} events" in count
    assert f"{len(DATES) - drawn} not drawn" in count
    assert page.locator("#chart svg path").count() > drawn
    assert all(date in page.inner_text("#table") for date in DATES)
    assert "NaN" not in page.content()


def test_a_timeline_without_any_date_says_so(watched: Any, tmp_path: Path) -> None:
    """Where nothing can be drawn there is no empty frame, but the table and a word."""
    page = watched(dated(tmp_path, ["December 2020", "12/2020"]))
    assert "2 not drawn" in page.text_content("#count")
    assert not page.locator("#chart").is_visible()
    assert "December 2020" in page.inner_text("#table")


def test_text_that_looks_like_a_style_stays_text() -> None:
    """Only attributes of tags become classes: text, scripts and style sheets stay to the letter."""
    sheet = "<style>a > b { content: ' style=\"x\"'; }</style>"
    head = f'<!doctype html>\n<html><head>\n<meta charset="utf-8">\n{sheet}</head>'
    declared = 'style="--k:1;color:red"'
    text = '<p> style="color:red" &lt;b style="x"&gt;</p>'
    data = '<script type="application/json">"\\u003cb style=\'x\'>"</script>'
    script = data + "<script>a = '<b style=\"x\">';</script>"
    body = f'{text}<b class="q" {declared}>x</b><i {declared}></i>{script}'
    made = sealed(f"{head}<body>{body}</body></html>")
    assert text in made and script in made and sheet in made
    assert '<b class="s0 q">x</b><i class="s0"></i>' in made
    assert ".s0{--k:1 !important;color:red !important}" in made
    assert made.count("'sha256-") == 3
