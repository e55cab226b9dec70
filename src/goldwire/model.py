"""The words that every stage shares: Document, Span, Relation, Annotation.

Frozen and free of any wire format. Offsets are Unicode code points of the normalised text (NFC, `\\n` line
ends), half-open: `text[span.start:span.end]` is what was marked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct, field, structs, to_builtins

from goldwire.number_format import counted
from goldwire.span_drawing import standalone
from goldwire.text import trim

if TYPE_CHECKING:
    from pandas import DataFrame
    from spacy.language import Language
    from spacy.tokens import Doc

AttributeValue: TypeAlias = str | bool | int | float | list[str]
#: Who made an annotation: a person, a model, rules; `unknown` where nothing says so.
Kind: TypeAlias = Literal["unknown", "human", "model", "rule"]
Status: TypeAlias = Literal["draft", "submitted", "reviewed", "adjudicated", "skipped"]
#: From the least to the most trusted; `curated` takes the last one that a document has.
STATUSES: tuple[Status, ...] = ("skipped", "draft", "submitted", "reviewed", "adjudicated")


class Document(Struct, frozen=True, omit_defaults=True):
    """An article. `text` is normalised; `meta` holds title, source, published (ISO 8601), language, url, …

    >>> import goldwire
    >>> goldwire.Document("d1", "Anna mange une tarte.", {"language": "fr"}).meta["language"]
    'fr'
    """

    id: str
    text: str
    meta: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Document {self.id}: {counted(len(self.text), 'character')}>"


class Span(
    Struct,
    frozen=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,  # many, and never in a cycle
):
    """One marked extent of the text, in one layer, with one label.

    `marked_by` names the annotators whose work an adjudicated span rests on, `origin` is Label Studio's
    (`manual`, `prediction`, `prediction-changed`), `score` a model's confidence in [0, 1].

        >>> import goldwire
        >>> span = goldwire.Span("s1", "thing", "DISH", 15, 20, {"size": "small"})
        >>> "Anna mange une tarte."[span.start : span.end]
        'tarte'
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


class Relation(
    Struct,
    frozen=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,  # many, and never in a cycle
):
    """A labelled arrow from the span `head` to the span `tail` (ids of spans in the same annotation).

    >>> import goldwire
    >>> goldwire.Relation("made_of", head="s1", tail="s2").label
    'made_of'
    """

    label: str
    head: str
    tail: str
    marked_by: tuple[str, ...] = ()


class Drafting(Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True, forbid_unknown_fields=True):
    """How a language model drafted an annotation, and what that took.

    `prompt` is the SHA-256 of all that was asked, `schema` of the schema, `settings` those that an answer
    depends on (temperature, seed, …). `tokens_in` and `tokens_out` are as the server counted them, `seconds`
    those that the answers took, `cost` is in `currency` where a price was given. Of the items that were
    answered `placed` were kept, `repaired` of these only after they had been sent back, and `dropped` not.
    `given` are the layers that were not drafted but taken as somebody had annotated them, with that name.

        >>> import goldwire
        >>> goldwire.Drafting(requests=3, tokens_in=900).tokens_in
        900
    """

    prompt: str = ""
    schema: str = ""
    settings: dict[str, AttributeValue] = field(default_factory=dict)
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cost: float | None = None
    currency: str = ""
    placed: int = 0
    repaired: int = 0
    dropped: int = 0
    given: dict[str, str] = field(default_factory=dict)


