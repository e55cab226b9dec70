"""Tables: a span a row with its offsets, or a token a row with its tag.

Columns are known by their names, which is told, or named: `--columns start=begin,label=kind`. The text of
offsets stands in a column, in a file `DOCUMENT.txt` beside the table, or is the project's article.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import groupby, pairwise
from pathlib import Path

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import file_name, read_text
from goldwire.formats.conll.tags import decode_tags, form_of, split_tag
from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._marks import Collector, FileMark, FileReading, placed
from goldwire.formats.others._rows import Content, FileRow, contents, malformed_row, table_rows
from goldwire.model import Article
from goldwire.text import first_of

ABOUT = "tables (CSV, TSV): a row a span with its offsets (--columns), or a row a token with its tag"


def _parts(table: str) -> dict[str, list[str]]:
    """Of each line the part that a column plays, and what such columns are called, the likeliest first."""
    parts: dict[str, list[str]] = {}
    for line in table.strip().split("\n"):
        part, _, names = line.partition(": ")
        parts.setdefault(part, []).extend(names.split())
    return parts


#: In lower case and without what is no letter.
NAMES = _parts("""
document: document documentid doc docid id textid fileid file filename name article articleid noteid pmid
document: sentenceid uid
text: text fulltext content body sentence documenttext rawtext
start: start begin startoffset beginoffset offsetstart startindex startchar charstart from discoursestart
start: spanstart startpos starts off0
end: end stop endoffset offsetend endindex endchar charend to discourseend spanend endpos ends off1
label: label type entitytype tag category entitylabel class kind discoursetype spanlabel mark nertag labels
label: entitygroup
words: span mention quote spantext entitytext entity surface discoursetext covered coveredtext word phrase
words: value markedtext
annotator: annotator annotatorid user username coder rater annotatedby
id: spanid entityid mentionid annotationid discourseid
""")
#: Of tables with a token a row.
TOKENS = _parts("""
token: token tokens word words form
tag: tag tags nertag nertags ner label labels iob bio entity
sentence: sentence sentenceid sentencenumber sentno sentidx sentenceidx
document: document documentid doc docid file filename article articleid
""")
_HINT = "name them: --columns document=…,start=…,end=…,label=…,text=…"


def looks_like(head: Head) -> bool:
    """Whether it begins like a table of offsets or of tags."""
    if head.suffix not in (".csv", ".tsv"):
        return False
    if {"start", "end", "label"} <= set(known_table(head.columns, NAMES)):
        return True
    # Columns that tabs part are CoNLL's.
    return head.suffix == ".csv" and {"token", "tag"} <= set(known_table(head.columns, TOKENS))


def known_table(names: Sequence[str], parts: dict[str, list[str]]) -> dict[str, str]:
    """For each part the column that plays it; the likelier name wins, and no column plays two."""
    plain = {"".join(filter(str.isalpha, name.lower())): name for name in reversed(names)}
    plain |= {"".join(filter(str.isalnum, name.lower())): name for name in reversed(names)}
    columns: dict[str, str] = {}
    for part, likely in parts.items():
        column = next(
            (plain[each] for each in likely if plain.get(each) not in (None, *columns.values())), None
        )
        if column is not None:
            columns[part] = column
    return columns


def read_csv(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a table. Columns beyond those that are known are counted in `setting.lost`.

    Raises GW625 where the columns can't be told, GW626 where a text can't be had; GW621 and GW623 for rows.
    """
    collector = Collector(setting, "csv")
    for content in contents(path, (".csv", ".tsv"), "a table"):
        names, rows = table_rows(content, setting)
        named = named_columns(setting.columns, {*NAMES, *TOKENS}, names, content.place)
        spans, tokens = known_table(names, NAMES) | named, known_table(names, TOKENS) | named
        if {"start", "end", "label"} <= set(spans):
            _tell(spans, NAMES, setting)
            _lose(names, spans, rows_ := list(rows), content.place, setting)
            _spans(rows_, spans, path, collector)
        elif {"token", "tag"} <= set(tokens):
            _tell(tokens, TOKENS, setting)
            _lose(names, tokens, rows_ := list(rows), content.place, setting)
            _tokens(rows_, tokens, content, collector)
        else:
            missing = ", ".join(part for part in ("start", "end", "label") if part not in spans)
            message = f"which column holds {missing} can't be told from {first_of(names, 12) or 'no names'}"
            raise GoldwireError.of("GW625", message, where=content.place, hint=_HINT)
    return collector.articles()


def named_columns(option: str, parts: Collection[str], names: Collection[str], place: str) -> dict[str, str]:
    """The columns that were named, `start=begin,label=kind`: of each of some `parts` the one of `names`.

    Raises GW625 for what is no part, and for a column that is not there.
    """
    named: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in option.split(","))):
        part, _, column = pair.partition("=")
        if part not in parts or column not in names:
            wrong = (
                f"`{part}` is no part of a table" if part not in parts else f"there is no column `{column}`"
            )
            hint = one_of(parts if part not in parts else names)
            raise GoldwireError.of("GW625", f"--columns {pair}: {wrong}", where=place, hint=hint)
        named[part] = column
    return named


def _tell(columns: dict[str, str], parts: dict[str, list[str]], setting: ConversionOptions) -> None:
    shown = ", ".join(f"{part}={column}" for part, column in columns.items() if part in parts)
    setting.assume(f"columns: {shown} (--columns says otherwise)")


