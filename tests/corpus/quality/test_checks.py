"""Each rule that a reading must satisfy is found broken where it is broken, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotations import rules
from goldwire.annotations.values import is_date
from goldwire.cli.corpus import command
from goldwire.corpus.quality.checks import RuleBook, check_articles, inside_word, plain_edges, run_checks
from goldwire.files import sha256
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, AttributeValue, Document, Relation, Span
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.load import load_registries
from tests.corpus.mini import mini_articles, mini_project, mini_schema

TEXT = "Le chef Léo coupe l’oignon, l'huile et le porc-épic. e\u0301te 👩‍🍳 fin "
SCHEMA = """
name: kitchen
version: "1"
language: fr
title: Cuisine
registries: {things: things.yaml}
layers:
  thing:
    title: Choses
    attributes:
      state: {title: État, kind: choice, values: {raw: {title: cru}}, required: [FOOD], defaults: {HERB: raw}}
      ref: {title: Renvoi, kind: id, registry: things, same_family: true}
      when: {title: Quand, kind: date, labels: [FOOD]}
      part: {title: Partie de mot, kind: flag}
      why: {title: Pourquoi, kind: text}
    labels:
      FOOD: {name: aliment, definition: x, color: "#0072B2", family: edible}
      HERB: {name: herbe, definition: x, color: "#009E73", family: edible}
      COOK: {name: personne, definition: x, color: "#D55E00"}
  step:
    title: Gestes
    labels:
      CUT: {name: couper, definition: x, color: "#0072B2"}
    attributes:
      alone: {title: Sans outil, kind: text}
relations:
  object:
    {name: o, definition: x, head: [{layer: step}], tail: [{layer: thing, labels: [FOOD]}], min: 1, max: 1}
  by: {name: par, definition: x, head: [{layer: step}], tail: [{layer: thing, labels: [COOK]}]}
checks:
  - {labels: [CUT], relation: by, unless: alone}
  - {word_part: part}
