"""Annotations written as quotes become offsets, and every doubt is a fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.formats.quotes import read_quotes, read_quotes_files
from goldwire.model import Annotation, Document, Relation, span_key
from goldwire.schemas import load_schema
from tests.corpus.mini import MINI, mini_articles, mini_schema
from tests.examples import at_most
from tests.strategies import TEXTS

TEXT = "Hachez l’oignon 🧅. Coupez l’oignon de l’oignonade, puis le thym, 12:30, 2020-01-03."
HEAD = """\
document: d
annotator: anna
schema: mini@0.1
"""
RICH = """
name: rich
version: "1"
language: fr
title: Tout
layers:
  thing:
    title: Choses
    attributes:
      when: {title: Quand, kind: date}
      tags: {title: Marques, kind: choices, values: {a: {title: a}, b: {title: b}}}
      ref: {title: Renvoi, kind: id}
      cut: {title: Coupé, kind: flag}
      size: {title: Taille, kind: text, labels: [BIG]}
    labels:
      BIG: {name: grand, definition: Grand., color: "#0072B2"}
      SMALL: {name: petit, definition: Petit., color: "#D55E00"}
"""


def read(tmp_path: Path, body: str, *, head: str = HEAD, schema: Path | None = None) -> Annotation:
    """The annotation of a file with this body."""
    path = tmp_path / "a.yaml"
    path.write_text(head + body, encoding="utf-8")
    found = load_schema(schema) if schema else mini_schema()
    return read_quotes(path, [Document("d", TEXT)], found)


def faults(tmp_path: Path, body: str, *, head: str = HEAD, schema: Path | None = None) -> list[str]:
    """The faults of a file with this body, without the folder's name."""
    with pytest.raises(GoldwireError) as caught:
        read(tmp_path, body, head=head, schema=schema)
    return [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults]


def test_quotes_become_offsets_in_reading_order() -> None:
    """Every span marks the words that were quoted, in code points, whatever emoji stand before."""
    article = next(a for a in mini_articles() if a.document.id == "pommes")
    anna = next(a for a in article.annotations if a.annotator == "anna")
    marked = {span.id: article.document.text[span.start : span.end] for span in anna.spans}
    assert marked["k1"] == "couteau à légumes"
    assert marked["l1"] == "légumes"
    assert marked["h2"] == "dorer"
    assert list(anna.spans) == sorted(anna.spans, key=span_key)
    assert Relation("object", "h2", "p2") in anna.relations
    assert anna.text_sha256 == sha256(article.document.text)
    assert anna.provenance.seen_predictions is False


def test_an_occurrence_number_says_which_one(tmp_path: Path) -> None:
    """`n` counts occurrences from the left, those inside words too."""
    body = """\
passages:
  - text: l’oignon
    n: 3
    thing: [{id: a, label: FOOD, quote: oignon}]
  - text: Coupez l’oignon de l’oignonade
    thing: [{id: b, label: FOOD, quote: oignon, n: 1}, {id: c, label: FOOD, quote: oignonade}]
"""
    spans = {span.id: span for span in read(tmp_path, body).spans}
    assert TEXT[spans["a"].start :].startswith("oignonade")
    assert TEXT[spans["b"].start :].startswith("oignon de")
    assert spans["c"].start == spans["a"].start


def test_scalars_stay_the_text_that_was_written(tmp_path: Path) -> None:
    """Dates, times and numbers that YAML would turn into other things are found as they stand."""
    schema = tmp_path / "rich.yaml"
    schema.write_text(RICH, encoding="utf-8")
    body = """\
provenance: {kind: model, name: m, version: 1.10, lead_time: 12.5, seen_predictions: no}
passages:
  - text: puis le thym, 12:30, 2020-01-03.
    thing:
      - {id: 1, label: BIG, quote: 12:30, when: 2020-01-03, tags: a, cut: true, size: 007}
      - {id: 02, label: SMALL, quote: 2020-01-03, when: 2020-01, tags: [a, b], ref: no, cut: false}
      - {label: SMALL, quote: thym, when: "", tags: }
"""
    annotation = read(tmp_path, body, head=HEAD.replace("mini@0.1", "rich@1"), schema=schema)
    by_id = {span.id: span for span in annotation.spans}
    assert by_id["1"].attributes == {"when": "2020-01-03", "tags": ["a"], "cut": True, "size": "007"}
    assert by_id["02"].attributes == {"when": "2020-01", "tags": ["a", "b"], "ref": "no"}
    assert by_id["thing-1"].attributes == {}
    assert TEXT[by_id["1"].start : by_id["1"].end] == "12:30"
    assert annotation.provenance.version == "1.10"
    assert annotation.provenance.lead_time == 12.5
    assert annotation.provenance.seen_predictions is False


