"""Read a schema file and say everything that is wrong with it, each fault with its place."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_text
from goldwire.schemas.guidance import guidance_faults
from goldwire.schemas.numbers import bounds, is_integer
from goldwire.schemas.schema import RESERVED_LAYERS, Attribute, End, RegistryEntry, RelationType, Schema
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.visible import visible

T = TypeVar("T")
# What XML has no place for, DEL and the C1 controls; tabs and line ends are texts'.
_CONTROL = re.compile("[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SCHEMA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LABEL = re.compile(r"[^\s,]([^,\n]*[^\s,])?")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_HOTKEY = re.compile(r"(shift\+)?[a-z0-9]")


def load_schema(path: Path) -> Schema:
    """The schema in `path`. Raises one error that lists all its faults (GW101 to GW118, GW125, GW134).

    Registries that attributes take defaults from are read with it (GW120 and those of their form).
    """
    text = read_text(path)
    data, lines = parse_yaml(text, str(path))
    schema, faults = typed_data(data, Schema, lines, str(path))
    if schema is None:
        raise GoldwireError(*faults)
    raise_faults([*_control_faults(text, data, lines, str(path)), *schema_faults(schema, str(path), lines)])
    return _with_registry_defaults(schema, path)


def _with_registry_defaults(schema: Schema, path: Path) -> Schema:
    """The schema with what its registries say for attributes that are taken from them."""
    taking = {
        attribute.registry: load_registry(path.parent / schema.registries[attribute.registry])
        for layer in schema.layers.values()
        for attribute in (layer.attributes.get(other.taken_from) for other in layer.attributes.values())
        if attribute is not None and attribute.registry is not None
    }
    for layer in schema.layers.values() if taking else ():
        for name, attribute in layer.attributes.items():
            if attribute.taken_from:
                entries = taking[layer.attributes[attribute.taken_from].registry or ""]
                held = {key: entry.fields[name] for key, entry in entries.items() if entry.fields.get(name)}
                layer.attributes[name] = replace(attribute, by_id=held)
    return schema


def _control_faults(text: str, data: Any, lines: dict[str, int], source: str) -> Iterator[Fault]:
    """Names and texts with characters that XML, and so Label Studio, can't hold, or that steer a terminal.

    They stand in the `text` of the file themselves, or after the backslash of an escape.
    """
    if "\\" in text or _CONTROL.search(text):
        yield from _controls(data, lines, source, "$")


def _controls(data: Any, lines: dict[str, int], source: str, path: str) -> Iterator[Fault]:
    if isinstance(data, str) and (control := _CONTROL.search(data)):
        message = f"control character U+{ord(control[0]):04X} in {visible(data[:40])!r}"
        yield Fault("GW125", message, _place(path, lines, source), "remove it: Label Studio would refuse it")
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _controls(key, lines, source, f"{path}.{key}")
            yield from _controls(value, lines, source, f"{path}.{key}")
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _controls(value, lines, source, f"{path}[{number}]")


def load_registry(path: Path) -> dict[str, RegistryEntry]:
    """The entries of a registry file (a YAML list of mappings with an `id`), by id."""
    text = read_text(path)
    data, lines = parse_yaml(text, str(path))
    entries, faults = typed_data(data if data is not None else [], list[RegistryEntry], lines, str(path))
    by_id: dict[str, RegistryEntry] = {}
    for index, (entry, written) in enumerate(zip(entries or [], data or [], strict=False)):
        plain = {key: str(value) for key, value in written.items() if _plain(value)}
        if entry.id in by_id:
            place = _place(f"$[{index}]", lines, str(path))
            faults.append(
                Fault("GW120", f"id `{entry.id}` stands twice", place, "ids are unique in a registry")
            )
        unplain = frozenset(
            k for k, value in written.items() if k not in plain and value not in (None, "", [])
        )
        by_id[entry.id] = replace(entry, fields=plain, unplain=unplain)
    raise_faults([*faults, *_control_faults(text, data, lines, str(path))])
    return by_id


def _plain(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""


def load_registries(schema: Schema, schema_path: Path) -> dict[str, dict[str, RegistryEntry]]:
    """All registries that the schema names, by their name."""
    return {name: load_registry(schema_path.parent / file) for name, file in schema.registries.items()}


def typed_data(data: Any, kind: type[T], lines: dict[str, int], source: str) -> tuple[T | None, list[Fault]]:
    """Plain data as `kind`, or None with every fault of form in it, each at its place (GW103)."""
    try:
        return msgspec.convert(data, kind), []
    except msgspec.ValidationError:
        faults = list(_form(data, kind, "$"))
    return None, [
        Fault("GW103", message, _place(path, lines, source), hint) for path, message, hint in faults
    ]


def _form(data: Any, kind: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Every fault of form below `path`: msgspec stops at the first, so each part is tried by itself."""
    try:
        msgspec.convert(data, kind)
        return
    except msgspec.ValidationError as error:
        message = str(error)
    inner: list[tuple[str, str, str]] = []
    for part, part_kind, part_path in _parts(data, kind, path):
        inner.extend(_form(part, part_kind, part_path))
    if _is_struct(kind) and isinstance(data, dict):
        fields = {item.encode_name: item for item in msgspec.structs.fields(kind)}
        for name in data:
            if name not in fields and kind.__struct_config__.forbid_unknown_fields:
                inner.append((f"{path}.{name}", f"unknown key `{name}`", one_of(fields)))
        for name, item in fields.items():
            if item.required and name not in data:
                inner.append((path, f"lacks `{name}`", "add it"))
    yield from inner or [(path, message.split(" - at `")[0], "see docs/schema-format.md")]


