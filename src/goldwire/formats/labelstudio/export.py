"""Label Studio's JSON export: a list of tasks, each with its annotations. One task a document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError
from goldwire.files import sha256, write_text
from goldwire.formats.inferred_schema import schema_for
from goldwire.formats.labelstudio.extras import KEY, split_extras
from goldwire.formats.labelstudio.inferred import TasksSeen
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.result import to_result
from goldwire.formats.labelstudio.shapes import raw_tasks, refused
from goldwire.formats.labelstudio.task import TAKEN, Task, decode, known_fields
from goldwire.formats.labelstudio.task_reader import TaskReader
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article
from goldwire.schemas.inference.inferred import FROM_DATA, schema_of
from goldwire.schemas.names import TextSource
from goldwire.schemas.rendering.label_config import TEXT


def read_labelstudio(path: Path, setting: ConversionOptions) -> Iterator[Article]:
    """The articles of an export one at a time, annotations as their people submitted or skipped them.

    Takes every shape that `shapes` knows, and makes a document of each text that is marked. A person is named
    by e-mail address or user name where the export holds one, else `user-NUMBER`; who is not named is one of
    their own. What has no place in the schema or the model, and whole tasks that can't be read, is counted
    in `setting.lost`, and put aside as it came. Raises GW266 for a file of no known shape and where not one
    task could be read, GW289 where it can't be told which text is marked. Memory does not grow with the file.
    Without a schema that was asked for, and where the project's has not all labels, these are taken as found:
    the file is read twice.
    """
    naming, sources = _naming(path, setting)  # now, since whoever writes asks for the schema first
    return _articles(path, TaskReader(naming, sources, setting), setting)


def _articles(path: Path, reader: TaskReader, setting: ConversionOptions) -> Iterator[Article]:
    tasks = read = 0
    first: list[Fault] = []
    for number, (place, raw) in enumerate(raw_tasks(path)):
        tasks += 1
        task: Task | None = None
        try:
            task = _task(raw, place)
            for article in reader.read(task, number, place, raw):
                read += 1
                yield article
        except GoldwireError as error:
            reader.refuse(raw, error, place, counted=task is not None)
            first.extend(error.faults[: 5 - len(first)])
    if tasks and not read:
        faults = first or [
            refused(kind.removeprefix("tasks: "), places[0], _way_out(reader.sources, setting)).faults[0]
            for kind, places in setting.lost.items()
            if kind.startswith("tasks: ")
        ]
        raise GoldwireError(*faults[:5])
    if tasks and not reader.annotations:
        setting.lose("annotations: none in any task", str(path))


_WAY_OUT = "give the label config with --config, or name the marked text with --text"


def _way_out(sources: Sequence[TextSource], setting: ConversionOptions) -> str:
    """What to do where no task has the text that is marked."""
    if any(source.problem for source in sources):
        return "bring the texts themselves into the tasks' data, and name their field with --text FIELD"
    if setting.config_path is not None or setting.text:
        return "name the field of the tasks' data that holds the marked text with --text FIELD"
    return _WAY_OUT


def _task(raw: bytes, place: str) -> Task:
    """A task in its form; raises GW266."""
    usual: Task | None = None
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        usual = decode(raw)
    try:
        if (usual is None or not strict_json.holds_all(raw, usual)) and not strict_json.check_strict(raw):
            raw.decode()  # names the first bad byte
        if usual is not None and usual.completions is None:
            return usual
        held = strict_json.loads(raw)
    except strict_json.NotStrict as error:
        message, path = strict_json.error_in_words(error)
        where = f"{place}{path.removeprefix('$')}"
        raise refused(message, where, "keep one") from None
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits are ValueErrors too
        raise refused(f"not JSON: {error}", place) from None
    task = known_fields(held)
    if task is None:
        raise refused("no task of a known form", place, "export the project as JSON")
    return task


def _naming(path: Path, setting: ConversionOptions) -> tuple[Naming, list[TextSource]]:
    """By which names to read, and where the texts are: as was asked for, the project's, else as found."""
    if setting.config_path is not None and setting.schema_path is None:
        if any(left.why == FROM_DATA for left in setting.inferred.left):
            # What the tasks use of labels that the config takes from their data is a part of its schema.
            setting.inferred = setting.infer(_peek(path).controls)
            setting.named_schema = schema_of(setting.inferred, str(setting.config_path))
        names = setting.inferred.names
        return _chosen(Naming(setting.schema, names), list(names.texts), setting)
    schema = setting.named_schema
    if schema is None:
        with suppress(GoldwireError):
            schema = setting.schema
    seen = _peek(path)
    if schema is not None:
        own, imported = Naming(schema), Naming(schema, schema.label_studio) if schema.label_studio else None
        if (
            imported is not None
            and schema.label_studio is not None
            and not seen.fits(own)
            and (seen.fits(imported) or setting.named_schema)
        ):
            return _chosen(imported, list(schema.label_studio.texts), setting)
        if setting.named_schema is not None or seen.fits(own):
            sources, open_questions = seen.texts.sources()
            _check_told(open_questions, path, setting)
            return _chosen(own, sources or [TextSource(TEXT, TEXT)], setting, open_questions)
    used = seen.found(setting.language or "xx")
    _check_told(used.open_questions, path, setting)
    sources = list(used.names.texts) or [TextSource(TEXT, TEXT)]
    return _chosen(Naming(used.schema, used.names), sources, setting, used.open_questions)