class Provenance(
    Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True, forbid_unknown_fields=True
):
    """Where an annotation comes from; one that says nothing is of `unknown` kind, and no person's.

    `created` and `updated` are ISO 8601 instants, `lead_time` is in seconds, `guidelines` is the SHA-256 of
    the guidelines that were in force, `seen_predictions` says whether the annotator was shown any,
    `based_on` names the annotators whose work was adjudicated, `trained_on` is true of a prediction for a
    text that the model had learned from, `drafting` says how a language model made it. `passes` names the
    passes that an annotator has done, where there are several, each with its own lead time.

        >>> import goldwire
        >>> goldwire.Provenance(kind="human").seen_predictions is None
        True
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
    drafting: Drafting | None = None
    passes: dict[str, float | None] = field(default_factory=dict)


#: The columns of every frame of spans.
_FRAME = ("document", "annotator", "id", "layer", "label", "start", "end")
#: The key in `doc.user_data` for what spaCy has no place for.
SPACY_KEY = "goldwire"


class Annotation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one annotator marked in one document.

    `schema` is `name@version`; `text_sha256` is the hash of the text that the offsets belong to.

        >>> import goldwire
        >>> spans = (goldwire.Span("s1", "thing", "DISH", 15, 20, {"size": "small"}),)
        >>> annotation = goldwire.Annotation("d1", "anna", "mini@0.1", "submitted", spans=spans)
        >>> annotation.to_frame()[["label", "start", "end", "size"]].values.tolist()
        [['DISH', 15, 20, 'small']]
    """

    document: str
    annotator: str
    schema: str
    status: Status = "draft"
    provenance: Provenance = field(default_factory=Provenance)
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    text_sha256: str = ""

    def __repr__(self) -> str:
        parts = f"{counted(len(self.spans), 'span')}, {counted(len(self.relations), 'relation')}"
        return f"<Annotation of {self.document} by {self.annotator}, {self.status}: {parts}>"

    def layer(self, name: str) -> tuple[Span, ...]:
        """The spans of one layer, in the annotation's order."""
        return tuple(span for span in self.spans if span.layer == name)

    def to_frame(self) -> DataFrame:
        """A pandas frame, a span a row, with a column for each attribute; relations are not in it.

        An attribute that is called like another column is `attribute.NAME`.
        """
        import pandas as pd

        rows = []
        for span in self.spans:
            identity = (self.document, self.annotator, span.id, span.layer, span.label, span.start, span.end)
            row: dict[str, Any] = dict(zip(_FRAME, identity, strict=True))
            for name, value in span.attributes.items():
                row[f"attribute.{name}" if name in (*_FRAME, "text") else name] = value
            rows.append(row)
        names = dict.fromkeys([*_FRAME, *(name for row in rows for name in row)])
        return pd.DataFrame(rows, columns=list(names))


def by_machine(annotation: Annotation) -> bool:
    """Whether a model or rules made it; of what is unknown that is not known."""
    return annotation.provenance.kind in ("model", "rule")


def unfinished(annotation: Annotation) -> bool:
    """Whether it is a person's draft: work that is not submitted, such as `pull --drafts` takes in."""
    return annotation.status == "draft" and annotation.provenance.kind == "human"


def finished_by_person(annotation: Annotation) -> bool:
    """Whether a person has finished it by themselves: not skipped, and made of no other readings."""
    provenance = annotation.provenance
    return (
        provenance.kind == "human"
        and annotation.status not in ("draft", "skipped")
        and not provenance.based_on
    )


