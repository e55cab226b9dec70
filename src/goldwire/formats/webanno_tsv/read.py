"""WebAnno TSV 3, read: files as INCEpTION and WebAnno export them, and as goldwire writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from goldwire.errors import GoldwireError, raise_faults
from goldwire.files import sha256
from goldwire.formats._escape import unescape as unescape_name
from goldwire.formats.counting import CountedText
from goldwire.formats.inception.documents import Documents
from goldwire.formats.inception.files import INITIAL, TEMPORARY, Export, ExportFile
from goldwire.formats.inception.layers import CUSTOM, Layers
from goldwire.formats.options import ConversionOptions
from goldwire.formats.webanno_tsv.rows import (
    ANY,
    CHAINS,
    NAME,
    NOTHING,
    NULL,
    RELATIONS,
    SLOT,
    SPANS,
    STACK,
    File,
    LayerColumn,
    TokenRow,
    TsvLayer,
    numbered,
    split_cell,
    texts,
    unescape_cell,
)
from goldwire.formats.webanno_tsv.text import sentence_text
from goldwire.model import Annotation, Article, AttributeValue, Document, Relation, Span, Status

#: Who annotated where nothing says so.
ANNOTATOR = "webanno"


def read_webanno_tsv(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a file, a folder or a zip: `DOCUMENT/ANNOTATOR.tsv`, or a whole project.

    What has no place in the model is counted in `setting.lost`. Refused are files of another form (GW660),
    with broken lines (GW661) or extents that are not the text's (GW662). Raises GW650 and GW651 for exports,
    GW652 and GW653 for layers and features that were asked for and are not there.
    """
    layers = Layers(setting)
    documents = Documents(setting, "GW660")
    for file in Export(path, (".tsv",), "WebAnno TSV 3", setting):
        try:
            documents.add(_article(file, layers), file)
        except GoldwireError as error:
            setting.refuse(file.place, *error.faults)
    articles = documents.joined()
    if not setting.faults:
        layers.check()
    return articles


def _article(file: ExportFile, layers: Layers) -> Article:
    setting = layers.setting
    try:
        content = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _another(file, f"no UTF-8 at byte {error.start}") from None
    first = content.partition("\n")[0]
    if not first.startswith(f"{NAME}3"):
        beginning = f"it begins `{first.strip()[:60]}`"
        raise _another(
            file, f"WebAnno TSV 1 or 2: {beginning}" if first.startswith((" # ", "# ")) else beginning
        )
    parsed = File(content, file.place)
    raise_faults(parsed.faults[:100])
    text = sentence_text(parsed, file.place, setting)
    annotator = file.annotator or setting.annotator or ANNOTATOR
    if TEMPORARY.fullmatch(annotator):
        setting.note("annotators that nothing names, called like their files", file.place)
    if text.raw != text.text:
        setting.normalised(file.document)
    document = Document(file.document, text.text)
    reader = _TsvReader(parsed, text, layers, f"{annotator}/{file.document}")
    spans, relations = tuple(reader.spans()), tuple(reader.relations())
    if annotator == INITIAL and not spans:
        return Article(document)
    status: Status = "adjudicated" if file.curated else setting.status
    annotation = Annotation(
        document.id,
        annotator,
        setting.schema_id,
        status,
        spans=spans,
        relations=relations,
        text_sha256=sha256(document.text),
    )
    return Article(document, (annotation,))


def _another(file: ExportFile, said: str) -> GoldwireError:
    hint = "its first line is #FORMAT=WebAnno TSV 3.x; export it again as that"
    return GoldwireError.of("GW660", f"no WebAnno TSV 3: {said}", where=f"{file.place}:1", hint=hint)


@dataclass
class _Mark:
    """An annotation as its rows say it: its extent in the file's units, its features, its slots."""

    layer: TsvLayer
    start: int
    end: int
    values: dict[str, str] = field(default_factory=dict)
    slots: list[tuple[str, str, str]] = field(default_factory=list)
    span: str = ""


