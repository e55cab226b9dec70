"""The passes in which articles are annotated: `[annotate] passes` in goldwire.toml.

Each pass has a Label Studio project of its own, with the labels of its layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.project import CONFIG, Project
from goldwire.schemas import Schema, load_schema

#: The settings that are words: all layers on one screen, or a pass for each layer.
ALL, LAYERS = "all", "layers"
_NAME = 20  # characters of a pass's name
_FORMS = f'"{ALL}", "{LAYERS}", lists of layers ([["a"], ["b", "c"]]), or a table of lists by name'


@dataclass(frozen=True)
class Pass:
    """One pass: its layers, and those of the passes before it, which its screen shows too."""

    name: str
    number: int
    layers: tuple[str, ...]
    earlier: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


def passes_of(project: Project, schema: Schema) -> tuple[Pass, ...]:
    """The project's passes, in their order; none where all is done on one screen, as with a single layer.

    Raises GW797 where the setting is none of the forms, or does not name each layer once.
    """
    setting = project.setting("annotate", "passes", ALL)
    where = str(project.root / CONFIG)
    groups = _groups(setting, schema)
    if groups is None:
        raise GoldwireError.of("GW797", "`passes` says nothing that can be done", where=where, hint=_FORMS)
    named = [layer for layers in groups.values() for layer in layers]
    faults = [
        Fault("GW797", f"`passes` names `{layer}`, no layer of the schema", where, one_of(schema.layers))
        for layer in dict.fromkeys(named)
        if layer not in schema.layers
    ]
    if twice := sorted({layer for layer in named if named.count(layer) > 1}):
        hint = "each layer belongs to one pass; later ones show it"
        faults.append(Fault("GW797", f"`passes` names {', '.join(twice)} more than once", where, hint))
    if missing := [layer for layer in schema.layers if layer not in named]:
        faults.append(Fault("GW797", f"`passes` lacks {', '.join(missing)}", where, "add them to a pass"))
    for name, layers in groups.items():
        if not layers or not name.strip() or len(name) > _NAME or set(name) & set("()\n"):
            hint = f"a name of at most {_NAME} characters, without brackets, and a layer at least"
            faults.append(Fault("GW797", f"`{name}` can't be a pass", where, hint))
    raise_faults(faults)
    if len(groups) < 2:
        return ()
    passes: list[Pass] = []
    for name, layers in groups.items():
        earlier = tuple(layer for before in passes for layer in before.layers)
        passes.append(Pass(name, len(passes) + 1, layers, earlier))
    return tuple(passes)


def project_passes(project: Project) -> tuple[Pass, ...]:
    """The same for whoever has no schema at hand: it is read where passes are asked for."""
    if project.setting("annotate", "passes", ALL) == ALL:
        return ()
    return passes_of(project, load_schema(project.schema_path))


def one_pass_only(project: Project, schema: Schema) -> bool:
    """Whether passes are asked for, and the layers give one only."""
    asked = project.setting("annotate", "passes", ALL) != ALL
    return asked and not passes_of(project, schema)


def pass_named(passes: tuple[Pass, ...], name: str, project: Project) -> Pass:
    """The pass of a name, or of a number; raises GW797 where there is none."""
    for each in passes:
        if name in (each.name, str(each.number), str(each)):
            return each
    hint = one_of(each.name for each in passes) if passes else "[annotate] passes is not set"
    raise GoldwireError.of("GW797", f"no pass `{name}`", where=str(project.root / CONFIG), hint=hint)


def before_renaming(
    project: Project, passes: tuple[Pass, ...], renamed: Mapping[str, str]
) -> dict[str, Pass]:
    """What passes were before layers were `renamed` (old name to new), by their names now, where they differ.

    Passes that the project names itself keep their names.
    """
    setting = project.setting("annotate", "passes", ALL)
    former = {new: old for old, new in renamed.items()}
    layers = [tuple(former.get(layer, layer) for layer in each.layers) for each in passes]
    if isinstance(setting, Mapping):
        names = [each.name for each in passes]
    elif setting == LAYERS:
        names = [each[0][:_NAME] for each in layers]
    else:
        names = list(_listed(layers))
    return {
        each.name: Pass(name, each.number, was)
        for each, name, was in zip(passes, names, layers, strict=True)
        if name != each.name
    }


def _groups(setting: Any, schema: Schema) -> dict[str, tuple[str, ...]] | None:
    """The layers of each pass, by its name; None where the setting has another form."""
    if setting == ALL:
        return {ALL: tuple(schema.layers)}
    if setting == LAYERS:
        setting = [[layer] for layer in schema.layers]
    if isinstance(setting, list):
        if not all(_texts(each) for each in setting):
            return None
        short = _listed(setting)
        return dict(zip(short, map(tuple, setting), strict=True)) if len(set(short)) == len(short) else None
    if isinstance(setting, Mapping) and all(map(_texts, setting.values())):
        return {str(name): tuple(layers) for name, layers in setting.items()}
    return None


def _listed(groups: Sequence[Sequence[str]]) -> list[str]:
    """The names of passes that are lists of layers."""
    names = ["+".join(each) for each in groups]
    return [
        name if len(name) <= _NAME else f"{name[: _NAME - 3]}…{number}"
        for number, name in enumerate(names, start=1)
    ]


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
