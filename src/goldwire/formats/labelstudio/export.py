"""Label Studio's JSON export: a list of tasks, each with its annotations. One task a document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, structs

from goldwire import strict_json
from goldwire.annotations.integrity import article_faults
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_bytes, read_text, sha256, write_text
from goldwire.formats.inferred_schema import schema_for
from goldwire.formats.labelstudio.elements import NotAnArray, elements
from goldwire.formats.labelstudio.extras import KEY, joined, split
from goldwire.formats.labelstudio.inferred import fits_tasks, found_in_tasks
from goldwire.formats.labelstudio.other_config import read_foreign
from goldwire.formats.labelstudio.regions import RegionReader
from goldwire.formats.labelstudio.result import Read, from_result, to_result
from goldwire.formats.labelstudio.task import TAKEN, Given, Task, Typed, decode, known
from goldwire.formats.options import Setting
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.schemas import Schema
from goldwire.schemas.infer import Names
from goldwire.schemas.label_config import TEXT
from goldwire.seeds import normalise


class _Reading(NamedTuple):
    """How results are read: by which schema, under which names of a config that goldwire did not make."""

    schema: Schema
    names: Names | None
    regions: RegionReader

    def read(self, result: Any, text: str) -> Read:
        """What a result in Python's form holds."""
        if self.names is not None:
            return read_foreign(result, text, self.names, self.schema)
        return from_result(result, text, self.schema)


def read_labelstudio(path: Path, setting: Setting) -> list[Article]:
    """All articles of an export; as `stream_labelstudio`."""
    return list(stream_labelstudio(path, setting))


def stream_labelstudio(path: Path, setting: Setting) -> Iterator[Article]:
    """The articles of an export one at a time, annotations as their people submitted or skipped them.

    A person is named by e-mail address or user name where the export holds one, else `user-NUMBER`. What the
    schema has no place for, unfinished drafts, predictions, comments, marks as ground truth and a person's
    older annotations of a task are left out, and counted in `setting.lost`. Raises one error (GW266, and what
    the model itself asks for) with the faults of all tasks, after the last; nobody should keep what came
    before. Memory does not grow with the file. Without a schema that was asked for, and where the project's
    has not all labels, these are taken as found: the file is read twice.
    """
    faults: list[Fault] = []
    seen: set[str] = set()
    reading = _reading(path, setting)
    try:
        with path.open("rb") as stream:
            for number, element in enumerate(elements(stream)):
                place = f"{path} $[{number}]"
                try:
                    article = _article(element, number, place, seen, reading, setting)
                except GoldwireError as error:
                    faults.extend(error.faults)
                    continue
                seen.add(article.document.id)
                if not faults:
                    yield article
    except NotAnArray as error:
        message = str(error) if error.began else "not a list of tasks"
        hint = "export the project as JSON (not JSON_MIN)"
        raise GoldwireError(*faults[:99], Fault("GW266", message, str(path), hint)) from None
    except UnicodeDecodeError:
        read_text(path)  # names the first bad byte
        raise
    except OSError:
        if path.is_dir():
            hint = "name the .json file that Label Studio exported; a project's folder is read --from store"
            raise GoldwireError.of("GW266", "a folder, not an export", where=str(path), hint=hint) from None
        read_bytes(path)  # says what is the matter
        raise
    raise_faults(faults[:100])


def _reading(path: Path, setting: Setting) -> _Reading:
    """By which schema to read: the one asked for, the project's where it has all labels, else as found."""
    names = None
    if setting.named_schema is not None:
        schema = setting.named_schema
        if setting.schema_path is None and setting.config_path is not None:
            names = setting.inferred.names
    else:
        try:
            own: Schema | None = setting.schema
        except GoldwireError:
            own = None
        if own is not None and fits_tasks(_peek(path), own):
            schema = own
        else:
            schema, names = found_in_tasks(_peek(path), setting.language or "xx")
    return _Reading(schema, names, RegionReader(schema))


def _peek(path: Path) -> Iterator[Any]:
    """The tasks as Python reads them, as far as they can be read: faults are found on the way through."""
    try:
        with path.open("rb") as stream:
            for element in elements(stream):
                yield json.loads(bytes(element))
    except (OSError, ValueError, RecursionError):
        return


