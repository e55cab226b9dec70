"""A language model that drafts articles for Label Studio, one at a time, as long as it takes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from msgspec import structs

from goldwire.annotate.drafting.drafter import Drafted, Drafter
from goldwire.annotate.ml_backend.predictor import NotPredicted, Predicted
from goldwire.annotate.sync.predictions import version
from goldwire.annotate.sync.tasks import uid
from goldwire.errors import GoldwireError
from goldwire.model import Document


class DraftingModel:
    """A language model's drafts as predictions.

    An article that is not done in time goes on being drafted, and is there when it is asked for again. `own`
    gives the project's document for one that is known by id and text alone: an article is asked about as
    `annotate draft` does, with its title, and without examples of its story. Raises what `Drafter` does for a
    server that can't be reached, or lacks the model.
    """

    def __init__(self, drafter: Drafter, own: Callable[[Document], Document] = lambda each: each) -> None:
        self.drafter = drafter
        self._own = own
        self.schema = drafter.schema
        self.name = drafter.asker.server.model
        self._under_way: dict[str, Future[Drafted]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="draft")

    @property
    def version(self) -> str:
        """The name of its predictions: the model's, and what all that is asked comes to."""
        return f"{self.name}@{self.drafter.version}"

    def annotate(
        self, documents: Sequence[Document], *, until: float | None = None
    ) -> Iterator[Predicted | NotPredicted]:
        """Draft articles one after the other; stop early where `until` (`time.monotonic`) has passed.

        One that fails is told with the reason; asked for again, it is begun anew.
        """
        for document in documents:
            if until is not None and time.monotonic() >= until:
                return
            key = uid(document)
            if key not in self._under_way:
                self._under_way[key] = self._thread.submit(self._draft, document)
            wait([self._under_way[key]], None if until is None else max(0.0, until - time.monotonic()))
            if not self._under_way[key].done():
                return
            try:
                drafted = self._under_way.pop(key).result()
            except GoldwireError as error:
                yield NotPredicted(document, str(error))
                continue
            provenance = structs.replace(drafted.annotation.provenance, name=self.name)
            annotation = structs.replace(drafted.annotation, provenance=provenance)
            assert version(annotation) == self.version
            left_out = Counter(
                {f"items of its answers: {reason}": n for reason, n in drafted.account.reasons.items()}
            )
            yield Predicted(document, annotation, left_out)

    def _draft(self, document: Document) -> Drafted:
        return self.drafter.article(self._own(document))

    def close(self) -> None:
        """Draft no more; what is under way is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
