"""The words that every stage shares: Document, Span, Relation, Annotation.

Frozen and free of any wire format. Offsets are Unicode code points of the normalised text (NFC, `\\n` line
ends), half-open: `text[span.start:span.end]` is what was marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

AttributeValue: TypeAlias = str | bool | int | float | list[str]
#: Who made an annotation: a person, a model, rules; `unknown` where nothing says so.
Kind: TypeAlias = Literal["unknown", "human", "model", "rule"]
Status: TypeAlias = Literal["draft", "submitted", "reviewed", "adjudicated", "skipped"]
#: From the least to the most trusted; `curated` takes the last one that a document has.
STATUSES: tuple[Status, ...] = ("skipped", "draft", "submitted", "reviewed", "adjudicated")


class Document(Struct, frozen=True, omit_defaults=True):
    """An article. `text` is normalised; `meta` holds title, source, published (ISO 8601), language, url, …"""

    id: str
    text: str
    meta: dict[str, Any] = field(default_factory=dict)


class Span(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One marked extent of the text, in one layer, with one label.

    `marked_by` names the annotators whose work an adjudicated span rests on, `origin` is Label Studio's
    (`manual`, `prediction`, `prediction-changed`), `score` a model's confidence in [0, 1].
    """

    id: str
    layer: str
    label: str
    start: int
    end: int
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    marked_by: tuple[str, ...] = ()
    origin: str | None = None
    score: float | None = None


class Relation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A labelled arrow from the span `head` to the span `tail` (ids of spans in the same annotation)."""

    label: str
    head: str
    tail: str
    marked_by: tuple[str, ...] = ()


class Provenance(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where an annotation comes from; one that says nothing is of `unknown` kind, and no person's.

    `created` and `updated` are ISO 8601 instants, `lead_time` is in seconds, `guidelines` is the SHA-256 of
    the guidelines that were in force, `seen_predictions` says whether the annotator was shown any,
    `based_on` names the annotators whose work was adjudicated, `trained_on` is true of a prediction for a
    text that the model had learned from.
    """

    kind: Kind = "unknown"
    name: str = ""
    version: str = ""
    guidelines: str = ""
    created: str = ""
    updated: str = ""
    lead_time: float | None = None
    seen_predictions: bool | None = None
    based_on: tuple[str, ...] = ()
    trained_on: bool = False


class Annotation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one annotator marked in one document.

    `schema` is `name@version`; `text_sha256` is the hash of the text that the offsets belong to.
    """

    document: str
    annotator: str
    schema: str
    status: Status = "draft"
    provenance: Provenance = field(default_factory=Provenance)
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    text_sha256: str = ""

    def layer(self, name: str) -> tuple[Span, ...]:
        """The spans of one layer, in the annotation's order."""
        return tuple(span for span in self.spans if span.layer == name)


def by_machine(annotation: Annotation) -> bool:
    """Whether a model or rules made it; of what is unknown that is not known."""
    return annotation.provenance.kind in ("model", "rule")


def unfinished(annotation: Annotation) -> bool:
    """Whether it is a person's draft: work that is not submitted, such as `pull --drafts` takes in."""
    return annotation.status == "draft" and annotation.provenance.kind == "human"


class Article(Struct, frozen=True):
    """A document with all its annotations: one line of a JSON Lines file."""

    document: Document
    annotations: tuple[Annotation, ...] = ()


def span_key(span: Span) -> tuple[int, int, str, str, str]:
    """Reading order: by start, the longer first, then layer, label and id."""
    return (span.start, -span.end, span.layer, span.label, span.id)


def outermost(spans: tuple[Span, ...]) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Split spans into flat ones and those left out: a span goes where one already taken overlaps it.

    The longer span wins, then the earlier one, so that the outermost of a nest stays.
    """
    kept: list[Span] = []
    left: list[Span] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda s: (s.start - s.end, *span_key(s))):
        extent = range(span.start, span.end)
        if taken.isdisjoint(extent):
            taken.update(extent)
            kept.append(span)
        else:
            left.append(span)
    return tuple(sorted(kept, key=span_key)), tuple(sorted(left, key=span_key))


def curated(annotations: tuple[Annotation, ...]) -> Annotation | None:
    """The annotation to use where one is wanted: the most trusted status, an adjudication, the latest.

    An adjudication of drafts is a draft itself, and still better than either. Skipped ones never count. Ties
    go to the first annotator by name, so that the choice is stable.
    """
    usable = [a for a in annotations if a.status != "skipped"]
    if not usable:
        return None
    ranked = sorted(usable, key=lambda a: a.annotator)

    def trust(a: Annotation) -> tuple[int, bool, str]:
        return (STATUSES.index(a.status), bool(a.provenance.based_on), a.provenance.updated)

    return max(ranked, key=trust)


def pairs(annotation: Annotation) -> Iterator[tuple[Relation, Span, Span]]:
    """Each relation with its head and tail span; relations whose ends are missing are passed over."""
    by_id = {span.id: span for span in annotation.spans}
    for relation in annotation.relations:
        head, tail = by_id.get(relation.head), by_id.get(relation.tail)
        if head is not None and tail is not None:
            yield relation, head, tail
