"""A Label Studio project under a new version of the schema: results first, then the config.

The server refuses a config that lacks a control in use, but takes one that lacks a used label or choice and
strips what refers to it; so every annotation, prediction and draft is rewritten before the config changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from msgspec.structs import replace

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.config_difference import compare_configs
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.passes.screen import pass_config
from goldwire.annotate.records.assignments import assigned_to, title_for, titles
from goldwire.annotate.records.lines import read_objects
from goldwire.annotate.records.passes import before_renaming, passes_of
from goldwire.annotate.sync.pull_state import pull_state_path, read_state, write_state
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import json_lines, safe_name, write_text
from goldwire.formats.labelstudio.items import Item, directed, free_id, held_of, items_of, labels_of
from goldwire.model import Annotation, Relation, Span
from goldwire.number_format import counted
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.changes.migrate import migrate
from goldwire.schemas.changes.plan import Plan
from goldwire.schemas.rendering.label_config import TEXT, control, label_config
from goldwire.schemas.rendering.picks import kept_picks, with_picks
from goldwire.table import Column, Figures, Table

_KINDS = {"annotations": "api/annotations", "predictions": "api/predictions", "drafts": "api/drafts"}
_INCLUDE = ("data", *_KINDS, "result", "completed_by", "user", "model_version", "updated_at")


@dataclass(frozen=True)
class ServerReport:
    """What was rewritten on the server, by kind, and where the former results are kept."""

    project: int
    url: str
    rewritten: dict[str, int]
    unchanged: int
    config_changed: bool
    record: str


def migrate_server(
    client: Client,
    project: Project,
    plan: Plan,
    schema: Schema,
    *,
    title: str | None = None,
    shown: PassScreen | None = None,
    advance: Callable[[int], None] | None = None,
) -> ServerReport:
    """Rewrite all results of the project's Label Studio project by the plan, then replace its config.

    Every result is kept, as it was and as it becomes, in `annotate/migrations/FROM-TO.server.jsonl` before
    the first is changed (`FROM-TO.server-NUMBER.jsonl` for another project than the main one); a run that was
    cut off goes on by it. With the config there already, results decide what is left to do: those that the
    record names, or all where there is none. Nobody should be annotating meanwhile. With `shown` the project
    is that of a pass. Raises GW325 where the project is not there, GW364 where results were changed by others
    meanwhile, GW787 where a span would go to a layer that its pass does not show.
    """
    with project_lock(project):
        remote = project_on_server(client, title or project.name, ("label_config",))
        number, before = int(remote["id"]), str(remote.get("label_config", ""))
        bare = label_config(schema) if shown is None else shown.config
        config = with_picks(bare, kept_picks(schema, before))
        name = safe_name(f"{plan.source}-{plan.to}")
        which = "server" if remote.get("title") == project.name else f"server-{number}"
        record = project.annotate / "migrations" / f"{name}.{which}.jsonl"
        url = client.project_url(number)
        difference = compare_configs(str(remote.get("label_config", "")), config, url)
        changed = bool(difference.added or difference.removed)
        hint = "restore it: it holds what the server had"
        former = read_objects(record, ("kind", "id", "task", "before", "after"), "GW366", hint)
        known = {(line["kind"], line["id"]): line for line in former}
        lines = list(_lines(client, number, plan, schema, known))
        if not changed and not any(_left(line, known) for line in lines):
            return ServerReport(number, url, dict.fromkeys(_KINDS, 0), len(lines), False, "")
        _check_unchanged(client, number, lines)
        if shown is not None:
            _check_shown(client, number, lines, shown)
        write_text(record, json_lines(map(_kept, lines)))
        rewritten = dict.fromkeys(_KINDS, 0)
        # A migration is nobody's edit: the times that the last pull noted follow, also where this is cut off.
        path = pull_state_path(project, number, main=remote.get("title") == project.name)
        state = read_state(path, client.server, number)
        noted = dict(state.annotations) if state is not None else {}
        try:
            for line in lines:
                if line["now"] != line["after"]:
                    address = f"{_KINDS[line['kind']]}/{line['id']}/"
                    answer = client.request("PATCH", address, body={"result": line["after"]})
                    rewritten[line["kind"]] += 1
                    seen = noted.get(str(line["id"])) if line["kind"] == "annotations" else None
                    if seen is not None and seen.updated == line["updated"] and isinstance(answer, dict):
                        noted[str(line["id"])] = replace(seen, updated=str(answer.get("updated_at") or ""))
                if advance is not None:
                    advance(1)
        finally:
            if state is not None:
                write_state(path, replace(state, annotations=noted))
        # The server's own count of used labels does not notice rewritten drafts.
        client.request("POST", f"api/projects/{number}/summary/reset/", body={})
        _verify(client, number, lines)
        if changed:
            client.update_project(number, {"label_config": config})
            _verify(client, number, lines)
        unchanged = len(lines) - sum(rewritten.values())
        return ServerReport(number, url, rewritten, unchanged, changed, str(record.relative_to(project.root)))


@dataclass(frozen=True, repr=False)
class ServerMigration(Figures):
    """What was rewritten in each project of a Label Studio; `left` is the title of the adjudication's, which
    is as it was, empty where there is none."""

    projects: tuple[ServerReport, ...]
    left: str

    def __repr__(self) -> str:
        rewritten = counted(sum(sum(r.rewritten.values()) for r in self.projects), "result")
        return f"<ServerMigration: {rewritten} in {counted(len(self.projects), 'project')}>"

    def tables(self) -> list[Table]:
        """`server`: what was rewritten, by project and kind."""
        columns = (Column("on the server"), Column(""), Column("rewritten", "amount"))
        rows = [(r.url, kind, count) for r in self.projects for kind, count in r.rewritten.items()]
        return [Table("server", "on the server", columns, rows)]

    def as_json(self) -> dict[str, Any]:
        """What was done, project by project."""
        return {"projects": [asdict(report) for report in self.projects], "left": self.left}


def migrate_projects(
    client: Client,
    project: Project,
    plan: Plan,
    schema: Schema,
    *,
    advance: Callable[[int], None] | None = None,
) -> ServerMigration:
    """Migrate the main project and each annotator's, as far as the server has them.

    In passes those of each pass; where a layer is renamed and gives its pass the name, the project is renamed
    after it. The adjudication's is left as it is: its tasks show what the readings were. Raises GW325 where
    the server has neither the main nor an annotator's project.
    """
    screens = _screens(project, plan, schema)
    titles_there = [title for title in dict.fromkeys([*titles(project), *screens]) if client.projects(title)]
    done = []
    for title in titles_there or [project.name]:
        shown = screens.get(title)
        done.append(migrate_server(client, project, plan, schema, title=title, shown=shown, advance=advance))
        if shown is not None and shown.title != title:
            client.update_project(done[-1].project, {"title": shown.title})
    adjudication_title = title_for(project, "adjudication")
    return ServerMigration(tuple(done), adjudication_title if client.projects(adjudication_title) else "")


@dataclass(frozen=True)
class PassScreen:
    """What a pass's project becomes: its title, its config and the layers in it."""

    title: str
    config: str
    layers: tuple[str, ...]


