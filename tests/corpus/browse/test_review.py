"""What is marked in two ways, and the page that lists it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.cli.corpus import command
from goldwire.corpus.browse.review import review, write_review
from goldwire.corpus.corpus import Corpus, load_corpus
from goldwire.corpus.quality.consistency import Inconsistency, context, inconsistencies
from goldwire.corpus.quality.label_errors import LabelErrors, find_label_errors
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Article, Document, Span
from goldwire.project import Project, example_root, load_project
from goldwire.schemas import Schema
from goldwire.schemas.schema import RegistryEntry
from goldwire.text import wording
from tests.corpus.mini import mini_schema, project
from tests.corpus.quality.test_label_errors import changed, recipes

__all__ = ["project"]

HOSTILE = "<script>alert(1)</script>"


def article(name: str, text: str, *marked: tuple[str, str]) -> Article:
    """An article in which words, told by their nth place, are marked: (word or word#n, label)."""
    spans = []
    for number, (word, label) in enumerate(marked):
        word, _, nth = word.partition("#")
        start = -1
        for _ in range(int(nth or 1)):
            start = text.index(word, start + 1)
        spans.append(Span(f"s{number}", "thing", label, start, start + len(word)))
    return Article(Document(name, text), (Annotation(name, "anna", "mini@0.1", spans=tuple(spans)),))


def of_kind(found: list[Inconsistency], kind: str) -> list[Inconsistency]:
    """Those of one kind."""
    return [one for one in found if one.kind == kind]


def test_one_wording_with_two_labels_is_listed_the_rare_label_first() -> None:
    """Case, accents and apostrophes make no difference; the odd use stands at the head."""
    articles = [
        article("a", "Le Pâté et le pâte", ("Pâté", "FOOD"), ("pâte", "FOOD")),
        article("b", "la PATE", ("PATE", "TOOL")),
    ]
    (one,) = of_kind(inconsistencies(articles, mini_schema()), "label")
    assert (one.layer, one.wording, one.counts) == ("thing", "pate", {"FOOD": 2, "TOOL": 1})
    assert [(use.document, use.label) for use in one.uses] == [("b", "TOOL"), ("a", "FOOD"), ("a", "FOOD")]
    assert not one.akin


def test_labels_of_one_family_come_last() -> None:
    """A country as place and as government may be right both times: the schema's families say so."""
    found = of_kind(
        inconsistencies(load_corpus(load_project(example_root())).articles, load_corpus_schema()), "label"
    )
    assert {one.wording: one.counts for one in found}["retrait"].keys() == {"RETREAT", "SANCTION"}
    assert [one.akin for one in found] == sorted(one.akin for one in found)
    assert {"irak", "washington"} <= {one.wording for one in found if one.akin}


def load_corpus_schema() -> Schema:
    """The example's schema."""
    return load_corpus(load_project(example_root())).schema


def test_what_is_usually_marked_is_listed_where_it_is_not() -> None:
    """Three marks of a word, and a fourth place without; inside another word it does not count."""
    articles = [
        article("a", "pain, pain, pain", ("pain", "FOOD"), ("pain#2", "FOOD"), ("pain#3", "FOOD")),
        article("b", "Du Pain et un painier"),
    ]
    (one,) = of_kind(inconsistencies(articles, mini_schema()), "unmarked")
    assert [(use.document, use.start, use.end, use.text) for use in one.uses] == [("b", 3, 7, "Pain")]
    assert one.counts == {"FOOD": 3, "": 1}


def test_double_and_crossing_spans_are_listed_and_nested_ones_not() -> None:
    """One extent with two labels, and spans that cross, in one layer; a nest is as it should be."""
    text = "pain au lait"
    spans = (
        Span("a", "thing", "FOOD", 0, 7),
        Span("b", "thing", "TOOL", 5, 12),
        Span("c", "thing", "FOOD", 8, 12),
        Span("d", "thing", "TOOL", 8, 12),
    )
    one = Article(Document("d", text), (Annotation("d", "anna", "mini@0.1", spans=spans),))
    found = inconsistencies([one], mini_schema())
    assert [[use.span for use in each.uses] for each in of_kind(found, "double")] == [["c", "d"]]
    assert [[use.span for use in each.uses] for each in of_kind(found, "crossing")] == [["a", "b"]]


def test_ids_that_differ_and_ids_that_nobody_uses_are_listed() -> None:
    """One wording and label with two ids; a registry's entry without a mention."""
    corpus = load_corpus(load_project(example_root()))
    found = inconsistencies(corpus.articles, corpus.schema, {"actors": {"x.y": RegistryEntry("x.y", "PER")}})
    assert "x.y" in {one.wording for one in of_kind(found, "unused")}
    general = next(one for one in of_kind(found, "id") if one.wording.startswith("general"))
    assert {"per.mark-milley", "per.qassem-soleimani"} <= set(general.counts)
    assert {use.value for use in general.uses} == set(general.counts)


@given(st.text())
def test_a_wording_is_its_own_wording(text: str) -> None:
    """Comparing what is compared already changes nothing."""
    once = wording(text)
    assert wording(once) == once


@given(st.text(min_size=1), st.data())
def test_a_context_holds_the_words_and_no_line_end(text: str, data: st.DataObject) -> None:
    """What stands in a row is one line, and its middle are the words themselves."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    before, words, after = context(text, start, end, width=5)
    assert words == text[start:end].replace("\n", "↵")
    assert "\n" not in before + words + after
    assert len(before) <= 6 and len(after) <= 6


def test_the_page_lists_everything_with_links_and_escapes_it(tmp_path: Path, project: Project) -> None:
    """Each kind has its place, rows link to tasks where they are known, and no text is HTML."""
    text = f"{HOSTILE} pain {HOSTILE}"
    marks = (
        Span("a", "thing", "FOOD", 0, 25),
        Span("b", "thing", "TOOL", 31, 56),
        Span("c", "thing", HOSTILE, 26, 30),
    )
    first = Article(
        Document("d" + HOSTILE, text, {"title": HOSTILE}),
        (Annotation("d" + HOSTILE, HOSTILE, "mini@0.1", spans=marks),),
    )
    corpus = Corpus(project, mini_schema(), {}, [first, article("e", "pain", ("pain", "FOOD"))])
    result = review(corpus, label_errors=False)
    path = tmp_path / "review.html"
    write_review(path, corpus, result, links={first.document.id: "http://127.0.0.1:9/projects/1/data?task=7"})
    page = path.read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert "<script" not in page
    assert page.count('href="http://127.0.0.1:9/projects/1/data?task=7"') >= 3
    assert "GW232" in page and "Same wording, different labels" in page


@pytest.mark.parametrize("told", ["in the same words", "as the same story"])
def test_copies_do_not_vouch_for_each_other(project: Project, told: str) -> None:
    """Near-duplicates, and articles of one `meta.story`, are judged by a model of the others only."""
    wrong = changed(recipes(6), "d0", "s1", label="FOOD")
    copies = [copy_of(wrong[0], f"copy{number}", told) for number in range(5)]
    corpus = Corpus(project, mini_schema(), {}, [*wrong[1:], *copies])
    found = review(corpus).label_errors
    before = review(Corpus(project, mini_schema(), {}, wrong)).label_errors
    assert found is not None and before is not None
    assert found.folds == before.folds > 3, "five copies are one fold, as the one article was"
    names = {one.document.id for one in copies}
    assert doubted(found, names) == names
    assert doubted(find_label_errors(corpus.articles, "fr", layers=["thing"]), names) == set()
    with pytest.raises(GoldwireError, match=r"GW218 .*all are copies or of one story"):
        review(Corpus(project, mini_schema(), {}, copies))


def copy_of(article: Article, name: str, told: str) -> Article:
    """The article under another name: a copy, or with more words of its own and only its story in common."""
    text, meta = article.document.text, {}
    if told == "as the same story":
        text = " ".join([text, *(f"{name}{number}" for number in range(40))])
        meta = {"story": "one"}
    annotation = msgspec.structs.replace(article.annotations[0], document=name)
    return Article(Document(name, text, meta), (annotation,))


def doubted(found: LabelErrors, names: set[str]) -> set[str]:
    """The documents among these whose wrong label is listed."""
    return {one.document for one in found.errors if one.span == "s1"} & names


def test_the_command_writes_page_and_figures(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`corpus review` lists counts, writes the page into the reports, and all rows as JSON."""
    monkeypatch.delenv("GOLDWIRE_URL", raising=False)
    figures = tmp_path / "figures.json"
    done = CliRunner().invoke(command, ["review", "--project", str(project.root), "--json", str(figures)])
    assert done.exit_code == 0, done.output
    assert "rows link to no task" in done.output
    page = (project.reports / "review.html").read_text(encoding="utf-8")
    assert "What a model reads otherwise" in page
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert set(found) == {"inconsistencies", "label_errors", "checks", "counts"}
    assert found["label_errors"]["folds"] == 2


def test_the_browse_command_tells_roles_and_where_the_site_is(project: Project, tmp_path: Path) -> None:
    """`corpus browse` names the relations that it read as roles, and the page to open."""
    figures = tmp_path / "figures.json"
    done = CliRunner().invoke(command, ["browse", "--project", str(project.root), "--json", str(figures)])
    assert done.exit_code == 0, done.output
    assert "source = object, target = with" in done.output
    assert (project.reports / "browse/index.html").is_file()
    assert json.loads(figures.read_text(encoding="utf-8"))["local"] is False
