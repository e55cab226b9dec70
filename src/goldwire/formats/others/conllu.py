"""CoNLL-U with entities in its MISC column: CorefUD's brackets, or tags (`NER=B-PER`).

`Entity=(e1-person-1` opens a mention of the entity e1, `e1)` closes it; `# global.Entity` names the fields.
The type is the label, the others are attributes. Columns of syntax, mentions of words that are not written,
bridges and split antecedents are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from goldwire.errors import Fault
from goldwire.formats.conll.tags import decode_tags, form_of, split_tag
from goldwire.formats.conll.write import unspaced
from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._marks import Collector, FileMark, FileReading, placed
from goldwire.formats.others._rows import Content, contents, malformed_row
from goldwire.model import Article

ABOUT = "CoNLL-U with entities in MISC: CorefUD's brackets, or tags"

_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_FIELDS = ("eid", "etype", "head", "other")
_TYPES, _ENTITIES = ("etype", "type"), ("eid", "entity", "grp", "GRP")
#: Keys of MISC that say what the text is like.
_LAYOUT = ("SpaceAfter", "SpacesAfter", "SpacesBefore", "start_char", "end_char", "TokenRange")
_TAGS = ("NER", "ner", "NE", "ne", "Entity", "NamedEntity")
_BRACKET = re.compile(r"\(([^()]*)(\))?|([^()]+)\)")
_PART = re.compile(r"(.+)\[(\d+)/(\d+)\]")
_HINT = "ten columns parted by tabs: ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC"


def looks_like(head: Head) -> bool:
    """Whether it begins like CoNLL-U with entities."""
    rows = [line.split("\t") for line in head.lines if line.strip() and not line.startswith("#")]
    if not rows or any(len(row) != 10 for row in rows[:20]) or not rows[0][0][:1].isdigit():
        return False
    keys = {each.partition("=")[0] for row in rows if len(row) == 10 for each in row[9].split("|")}
    return bool(keys & set(_TAGS)) or "global.Entity" in head.text


class _Word(NamedTuple):
    """A line of a word: its place, its cells, and the number of the token that it is written in."""

    place: str
    cells: list[str]
    token: int | None
    misc: dict[str, str]


@dataclass
class _Text:
    """A document on its way: what is written, its tokens' extents, its words."""

    name: str
    place: str
    parts: list[str] = field(default_factory=list)
    length: int = 0
    extents: list[tuple[int, int]] = field(default_factory=list)
    words: list[_Word] = field(default_factory=list)
    breaks: set[int] = field(default_factory=set)  # words that begin a sentence

    def write(self, part: str) -> None:
        """Add to what is written."""
        self.parts.append(part)
        self.length += len(part)

    def end_paragraph(self) -> None:
        """The next sentence begins a line."""
        if self.parts and not self.parts[-1].endswith("\n"):
            last = self.parts.pop()
            self.length -= len(last)
            self.write(last.rstrip(" ") + "\n")


