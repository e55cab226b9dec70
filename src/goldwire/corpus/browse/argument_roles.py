"""Who is who in a schema: which relation leads to the one who acts, to the one acted on, to date and place.

No schema says so in words. It follows from its relations: a *frame* is a layer whose spans point to spans of
other layers; its first relation leads to the source, and so on (see `frames`). Where that reads a schema
wrongly, `[browse.roles.LAYER]` in goldwire.toml names the relations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.project import CONFIG, Project
from goldwire.schemas.schema import RelationType, Schema

ROLES = ("source", "target", "place", "date")


@dataclass(frozen=True)
class Frame:
    """A layer that joins others, and the relation that leads to each role; empty where there is none.

    `identity` is the layer's attribute of kind id: one id for all mentions of one event. `dated` says
    whether its spans belong on a timeline.
    """

    layer: str
    source: str = ""
    target: str = ""
    place: str = ""
    date: str = ""
    others: tuple[str, ...] = ()
    identity: str = ""
    dated: bool = False

    def named(self) -> Iterator[tuple[str, str]]:
        """The roles that a relation fills, with the relation."""
        for role in ROLES:
            if relation := str(getattr(self, role)):
                yield role, relation


def identity_of(schema: Schema, layer: str) -> str:
    """A layer's first attribute of kind id, which tells its things apart; empty where it has none."""
    attributes = schema.attributes(layer)
    return next((name for name, attribute in attributes.items() if attribute.kind == "id"), "")


def frames(schema: Schema, settings: Mapping[str, Any] | None = None, *, where: str = "") -> list[Frame]:
    """The schema's frames, in its order, with the roles of their relations.

    `date` is the first relation whose tails all bear an attribute of kind date. Of the rest, in the schema's
    order, the first is `source`; `target` is the next one that may lead to a label that `source` may lead to,
    or else the next one; `place` is the next one that leads to none of these labels. `settings` is the
    `[browse]` table of goldwire.toml, which wins. Frames with a date or an id belong on the timeline; where
    no frame has either, all do. Raises GW214 for a table that names what the schema lacks.
    """
    settings = settings or {}
    named = settings.get("roles", {})
    heads = [layer for layer in schema.layers if _relations(schema, layer)]
    raise_faults(_faults(schema, heads, settings, where))
    all_frames = [_frame(schema, layer, named.get(layer, {})) for layer in heads]
    wanted = settings.get("timeline")
    if wanted is None:
        wanted = [frame.layer for frame in all_frames if frame.date or frame.identity] or heads
    return [replace(frame, dated=frame.layer in wanted) for frame in all_frames]


def project_frames(project: Project, schema: Schema) -> list[Frame]:
    """The frames of a project's schema, by what its `[browse]` says; raises GW214 as `frames` does."""
    settings = {"roles": project.setting("browse", "roles", {})}
    if (timeline := project.setting("browse", "timeline", ())) != ():
        settings["timeline"] = timeline
    return frames(schema, settings, where=str(project.root / CONFIG))


def _relations(schema: Schema, layer: str) -> dict[str, RelationType]:
    """The relations that lead from a layer to another one."""
    return {
        name: kind
        for name, kind in schema.relations.items()
        if any(end.layer == layer for end in kind.head) and any(end.layer != layer for end in kind.tail)
    }


def _tails(schema: Schema, kind: RelationType) -> set[tuple[str, str]]:
    return {
        (end.layer, label)
        for end in kind.tail
        for label in (end.labels if end.labels is not None else schema.labels(end.layer))
    }


def _is_date(schema: Schema, kind: RelationType) -> bool:
    tails = _tails(schema, kind)
    return bool(tails) and all(
        any(a.kind == "date" and a.applies_to(label) for a in schema.layers[layer].attributes.values())
        for layer, label in tails
    )


def _frame(schema: Schema, layer: str, named: Mapping[str, str]) -> Frame:
    relations = _relations(schema, layer)
    remaining = [name for name in relations if name not in named.values()]
    roles = dict(named)

    def take(role: str, fitting: list[str]) -> None:
        if role not in roles and fitting:
            roles[role] = fitting[0]
            remaining.remove(fitting[0])

    take("date", [name for name in remaining if _is_date(schema, relations[name])])
    take("source", remaining)
    leads = _tails(schema, relations[roles["source"]]) if roles.get("source") else set()
    sharing = [name for name in remaining if _tails(schema, relations[name]) & leads]
    take("target", sharing or remaining)
    take("place", [name for name in remaining if not _tails(schema, relations[name]) & leads])
    return Frame(
        layer=layer,
        source=roles.get("source", ""),
        target=roles.get("target", ""),
        place=roles.get("place", ""),
        date=roles.get("date", ""),
        others=tuple(remaining),
        identity=identity_of(schema, layer),
    )


def _faults(schema: Schema, heads: list[str], settings: Mapping[str, Any], where: str) -> Iterator[Fault]:
    """What `[browse]` names and the schema does not have."""
    form = GoldwireError.of(
        "GW214",
        "[browse] is not of its form",
        where=where,
        hint='timeline = ["layer"], and [browse.roles.LAYER] with source, target, place, date = "relation"',
    )
    tables, timeline = settings.get("roles", {}), settings.get("timeline", [])
    if not (isinstance(tables, dict) and isinstance(timeline, list)) or any(
        not isinstance(table, dict) for table in tables.values()
    ):
        raise form
    for layer in [*tables, *timeline]:
        if layer not in heads:
            yield Fault("GW214", f"[browse]: no relation leads from a layer `{layer}`", where, one_of(heads))
    for layer, table in tables.items():
        for role, relation in table.items():
            at = f"[browse.roles.{layer}]"
            if role not in ROLES:
                yield Fault("GW214", f"{at}: unknown role `{role}`", where, one_of(ROLES))
            elif layer in heads and relation and relation not in _relations(schema, layer):
                hint = one_of(_relations(schema, layer))
                yield Fault("GW214", f"{at}: no relation `{relation}` leads from it", where, hint)
