"""A small pipeline for the tests of assist: an entity recogniser that learned a few words."""

from __future__ import annotations

import json
from pathlib import Path

import spacy
from spacy.training import Example
from thinc.api import fix_random_seed

#: What it marks: FOOD and TOOL are labels of the tests' schema, SPOON is not.
MARKED = [
    ("Elle coupe la pomme", [(14, 19, "FOOD")]),
    ("Il mange une tarte aux pommes", [(13, 29, "FOOD")]),
    ("Prenez le couteau", [(10, 17, "TOOL")]),
    ("Prenez la cuillère", [(10, 18, "SPOON")]),
    ("Elle attend dehors", []),
]


def make_pipeline(folder: Path) -> Path:
    """Train it for a moment and write it to `folder`, with what goldwire writes into `meta.json`."""
    fix_random_seed(0)
    nlp = spacy.blank("xx")  # French takes seconds to import
    nlp.meta.update({"name": "kitchen", "version": "0.3"})
    nlp.add_pipe("ner")
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": spans}) for text, spans in MARKED * 4]
    nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples)
    nlp.to_disk(folder)
    path = folder / "meta.json"
    meta = json.loads(path.read_text())
    corpus = {"name": "recipes", "version": "2.1.0"}
    meta["goldwire"] = {"layer": "thing", "schema": ["every@1.0"], "corpus": corpus}
    path.write_text(json.dumps(meta))
    return folder
