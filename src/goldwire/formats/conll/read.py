"""CoNLL, read: a token a line, its tags in IOB1, IOB2, IO, IOBES, bare or in brackets.

Read is any file of which can be told which column is the token and which are tags (see `columns`). A blank
line ends a sentence, and every span with it. A document begins where the file says so, else with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError
from goldwire.files import read_text, sha256
from goldwire.formats.conll.columns import ConllColumns, Tagged, conll_columns
from goldwire.formats.conll.lines import ConllLine, Kind, table_of
from goldwire.formats.conll.tags import NOTHING, OUTSIDE, decode_brackets, decode_tags, split_tag
from goldwire.formats.conll.write import MARK, unspaced
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document, Span
from goldwire.text import NormalisedText

#: Who annotated where nothing says so.
ANNOTATOR = "conll"
#: A word's number in CoNLL-U, and those of the words that a token such as French `du` stands for.
_WORD, _WORDS = re.compile(r"(\d{1,9})"), re.compile(r"(\d{1,9})-(\d{1,9})")
_SUFFIXES = (".conll", ".conllup", ".conllu", ".tsv", ".iob", ".bio", ".iob2", ".bioes", ".bmes", ".txt")


@dataclass
class _Sequence:
    """A document on its way: its tokens with what stands between them, a list of tags for each column."""

    name: str
    line: int
    own: bool = False
    annotator: str = ""
    schema: str = ""
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    extents: list[tuple[int, int]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    #: Tokens that begin a sentence, or stand behind a line that could not be read.
    breaks: set[int] = field(default_factory=set)
    tags: list[list[str]] = field(default_factory=list)

    def add(self, piece: str) -> None:
        """Put a piece of text behind what is there."""
        self.pieces.append(piece)
        self.length += len(piece)

    def end_line(self, space: str) -> None:
        """Have the last token followed by `space`."""
        self.length += len(space) - len(self.pieces[-1])
        self.pieces[-1] = space


def read_conll(path: Path, setting: ConversionOptions) -> list[Article]:
    """The documents of a file, or of all files of a folder whose names end as CoNLL's do.

    Every column of tags that has a name is a layer named like it; `setting.layer` takes one of them, and
    names the layer of a column without a name. Columns that are neither are counted in `setting.lost`.
    Refuses lines (GW276), and files whose columns can't be told (GW277, GW600, GW601). Raises GW602 where
    documents can't be cut as asked, GW603 where a folder has no such file.
    """
    setting.check_document_per(path)
    files = sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES) if path.is_dir() else [path]
    if not files:
        message = f"no file in this folder ends in {', '.join(_SUFFIXES)}"
        raise GoldwireError.of("GW603", message, where=str(path), hint="name the file")
    articles: list[Article] = []
    seen: dict[str, str] = {}
    for file in files:
        try:
            reader = _ConllReader(file, setting)
        except GoldwireError as error:
            setting.refuse(str(file), *error.faults)
            continue
        for where, article in reader.articles():
            if first := seen.get(article.document.id):
                message = f"document `{article.document.id}` stands twice"
                setting.refuse(article.document.text, Fault("GW276", message, where, f"{first} has it"))
                continue
            seen[article.document.id] = where
            articles.append(article)
    return articles


class _ConllReader:
    """One file."""

    def __init__(self, file: Path, setting: ConversionOptions) -> None:
        self.file, self.setting = file, setting
        self.table = table_of(read_text(file))
        self.columns: ConllColumns = conll_columns(self.table, file, setting)
        self.sequences: list[_Sequence] = []
        self.name = ""  # of the document, as the file gives it
        #: The number of the last word that the multiword token before stands for.
        self.until = 0
        self.known: list[set[str]] = [set() for _ in self.columns.tagged]
        self.read()

    def fault(self, line: ConllLine, message: str, hint: str) -> None:
        """Put down what is wrong with a line."""
        self.setting.refuse(line.text, Fault("GW276", message, f"{self.file}:{line.number}", hint))

    def start(self, name: str, number: int) -> _Sequence:
        """Begin a document."""
        name = name or f"{self.name or self.file.stem}-{len(self.sequences) + 1}"
        sequence = _Sequence(name, number, tags=[[] for _ in self.columns.tagged])
        self.sequences.append(sequence)
        return sequence

    def read(self) -> None:
        """Go through all lines."""
        per = self.setting.document_per
        now: _Sequence | None = None
        blanks, broken = 0, False
        header = self.columns.header
        sentence = ""
        for line in self.table.lines:
            if line.kind in (Kind.BLANK, Kind.DOCUMENT):
                self.until = 0
            if line.kind is Kind.BLANK:
                blanks += 1
                if per == "sentence" or (per == "paragraph" and blanks > 1):
                    now, sentence = None, ""
            elif line.kind is Kind.DOCUMENT:
                if per == "file":
                    broken = True
                    continue
                self.name, now = line.text, None
                if line.text and not per:
                    now = self.start(line.text, line.number)
                broken = False
            elif line.kind is Kind.COMMENT:
                if line.text.startswith(MARK) and now is not None:
                    self.remark(now, line)
                elif per == "paragraph" and line.text.startswith("# newpar"):
                    now = None
                elif per == "sentence" and line.text.startswith("# sent_id = "):
                    sentence = line.text.removeprefix("# sent_id = ").strip()
            elif header:
                header = False
            else:
                if now is None:
                    name = self.file.stem if per == "file" else sentence
                    now, broken = self.start(name, line.number), False
                broken = self.row(now, line, broken or (blanks > 0 and bool(now.extents)))
                blanks = 0

    def remark(self, now: _Sequence, line: ConllLine) -> None:
        """Our own comment: which document, who annotated it; and MISC holds the white space."""
        try:
            stated = strict_json.decode(line.text.removeprefix(MARK), dict[str, str])
        except msgspec.MsgspecError:
            return self.fault(line, "a broken comment of goldwire's", "remove it")
        now.own, now.name = True, stated.get("document", now.name)
        now.annotator, now.schema = stated.get("annotator", ""), stated.get("schema", "")
        return None

    def row(self, now: _Sequence, line: ConllLine, broken: bool) -> bool:
        """Take a token; `broken` says that no span goes on to it. Whether none goes on from it."""
        columns, cells = self.columns, line.cells
        width = self.table.width
        fits = len(cells) == width or (columns.ragged and len(cells) > max(t.index for t in columns.tagged))
        if not fits:
            noun = "column" if len(cells) == 1 else "columns"
            self.fault(line, f"{len(cells)} {noun} instead of {width}", self.hint())
            return True
        if not cells[columns.token]:
            self.fault(line, "an empty token", self.hint())
            return True
        number = cells[columns.number] if columns.number is not None else ""
        if "." in number:
            self.setting.lose("tokens that no text has (8.1)", f"{self.file}:{line.number}")
            return broken
        if self.until and (word := _WORD.fullmatch(number)) and int(word[1]) <= self.until:
            self.inside(now, line)
            return broken
        self.until = int(words[2]) if (words := _WORDS.fullmatch(number)) else 0
        before, after = unspaced(cells[columns.misc] if columns.misc is not None else "", now.own)
        if broken and now.extents:
            now.breaks.add(len(now.extents))
            if not now.own:
                now.end_line("\n")
        token = cells[columns.token]
        now.add(before if not now.extents else "")
        now.extents.append((now.length, now.length + len(token)))
        now.add(token)
        now.add(after)
        now.lines.append(line.number)
        for position, tags in enumerate(now.tags):
            tags.append(self.tag(line, position))
        return False

    def inside(self, now: _Sequence, line: ConllLine) -> None:
        """Take the tags of a word whose multiword token is in the text: the first that there are."""
        for number, tags in enumerate(now.tags):
            tag = self.tag(line, number)
            if tags[-1] in NOTHING:
                tags[-1] = tag
            elif tag.startswith(("B-", "S-", "U-")):
                self.setting.lose("spans inside a multiword token", f"{self.file}:{line.number}")

    def hint(self) -> str:
        """What the columns are."""
        names = [f"{self.columns.token + 1} the token"]
        names += [f"{tagged.index + 1} the tag" for tagged in self.columns.tagged]
        return f"column {', '.join(names)}"

    def tag(self, line: ConllLine, number: int) -> str:
        """A row's tag in one of the tagged columns; none where it is not of the column's form."""
        tagged, known = self.columns.tagged[number], self.known[number]
        tag = line.cells[tagged.index]
        if tag in known:
            return tag
        if tagged.form != "brackets" and split_tag(tag, tagged.form) is None:
            self.fault(line, f"«{tag}» is no tag", "O, or B- I- E- S- and a label")
            return "O"
        known.add(tag)
        return tag

    def articles(self) -> Iterator[tuple[str, Article]]:
        """The documents, each with its place."""
        for name in self.columns.others if self.sequences else ():
            self.setting.lose(f"column {name}", str(self.file))
        for now in self.sequences:
            if not now.own and now.pieces:
                now.end_line("")
            text = NormalisedText("".join(now.pieces))
            if not text.same:
                self.setting.normalised(now.name)
            annotation = Annotation(
                now.name,
                now.annotator or self.setting.annotator or ANNOTATOR,
                now.schema or self.setting.schema_id,
                self.setting.status,
                spans=tuple(self.spans(now, text)),
                text_sha256=sha256(text.text),
            )
            yield f"{self.file}:{now.line}", Article(Document(now.name, text.text), (annotation,))

    def spans(self, now: _Sequence, text: NormalisedText) -> Iterator[Span]:
        """The spans of all columns of tags, each with an id."""
        count = 0
        for tags, tagged in zip(now.tags, self.columns.tagged, strict=True):
            for first, last, label in self.decoded(now, tags, tagged):
                start, end = text.offset(now.extents[first][0]), text.offset(now.extents[last][1])
                if start is None or end is None:
                    wording = text.raw[now.extents[first][0] : now.extents[last][1]]
                    where = f"{self.file}:{now.lines[first]}"
                    message = "normalising (NFC) joins a token with the next"
                    self.setting.account.spans.found += 1
                    self.setting.refuse(wording, Fault("GW276", message, where, "repair it"))
                    continue
                count += 1
                yield Span(f"s{count}", tagged.layer, label, start, end)

    def decoded(self, now: _Sequence, tags: list[str], tagged: Tagged) -> Iterator[tuple[int, int, str]]:
        """The spans of a column: first and last token, label."""
        if tagged.form == "brackets":
            spans, odd = decode_brackets(tags, now.breaks)
            for index in odd:
                where = f"{self.file}:{now.lines[index]}"
                fault = Fault("GW276", f"«{tags[index]}»: a bracket without its other", where, "close it")
                self.setting.refuse(tags[index], fault)
            yield from spans
            return
        parts = {tag: split_tag(tag, tagged.form, tagged.layer.upper()) or OUTSIDE for tag in set(tags)}
        yield from decode_tags([parts[tag] for tag in tags], now.breaks)