def _article(
    element: memoryview, number: int, place: str, seen: set[str], reading: _Reading, setting: Setting
) -> Article:
    """The article of a task; raises what is wrong with it."""
    raw = bytes(element)
    if not raw.isascii():
        raw.decode()
    try:
        strict_json.check(raw)
        try:
            task: Any = decode(raw)
        except msgspec.DecodeError:
            task = json.loads(raw)
    except strict_json.NotStrict as error:
        message, path = strict_json.told(error)
        where = f"{place}{path.removeprefix('$')}"
        raise GoldwireError.of("GW266", message, where=where, hint="keep one") from None
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits are ValueErrors too
        raise GoldwireError.of("GW266", f"not JSON: {error}", where=place) from None
    found = known(task)
    text = found.data.get(TEXT) if found is not None else None
    if found is None or not isinstance(text, str):
        hint = "export the project as JSON"
        raise GoldwireError.of("GW266", f"no task with `data.{TEXT}`", where=place, hint=hint)
    data = found.data
    name = str(data.get("id") or f"task-{number if found.id is UNSET else found.id}")
    if not _encodable(text, name):
        hint = "repair it"
        raise GoldwireError.of("GW266", "half a surrogate pair in its id or text", where=place, hint=hint)
    if text != normalise(text):
        hint = "offsets count its characters as they are: import the text normalised (NFC, \\n)"
        raise GoldwireError.of("GW266", f"the text of `{name}` is not normalised", where=place, hint=hint)
    if name in seen:
        hint = "keep one task for each"
        raise GoldwireError.of("GW266", f"document `{name}` stands twice", where=place, hint=hint)
    meta = {key: value for key, value in data.items() if key not in TAKEN} | found.taken()
    document = Document(name, text, meta)
    usual = isinstance(task, Task) and task.plain
    lost: list[tuple[str, str]] = []
    article = Article(document, tuple(_annotations(found, raw, document, reading, lost)))
    try:
        # Types hold what can be written; what may be anything is tried.
        msgspec.json.encode([meta, [a.provenance for a in article.annotations]] if usual else article)
    except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        message = f"`{name}` holds what can't be written again: {error}"
        raise GoldwireError.of("GW266", message, where=place) from None
    raise_faults(list(article_faults(article, place)) if not usual else [])
    for kind, where in lost:
        setting.lose(kind, where)
    return article


def _annotations(
    task: Task,
    raw: bytes,
    document: Document,
    reading: _Reading,
    lost: list[tuple[str, str]],
) -> Iterator[Annotation]:
    lost.extend([("predictions", document.id)] * len(task.predictions))
    lost.extend([("drafts", document.id)] * len(task.drafts))
    if task.comments:
        lost.append(("tasks with comments", f"{document.id}: {task.comments}"))
    given: list[tuple[int, Given]] = [(n, a) for n, a in enumerate(task.annotations) if a is not None]
    lost.extend([("annotations of no known form", document.id)] * (len(task.annotations) - len(given)))
    held: dict[str, tuple[int, Given]] = {}
    for index, item in sorted(given, key=lambda a: str(a[1].updated_at or "")):
        annotator = item.person
        if annotator in held:
            lost.append(("older annotations of one person", f"{annotator}/{document.id}"))
        held[annotator] = (index, item)
    digest = sha256(document.text)
    for annotator, (index, item) in held.items():
        found = None
        result = item.result
        if isinstance(item, Typed):
            if item.result is not None and reading.names is None:
                found = reading.regions.read(item.result, document.text)
            if found is None:
                result = json.loads(raw)["annotations"][index].get("result")
        if found is None:
            found = reading.read(result, document.text)
        found, whole = joined(found, item.goldwire) if item.goldwire is not None else (found, None)
        for part in found.quarantined:
            lost.append((f"{part.kind}s: {part.reason}", f"{annotator}/{document.id}"))
        for each in found.doubles:
            where = f"{annotator}/{document.id} {each.label} {each.head} → {each.tail}"
            lost.append(("relations that stand twice", where))
        for trim in found.trims:
            lost.append(("white space at a span's edge", f"{annotator}/{document.id} {trim.span}"))
        if item.ground_truth:
            lost.append(("marks as ground truth", f"{annotator}/{document.id}"))
        seen = item.begun or any(span.origin in ("prediction", "prediction-changed") for span in found.spans)
        if whole is not None:
            spans, relations = found.spans, found.relations
            yield structs.replace(whole, document=document.id, spans=spans, relations=relations)
            continue
        yield Annotation(
            document.id,
            annotator,
            reading.schema.stamp,
            "skipped" if item.was_cancelled else "submitted",
            Provenance(
                created=str(item.created_at or ""),
                updated=str(item.updated_at or ""),
                lead_time=item.lead_time if isinstance(item.lead_time, (int, float)) else None,
                seen_predictions=True if seen else None,
            ),
            found.spans,
            found.relations,
            digest,
        )


def _encodable(*texts: str) -> bool:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def write_labelstudio(path: Path, articles: Iterable[Article], setting: Setting) -> int:
    """Articles in the form of an export; the number of tasks.

    To bring annotations onto a server, which knows people by their accounts, push them instead. Statuses
    other than `skipped`, who marked what, and the rest of the provenance have no place there: the file keeps
    them beside the regions, a server that imports it drops them.
    """
    tasks = []
    articles = list(articles)
    schema = schema_for(articles, setting)
    for article in articles:
        document = article.document
        made = []
        for number, annotation in enumerate(article.annotations, start=1):
            held, rest = split(annotation, schema, document.text)
            for relation, times in Counter((r.label, r.head, r.tail) for r in held.relations).items():
                where = "{}/{} {} {} → {}".format(annotation.annotator, document.id, *relation)
                for _ in range(times - 1):
                    setting.lose("relations that stand twice", where)
            made.append(
                {
                    "id": number,
                    "completed_by": {"email": annotation.annotator},
                    "result": to_result(held, schema, document.text),
                    "was_cancelled": annotation.status == "skipped",
                    "lead_time": annotation.provenance.lead_time,
                    "created_at": annotation.provenance.created,
                    "updated_at": annotation.provenance.updated,
                    KEY: rest,
                }
            )
        data = {**document.meta, "id": document.id, TEXT: document.text, "sha256": sha256(document.text)}
        taken = {key: value for key, value in document.meta.items() if key in TAKEN}
        tasks.append({"data": data, "annotations": made, **({KEY: {"meta": taken}} if taken else {})})
    setting.check()
    write_text(path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
    return len(tasks)
