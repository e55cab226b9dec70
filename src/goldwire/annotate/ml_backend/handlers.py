"""The answers of an ML backend: tasks in, predictions out, what can't be predicted named."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from goldwire.annotate.ml_backend.predictor import NotPredicted, Predictor, document_of_task, prediction
from goldwire.annotate.ml_backend.screens import Screens
from goldwire.annotate.records.passes import Pass
from goldwire.annotate.sync.tasks import uid
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document
from goldwire.text import first_of

#: Seconds that one request may predict for; Label Studio gives up after 100.
BUDGET = 80.0
#: Predictions kept, so that what was asked for before is not made again.
_KEPT = 5000
#: Names, reasons and errors of a kind that are told apart; those beyond are counted together.
DISTINCT = 50


@dataclass
class RequestCounts:
    """What a server did since its start, with reasons, errors and webhook actions counted."""

    predicted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)


def count_requests(counts: Counter[str], name: str, number: int = 1) -> None:
    """Count something that comes from outside: what is kept of it stays small, and the sum right."""
    counts[name if name in counts or len(counts) < DISTINCT else "other"] += number


class Backend:
    """The answers of one assistant; `predict` runs in a thread of its own, one request after the other.

    With `passes` the project of each is answered with what its screen shows.
    """

    def __init__(self, assistant: Predictor, passes: Sequence[Pass] = (), *, budget: float = BUDGET) -> None:
        self.assistant = assistant
        self.screens = Screens(assistant.schema, passes)
        self.budget = budget
        self.counts = RequestCounts()
        self.waiting = 0
        self._kept: OrderedDict[str, Annotation] = OrderedDict()
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="predict")

    def setup(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a project on, or say what its config lacks; `RefusedRequest` for the latter."""
        self._check(body.get("schema"))
        return {"model_version": self.assistant.version}

    def predict(self, body: Mapping[str, Any], until: float | None = None) -> dict[str, Any]:
        """One entry for each task: a prediction, or an empty list with the reason under `refused`.

        What is not done at `until` (`time.monotonic`; default: when the budget is used up) is refused too:
        asked again, it goes on from there.
        """
        until = time.monotonic() + self.budget if until is None else until
        tasks = body.get("tasks")
        if not isinstance(tasks, list):
            raise RefusedRequest(400, "no list of tasks")
        self._check(body.get("label_config"))
        config = str(body.get("label_config") or "")
        read = [document_of_task(task) for task in tasks]
        documents = {uid(document): document for document in read if isinstance(document, Document)}
        annotations = {key: self._kept[key] for key in documents if key in self._kept}
        left_out: Counter[str] = Counter()
        wanted = [document for key, document in documents.items() if key not in annotations]
        failed: dict[str, str] = {}
        for predicted in self.assistant.annotate(wanted, until=until):
            if isinstance(predicted, NotPredicted):
                failed[uid(predicted.document)] = predicted.reason
                continue
            left_out.update(predicted.left_out)
            key = uid(predicted.document)
            annotations[key] = predicted.annotation
            self._keep(key, predicted.annotation)
        refused = []
        results: list[Any] = []
        for task, document in zip(tasks, read, strict=True):
            if isinstance(document, Document) and uid(document) in annotations:
                annotation = annotations[uid(document)]
                shown = self.screens.shown(annotation, task, document.text, config)
                left_out.update(shown.left_out)
                results.append(prediction(shown.annotation, self.assistant.schema, document.text))
                continue
            if isinstance(document, str):
                reason = document
            else:
                reason = failed.get(uid(document), f"not done within {self.budget:.0f} s")
            refused.append({"task": task.get("id") if isinstance(task, dict) else None, "reason": reason})
            kind = self.counts.failed if reason in failed.values() else self.counts.refused
            count_requests(kind, reason)
            results.append([])
        self.counts.predicted += len(tasks) - len(refused)
        for reason, number in left_out.items():
            count_requests(self.counts.left_out, reason, number)
        return {
            "results": results,
            "model_version": self.assistant.version,
            "refused": refused,
            "left_out": dict(left_out),
        }

    def webhook(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Count an event."""
        action = body.get("action")
        known = isinstance(action, str) and action.isupper() and len(action) <= 64
        count_requests(self.counts.events, str(action) if known else "other")
        return {"status": "ok"}

    def _check(self, config: Any) -> None:
        if not isinstance(config, str) or not config.strip():
            return
        try:
            lacking = self.screens.lacks(config)
        except GoldwireError as error:
            raise RefusedRequest(400, str(error)) from None
        if lacking:
            shown = first_of(lacking, 5)
            message = f"the project's config lacks what {self.assistant.schema.id} has: {shown}"
            raise RefusedRequest(409, f"{message}; goldwire annotate push brings it up to date")

    def _keep(self, key: str, entry: Annotation) -> None:
        self._kept[key] = entry
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


class RefusedRequest(Exception):
    """A request that is answered with an error: status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
