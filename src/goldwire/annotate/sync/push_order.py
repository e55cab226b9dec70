"""Which articles to push first: unlabelled ones, by a model's uncertainty and their diversity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.tasks import uid
from goldwire.archive.ranking import document_uncertainty, rank
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document
from goldwire.text import first_of

#: The statuses of annotations that an article needs no other for.
_DONE = ("submitted", "reviewed", "adjudicated")


@dataclass(frozen=True)
class PushCandidates:
    """Articles that may be pushed, and those that may not: labelled already, or on the server already."""

    documents: list[Document]
    labelled: list[Document]
    present: list[Document]

    @property
    def known(self) -> list[str]:
        """The texts that the others should differ from."""
        return [document.text for document in (*self.labelled, *self.present)]


@dataclass(frozen=True)
class Ranked:
    """Articles in their order, with the predictions of these; `empty` had nothing found in them."""

    documents: list[Document]
    predictions: list[Annotation]
    empty: list[str] = field(default_factory=list)


def candidates(
    client: Client, title: str, documents: Sequence[Document], stored: Sequence[Annotation]
) -> PushCandidates:
    """The articles that nobody has annotated and that the project of this title does not have.

    Drafts and skipped ones count as not annotated.
    """
    done = {annotation.document for annotation in stored if annotation.status in _DONE}
    present_uids: set[str] = set()
    for remote in client.projects(title)[:1]:
        for task in client.tasks(int(remote["id"]), ("data",), page=500):
            present_uids.add(str((task.get("data") or {}).get("uid", "")))
    labelled = [document for document in documents if document.id in done]
    unlabelled = [document for document in documents if document.id not in done]
    present = [document for document in unlabelled if uid(document) in present_uids]
    return PushCandidates(
        [document for document in unlabelled if uid(document) not in present_uids], labelled, present
    )


def by_uncertainty(
    available: PushCandidates,
    predictions: Sequence[Annotation],
    *,
    count: int | None = None,
    diversity: float = 0.5,
) -> Ranked:
    """The first `count` of the candidates, in the order in which to annotate them (see `ranking.rank`).

    An article in which nothing was found has no confidence: it counts as the median of the others. Raises
    GW384 where an article has no prediction, GW385 where predictions hold no confidence.
    """
    by_document: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in predictions:
        by_document[annotation.document].append(annotation)
    if missing := [document.id for document in available.documents if document.id not in by_document]:
        shown = first_of(missing, 5)
        hint = "predict them too, or name the model: --model MODEL"
        raise GoldwireError.of("GW384", f"{len(missing)} articles have no prediction: {shown}", hint=hint)
    values: list[float | None] = []
    for document in available.documents:
        spans = [span for annotation in by_document[document.id] for span in annotation.spans]
        scores = [span.score for span in spans if span.score is not None]
        if spans and not scores:
            hint = "a model whose spans carry scores, or with an entity recogniser of spaCy's"
            message = f"the spans predicted in `{document.id}` have no confidence to order by"
            raise GoldwireError.of("GW385", message, hint=hint)
        values.append(document_uncertainty(scores))
    certain = [value for value in values if value is not None]
    middle = median(certain) if certain else 0.5
    order = rank(
        [document.text for document in available.documents],
        [middle if value is None else value for value in values],
        count=count,
        diversity=diversity,
        known=available.known,
    )
    chosen = [available.documents[index] for index in order]
    empty = [available.documents[index].id for index in order if values[index] is None]
    their_predictions = [annotation for document in chosen for annotation in by_document[document.id]]
    return Ranked(chosen, their_predictions, empty)
