"""A task, read: a document for each text that is marked in it, with everybody's annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, structs

from goldwire.annotations.integrity import article_faults
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.formats.counting import PLAIN
from goldwire.formats.edges import trimmed
from goldwire.formats.labelstudio.extras import with_extras
from goldwire.formats.labelstudio.items import Item, items_of
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.people import latest_first, named
from goldwire.formats.labelstudio.reader import census_of, read_over, task_text
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.formats.labelstudio.result import ReadResult
from goldwire.formats.labelstudio.result_reader import ResultReader
from goldwire.formats.labelstudio.shapes import as_task, refused
from goldwire.formats.labelstudio.task import TAKEN, Given, Task, Typed, known_fields, several
from goldwire.formats.labelstudio.texts import MarkedText, items_over, marked_text
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.schemas.names import TextSource


class _Prediction(NamedTuple):
    """What a model said of a task: its result as it came, and the items that are of the text that is read."""

    model: str
    updated: str
    result: list[Any]
    items: Sequence[Item | None]


class TaskReader:
    """Reads tasks of one config: `sources` says where their texts are, `naming` what controls are called."""

    def __init__(self, naming: Naming, sources: Sequence[TextSource], setting: ConversionOptions) -> None:
        self.naming, self.sources, self.setting = naming, sources, setting
        self.ids: set[str] = set()
        self.annotations = 0

    def read(self, task: Task, number: int, place: str, raw: bytes) -> Iterator[Article]:
        """The articles of a task; what is not kept is put down in the setting, with its place."""
        lose = self.setting.lose
        apart = len(self.sources) > 1
        own_id = self._id(task, number)
        lose("drafts", own_id, len(several(task.drafts)))
        if task.comments:
            lose("tasks with comments", f"{own_id}: {task.comments}")
        annotated = [(index, each) for index, each in enumerate(task.annotations) if each is not None]
        lose("annotations of no known form", own_id, len(task.annotations) - len(annotated))
        results = [_items(each) for _, each in annotated]
        predicted = self._predictions(task, own_id, bool(annotated))
        texts = [(source, marked_text(task.data, source)) for source in self.sources]
        present = [(source, marked) for source, marked in texts if not isinstance(marked, str)]
        if not present:
            why = str(texts[0][1]) if len(texts) == 1 else "none of the marked texts is in the task"
            self._unreadable(why, place, [*results, *(each.items for each in predicted)], raw)
        for source, marked in present:
            name = self._free(f"{own_id}-{source.tag}" if apart else own_id, place)
            over, models, naming = results, predicted, self.naming
            if apart:
                sources = [each for each, _ in present]
                over = [each and items_over(source, sources, each, naming.layers) for each in results]
                models = [
                    each._replace(items=items_over(source, sources, each.items, naming.layers))
                    for each in predicted
                ]
                naming = naming.over(source.tag)
            yield self._article(task, naming, marked, name, annotated, over, models, raw, place)

    def _unreadable(
        self, reason: str, place: str, results: Sequence[Sequence[Item | None] | None], raw: bytes
    ) -> None:
        """Put aside a task whose text can't be had, and count all that is marked in it."""
        self.setting.put_aside(f"tasks: {reason}", place, task_as_json(raw))
        self._count(results)

    def _count(self, results: Sequence[Sequence[Item | None] | None]) -> None:
        """Count what is marked in results that are put aside whole."""
        for items in results:
            census_of(items or [], self.naming).enter(self.setting.account)

    def refuse(self, raw: bytes, error: GoldwireError, place: str, *, counted: bool) -> None:
        """Put aside a task that is not taken in, with the first of its faults; count what it holds."""
        held = task_as_json(raw)
        self.setting.put_aside(f"tasks: {error.faults[0].message}", place, held)
        if isinstance(held, dict) and "annotations" in held and not isinstance(held.get("data"), dict):
            held = {**held, "data": {}}  # no task, but its spans count
        task = None if counted else known_fields(held)
        if task is None:
            return
        given = [each for each in task.annotations if each is not None]
        predicted = self._predictions(task, place, bool(given))
        self._count([*map(_items, given), *(each.items for each in predicted)])

    def _id(self, task: Task, number: int) -> str:
        wanted = task.data.get("id")
        if isinstance(wanted, str) and wanted.strip():
            return wanted
        if isinstance(wanted, int) and not isinstance(wanted, bool):
            return str(wanted)
        return f"task-{number if task.id in (UNSET, None) else task.id}"

    def _free(self, name: str, place: str) -> str:
        free, number = name, 1
        while free in self.ids:
            number += 1
            free = f"{name}-{number}"
        if free != name:
            self.setting.change("ids that stand twice, told apart by a number", f"{place}: {name} → {free}")
        self.ids.add(free)
        return free

    def _article(
        self,
        task: Task,
        naming: Naming,
        marked: MarkedText,
        name: str,
        annotated: Sequence[tuple[int, Given]],
        results: Sequence[Sequence[Item | None] | None],
        predicted: Sequence[_Prediction],
        raw: bytes,
        place: str,
    ) -> Article:
        texts = {each.key.partition(".")[0] for each in self.sources}
        meta = {key: value for key, value in task.data.items() if key not in TAKEN and key not in texts}
        meta |= task.taken()
        if marked.turns:
            meta["turns"] = [{"start": start, "speaker": speaker} for start, speaker in marked.turns]
        text, reads = read_over(
            results, marked.text, naming, [_Originals(raw, index) for index, _ in annotated]
        )
        document = Document(name, text.text, meta)
        before = self.setting.account.kept()
        if text.counting != PLAIN:
            self.setting.change(f"offsets moved: counted with {text.counting}", name)
        elif text.raw != text.text:
            self.setting.normalised(name)
        annotations = (
            *self._annotations(document, naming, annotated, reads),
            *self._drafts(document, text, naming, predicted),
        )
        article = Article(document, annotations)
        # Predictions, of which annotations are made where nobody annotated, are of no form that was checked.
        usual = bool(annotated) and not task.goldwire
        usual = usual and all(isinstance(each, Typed) and each.goldwire is None for _, each in annotated)
        try:
            # Types hold what can be written; what may be anything is tried.
            msgspec.json.encode([meta, [a.provenance for a in annotations]] if usual else article)
        except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            self.setting.account.restore(before)
            raise refused(f"`{name}` holds what can't be written again: {error}", place) from None
        if not usual and (faults := list(article_faults(article, place))):
            self.setting.account.restore(before)
            raise GoldwireError(*faults)
        self.annotations += len(annotations)
        # What lies beside the regions of a file of goldwire's own may give them their white space back.
        return article if usual else trimmed(article, self.setting, counted=True)

    def _annotations(
        self,
        document: Document,
        naming: Naming,
        annotated: Sequence[tuple[int, Given]],
        reads: Sequence[ReadResult],
    ) -> Iterator[Annotation]:
        lose = self.setting.lose
        names = named([each.person for _, each in annotated])
        by_name: dict[str, list[int]] = {}
        for position, name in enumerate(names):
            by_name.setdefault(name, []).append(position)
        digest = sha256(document.text)
        for name, positions in by_name.items():
            ordered = latest_first(
                positions,
                cancelled=lambda position: bool(annotated[position][1].was_cancelled),
                draft=lambda _: False,
                updated=lambda position: str(annotated[position][1].updated_at or ""),
            )
            for position in ordered[1:]:
                lose("older annotations of one person", f"{name}/{document.id}")
                reads[position].census.enter(self.setting.account)
            annotation, read = annotated[ordered[0]][1], reads[ordered[0]]
            where = f"{name}/{document.id}"
            whole = None
            if annotation.goldwire is not None:
                read, whole = with_extras(read, annotation.goldwire)
            self._account(read, where)
            if annotation.ground_truth:
                lose("marks as ground truth", where)
            if whole is not None:
                yield structs.replace(whole, document=document.id, spans=read.spans, relations=read.relations)
                continue
            begun = annotation.begun or any(
                span.origin in ("prediction", "prediction-changed") for span in read.spans
            )
            lead_time = annotation.lead_time
            yield Annotation(
                document.id,
                name,
                naming.schema.id,
                "skipped" if annotation.was_cancelled else "submitted",
                Provenance(
                    kind="human" if annotation.person else "unknown",
                    created=str(annotation.created_at or ""),
                    updated=str(annotation.updated_at or ""),
                    lead_time=lead_time if isinstance(lead_time, (int, float)) else None,
                    seen_predictions=True if begun else None,
                ),
                read.spans,
                read.relations,
                digest,
            )

    def _predictions(self, task: Task, own_id: str, annotated: bool) -> list[_Prediction]:
        """Each model's last prediction where nobody annotated the task; all others are counted."""
        latest: dict[str, _Prediction] = {}
        for prediction in several(task.predictions):
            result = prediction.get("result") if isinstance(prediction, dict) else None
            if annotated or not isinstance(result, list):
                self.setting.lose("predictions", own_id)
                continue
            model = str(prediction.get("model_version") or "model")
            if model in latest:
                self.setting.lose("older predictions of one model", f"{model}/{own_id}")
            updated = str(prediction.get("updated_at") or "")
            latest[model] = _Prediction(model, updated, result, items_of(result))
        return list(latest.values())

    def _drafts(
        self, document: Document, text: RegionText, naming: Naming, predicted: Sequence[_Prediction]
    ) -> Iterator[Annotation]:
        """Predictions as drafts of their models."""
        for model, updated, result, items in predicted:
            read = ResultReader(task_text(text, [items], naming), naming, result.__getitem__).read(items)
            self._account(read, f"{model}/{document.id}")
            provenance = Provenance(kind="model", name=model, updated=updated)
            schema_id, digest = naming.schema.id, sha256(document.text)
            yield Annotation(
                document.id, model, schema_id, "draft", provenance, read.spans, read.relations, digest
            )

    def _account(self, read: ReadResult, where: str) -> None:
        """Put down what became of a result's parts."""
        for part in read.quarantined:
            cause = f"{part.kind}s: {part.cause}" if part.cause else ""
            self.setting.put_aside(f"{part.kind}s: {part.reason}", where, part.item, part.count, cause)
        for double in read.doubles:
            self.setting.lose(
                "relations that stand twice", f"{where} {double.label} {double.head} → {double.tail}"
            )
        for trim in read.trims:
            self.setting.lose("white space at a span's edge", f"{where} {trim.span}")
        read.enter(self.setting.account)


class _Originals:
    """The items of one annotation as they came; the task is only parsed again where one is asked for."""

    def __init__(self, raw: bytes, index: int) -> None:
        self.raw, self.index = raw, index
        self.result: Any = None

    def __call__(self, number: int) -> Any:
        if self.result is None:
            task = as_task(json.loads(self.raw)) or {}
            self.result = several(task.get("annotations"))[self.index].get("result")
        return self.result[number] if isinstance(self.result, list) else self.result


def task_as_json(raw: bytes) -> Any:
    """A task as it came, for the file of what was put aside: as JSON where it is."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode(errors="replace")


def _items(given: Given) -> Sequence[Item | None] | None:
    if isinstance(given, Typed):
        return given.result or []
    if given.result is None:
        return []
    return items_of(given.result) if isinstance(given.result, list) else None
