"""The guide as one page that annotators search: a sheet for each layer (decision tree, rules, labels), the
arguments in one table, an article worked through, an A–Z of words, the reference, the registries.

The page needs nothing beside it. Its sheets alone are what Label Studio shows as instructions.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.files import read_text
from goldwire.html.templates import page_templates, render_page
from goldwire.messages import messages_in
from goldwire.schemas.rendering.guidelines import arguments, ended, opening_lines, quoted_extract, reference
from goldwire.schemas.schema import Counterexample, Example, Line, Mark, Schema
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.text import direction

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markupsafe import Markup

#: The page's name in a project's folder `annotate/`.
GUIDE = "guide.html"
_BRACKETED = re.compile(r"\[([^\[\]]+)\]")
_PARTS = re.compile(r'(?=<h[1-4] id=")')


@dataclass(frozen=True)
class _Answer:
    """What a word is in a case: the label, what to read it as, where that is told; `case` is Markdown."""

    label: str
    place: str
    case: str
    is_marked: bool = True


@dataclass
class _Word:
    """A word and what it is marked as, or not."""

    text: str
    answers: list[_Answer] = field(default_factory=list)


def anchor(layer: str, label: str = "") -> str:
    """The place of a layer, or of a label, on the page: what stands after the `#` of its address."""
    return "-".join(_slug(part) for part in (layer, label) if part)


def guide_page(schema: Schema, folder: Path) -> str:
    """The page, in the schema's language; `folder` is the one that registries are found from.

    Raises GW101 for a registry that is no YAML.
    """
    say = messages_in(schema.language)
    return render_page(
        page_templates("goldwire.schemas.rendering", ".").get_template("guide.html.j2"),
        schema=schema,
        say=say,
        direction=direction(schema.language),
        sheet=sheet(schema),
        opening=_parser().render("\n".join(opening_lines(schema))),
        arguments=_by_line(_scrolled(_parser().render("\n".join(arguments(schema))))),
        worked=_worked(schema),
        contents=_contents(schema),
        guide=list(_searchable(_as_html(schema, reference(schema)))),
        letters=_letters(schema),
        inline=_inline,
        numbers=schema.rule_numbers(),
        registries=_registries(schema, folder),
        anchor=anchor,
    )


def sheet(schema: Schema, address: str = "") -> str:
    """The essentials as HTML, all text escaped: a sheet for each layer with its decision tree, its rules and
    what to mark, by label and key; a last one with the relations and the rules for all layers.

    With `address`, that of the page, each label and rule leads to its place there.
    """
    say = messages_in(schema.language)
    template = page_templates("goldwire.schemas.rendering", ".").get_template("sheet.html.j2")
    return template.render(
        schema=schema,
        say=say,
        address=address,
        direction=direction(schema.language),
        anchor=anchor,
        inline=_inline,
        ended=ended,
    )


def _slug(text: str) -> str:
    """A name as part of an address: letters, digits and dots of any script stay, for the rest a dash."""
    return re.sub(r"[^\w.]+", "-", text).strip("-") or "x"


@cache
def _parser() -> MarkdownIt:
    """Reads Markdown; HTML in it is shown as text, and a picture is none of ours."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _inline(text: str) -> Markup:
    """A text's emphasis, code and links as HTML, all else escaped."""
    from markupsafe import Markup

    return Markup(_parser().renderInline(re.sub(r"[ \t\r\n]+", " ", text).strip()))


def _as_html(schema: Schema, text: str) -> str:
    """Guidelines as HTML, their headings with ids."""
    parser = _parser()
    tokens = parser.parse(text)
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


def _contents(schema: Schema) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What the reference holds: each part's title and place, and the names and places in it."""
    say = messages_in(schema.language)
    parts = [
        (layer.title, anchor(name), [(key, anchor(name, key)) for key in [*layer.labels, *layer.attributes]])
        for name, layer in schema.layers.items()
    ]
    relations = [(name, anchor("relation", name)) for name in schema.relations]
    for key, present, inside in (
        ("relations", schema.relations, relations),
        ("hard_cases", schema.guidelines.cases, []),
    ):
        if present:
            title = say(f"guidelines.{key}")
            parts.append((title, f"guide-{_slug(title)}", inside))
    return parts


def _worked(schema: Schema) -> list[tuple[str, list[Mark]]]:
    """Each line of the worked article as HTML, its marked parts set off, with what is decided in it."""
    worked = schema.guidelines.worked
    return [(_marked(line), line.marks) for line in worked.lines] if worked else []


def _marked(line: Line) -> Markup:
    """A line with what is marked in it set off; of parts that lie in one another the outer ones."""
    from markupsafe import Markup, escape

    spans, at = [], 0
    for mark in line.marks:
        start = line.text.find(mark.span, at)
        start = start if start >= 0 else line.text.find(mark.span)
        if mark.label:
            spans.append((start, start + len(mark.span)))
        at = start
    html, end = Markup(""), 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            html += escape(line.text[end:start]) + Markup("<mark>%s</mark>") % line.text[start:stop]
            end = stop
    return html + escape(line.text[end:])


