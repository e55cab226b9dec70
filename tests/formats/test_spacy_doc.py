"""A pipeline's words as spans and relations."""

from __future__ import annotations

import spacy

from goldwire.formats.spacy_doc import KEY, Pipeline, annotation_from
from goldwire.model import Document

META = {
    "lang": "fr",
    "name": "x",
    "version": "1.2",
    "goldwire": {"layer": "thing", "layers": ["thing", "act"]},
}


def test_groups_scores_attributes_and_relations_are_read() -> None:
    """Nested spans, their confidence and attributes, and relations across layers come back in code points."""
    document = Document("d", "🥔 le chef du Pentagone a menacé Téhéran")
    doc = spacy.blank("fr")(document.text)
    outer, inner = doc.char_span(5, 22, label="ROLE"), doc.char_span(13, 22, label="INST")
    act = doc.char_span(25, 31, label="THREATEN")
    assert outer is not None and inner is not None and act is not None
    doc.spans["thing"], doc.spans["act"] = [outer, inner], [act]
    doc.spans["thing"].attrs["scores"] = [0.75, 0.5]
    doc.user_data[KEY] = {
        "attributes": {"act": [{"modality": "actual"}]},
        "relations": [["actor", ["act", 0], ["thing", 0]], ["actor", ["act", 0], ["thing", 9]]],
    }
    found = annotation_from(doc, document, Pipeline.of(META))
    assert [(s.layer, document.text[s.start : s.end], s.score) for s in found.spans] == [
        ("thing", "chef du Pentagone", 0.75),
        ("thing", "Pentagone", 0.5),
        ("act", "menacé", None),
    ]
    assert found.spans[2].attributes == {"modality": "actual"}
    assert [(r.label, r.head, r.tail) for r in found.relations] == [("actor", "e3", "e1")]
    assert (found.annotator, found.provenance.version, found.status) == ("fr_x", "1.2", "draft")


def test_a_pipeline_of_others_has_one_flat_layer() -> None:
    """A pipeline that says nothing of layers gives its entities as layer `entity`."""
    doc = spacy.blank("fr")("Voir Lyon")
    lyon = doc.char_span(5, 9, label="LOC")
    assert lyon is not None
    doc.set_ents([lyon])
    found = annotation_from(doc, Document("d", "Voir Lyon"), Pipeline.of({"lang": "fr", "name": "stock"}))
    assert [(s.layer, s.label) for s in found.spans] == [("entity", "LOC")]
