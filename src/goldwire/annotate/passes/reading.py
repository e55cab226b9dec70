"""The tasks of one pass's project, read: what each annotator made there, and what that began from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from goldwire.annotate.labelstudio.transport import dicts
from goldwire.annotate.passes.compose import Marks, PassWork
from goldwire.annotate.records.passes import Pass
from goldwire.annotate.sync.importer import Importer
from goldwire.annotate.sync.pull import INCLUDE
from goldwire.annotate.sync.tasks import versions
from goldwire.formats.labelstudio.reader import from_result
from goldwire.model import Annotation, Document, Span
from goldwire.schemas import Schema

#: The name under which Label Studio keeps what the passes before have made: a pass begins from it.
START = "earlier passes"
#: What is asked of each task.
PASS_INCLUDE = (*INCLUDE, "predictions", "model_version")


@dataclass(frozen=True)
class Gathered:
    """One annotator's work on one article in one pass, and where it stands on the server."""

    annotation: Annotation
    work: PassWork
    task: dict[str, Any]
    raw: dict[str, Any]

    @property
    def skipped(self) -> bool:
        """Whether the annotator put the article aside."""
        return self.annotation.status == "skipped"


@dataclass(eq=False)
class PassImporter(Importer):
    """Reads the tasks of one pass, and keeps what it reads for `compose`: stores nothing by itself."""

    own_pass: Pass = field(kw_only=True)
    gathered: dict[tuple[str, str], Gathered] = field(default_factory=dict, init=False)
    #: The articles whose task was read, whatever was in it.
    read_articles: set[str] = field(default_factory=set, init=False)

    def begin_anew(self) -> None:
        """As `Importer` has it."""
        super().begin_anew()
        self.gathered, self.read_articles = {}, set()

    def document(self, task: dict[str, Any], annotations: list[dict[str, Any]]) -> Document | None:
        """As `Importer` has it."""
        document = super().document(task, annotations)
        if document is not None:
            self.read_articles.add(document.id)
        return document

    def take(self, task: dict[str, Any], document: Document, name: str, raw: dict[str, Any]) -> None:
        """Read one annotation, and keep it in mind. Of its spans only those of the pass's layers count."""
        spans, relations = self.report.spans, self.report.relations
        annotation = self.read_annotation(task, document, name, raw)
        ids = {span.id for span in annotation.spans if span.layer in self.own_pass.layers}
        self.report.spans = spans + len(ids)
        self.report.relations = relations + sum(bool({r.head, r.tail} & ids) for r in annotation.relations)
        work = PassWork(
            Marks(annotation.spans, annotation.relations), self.start_of(task, raw, document.text)
        )
        slim = {key: value for key, value in raw.items() if key != "result"}
        place = {"id": task["id"], "data": {"id": document.id}, "updated_at": task.get("updated_at")}
        self.gathered[document.id, name] = Gathered(annotation, work, place, slim)

    def start_of(self, task: dict[str, Any], raw: dict[str, Any], text: str) -> Marks | None:
        """What an annotation began from: the prediction that it names, else the last of the earlier passes.

        A model's prediction holds them too. None where it began from nothing: it names no prediction and has
        no region of theirs, since they were not in sight.
        """
        shown = dicts(task.get("predictions"))
        named = [p for p in shown if p["id"] == raw.get("parent_prediction")] if self.own_pass.earlier else []
        if named:
            return marks_of(named[0], text, self.schema)
        for last in starts(task)[-1:]:
            marks = marks_of(last, text, self.schema)
            regions = {item.get("id") for item in raw.get("result") or () if isinstance(item, dict)}
            if not marks.spans or regions & {span.id for span in marks.spans}:
                return marks
        return None

    def saw_predictions(self, task: dict[str, Any], raw: dict[str, Any], spans: Sequence[Span]) -> bool:
        """Whether a model's predictions were in sight: the annotator's own earlier passes are none."""
        if not self.own_pass.earlier:
            return super().saw_predictions(task, raw, spans)
        own = [span for span in spans if span.layer in self.own_pass.layers]
        begun = any(span.origin in ("prediction", "prediction-changed") for span in own)
        return begun or (self.predictions_shown and bool(versions(task) - {START}))


def starts(task: dict[str, Any]) -> list[dict[str, Any]]:
    """What a task shows of the passes before, the last one at the end."""
    shown = (p for p in dicts(task.get("predictions")) if p.get("model_version") == START)
    return sorted(shown, key=lambda p: int(p["id"]))


def marks_of(raw: dict[str, Any], text: str, schema: Schema) -> Marks:
    """The marks of an annotation or a prediction of the server's."""
    read = from_result(raw.get("result") or [], text, schema)
    return Marks(read.spans, read.relations)
