"""A comparison of two versions as one HTML page: no network, no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from goldwire import __version__
from goldwire.corpus.versions.changelog import Due, due
from goldwire.corpus.versions.diff import Diff, DocumentDiff
from goldwire.corpus.versions.spans import AnnotationChanges, RelationChange, SpanChange
from goldwire.files import write_text
from goldwire.html.templates import page_templates, render_page
from goldwire.model import AttributeValue, Span
from goldwire.number_format import counted

#: Documents that a page shows with all their changes, and changes shown of each.
SHOWN, CHANGES = 200, 200
WORDS = {
    "added": "added",
    "removed": "removed",
    "text": "text changed",
    "annotation": "annotation changed",
    "meta": "metadata changed",
    "moved": "moved",
    "relabelled": "relabelled",
    "attributes": "attributes changed",
}


def write_page(path: Path, diff: Diff) -> None:
    """Write the page; all text is escaped."""
    write_text(path, difference_page(diff))


def difference_page(diff: Diff, *, shown: int = SHOWN, changes: int = CHANGES) -> str:
    """The page: counts, what is due, the schema's changes, then document by document."""
    wanted: Due = due(diff)
    return render_page(
        _template(),
        diff=diff,
        due=wanted,
        words=WORDS,
        documents=[_document(document, changes) for document in diff.documents[:shown]],
        left_out=max(len(diff.documents) - shown, 0),
        version=__version__,
    )


@cache
def _template() -> Any:
    return page_templates("goldwire.corpus.versions", "").get_template("diff.html.j2")


def lines(diff: Diff, most: int) -> Iterator[str]:
    """The first cases, a line each, for a terminal; a last line says how many more there are."""
    cases = _lines(diff)
    yield from islice(cases, most)
    if more := sum(1 for _ in cases):
        yield f"… {more} more: --html FILE or --json FILE"


def _lines(diff: Diff) -> Iterator[str]:
    for document in diff.documents:
        if document.kind in ("added", "removed", "text"):
            yield f"{WORDS[document.kind]:<19} {document.id}"
    for document in diff.documents:
        if document.status:
            yield f"{'status':<19} {document.id}: {document.status[0]} → {document.status[1]}"
        if document.kind in ("added", "removed"):
            continue
        for change in document.compared.spans:
            span = change.span
            shown = "".join(_bracketed(document, span, old=change.after is None))
            yield f"{WORDS[change.kind]:<19} {document.id} {change_in_words(change)}  {shown}"
        for relation in document.compared.relations:
            yield f"{relation.kind:<19} {document.id} {_arrow(document, relation)}"
        if document.meta:
            yield f"{WORDS['meta']:<19} {document.id}: {', '.join(document.meta)}"


def change_in_words(change: SpanChange) -> str:
    """Layer, label, extent and attributes of a span, old and new where they differ."""
    old, new = change.before, change.after
    span = change.span
    label, extent = span.label, f"[{span.start}, {span.end})"
    if old is not None and new is not None:
        label = f"{old.label} → {new.label}" if old.label != new.label else label
        if change.kind == "moved":
            extent = f"[{old.start}, {old.end}) → [{new.start}, {new.end})"
    attributes = "".join(f" {name}: {_value(a)} → {_value(b)}" for name, (a, b) in change.attributes.items())
    return f"{span.layer} {label} {extent}{attributes}"


def _value(value: AttributeValue | None) -> str:
    return "–" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def _bracketed(document: DocumentDiff, span: Span, *, old: bool) -> tuple[str, str, str]:
    before, marked, after = (part.replace("\n", "↵") for part in document.context(span, old=old))
    return f"{before}[", marked, f"]{after}"


def _arrow(document: DocumentDiff, change: RelationChange) -> str:
    head, tail = (_marked(document, change, end).replace("\n", "↵") for end in (change.head, change.tail))
    return f"{change.label}: «{head}» → «{tail}»"


def _document(document: DocumentDiff, most: int) -> dict[str, Any]:
    article = document.after if document.after is not None else document.before
    compared = document.compared
    counts = Counter(change.kind for change in compared.spans)
    arrows = Counter(change.kind for change in compared.relations)
    kinds = WORDS | {"attributes": "with other attributes"}
    summary = [f"{counted(number, 'span')} {kinds[kind]}" for kind, number in counts.items()]
    summary += [f"{counted(number, 'relation')} {kind}" for kind, number in arrows.items()]
    if document.kind in ("added", "removed"):  # the summary tells of all of it
        compared = AnnotationChanges([], [])
    return {
        "id": document.id,
        "kind": document.kind,
        "title": str(article.document.meta.get("title") or "") if article is not None else "",
        "summary": ", ".join(summary),
        "status": document.status,
        "meta": document.meta,
        "spans": [_span(document, change) for change in compared.spans[:most]],
        "relations": [
            {"kind": change.kind, "label": change.label, "head": _marked(document, change, change.head)}
            | {"tail": _marked(document, change, change.tail)}
            for change in compared.relations[:most]
        ],
        "left_out": sum(max(len(each) - most, 0) for each in (compared.spans, compared.relations)),
    }


def _marked(document: DocumentDiff, change: RelationChange, span: Span) -> str:
    return document.context(span, old=change.kind == "removed")[1]


def _span(document: DocumentDiff, change: SpanChange) -> dict[str, Any]:
    old, new = change.before, change.after
    moved = change.kind == "moved"
    return {
        "kind": change.kind,
        "layer": change.span.layer,
        "labels": [
            span.label for span in ([old, new] if change.kind == "relabelled" else [change.span]) if span
        ],
        "before": document.context(old, old=True) if old is not None and (new is None or moved) else None,
        "after": document.context(new, old=False) if new is not None else None,
        "extents": [
            f"[{span.start}, {span.end})" for span in ([old, new] if moved else [change.span]) if span
        ],
        "attributes": [(name, _value(a), _value(b)) for name, (a, b) in change.attributes.items()],
    }
