"""Ids that predictions get before they are sent."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from goldwire.annotate.sync.predictions import version
from goldwire.annotate.sync.suggestions import suggest_ids
from goldwire.model import Annotation, Provenance
from goldwire.project import Project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.annotate.helpers import make_schema
from tests.annotate.registry.made import annotation, make_zoo


@pytest.fixture
def zoo(tmp_path: Path) -> Project:
    """The project."""
    return make_zoo(tmp_path / "zoo")


def predicted(name: str = "finder", number: str = "2") -> Annotation:
    """What a model found on Sunday."""
    found = annotation("sunday", "model", ("BIRD", "REX", 0, ""), ("MAMMAL", "Otto", 0, ""))
    return msgspec.structs.replace(found, status="draft", provenance=Provenance("model", name, number))


def test_the_sure_ones_are_filled_in_counted_and_marked(zoo: Project) -> None:
    """The version says that ids are suggested; a draft stays a draft; the rest is left to pick."""
    schema = load_schema(zoo.schema_path)
    suggested = suggest_ids(zoo, schema, load_seeds(zoo), {"sunday": [predicted()]})
    (made,) = suggested.predictions["sunday"]
    assert [span.attributes for span in made.spans] == [{"which": "a.rex"}, {}]
    assert (suggested.filled, suggested.left) == (1, 1)
    assert (version(made), made.status) == ("finder@2+ids", "draft")
    nameless = suggest_ids(zoo, schema, load_seeds(zoo), {"sunday": [predicted("", "")]})
    assert version(nameless.predictions["sunday"][0]) == "model+ids"


def test_without_registries_nothing_changes(zoo: Project) -> None:
    """Another schema's predictions go as they are."""
    given = predicted()
    suggested = suggest_ids(zoo, make_schema(), load_seeds(zoo), {"sunday": [given]})
    assert suggested.predictions == {"sunday": [given]} and suggested.filled == 0
