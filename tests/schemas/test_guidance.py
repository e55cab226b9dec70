"""Guidance for work: trees, arguments, words, a worked article agree with the schema, each shown once."""

from __future__ import annotations

import html
import re
from pathlib import Path

import msgspec
import pytest

from goldwire.annotations.store import read_annotations
from goldwire.corpus.corpus import load_corpus
from goldwire.errors import GoldwireError
from goldwire.project import EXAMPLES, example_root, load_project
from goldwire.schemas import load_schema
from goldwire.schemas.rendering.guide import guide_page, sheet
from goldwire.schemas.rendering.guidelines import arguments, guidelines
from goldwire.schemas.schema import Quote

RECALLS = example_root("recalls") / "schemas/recalls.yaml"
MINI = Path(__file__).parents[1] / "data/mini/schemas/mini.yaml"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("made?\n        then:", "made?\n        else:", "unknown key"),
        ("mark: BATCH}", "mark: LOT}", "no label `LOT`"),
        ("mark: BATCH}", "mark: BATCH, instead: nothing}", "more than one place"),
        ("mark: BATCH}", "mark: ''}", "leads nowhere"),
        ("{concerns: what is called back", "{before: what is called back", "no relation `before`"),
        ("{words: [recall], label: RECALL", "{words: [recall], label: CALL", "unknown label `CALL`"),
        ("span: recalls,", "span: recalling,", "does not hold"),
        ("rules: [Heading]", "rules: [Headline]", "no rule has the title"),
        ("span: Northmere, label: PLACE", "span: Northmere, label: TOWN", "unknown label `TOWN`"),
        ("attributes: {kind: allergen}", "attributes: {state: done}", "HAZARD has no `state`"),
        ("attributes: {kind: allergen}", "attributes: {kind: milk}", "`milk` is no value"),
        ("relations: {concerns: [Golden", "relations: {against: [Golden", "no relation `against`"),
        ('because: [milk]}\n            why: "It', 'because: [packet]}\n            why: "It', "can't lead"),
    ],
)
def test_guidance_that_the_schema_does_not_bear_out_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    """Each fault is told with its line: what would teach annotators what they can't mark."""
    text = RECALLS.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "recalls.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        load_schema(tmp_path / "recalls.yaml")
    faults = caught.value.faults
    assert any(told in fault.message for fault in faults)
    assert {fault.code for fault in faults} <= {"GW118", "GW103"}
    assert all(re.search(r"recalls\.yaml:\d+ \$", fault.where) for fault in faults)


def test_the_worked_article_is_the_article_as_it_is_annotated() -> None:
    """Its lines are the article's, to the letter and in order; its marks are the spans of the annotation."""
    project = load_project(example_root("recalls"))
    worked = load_schema(RECALLS).guidelines.worked
    assert worked is not None
    [text] = [
        a.document.text for a in load_corpus(project).articles if a.document.id.startswith(worked.document)
    ]
    assert " ".join(text.split()) == " ".join(line.text for line in worked.lines)
    [reading] = [
        a for a in read_annotations(project) if (a.document, a.annotator) == (worked.document, "reading-a")
    ]
    stored = sorted((span.label, text[span.start : span.end]) for span in reading.spans)
    told = sorted((mark.label, mark.span) for line in worked.lines for mark in line.marks if mark.label)
    assert told == stored


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_told_stands_on_the_page_once(name: str) -> None:
    """Each rule and each label's definition has one place on the page, and one in the guidelines."""
    schema = load_schema(load_project(example_root(name)).schema_path)
    page = re.sub(r"<[^>]*>", "", guide_page(schema, Path("nowhere")))
    page = " ".join(html.unescape(page).split())
    text = " ".join(guidelines(schema).split())
    layers = schema.layers.values()
    for rule in [*schema.guidelines.rules, *(rule for layer in layers for rule in layer.rules)]:
        words = " ".join(rule.text.split())
        assert page.count(re.sub(r"[*`]", "", words)) == text.count(words) == 1, rule.title
    for label in [label for layer in layers for label in layer.labels.values()]:
        definition = " ".join(label.definition.split())
        assert text.count(definition) == 1 and page.count(definition) >= 1, label.name