def _check_told(open_questions: Sequence[str], path: Path, setting: ConversionOptions) -> None:
    """Raise GW289 for objects of which it can't be told where their text is.

    A text that was asked for answers that of one object; of several it does not say which shows it.
    """
    if open_questions and (not setting.text or len(open_questions) > 1):
        names_of = ", ".join(f"`{name}`" for name in open_questions)
        message = f"which text is marked as {names_of} can't be told from the tasks"
        hint = _WAY_OUT if len(open_questions) == 1 else "give the label config with --config"
        raise GoldwireError.of("GW289", message, where=str(path), hint=hint)


def _chosen(
    naming: Naming, sources: list[TextSource], setting: ConversionOptions, open_questions: Sequence[str] = ()
) -> tuple[Naming, list[TextSource]]:
    """The texts to read: all, or the one that was asked for by its object's name or its field.

    Of that one alone are the regions that are read. It may be that of the one object in `open_questions`.
    """
    if not setting.text:
        return naming, sources
    named = [source for source in sources if setting.text in (source.tag, source.key)]
    if not named and open_questions:
        return naming.over(open_questions[0]), [TextSource(open_questions[0], setting.text)]
    if len(named) == 1 < len(sources):
        naming = naming.over(named[0].tag)
    return naming, named or [TextSource(sources[0].tag if len(sources) == 1 else setting.text, setting.text)]


def _peek(path: Path) -> TasksSeen:
    """What the tasks use, as far as they can be read: faults are found on the way through."""
    seen = TasksSeen()
    with suppress(GoldwireError):
        for place, raw in raw_tasks(path):
            with suppress(GoldwireError):
                seen.add(_task(raw, place))
    return seen


def write_labelstudio(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
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
        annotations = []
        for number, annotation in enumerate(article.annotations, start=1):
            held, extras = split_extras(annotation, schema, document.text)
            for relation, times in Counter((r.label, r.head, r.tail) for r in held.relations).items():
                where = "{}/{} {} {} → {}".format(annotation.annotator, document.id, *relation)
                setting.lose("relations that stand twice", where, times - 1)
            annotations.append(
                {
                    "id": number,
                    "completed_by": {"email": annotation.annotator},
                    "result": to_result(held, schema, document.text),
                    "was_cancelled": annotation.status == "skipped",
                    "lead_time": annotation.provenance.lead_time,
                    "created_at": annotation.provenance.created,
                    "updated_at": annotation.provenance.updated,
                    KEY: extras,
                }
            )
        data = {**document.meta, "id": document.id, TEXT: document.text, "sha256": sha256(document.text)}
        taken = {key: value for key, value in document.meta.items() if key in TAKEN}
        tasks.append({"data": data, "annotations": annotations, **({KEY: {"meta": taken}} if taken else {})})
    setting.check()
    write_text(path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
    return len(tasks)
