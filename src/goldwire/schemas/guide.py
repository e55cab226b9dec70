"""The guide as one page that annotators search: a sheet, the guidelines, an A–Z of words, the registries.

The page needs nothing beside it. Its sheet alone is what Label Studio shows as instructions.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from goldwire.files import read_text
from goldwire.html.templates import page_templates, render_page
from goldwire.messages import messages_in
from goldwire.schemas.label_config import guidelines
from goldwire.schemas.schema import Counterexample, Schema
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.text import direction

#: The page's name in a project's folder `annotate/`.
GUIDE = "guide.html"
_BRACKETED = re.compile(r"\[([^\[\]]+)\]")
_PARTS = re.compile(r'(?=<h[1-4] id=")')


@dataclass
class _Word:
    """A word of the examples: the labels that it is marked as, and those that it is not."""

    text: str
    marked: dict[str, str] = field(default_factory=dict)
    unmarked: dict[str, str] = field(default_factory=dict)


def anchor(layer: str, label: str = "") -> str:
    """The place of a layer, or of a label, on the page: what stands after the `#` of its address."""
    return "-".join(_slug(part) for part in (layer, label) if part)


def guide_page(schema: Schema, folder: Path) -> str:
    """The page, in the schema's language; `folder` is the one that registries are found from.

    Raises GW101 for a registry that is no YAML.
    """
    say = messages_in(schema.language)
    return render_page(
        page_templates("goldwire.schemas", ".").get_template("guide.html.j2"),
        schema=schema,
        say=say,
        direction=direction(schema.language),
        sheet=sheet(schema),
        guide=list(_searchable(_as_html(schema))),
        letters=_letters(schema),
        registries=_registries(schema, folder),
        anchor=anchor,
    )


def sheet(schema: Schema, address: str = "") -> str:
    """The essentials as HTML, all text escaped: what to mark, by label, key and one line; the rules' names.

    With `address`, that of the page, each label leads to its place there.
    """
    say = messages_in(schema.language)
    template = page_templates("goldwire.schemas", ".").get_template("sheet.html.j2")
    return template.render(
        schema=schema, say=say, address=address, direction=direction(schema.language), anchor=anchor
    )


def _slug(text: str) -> str:
    """A name as part of an address: letters, digits and dots of any script stay, for the rest a dash."""
    return re.sub(r"[^\w.]+", "-", text).strip("-") or "x"


def _as_html(schema: Schema) -> str:
    """The guidelines as HTML, their headings with ids; HTML in them is shown as text."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(guidelines(schema))
    layer, taken = "", set()
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        named = next((part.content for part in inline.children or () if part.type == "code_inline"), "")
        if token.tag == "h2":
            layer = named if named in schema.layers else ""
            name = layer or f"guide-{_slug(inline.content)}"
        else:
            name = anchor(layer or "relation", named) if named else f"guide-{_slug(inline.content)}"
        while name in taken:
            name += "-2"
        taken.add(name)
        token.attrs["id"] = name
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html


def _searchable(html: str) -> Iterator[tuple[str, bool]]:
    """The guidelines cut at their headings, and whether a part is a list that is searched line by line.

    The page's own title, which the page bears already, is left out. Tables scroll by themselves, so that the
    page does not.
    """
    for part in _PARTS.split(re.sub(r"<h1.*?</h1>", "", html, count=1, flags=re.DOTALL)):
        heading = re.match(r"<h(\d)[^>]*>(.*?)</h", part, re.DOTALL)
        by_line = heading is not None and heading[1] == "2" and ("<li>" in part or "<tr>" in part)
        if by_line:
            part = re.sub(r"<li>|(?<=<tbody>\n)<tr>|(?<=</tr>\n)<tr>", _entry, part)
        label = re.sub("<[^>]*>", "", heading[2]) if heading else ""
        opened = f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>'
        if part.strip():
            yield part.replace("<table>", opened).replace("</table>", "</table></div>"), by_line


def _entry(tag: re.Match[str]) -> str:
    return tag[0].replace(">", " data-entry>")


def _letters(schema: Schema) -> list[tuple[str, list[_Word]]]:
    """The words in brackets of all examples, by their first letter."""
    words: dict[str, _Word] = {}

    def note(texts: Sequence[str], against: Sequence[Counterexample], label: str, place: str) -> None:
        for text in texts:
            for quote in _BRACKETED.findall(text):
                word(quote).marked[label] = place
        for counterexample in against:
            for quote in _BRACKETED.findall(counterexample.text):
                word(quote).unmarked[label] = place

    def word(quote: str) -> _Word:
        text = " ".join(quote.split())
        return words.setdefault(text.casefold(), _Word(text))

    for layer_name, layer in schema.layers.items():
        for name, label in layer.labels.items():
            note(label.examples, label.counterexamples, name, anchor(layer_name, name))
        for name, attribute in layer.attributes.items():
            for value, about in attribute.values.items():
                place = anchor(layer_name, name)
                note(about.examples, about.counterexamples, f"{name}: {value}", place)
    by_letter: dict[str, list[_Word]] = defaultdict(list)
    for listed in sorted(words.values(), key=lambda each: _order(each.text)):
        first = _order(listed.text)[:1]
        by_letter[first.upper() if first.isalpha() else "#"].append(listed)
    return sorted(by_letter.items())


def _order(text: str) -> str:
    """The text without accents and marks before it, for its place in an alphabet."""
    plain = unicodedata.normalize("NFD", text.casefold())
    kept = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"^\W+", "", kept) or kept


def _registries(schema: Schema, folder: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each registry's entries as a page shows them, by id; a file that is missing gives none."""
    listed = []
    for name, file in schema.registries.items():
        path = folder / file
        data, _ = parse_yaml(read_text(path), str(path), texts=True) if path.is_file() else ([], {})
        rows = [_row(entry) for entry in data or [] if isinstance(entry, dict) and entry.get("id")]
        listed.append((name, sorted(rows, key=lambda row: str(row["id"]))))
    return listed


def _row(entry: Mapping[str, Any]) -> dict[str, Any]:
    labels = entry.get("label") or []
    names = entry.get("names") or []
    spellings = [str(each) for each in (names if isinstance(names, list) else [names])]
    return {
        "id": str(entry["id"]),
        "labels": [str(each) for each in (labels if isinstance(labels, list) else [labels])],
        "name": str(entry.get("name") or ""),
        "names": [each for each in spellings if each != str(entry.get("name") or "")],
        "date": str(entry.get("date") or ""),
    }
