"""The guide as a page: all of it there, to be found, and closed to what was not written there."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.cli.main import cli
from goldwire.errors import GoldwireError
from goldwire.messages import languages, messages_in
from goldwire.project import copy_example, example_root
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.rendering.guide import anchor, guide_page, sheet
from tests.annotate.helpers import make_schema

EXAMPLE = example_root() / "schemas/politics.yaml"
MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"


def ids(page: str) -> list[str]:
    """All places of a page."""
    return re.findall(r' id="([^"]+)"', page)


@pytest.mark.parametrize("path", [EXAMPLE, MINI], ids=["politics", "mini"])
def test_every_link_of_the_page_leads_to_a_place_on_it(path: Path) -> None:
    """Each label, attribute and relation has a place, no place is there twice, and no link leads nowhere."""
    schema = load_schema(path)
    page = guide_page(schema, path.parent)
    places = ids(page)
    assert len(places) == len(set(places))
    for layer, about in schema.layers.items():
        assert {anchor(layer), *(anchor(layer, key) for key in [*about.labels, *about.attributes])} <= set(
            places
        )
    assert {anchor("relation", key) for key in schema.relations} <= set(places)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)


def test_the_page_holds_words_and_ids() -> None:
    """Words of the examples stand in the A–Z with their labels, each entry of the registries with its id."""
    page = guide_page(load_schema(EXAMPLE), EXAMPLE.parent)
    assert re.search(r'<li data-entry><strong>Mark Esper</strong> → <a href="#entity-PER">PER</a>', page)
    assert "<code>per.mark-esper</code>" in page and "<code>2001-09-11-attacks</code>" in page


def test_registries_show_what_spans_take_from_them() -> None:
    """Who leaves a country empty sees which one the registry gives."""
    page = guide_page(load_schema(EXAMPLE), EXAMPLE.parent)
    [actors, events] = re.findall(r'<h2 id="registry-\d">.*?</table>', page, re.DOTALL)
    assert '<th scope="col">Pays</th><th scope="col">Secteur PLOVER</th>' in actors and "Pays" not in events
    [row] = re.findall(r"<tr data-entry><td><code>per.mark-esper</code>.*?</tr>", actors)
    assert row.endswith("<td>USA</td><td>MIL</td></tr>")


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    """It has the policy of all pages: nothing is loaded, and no script runs but its own."""
    page = guide_page(load_schema(EXAMPLE), EXAMPLE.parent)
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert not re.search(r"(?:src|href)=\"(?!#)", page)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_no_text_of_a_schema_becomes_markup(text: str) -> None:
    """Whatever stands in a schema is shown: it makes no tag, on the page or in the instructions."""
    hostile = f"<script>alert(1)</script><img src=x onerror=y>{text}"
    plain = make_schema()
    layer = plain.layers["thing"]
    label = msgspec.structs.replace(
        layer.labels["FOOD"], definition=hostile, name=hostile, examples=[f"[{hostile}]"]
    )
    layer = msgspec.structs.replace(layer, title=hostile, labels={**layer.labels, "FOOD": label})
    schema = msgspec.structs.replace(plain, title=hostile, layers={**plain.layers, "thing": layer})
    page = guide_page(schema, Path("nowhere"))
    assert len(re.findall("<script", page)) == 1
    assert "<img" not in page and "<img" not in sheet(schema) and "<script" not in sheet(schema)


@pytest.mark.parametrize("language", languages())
def test_the_page_speaks_the_language_of_the_project(language: str) -> None:
    """What stands around the schema's own words is in its language."""
    schema: Schema = msgspec.structs.replace(load_schema(MINI), language=language)
    page, say = guide_page(schema, MINI.parent), messages_in(language)
    assert say("guide.search") in page and say("guide.sheet") in page and f'<html lang="{language}"' in page


def test_a_language_from_right_to_left_runs_so() -> None:
    """Page and sheet say which way the text runs."""
    schema = msgspec.structs.replace(load_schema(MINI), language="ar")
    assert '<html lang="ar" dir="rtl">' in guide_page(schema, MINI.parent)
    assert '<ul dir="rtl" class="labels">' in sheet(schema)


def test_the_sheet_leads_to_the_page() -> None:
    """With the page's address each label of the sheet leads to its place there."""
    text = sheet(load_schema(MINI), "https://example.org/g.html")
    assert 'href="https://example.org/g.html"' in text
    assert 'href="https://example.org/g.html#thing-FOOD"' in text


def test_render_writes_the_page_and_knows_when_it_is_old(tmp_path: Path) -> None:
    """`schema render` writes annotate/guide.html; with --check an entry added to a registry makes it old."""
    project = copy_example(tmp_path / "project")
    page = project.annotate / "guide.html"
    page.unlink(missing_ok=True)
    run = ["schema", "render", "--project", str(project.root)]
    assert CliRunner().invoke(cli, run).exit_code == 0
    written = page.read_text(encoding="utf-8")
    assert CliRunner().invoke(cli, [*run, "--check"]).exit_code == 0
    registry = project.root / "schemas/actors.yaml"
    added = registry.read_text(encoding="utf-8") + "\n- {id: org.new-one, label: ORG, name: New One}\n"
    registry.write_text(added, encoding="utf-8")
    assert CliRunner().invoke(cli, [*run, "--check"]).exit_code == 1
    assert page.read_text(encoding="utf-8") == written


def test_a_registry_that_is_broken_is_named(tmp_path: Path) -> None:
    """A registry that is no YAML is an error with its place, and no page is made of half of it."""
    path = tmp_path / "mini.yaml"
    text = MINI.read_text(encoding="utf-8") + "registries: {actors: actors.yaml}\n"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "actors.yaml").write_text("- {id: [\n", encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"actors\.yaml"):
        guide_page(load_schema(path), tmp_path)
