"""Tags over tokens: every span is tagged, or counted as left out."""

from __future__ import annotations

from hypothesis import given, settings

from goldwire.annotations.tokens import TagLoss, bio_names, tagged_tokens, tokenizer
from goldwire.model import Annotation, Article, Document, Span
from tests.corpus.mini import mini_schema
from tests.examples import at_most
from tests.strategies import articles

NLP = tokenizer("fr")
SCHEMA = mini_schema()


def tagged(text: str, *extents: tuple[int, int]) -> tuple[list[str], TagLoss]:
    """The tags of spans of one label, and what was left out."""
    spans = tuple(Span(f"s{n}", "thing", "FOOD", start, end) for n, (start, end) in enumerate(extents))
    losses: dict[str, TagLoss] = {}
    found = tagged_tokens(
        Document("d", text), Annotation("d", "a", "mini@0.1", spans=spans), SCHEMA, NLP, losses
    )
    return found.tags["thing"], losses["thing"]


def test_a_span_inside_a_token_is_widened_and_a_second_one_left_out() -> None:
    """Two halves of a word can't both be tagged; which one was cut is shown."""
    tags, loss = tagged("du chocolat noir", (3, 7), (7, 11))
    assert tags == ["O", "B-FOOD", "O"]
    assert (loss.spans, loss.cut, loss.collided) == (2, 1, 1)
    assert loss.cases == ["d [3, 7) «choc» in «chocolat»"]


def test_white_space_between_tokens_holds_no_token() -> None:
    """A span over a single space is left out, and counted."""
    tags, loss = tagged("du sel", (2, 3))
    assert (tags, loss.collided) == (["O", "O"], 1)


def test_neighbours_of_one_label_stay_two() -> None:
    """B- begins a second span at once."""
    assert tagged("sel poivre", (0, 3), (4, 10))[0] == ["B-FOOD", "B-FOOD"]
    assert bio_names(["X", "Y"]) == ["O", "B-X", "I-X", "B-Y", "I-Y"]


@settings(max_examples=at_most(60))
@given(articles())
def test_every_span_is_tagged_or_counted(article: Article) -> None:
    """Spans begun in the tags and those left out add up to all spans; tokens give the text back."""
    for annotation in article.annotations[:1]:
        losses: dict[str, TagLoss] = {}
        found = tagged_tokens(article.document, annotation, SCHEMA, NLP, losses)
        for layer, tags in found.tags.items():
            loss = losses[layer]
            assert sum(tag[0] == "B" for tag in tags) + loss.nested + loss.collided == loss.spans
            assert all(
                tag[0] != "I" or tags[place - 1] in (tag, f"B{tag[1:]}") for place, tag in enumerate(tags)
            )
        words = zip(found.words, found.whitespace, strict=True)
        assert "".join(word + " " * space for word, space in words) == article.document.text


def test_rules_are_made_once_and_anew_when_they_hold_too_many_words() -> None:
    """A notebook that converts for hours keeps no more words than these; rules with sentences are others."""
    first = tokenizer("xx")
    assert tokenizer("xx") is first
    assert tokenizer("xx", sentences=True) is not first and not first.pipe_names
    first.make_doc(" ".join(map(str, range(2000))))
    assert tokenizer("xx") is first
    again = tokenizer("xx", most=2000)
    assert again is not first and len(again.vocab) < 2000
