"""The documentation site: built strictly, whole, and with nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import click
import pytest

import goldwire
from goldwire.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # the site takes as long as a small training


class Loaded(HTMLParser):
    """What a page loads as it is opened; links that a reader may follow are not among it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "link" and named.get("rel") in ("canonical", "prev", "next"):
            return
        wanted = {"link": ("href",), "a": (), "form": ("action",)}.get(tag, ("src", "srcset", "data", "href"))
        self.addresses += [str(named[name]) for name in wanted if named.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it: a warning would be an error."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands of the command line, groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_no_link_of_a_page_leads_nowhere(site: Path) -> None:
    """Pages that are linked exist, and so do the places in them: headings, codes of errors."""
    pages = {page.resolve(): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    places = {page: set(re.findall(r'\b(?:id|name)="([^"]+)"', text)) for page, text in pages.items()}
    dead = []
    for page, text in pages.items():
        if page.name == "404.html":  # its links are from the site's root, wherever that is
            continue
        for link in re.findall(r'href="([^"]+)"', text):
            path, _, place = unquote(link).partition("#")
            if re.match(r"\w+:", link):
                continue
            target = (page.parent / path).resolve() if path else page
            if target in places and place and not place.startswith("__") and place not in places[target]:
                dead.append((page.name, link))
            if not target.exists():
                dead.append((page.name, link))
    assert dead == []


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    """Scripts, styles, fonts and pictures lie in the site itself, as do the addresses in its styles."""
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        assert not [each for each in loaded.addresses if re.match(r"(\w+:)?//", each)], page
    for style in site.rglob("*.css"):
        assert not re.search(r"""(url\(|@import)\s*["']?(\w+:)?//""", style.read_text(encoding="utf-8")), (
            style
        )


def test_every_page_of_the_docs_and_every_decision_is_in_the_site(site: Path) -> None:
    """No page is written and then not shown; the index of decisions names each."""
    for page in (ROOT / "docs").rglob("*.md"):
        shown = site / page.relative_to(ROOT / "docs").with_suffix(".html")
        assert shown.is_file() or page.parent.name == "tools", page
    index = (site / "decisions/index.html").read_text(encoding="utf-8")
    for decision in (ROOT / "docs/decisions").glob("[0-9]*.md"):
        assert f'href="{decision.stem}.html"' in index


def test_every_command_and_every_public_name_is_in_the_reference(site: Path) -> None:
    """The reference follows the code: all of the command line, all of `goldwire.__all__`, all codes."""
    page = (site / "reference/cli.html").read_text(encoding="utf-8")
    known = list(commands(cli))
    assert {path[0] for path in known} == set(COMMANDS) and len(known) > 30
    for path in known:
        assert f'id="{"-".join(("goldwire", *path))}"' in page, path
    assert "UNSET" not in page
    page = (site / "reference/api.html").read_text(encoding="utf-8")
    for name in goldwire.__all__:
        assert name.startswith("__") or f'id="goldwire.{name}"' in page, name
    page = (site / "errors.html").read_text(encoding="utf-8")
    assert 'id="gw101"' in page and 'id="gw915"' in page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_reads_pages_without_scrolling_sideways(site: Path, browser: Browser, scheme: str) -> None:
    """At 390 px no page is wider than the screen, opened from the disk, and nothing is asked of a network."""
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    for name in ("index", "errors", "glossary", "code", "scores", "reference/cli", "reference/api"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        assert page.evaluate("document.body.dataset.mdColorScheme") == (
            "slate" if scheme == "dark" else "default"
        )
    assert asked and all(url.startswith(("file:", "data:")) for url in asked), asked
    context.close()


@pytest.mark.browser
def test_tables_of_the_pages_are_seen_whole(site: Path, browser: Browser) -> None:
    """At 1280 px no column of a page that says what to do is cut off; what was measured may scroll."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    cut = {}
    for path in sorted([*site.glob("*.html"), *site.glob("reference/*.html")]):
        page.goto(path.as_uri())
        if names := page.evaluate(
            "[...document.querySelectorAll('.md-typeset__scrollwrap')]"
            ".filter(each => each.scrollWidth > each.clientWidth + 2)"
            ".map(each => each.innerText.slice(0, 40))"
        ):
            cut[path.name] = names
    context.close()
    assert cut == {}