class _TsvReader:
    """Reads the annotations of one file; what has no place in the model is put down as lost."""

    def __init__(self, file: File, text: CountedText, layers: Layers, place: str) -> None:
        self.file, self.text, self.layers, self.setting = file, text, layers, layers.setting
        self.place = place
        self.marks: list[_Mark] = []
        #: By the type of their layer and a row's number, or the number that makes them unique.
        self._in_row: dict[tuple[str, str], list[_Mark]] = {}
        self._numbered: dict[tuple[str, int], _Mark] = {}
        self._chains: dict[tuple[str, int], dict[int, _Mark]] = {}
        self._left_out: set[tuple[str, int]] = set()
        for layer in file.layers:
            features = ["referenceType"] if layer.kind == CHAINS else layer.features
            layers.meet(layer.type, features, features)
        self._layers = {
            kind: [layer for layer in file.layers if layer.kind == kind]
            for kind in (SPANS, CHAINS, RELATIONS)
        }
        #: The others say nothing but their text.
        self.rows = [row for row in file.rows() if any(cell != NOTHING for cell in row.cells)]
        for row in self.rows:
            for layer in self._layers[SPANS]:
                for cells in self._annotations(row, layer):
                    self._take_span(row, layer, cells)
            for layer in self._layers[CHAINS]:
                for cells in self._annotations(row, layer):
                    self._take_link(row, layer, cells)

    def _annotations(self, row: TokenRow, layer: TsvLayer) -> Iterator[list[str]]:
        """What a row has of a layer: for each annotation a cell a column; nothing of what is left out."""
        cells = row.cells[layer.first : layer.first + len(layer.columns)]
        if all(cell == NOTHING for cell in cells):
            return
        stacks = [split_cell(cell, STACK) for cell in cells]
        for index in range(max(map(len, stacks))):
            values = [stack[index] if index < len(stack) else NULL for stack in stacks]
            if self.layers.takes(layer.type):
                yield values
                continue
            number = _number(layer, values)
            if not number or (layer.type, number) not in self._left_out:
                self._left_out.add((layer.type, number))
                self.layers.leave_out(layer.type, f"{self.place} {row.number}")

    def _take_span(self, row: TokenRow, layer: TsvLayer, cells: list[str]) -> None:
        number = _number(layer, cells)
        mark = self._numbered.get((layer.type, number)) if number else None
        if mark is None:
            mark = self._mark(row, layer)
            mark.slots = list(_slots(layer, cells))
            if number:
                self._numbered[layer.type, number] = mark
                self._numbered.setdefault((ANY, number), mark)
        self._grow(mark, row)
        self._values(mark, row, zip(layer.columns, cells, strict=True))

    def _take_link(self, row: TokenRow, layer: TsvLayer, cells: list[str]) -> None:
        """A link of a chain: `coref->1-2` is the second of the first, `nam[1]` says what it is."""
        named = dict(zip((column.feature for column in layer.columns), cells, strict=True))
        value, _, place = named.get("referenceRelation", "").rpartition("->")
        chain, _, index = place.partition("-")
        if not (chain.isdecimal() and index.isdecimal()):
            self.setting.lose("links of no chain", f"{self.place} {row.number} {layer.type}")
            return
        links = self._chains.setdefault((layer.type, int(chain)), {})
        mark = links.get(int(index))
        if mark is None:
            links[int(index)] = mark = self._mark(row, layer)
        self._grow(mark, row)
        for key, cell in (("referenceRelation", value), ("referenceType", named.get("referenceType", NULL))):
            stated = numbered(cell)[0]
            if stated != NULL:
                mark.values.setdefault(key, unescape_cell(stated))

    def _mark(self, row: TokenRow, layer: TsvLayer) -> _Mark:
        mark = _Mark(layer, row.start, row.end)
        self.marks.append(mark)
        return mark

    def _grow(self, mark: _Mark, row: TokenRow) -> None:
        mark.start, mark.end = min(mark.start, row.start), max(mark.end, row.end)
        self._in_row.setdefault((mark.layer.type, row.number), []).append(mark)

    def _values(self, mark: _Mark, row: TokenRow, cells: Iterator[tuple[LayerColumn, str]]) -> None:
        for column, cell in cells:
            stated = numbered(cell)[0]
            if column.use != "feature" or stated in (NULL, NOTHING):
                continue
            value = unescape_cell(stated)
            if mark.values.setdefault(column.feature, value) != value:
                kind = f"values of {column.feature} that differ from row to row"
                self.setting.lose(kind, f"{self.place} {row.number}")

    def spans(self) -> Iterator[Span]:
        """All spans, in the order of their first rows; relations are read after them."""
        count = 0
        for mark in self.marks:
            extent = self.text.extent(mark.start, mark.end)
            if extent is None or extent[0] >= extent[1]:
                self.setting.lose("spans without an extent", f"{self.place} {mark.layer.type} {mark.start}")
                continue
            count += 1
            mark.span = f"s{count}"
            kind = mark.layer.type
            key = self.layers.label_feature(kind)
            layer = _plain(self.layers.name(kind)) if kind.startswith(CUSTOM) else self.layers.name(kind)
            label = mark.values.get(key, "") if key is not None else ""
            attributes = {
                (name := _plain(feature)): self._typed(layer, name, value)
                for feature, value in sorted(mark.values.items())
                if feature != key and (feature != "referenceRelation" or mark.layer.kind != CHAINS)
            }
            yield Span(mark.span, layer, label or kind.rpartition(".")[2], *extent, attributes)

    def _typed(self, layer: str, key: str, value: str) -> AttributeValue:
        """A value as the schema that was asked for has it: the format holds texts only."""
        schema = self.setting.named_schema
        known = schema.layers.get(layer) if schema is not None else None
        attribute = known.attributes.get(key) if known is not None else None
        if attribute is not None and attribute.kind == "flag" and value in ("true", "false"):
            return value == "true"
        return texts(value) if attribute is not None and attribute.kind == "choices" else value

    def relations(self) -> Iterator[Relation]:
        """Arrows, then what is in slots, then what joins the links of chains."""
        for row in self.rows:
            for layer in self._layers[RELATIONS]:
                for cells in self._annotations(row, layer):
                    yield from self._arrow(row, layer, cells)
        for mark in self.marks:
            for role, target, kind in mark.slots:
                unit, number, _ = numbered(target)
                yield from self._joined(role, mark, self._find(kind, unit, number), target)
        for links in self._chains.values():
            for one, next_one in pairwise(mark for _, mark in sorted(links.items())):
                label = one.values.get("referenceRelation") or one.layer.type.rpartition(".")[2]
                yield from self._joined(label, one, next_one, str(next_one.start))

    def _arrow(self, row: TokenRow, layer: TsvLayer, cells: list[str]) -> Iterator[Relation]:
        key, label = self.layers.label_feature(layer.type), ""
        for column, cell in zip(layer.columns[:-1], cells[:-1], strict=True):
            stated = numbered(cell)[0]
            if column.use == "feature" and column.feature == key and stated not in (NULL, NOTHING):
                label = unescape_cell(stated)
            elif stated not in (NULL, NOTHING):
                self.setting.lose(f"feature {layer.type}:{column.feature}", f"{self.place} {row.number}")
        unit, head, tail = numbered(cells[-1])
        kind = layer.columns[-1].type
        ends = self._find(kind, unit, head), self._find(kind, row.number, tail)
        yield from self._joined(label or layer.type.rpartition(".")[2], *ends, row.number)

    def _find(self, kind: str, unit: str, number: int) -> _Mark | None:
        """The annotation that a slot or an arrow ends at, by its number or by the row that it begins in."""
        if number:
            return self._numbered.get((kind, number)) or self._numbered.get((ANY, number))
        if kind != ANY:
            return next(iter(self._in_row.get((kind, unit), ())), None)
        marks = [mark for layer in self.file.layers for mark in self._in_row.get((layer.type, unit), ())]
        return marks[0] if len(marks) == 1 else None

    def _joined(self, label: str, head: _Mark | None, tail: _Mark | None, at: str) -> Iterator[Relation]:
        if head is None or tail is None or not (head.span and tail.span):
            self.setting.lose("relations without both ends", f"{self.place} {label} {at}")
        else:
            yield Relation(label, head.span, tail.span)


def _number(layer: TsvLayer, cells: list[str]) -> int:
    """The number that makes an annotation unique in its file; 0 where it has none. Slots bear others'."""
    pairs = zip(layer.columns, cells, strict=True)
    return next(
        (number for column, cell in pairs if column.use != "target" and (number := numbered(cell)[1])), 0
    )


def _slots(layer: TsvLayer, cells: list[str]) -> Iterator[tuple[str, str, str]]:
    """An annotation's slots: the role, the row where it ends, the type of what it ends at."""
    for index, column in enumerate(layer.columns[:-1]):
        if column.use != "role":
            continue
        roles, targets = split_cell(numbered(cells[index])[0], SLOT), split_cell(cells[index + 1], SLOT)
        for role, target in zip(roles, targets, strict=False):
            if target not in (NULL, NOTHING):
                said = column.feature if role in (NULL, NOTHING) else unescape_cell(role)
                yield said, target, layer.columns[index + 1].type


def _plain(name: str) -> str:
    """A layer's or a feature's name, as it was before goldwire wrote it in letters and digits."""
    plain = unescape_name(name)
    return plain if plain.isprintable() else name