"""
THINGS = """
- {id: onion, label: FOOD, country: FRA}
- {id: leo, label: [COOK]}
- {id: any}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the schema and its registry."""
    folder = tmp_path_factory.mktemp("kitchen")
    (folder / "schema.yaml").write_text(SCHEMA, encoding="utf-8")
    (folder / "things.yaml").write_text(THINGS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def schema(folder: Path) -> Schema:
    """A schema in which every rule can be broken."""
    return load_schema(folder / "schema.yaml")


def span(name: str, label: str, quote: str, **attributes: AttributeValue) -> Span:
    """A span over the first occurrence of `quote`."""
    layer = "step" if label == "CUT" else "thing"
    start = TEXT.index(quote)
    return Span(name, layer, label, start, start + len(quote), attributes)


COOK, FOOD, CUT = (
    span("c", "COOK", "Léo"),
    span("f", "FOOD", "oignon", state="raw"),
    span("k", "CUT", "coupe"),
)
SOUND = ((COOK, FOOD, CUT), (Relation("object", "k", "f"), Relation("by", "k", "c")))


def found(
    folder: Path,
    schema: Schema,
    spans: tuple[Span, ...],
    relations: tuple[Relation, ...] = (),
    schema_id: str = "kitchen@1",
) -> list[tuple[str, str]]:
    """The code and place of each fault in one annotation."""
    annotation = Annotation("d", "anna", schema_id, spans=spans, relations=relations)
    registries = load_registries(schema, folder / "schema.yaml")
    result = check_articles([Article(Document("d", TEXT), (annotation,))], schema, registries)
    assert set(result.by_code) <= set(rules.RULES)
    return [(fault.code, fault.where) for fault in result.faults]


def test_a_sound_annotation_has_no_fault(folder: Path, schema: Schema) -> None:
    """Nothing is found where nothing is wrong."""
    assert found(folder, schema, *SOUND) == []


@pytest.mark.parametrize(
    ("extra", "code", "where"),
    [
        (Span("x", "smell", "FOOD", 0, 2), rules.LAYER, "anna/d $.spans[3] «Le»"),
        (Span("x", "thing", "CUT", 0, 2), rules.LABEL, "anna/d $.spans[3] «Le»"),
        (span("x", "COOK", "Le", size="x"), rules.ATTRIBUTE, "anna/d $.spans[3] «Le»"),
        (span("x", "COOK", "Le", when="2020"), rules.BEARER, "anna/d $.spans[3] «Le»"),
        (span("x", "FOOD", "huile"), rules.REQUIRED, "anna/d $.spans[3] «huile»"),
        (span("x", "FOOD", "huile", state="burnt"), rules.VALUE, "anna/d $.spans[3] «huile»"),
        (span("x", "FOOD", "huile", state="raw", when="2020-13"), rules.VALUE, "anna/d $.spans[3] «huile»"),
        (span("x", "FOOD", "huile", state="raw", ref="a b"), rules.VALUE, "anna/d $.spans[3] «huile»"),
        (span("x", "COOK", "Le", part=False), rules.VALUE, "anna/d $.spans[3] «Le»"),
        (span("x", "COOK", "Le", why=3), rules.VALUE, "anna/d $.spans[3] «Le»"),
        (span("x", "COOK", " chef"), rules.SPACE, "anna/d $.spans[3] « chef»"),
        (span("x", "COOK", "chef "), rules.SPACE, "anna/d $.spans[3] «chef »"),
        (span("x", "COOK", "hef"), rules.WORD, "anna/d $.spans[3] «hef»"),
        (span("x", "COOK", "che"), rules.WORD, "anna/d $.spans[3] «che»"),
        (span("x", "COOK", "Léo"), rules.SAME_SPAN, "anna/d $.spans[3] «Léo»"),
        (span("x", "COOK", "chef", ref="nobody"), rules.REGISTERED, "anna/d $.spans[3] «chef»"),
        (span("x", "COOK", "chef", ref="onion"), rules.ENTRY_LABEL, "anna/d $.spans[3] «chef»"),
    ],
)
def test_each_rule_on_spans_is_found_with_its_place(
    folder: Path, schema: Schema, extra: Span, code: str, where: str
) -> None:
    """The place names annotator, document, span and the words that it marks."""
    spans, relations = SOUND
    assert found(folder, schema, (*spans, extra), relations) == [(code, where)]


@pytest.mark.parametrize(
    "extra",
    [
        span("x", "COOK", "che", part=True),
        span("x", "HERB", "huile"),
        span("x", "FOOD", "oignon", state="raw", ref="onion", when="2020-02"),
        span("x", "HERB", "huile", ref="onion"),
        span("x", "COOK", "chef", ref="any"),
        span("x", "COOK", "porc"),
        span("x", "COOK", "e\u0301te"),
    ],
)
def test_what_a_rule_allows_is_no_fault(folder: Path, schema: Schema, extra: Span) -> None:
    """Marked word parts, defaults, families, entries of any label and hyphens pass."""
    spans, relations = SOUND
    kept = tuple(span for span in spans if span.id != "f" or extra.label != "FOOD")
    moved = tuple(
        Relation(r.label, r.head, "x" if r.tail not in {s.id for s in kept} else r.tail) for r in relations
    )
    assert found(folder, schema, (*kept, extra), moved) == []


def test_each_rule_on_relations_is_found_with_its_place(folder: Path, schema: Schema) -> None:
    """Unknown relations, wrong ends, loops, doubles, too many and too few are all found at once."""
    spans, _ = SOUND
    relations = (
        Relation("object", "k", "c"),
        Relation("object", "f", "f"),
        Relation("under", "k", "f"),
        Relation("by", "k", "c"),
        Relation("by", "k", "c"),
        Relation("object", "k", "f"),
    )
    assert found(folder, schema, spans, relations) == [
        (rules.ENDS, "anna/d $.relations[0] object: «coupe» → «Léo»"),
        (rules.ENDS, "anna/d $.relations[1] object: «oignon» → «oignon»"),
        (rules.LOOP, "anna/d $.relations[1] object: «oignon» → «oignon»"),
        (rules.RELATION, "anna/d $.relations[2] under: «coupe» → «oignon»"),
        (rules.SAME_RELATION, "anna/d $.relations[4] by: «coupe» → «Léo»"),
        (rules.NUMBER, "anna/d $.spans[2] «coupe»"),
    ]
    place = "anna/d $.spans[2] «coupe»"
    assert found(folder, schema, spans) == [(rules.NUMBER, place), (rules.CONDITION, place)]


def test_a_condition_may_be_met_by_its_attribute(folder: Path, schema: Schema) -> None:
    """A span that says why it lacks the relation passes."""
    alone = span("k", "CUT", "coupe", alone="with teeth")
    assert found(folder, schema, (FOOD, alone), (Relation("object", "k", "f"),)) == []


def test_an_annotation_of_another_schema_is_named(folder: Path, schema: Schema) -> None:
    """The schema id is compared with the schema in use."""
    assert found(folder, schema, *SOUND, schema_id="kitchen@0") == [(rules.SCHEMA, "anna/d")]


def test_one_id_names_one_family_across_documents_of_one_annotator(folder: Path, schema: Schema) -> None:
    """The rarer use is named; two annotators who disagree are left to adjudication."""

    def article(name: str, *annotations: tuple[str, str]) -> Article:
        marked = tuple(
            Annotation(
                name, annotator, "kitchen@1", spans=(span("s", label, "huile", ref="any", state="raw"),)
            )
            for annotator, label in annotations
        )
        return Article(Document(name, TEXT), marked)

    articles = [article("a", ("x", "FOOD")), article("b", ("x", "HERB")), article("c", ("x", "COOK"))]
    result = check_articles(articles, schema)
    assert [(f.code, f.where) for f in result.faults] == [(rules.FAMILY, "x/c $.spans[0] «huile» COOK")]
    assert "a COOK here, a edible 2 times" in result.faults[0].message
    assert check_articles([article("a", ("x", "FOOD"), ("y", "COOK"))], schema).faults == []


def test_registry_entries_are_checked_too(folder: Path, schema: Schema) -> None:
    """A label that the schema lacks and a country that is no code are named by entry."""
    path = folder / "bad" / "schema.yaml"
    path.parent.mkdir()
    path.write_text(SCHEMA, encoding="utf-8")
    path.with_name("things.yaml").write_text("- {id: a, label: SOUP, country: France}\n", encoding="utf-8")
    result = check_articles([], schema, load_registries(schema, path))
    assert [(fault.code, fault.where) for fault in result.faults] == [(rules.ENTRY, "things.yaml a")] * 2


def test_every_rule_has_its_words() -> None:
    """Each constant of the rules is explained, and each code stands for one rule."""
    codes = [value for name, value in vars(rules).items() if name.isupper() and name != "RULES"]
    assert sorted(codes) == sorted(rules.RULES)
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("before", "after", "cut"),
    [
        ("mo", "t", True),
        ("3", "janvier", True),
        ("l’", "oignon", False),
        ("porc-", "épic", False),
        ("porc", "-épic", False),
        ("e", "\u0301te", True),
        ("e\u0301", "te", True),
        ("👩", "\u200d🍳", True),
        ("👩\u200d", "🍳", True),
        ("新", "闻", False),
        ("カ", "フェ", False),
        ("カ", "\u3099", True),
        ("iPhone", "手机", False),
        ("ก", "\u0e34น", True),
        ("한", "국", True),
        ("a", " b", False),
        ("", "a", False),
        ("a", "", False),
    ],
)
def test_a_boundary_cuts_a_word_between_letters_digits_and_marks(before: str, after: str, cut: bool) -> None:
    """Hyphen and apostrophe end a word; a character of several code points is never cut, and scripts without
    spaces have no word that could be."""
    assert inside_word(before + after, len(before)) is cut


@given(st.dates())
def test_dates_are_iso_8601_whole_or_cut(day: object) -> None:
    """A date, its month and its year are dates; the same with slashes is none."""
    whole = str(day)
    assert is_date(whole) and is_date(whole[:7]) and is_date(whole[:4])
    assert not is_date(whole.replace("-", "/")) and not is_date(whole[:7] + "-32")


def test_the_small_project_passes() -> None:
    """All four readings are sound, and what was checked is counted."""
    result = check_articles(mini_articles(), mini_schema())
    assert (result.faults, result.documents, result.annotations) == ([], 2, 4)


def test_check_exits_with_0_or_1_and_counts_by_code(tmp_path: Path) -> None:
    """The command lists faults by place, then a count by rule; JSON holds the same."""
    project = mini_project(tmp_path / "mini")
    done = CliRunner().invoke(command, ["check", "--project", str(project.root)])
    assert done.exit_code == 0
    assert "checked: 2 documents, 4 annotations, 40 spans, 23 relations" in done.stderr
    assert done.stdout == ""
    text = "Un chat."
    bad = Annotation(
        "d", "a", "mini@0.1", spans=(Span("s", "thing", "FOOD", 2, 6),), text_sha256=sha256(text)
    )
    write_jsonl(tmp_path / "bad.jsonl", [Article(Document("d", text), (bad,))])
    arguments = ["check", str(tmp_path / "bad.jsonl"), "--project", str(project.root)]
    done = CliRunner().invoke(command, [*arguments, "--json", str(tmp_path / "out.json")])
    assert done.exit_code == 1
    assert "GW241 a/d $.spans[0] « cha»: begins in white space (leave it outside)" in done.stdout
    assert "GW242 a/d $.spans[0] « cha»: ends inside a word: «Un cha|t.» (take the whole word)" in done.stdout
    assert json.loads((tmp_path / "out.json").read_text())["by_code"] == {"GW241": 1, "GW242": 1}


def test_a_fault_in_a_raw_annotation_stops_the_curated_ones_where_that_is_asked(tmp_path: Path) -> None:
    """With --curated the most trusted annotation of each document decides; the others' faults are shown and
    counted apart. Without, any fault fails."""
    text = "Un chat."
    sound, broken = (
        Annotation("d", name, "mini@0.1", spans=(Span("s", "thing", "FOOD", *at),), text_sha256=sha256(text))
        for name, at in (("judge", (3, 7)), ("raw", (2, 6)))
    )
    sound = msgspec.structs.replace(sound, status="adjudicated")
    project = mini_project(tmp_path / "mini")
    path = tmp_path / "both.jsonl"
    arguments = ["check", str(path), "--project", str(project.root)]
    write_jsonl(path, [Article(Document("d", text), (broken, sound))])
    assert CliRunner().invoke(command, arguments).exit_code == 1
    done = CliRunner().invoke(command, [*arguments, "--curated", "--json", str(tmp_path / "out.json")])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "not counted: GW241 raw/d $.spans[0]" in done.stderr
    assert "2 places where another than the document's most trusted annotation breaks a rule" in done.stderr
    figures = json.loads((tmp_path / "out.json").read_text())
    assert (figures["faults"], len(figures["others"])) == ([], 2)
    write_jsonl(path, [Article(Document("d", text), (broken,))])
    assert CliRunner().invoke(command, [*arguments, "--curated"]).exit_code == 1


def test_another_schema_can_be_named(tmp_path: Path, folder: Path) -> None:
    """`schema_path` replaces the project's schema and its registries."""
    project = mini_project(tmp_path / "mini")
    result = run_checks(project, schema_path=folder / "schema.yaml")
    assert result.by_code[rules.SCHEMA] == 4


@given(st.text("aé ’\u0301\u200d\n1-", min_size=1, max_size=6), st.data())
def test_edges_that_are_seen_to_be_in_order_at_a_glance_are(text: str, data: st.DataObject) -> None:
    """No white space inside, no word cut; the empty mark at an edge of the text is none."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    if plain_edges(text, start, end):
        assert not (text[start].isspace() or text[end - 1].isspace())
        assert not (inside_word(text, start) or inside_word(text, end))


@given(st.lists(st.sampled_from(["raw", "cooked", "burnt", None]), min_size=2, max_size=6))
def test_what_was_held_against_the_rules_before_changes_no_fault(states: list[str | None]) -> None:
    """A book that has seen the same spans says of each what a new one says."""
    schema = mini_schema()
    used = RuleBook(schema, {})
    for state in states:
        attributes: dict[str, AttributeValue] = {} if state is None else {"state": state}
        spans = (Span("1", "thing", "FOOD", 0, 4, attributes), Span("2", "thing", "TOOL", 5, 8, attributes))
        annotation = Annotation("d", "anna", schema.id, spans=spans)
        text = "pain mot fin"
        assert used.faults(annotation, text) == RuleBook(schema, {}).faults(annotation, text)
