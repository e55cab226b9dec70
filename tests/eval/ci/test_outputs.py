"""What summary and comment show of names that come from data: the names, and nothing that they do."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as XML

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from goldwire.eval.ci.baseline import from_json
from goldwire.eval.ci.gate import gate
from goldwire.eval.ci.outputs import comment_text, escaped, junit, markdown
from goldwire.visible import visible
from tests.eval.ci.test_gate import as_baseline

#: What GitHub makes of the text of a page, after Markdown: mentions, numbers, addresses, emoji.
ALIVE = re.compile(
    r"@[a-z0-9]|#\d|\bgh-\d|:[\w+-]+:|\bwww\.|[a-z]{2,}://|\b(?:mailto|xmpp):\w", re.IGNORECASE | re.ASCII
)
PARTS = (
    "@octocat", "@org/team", "foo@bar.com", "#1", "a/b#12", "GH-7", "~~x~~", ":tada:", "http://e.org/x",
    "www.e.org", "ftp://e.org", "mailto:a@b.c", "<img src=x onerror=alert(1)>", "<!-- -->", "</details>",
    "|", "||", "`a`", "**b**", "__c__", "[a](http://e.org)", "![a](b)", "&lt;b&gt;", "&#64;x", "\\", "\n",
    "\r", "\t", "\x1b[31m", "\x00", "\x9b", "\u202e", "\u2028", "$x$", "# h", "- l", "1. n", "> q",
    "    code", "::error::x", "word", " ", "é", "🍅", "[^1]",
)  # fmt: skip
NAMES = st.one_of(st.lists(st.sampled_from(PARTS), max_size=6).map("".join), st.text(max_size=30))


class Seen(HTMLParser):
    """The tags of a page and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A tag opens."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data


def rendered(text: str) -> Seen:
    """As GitHub shows Markdown, before it looks for what it links."""
    seen = Seen()
    seen.feed(MarkdownIt("gfm-like", {"linkify": False}).render(text))
    seen.close()
    return seen


@settings(deadline=None)
@given(NAMES)
def test_a_name_stays_text_in_markdown(name: str) -> None:
    """Whatever a name holds, it becomes one line of plain text: no tag, no mention, no link, no emoji, no
    control character, and every visible sign of it is still there."""
    seen = rendered(f"label {escaped(name)} end")
    assert seen.tags == ["p"]
    assert not ALIVE.search(seen.text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", seen.text)
    assert "\n" not in seen.text.strip("\n")
    kept = re.sub(r"[^\w@#:|~<>&*`$\\]", "", visible(name))
    assert re.sub(r"[^\w@#:|~<>&*`$\\]", "", seen.text.strip()[5:-3]) == kept


@settings(deadline=None)
@given(NAMES, NAMES, NAMES)
def test_the_comment_keeps_its_shape_whatever_it_names(layer: str, label: str, project: str) -> None:
    """Layer, label and corpus of any text leave the table its columns and the comment its one fold."""
    figures = {
        "format": "goldwire baseline 1",
        "reference": "draft",
        "layer": layer,
        "kind": "exact",
        "micro": {"f1": 0.5, "ci95": None},
        "corpus": {"name": project, "version": "1", "content_hash": "0" * 64},
        "schema": ["mini@0.1"],
        "config": {},
        "seed": 0,
        "documents": {f"d{n}": {label: [1, 1, 1]} for n in range(6)},
    }
    now = from_json(figures)
    found = gate(now, now, rounds=100)
    seen = rendered(comment_text(found))
    assert (seen.tags.count("tr"), seen.tags.count("th"), seen.tags.count("td")) == (3, 7, 14)
    assert seen.tags.count("details") == seen.tags.count("h3") == seen.tags.count("table") == 1
    assert not {"img", "a", "s", "code", "script", "h1", "ol", "blockquote"} & set(seen.tags)
    assert not ALIVE.search(seen.text)
    XML.fromstring(junit(found))


def test_the_badge_and_the_summary_name_a_hostile_label_as_it_is(tmp_path: Path) -> None:
    """What people read is the name, not its escapes."""
    now = as_baseline(tmp_path / "run", layer="thing")
    assert "thing F1" in rendered(markdown(gate(now, now))).text
    shown = html.unescape(re.sub(r"\\(.)", r"\1", escaped("a_b|c <x>")))
    assert shown == "a_b|c <x>"


@pytest.mark.parametrize("name", ["a\x1b]0;x\x07", "a\x9b31m", "\x00"])
def test_control_characters_are_shown_not_sent(name: str) -> None:
    """A control character stands there as its number."""
    assert re.search(r"\\x[0-9a-f]{2}", rendered(escaped(name)).text)
