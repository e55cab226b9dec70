"""The coefficients of `agree`: heads, tokens, identity, and all of them together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldwire.cli.eval import command as eval_command
from goldwire.eval.agreement.agree import agree
from goldwire.eval.agreement.coefficients import token_values, tokens_of
from goldwire.eval.matching.span_heads import head, head_spans
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article, Relation, Span
from tests.eval.helpers import Mark, article, marks, reading, spans
from tests.examples import at_most

TEXT = "Un chat dort sur le lit ; deux souris dansent. Là-bas, l’horloge sonne !"


def figures(*articles: Article, **options: Any) -> dict[str, Any]:
    """The JSON, as other programs read it."""
    found = agree(articles, **{"resamples": 20, "extent": "all", **options}).as_json()
    plain: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    return plain


def read_by(number: int, *readings: list[Span]) -> Article:
    """A document with one reading each by a, b, c …"""
    made = [
        reading(*found, document=f"d{number}", annotator=n)
        for n, found in zip("abcd", readings, strict=False)
    ]
    return article(TEXT, *made, language="fr")


@pytest.mark.parametrize(
    ("span", "wanted"),
    [
        ("l’ambassade américaine", "ambassade"),
        ("des milices pro-iraniennes", "milices"),
        ("31 roquettes", "roquettes"),
        ("Les deux pays", "pays"),
        ("ex-premier ministre", "ex-premier"),
        ("pro-iraniens 😀", "pro-iraniens"),
        ("le", "le"),
        ("« »", "« »"),
    ],
)
def test_heads(span: str, wanted: str) -> None:
    """The first word that is no determiner, preposition or number; the first one where all are."""
    text = f"😀 {span}."
    start, end = head(text, 2, 2 + len(span), "fr")
    assert text[start:end] == wanted


def test_heads_match_where_edges_differ() -> None:
    """Readings that differ by a determiner or an adjective have the same heads; one span counts once."""
    text = "des milices pro-iraniennes"
    one, other = spans(("A", 0, 11)), spans(("A", 4, 26))
    made = [reading(*found, annotator=name) for name, found in (("a", one), ("b", other))]
    layer = figures(article(text, *made, language="fr-FR"))["layers"]["thing"]
    assert layer["exact"]["f1"] == 0
    assert layer["head"]["f1"] == 1
    nested = spans(("A", 0, 11), ("A", 4, 26))
    assert len(set(head_spans(text, nested, "fr"))) == 2
    for other_language in ({"language": "en"}, {"language": None}, {}):
        assert "head" not in figures(article(text, *made, **other_language))["layers"]["thing"]


def test_a_span_that_stands_twice_has_one_head() -> None:
    """The same extent and label twice count once, as in every other figure."""
    assert len(head_spans("des milices", spans(("A", 0, 11), ("A", 0, 11)), "fr")) == 1
    found = figures(read_by(0, spans(("A", 3, 7), ("A", 3, 7)), spans(("A", 3, 7))))["layers"]["thing"]
    assert found["head"]["f1"] == found["exact"]["f1"] == 1


def test_tokens_take_the_label_that_they_touch() -> None:
    """A token is a word or a mark; -1 is a document not read, 0 no span."""
    text = "l’eau 😀, 水."
    marked = spans(("A", 2, 4), ("B", 8, 10))
    values, document = token_values(
        [tokens_of(text), tokens_of("un")], [{0: marked, 1: []}, {1: []}], {"A": 0, "B": 1}, 2
    )
    assert values[:, 0].tolist() == [0, 0, 1, 0, 0, 2, 0, -1]
    assert values[:, 1].tolist() == [0] * 8
    assert document.tolist() == [0] * 7 + [1]


def test_identity_inside_and_across_documents() -> None:
    """Who shares an id counts, not its name; across documents a split shows that no document has alone."""

    def ids(*names: str | None) -> list[Span]:
        return [
            Span(f"t{i}", "thing", "A", 8 * i, 8 * i + 3, {"who_id": n} if n else {})
            for i, n in enumerate(names)
        ]

    first, second = (
        read_by(0, ids("x", "x", "y"), ids("p", "p", "q")),
        read_by(1, ids("x", "y"), ids("r", "q")),
    )
    found = figures(first, second)["layers"]["thing"]["identity_given_match"]["who_id"]
    assert all(one["value"] == pytest.approx(1) for one in found["within"].values())
    # Across, x of the first is {1, 2} and of the second a third mention; the other reader splits them.
    assert found["across"]["b_cubed"]["value"] == pytest.approx(2 * (11 / 15) / (1 + 11 / 15))
    assert found["across"]["b_cubed"]["mentions"] == 5
    half = figures(read_by(0, ids("x", "x", None), ids("p", None, None)))["layers"]["thing"]
    within = half["identity_given_match"]["who_id"]["within"]["b_cubed"]
    assert within["mentions"] == 2
    # P 1, R ¼: of two mentions of x one is found, and it shares a cluster of one with half of x.
    assert within["value"] == pytest.approx(2 * 0.25 / 1.25)
    assert "no interval" in within["why"]


#: Two readings that overlap in two ways that are equally good: one must be taken whoever is called a.
TIED: list[list[Mark]] = [
    [("A", 1, 2), ("C", 3, 7), ("A", 0, 1), ("A", 0, 2), ("A", 0, 6), ("A", 8, 9)],
    [("A", 2, 4), ("A", 0, 1), ("A", 5, 7), ("A", 3, 4), ("B", 5, 7), ("A", 0, 1), ("A", 8, 9)],
]
corpus = st.lists(st.lists(marks(), min_size=2, max_size=3), min_size=1, max_size=3)
SAME = ("tokens", "unitizing", "gamma", "gamma_cat", "head", "label_given_match")


def values(found: Any, where: str = "") -> dict[str, float]:
    """Every figure of the JSON by its path; -9 where it is null."""
    if not isinstance(found, dict):
        return {where: -9 if found is None else found}
    some = [values(one, f"{where}.{key}") for key, one in found.items() if key not in ("ci95", "why")]
    return {path: value for one in some for path, value in one.items()}


@settings(max_examples=at_most(25))
@given(corpus)
@example([TIED])
def test_names_and_order_do_not_matter(documents: list[list[list[Mark]]]) -> None:
    """Whoever is called a, b and c, and whichever document comes first, the figures are the same.

    Annotators may miss documents: here the third one does at random.
    """
    if not any(marked for readings in documents for marked in readings):
        return
    here = figures(*(read_by(i, *(spans(*m) for m in found)) for i, found in enumerate(documents)))
    renamed = []
    for i, found in enumerate(documents):
        names = dict(zip(range(3), "cba", strict=True))
        made = [reading(*spans(*m), document=f"d{i}", annotator=names[n]) for n, m in enumerate(found)]
        renamed.append(article(TEXT, *made[::-1], language="fr"))
    there = figures(*renamed)
    one, other = here["layers"]["thing"], there["layers"]["thing"]
    assert values({name: other[name] for name in SAME}) == pytest.approx(
        values({name: one[name] for name in SAME})
    )
    backwards = figures(*renamed[::-1])["layers"]["thing"]
    some = ("tokens", "unitizing", "head", "label_given_match")
    assert values({name: backwards[name] for name in some}) == pytest.approx(
        values({name: one[name] for name in some})
    )


@settings(max_examples=at_most(15))
@given(st.lists(marks(), min_size=1, max_size=2))
def test_identical_readings_are_one(documents: list[list[Mark]]) -> None:
    """Every figure that is defined is 1; the others say why they are not."""
    if not any(documents):
        return
    found = figures(*(read_by(i, *[spans(*m)] * 3) for i, m in enumerate(documents)))
    layer = found["layers"]["thing"]
    shares = [*layer["tokens"].values(), *layer["unitizing"].values(), layer["gamma"], layer["gamma_cat"]]
    shares += [one for where in layer["label_given_match"].values() for one in where.values()]
    for one in shares:
        assert one["value"] == pytest.approx(1) if one["value"] is not None else one["why"]
    assert layer["head"]["f1"] == 1


def test_arguments_are_compared_with_their_heads() -> None:
    """A span with a wrong argument is no whole structure; without any argument there is no such figure."""
    one = reading(*spans(("A", 0, 4), ("B", 10, 14)), annotator="a", relations=(Relation("of", "t0", "t1"),))
    other = reading(
        *spans(("A", 0, 4), ("B", 20, 24)), annotator="b", relations=(Relation("of", "t0", "t1"),)
    )
    found = figures(article(TEXT, one, other))
    assert found["structures"]["thing"]["strict"]["labels"]["A"]["f1"] == 0
    assert "structures" not in figures(read_by(0, spans(("A", 0, 3)), spans(("A", 0, 3))))


def test_only_what_is_asked_for_is_computed() -> None:
    """F1 alone has none of the coefficients, and they have γ only where it is asked for."""
    document = read_by(0, spans(("A", 0, 3)), spans(("A", 0, 3)))
    plain = figures(document, extent="matching")["layers"]["thing"]
    assert not {"tokens", "gamma", "head"} & set(plain)
    some = figures(document, extent="coefficients")["layers"]["thing"]
    assert "tokens" in some and "gamma" not in some


def test_stories_are_redrawn_together() -> None:
    """Articles of one story are one unit of the bootstrap: two such have no interval."""
    documents = [read_by(i, spans(("A", 0, 3)), spans(("A", i, 3))) for i in range(2)]
    stories = [
        Article(type(d.document)(d.document.id, TEXT, {"story": "s"}), d.annotations) for d in documents
    ]
    assert figures(*documents)["layers"]["thing"]["exact"]["ci95"] is not None
    found = agree(stories, resamples=20)
    assert found.pooled.layers["thing"].counts["exact"].micro().ci95 is None
    assert any("1 group" in warning for warning in found.warnings)


def test_the_command_says_what_it_asks_and_what_it_sampled(tmp_path: Path) -> None:
    """The table tells where, what and both apart; γ can be left out, else its sampling is told."""
    found = [read_by(i, spans(("A", 0, 3), ("B", 8, 12)), spans(("A", 0, 3), ("A", 8, 11))) for i in range(3)]
    path, out = tmp_path / "both.jsonl", tmp_path / "agree.json"
    write_jsonl(path, found)
    done = CliRunner().invoke(eval_command, ["agree", str(path), "--json", str(out), "--resamples", "20"])
    assert done.exit_code == 0, done.output
    assert {"where", "what", "both"} <= {
        line.split()[1] for line in done.stdout.splitlines() if "thing" in line
    }
    assert "γ-cat" in done.stdout
    assert "chance for γ is sampled" in done.stderr
    layer = json.loads(out.read_text(encoding="utf-8"))["layers"]["thing"]
    assert layer["gamma"]["value"] < 1
    assert set(layer["unitizing"]) == {"u_alpha", "binary", "cu_alpha", "alpha_2004"}
    short = CliRunner().invoke(eval_command, ["agree", str(path), "--no-gamma", "--resamples", "0"])
    assert short.exit_code == 0
    assert "γ" not in short.output
    assert "uα" in short.output
