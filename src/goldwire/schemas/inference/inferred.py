"""What is made of a Label Studio config: a schema as plain data, and what became of its names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, structs

from goldwire.errors import GoldwireError, raise_faults
from goldwire.schemas.load import schema_faults, typed_data
from goldwire.schemas.names import Names
from goldwire.schemas.schema import Schema

#: Why a control that has no labels of its own is left out.
FROM_DATA = "labels from the task's data"


class Renamed(Struct, frozen=True):
    """Something that a schema has to call otherwise than the config, or give another look."""

    kind: str
    old: str
    new: str


class Left(Struct, frozen=True):
    """A tag of the config that a schema can't express, and why."""

    tag: str
    name: str
    why: str


class Inferred(Struct, frozen=True):
    """A schema as plain data, how its names came about, and what it does not hold of the config."""

    data: dict[str, Any]
    names: Names
    renamed: tuple[Renamed, ...]
    left: tuple[Left, ...]

    def yaml(self) -> str:
        """The schema file's text."""
        head = f"# The schema {self.data['name']}, made from a Label Studio config. Its form: goldwire's "
        dumped = yaml.safe_dump(self.data, allow_unicode=True, sort_keys=False, width=110)
        return f"{head}docs/schema-format.md.\n{dumped}"


def schema_yaml(schema: Schema, origin: str) -> str:
    """A schema as a schema file's text, without what is at its default; `origin` says what it is of."""
    head = f"# The schema {schema.name}, {origin}. Its form: goldwire's docs/schema-format.md.\n"
    return head + yaml.safe_dump(_bare(schema), allow_unicode=True, sort_keys=False, width=110)


def _bare(value: Any) -> Any:
    """Plain data, without the fields of a struct that have their defaults."""
    if isinstance(value, Struct):
        return {
            each.name: _bare(getattr(value, each.name))
            for each in structs.fields(value)
            if each.required or getattr(value, each.name) != _default(each)
        }
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items()}
    return [_bare(each) for each in value] if isinstance(value, list | tuple) else value


def _default(info: structs.FieldInfo) -> Any:
    return info.default_factory() if callable(info.default_factory) else info.default


def check_language(code: str) -> None:
    """Raise GW124 for a language that spaCy, which cuts texts into tokens, does not know."""
    spec = find_spec("spacy")  # without importing it
    folders = spec.submodule_search_locations if spec else None
    languages = {
        path.name for root in folders or () for path in (Path(root) / "lang").iterdir() if path.is_dir()
    }
    if code.startswith("_") or code not in languages:
        hint = "an ISO 639-1 code such as fr, en, de; `xx` for a language that is not among them"
        raise GoldwireError.of("GW124", f"spaCy knows no language `{code}`", where="--language", hint=hint)


def schema_of(inferred: Inferred, where: str = "") -> Schema:
    """What was inferred, as the toolkit sees a schema, with the checks that `load_schema` makes."""
    if not inferred.data["layers"] and any(omission.why == FROM_DATA for omission in inferred.left):
        hint = "convert an export with --config: the labels that its tasks use make the schema"
        raise GoldwireError.of("GW126", "all labels come from the tasks' data", where=where, hint=hint)
    schema, faults = typed_data(inferred.data, Schema, {}, where)
    if schema is None:
        raise GoldwireError(*faults)
    raise_faults(schema_faults(schema, where))
    return schema
