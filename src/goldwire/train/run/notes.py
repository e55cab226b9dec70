"""What a run's figures mean: gains over baselines, what to bear in mind, what a model says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from goldwire.eval.counts.attributes import Value, attribute_counts, value_of
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.significance import ALPHA, compare_labels
from goldwire.eval.scoring.notes import scored_on
from goldwire.eval.scoring.score_figures import Scores
from goldwire.model import Annotation
from goldwire.number_format import counted, number, p_in_words, p_value, signed, signed_interval
from goldwire.schemas import Schema
from goldwire.train.run.agreement import agreement_note
from goldwire.train.run.crossval import CrossValidated
from goldwire.train.training_data import FEW, Reference, TrainingData

#: From so many articles and labels on labels by document are recommended, and a CRF where a label has fewer
#: spans than this on average: measured on 320 articles, 10 labels of 750 spans and 25 of 60.
MANY_ARTICLES, MANY_LABELS, FEW_SPANS = 100, 10, 200
#: The share of spans that are not the only one of their entity, from which on relations between these are
#: recommended, where there are as many kinds of them: it was two in five on 320 articles with 30.
SHARED = 0.1


def other_way(layer: str, found_by: Mapping[str, str], labels: Mapping[str, int], articles: int) -> str:
    """What did better on data of this size and kind than a recogniser alone, where that learned the layer;
    `labels` counts its spans. Empty where nothing is known to."""
    if set(found_by.values()) != {"ner"} or len(labels) < MANY_LABELS or articles < MANY_ARTICLES:
        return ""
    said = f"layer `{layer}` has {len(labels)} labels in {articles} articles: "
    if sum(labels.values()) / len(labels) < FEW_SPANS:
        way = "a CRF with labels told by the document found such better, in a fifth of the time: "
        return f"{said}{way}-- --goldwire.extents crf (docs/models.md)"
    way = "labels told by the document too found rare ones of such better: "
    return f"{said}{way}-- --goldwire.labels document (docs/models.md)"


def between_entities(references: Sequence[Reference]) -> str:
    """What did better where many kinds of relations stand between entities that an attribute names, and one
    classifier a layer learned them. Empty where there is no such attribute.

    It gives spans of one label in a document the same value, and different ones elsewhere.
    """
    kinds: set[str] = set()
    mentions: dict[str, Counter[tuple[str, str, str, str]]] = {}
    articles = len(references)
    for reference in references:
        kinds.update(relation.label for relation in reference.full.relations)
        for span in reference.full.spans:
            for name, value in span.attributes.items():
                if isinstance(value, str) and value:
                    entity = (reference.document.id, span.layer, span.label, value)
                    mentions.setdefault(name, Counter())[entity] += 1
    if len(kinds) < MANY_LABELS or articles < MANY_ARTICLES:
        return ""
    shared = {
        name: sum(count for count in entities.values() if count > 1)
        for name, entities in mentions.items()
        if len({value for *_, value in entities}) >= articles
    }
    name = max(sorted(shared), key=lambda each: shared[each], default="")
    if not name or shared[name] < SHARED * sum(mentions[name].values()):
        return ""
    return (
        f"{len(kinds)} relations in {articles} articles, and `{name}` says which spans are one: "
        "between such, relations were found better by classifiers each: "
        f"-- --goldwire.relations entities --goldwire.entities {name} (docs/models.md)"
    )


def difference(model: Scores, other: Scores, layer: str, groups: Sequence[str] | None) -> dict[str, Any]:
    """By how much the model's micro F1 exceeds the other's: interval and p of `eval compare`'s paired tests.

    `groups` names the story of each document, where they have any; documents of one story are exchanged and
    redrawn together.
    """
    return gain(model.layers[layer]["exact"], other.layers[layer]["exact"], model.seed, groups)


def gain(
    model: LabelCounts, other: LabelCounts, seed: int, groups: Sequence[str] | None, *, measure: str = "f1"
) -> dict[str, Any]:
    """By how much the model's `measure` exceeds the other's, all labels together: interval and p."""
    tested = compare_labels(other, model, seed=seed, groups=groups)
    micro = tested.micro
    interval = list(micro.ci95) if micro.ci95 else None
    return {measure: micro.value, "ci95": interval, "p": micro.p, "smallest_p": tested.smallest_p}


def attribute_gains(
    model: Scores,
    gold: Sequence[Annotation],
    schema: Schema | None,
    usual: Mapping[str, Mapping[str, Usual]],
    groups: Sequence[str] | None,
) -> dict[str, dict[str, Any]]:
    """For each layer and attribute by how much the model's accuracy on the spans of `gold` exceeds that of
    one who always says the usual value: `gain` of the same paired tests."""
    gains: dict[str, dict[str, Any]] = {}
    for layer, values in usual.items():
        known = schema.layers[layer].attributes if schema is not None and layer in schema.layers else None
        scored = model.attributes.get(layer)
        for name, (_, value) in values.items():
            if scored is None or name not in scored.counts.labels:
                continue
            attributes = {} if value is None else {name: list(value) if isinstance(value, tuple) else value}
            marked = [
                (span, replace(span, attributes=attributes), number)
                for number, annotation in enumerate(gold)
                for span in annotation.layer(layer)
            ]
            counts, _ = attribute_counts(marked, len(gold), (name,), known)
            column = scored.counts.labels.index(name)
            ours = scored.counts.counts[:, column : column + 1]
            gains.setdefault(layer, {})[name] = gain(
                LabelCounts((name,), ours, ours),
                LabelCounts((name,), counts, counts),
                model.seed,
                groups,
                measure="accuracy",
            )
    return gains


_MEASURES = {"f1": "F1", "accuracy": "accuracy"}


def gain_in_words(name: str, figures: Mapping[str, Any]) -> str:
    """In words: whether the model beats a baseline, and how sure that is; `figures` as `gain` gives them."""
    measure = next(key for key in _MEASURES if key in figures)
    gain, ci95, p = figures[measure], figures["ci95"], figures["p"]
    if gain is None:
        return f"the {name} baseline can't be compared: one of the two marks nothing"
    extent = f"{_MEASURES[measure]} {signed(gain)}" + (
        f", 95 % interval {signed_interval(ci95)}" if ci95 else ""
    )
    if gain <= 0:
        return f"the model does NOT beat the {name} baseline: {extent}"
    if p is not None and p < ALPHA:
        return f"the model beats the {name} baseline: {extent}, {p_in_words(p)}"
    chance = p_in_words(p)
    least = figures["smallest_p"]
    few = f", the least that so few articles can give is {p_value(least)}" if least > ALPHA else ""
    return f"the model is ahead of the {name} baseline, which may be chance: {extent} ({chance}{few})"


class Usual(NamedTuple):
    """What an attribute most often is: the share of spans on which one is right who always says `value`;
    None says nothing, so that the default counts."""

    share: float
    value: Value


def usual_values(
    gold: Iterable[Annotation], schema: Schema | None, layers: Sequence[str]
) -> dict[str, dict[str, Usual]]:
    """For each layer and attribute what to say always: nothing, or the most frequent value, whichever is
    right more often; counted as attributes are scored."""
    counts: dict[tuple[str, str], Counter[Value]] = {}
    default: Counter[tuple[str, str]] = Counter()
    for annotation in gold:
        for span in annotation.spans:
            known = schema.layers[span.layer].attributes if schema and span.layer in schema.layers else {}
            for name in {*span.attributes, *known} if span.layer in layers else ():
                attribute = known.get(name)
                if attribute is None or attribute.applies_to(span.label):
                    value = value_of(span, name, attribute)
                    counts.setdefault((span.layer, name), Counter())[value] += 1
                    if attribute is not None and value is not None:
                        default[span.layer, name] += value == attribute.default_for(
                            span.label, span.attributes
                        )
    usual: dict[str, dict[str, Usual]] = {}
    for (layer, name), values in sorted(counts.items()):
        total, absent = values.total(), values.pop(None, 0)
        if values:
            nothing = Usual(default[layer, name] / (total - absent), None)
            value, most = max(values.items(), key=lambda item: item[1])
            usual.setdefault(layer, {})[name] = max(
                nothing, Usual(most / total, value), key=lambda u: u.share
            )
    return usual


def notes_on(figures: Mapping[str, Any], learned: TrainingData, crossed: CrossValidated) -> list[str]:
    """What a reader of the figures must know, in words."""
    scores = _score_notes(figures, learned) if "layers" in figures else []
    return [*scores, *_data_notes(figures, learned, crossed)]


def _score_notes(figures: Mapping[str, Any], learned: TrainingData) -> list[str]:
    """What the scores are worth."""
    layer = figures["layer"]
    notes = [
        (f"layer `{name}`: " if "others" in figures else "") + gain_in_words(baseline, gain)
        for name, learned_layer in {layer: figures, **figures.get("others", {})}.items()
        for baseline, gain in learned_layer["differences"].items()
    ]
    notes += _head_notes(figures)
    if beside := agreement_note(figures):
        notes.append(beside)
    reviewed = figures["reference"] != "draft"
    worth = "" if reviewed else ": no one has reviewed it, so these are no scores against gold"
    notes.append(f"reference: {figures['reference']}{worth}")
    if left_out := figures.get("stock", {}).get("left_out"):
        listed = ", ".join(f"{count} {label}" for label, count in left_out.items())
        model = figures["stock"]["model"]
        notes.append(f"{model}: {listed} left out, since [predict.labels] does not map them")
    if learned.nested:
        every = figures["with_nested"]["f1"]
        against = f"; F1 against all spans, they too: {number(every)}" if every is not None else ""
        notes.append(f"{learned.nested} nested spans of layer `{layer}` left out: the model is flat{against}")
    return notes


def _data_notes(figures: Mapping[str, Any], learned: TrainingData, crossed: CrossValidated) -> list[str]:
    """What was learned from, and what could not be."""
    data, notes = figures["data"], []
    if "layers" not in figures:
        notes.append("not scored: nothing is known of how good this model is")
    if test := figures.get("test"):
        scored = f"scored on the {scored_on(figures['documents'], test)}, by the model that is kept"
        why = "since the test set has them, near copies of them, or others of their story"
        kept_out = f"; {test['kept_out']} articles were not learned from, {why}" if test["kept_out"] else ""
        notes.append(f"{scored}, which learned from none of them{kept_out}")
        if test["unannotated"]:
            bare = counted(test["unannotated"], "article")
            notes.append(f"{bare} of the test set without an annotation: not scored on")
    if crossed.cuts:
        shown = ", ".join(f"`{cut.text}` in `{'`, `'.join(cut.tokens)}`" for cut in crossed.cuts[:3])
        more = ", …; all of them in scores.json" if len(crossed.cuts) > 3 else ""
        number_lost = sum(not cut.learned for cut in crossed.cuts)
        lost = f", {number_lost} of them not at all" if number_lost else ""
        notes.append(
            f"{len(crossed.cuts)} spans begin or end inside a token ({shown}{more}): learned as whole tokens"
            f"{lost}, and never found exactly; mark whole words"
        )
    if crossed.too_long:
        notes.append(f"{crossed.too_long} spans are longer than the model looks at: it can't find such")
    if unscored := data["not_scored"]:
        which = "of the test set were" if test else "were learned from but"
        notes.append(
            f"{unscored} articles {which} not scored on: their annotators had seen predictions"
            " (--score-seen scores them too)"
        )
    if crossed.apart:
        notes.append(
            f"{crossed.apart} times an article was kept out of a training: another of its story, "
            "or a near copy, was tested"
        )
    if learned.few:
        listed = ", ".join(f"{label} {count}" for label, count in learned.few.items())
        few = f"{len(learned.few)} labels have fewer than {FEW} examples"
        notes.append(f"{few}, too few to learn or to judge: {listed}; mark more")
    notes += [
        note
        for name, found in figures["config"]["found_by"].items()
        if (note := other_way(name, found, learned.labels_of(name), len(learned.references)))
    ]
    if learned.unannotated:
        notes.append(f"{learned.unannotated} articles without an annotation were left out")
    shared = len(data["labels"]) and len(crossed.folds) < len(learned.references)
    if shared and crossed.folds and not learned.test:
        notes.append(f"{len(crossed.folds)} folds over {len(learned.references)} documents")
    if figures["corpus"].get("built") is False:
        notes.append("corpus/ was built from other annotations than these: goldwire corpus build")
    return notes


def _head_notes(figures: Mapping[str, Any]) -> list[str]:
    """What attributes and relations are worth, with the reference's spans and with the model's own."""
    given_spans = figures.get("given_spans")
    if given_spans is None:
        return []
    notes = []
    given_f1, nearest_f1 = (given_spans[name].get("micro", {}).get("f1") for name in ("relations", "nearest"))
    own_f1 = figures.get("relations", {}).get("micro", {}).get("f1")
    if given_f1 is not None:
        own, nearest = f", {number(own_f1)} between", f"; the nearest allowed span: {number(nearest_f1)}"
        notes.append(
            f"relations: F1 {number(given_f1)} where the reference's spans are given"
            + (f"{own} the spans that the model finds itself" if own_f1 is not None else "")
            + (f"{nearest} where spans are given" if nearest_f1 is not None else "")
        )
    for where, between in (
        ("the reference's spans are given", given_spans.get("between_entities")),
        ("the model finds the spans", figures.get("relations_between_entities")),
    ):
        if between:
            micro, macro = (number(between[mean]["f1"]) for mean in ("micro", "macro"))
            notes.append(
                f"relations between entities, whichever mentions they are drawn between, where {where}: "
                f"micro F1 {micro}, macro F1 {macro}"
            )
    if gain := given_spans["differences"]["relations"]:
        notes.append(f"relations where spans are given: {gain_in_words('nearest-span', gain)}")
    for layer, names in given_spans["majority"].items():
        for name, share in names.items():
            right = given_spans["attributes"].get(layer, {}).get(name, {}).get("accuracy")
            times = given_spans["learned"].get(f"{layer}/{name}", 0)
            usual = "what more than half of its spans have is given, if anything"
            if not times:
                notes.append(
                    f"attribute `{name}` of layer `{layer}` is not learned: not surely right more often than "
                    f"one who always says the same ({number(share)}); {usual}"
                )
            elif right is not None:
                gain = given_spans["differences"]["attributes"].get(layer, {}).get(name)
                notes.append(
                    f"attribute `{name}` of layer `{layer}`: right on {number(right)} of the "
                    f"reference's spans, one who always says the same on {number(share)}"
                    + (f": {gain_in_words('same-value', gain)}" if gain else "")
                    + f"; learned in {times} of {given_spans['trainings']} trainings"
                    + (f"; in the others {usual}" if times < given_spans["trainings"] else "")
                )
    return notes


def meta_values(
    figures: Mapping[str, Any],
    setting: Mapping[str, Any],
    name: str,
    version: str,
    layers: Sequence[str],
) -> dict[str, Any]:
    """What a model's `meta.json` says of itself; `performance` is measured on unseen articles."""
    listed = " and ".join(f"`{layer}`" for layer in layers)
    learned = f"{listed}, learned from {figures['data']['documents']} articles"
    common = {
        "name": name,
        "version": version,
        "author": "made with goldwire",
        "license": figures["corpus"].get("licence", ""),
    }
    # `layer` is what doc.ents holds: readers of other pipelines' words know it by this name.
    own = {**setting, "layer": figures["flat"], "layers": list(layers)}
    if "layers" not in figures:
        return {**common, "description": f"{learned}; not scored.", "performance": {}, "goldwire": own}
    exact = figures["layers"][figures["layer"]]["exact"]
    micro = exact["micro"]
    per_label = {
        label: {"p": label_scores["precision"], "r": label_scores["recall"], "f": label_scores["f1"]}
        for label, label_scores in exact["labels"].items()
    }
    test = figures.get("test")
    which = f"{scored_on(figures['documents'], test)}," if test else f"{figures['documents']} of them"
    return {
        **common,
        "description": f"{learned}, scored on {which} unseen; reference: {figures['reference']}.",
        "performance": {
            "ents_p": micro["precision"],
            "ents_r": micro["recall"],
            "ents_f": micro["f1"],
            "ents_per_type": per_label,
        },
        "goldwire": {
            **own,
            "reference": figures["reference"],
            "scores": {
                "micro": micro,
                "macro": exact["macro"],
                "differences": figures["differences"],
                "layers": {layer: figures["layers"][layer]["exact"]["micro"] for layer in layers},
                **({"relations": figures["relations"]["micro"]} if "relations" in figures else {}),
                **({"given_spans": figures["given_spans"]} if "given_spans" in figures else {}),
            },
        },
    }
