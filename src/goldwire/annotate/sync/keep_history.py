"""What comes down meets what is stored: same content keeps its story, changed content gets a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from goldwire.annotations.meaning import content, extent, meaning
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Span
from goldwire.schemas import Schema


def keep_history_of(
    stored: Annotation | None, pulled: Annotation, schema: Schema, text: str, *, submitted: bool = False
) -> Annotation | None:
    """What to keep of a pulled annotation; None where the stored one says the same and stays as it is.

    So a draft that only went up and came down stays a draft; a person's draft that became the pulled one
    (`submitted`) does not. Where the content was changed it is human work, submitted; and done with the
    former annotation in sight, unless that was the same person's own. Who changed another's annotation is
    named in its provenance.
    """
    if stored is None:
        # The account that sent it for its annotator is not the one that made it.
        unnamed = msgspec.structs.replace(pulled.provenance, name="")
        return msgspec.structs.replace(pulled, provenance=unnamed)
    finished = submitted and stored.provenance.kind == "human" and stored.status == "draft"
    if not finished and _same(stored, pulled, schema, text):
        return None
    own = stored.provenance.kind == "human" and stored.status in ("draft", "submitted", "skipped")
    provenance = msgspec.structs.replace(
        pulled.provenance,
        created=(stored.provenance.created if own else "") or pulled.provenance.created,
        seen_predictions=not own
        or bool(stored.provenance.seen_predictions or pulled.provenance.seen_predictions),
    )
    spans = tuple(kept(stored.spans, pulled.spans))
    return msgspec.structs.replace(pulled, provenance=provenance, spans=spans)


def kept(stored: Sequence[Span], pulled: Sequence[Span]) -> Iterator[Span]:
    """The pulled spans; those that mean what they meant stay as they were stored.

    Label Studio calls everything `manual` that it saves, also what came without an origin.
    """
    by_id = {span.id: span for span in stored}
    marks = {extent(span): span.marked_by for span in stored if span.marked_by}
    for span in pulled:
        old = by_id.get(span.id)
        if old is not None and meaning(old) == meaning(span):
            yield old
        else:
            yield msgspec.structs.replace(span, marked_by=marks.get(extent(span), ()))


def _same(stored: Annotation, pulled: Annotation, schema: Schema, text: str) -> bool:
    if (stored.status == "skipped") != (pulled.status == "skipped"):
        return False
    wanted = content(pulled)
    if content(stored) == wanted:
        return True
    if not all(_known(span, schema) for span in stored.spans):
        return False
    # Edges in white space and flags that are off do not survive the way up and down.
    there_and_back = from_result(to_result(stored, schema), text, schema)
    spans, relations = there_and_back.spans, there_and_back.relations
    return content(msgspec.structs.replace(stored, spans=spans, relations=relations)) == wanted


def _known(span: Span, schema: Schema) -> bool:
    layer = schema.layers.get(span.layer)
    return (
        layer is not None
        and span.label in layer.labels
        and all(n in layer.attributes for n in span.attributes)
    )