def _searchable(html: str) -> Iterator[tuple[str, bool]]:
    """The guidelines cut at their headings, and whether a part is a list that is searched line by line.

    The page's own title, which the page bears already, is left out. Tables scroll by themselves, so that the
    page does not.
    """
    for part in _PARTS.split(re.sub(r"<h1.*?</h1>", "", html, count=1, flags=re.DOTALL)):
        heading = re.match(r"<h(\d)[^>]*>(.*?)</h", part, re.DOTALL)
        by_line = heading is not None and heading[1] == "2" and ("<li>" in part or "<tr>" in part)
        label = re.sub("<[^>]*>", "", heading[2]) if heading else ""
        if part.strip():
            yield _scrolled(_by_line(part) if by_line else part, label), by_line


def _by_line(html: str) -> str:
    """Lists and tables, each line of them one that is searched for itself."""
    return re.sub(r"<li>|(?<=<tbody>\n)<tr>|(?<=</tr>\n)<tr>", _entry, html)


def _scrolled(html: str, label: str = "") -> str:
    """Tables that scroll by themselves. A screen reader calls them `label`, or what their first cell says."""

    def framed(table: re.Match[str]) -> str:
        name = label or re.sub("<[^>]*>", "", table[1])
        region = f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">'
        return f"{region}{table[0]}</div>"

    return re.sub(r"<table>.*?<th>(.*?)</th>.*?</table>", framed, html, flags=re.DOTALL)


def _entry(tag: re.Match[str]) -> str:
    return tag[0].replace(">", " data-entry>")


def _letters(schema: Schema) -> list[tuple[str, list[_Word]]]:
    """The words in brackets of the labels' examples and of hard cases, those of the worked article and those
    that are listed, by their first letter; each label once, with the first case."""
    say = messages_in(schema.language)
    words: dict[str, _Word] = {}

    def note(word: str, answer: _Answer, *, again: bool = False) -> None:
        text = " ".join(word.split())
        answers = words.setdefault(text.casefold(), _Word(text)).answers
        if any(each.case == answer.case for each in answers):
            answer = replace(answer, case="")
        if again or all((each.label, each.is_marked) != (answer.label, answer.is_marked) for each in answers):
            answers.append(answer)

    def note_all(texts: Sequence[Example], against: Sequence[Counterexample], label: str, place: str) -> None:
        for example in texts:
            text = example if isinstance(example, str) else example.text
            for word in _BRACKETED.findall(text):
                bare = _BRACKETED.sub(r"\1", text).strip()
                note(word, _Answer(label, place, "" if bare == word else quoted_extract(example, say)))
        for counterexample in against:
            for word in _BRACKETED.findall(counterexample.text):
                note(word, _Answer(label, place, counterexample.why, is_marked=False))

    for listed in schema.guidelines.words:
        place = anchor(schema.layer_of(listed.label), listed.label) if listed.label else ""
        for word in listed.words:
            note(word, _Answer(listed.label, place, listed.when), again=True)
    for layer_name, layer in schema.layers.items():
        for name, label in layer.labels.items():
            note_all(label.examples, label.counterexamples, name, anchor(layer_name, name))
    for case in schema.guidelines.cases:
        place = f"guide-{_slug(say('guidelines.hard_cases'))}"
        for word in _BRACKETED.findall(case.quote):
            note(word, _Answer(say("guide.case"), place, case.decision), again=True)
    for line in schema.guidelines.worked.lines if schema.guidelines.worked else ():
        for mark in line.marks:
            place = anchor(schema.layer_of(mark.label), mark.label) if mark.label else ""
            note(mark.span, _Answer(mark.label, place, mark.why))
    by_letter: dict[str, list[_Word]] = defaultdict(list)
    for each in sorted(words.values(), key=lambda each: _order(each.text)):
        first = _order(each.text)[:1]
        by_letter[first.upper() if first.isalpha() else "#"].append(each)
    return sorted(by_letter.items())


def _order(text: str) -> str:
    """The text without accents and marks before it, for its place in an alphabet."""
    plain = unicodedata.normalize("NFD", text.casefold())
    kept = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"^\W+", "", kept) or kept


def _registries(schema: Schema, folder: Path) -> list[tuple[str, dict[str, str], list[dict[str, Any]]]]:
    """Each registry's entries as a page shows them, by id; a file that is missing gives none. Between: the
    attributes that spans take from it, with their titles."""
    listed = []
    for name, file in schema.registries.items():
        given = {
            key: attribute.title
            for layer in schema.layers.values()
            for key, attribute in layer.attributes.items()
            if attribute.taken_from and layer.attributes[attribute.taken_from].registry == name
        }
        path = folder / file
        data, _ = parse_yaml(read_text(path), str(path), texts=True) if path.is_file() else ([], {})
        rows = [_row(entry, given) for entry in data or [] if isinstance(entry, dict) and entry.get("id")]
        listed.append((name, given, sorted(rows, key=lambda row: str(row["id"]))))
    return listed


def _row(entry: Mapping[str, Any], given: Iterable[str]) -> dict[str, Any]:
    labels = entry.get("label") or []
    names = entry.get("names") or []
    spellings = [str(each) for each in (names if isinstance(names, list) else [names])]
    return {
        "id": str(entry["id"]),
        "labels": [str(each) for each in (labels if isinstance(labels, list) else [labels])],
        "name": str(entry.get("name") or ""),
        "names": [each for each in spellings if each != str(entry.get("name") or "")],
        "date": str(entry.get("date") or ""),
        "given": {key: str(entry.get(key) or "") for key in given},
    }
