"""What a spaCy `Doc` holds, as spans and relations: where a pipeline's words become the model's.

A pipeline speaks in four places. `doc.ents` holds a flat layer. `doc.spans[layer]` holds the spans of that
layer, nested and crossing ones too, and wins over `doc.ents`; `doc.spans[layer].attrs["scores"]` their
confidence in [0, 1], one a span. `doc.user_data["goldwire"]` holds what spaCy has no place for:
`{"attributes": {layer: [{…}, …]}, "relations": [[label, [layer, index], [layer, index]], …]}`, where an index
counts the spans of that layer in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from goldwire.files import sha256
from goldwire.formats.options import LAYER
from goldwire.model import SPACY_KEY, Annotation, Document, Provenance, Relation, Span
from goldwire.text import trim

if TYPE_CHECKING:
    from spacy.tokens import Doc

#: Where a stretch of a Doc's text lies in the document; None where it lies nowhere.
Extent: TypeAlias = Callable[[int, int], tuple[int, int] | None]
#: The key in `doc.user_data`.
KEY = SPACY_KEY


@dataclass(frozen=True)
class Pipeline:
    """What a pipeline's `meta.json` says of it: its name and version, its schema's id, its layers.

    `flat` is the layer that `doc.ents` holds. A pipeline that goldwire did not train has one, `entity`.
    """

    name: str
    version: str
    schema: str
    layers: tuple[str, ...] = (LAYER,)
    flat: str = LAYER
    corpus: str = ""

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> Pipeline:
        """Read `nlp.meta`."""
        stored = meta.get("goldwire")
        known: Mapping[str, Any] = stored if isinstance(stored, dict) else {}
        name, version = (
            f"{meta.get('lang', 'xx')}_{meta.get('name', 'pipeline')}",
            str(meta.get("version", "")),
        )
        schemas = known.get("schema") or []
        flat = str(known.get("layer") or LAYER)
        corpus = known.get("corpus")
        about = f"{corpus.get('name', '')}@{corpus.get('version', '')}" if isinstance(corpus, dict) else ""
        layers = tuple(str(layer) for layer in known.get("layers") or (flat,))
        return cls(name, version, str(schemas[0]) if schemas else f"{name}@{version}", layers, flat, about)

    @property
    def provenance(self) -> Provenance:
        """Who made its annotations: `version` names the corpus too, in brackets, where that is known."""
        corpus = f" ({self.corpus})" if self.corpus else ""
        return Provenance(kind="model", name=self.name, version=f"{self.version}{corpus}")


def from_doc(doc: Doc, document: Document, layer: str) -> tuple[Span, ...]:
    """What a pipeline found in a document's text, as spans of `layer` named e1, e2, … Extents are trimmed of
    white space; what is white space alone is no span."""
    return _read(doc, document, (layer,), layer)[0]


def annotation_from(
    doc: Doc, document: Document, pipeline: Pipeline, extent: Extent | None = None
) -> Annotation:
    """All that a pipeline found in a document: a draft whose provenance names model and version.

    `extent` says where a stretch of the Doc's text lies in the document; without it white space is trimmed,
    and what is white space alone is no span.
    """
    spans, relations = _read(doc, document, pipeline.layers, pipeline.flat, extent)
    return Annotation(
        document.id,
        pipeline.name,
        pipeline.schema,
        provenance=pipeline.provenance,
        spans=spans,
        relations=relations,
        text_sha256=sha256(document.text),
    )


def _read(
    doc: Doc, document: Document, layers: Iterable[str], flat: str, extent: Extent | None = None
) -> tuple[tuple[Span, ...], tuple[Relation, ...]]:
    stored = doc.user_data.get(KEY) or {}
    spans: list[Span] = []
    names: dict[tuple[str, int], str] = {}
    for layer in layers:
        group = doc.spans.get(layer)
        if group is None and layer != flat:
            continue
        marks = list(doc.ents if group is None else group)
        scores = list(group.attrs.get("scores", ())) if group is not None else []
        attributes = stored.get("attributes", {}).get(layer, [])
        for index, span in enumerate(marks):
            if extent is not None:
                lies = extent(span.start_char, span.end_char)
            else:
                lies = trim(document.text, span.start_char, span.end_char)
            if lies is None or lies[0] == lies[1]:
                continue
            name = f"e{len(spans) + 1}"
            names[layer, index] = name
            marked = dict(attributes[index]) if index < len(attributes) else {}
            score = round(float(scores[index]), 4) if index < len(scores) else None
            spans.append(Span(name, layer, span.label_, *lies, marked, score=score))
    relations = [
        Relation(label, names[head[0], head[1]], names[tail[0], tail[1]])
        for label, head, tail, *_ in stored.get("relations", ())
        if (head[0], head[1]) in names and (tail[0], tail[1]) in names
    ]
    return tuple(spans), tuple(relations)
