"""CoNLL: a token a line with its tags in columns, in IOB1, IOB2 or IOBES; HIPE's TSV is of this form.

Written are the columns TOKEN, one for each level of nesting (`LAYER`, `LAYER-2`, …) and MISC, which keeps the
white space, so that the text comes back to the character. Read is any file whose tags are of one of the three
schemes: with a line of column names, or without one (the last column is the tag then; in Label Studio's own
CONLL2003 it may hold blanks). Each document is one sequence; a blank line ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_text, sha256
from goldwire.formats._offsets import Text
from goldwire.formats.conll.tags import OUTSIDE, decode, split_tag
from goldwire.formats.conll.write import MARK, MISC, TOKEN, unspaced
from goldwire.formats.options import Setting
from goldwire.model import Annotation, Article, Document, Span

#: Who annotated, the layer of a tag column and the schema, where nothing names them.
ANNOTATOR, LAYER, SCHEMA = "conll", "entity", "found@0"
_ID = re.compile(r"#\s*(?:[\w.-]+:)?(?:document_id|newdoc id)\s*=\s*(.*\S)\s*")
_LEVEL = re.compile(r"(.+)-([2-9])")


# Label Studio's CONLL2003: two empty columns, a tag that may hold blanks (`Head -X- _ B-Job title`).
_STUDIO = re.compile(r"(\S+) -X- _ (\S.*)")


def _cells(line: str) -> list[str]:
    """A line's columns."""
    if "\t" in line:
        return line.split("\t")
    return list(match.groups()) if (match := _STUDIO.fullmatch(line.strip(" "))) else line.split()


