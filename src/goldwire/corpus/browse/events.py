"""What a corpus says of who does what to whom, gathered from the frames of all its articles."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from goldwire.corpus.browse.argument_roles import Frame, identity_of
from goldwire.errors import GoldwireError
from goldwire.files import read_text
from goldwire.model import Annotation, Article, AttributeValue, Span, curated
from goldwire.schemas import Schema
from goldwire.schemas.yaml_lines import parse_yaml

#: For each registry, its entries as they are written: id, then field, then text.
Entries = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass
class Node:
    """A participant. Without an id it stands for all mentions of the same label and wording.

    `label` is the one that most of its mentions bear. `known` holds the attributes that the schema takes from
    a registry: as a mention states them, else as the registry does.
    """

    key: str
    layer: str
    id: str = ""
    name: str = ""
    label: str = ""
    known: dict[str, str] = field(default_factory=dict)


@dataclass
class Row:
    """One span of a frame: who, what, whom, where, when, as one annotator read it.

    `document` counts the articles; `fillers` holds for each relation the nodes that it leads to, as places
    in the list of nodes, with the spans. `event` is shared by all mentions of one thing that happened.
    `date` is ISO 8601, whole or in part, and `basis` says where it is from: `stated` in the text beside it,
    or `""` where it is not.
    """

    document: int
    annotator: str
    status: str
    chosen: bool
    frame: Frame
    span: Span
    text: str
    event: str
    date: str = ""
    basis: str = ""
    fillers: dict[str, list[int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


@dataclass
class Link:
    """A relation between two spans of one layer, which needs no frame."""

    document: int
    annotator: str
    chosen: bool
    label: str
    head: int
    tail: int
    span: str


@dataclass
class EventGraph:
    """All rows of all frames, the participants that they name, and direct links."""

    nodes: list[Node] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def fold(text: str) -> str:
    """The text in lower case, without accents, white space as one space."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"\s+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def registry_entries(schema: Schema, folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    """The texts of each registry's entries; `folder` is the schema's. Missing files give nothing."""
    registries: dict[str, dict[str, dict[str, str]]] = {}
    for name, file in schema.registries.items():
        try:
            data, _ = parse_yaml(read_text(folder / file), str(folder / file), texts=True)
        except GoldwireError:  # it is told elsewhere: checks read the same file
            data = []
        registries[name] = {
            str(entry["id"]): {str(key): value for key, value in entry.items() if isinstance(value, str)}
            for entry in data or []
            if isinstance(entry, dict) and "id" in entry
        }
    return registries


def gather(
    articles: Iterable[Article], schema: Schema, frames: Iterable[Frame], entries: Entries
) -> EventGraph:
    """Every frame of every annotation, with participants told apart by their id, else by their wording."""
    gatherer = _Gatherer(schema, list(frames), entries)
    for number, article in enumerate(articles):
        chosen = curated(article.annotations)
        for annotation in article.annotations:
            if annotation.status != "skipped":
                gatherer.annotation(number, article, annotation, annotation is chosen)
    return gatherer.done()


class _Gatherer:
    def __init__(self, schema: Schema, frames: list[Frame], entries: Entries) -> None:
        self.schema, self.entries = schema, entries
        self.frames = {frame.layer: frame for frame in frames}
        self.identity = {layer: identity_of(schema, layer) for layer in schema.layers}
        self.graph = EventGraph()
        self.places: dict[str, int] = {}
        self.wordings: dict[int, Counter[str]] = defaultdict(Counter)
        self.labels: dict[int, Counter[str]] = defaultdict(Counter)

    def annotation(self, number: int, article: Article, annotation: Annotation, chosen: bool) -> None:
        """Take the frames and links of one annotation."""
        by_id = {span.id: span for span in annotation.spans}
        tails: dict[str, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
        for relation in annotation.relations:
            head, tail = by_id.get(relation.head), by_id.get(relation.tail)
            if head is None or tail is None:
                continue
            if head.layer == tail.layer:
                ends = [self.node(span, article, annotation) for span in (head, tail)]
                link = Link(
                    document=number,
                    annotator=annotation.annotator,
                    chosen=chosen,
                    label=relation.label,
                    head=ends[0],
                    tail=ends[1],
                    span=head.id,
                )
                self.graph.links.append(link)
            else:
                tails[head.id][relation.label].append(tail)
        for span in annotation.spans:
            frame = self.frames.get(span.layer)
            if frame is None:
                continue
            date = next(filter(None, (self.date(tail) for tail in tails[span.id].get(frame.date, ()))), "")
            row = Row(
                document=number,
                annotator=annotation.annotator,
                status=annotation.status,
                chosen=chosen,
                frame=frame,
                span=span,
                text=_words(article, span),
                event=self.key(span, article, annotation),
                date=date,
                basis="stated" if date else "",
            )
            for label, spans in tails[span.id].items():
                row.fillers[label] = [self.node(tail, article, annotation) for tail in spans]
            self.graph.rows.append(row)

    def key(self, span: Span, article: Article, annotation: Annotation) -> str:
        """What makes two spans the same thing: their id; for a frame without one nothing; else wording."""
        value = span.attributes.get(self.identity.get(span.layer, ""))
        if isinstance(value, str) and value:
            return f"{span.layer} {value}"
        if span.layer in self.frames:
            return f"{span.layer} {article.document.id} {annotation.annotator} {span.id}"
        return f"{span.layer} ≈ {span.label} {fold(_words(article, span))}"

    def node(self, span: Span, article: Article, annotation: Annotation) -> int:
        """The place of a span's node in the list."""
        key = self.key(span, article, annotation)
        if key not in self.places:
            value = span.attributes.get(self.identity.get(span.layer, ""))
            self.places[key] = len(self.graph.nodes)
            self.graph.nodes.append(Node(key, span.layer, value if isinstance(value, str) else ""))
        index = self.places[key]
        self.wordings[index][_words(article, span)] += 1
        self.labels[index][span.label] += 1
        node = self.graph.nodes[index]
        layer = self.schema.layers.get(span.layer)
        for name, attribute in layer.attributes.items() if layer is not None else ():
            stated = span.attributes.get(name)
            if attribute.taken_from and isinstance(stated, str):
                node.known.setdefault(name, stated)
        return index

    def date(self, span: Span) -> str:
        """The value of a span's attribute of kind date."""
        if span.layer not in self.schema.layers:
            return ""
        for name, attribute in self.schema.layers[span.layer].attributes.items():
            value: AttributeValue | None = span.attributes.get(name)
            if attribute.kind == "date" and isinstance(value, str):
                return value
        return ""

    def done(self) -> EventGraph:
        """The facts, each node with the name that its registry or most of its mentions give it."""
        for index, node in enumerate(self.graph.nodes):
            node.label = self.labels[index].most_common(1)[0][0]
            entry = self.entry(node.layer, node.id)
            node.name = entry.get("name") or self.wordings[index].most_common(1)[0][0]
            layer = self.schema.layers.get(node.layer)
            for name, attribute in layer.attributes.items() if layer is not None else ():
                if attribute.taken_from and node.id in attribute.by_id:
                    node.known.setdefault(name, attribute.by_id[node.id])
        for row in self.graph.rows:
            value = row.span.attributes.get(self.identity[row.span.layer])
            if isinstance(value, str):
                row.names = dict(self.entry(row.span.layer, value))
        return self.graph

    def entry(self, layer: str, value: str) -> Mapping[str, str]:
        """The registry's entry of an id; empty where there is none."""
        name = self.identity.get(layer, "")
        attribute = self.schema.layers[layer].attributes.get(name) if layer in self.schema.layers else None
        registry = (attribute.registry or "") if attribute is not None else ""
        return self.entries.get(registry, {}).get(value, {})


def _words(article: Article, span: Span) -> str:
    return " ".join(article.document.text[span.start : span.end].split())
