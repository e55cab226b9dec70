"""Documents of several files: the same by id, else by text; never misaligned in silence."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import goldwire
from goldwire.errors import GoldwireError
from goldwire.eval.scoring.alignment import align_documents, names_by_file, side_by_side
from goldwire.files import sha256
from goldwire.model import Annotation, Article, Document, Span
from tests.examples import at_most

#: What separates words: what a text has of white space, a no-break space and line ends of all kinds.
SPACES = [" ", "  ", "\n", "\n\n", "\t", "\u00a0", "\u202f"]
WORDS = ["Anna", "lebt", "in", "Berlin", "l’été", "新闻", "مرحبا", "👩‍👧", "."]


def one(
    name: str, text: str, *marks: tuple[int, int, str], annotator: str = "a", layer: str = "entity"
) -> Article:
    """A document with an annotation of marks (start, end, label)."""
    spans = tuple(Span(f"s{i}", layer, label, start, end) for i, (start, end, label) in enumerate(marks))
    return Article(
        Document(name, text),
        (Annotation(name, annotator, "found@0", "draft", spans=spans, text_sha256=sha256(text)),),
    )


def ids(side: list[Article]) -> list[str]:
    """The documents of a side, and that its annotations are theirs."""
    assert all(each.document == article.document.id for article in side for each in article.annotations)
    return [article.document.id for article in side]


def test_by_id_else_by_text_and_told_how_many() -> None:
    """Documents are found by id and text, else by text alone; how many by which is said, all by id is not."""
    gold = [one("a", "Anna."), one("b", "Ben."), one("c", "Cem.")]
    other = [one("7", "Cem."), one("a", "Anna."), one("8", "Ben.")]
    aligned = align_documents([gold, other], ["gold", "B"])
    assert ids(aligned.sides[1]) == ["c", "a", "b"]
    assert aligned.notes == ("documents of B found in gold: 1 by id, 2 by text",)
    assert align_documents([gold, gold[::-1]], ["gold", "B"]).notes == ()


def test_an_id_that_stands_for_another_text_does_not_count() -> None:
    """Numbers that tools count by themselves may name other documents on the other side: the text decides."""
    gold, other = [one("1", "Anna."), one("2", "Ben.")], [one("1", "Ben."), one("2", "Anna.")]
    assert ids(align_documents([gold, other], ["gold", "B"]).sides[1]) == ["2", "1"]
    with pytest.raises(GoldwireError, match=r"GW750 `1` has another text in B than in gold.* point 0"):
        align_documents([gold[:1], other[:1]], ["gold", "B"])


def test_equal_texts_are_matched_in_order_or_refused_by_name() -> None:
    """The same text twice: told by name where both sides have one order, refused where nothing says which."""
    gold = [one("a", "Ja."), one("b", "Nein."), one("c", "Ja.")]
    other = [one("1", "Ja."), one("2", "Nein."), one("3", "Ja.")]
    aligned = align_documents([gold, other], ["gold", "B"])
    assert ids(aligned.sides[1]) == ["a", "b", "c"]
    assert "equal texts in B were matched in their order: `a`, `c`" in aligned.notes
    for few in (other[1:], [other[0], other[2], other[1]]):
        with pytest.raises(
            GoldwireError, match=r"GW740 the same text stands as `a`, `c` in gold and as .*`3`"
        ):
            align_documents([gold, few], ["gold", "B"])
    named = [one("c", "Ja."), one("b", "Nein."), one("a", "Ja.")]
    assert ids(align_documents([gold, named], ["gold", "B"]).sides[1]) == ["c", "b", "a"]


def test_a_document_stands_once_on_its_side() -> None:
    """Two articles of one id on a side are refused: which one is scored would be left to chance."""
    with pytest.raises(GoldwireError, match="GW742 B holds more than one document called `a`"):
        align_documents([[one("a", "Anna.")], [one("a", "Anna."), one("a", "Ben.")]], ["gold", "B"])


def test_other_white_space_is_refused_with_the_way_out() -> None:
    """Texts that differ in white space alone are named in one line; with `ignore_space` spans move along."""
    gold = [one("a", "Anna lebt in\nBerlin.", (13, 19, "LOC")), one("b", "So so.")]
    other = [one("a", "Anna  lebt in Berlin .", (14, 20, "LOC"), (21, 22, "X")), one("x", "So  so.")]
    with pytest.raises(
        GoldwireError, match=r"^GW741 .*code point 5 on; 2 documents differ so .*--ignore-space"
    ):
        align_documents([gold, other], ["gold", "B"])
    aligned = align_documents([gold, other], ["gold", "B"], ignore_space=True)
    assert ids(aligned.sides[1]) == ["a", "b"]
    moved = aligned.sides[1][0].annotations[0]
    assert [(span.start, span.end) for span in moved.spans] == [(13, 19), (19, 20)]
    assert moved.text_sha256 == sha256(gold[0].document.text)
    assert any("2 texts of B have other white space" in note for note in aligned.notes)


def test_the_only_layers_of_all_sides_are_one() -> None:
    """Where each side has one layer its name says nothing, which is told; asked for by name they stand."""
    gold, other = [one("a", "Anna.", (0, 4, "PER"))], [one("a", "Anna.", (0, 4, "PER"), layer="label")]
    aligned = side_by_side([gold, other], ["gold", "B"])
    assert aligned.sides[1][0].annotations[0].spans[0].layer == "entity"
    assert aligned.notes == ("each side has one layer: `label` of B is taken for `entity` of gold",)
    assert side_by_side([gold, other], ["gold", "B"], layers=["label"]).notes == ()
    assert goldwire.score(gold, other, resamples=0).layers["entity"]["exact"].total().f1 == 1


def test_readings_of_several_sources_are_compared() -> None:
    """Each source is a reading; the same annotator twice is refused with the way out, names settle it."""
    sides = [[one(str(n), "Anna lebt.", (0, 4, "PER"), annotator="tool")] for n in range(3)]
    with pytest.raises(GoldwireError, match=r"GW743 source 1 and source 2 .*`tool`.*--names"):
        goldwire.agree(*sides, gamma=False, resamples=0)
    agreement = goldwire.agree(*sides, names=["anna", "ben", "cem"], gamma=False, resamples=0)
    assert [each["name"] for each in agreement.annotators] == ["anna", "ben", "cem"]
    assert "documents of source 3 found in source 1, source 2: 1 by text" in agreement.warnings
    for names in (["anna"], ["anna", "anna", "ben"], ["anna", "", "ben"]):
        with pytest.raises(GoldwireError, match="GW744"):
            goldwire.agree(*sides, names=names)
    several = [
        Article(sides[0][0].document, (*sides[0][0].annotations, *one("0", "", annotator="b").annotations))
    ]
    with pytest.raises(
        GoldwireError, match="GW744 source 1 holds readings by several annotators: `b`, `tool`"
    ):
        goldwire.agree(several, sides[1], names=["anna", "ben"])


def test_a_document_that_only_some_have_stays() -> None:
    """Agreement takes the documents that have two readings; what one source alone has is no fault."""
    first = [one("a", "Anna.", (0, 4, "PER")), one("b", "Ben.")]
    second = [one("a", "Anna.", (0, 4, "PER"), annotator="b"), one("c", "Cem.", annotator="b")]
    agreement = goldwire.agree(first, second, gamma=False, resamples=0)
    assert agreement.pooled.documents == ("a",)


def test_annotators_are_called_like_their_files() -> None:
    """By the file's name alone where that tells them apart, else with the folder's."""
    assert names_by_file([Path("x/anna.conll"), Path("x/ben.tsv")]) == ["anna", "ben"]
    assert names_by_file([Path("anna/test.conll"), Path("ben/test.conll")]) == ["anna/test", "ben/test"]


@st.composite
def marked(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, str]]]:
    """Words, and extents of them with labels: nested and crossing, each of them once."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
    starts = st.integers(0, len(words) - 1)
    found = draw(st.lists(st.tuples(starts, starts, st.sampled_from(["PER", "LOC"])), max_size=5))
    return words, sorted({(min(a, b), max(a, b), label) for a, b, label in found})