def _parts(data: Any, kind: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    origin, arguments = get_origin(kind), get_args(kind)
    if _is_struct(kind) and isinstance(data, dict):
        hints = get_type_hints(kind)
        written = {item.encode_name: hints[item.name] for item in msgspec.structs.fields(kind)}
        for name, value in data.items():
            if name in written:
                yield value, written[name], f"{path}.{name}"
    elif origin is dict and isinstance(data, dict):
        for name, value in data.items():
            yield value, arguments[1], f"{path}.{name}"
    elif origin is list and isinstance(data, list):
        for index, value in enumerate(data):
            yield value, arguments[0], f"{path}[{index}]"
    elif origin in (Union, types.UnionType):
        shape = dict if isinstance(data, dict) else list if isinstance(data, list) else None
        for option in arguments:
            if shape is not None and (get_origin(option) is shape or (shape is dict and _is_struct(option))):
                yield from _parts(data, option, path)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _place(path: str, lines: Mapping[str, int], source: str) -> str:
    """`file:line $.path`; the line of the nearest part that the file holds."""
    near = path
    while near and near not in lines:
        cut = max(near.rfind("."), near.rfind("["))
        near = near[:cut] if cut > 0 else ""
    return f"{source}:{lines.get(near, 1)} {path}"


def schema_faults(schema: Schema, source: str, lines: Mapping[str, int] | None = None) -> Iterator[Fault]:
    """What is well formed but makes no sense; one that did not come from a file has no `lines`."""

    def fault(code: str, path: str, message: str, hint: str) -> Fault:
        return Fault(code, message, _place(path, lines or {}, source), hint)

    if not _SCHEMA_NAME.fullmatch(schema.name):
        yield fault("GW104", "$.name", f"`{schema.name}` is no name", "letters, digits, - and _")
    if not schema.layers:
        yield fault("GW104", "$.layers", "there is no layer", "add one with at least one label")
    kinds: dict[str, str] = {}
    owners: dict[str, str] = {}
    hotkeys: dict[str, str] = {}
    for layer_name, layer in schema.layers.items():
        at = f"$.layers.{layer_name}"
        kinds[layer_name] = "layer"
        if not _NAME.fullmatch(layer_name):
            yield fault("GW104", at, f"`{layer_name}` is no name", "lower-case letters, digits and _")
        if layer_name in RESERVED_LAYERS:
            hint = "name it otherwise, as `words` or `marks`"
            yield fault(
                "GW134", at, f"no layer can be called `{layer_name}`: the config needs that name", hint
            )
        if not layer.labels:
            yield fault("GW104", f"{at}.labels", "the layer has no label", "add one")
        colors: dict[str, str] = {}
        for label_name, label in layer.labels.items():
            here = f"{at}.labels.{label_name}"
            if label_name in owners:
                hint = f"labels are unique in a schema; layer `{owners[label_name]}` has it too"
                yield fault("GW105", here, f"label `{label_name}` stands twice", hint)
            owners[label_name] = layer_name
            if not _LABEL.fullmatch(label_name):
                hint = "no commas, no white space at its ends: Label Studio would read another label"
                yield fault("GW104", here, f"`{label_name}` is no label's name", hint)
            if not _COLOR.fullmatch(label.color):
                yield fault("GW106", f"{here}.color", f"`{label.color}` is no colour", "write it as #RRGGBB")
            elif twin := colors.get(label.color.lower()):
                yield fault(
                    "GW106", f"{here}.color", f"`{label.color}` is {twin}'s colour too", "choose another"
                )
            colors[label.color.lower()] = label_name
            if label.hotkey and not _HOTKEY.fullmatch(label.hotkey):
                yield fault(
                    "GW107", f"{here}.hotkey", f"`{label.hotkey}` is no hotkey", "one key, or shift+key"
                )
            elif label.hotkey and label.hotkey in hotkeys:
                hint = f"`{hotkeys[label.hotkey]}` has it"
                yield fault("GW107", f"{here}.hotkey", f"hotkey `{label.hotkey}` stands twice", hint)
            hotkeys[label.hotkey] = label_name
        yield from _attribute_faults(schema, layer_name, fault)
    for name, relation in schema.relations.items():
        at = f"$.relations.{name}"
        if not _NAME.fullmatch(name):
            yield fault("GW104", at, f"`{name}` is no name", "lower-case letters, digits and _")
        if name in kinds:
            yield fault("GW108", at, f"`{name}` is a {kinds[name]} too", "name it otherwise")
        for side, ends in (("head", relation.head), ("tail", relation.tail)):
            if not ends:
                yield fault("GW109", f"{at}.{side}", "the relation has no such end", "name a layer")
            for index, end in enumerate(ends):
                yield from _end_faults(schema, end, f"{at}.{side}[{index}]", fault)
        yield from _given_faults(schema, relation, at, fault)
        if relation.max is not None and relation.max < max(relation.min, 1):
            yield fault("GW110", f"{at}.max", f"max {relation.max} can't be met", "max is at least 1 and min")
    yield from _check_faults(schema, owners, fault)
    yield from guidance_faults(schema, fault)


def _end_faults(schema: Schema, end: End, at: str, fault: Any) -> Iterator[Fault]:
    if end.layer not in schema.layers:
        yield fault("GW109", f"{at}.layer", f"unknown layer `{end.layer}`", one_of(schema.layers))
        return
    for label in end.labels or []:
        if label not in schema.layers[end.layer].labels:
            labels = one_of(schema.layers[end.layer].labels)
            yield fault("GW109", f"{at}.labels", f"layer `{end.layer}` has no label `{label}`", labels)


def _given_faults(schema: Schema, relation: RelationType, at: str, fault: Any) -> Iterator[Fault]:
    """Conditions on the head that no head can meet."""
    for name, values in relation.given.items():
        for end in relation.head:
            layer = schema.layers.get(end.layer)
            if layer is None:
                continue
            attribute = layer.attributes.get(name)
            if attribute is None or not attribute.values:
                choices = [key for key, other in layer.attributes.items() if other.values]
                message = f"`{end.layer}` has no choice `{name}`"
                yield fault("GW116", f"{at}.given.{name}", message, one_of(choices))
                continue
            for value in values:
                if value not in attribute.values:
                    message = f"`{value}` is no value of `{name}`"
                    yield fault("GW116", f"{at}.given.{name}", message, one_of(attribute.values))
        if not values:
            yield fault("GW116", f"{at}.given.{name}", f"`{name}` is given no value", "list at least one")


def _of_kind(attribute: Attribute, value: str) -> bool:
    """Whether a default can be a value of its attribute, where its kind has a form."""
    if attribute.kind == "integer":
        return is_integer(value)
    return attribute.kind != "range" or bounds(value) is not None


def _attribute_faults(schema: Schema, layer_name: str, fault: Any) -> Iterator[Fault]:
    layer = schema.layers[layer_name]
    for name, attribute in layer.attributes.items():
        at = f"$.layers.{layer_name}.attributes.{name}"
        if not _NAME.fullmatch(name):
            yield fault("GW104", at, f"`{name}` is no name", "lower-case letters, digits and _")
        if name in schema.layers or name in schema.relations:
            yield fault("GW108", at, f"`{name}` is a layer or relation too", "name it otherwise")
        choice = attribute.kind in ("choice", "choices")
        if choice and not attribute.values:
            yield fault("GW111", at, "a choice without values", "add `values`")
        if not choice and attribute.values:
            yield fault("GW111", f"{at}.values", f"kind `{attribute.kind}` has no values", "kind: choice")
        wanted = {"default": attribute.default, **attribute.defaults}
        for key, value in wanted.items():
            if choice and value is not None and value not in attribute.values:
                yield fault("GW111", f"{at}.{key}", f"`{value}` is no value of it", one_of(attribute.values))
            if value is not None and not _of_kind(attribute, value):
                hint = "12, or for a range also 12..15, >12, >=12, <12, <=12, ~12"
                yield fault("GW117", f"{at}.{key}", f"`{value}` is no {attribute.kind}", hint)
        bearers = [label for label in layer.labels if attribute.applies_to(label)]
        for label in bearers:
            value = attribute.default_for(label)
            if choice and value in attribute.values and not attribute.values[value].applies_to(label):
                hint = "give this label another default, in `defaults`"
                yield fault(
                    "GW111", f"{at}.default", f"`{value}` is the default of {label} and not for it", hint
                )
        for value, about in attribute.values.items():
            for label in about.labels or []:
                if label not in bearers:
                    message = f"no label `{label}` bears `{name}`"
                    yield fault("GW112", f"{at}.values.{value}.labels", message, one_of(bearers))
        required = [] if isinstance(attribute.required, bool) else attribute.required
        for key, labels in (
            ("labels", attribute.labels or []),
            ("defaults", list(attribute.defaults)),
            ("required", required),
        ):
            for label in labels:
                if label not in layer.labels:
                    hint = one_of(layer.labels)
                    yield fault("GW112", f"{at}.{key}", f"the layer has no label `{label}`", hint)
        if attribute.by_id:
            hint = "registries say it: name the attribute with their ids in `taken_from`"
            yield fault("GW115", f"{at}.by_id", "it is not written in a schema", hint)
        if attribute.taken_from:
            source = layer.attributes.get(attribute.taken_from)
            if source is None or source.kind != "id" or source.registry not in schema.registries:
                ids = [key for key, x in layer.attributes.items() if x.kind == "id" and x.registry]
                message = f"`{attribute.taken_from}` holds no ids of a registry"
                yield fault("GW115", f"{at}.taken_from", message, one_of(ids))
            if attribute.kind in ("choices", "flag", "id"):
                message = f"kind `{attribute.kind}` is not taken from a registry"
                yield fault(
                    "GW115", f"{at}.taken_from", message, "choice, text, date, integer, range, country"
                )
        if attribute.registry is not None and attribute.registry not in schema.registries:
            hint = one_of(schema.registries)
            yield fault("GW113", f"{at}.registry", f"unknown registry `{attribute.registry}`", hint)


def _check_faults(schema: Schema, owners: dict[str, str], fault: Any) -> Iterator[Fault]:
    for index, check in enumerate(schema.checks):
        at = f"$.checks[{index}]"
        if bool(check.word_part) == bool(check.labels):
            yield fault("GW114", at, "neither or both of `labels` and `word_part`", "give one of them")
        for label in check.labels:
            if label not in owners:
                yield fault("GW114", f"{at}.labels", f"unknown label `{label}`", one_of(owners))
        if check.labels and check.relation not in schema.relations:
            yield fault("GW114", at, f"unknown relation `{check.relation}`", one_of(schema.relations))
        for name in filter(None, (check.unless, check.word_part)):
            if not any(name in layer.attributes for layer in schema.layers.values()):
                known = {name for layer in schema.layers.values() for name in layer.attributes}
                yield fault("GW114", at, f"unknown attribute `{name}`", one_of(known))
