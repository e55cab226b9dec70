"""Annotations written by hand as quotes: a YAML file for each annotator and article, read into offsets.

A file names its document, annotator and schema, and lists passages of the article, each with the spans that
it holds, by layer. Every quote must stand exactly once in its passage, and every passage exactly once in the
article, or carry `n`, its occurrence (from 1, left to right, overlapping ones counted). The other keys of a
span are attributes of its layer and relations of the schema, whose values are ids of spans in the file.
Nothing is guessed: what is not found to the letter is a fault, with the article's own characters in its hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from goldwire.annotations import rules
from goldwire.annotations.find_quote import near_miss, occurrences
from goldwire.annotations.values import FLAGS, from_text, value_problem
from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_text, sha256
from goldwire.model import STATUSES, Annotation, Document, Provenance, Relation, Span, span_key
from goldwire.schemas import Schema
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.text import Snippet, normalise, snippet

_TOP = ("document", "annotator", "schema", "status", "provenance", "passages")
_KNOWN = ("id", "label", "quote", "n")
#: The codes of an `n` that no occurrence has, of a quote that stands several times, and of an id that does.
NO_OCCURRENCE, SEVERAL_TIMES, ID_TWICE = "GW253", "GW255", "GW257"
#: Code points of the article shown on each side of a quote.
_AROUND = 24


def read_quotes(
    path: Path, documents: Iterable[Document], schema: Schema, guidelines: str = ""
) -> Annotation:
    """The annotation of one file, its spans in reading order.

    `guidelines` is the SHA-256 of the guidelines in force, kept where the file states none. Raises one error
    with every fault of the file (GW101 and GW102 where it is no YAML, else GW230 to GW258), each with its
    line and `$.path`.
    """
    data, lines = parse_yaml(read_text(path), str(path), texts=True)
    reader = _QuotesReader(str(path), lines, {document.id: document for document in documents}, schema)
    return reader.annotation(data, guidelines)


def read_quotes_files(
    path: Path, documents: Sequence[Document], schema: Schema, guidelines: str = ""
) -> list[Annotation]:
    """The annotations of a file, or of all `.yaml` and `.yml` files in a folder and below it.

    Raises one error with the faults of all files.
    """
    files = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
    if not files:
        raise GoldwireError.of("GW250", "no .yaml file in this folder", where=str(path))
    annotations: list[Annotation] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], Path] = {}
    for file in files:
        try:
            annotation = read_quotes(file, documents, schema, guidelines)
        except GoldwireError as error:
            faults.extend(error.faults)
            continue
        key = (annotation.annotator, annotation.document)
        if key in seen:
            message = f"`{key[0]}` has annotated `{key[1]}` already"
            faults.append(Fault("GW264", message, str(file), f"{seen[key]} has it; keep one of them"))
        seen.setdefault(key, file)
        annotations.append(annotation)
    raise_faults(faults)
    return annotations


class PlacedQuotes(NamedTuple):
    """What passages say: spans by their ids, relations, and each fault with the `$.path` that it is of.

    Of a span with a fault neither place nor attributes are to be relied on.
    """

    spans: dict[str, Span]
    relations: list[Relation]
    faults: list[tuple[str, Fault]]


def place_passages(
    passages: Sequence[Any], document: Document, schema: Schema, known: Iterable[Span] = (), source: str = ""
) -> PlacedQuotes:
    """Passages in the form of a file's, whoever wrote them, held against one article; raises nothing.

    Relations may lead to spans that are `known` already, whose ids no other span may bear. `source` stands
    before each path in the faults.
    """
    reader = _QuotesReader(source, {}, {document.id: document}, schema)
    for span in known:
        reader.spans[span.id] = span
        reader.places[span.id] = "$"
    for index, passage in enumerate(passages):
        reader.passage(passage, document.text, f"$.passages[{index}]")
    relations = reader.relations()
    return PlacedQuotes(reader.spans, relations, list(zip(reader.paths, reader.faults, strict=True)))


class _QuotesReader:
    """Reads one file; collects its faults on the way."""

    def __init__(
        self, source: str, lines: dict[str, int], documents: dict[str, Document], schema: Schema
    ) -> None:
        self.source, self.lines, self.documents, self.schema = source, lines, documents, schema
        self.faults: list[Fault] = []
        self.paths: list[str] = []  # of the faults
        self.spans: dict[str, Span] = {}
        self.places: dict[str, str] = {}
        self.extents: dict[tuple[str, str, int, int], str] = {}
        self.arrows: list[tuple[str, str, str, str]] = []  # relation, head, tail, path

    def fault(self, code: str, path: str, message: str, hint: str = "") -> None:
        near = path
        while near not in self.lines and near != "$":
            near = near[: max(near.rfind("."), near.rfind("["), 1)]
        place = f"{self.source}:{self.lines.get(near, 1)} {path}"
        self.faults.append(Fault(code, message, place, hint))
        self.paths.append(path)

    def annotation(self, data: Any, guidelines: str) -> Annotation:
        """The whole file; raises all faults at the end."""
        if not isinstance(data, dict):
            hint = f"a mapping with {', '.join(_TOP)}"
            raise GoldwireError.of("GW250", "not an annotation", where=self.source, hint=hint)
        for key in data:
            if key not in _TOP:
                self.fault("GW250", f"$.{key}", f"unknown key `{key}`", one_of(_TOP))
        name, annotator, schema_id = (
            self.text(data, key, "$") for key in ("document", "annotator", "schema")
        )
        document = self.documents.get(name)
        if name and document is None:
            self.fault("GW258", "$.document", f"no article `{name}`", one_of(self.documents))
        if schema_id and schema_id != self.schema.id:
            hint = f"the schema in use is {self.schema.id}"
            self.fault(rules.SCHEMA, "$.schema", f"made with another schema, `{schema_id}`", hint)
        status = data.get("status", "draft")
        if status not in STATUSES:
            self.fault("GW250", "$.status", f"unknown status `{status}`", one_of(STATUSES))
        provenance = self.provenance(data.get("provenance") or {}, guidelines)
        if document is not None:
            for index, passage in enumerate(self.listed(data.get("passages", []), "$.passages")):
                self.passage(passage, document.text, f"$.passages[{index}]")
        relations = self.relations()
        raise_faults(self.faults)
        spans = sorted(self.spans.values(), key=span_key)
        order = {span.id: number for number, span in enumerate(spans)}
        kinds = list(self.schema.relations)
        relations.sort(key=lambda r: (order[r.head], kinds.index(r.label), order[r.tail]))
        assert document is not None  # a missing one is a fault
        digest = sha256(document.text)
        return Annotation(
            name, annotator, schema_id, status, provenance, tuple(spans), tuple(relations), text_sha256=digest
        )

    def provenance(self, data: Any, guidelines: str) -> Provenance:
        """The provenance as stated; `guidelines` fills in where it says nothing of them."""
        if not isinstance(data, dict):
            self.fault("GW250", "$.provenance", "not a mapping", "{kind: …, name: …}")
            return Provenance()
        stated: dict[str, Any] = {"guidelines": guidelines}
        for key, value in data.items():
            if key not in Provenance.__struct_fields__:
                hint = one_of(Provenance.__struct_fields__)
                self.fault("GW250", f"$.provenance.{key}", f"unknown key `{key}`", hint)
            elif key == "seen_predictions" and isinstance(value, str):
                stated[key] = FLAGS.get(value.lower(), value)
            else:
                stated[key] = value
        try:
            # All scalars are texts here: not strict, so that `12.5` becomes the number that it stands for.
            return msgspec.convert(stated, Provenance, strict=False)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            self.fault(
                "GW250", f"$.provenance{path.rstrip('`')}", message, "kind is human, model, rule or unknown"
            )
            return Provenance()

    def passage(self, data: Any, text: str, at: str) -> None:
        """One passage: its place in the article, then its spans."""
        if not isinstance(data, dict):
            self.fault("GW250", at, "not a mapping", "`text` and a list of spans for each layer")
            return
        for key in data:
            if key not in ("text", "n", *self.schema.layers):
                hint = f"beside `text` and `n`, {one_of(self.schema.layers)}"
                self.fault(rules.LAYER, f"{at}.{key}", f"unknown layer `{key}`", hint)
        quote = normalise(self.text(data, "text", at))
        start = self.place(text, quote, data, at, "passage") if quote else None
        for layer in self.schema.layers:
            for index, item in enumerate(self.listed(data.get(layer, []), f"{at}.{layer}")):
                here = f"{at}.{layer}[{index}]"
                if isinstance(item, dict):
                    self.span(item, layer, here, text, quote, start)
                else:
                    self.fault("GW250", here, "not a span", "{id: …, label: …, quote: …}")

    def place(self, text: str, quote: str, data: dict[str, Any], at: str, kind: str) -> int | None:
        """Where a passage stands in the article or a quote in its passage; None, with a fault, if unclear."""
        key, whole, codes = ("text", "article", ("GW251", "GW252"))
        if kind == "quote":
            key, whole, codes = "quote", "passage", ("GW254", SEVERAL_TIMES)
        starts = occurrences(text, quote)
        shown = quote if len(quote) <= 60 else f"{quote[:60]}…"
        number = self.number(data, at)
        if not starts:
            hint = near_miss(text, quote, whole)
            self.fault(codes[0], f"{at}.{key}", f"{kind} «{shown}» is not in the {whole}", hint)
        elif number is None:
            if len(starts) == 1:
                return starts[0]
            places = "; ".join(
                f"n: {n} {_shown(text, start, quote) if len(quote) < 60 else f'at {start}'}"
                for n, start in enumerate(starts[:6], start=1)
            )
            more = "; …" if len(starts) > 6 else ""
            message = f"{kind} «{shown}» stands {len(starts)} times in the {whole}"
            self.fault(codes[1], f"{at}.{key}", message, f"say which: {places}{more}")
        elif number > len(starts):
            times = "once" if len(starts) == 1 else f"{len(starts)} times"
            message = f"n is {number}, but «{shown}» stands only {times} in the {whole}"
            self.fault(NO_OCCURRENCE, f"{at}.n", message, "count occurrences from 1, left to right")
        elif number > 0:
            return starts[number - 1]
        return None

    def number(self, data: dict[str, Any], at: str) -> int | None:
        """The occurrence that `n` names; None where there is none, 0 with a fault where it is no number."""
        written = data.get("n", "")
        if written == "":
            return None
        if isinstance(written, str) and written.isascii() and written.isdigit() and int(written) > 0:
            return int(written)
        self.fault(NO_OCCURRENCE, f"{at}.n", f"n is `{written}`", "a number from 1")
        return 0

    def span(
        self, item: dict[str, Any], layer: str, at: str, text: str, passage: str, offset: int | None
    ) -> None:
        """One span with its attributes; its relations are kept until all ids are known."""
        labels = self.schema.layers[layer].labels
        label, quote = self.text(item, "label", at), normalise(self.text(item, "quote", at))
        if label and label not in labels:
            self.fault(rules.LABEL, f"{at}.label", f"layer `{layer}` has no label `{label}`", one_of(labels))
        labelled = label in labels
        name = self.name(item, layer, at)
        attributes: dict[str, Any] = {}
        for key, written in item.items():
            if key in self.schema.layers[layer].attributes:
                self.attribute(key, written, layer, label if labelled else "", f"{at}.{key}", attributes)
            elif key in self.schema.relations:
                self.arrow(key, written, layer, label if labelled else "", name, f"{at}.{key}")
            elif key not in _KNOWN:
                hint = one_of(
                    [*_KNOWN, *self.schema.layers[layer].attributes, *self.schema.relations_from(layer)]
                )
                self.fault(
                    rules.ATTRIBUTE, f"{at}.{key}", f"`{key}` is no attribute or relation of `{layer}`", hint
                )
        start = self.place(passage, quote, item, at, "quote") if quote and passage else None
        if quote and start is None and passage and quote in text and quote not in passage:
            self.faults[-1] = self.moved(self.faults[-1], text, quote)
        # A span without a place stays known by its id, so that relations to it raise no second fault.
        begin = (start or 0) + (offset or 0)
        self.spans[name] = Span(name, layer, label, begin, begin + len(quote), attributes)
        if start is not None and offset is not None and labelled:
            key_ = (layer, label, begin, begin + len(quote))
            if first := self.extents.get(key_):
                hint = f"{first} marks it already; a layer holds each extent and label once"
                self.fault(rules.SAME_SPAN, at, f"«{quote}» is marked {label} twice", hint)
            self.extents.setdefault(key_, f"`{name}` in line {self.lines.get(at, 0)}")

    @staticmethod
    def moved(fault: Fault, text: str, quote: str) -> Fault:
        """The same fault, its hint saying where in the article the quote stands."""
        start = text.index(quote)
        hint = f"the article has it elsewhere: {_shown(text, start, quote)}"
        return Fault(fault.code, fault.message, fault.where, hint)

    def name(self, item: dict[str, Any], layer: str, at: str) -> str:
        """The span's id: the one written, or a new one where there is none."""
        name = self.text(item, "id", at) if "id" in item else ""
        if name in self.places:
            hint = f"line {self.lines.get(self.places[name], 0)} has it; ids are unique in a file"
            self.fault(ID_TWICE, f"{at}.id", f"id `{name}` stands twice", hint)
            name = ""
        if not name:
            number = 1
            while (name := f"{layer}-{number}") in self.places:
                number += 1
        self.places[name] = at
        return name

    def attribute(
        self, key: str, written: Any, layer: str, label: str, at: str, attributes: dict[str, Any]
    ) -> None:
        """One attribute's value, kept where it is allowed. An empty one counts as absent."""
        attribute = self.schema.layers[layer].attributes[key]
        if label and not attribute.applies_to(label):
            hint = f"only on {', '.join(attribute.labels or [])}"
            self.fault(rules.BEARER, at, f"a span of label {label} bears no `{key}`", hint)
        value = from_text(attribute, written)
        if value is None:
            return
        bearer = label if attribute.applies_to(label) else ""
        if problem := value_problem(attribute, value, bearer):
            self.fault(rules.VALUE, at, f"`{key}`: {problem[0]}", problem[1])
        else:
            attributes[key] = value

    def arrow(self, key: str, written: Any, layer: str, label: str, name: str, at: str) -> None:
        """The relations of one key; their tails are looked up at the end."""
        if label and not any(end.admits(layer, label) for end in self.schema.relations[key].head):
            hint = f"from a {label} of `{layer}` go {', '.join(self.schema.relations_from(layer)) or 'none'}"
            self.fault(rules.ENDS, at, f"no `{key}` starts from {label}", hint)
        tails = [written] if isinstance(written, str) else written
        for index, tail in enumerate(self.listed(tails if written else [], at)):
            here = f"{at}[{index}]" if isinstance(written, list) else at
            if isinstance(tail, str) and tail:
                self.arrows.append((key, name, tail, here))
            else:
                self.fault("GW250", here, "not an id", "an id of a span in this file, or a list of them")

    def relations(self) -> list[Relation]:
        """All relations, their tails found."""
        unique: dict[tuple[str, str, str], Relation] = {}
        for label, head, tail, at in self.arrows:
            span = self.spans.get(tail)
            if span is None:
                self.fault("GW256", at, f"no span has the id `{tail}`", one_of(self.spans))
                continue
            ends = self.schema.relations[label].tail
            has_label = span.label in self.schema.layers[span.layer].labels
            if has_label and not any(end.admits(span.layer, span.label) for end in ends):
                may = "; ".join(f"{end.layer}: {', '.join(end.labels or ['any label'])}" for end in ends)
                message = f"`{label}` may not point to `{tail}`, a {span.label}"
                self.fault(rules.ENDS, at, message, f"it points to {may}")
            if head == tail:
                self.fault(rules.LOOP, at, f"`{tail}` points to itself", "remove it")
            if (label, head, tail) in unique:
                self.fault(
                    rules.SAME_RELATION, at, f"`{label}` to `{tail}` stands twice", "remove one of them"
                )
            unique[label, head, tail] = Relation(label, head, tail)
        return list(unique.values())

    def text(self, data: dict[str, Any], key: str, at: str) -> str:
        """A text that must be there; empty, with a fault, where it is not."""
        value = data.get(key, "")
        if isinstance(value, str) and value:
            return value
        message = f"lacks `{key}`" if not value else f"`{key}` is no text"
        self.fault("GW250", at if key not in data else f"{at}.{key}", message, "give it as a text")
        return ""

    def listed(self, value: Any, at: str) -> list[Any]:
        """A list that may be empty or absent."""
        if isinstance(value, list):
            return value
        if value:
            self.fault("GW250", at, "not a list", "one item a line, each after `- `")
        return []


def _shown(text: str, start: int, quote: str) -> Snippet:
    return snippet(text, start, start + len(quote), _AROUND)
