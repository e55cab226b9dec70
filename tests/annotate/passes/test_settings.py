"""Which passes `[annotate] passes` asks for, and what they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from goldwire.annotate.records.assignments import title_for, titles
from goldwire.annotate.records.passes import Pass, one_pass_only, pass_named, passes_of
from goldwire.errors import GoldwireError
from goldwire.project import Project
from tests.annotate.helpers import make_schema

SCHEMA = make_schema()


def project_with(passes: Any, name: str = "kitchen") -> Project:
    """A project with this setting."""
    return Project(Path(), {"project": {"name": name}, "annotate": {"passes": passes}})


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("all", []),
        ([["thing", "step"]], []),
        ("layers", [("thing", ("thing",)), ("step", ("step",))]),
        ([["step"], ["thing"]], [("step", ("step",)), ("thing", ("thing",))]),
        (
            {"what is there": ["thing"], "what is done": ["step"]},
            [("what is there", ("thing",)), ("what is done", ("step",))],
        ),
    ],
)
def test_passes_are_asked_for_in_four_forms(setting: Any, wanted: list[Any]) -> None:
    """A word, a pass a layer, lists of layers, or lists by name; later passes show the layers before."""
    passes = passes_of(project_with(setting), SCHEMA)
    assert [(each.name, each.layers) for each in passes] == wanted
    assert [each.earlier for each in passes] == [(), *(layers for _, layers in wanted[:1])][: len(wanted)]
    assert one_pass_only(project_with(setting), SCHEMA) == (setting == [["thing", "step"]])
    assert passes_of(Project(Path(), {"project": {"name": "x"}}), SCHEMA) == ()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("each", "says nothing that can be done"),
        (3, "says nothing that can be done"),
        (["thing"], "says nothing that can be done"),
        ([["thing"]], "lacks step"),
        ([["thing"], ["steps"]], "`steps`, no layer of the schema"),
        ([["thing"], ["step", "thing"]], "thing more than once"),
        ({"a": ["thing"], "b": ["step"], "c": []}, "`c` can't be a pass"),
        ({"a (b)": ["thing"], "c": ["step"]}, "`a (b)` can't be a pass"),
    ],
)
def test_what_can_not_be_is_one_plain_error(setting: Any, told: str) -> None:
    """GW797 says what is wrong with it, and what may stand there."""
    with pytest.raises(GoldwireError, match="GW797") as error:
        passes_of(project_with(setting), SCHEMA)
    assert told in str(error.value)


def test_a_pass_for_each_layer_whatever_its_name() -> None:
    """Layers whose long names begin alike get a pass each, under names that differ."""
    names = [f"{'entities of the news, ' * 2}{kind}" for kind in ("people", "places")]
    schema = structs.replace(SCHEMA, layers=dict(zip(names, SCHEMA.layers.values(), strict=True)))
    passes = passes_of(project_with("layers"), schema)
    assert [each.layers for each in passes] == [(name,) for name in names]
    assert len({each.name for each in passes}) == 2 and all(len(each.name) <= 20 for each in passes)


def test_a_pass_is_found_by_name_or_number() -> None:
    """`--pass step` and `--pass 2` are the same; another name is refused with those that there are."""
    project = project_with("layers")
    passes = passes_of(project, SCHEMA)
    assert pass_named(passes, "step", project) == pass_named(passes, "2", project) == passes[1]
    with pytest.raises(GoldwireError, match=r"GW797 .*no pass `stance` \(one of: step, thing\)"):
        pass_named(passes, "stance", project)


@given(
    st.text("ab ", max_size=80),
    st.text("cd", max_size=36),
    st.text("ef+", min_size=1, max_size=20),
    st.integers(1, 12),
)
def test_titles_of_passes_fit_and_differ(name: str, annotator: str, part: str, number: int) -> None:
    """At most 50 characters, another for each project, annotator and pass, the pass at the end."""
    each, later = Pass(part, number, ("x",)), Pass(part, number + 1, ("x",))
    project, other = project_with("layers", f"p{name}"), project_with("layers", f"p{name}z")
    found = [
        title_for(project, annotator, each),
        title_for(project, annotator, later),
        title_for(project, f"{annotator}e", each),
        title_for(other, annotator, each),
        title_for(project, annotator),
    ]
    assert len(set(found)) == 5 and all(len(title) <= 50 or not annotator for title in found[:1])
    assert found[0].endswith(f" ({number} {part})") and len(found[0]) <= 50


def test_all_titles_are_known(tmp_path: Path) -> None:
    """Accounts' work is looked for in the projects of all passes too."""
    project = Project(tmp_path, {"project": {"name": "k", "schema": "s.yaml"}})
    assert titles(project) == ["k"]
