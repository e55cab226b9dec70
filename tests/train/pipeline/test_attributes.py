"""An attribute is learned where a classifier is surely better than always the same, and only there."""

from __future__ import annotations

import random
from collections.abc import Callable

import spacy
from hypothesis import given
from hypothesis import strategies as st

from goldwire.model import Annotation, Document, Span
from goldwire.train.pipeline.components import Linear
from goldwire.train.pipeline.linear import fit_attribute, helps, marked
from goldwire.train.training_data import Reference

COUNTS = st.tuples(st.integers(0, 400), st.integers(0, 400))


@given(st.lists(COUNTS, max_size=2), COUNTS)
def test_two_stories_prove_nothing(alone: list[tuple[int, int]], only: tuple[int, int]) -> None:
    """However many spans are told right, one or two stories never suffice, nor one among many that tie."""
    assert not helps(alone)
    assert not helps([only, *[(3, 3)] * 20])


@given(st.lists(COUNTS, max_size=12), st.randoms(use_true_random=False))
def test_help_is_for_one_side_only(alone: list[tuple[int, int]], order: random.Random) -> None:
    """Both sides are never better at once, and the stories' order changes nothing."""
    turned = [(theirs, ours) for ours, theirs in alone]
    assert not (helps(alone) and helps(turned))
    shuffled = order.sample(alone, len(alone))
    assert helps(shuffled) == helps(alone)


def test_a_steady_gain_is_taken_and_a_lucky_one_is_not() -> None:
    """Three stories that all gain suffice; few spans, or all the gain in one story, do not."""
    assert helps([(6, 1), (5, 1), (7, 0)])
    assert not helps([(1, 0), (1, 0), (1, 0)])
    assert not helps([(20, 0), (1, 1), (0, 1), (1, 0)])
    assert not helps([(6, 5), (5, 4), (7, 6)])
    assert not helps([])


def test_chance_switches_an_attribute_on_in_fewer_than_one_of_twenty() -> None:
    """Of classifiers that are right by chance alone, at most 5 % pass, whatever a story's length."""
    for stories in (3, 4, 10):
        draw = random.Random(stories)
        passed = 0
        for _ in range(1000):
            alone = []
            for _ in range(stories):
                spans = draw.randint(2, 30)
                ours = sum(draw.random() < 0.5 for _ in range(spans))
                alone.append((ours, spans - ours))
            passed += helps(alone)
        assert passed <= 50


def references(values: Callable[[int, str], str], *, stories: int, count: int = 6) -> list[Reference]:
    """Documents of twelve one-word spans, each with a value told by document and word."""
    found = []
    for number in range(count):
        words = [("coupe", "chauffe", "mange")[(i + number) % 3] for i in range(12)]
        spans, at = [], 0
        for i, word in enumerate(words):
            value = values(number, word)
            spans.append(Span(f"s{i}", "step", "ACT", at, at + len(word), {"how": value} if value else {}))
            at += len(word) + 1
        document = Document(f"d{number}", " ".join(words), {"story": f"story {number % stories}"})
        found.append(Reference(document, Annotation(f"d{number}", "a", "s", spans=tuple(spans))))
    return found


def fitted(found: list[Reference]) -> tuple[Linear | None, bool]:
    """What tells `how`, and whether it is learned."""
    nlp = spacy.blank("fr")
    held = [marked(nlp.make_doc, one, ["step"]) for one in found]
    return fit_attribute(held, "step", None, lambda span: str(span.attributes.get("how", "")))


def learned(found: list[Reference]) -> Linear | None:
    """The classifier of `how`, if it is learned."""
    model, helped = fitted(found)
    return model if helped else None


def test_what_a_word_tells_is_learned() -> None:
    """A value that goes with the word is learned; one drawn by lot is not."""
    told = {"coupe": "fast", "chauffe": "slow", "mange": ""}
    model = learned(references(lambda _, word: told[word], stories=6))
    assert model is not None
    assert sorted(model.classes) == ["", "fast", "slow"]
    draw = random.Random(0)
    assert learned(references(lambda *_: draw.choice(["fast", "slow"]), stories=6)) is None


def test_what_is_not_learned_gets_the_value_of_more_than_half() -> None:
    """By lot three in four are slow: slow is said of all. Where none has a majority, or most have no value,
    nothing is said; nor where there is nothing at all."""
    for values, said in (
        (["slow"] * 3 + ["fast"], "slow"),
        (["slow", "fast", "raw"], None),
        (["", "", "slow"], None),
    ):
        draw = random.Random(1)
        model, helped = fitted(references(lambda *_, v=values, d=draw: d.choice(v), stories=6))
        assert not helped
        if said is None:
            assert model is None
        else:
            assert model is not None
            assert model.classes[int(model.chances(["text=mange"]).argmax())] == said
    assert fitted([]) == (None, False)
    model, helped = fitted(references(lambda *_: "slow", stories=6))
    assert model is not None
    assert (model.classes, helped) == (["slow"], False)


def test_articles_of_one_story_are_one_trial() -> None:
    """What three stories prove, six articles of two stories do not."""
    told = {"coupe": "fast", "chauffe": "slow", "mange": ""}
    assert learned(references(lambda _, word: told[word], stories=3)) is not None
    assert learned(references(lambda _, word: told[word], stories=2)) is None