def test_decomposed_accents_are_composed_as_in_the_article(tmp_path: Path) -> None:
    """A file typed with combining accents finds the article's composed ones."""
    path = tmp_path / "a.yaml"
    body = "passages:\n  - text: un pâté\n    thing: [{label: FOOD, quote: pâté}]\n"
    path.write_text(HEAD + body.replace("â", "a\u0302").replace("é", "e\u0301"), encoding="utf-8")
    annotation = read_quotes(path, [Document("d", "Voici un pâté.")], mini_schema())
    assert (annotation.spans[0].start, annotation.spans[0].end) == (9, 13)


SPAN = "passages:\n  - text: Coupez l’oignon de l’oignonade, puis le thym\n    thing:\n      - {FIELDS}\n"


@pytest.mark.parametrize(
    ("fields", "code", "rest"),
    [
        ("id: a, label: FOD, quote: thym", "GW232", "thing[0].label: layer `thing` has no label `FOD`"),
        ("id: a, label: FOOD, quote: thon", "GW254", "thing[0].quote: quote «thon» is not in the passage"),
        ("id: a, label: FOOD, quote: Hachez", "GW254", "the article has it elsewhere: [Hachez] l’oignon"),
        ("id: a, label: FOOD, quote: oignon", "GW255", "n: 2 Coupez l’oignon de l’[oignon]ade, puis"),
        ("id: a, label: FOOD, quote: thym, n: 2", "GW253", "stands only once in the passage"),
        ("id: a, label: FOOD, quote: oignon, n: 3", "GW253", "stands only 2 times in the passage"),
        ("id: a, label: FOOD, quote: thym, n: two", "GW253", "thing[0].n: n is `two`"),
        ("id: a, label: FOOD, quote: thym, n: 0", "GW253", "thing[0].n: n is `0`"),
        (
            "id: a, label: FOOD, quote: thym, state: burnt",
            "GW236",
            "unknown value `burnt` (one of: cooked, raw)",
        ),
        ("id: a, label: FOOD, quote: thym, note: [x]", "GW236", "thing[0].note: `note`: `['x']` is no text"),
        (
            "id: a, label: FOOD, quote: thym, colour: red",
            "GW233",
            "`colour` is no attribute or relation of `thing`",
        ),
        ("id: a, label: FOOD, quote: thym, object: a", "GW238", "no `object` starts from FOOD"),
        ("id: a, label: FOOD", "GW250", "thing[0]: lacks `quote`"),
        ("id: a, quote: thym", "GW250", "thing[0]: lacks `label`"),
        ("id: [a], label: FOOD, quote: thym", "GW250", "thing[0].id: `id` is no text"),
    ],
)
def test_each_fault_of_a_span_has_its_code_and_place(
    tmp_path: Path, fields: str, code: str, rest: str
) -> None:
    """A span that can't be read names the file, the line, the path and the way out."""
    found = faults(tmp_path, SPAN.replace("FIELDS", fields))
    assert len(found) == (2 if "object: a" in fields else 1)
    assert found[0].startswith(f"{code} a.yaml:7 $.passages[0].")
    assert rest in found[0]


@pytest.mark.parametrize(
    ("body", "code", "rest"),
    [
        (
            "passages: [{text: Hachez le tout}]",
            "GW251",
            "the article has «Hachez l» and then «’oignon 🧅. Coupez",
        ),
        ("passages: [{text: l’oignon}]", "GW252", "«l’oignon» stands 3 times in the article"),
        ("passages: [{text: l’oignon, n: 4}]", "GW253", "stands only 3 times in the article"),
        (
            "passages: [{text: Hachez, stuff: []}]",
            "GW231",
            "unknown layer `stuff` (beside `text` and `n`, one of",
        ),
        ("passages: [Hachez]", "GW250", "$.passages[0]: not a mapping"),
        ("passages: Hachez", "GW250", "$.passages: not a list"),
        ("passages: [{thing: []}]", "GW250", "$.passages[0]: lacks `text`"),
        ("passages: [{text: Hachez, thing: [x]}]", "GW250", "$.passages[0].thing[0]: not a span"),
        ("colour: red", "GW250", "$.colour: unknown key `colour`"),
        ("status: finished", "GW250", "$.status: unknown status `finished`"),
        ("provenance: {kind: robot}", "GW250", "$.provenance.kind: Invalid enum value 'robot'"),
        ("provenance: {nam: x}", "GW250", "$.provenance.nam: unknown key `nam`"),
        ("provenance: x", "GW250", "$.provenance: not a mapping"),
    ],
)
def test_each_fault_of_a_file_has_its_code_and_place(tmp_path: Path, body: str, code: str, rest: str) -> None:
    """A passage or head that can't be read names its line and what to write instead."""
    found = faults(tmp_path, body + "\n")
    assert len(found) == 1
    assert found[0].startswith(f"{code} a.yaml:4 $.")
    assert rest in found[0]


