"""What a corpus says of who does what to whom, gathered from the frames of all its articles."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from goldwire.corpus.browse.argument_roles import Frame, identity_of
from goldwire.errors import GoldwireError
from goldwire.files import read_text
from goldwire.model import Annotation, Article, AttributeValue, Relation, Span, curated, pairs
from goldwire.schemas import Schema
from goldwire.schemas.yaml_lines import parse_yaml

#: For each registry, its entries as they are written: id, then field, then text.
Entries = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(slots=True)
class Node:
    """A participant. Without an id it stands for all mentions of the same label and wording.

    `label` is the one that most of its mentions bear. `known` holds the attributes that the schema takes from
    a registry: as a mention states them, else as the registry does.
    """

    layer: str
    id: str = ""
    name: str = ""
    label: str = ""
    known: dict[str, str] = field(default_factory=dict)


@dataclass
class FrameRow:
    """One span of a frame: who, what, whom, where, when, as one annotator read it.

    `document` counts the articles; `fillers` holds for each relation the nodes that it leads to, as places
    in the list of nodes, with the spans. `event` is shared by all mentions of one thing that happened.
    `date` is ISO 8601, whole or in part, as it is stated beside it, or `""`.
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
    fillers: dict[str, list[int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def ends(self) -> Iterator[tuple[int | None, int | None]]:
        """Each source with each target, as places in the list of nodes; None where there is none."""
        sources: list[int | None] = [*self.fillers.get(self.frame.source, ())]
        targets: list[int | None] = [*self.fillers.get(self.frame.target, ())]
        return product(sources or [None], targets or [None])


@dataclass
class SpanLink:
    """A relation between two spans of one layer, which needs no frame."""

    document: int
    annotator: str
    chosen: bool
    label: str
    head: int
    tail: int
    span: str


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
    """The participants of every frame of every annotation, told apart by their id, else by their wording.

    The articles are read once; held are the participants, no article.
    """
    graph = EventGraph(schema, list(frames), entries)
    for article in articles:
        graph.take(article)
    graph.name_nodes()
    return graph


class _Most:
    """The text that came most often, of several the first. There mostly is but one, and many of these."""

    __slots__ = ("_count", "_first", "_texts")

    def __init__(self) -> None:
        self._first, self._count = "", 0
        self._texts: Counter[str] | None = None

    def add(self, text: str) -> None:
        """Count a text."""
        if self._texts is not None:
            self._texts[text] += 1
        elif not self._count or text == self._first:
            self._first, self._count = text, self._count + 1
        else:
            self._texts = Counter({self._first: self._count, text: 1})

    def text(self) -> str:
        """It."""
        return self._first if self._texts is None else self._texts.most_common(1)[0][0]


class EventGraph:
    """The participants that frames and links name, in `nodes`; `rows` and `links` read articles with them."""

    def __init__(self, schema: Schema, frames: list[Frame], entries: Entries) -> None:
        self.schema, self.entries = schema, entries
        self.frames = {frame.layer: frame for frame in frames}
        self.identity = {layer: identity_of(schema, layer) for layer in schema.layers}
        self.nodes: list[Node] = []
        self._places: dict[str, int] = {}
        self._wordings: list[_Most] = []
        self._labels: list[_Most] = []

    def take(self, article: Article) -> None:
        """Take the participants of an article, in the order of their relations."""
        for annotation in _shown(article):
            links, tails = _ends(annotation)
            for _, head, tail in links:
                self._take(head, article, annotation)
                self._take(tail, article, annotation)
            for span in annotation.spans:
                if span.layer in self.frames and span.id in tails:
                    for tail in (each for spans in tails[span.id].values() for each in spans):
                        self._take(tail, article, annotation)

    def name_nodes(self) -> None:
        """Give each participant the name that its registry, or else most of its mentions, give it."""
        for node, wordings, labels in zip(self.nodes, self._wordings, self._labels, strict=True):
            node.label = labels.text()
            entry = self._entry(node.layer, node.id)
            node.name = entry.get("name") or wordings.text()
            for name, attribute in self.schema.attributes(node.layer).items():
                if attribute.taken_from and node.id in attribute.by_id:
                    node.known.setdefault(name, attribute.by_id[node.id])
        self._wordings, self._labels = [], []

    def rows(self, number: int, article: Article) -> Iterator[FrameRow]:
        """The frames of an article that was gathered, `number` of all, as each annotator read them."""
        chosen = curated(article.annotations)
        for annotation in _shown(article):
            _, tails = _ends(annotation)
            for span in annotation.spans:
                frame = self.frames.get(span.layer)
                if frame is None:
                    continue
                by_relation = tails.get(span.id, {})
                date = next(filter(None, (self._date(tail) for tail in by_relation.get(frame.date, ()))), "")
                value = span.attributes.get(self.identity[span.layer])
                yield FrameRow(
                    document=number,
                    annotator=annotation.annotator,
                    status=annotation.status,
                    chosen=annotation is chosen,
                    frame=frame,
                    span=span,
                    text=_words(article, span),
                    event=self._key(span, article, annotation),
                    date=date,
                    fillers={
                        label: [self._place(tail, article, annotation) for tail in spans]
                        for label, spans in by_relation.items()
                    },
                    names=dict(self._entry(span.layer, value)) if isinstance(value, str) else {},
                )

    def links(self, number: int, article: Article) -> Iterator[SpanLink]:
        """The relations between spans of one layer in an article that was gathered, `number` of all."""
        chosen = curated(article.annotations)
        for annotation in _shown(article):
            for relation, head, tail in _ends(annotation)[0]:
                yield SpanLink(
                    document=number,
                    annotator=annotation.annotator,
                    chosen=annotation is chosen,
                    label=relation.label,
                    head=self._place(head, article, annotation),
                    tail=self._place(tail, article, annotation),
                    span=head.id,
                )

    def _key(self, span: Span, article: Article, annotation: Annotation) -> str:
        """What makes two spans the same thing: their id; for a frame without one nothing; else wording."""
        value = span.attributes.get(self.identity.get(span.layer, ""))
        if isinstance(value, str) and value:
            return f"{span.layer} {value}"
        if span.layer in self.frames:
            return f"{span.layer} {article.document.id} {annotation.annotator} {span.id}"
        return f"{span.layer} ≈ {span.label} {fold(_words(article, span))}"

    def _place(self, span: Span, article: Article, annotation: Annotation) -> int:
        """The place of a span's node in the list."""
        return self._places[self._key(span, article, annotation)]

    def _take(self, span: Span, article: Article, annotation: Annotation) -> None:
        key = self._key(span, article, annotation)
        if key not in self._places:
            value = span.attributes.get(self.identity.get(span.layer, ""))
            self._places[key] = len(self.nodes)
            self.nodes.append(Node(span.layer, value if isinstance(value, str) else ""))
            self._wordings.append(_Most())
            self._labels.append(_Most())
        index = self._places[key]
        self._wordings[index].add(_words(article, span))
        self._labels[index].add(span.label)
        node = self.nodes[index]
        for name, attribute in self.schema.attributes(span.layer).items():
            stated = span.attributes.get(name)
            if attribute.taken_from and isinstance(stated, str):
                node.known.setdefault(name, stated)

    def _date(self, span: Span) -> str:
        """The value of a span's attribute of kind date."""
        for name, attribute in self.schema.attributes(span.layer).items():
            value: AttributeValue | None = span.attributes.get(name)
            if attribute.kind == "date" and isinstance(value, str):
                return value
        return ""

    def _entry(self, layer: str, value: str) -> Mapping[str, str]:
        """The registry's entry of an id; empty where there is none."""
        name = self.identity.get(layer, "")
        attribute = self.schema.attributes(layer).get(name)
        registry = (attribute.registry or "") if attribute is not None else ""
        return self.entries.get(registry, {}).get(value, {})


def _shown(article: Article) -> Iterator[Annotation]:
    return (annotation for annotation in article.annotations if annotation.status != "skipped")


def _ends(
    annotation: Annotation,
) -> tuple[list[tuple[Relation, Span, Span]], dict[str, dict[str, list[Span]]]]:
    """The relations inside a layer with their spans; of the others the tails, by head and label."""
    links: list[tuple[Relation, Span, Span]] = []
    tails: dict[str, dict[str, list[Span]]] = {}
    for relation, head, tail in pairs(annotation):
        if head.layer == tail.layer:
            links.append((relation, head, tail))
        else:
            tails.setdefault(head.id, {}).setdefault(relation.label, []).append(tail)
    return links, tails


def _words(article: Article, span: Span) -> str:
    return " ".join(article.document.text[span.start : span.end].split())
