"""Predictions before they are sent: read, held against the schema and the texts, named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from goldwire.annotations import rules
from goldwire.annotations.integrity import annotation_faults
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import Fault, raise_faults
from goldwire.files import sha256
from goldwire.formats.jsonl import read_jsonl
from goldwire.model import Annotation, Article, Document, by_machine
from goldwire.schemas import Schema

#: Where predictions come from: JSON Lines files, or articles in memory.
Given: TypeAlias = str | Path | Iterable[str | Path | Article]
# What the server would store without a word and no annotator could use.
_UNUSABLE = {
    rules.LAYER,
    rules.LABEL,
    rules.ATTRIBUTE,
    rules.BEARER,
    rules.VALUE,
    rules.RELATION,
    rules.ENDS,
    rules.LOOP,
}


def version(annotation: Annotation) -> str:
    """The name under which Label Studio keeps a prediction: the model and its version, else the annotator."""
    provenance = annotation.provenance
    return (
        f"{provenance.name}@{provenance.version}"
        if provenance.name and provenance.version
        else provenance.name or annotation.annotator
    )


def bound(given: Given) -> list[Annotation]:
    """The annotations of articles, or of those in JSON Lines files, bound to their texts."""
    parts = [given] if isinstance(given, (str, Path)) else given
    return [
        msgspec.structs.replace(annotation, text_sha256=sha256(article.document.text))
        for part in parts
        for article in ([part] if isinstance(part, Article) else read_jsonl(Path(part)))
        for annotation in article.annotations
    ]


def check_drafts(drafts: Iterable[Annotation]) -> None:
    """Raise GW814 for each that a person made."""
    raise_faults(
        Fault(
            "GW814",
            f"the annotation of `{a.document}` by `{a.annotator}` is no machine's draft",
            hint="drafts are shown to annotators: a person's work would be, too; leave it out",
        )
        for a in drafts
        if not by_machine(a) or a.status != "draft"
    )


def prediction_faults(
    schema: Schema, document: Document, annotations: Sequence[Annotation]
) -> Iterator[Fault]:
    """Faults that keep annotations from being sent: another text, offsets, ids, labels, attributes, ends."""
    broken = False
    for annotation in annotations:
        for fault in annotation_faults(annotation, document, f"{annotation.annotator}/{document.id}"):
            broken = True
            yield fault
    if not broken:
        checked = check_articles([Article(document, tuple(annotations))], schema)
        yield from (fault for fault in checked.faults if fault.code in _UNUSABLE)


def checked_predictions(
    schema: Schema, documents: Sequence[Document], predictions: Sequence[Annotation]
) -> dict[str, list[Annotation]]:
    """The predictions by document; raises GW322 and what `prediction_faults` finds, all of it at once."""
    known = {document.id: document for document in documents}
    grouped: dict[str, list[Annotation]] = defaultdict(list)
    faults: list[Fault] = []
    for annotation in predictions:
        where = f"{annotation.annotator}/{annotation.document}"
        if annotation.document not in known:
            faults.append(
                Fault("GW322", f"a prediction for `{annotation.document}`, which is not sent", where)
            )
        elif version(annotation) in map(version, grouped[annotation.document]):
            message = f"two predictions of `{version(annotation)}` for one article"
            faults.append(Fault("GW322", message, where, "one for each model and version"))
        else:
            grouped[annotation.document].append(annotation)
    for name, of_document in grouped.items():
        faults.extend(prediction_faults(schema, known[name], of_document))
    raise_faults(faults[:100])
    return {name: of_document for name, of_document in grouped.items() if of_document}