def read_conllu(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a file, a document each.

    Raises GW628 where no word has an entity or brackets do not close, GW621 for lines that are none.
    """
    collector = Collector(setting, "conllu")
    for content in contents(path, (".conllu", ".conllup", ".conll"), "CoNLL-U"):
        fields: Sequence[str] = _FIELDS
        texts: list[_Text] = []
        for lines in _sentences(content):
            for _, line in lines:
                if line.startswith("# global.Entity"):
                    fields = line.partition("=")[2].strip().split("-")
            _take(lines, content, texts, setting)
        if not any(word.misc.keys() & set(_TAGS) for text in texts for word in text.words):
            hint = "a column of tags is read --from conll --tag-column NAME"
            fault = Fault("GW628", "no word has an entity in MISC", content.place, hint)
            setting.refuse(content.place, fault)
            continue
        for text in texts:
            marks = [*_mentions(text, fields, setting), *_tagged(text, setting)]
            _lose(text, setting)
            written = "".join(text.parts).rstrip(" ")
            reading = FileReading(text.place, text.name, written, collector.annotator, setting.status, marks)
            collector.add(reading)
    return collector.articles()


def _sentences(content: Content) -> Iterator[list[tuple[int, str]]]:
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(content.text.split("\n"), start=1):
        line = line.rstrip("\r")
        if line.strip():
            lines.append((number, line))
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def _take(
    lines: list[tuple[int, str]], content: Content, texts: list[_Text], setting: ConversionOptions
) -> None:
    """Take in a sentence; a comment may begin a document or a paragraph."""
    comments = {
        key.strip(): value.strip()
        for _, line in lines
        if line.startswith("#")
        for key, _, value in [line[1:].partition("=")]
    }
    place = f"{content.place}:{lines[0][0]}"
    if not texts or "newdoc" in comments or "newdoc id" in comments:
        named = comments.get("newdoc id") or comments.get("newdoc")
        texts.append(_Text(named or (f"{content.stem}-{len(texts) + 1}" if texts else content.stem), place))
    text = texts[-1]
    forms: list[str] = []
    after: list[str] = []
    words: list[_Word] = []
    inside = 0
    for number, line in lines:
        if line.startswith("#"):
            continue
        where, cells = f"{content.place}:{number}", line.split("\t")
        name = re.fullmatch(r"(\d+)(?:-(\d+)|\.\d+)?", cells[0])
        if len(cells) != 10 or name is None:
            setting.refuse(line, malformed_row(where, f"no line of CoNLL-U: «{line[:60]}»", _HINT))
            continue
        misc = {
            key: value
            for key, _, value in (each.partition("=") for each in cells[9].split("|"))
            if key != "_"
        }
        empty = "." in cells[0]
        if not empty and int(name[1]) > inside:
            forms.append(cells[1])
            after.append(unspaced(cells[9], own=True)[1])
            inside = int(name[2] or name[1])
        token = None if empty else len(text.extents) + len(forms) - 1
        words.append(_Word(where, cells, token, misc))
    if not forms:
        return
    written, extents = placed(forms, comments.get("text"), [bool(space) for space in after])
    if "newpar" in comments or "newpar id" in comments:
        text.end_paragraph()
    start = text.length
    text.breaks.add(len(text.words))
    text.extents += [(start + first, start + last) for first, last in extents]
    text.words += words
    text.write(written + after[-1])


def _mentions(text: _Text, fields: Sequence[str], setting: ConversionOptions) -> Iterator[FileMark]:
    """The mentions that brackets enclose."""
    opened: dict[str, list[tuple[int, list[str]]]] = {}  # words, with the fields that they state
    parts: dict[str, list[tuple[int, int]]] = {}
    known: dict[str, list[str]] = {}
    for index, word in enumerate(text.words):
        value = word.misc.get("Entity", "")
        if "(" not in value and ")" not in value:
            continue
        for begin, closed, end in _BRACKET.findall(value):
            stated = begin.split("-", len(fields) - 1) if begin else []
            name = stated[0] if begin else end
            if begin and not closed:
                opened.setdefault(name, []).append((index, stated))
                continue
            if not begin and not opened.get(name):
                hint = "each `(e1-…` is closed by `e1)`"
                setting.refuse(
                    value, Fault("GW628", f"`{name})` closes what was not opened", word.place, hint)
                )
                continue
            start, stated = (index, stated) if begin else opened[name].pop()
            part = _PART.fullmatch(name)
            if part is None:
                yield from _mention(text, [(start, index)], stated, fields, setting)
                continue
            key, total = part[1], int(part[3])
            parts.setdefault(key, []).append((start, index))
            known.setdefault(key, stated)
            if part[2] == part[3] or len(parts[key]) == total:
                yield from _mention(text, parts.pop(key), [key, *known.pop(key)[1:]], fields, setting)
    for name, several in opened.items():
        for start, _ in several:
            place = text.words[start].place
            setting.refuse(name, Fault("GW628", f"`({name}` is not closed", place, "each is closed by `e1)`"))


def _mention(
    text: _Text,
    pieces: list[tuple[int, int]],
    stated: list[str],
    fields: Sequence[str],
    setting: ConversionOptions,
) -> Iterator[FileMark]:
    tokens = [
        word.token for start, end in pieces for word in text.words[start : end + 1] if word.token is not None
    ]
    place = text.words[pieces[0][0]].place
    if not tokens:
        setting.lose("mentions of words that are not written", f"{place} {stated[0]}")
        return
    if len(pieces) > 1 and len(set(tokens)) < max(tokens) - min(tokens) + 1:
        setting.lose("gaps of discontinuous spans", f"{place} {stated[0]}")
    values = {name: unquote(value) for name, value in zip(fields, stated, strict=False) if value}
    label = next((values.pop(key) for key in _TYPES if key in values), "mention")
    start, end = text.extents[min(tokens)][0], text.extents[max(tokens)][1]
    yield FileMark(label, start, end, attributes=values)


def _tagged(text: _Text, setting: ConversionOptions) -> Iterator[FileMark]:
    """What tags in MISC mark."""
    keys = Counter(key for word in text.words for key in word.misc if key in _TAGS)
    for key in keys:
        cells = [word.misc.get(key, "O") for word in text.words]
        if any("(" in cell or ")" in cell for cell in cells):
            continue
        form = form_of(Counter(cells), named=True) or "prefix"
        tags: list[tuple[str, str]] = []
        for word, cell in zip(text.words, cells, strict=True):
            tag = split_tag(cell, form, key)
            if tag is None:
                setting.refuse(
                    cell, malformed_row(word.place, f"`{key}={cell}` is no tag", "O, B-PER, I-PER")
                )
            tags.append(tag or ("O", ""))
        for first, last, label in decode_tags(tags, text.breaks):
            tokens = [word.token for word in text.words[first : last + 1] if word.token is not None]
            if tokens:
                yield FileMark(label, text.extents[min(tokens)][0], text.extents[max(tokens)][1])


def _lose(text: _Text, setting: ConversionOptions) -> None:
    """Put down the columns and keys that are no entities."""
    for number, name in enumerate(_COLUMNS[2:9], start=2):
        if any(word.cells[number] != "_" for word in text.words):
            setting.lose(f"column {name}", text.name)
    keys = Counter(key for word in text.words for key in word.misc)
    for key in sorted(keys.keys() - {*_LAYOUT, *_TAGS}):
        setting.lose(f"{key} in MISC", text.name, keys[key])
