"""What a model is taught: flat spans on tokens, in pieces, with everything that does not fit counted."""

from __future__ import annotations

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.formats.spacy_doc import from_doc
from goldwire.model import Annotation, Article, Document, Span
from goldwire.train.training_data import Reference, pieces, to_doc, training_data, training_docs
from tests.examples import at_most

NLP = spacy.blank("fr")


def reference(text: str, *marked: tuple[str, str]) -> Reference:
    """A text with the first occurrence of each wording marked."""
    spans = tuple(
        Span(f"s{i}", "thing", label, text.index(part), text.index(part) + len(part))
        for i, (part, label) in enumerate(marked)
    )
    return Reference(Document("d", text), Annotation("d", "anna", "tiny@1", spans=spans))


def test_nested_spans_are_left_out_and_counted() -> None:
    """Of a nest the outermost span is learned, the inner ones are kept apart and counted."""
    nest = reference("le chef du Pentagone parle", ("chef du Pentagone", "ROLE"), ("Pentagone", "INST"))
    found = training_data([Article(nest.document, (nest.annotation,))], "thing")
    assert [span.label for span in found.references[0].annotation.spans] == ["ROLE"]
    assert found.nested == 1
    assert {span.label for span in found.references[0].full.spans} == {"ROLE", "INST"}


def test_the_most_trusted_annotation_is_learned(articles: list[Article]) -> None:
    """Where a document has a draft and a reviewed annotation, the reviewed one counts."""
    draft = articles[0].annotations[0]
    reviewed = Annotation(draft.document, "bruno", "tiny@1", "reviewed", spans=draft.spans[:1])
    found = training_data([Article(articles[0].document, (draft, reviewed))], "thing")
    assert found.labels == {"WHO": 1}
    assert found.few == {"WHO": 1}


def test_articles_without_annotation_are_counted(articles: list[Article]) -> None:
    """An article that no one has annotated teaches nothing, and is counted."""
    found = training_data([*articles, Article(Document("new", "Texte."))], "thing")
    assert found.unannotated == 1
    assert found.documents == ["a0", "a1", "a2"]


def test_no_annotation_at_all_is_refused() -> None:
    """Without any annotation there is a plain error, not an empty model."""
    with pytest.raises(GoldwireError, match="GW401"):
        training_data([Article(Document("new", "Texte."))], "thing")


def test_a_layer_without_examples_is_refused(articles: list[Article]) -> None:
    """A layer that no one has marked is refused, and those that exist are listed."""
    with pytest.raises(GoldwireError, match=r"GW402.*`nothing`.*thing \(36 spans\)"):
        training_data(articles, "nothing")


def test_a_span_that_cuts_a_token_is_widened_and_reported() -> None:
    """A span that begins inside a token is learned as whole tokens, and named with its token."""
    doc, (cut,) = to_doc(NLP, reference("L’ex-premier ministre parle", ("premier ministre", "ROLE")))
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("ex-premier ministre", "ROLE")]
    assert (cut.text, cut.tokens, cut.learned) == ("premier ministre", ("ex-premier",), "ex-premier ministre")


def test_a_cut_span_beside_another_is_left_unknown() -> None:
    """Where widening would run into another span, the tokens are neither inside nor outside for the model."""
    source = reference("Les pro-iraniens arrivent", ("pro", "A"), ("iraniens", "B"))
    doc, cuts = to_doc(NLP, source)
    assert [(cut.label, cut.learned) for cut in cuts] == [("A", "pro-iraniens"), ("B", "")]
    assert [ent.label_ for ent in doc.ents] == ["A"]


def test_white_space_at_the_ends_is_no_cut() -> None:
    """White space at a span's ends is trimmed for the model, which can't learn it."""
    doc, cuts = to_doc(NLP, reference("Voir Lyon demain", (" Lyon ", "WHERE")))
    assert ([ent.text for ent in doc.ents], cuts) == (["Lyon"], [])


@settings(max_examples=at_most(60))
@given(
    st.text(alphabet="ab.!? \n’é🥔العربية", max_size=120),
    st.lists(st.tuples(st.integers(0, 110), st.integers(1, 12)), max_size=5),
    st.integers(0, 8),
)
def test_pieces_give_the_text_back(text: str, marks: list[tuple[int, int]], longest: int) -> None:
    """However a document is cut, no character and no entity is lost, and each piece knows its place."""
    spans = tuple(
        Span(f"s{i}", "thing", "X", start, min(start + size, len(text)))
        for i, (start, size) in enumerate(marks)
        if start < len(text)
    )
    article = Article(Document("d", text), (Annotation("d", "a", "s", spans=spans),))
    if not spans:
        return
    doc, _ = to_doc(NLP, training_data([article], "thing").references[0])
    found = pieces(doc, longest)
    assert "".join(piece.text_with_ws for piece in found) == text
    entities = [
        (ent.start_char + piece.user_data["offset"], ent.text) for piece in found for ent in piece.ents
    ]
    assert entities == [(ent.start_char, ent.text) for ent in doc.ents]


def test_short_paragraphs_stay_whole_and_long_ones_become_sentences() -> None:
    """A new line always parts, a full stop only in a paragraph that is longer than asked."""
    doc = NLP("Un. Deux.\nTrois quatre. Cinq six. Sept huit.")
    assert [piece.text.rstrip() for piece in pieces(doc, 6)] == [
        "Un. Deux.",
        "Trois quatre.",
        "Cinq six.",
        "Sept huit.",
    ]


def test_all_references_are_learned(articles: list[Article]) -> None:
    """Every flat span of every article ends up in a training piece."""
    docs, cuts = training_docs(NLP, training_data(articles, "thing").references)
    assert sum(len(doc.ents) for doc in docs) == 36
    assert cuts == []


def test_a_pipelines_entities_become_spans_of_the_layer() -> None:
    """Entities come back as spans in code points, emoji or not."""
    document = Document("d", "🥔👩‍🍳 Voir Lyon")
    doc = NLP(document.text)
    lyon = doc.char_span(10, 14, label="WHERE")
    assert lyon is not None
    doc.set_ents([lyon])
    (span,) = from_doc(doc, document, "thing")
    assert (document.text[span.start : span.end], span.layer, span.label) == ("Lyon", "thing", "WHERE")