@dataclass
class _Sequence:
    """A document on its way: its tokens with what stands between them, a list of tags a column."""

    name: str
    line: int
    own: bool = False
    annotator: str = ""
    schema: str = ""
    pieces: list[str] = field(default_factory=list)
    extents: list[tuple[int, int]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    tags: dict[str, list[str]] = field(default_factory=dict)
    length: int = 0

    def add(self, piece: str) -> None:
        """Put a piece of text behind what is there."""
        self.pieces.append(piece)
        self.length += len(piece)


def read_conll(path: Path, setting: Setting) -> list[Article]:
    """The documents of a file, or of all `.conll`, `.tsv`, `.iob`, `.bio` and `.txt` files of a folder.

    Every column of tags is a layer named like the column; `setting.layer` takes one of them only, and names
    the column of a file without names. Columns that hold no tags are counted in `setting.lost`. Raises one
    error with every fault: GW276 for lines, GW277 for columns.
    """
    suffixes = (".conll", ".tsv", ".iob", ".bio", ".iob2", ".txt")
    files = sorted(p for p in path.rglob("*") if p.suffix in suffixes) if path.is_dir() else [path]
    if not files:
        raise GoldwireError.of(
            "GW277",
            f"no file in this folder ends in {', '.join(suffixes)}",
            where=str(path),
            hint="name the file",
        )
    articles: list[Article] = []
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for file in files:
        reader = _Reader(file, setting)
        try:
            reader.read(read_text(file))
        except GoldwireError as error:
            faults.extend(error.faults)
            continue
        for place, article in reader.articles():
            if first := seen.get(article.document.id):
                message = f"document `{article.document.id}` stands twice"
                reader.faults.append(Fault("GW276", message, place, f"{first} has it"))
            seen.setdefault(article.document.id, place)
            articles.append(article)
        faults.extend(reader.faults)
    raise_faults(faults[:100])
    return articles


class _Reader:
    """One file."""

    def __init__(self, file: Path, setting: Setting) -> None:
        self.file, self.setting = file, setting
        self.columns: list[str] = []
        self.named = False  # columns have names of their own
        self.spaced = False  # blanks part the columns
        self.found: list[_Sequence] = []
        self.faults: list[Fault] = []
        self.odd: set[str] = set()

    def fault(self, number: int, message: str, hint: str = "") -> None:
        self.faults.append(Fault("GW276", message, f"{self.file}:{number}", hint))

    def start(self, name: str, number: int) -> _Sequence:
        """Begin a document."""
        made = _Sequence(name, number)
        self.found.append(made)
        return made

    def read(self, content: str) -> None:
        now: _Sequence | None = None
        broken = False  # a sentence has ended
        for number, line in enumerate(content.split("\n"), start=1):
            line = line.removesuffix("\r")
            if not line.strip(" "):
                broken = True
            elif self.comment(line):
                if match := _ID.fullmatch(line):
                    now = self.start(match[1], number)
                    broken = False
                elif now is not None and line.startswith(MARK):
                    self.remark(now, line, number)
            elif line.startswith("-DOCSTART-"):
                now, broken = None, False
            else:
                self.spaced = "\t" not in line
                cells = _cells(line)
                if not self.columns and self.header(cells):
                    continue
                now = now or self.start(f"{self.file.stem}-{len(self.found) + 1}", number)
                self.token(now, cells, number, broken)
                broken = False
        if not self.columns:
            hint = "TOKEN<tab>TAG, a token a line"
            raise GoldwireError.of("GW277", "no token in this file", where=str(self.file), hint=hint)

    def comment(self, line: str) -> bool:
        """Whether a line is a comment. `# O` is a token where blanks part the columns and the tag is one."""
        if not line.startswith("#") or "\t" in line:
            return False
        cells = _cells(line)
        if self.spaced and len(cells) == len(self.columns) and split_tag(cells[-1]) is not None:
            return False
        return line.startswith("# ") or not self.columns

    def remark(self, now: _Sequence, line: str, number: int) -> None:
        """Our own comment: which document, who annotated it; and MISC holds the white space."""
        try:
            told = strict_json.decode(line.removeprefix(MARK), dict[str, str])
        except msgspec.MsgspecError:
            return self.fault(number, "a broken comment of goldwire's", "remove it")
        now.own, now.name = True, told.get("document", now.name)
        now.annotator, now.schema = told.get("annotator", ""), told.get("schema", "")
        return None

    def header(self, cells: list[str]) -> bool:
        """Take the names of the columns; True where the line is one of names."""
        if cells[0].upper() == TOKEN:
            self.columns, self.named = cells, True
            if twice := next((name for name in cells if cells.count(name) > 1), None):
                message, hint = f"column `{twice}` stands twice", "give each column a name of its own"
                raise GoldwireError.of("GW277", message, where=str(self.file), hint=hint)
            if not set(cells) - {TOKEN, cells[0], MISC}:
                message, hint = "no column of tags", f"{TOKEN}<tab>LAYER"
                raise GoldwireError.of("GW277", message, where=str(self.file), hint=hint)
            return True
        name = self.setting.layer or LAYER
        self.columns = [TOKEN, *(str(number) for number in range(2, len(cells))), name]
        if len(cells) < 2:
            message = "a token without a tag: no column of tags"
            raise GoldwireError.of("GW277", message, where=str(self.file), hint="TOKEN<tab>TAG")
        return False

    def token(self, now: _Sequence, cells: list[str], number: int, broken: bool) -> None:
        if len(cells) != len(self.columns) or not cells[0]:
            hint = f"{len(self.columns)} columns: {', '.join(self.columns)}"
            return self.fault(number, f"{len(cells)} columns, or an empty token", hint)
        misc = dict(zip(self.columns, cells, strict=True)).get(MISC, "")
        if not now.own and now.extents and broken:
            now.pieces[-1] = "\n"
            now.length = sum(map(len, now.pieces))
        before, after = unspaced(misc, now.own)
        now.add(before if not now.extents else "")
        now.extents.append((now.length, now.length + len(cells[0])))
        now.add(cells[0])
        now.add(after)
        now.lines.append(number)
        for name, cell in zip(self.columns[1:], cells[1:], strict=True):
            now.tags.setdefault(name, []).append(cell)
        return None

    def articles(self) -> Iterator[tuple[str, Article]]:
        """The documents that were found, each with its place."""
        for now in self.found:
            if not now.own and now.pieces:
                now.pieces[-1] = ""
            text = Text("".join(now.pieces))
            if not text.same:
                self.setting.lose("texts normalised, offsets moved along", now.name)
            annotation = Annotation(
                now.name,
                now.annotator or self.setting.annotator or ANNOTATOR,
                now.schema or (s.stamp if (s := self.setting.named_schema) else SCHEMA),
                self.setting.status,
                spans=tuple(self.spans(now, text)),
                text_sha256=sha256(text.text),
            )
            yield f"{self.file}:{now.line}", Article(Document(now.name, text.text), (annotation,))

    def spans(self, now: _Sequence, text: Text) -> Iterator[Span]:
        count = 0
        bases = [name for name in now.tags if not (m := _LEVEL.fullmatch(name)) or m[1] not in now.tags]
        bases = [name for name in bases if name != MISC]
        # Of columns without names the last is the tag.
        wanted = self.setting.layer if self.named else self.columns[-1]
        tagged = [name for name in bases if wanted in ("", name) and self.tagged(now, name)]
        if wanted and wanted not in tagged and not self.faults:
            raise GoldwireError.of(
                "GW277", f"no column of tags `{wanted}`", where=str(self.file), hint=one_of(bases)
            )
        for name in bases if wanted else ():
            if name != wanted:
                self.setting.lose(f"column {name}", now.name)
        for name in tagged:
            levels = [name, *(each for each in now.tags if (m := _LEVEL.fullmatch(each)) and m[1] == name)]
            for level in levels:
                for first, last, label in self.decoded(now, level):
                    start, end = (text.at(now.extents[i][side]) for i, side in ((first, 0), (last, 1)))
                    if start is None or end is None:
                        self.fault(
                            now.lines[first], "normalising (NFC) joins a token with the next", "repair it"
                        )
                        continue
                    count += 1
                    yield Span(f"s{count}", name, label, start, end)

    def tagged(self, now: _Sequence, name: str) -> bool:
        """Whether a column holds tags; one that doesn't is told once."""
        odd = next((i for i, tag in enumerate(now.tags[name]) if split_tag(tag) is None), None)
        if odd is None:
            return True
        if name == self.columns[-1] or any(tag[:2] in ("B-", "I-") for tag in now.tags[name]):
            self.fault(now.lines[odd], f"`{now.tags[name][odd]}` is no tag", "O, or B- I- E- S- and a label")
        elif name not in self.odd:
            self.odd.add(name)
            self.setting.lose(f"column {name}", now.name)
        return False

    def decoded(self, now: _Sequence, name: str) -> Iterator[tuple[int, int, str]]:
        tags = [split_tag(tag) or OUTSIDE for tag in now.tags[name]]
        yield from decode(tags)