def written(words: list[str], spaces: list[str], name: str, marks: list[tuple[int, int, str]]) -> Article:
    """The words with white space between them, the marks of words as spans."""
    text, places = "", []
    for word, space in zip(words, spaces, strict=True):
        places.append((len(text), len(text) + len(word)))
        text += word + space
    return one(name, text, *((places[first][0], places[last][1], label) for first, last, label in marks))


@given(marked(), st.data())
def test_spans_keep_their_characters_whatever_the_white_space(
    content: tuple[list[str], list[tuple[int, int, str]]], data: st.DataObject
) -> None:
    """The same words with any other white space score 1 against themselves, span for span."""
    words, marks = content
    spaces = st.lists(st.sampled_from(SPACES), min_size=len(words), max_size=len(words))
    gold, other = (written(words, data.draw(spaces), name, marks) for name in ("a", "b"))
    _, moved = align_documents([[gold], [other]], ["gold", "B"], ignore_space=True).sides
    assert moved[0].document.text == gold.document.text
    assert [(s.start, s.end, s.label) for s in moved[0].annotations[0].spans] == [
        (s.start, s.end, s.label) for s in gold.annotations[0].spans
    ]


@pytest.mark.parametrize(
    "format", ["jsonl", "labelstudio", "docbin", "parquet", "brat", "webanno_tsv", "cas"]
)
@settings(max_examples=at_most(8))
@given(content=st.lists(marked(), min_size=1, max_size=3))
def test_a_reference_in_another_format_scores_1_against_itself(
    format: str, content: list[tuple[list[str], list[tuple[int, int, str]]]]
) -> None:
    """Whatever a format calls documents and layers: what it keeps is found again, all of it and in place."""
    gold = [
        written([f"Text{n}", *words], [" "] * (len(words) + 1), f"d{n}", [(0, 0, "PER"), *marks])
        for n, (words, marks) in enumerate(content)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / {"jsonl": "x.jsonl", "docbin": "x.spacy", "parquet": "x.parquet"}.get(
            format, "x"
        )
        goldwire.write(gold, path, format)
        scores = goldwire.score(gold, goldwire.read(path, format), resamples=0)
        assert scores.layers["entity"]["exact"].total().f1 == 1
        assert len(scores.documents) == len(gold)
