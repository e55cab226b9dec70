"""A Label Studio project under a new version of the schema: results first, then the config.

The server refuses a config that lacks a control in use, but takes one that lacks a used label or choice and
strips what refers to it; so every annotation, prediction and draft is rewritten before the config changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goldwire import strict_json
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.label_config import compare
from goldwire.annotate.records.assignments import read_assignments, title_for
from goldwire.annotate.sync.push import find_project
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_text, safe_name, write_text
from goldwire.model import Annotation, Relation, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.label_config import TEXT, control, label_config
from goldwire.schemas.migrate import Plan, migrate

_KINDS = {"annotations": "api/annotations", "predictions": "api/predictions", "drafts": "api/drafts"}
_INCLUDE = ("data", *_KINDS, "result", "completed_by", "user", "model_version")


@dataclass(frozen=True)
class ServerReport:
    """What was rewritten on the server, by kind, and where the former results are kept."""

    project: int
    url: str
    rewritten: dict[str, int]
    unchanged: int
    config_changed: bool
    record: str

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def migrate_server(
    client: Client,
    project: Project,
    plan: Plan,
    schema: Schema,
    *,
    title: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> ServerReport:
    """Rewrite all results of the project's Label Studio project by the plan, then replace its config.

    Every result is kept, as it was and as it becomes, in `annotate/migrations/FROM-TO.server.jsonl` before
    the first is changed (`FROM-TO.server-NUMBER.jsonl` for another project than the main one); a run that was
    cut off goes on by it. With the config there already, results decide what is left to do: those that the
    record names, or all where there is none. Nobody should be annotating meanwhile. Raises GW325 where the
    project is not there, GW364 where results were changed by others meanwhile.
    """
    with project_lock(project):
        found = find_project(client, title or project.name)
        number, config = int(found["id"]), label_config(schema)
        name = safe_name(f"{plan.source}-{plan.to}")
        which = "server" if found.get("title") == project.name else f"server-{number}"
        record = project.annotate / "migrations" / f"{name}.{which}.jsonl"
        url = f"{client.url}/projects/{number}"
        difference = compare(str(found.get("label_config", "")), config, url)
        changed = bool(difference.added or difference.removed)
        known = {(line["kind"], line["id"]): line for line in _read(record)}
        lines = list(_lines(client, number, plan, schema, known))
        if not changed and not any(_left(line, known) for line in lines):
            return ServerReport(number, url, dict.fromkeys(_KINDS, 0), len(lines), False, "")
        _check_unchanged(lines, url)
        write_text(record, "".join(json.dumps(_kept(x), ensure_ascii=False) + "\n" for x in lines))
        rewritten = dict.fromkeys(_KINDS, 0)
        for line in lines:
            if line["now"] != line["after"]:
                client.request(
                    "PATCH", f"{_KINDS[line['kind']]}/{line['id']}/", body={"result": line["after"]}
                )
                rewritten[line["kind"]] += 1
            if advance is not None:
                advance(1)
        # The server's own count of used labels does not notice rewritten drafts.
        client.request("POST", f"api/projects/{number}/summary/reset/", body={})
        _verify(client, number, lines, url)
        if changed:
            client.update_project(number, {"label_config": config})
            _verify(client, number, lines, url)
        unchanged = len(lines) - sum(rewritten.values())
        return ServerReport(number, url, rewritten, unchanged, changed, str(record.relative_to(project.root)))


def migrate_projects(
    client: Client,
    project: Project,
    plan: Plan,
    schema: Schema,
    *,
    advance: Callable[[int], None] | None = None,
) -> tuple[list[ServerReport], str]:
    """Migrate the main project and each annotator's, as far as the server has them.

    Also the title of the adjudication's project where there is one: its tasks show what the readings were,
    and it is left as it is. Raises GW325 where the server has neither the main nor an annotator's project.
    """
    owners = sorted({one.annotator for one in read_assignments(project)})
    titles = [project.name, *(title_for(project, owner) for owner in owners)]
    there = [title for title in titles if client.projects(title)]
    done = [
        migrate_server(client, project, plan, schema, title=title, advance=advance)
        for title in there or [project.name]
    ]
    board = title_for(project, "adjudication")
    return done, board if client.projects(board) else ""


def rewrite(result: Any, plan: Plan, schema: Schema, text: str) -> Any:
    """A result under the new schema; items that are neither spans, their attributes nor relations stay."""
    return _Rewriting(result, text).under(plan, schema) if isinstance(result, list) else result


class _Rewriting:
    """One result: what the plan can speak of as spans and relations, and the rest as it is."""

    def __init__(self, result: list[Any], text: str) -> None:
        self.text = text
        self.spans: dict[str, Span] = {}
        self.regions: dict[str, list[str]] = {}
        self.items: dict[str, dict[str, Any]] = {}  # by span, the item that it came from
        self.kinds: dict[str, str] = {}  # by control, its type
        self.relations: list[Relation] = []
        self.rest: list[Any] = []
        later: list[Any] = []
        for item in result:
            if not (isinstance(item, dict) and item.get("type") == "labels" and self.region(item)):
                later.append(item)
        for item in later:
            if not (isinstance(item, dict) and (self.relation(item) or self.attribute(item))):
                self.rest.append(item)

    def region(self, item: dict[str, Any]) -> bool:
        value, name = item.get("value"), item.get("id")
        if (
            not isinstance(value, dict)
            or not isinstance(name, str)
            or not isinstance(item.get("from_name"), str)
        ):
            return False
        labels, start, end = value.get("labels"), value.get("start"), value.get("end")
        if not isinstance(labels, list) or not labels or not all(isinstance(x, str) for x in labels):
            return False
        if type(start) is not int or type(end) is not int:
            return False
        for label in dict.fromkeys(labels):
            span = name if name not in self.spans else f"{name}+{label}"
            while span in self.spans:
                span += "+"
            self.spans[span] = Span(span, item["from_name"], label, start, end)
            self.items[span] = item
            self.regions.setdefault(name, []).append(span)
        return True

    def attribute(self, item: dict[str, Any]) -> bool:
        value, name, region = item.get("value"), item.get("from_name"), item.get("id")
        if not isinstance(value, dict) or not isinstance(name, str) or not isinstance(region, str):
            return False
        held = value.get("choices", value.get("text"))
        layer, dash, key = name.partition("-")
        bearers = [self.spans[i] for i in self.regions.get(region, ()) if self.spans[i].layer == layer]
        if not dash or not bearers or not isinstance(held, list) or not held:
            return False
        if not all(isinstance(x, str) for x in held) or any(key in span.attributes for span in bearers):
            return False
        self.kinds[key] = str(item.get("type"))
        for span in bearers:
            span.attributes[key] = held if len(held) > 1 else held[0]
        return True

    def relation(self, item: dict[str, Any]) -> bool:
        ends = (str(item.get("from_id")), str(item.get("to_id")))
        labels = item.get("labels")
        if item.get("type") != "relation" or not isinstance(labels, list) or not labels:
            return False
        if not all(end in self.regions for end in ends) or not all(isinstance(x, str) for x in labels):
            return False
        head, tail = ends[::-1] if item.get("direction") == "left" else ends
        both = [(head, tail), (tail, head)] if item.get("direction") == "bi" else [(head, tail)]
        self.relations.extend(Relation(label, *ends) for label in labels for ends in both)
        return True

    def under(self, plan: Plan, schema: Schema) -> list[Any]:
        given = Annotation(
            "", "", plan.source, spans=tuple(self.spans.values()), relations=tuple(self.relations)
        )
        made = migrate(given, plan, schema, self.text).annotation
        owner = {span: region for region, spans in self.regions.items() for span in spans}
        regions: dict[tuple[str, str], dict[str, Any]] = {}
        after: list[Any] = []
        for span in made.spans:
            item, region = self.items[span.id], owner[span.id]
            if (region, span.layer) in regions:
                regions[region, span.layer]["value"]["labels"].append(span.label)
            else:
                value = {**item["value"], "labels": [span.label]}
                regions[region, span.layer] = {**item, "from_name": span.layer, "value": value}
                after.append(regions[region, span.layer])
            after.extend(self.controls(span, item, schema))
        arrows: dict[tuple[str, str], list[str]] = {}
        for relation in made.relations:
            ends = (owner.get(relation.head, relation.head), owner.get(relation.tail, relation.tail))
            arrows.setdefault(ends, []).append(relation.label)
        for (head, tail), labels in arrows.items():
            arrow = {"from_id": head, "to_id": tail, "type": "relation", "direction": "right"}
            after.append({**arrow, "labels": list(dict.fromkeys(labels))})
        return [*_once(after), *self.rest]

    def controls(self, span: Span, item: dict[str, Any], schema: Schema) -> Iterator[dict[str, Any]]:
        layer = schema.layers.get(span.layer)
        for key, held in span.attributes.items():
            known = layer.attributes.get(key) if layer is not None else None
            listed = ("choice", "choices", "flag")
            choices = known.kind in listed if known is not None else self.kinds.get(key) == "choices"
            kind, field = ("choices", "choices") if choices else ("textarea", "text")
            extent = {"start": span.start, "end": span.end}
            shared: dict[str, Any] = {n: item[n] for n in ("id", "to_name", "origin") if n in item}
            value = {**extent, field: held if isinstance(held, list) else [held]}
            yield {**shared, "from_name": control(span.layer, key), "type": kind, "value": value}


def _once(items: list[Any]) -> list[Any]:
    """Without repetitions: two labels of one region share their attributes."""
    kept: list[Any] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


def _lines(
    client: Client, number: int, plan: Plan, schema: Schema, known: dict[tuple[str, int], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for task in client.tasks(number, _INCLUDE):
        data = task.get("data")
        text = str(data.get(TEXT, "")) if isinstance(data, dict) else ""
        for kind in _KINDS:
            for one in task.get(kind) or ():
                now, key = one.get("result"), (kind, int(one["id"]))
                line = {"kind": kind, "id": key[1], "task": task["id"], "before": now}
                line |= known[key] if key in known else {"after": rewrite(now, plan, schema, text)}
                yield {**line, "now": now}


def _left(line: dict[str, Any], known: dict[tuple[str, int], dict[str, Any]]) -> bool:
    """Whether a result is still to be rewritten; what came after a record was begun is of the new version."""
    began = not known or (line["kind"], line["id"]) in known
    return began and line["now"] == line["before"] != line["after"]


def _check_unchanged(lines: list[dict[str, Any]], url: str) -> None:
    """A result is as it was, or as it is to become; else somebody changed it after a run was cut off."""
    raise_faults(
        Fault(
            "GW364",
            f"{line['kind'][:-1]} {line['id']} was changed after the migration began",
            f"{url}/data?task={line['task']}",
            "remove its line from the server record once you have seen which version it is in",
        )
        for line in lines
        if line["now"] not in (line["before"], line["after"])
    )


def _verify(client: Client, number: int, lines: list[dict[str, Any]], url: str) -> None:
    """Every result is what it is to be, and none has come; raises GW364."""
    wanted = {(line["kind"], line["id"]): line["after"] for line in lines}
    for task in client.tasks(number, _INCLUDE):
        for kind in _KINDS:
            for one in task.get(kind) or ():
                if wanted.get((kind, int(one["id"]))) != one.get("result"):
                    message = f"{kind[:-1]} {one['id']} is not what was written"
                    hint = "somebody is annotating: let them finish, and run it again"
                    raise GoldwireError.of("GW364", message, where=f"{url}/data?task={task['id']}", hint=hint)


def _kept(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "now"}


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    try:
        lines = [strict_json.loads(line) for line in read_text(path).split("\n") if line.strip()]
        return [{key: line[key] for key in ("kind", "id", "task", "before", "after")} for line in lines]
    except (ValueError, KeyError, TypeError):
        hint = "restore it: it holds what the server had"
        raise GoldwireError.of("GW366", "not what goldwire wrote", where=str(path), hint=hint) from None