def test_the_article_and_the_schema_must_be_those_named(tmp_path: Path) -> None:
    """Another article or schema is refused by name, both at once."""
    found = faults(tmp_path, "", head="document: e\nannotator: anna\nschema: mini@9\n")
    assert [line.split(" $")[0] for line in found] == ["GW258 a.yaml:1", "GW230 a.yaml:3"]
    assert [line.split()[0] for line in faults(tmp_path, "", head="[]\n")] == ["GW250"]


def test_relations_and_ids_are_held_together_over_the_whole_file(tmp_path: Path) -> None:
    """Ids unknown, twice, of the wrong label, to themselves and relations twice are all found."""
    body = """\
passages:
  - text: Coupez l’oignon de l’oignonade, puis le thym
    thing:
      - {id: a, label: FOOD, quote: oignonade}
      - {id: a, label: FOOD, quote: thym}
      - {id: b, label: FOOD, quote: thym}
    step:
      - {id: s, label: CUT, quote: Coupez, object: [a, z, a], with: b}
      - {id: t, label: HEAT, quote: puis, object: t, with: {x: y}}
"""
    found = faults(tmp_path, body)
    assert [line.split(":")[0] + ":" + line.split(":")[1].split()[0] for line in found] == [
        "GW257 a.yaml:8",
        "GW243 a.yaml:9",
        "GW250 a.yaml:12",
        "GW256 a.yaml:11",
        "GW249 a.yaml:11",
        "GW238 a.yaml:11",
        "GW238 a.yaml:12",
        "GW248 a.yaml:12",
    ]


def test_attributes_stand_only_on_labels_that_bear_them(tmp_path: Path) -> None:
    """An attribute of other labels, a date that is none and an id with a space are refused."""
    schema = tmp_path / "rich.yaml"
    schema.write_text(RICH, encoding="utf-8")
    body = """\
passages:
  - text: puis le thym
    thing:
      - {label: SMALL, quote: thym, size: x, when: 2020-02-30, ref: a b, tags: [c], cut: maybe}
"""
    found = faults(tmp_path, body, head=HEAD.replace("mini@0.1", "rich@1"), schema=schema)
    assert [line.split()[0] for line in found] == ["GW234", "GW236", "GW236", "GW236", "GW236"]


def test_a_folder_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """The faults of all files are told together, two readings by one annotator among them."""
    for name in ("one.yaml", "sub/two.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(HEAD + "passages: []\n", encoding="utf-8")
    (tmp_path / "three.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        read_quotes_files(tmp_path, [Document("d", TEXT)], mini_schema())
    assert [fault.code for fault in caught.value.faults] == ["GW264", "GW101"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(GoldwireError, match="GW250"):
        read_quotes_files(tmp_path / "empty", [], mini_schema())


def test_the_guidelines_in_force_are_kept_unless_the_file_names_its_own(tmp_path: Path) -> None:
    """The hash given fills in; what the file states of itself wins."""
    path = tmp_path / "a.yaml"
    path.write_text(HEAD, encoding="utf-8")
    documents = [Document("d", TEXT)]
    assert read_quotes(path, documents, mini_schema(), "abc").provenance.guidelines == "abc"
    path.write_text(HEAD + "provenance: {guidelines: mine}\n", encoding="utf-8")
    assert read_quotes(path, documents, mini_schema(), "abc").provenance.guidelines == "mine"


@settings(max_examples=at_most(60))
@given(TEXTS, st.data())
def test_any_extent_survives_being_written_as_a_quote(
    tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject
) -> None:
    """A quote with its occurrence number leads back to the very offsets that it was cut from."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = text[start:end]
    number = sum(text.startswith(quote, place) for place in range(start + 1))
    span = {"id": "s", "label": "FOOD", "quote": quote, "n": number}
    record = {"document": "d", "annotator": "a", "schema": "mini@0.1"}
    record |= {"passages": [{"text": text, "n": 1, "thing": [span]}]}  # type: ignore[dict-item]
    path = tmp_path_factory.mktemp("quotes") / "a.yaml"
    # Escapes keep YAML from folding line ends and other white space.
    path.write_text(yaml.safe_dump(record, default_style='"', allow_unicode=False), encoding="utf-8")
    found = read_quotes(path, [Document("d", text)], mini_schema()).spans[0]
    assert (found.start, found.end) == (start, end)


def test_the_readings_of_the_small_project_are_sound() -> None:
    """Both recipes were read by both annotators."""
    assert MINI.is_dir()
    assert [(a.document.id, len(a.annotations)) for a in mini_articles()] == [("pommes", 2), ("soupe", 2)]
