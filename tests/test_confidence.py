"""How sure a recogniser is of what it found: a distribution over rival readings."""

from __future__ import annotations

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Span
from spacy.training import Example
from thinc.api import fix_random_seed

from goldwire.confidence import entity_confidences, recogniser


@pytest.fixture(scope="module")
def nlp() -> Language:
    """A recogniser of two labels, trained for a moment; one of its sentences has several tokens marked."""
    fix_random_seed(0)
    made = spacy.blank("fr")
    made.add_pipe("ner")
    marked = [
        ("Anna coupe la pomme", [(0, 4, "WHO"), (14, 19, "WHAT")]),
        ("Bruno mange une tarte aux pommes", [(0, 5, "WHO"), (16, 32, "WHAT")]),
        ("rien ne se passe", []),
    ]
    examples = [Example.from_dict(made.make_doc(text), {"entities": spans}) for text, spans in marked * 4]
    made.initialize(lambda: examples)
    for _ in range(30):
        made.update(examples)
    return made


def test_confidence_is_a_distribution_over_rival_readings(nlp: Language) -> None:
    """One token's readings as an entity of each label share at most 1; what was found is left as it was."""
    ner = recogniser(nlp)
    assert ner is not None
    doc = nlp("Anna coupe une tarte aux pommes")
    before = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
    assert before, "the recogniser learned nothing"
    found = entity_confidences(ner, [doc, nlp("")])
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == before
    assert found[1] == []
    assert all(score is not None and 0 < score <= 1 for score in found[0])
    for token in doc:
        shares = []
        for label in ner.labels:
            rival = doc.copy()
            rival.set_ents([Span(rival, token.i, token.i + 1, label=label)])
            (score,) = entity_confidences(ner, [rival])[0]
            shares.append(score or 0.0)
        assert sum(shares) <= 1 + 1e-6


def test_what_the_recogniser_found_is_more_likely_than_another_label(nlp: Language) -> None:
    """The label that was chosen has a greater probability than its rival, alone or with other texts."""
    ner = recogniser(nlp)
    assert ner is not None
    docs = [nlp("Anna coupe la pomme"), nlp("Bruno mange une tarte aux pommes")]
    alone = [entity_confidences(ner, [doc])[0] for doc in docs]
    for one, other in zip(entity_confidences(ner, docs), alone, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    first = docs[0].ents[0]
    rival = docs[0].copy()
    label = next(each for each in ner.labels if each != first.label_)
    rival.set_ents([Span(rival, first.start, first.end, label=label)])
    (score,) = entity_confidences(ner, [rival])[0]
    chosen = alone[0][0]
    assert score is not None and chosen is not None and score < chosen


def test_what_a_rule_marked_has_no_confidence(nlp: Language) -> None:
    """A label that the recogniser does not know gives None, and a pipeline without one has no recogniser."""
    ner = recogniser(nlp)
    assert ner is not None
    doc = nlp("Anna coupe")
    doc.set_ents([Span(doc, 1, 2, label="RULE")])
    assert entity_confidences(ner, [doc]) == [[None]]
    assert recogniser(spacy.blank("fr")) is None