def _screens(project: Project, plan: Plan, schema: Schema) -> dict[str, PassScreen]:
    """The screens of passes by the titles of their projects, former ones too."""
    passes = passes_of(project, schema)
    renamed = {step.name: step.to for step in plan.operations if step.rename == "layer"}
    former = before_renaming(project, passes, renamed)
    screens = {}
    for owner in ("", *assigned_to(project)):
        for each in passes:
            title = title_for(project, owner, each)
            shown = PassScreen(title, pass_config(schema, passes, each), (*each.earlier, *each.layers))
            screens[title] = shown
            if each.name in former:
                screens[title_for(project, owner, former[each.name])] = shown
    return screens


def rewrite(result: Any, plan: Plan, schema: Schema, text: str, document: str = "") -> Any:
    """A result under the new schema; items that are neither spans, their attributes nor relations stay.

    `document` is the article's id: without one, spans that the plan names are known by their words alone.
    """
    return _Rewriting(result, text, document).under(plan, schema) if isinstance(result, list) else result


class _Rewriting:
    """One result: what the plan can speak of as spans and relations, and the rest as it is."""

    def __init__(self, result: list[Any], text: str, document: str) -> None:
        self.text, self.document = text, document
        self.spans: dict[str, Span] = {}
        self.regions: dict[str, list[str]] = {}
        self.originals: dict[str, dict[str, Any]] = {}  # by span, the item that it came from
        self.kinds: dict[str, str] = {}  # by attribute, its control's type
        self.relations: list[Relation] = []
        self.others: list[Any] = []
        later: list[tuple[Item | None, Any]] = []
        for item, original in zip(items_of(result), result, strict=True):
            if item is None or item.type != "labels" or not self.region(item, original):
                later.append((item, original))
        for item, original in later:
            if item is None or not (self.relation(item) or self.attribute(item)):
                self.others.append(original)

    def region(self, item: Item, original: dict[str, Any]) -> bool:
        """Take in a region, a span for each label; False for one that no plan can speak of."""
        value, region, layer = item.value, item.id, item.from_name
        if value is None or not isinstance(region, str) or layer is None:
            return False
        labels, start, end = labels_of(item), value.start, value.end
        if not labels or type(start) is not int or type(end) is not int:
            return False
        for label in labels:
            span = region if region not in self.spans else free_id(region, label, self.spans)
            self.spans[span] = Span(span, layer, label, start, end)
            self.originals[span] = original
            self.regions.setdefault(region, []).append(span)
        return True

    def attribute(self, item: Item) -> bool:
        """Take in what a control says of a region; False for what is no attribute of a span."""
        if item.type not in ("choices", "textarea") or item.from_name is None or not isinstance(item.id, str):
            return False
        layer, dash, name = item.from_name.partition("-")
        spans = [self.spans[span] for span in self.regions.get(item.id, ())]
        bearers = [span for span in spans if span.layer == layer]
        held = held_of(item)
        if not dash or not bearers or not held or any(name in span.attributes for span in bearers):
            return False
        self.kinds[name] = item.type
        for span in bearers:
            span.attributes[name] = held if len(held) > 1 else held[0]
        return True

    def relation(self, item: Item) -> bool:
        """Take in a relation of each label; False where an end or a label of it is missing."""
        if item.type != "relation" or not isinstance(item.labels, list) or not item.labels:
            return False
        ends = str(item.from_id), str(item.to_id)
        pairs = directed(item.direction, *ends)
        if not pairs or not all(end in self.regions for end in ends):
            return False
        if not all(isinstance(label, str) for label in item.labels):
            return False
        self.relations.extend(Relation(label, *pair) for label in item.labels for pair in pairs)
        return True

    def under(self, plan: Plan, schema: Schema) -> list[Any]:
        before = Annotation(
            self.document, "", plan.source, spans=tuple(self.spans.values()), relations=tuple(self.relations)
        )
        migrated = migrate(before, plan, schema, self.text).annotation
        owner = {span: region for region, spans in self.regions.items() for span in spans}
        regions: dict[tuple[str, str], dict[str, Any]] = {}
        after: list[Any] = []
        for span in migrated.spans:
            item, region = self.originals[span.id], owner[span.id]
            if (region, span.layer) in regions:
                regions[region, span.layer]["value"]["labels"].append(span.label)
            else:
                value = {**item["value"], "labels": [span.label]}
                regions[region, span.layer] = {**item, "from_name": span.layer, "value": value}
                after.append(regions[region, span.layer])
            after.extend(self.controls(span, item, schema))
        arrows: dict[tuple[str, str], list[str]] = {}
        for relation in migrated.relations:
            ends = (owner.get(relation.head, relation.head), owner.get(relation.tail, relation.tail))
            arrows.setdefault(ends, []).append(relation.label)
        for (head, tail), labels in arrows.items():
            arrow = {"from_id": head, "to_id": tail, "type": "relation", "direction": "right"}
            after.append({**arrow, "labels": list(dict.fromkeys(labels))})
        return [*_once(after), *self.others]

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
    for task, kind, held in _results(client, number):
        data = task.get("data")
        text, document = (str(data.get(key, "")) if isinstance(data, dict) else "" for key in (TEXT, "id"))
        now, key = held.get("result"), (kind, int(held["id"]))
        line = {"kind": kind, "id": key[1], "task": task["id"], "before": now}
        line |= known[key] if key in known else {"after": rewrite(now, plan, schema, text, document)}
        yield {**line, "now": now, "updated": str(held.get("updated_at", ""))}