def test_a_sheet_holds_what_decides() -> None:
    """The tree with its labels, the rules with their numbers, the labels with their keys; one a page."""
    schema = load_schema(RECALLS)
    items, actions, common = sheet(schema).split("</section>")[:3]
    assert "Is it sold or made?" in items and "what the product comes in? → nothing" in items
    assert "<kbd>p</kbd> product" in items and "What is sold, or a mention of it" not in items
    assert re.findall(r'tree">.*?<strong>(\w+)', actions, re.DOTALL) == ["RECALL"]
    assert re.findall(r'id="rule-(\d)"', common) == ["1", "2", "3", "4"]
    assert "break-after: page" in guide_page(schema, Path("nowhere"))


def test_arguments_are_made_from_the_relations() -> None:
    """A row for labels alike, what a check or a minimum demands, where each relation ends, nothing where none
    starts."""
    assert list(arguments(load_schema(MINI)))[1:5] == [
        "| *mène à* | `FOOD` | `TOOL` |",
        "| `CUT` | **obligatoire** | ✓ |",
        "| `HEAT` | ✓ | ✓ |",
        "",
    ]
    schema = load_schema(RECALLS)
    narrowed = msgspec.structs.replace(schema.relations["by"].head[0], labels=["RECALL"])
    by = msgspec.structs.replace(schema.relations["by"], head=[narrowed], min=1)
    rows = list(arguments(msgspec.structs.replace(schema, relations={**schema.relations, "by": by})))
    assert "| `RECALL` | what is called back | the maker; **required** | the fault |" in rows
    assert "| `ADVISE` | what buyers handle |  | the hazard |" in rows


def test_words_are_listed_with_their_cases() -> None:
    """A word that is marked in one case and not in another has both, where no example shows it as well."""
    page = guide_page(load_schema(RECALLS), RECALLS.parent)
    [entry] = re.findall(r"<li data-entry><strong>recall</strong>.*", page)
    assert "RECALL</a>" in entry and "nothing" in entry and "(in a heading)" in entry
    [entry] = re.findall(r"<li data-entry><strong>they</strong>.*", page)
    assert "nothing" in entry and "A pronoun" in entry


def test_a_quote_names_the_article_that_it_is_from() -> None:
    """Beside the quote stands its article, at the end what that is: guidelines, page and A–Z agree."""
    schema = load_schema(RECALLS)
    layer = schema.layers["item"]
    label = msgspec.structs.replace(layer.labels["PLACE"], examples=[Quote("near [Oran]", "44545")])
    schema = msgspec.structs.replace(
        schema,
        layers={
            **schema.layers,
            "item": msgspec.structs.replace(layer, labels={**layer.labels, "PLACE": label}),
        },
        guidelines=msgspec.structs.replace(schema.guidelines, sources={"44545": "A paper, CC BY 2.5"}),
    )
    text, page = guidelines(schema), guide_page(schema, RECALLS.parent)
    assert "“near **[Oran]**” (44545)" in text and "- 44545: A paper, CC BY 2.5" in text
    assert "A paper, CC BY 2.5" in page
    assert re.search(r"<strong>Oran</strong> → .*near .*\(44545\)", page)


def test_guidelines_of_one_layer_name_what_lies_in_another() -> None:
    """Cut down to a layer, as a language model is asked, a schema still says what its relations lead to."""
    schema = load_schema(MINI)
    step = msgspec.structs.replace(schema, layers={"step": schema.layers["step"]})
    assert "De `step` vers `FOOD`." in guidelines(step) and "De `step` vers `TOOL`." in guidelines(step)
    assert "| *mène à* | `FOOD` | `TOOL` |" in "\n".join(arguments(step))