class Article(Struct, frozen=True):
    """A document with all its annotations: one line of a JSON Lines file. A notebook draws its spans.

    >>> import goldwire
    >>> import spacy
    >>> article = goldwire.read("gold.jsonl")[0]
    >>> article
    <Article d1: 28 characters, 2 annotations>
    >>> doc = article.to_spacy(spacy.blank("fr"))
    >>> [(span.text, span.label_) for span in doc.spans["thing"]]
    [('tarte', 'DISH'), ('sel', 'THING')]
    >>> article.to_frame()["text"].tolist()
    ['tarte', 'sel', 'tarte', 'sel']
    """

    document: Document
    annotations: tuple[Annotation, ...] = ()

    def __repr__(self) -> str:
        size, count = len(self.document.text), len(self.annotations)
        return f"<Article {self.document.id}: {counted(size, 'character')}, {counted(count, 'annotation')}>"

    def _repr_html_(self) -> str:
        """The text with the spans of each annotation drawn under it, for a notebook."""
        name, text = self.document.id, self.document.text
        readings = [
            (f"{name} · {a.annotator} · {a.status}", a.spans, f"{name}-{a.annotator}-")
            for a in self.annotations
        ]
        return standalone(text, readings or [(name, (), f"{name}-")])

    def to_frame(self) -> DataFrame:
        """A pandas frame, a span of any annotation a row, with its wording as `text`."""
        import pandas as pd

        frames = [annotation.to_frame() for annotation in self.annotations if annotation.spans]
        frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*_FRAME])
        wording = [self.document.text[a:b] for a, b in zip(frame["start"], frame["end"], strict=True)]
        frame.insert(len(_FRAME), "text", wording)
        return frame

    def to_spacy(
        self,
        nlp: Language,
        annotation: Annotation | None = None,
        *,
        layer: str | None = None,
        widened: list[str] | None = None,
    ) -> Doc:
        """A spaCy `Doc` by `nlp`'s tokenizer, with one annotation: the most trusted unless another is given.

        `doc.spans[NAME]` holds each layer, in whole tokens, `doc.ents` the spans of `layer` (default: the
        first) that nest in no other, `doc.user_data["goldwire"]` the rest. White space at the edges of a span
        stays outside; where a span cuts a token it is widened, and its place put into `widened`.
        """
        from spacy.tokens import Span as Group

        document = self.document
        doc = nlp.make_doc(document.text)
        extra: dict[str, Any] = {"document": to_builtins(document)}
        doc.user_data[SPACY_KEY] = extra
        annotation = annotation or curated(self.annotations)
        if annotation is None:
            return doc
        starts = [token.idx for token in doc]
        ends = [token.idx + len(token) for token in doc]
        places: dict[str, list[Any]] = {}
        layers = list(dict.fromkeys(span.layer for span in annotation.spans))
        keys = ("attributes", "extents", "ids", "marked_by", "origins")
        extra |= {key: {name: [] for name in layers} for key in keys} | {"relations": [], "layers": layers}
        extra["order"] = [layers.index(span.layer) for span in annotation.spans]
        tokens: dict[str, tuple[int, int]] = {}
        for name in layers:
            spans = annotation.layer(name)
            group = []
            for index, span in enumerate(spans):
                start, end = trim(document.text, span.start, span.end)
                if start == end:
                    start, end = span.start, span.end
                # What lies in white space between two tokens stands at the token before it.
                first = min(bisect_right(ends, start), len(starts) - 1)
                last = max(bisect_left(starts, end), first + 1)
                if (starts[first], ends[last - 1]) != (start, end) and widened is not None:
                    where = f"{annotation.annotator}/{document.id} [{span.start}, {span.end})"
                    marked = document.text[span.start : span.end]
                    whole = document.text[starts[first] : ends[last - 1]]
                    widened.append(f"{where} «{marked}» in «{whole}»")
                tokens[span.id] = (first, last)
                places[span.id] = [name, index]
                group.append(Group(doc, first, last, label=span.label))
                extra["attributes"][name].append(dict(span.attributes))
                extra["extents"][name].append([span.start, span.end])
                extra["ids"][name].append(span.id)
                extra["marked_by"][name].append(list(span.marked_by))
                extra["origins"][name].append(span.origin)
            doc.spans[name] = group
            if any(span.score is not None for span in spans):
                doc.spans[name].attrs["scores"] = [span.score for span in spans]
        flat = layer if layer is not None else next(iter(layers), "")
        doc.set_ents(_flat(doc, annotation.layer(flat), tokens))
        extra["relations"] = [
            [r.label, places[r.head], places[r.tail], list(r.marked_by)] for r in annotation.relations
        ]
        extra["annotation"] = to_builtins(structs.replace(annotation, spans=(), relations=()))
        return doc


def _flat(doc: Doc, spans: tuple[Span, ...], tokens: dict[str, tuple[int, int]]) -> list[Any]:
    """The outermost spans of a layer as entities: no two of them share a token."""
    from spacy.tokens import Span as Group

    taken: set[int] = set()
    entities = []
    for span in outermost(spans)[0]:
        extent = range(*tokens[span.id])
        if taken.isdisjoint(extent) and any(not doc[index].is_space for index in extent):
            taken.update(extent)
            entities.append(Group(doc, extent.start, extent.stop, label=span.label))
    return entities


def span_key(span: Span) -> tuple[int, int, str, str, str]:
    """Reading order: by start, the longer first, then layer, label and id."""
    return (span.start, -span.end, span.layer, span.label, span.id)


def outermost(spans: tuple[Span, ...]) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Split spans into flat ones and those left out: a span goes where one already taken overlaps it.

    The longer span wins, then the earlier one, so that the outermost of a nest stays.
    """
    flat: list[Span] = []
    overlapping: list[Span] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda s: (s.start - s.end, *span_key(s))):
        extent = range(span.start, span.end)
        if taken.isdisjoint(extent):
            taken.update(extent)
            flat.append(span)
        else:
            overlapping.append(span)
    return tuple(sorted(flat, key=span_key)), tuple(sorted(overlapping, key=span_key))


def curated(annotations: tuple[Annotation, ...]) -> Annotation | None:
    """The annotation to use where one is wanted: the most trusted status, an adjudication, the latest.

    An adjudication of drafts is a draft itself, and still better than either. Skipped ones never count, nor
    those of which a pass is to come: what that would mark seems absent. Ties go to the first annotator by
    name, so that the choice is stable.
    """
    usable = [a for a in annotations if a.status != "skipped" and not (unfinished(a) and a.provenance.passes)]
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