def _lose(
    names: Sequence[str],
    columns: dict[str, str],
    rows: Sequence[FileRow],
    place: str,
    setting: ConversionOptions,
) -> None:
    for name in names:
        if name not in columns.values() and any(row.value.get(name) for row in rows):
            setting.lose(f"column {name or '(without a name)'}", place)


def _spans(rows: Sequence[FileRow], columns: dict[str, str], path: Path, collector: Collector) -> None:
    """A span a row; rows of one document by one annotator are one annotation."""
    setting = collector.setting
    texts = _Texts(path, setting)
    readings: dict[tuple[str, str], FileReading] = {}
    by_text: dict[str, str] = {}

    def cell(row: FileRow, part: str) -> str:
        return str(row.value.get(columns.get(part, ""), "") or "")

    for row in rows:
        text = cell(row, "text")
        name = cell(row, "document") or (text and by_text.setdefault(text, f"{row.stem}-{len(by_text) + 1}"))
        whole = text or texts.of(name, row)
        if whole is None:
            continue
        annotator = cell(row, "annotator") or collector.annotator
        reading = readings.setdefault(
            (name, annotator), FileReading(row.place, name, whole, annotator, setting.status, [])
        )
        if reading.text != whole:
            message = f"another text than `{name}` has in {reading.place}"
            setting.refuse(row.value, malformed_row(row.place, message, "give each text an id of its own"))
            continue
        start, end, label = (cell(row, part).strip() for part in ("start", "end", "label"))
        if not start and not end and not label:
            continue  # a text in which nothing is marked
        offsets = [_offset(start), _offset(end)]
        if None in offsets or not label:
            message = f"no span: start «{start[:20]}», end «{end[:20]}», label «{label[:20]}»"
            setting.refuse(row.value, malformed_row(row.place, message, _HINT))
            continue
        first, last = (offset or 0 for offset in offsets)
        words = cell(row, "words") if columns.get("words") else ""
        reading.marks.append(FileMark(label, first, last, words or None, id=cell(row, "id")))
    raise_faults(texts.faults)
    for reading in readings.values():
        collector.add(reading)


def _offset(cell: str) -> int | None:
    """An offset; tables made by pandas write 12.0."""
    with suppress(ValueError):
        number = float(cell) if cell.isascii() else float("nan")
        if number == number and abs(number) < 1e12 and number == int(number):
            return int(number)
    return None


class _Texts:
    """The texts that a table names: files beside it, else the project's articles."""

    def __init__(self, path: Path, setting: ConversionOptions) -> None:
        self.folder = path if path.is_dir() else path.parent
        self.setting = setting
        self.known: dict[str, str | None] = {}
        self.faults: list[Fault] = []

    def of(self, name: str, row: FileRow) -> str | None:
        """The text of a document; None, with a fault, where there is none."""
        if name not in self.known:
            self.known[name] = self._found(name)
            if self.known[name] is None:
                message = f"no text for document `{name}`" if name else "no column of texts or documents"
                hint = f"put {name or 'DOCUMENT'}.txt beside the table, or name a column: --columns text=…"
                self.faults.append(Fault("GW626", message, row.place, hint))
        return self.known[name]

    def _found(self, name: str) -> str | None:
        if not name:
            return None
        stem = name.removesuffix(".txt")
        if stem == file_name(stem):
            for file in (self.folder / f"{stem}.txt", self.folder / stem[:0] / "texts" / f"{stem}.txt"):
                if file.is_file():
                    return read_text(file)
        with suppress(GoldwireError):
            return next((each.text for each in self.setting.documents if each.id == name), None)
        return None


def _tokens(rows: Sequence[FileRow], columns: dict[str, str], content: Content, collector: Collector) -> None:
    """A token a row; a sentence's name may stand at its first token only. Without documents sentences are."""
    setting = collector.setting
    part = "document" if "document" in columns else "sentence"
    named = _filled(rows, columns.get(part))
    ends = _filled(rows, columns.get("sentence"))
    form = form_of(Counter(str(row.value.get(columns["tag"]) or "O") for row in rows), named=True) or "prefix"
    for index, (name, group) in enumerate(groupby(range(len(rows)), key=named.__getitem__), start=1):
        numbers = list(group)
        words = [str(rows[n].value.get(columns["token"]) or "") for n in numbers]
        tags: list[tuple[str, str]] = []
        for number in numbers:
            cell = str(rows[number].value.get(columns["tag"]) or "O")
            tag = split_tag(cell, form, columns["tag"])
            if tag is None:
                setting.refuse(
                    rows[number].value, malformed_row(rows[number].place, f"`{cell}` is no tag", "O, B-PER")
                )
            tags.append(tag or ("O", ""))
        text, extents = placed(words, None)
        breaks = {index for index, (a, b) in enumerate(pairwise(numbers), start=1) if ends[a] != ends[b]}
        marks = [FileMark(label, extents[a][0], extents[b][1]) for a, b, label in decode_tags(tags, breaks)]
        document = name if name and part == "document" else f"{content.stem}-{index}"
        place = rows[numbers[0]].place
        if text.strip():
            collector.add(FileReading(place, document, text, collector.annotator, setting.status, marks))
    setting.assume("texts are put together from tokens, with a blank between them")


def _filled(rows: Sequence[FileRow], column: str | None) -> list[str]:
    """A column's cells, those that are empty like the one above."""
    cells: list[str] = []
    for row in rows:
        cell = str(row.value.get(column) or "") if column is not None else ""
        cells.append(cell or (cells[-1] if cells else ""))
    return cells