def _results(client: Client, number: int) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Whatever has a result in a project, with its task and its kind."""
    for task in client.tasks(number, _INCLUDE):
        for kind in _KINDS:
            for held in task.get(kind) or ():
                yield task, kind, held


def _left(line: dict[str, Any], known: dict[tuple[str, int], dict[str, Any]]) -> bool:
    """Whether a result is still to be rewritten; what came after a record was begun is of the new version."""
    began = not known or (line["kind"], line["id"]) in known
    return began and line["now"] == line["before"] != line["after"]


def _check_unchanged(client: Client, number: int, lines: list[dict[str, Any]]) -> None:
    """A result is as it was, or as it is to become; else somebody changed it after a run was cut off."""
    raise_faults(
        Fault(
            "GW364",
            f"{line['kind'][:-1]} {line['id']} was changed after the migration began",
            client.task_url(number, int(line["task"])),
            "remove its line from the server record once you have seen which version it is in",
        )
        for line in lines
        if line["now"] not in (line["before"], line["after"])
    )


def _check_shown(client: Client, number: int, lines: list[dict[str, Any]], shown: PassScreen) -> None:
    """Raise GW787 where a span goes to the layer of a later pass, before anything is written."""
    faults = {}
    for line in lines:
        for item in items_of(line["after"]) if isinstance(line["after"], list) else ():
            if item is not None and item.type == "labels" and item.from_name not in shown.layers:
                task = client.task_url(number, int(line["task"]))
                message = (
                    f"a span of `{shown.title}` goes to layer `{item.from_name}`, which is not shown there"
                )
                hint = "put both layers into one pass, or push to a project of another name"
                faults[item.from_name] = Fault("GW787", message, task, hint)
    raise_faults(faults.values())


def _verify(client: Client, number: int, lines: list[dict[str, Any]]) -> None:
    """Every result is what it is to be, and none has come; raises GW364."""
    wanted = {(line["kind"], line["id"]): line["after"] for line in lines}
    for task, kind, held in _results(client, number):
        if wanted.get((kind, int(held["id"]))) != held.get("result"):
            message = f"{kind[:-1]} {held['id']} is not what was written"
            hint = "somebody is annotating: let them finish, and run it again"
            where = client.task_url(number, int(task["id"]))
            raise GoldwireError.of("GW364", message, where=where, hint=hint)


def _kept(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in ("now", "updated")}
