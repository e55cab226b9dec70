"""What a run's figures mean: gains over baselines, what to bear in mind, what a model says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from goldwire.eval.scores import Scores
from goldwire.eval.significance import ALPHA, compare_labels
from goldwire.train.crossval import CrossValidated
from goldwire.train.data import FEW, Material


def difference(model: Scores, other: Scores, layer: str, groups: Sequence[str] | None) -> dict[str, Any]:
    """By how much the model's micro F1 exceeds the other's: interval and p of `eval compare`'s paired tests.

    `groups` names the story of each document, where they have any; documents of one story are exchanged and
    redrawn together.
    """
    one, two = other.layers[layer]["exact"], model.layers[layer]["exact"]
    tested = compare_labels(one, two, seed=model.seed, groups=groups)
    found = tested.micro
    interval = list(found.ci95) if found.ci95 else None
    return {"f1": found.value, "ci95": interval, "p": found.p, "smallest_p": tested.smallest_p}


def verdict(name: str, figures: Mapping[str, Any]) -> str:
    """In words: whether the model beats a baseline, and how sure that is."""
    gain, found, p = figures["f1"], figures["ci95"], figures["p"]
    if gain is None:
        return f"the {name} baseline can't be compared: one of the two marks nothing"
    extent = f"F1 {gain:+.3f}" + (f", 95 % interval {found[0]:+.3f} to {found[1]:+.3f}" if found else "")
    if gain <= 0:
        return f"the model does NOT beat the {name} baseline: {extent}"
    if p is not None and p < ALPHA:
        return f"the model beats the {name} baseline: {extent}, p = {p:.3g}"
    chance = f"p = {p:.3g}" if p is not None else "untested"
    least = figures["smallest_p"]
    few = f", the least that so few articles can give is {least:.3g}" if least > ALPHA else ""
    return f"the model is ahead of the {name} baseline, which may be chance: {extent} ({chance}{few})"


def notes_on(figures: Mapping[str, Any], found: Material, crossed: CrossValidated, layer: str) -> list[str]:
    """What a reader of the figures must know, in words."""
    data = figures["data"]
    notes = [verdict(name, gain) for name, gain in figures["differences"].items()]
    reference = figures["reference"]
    if reference == "draft":
        notes.append("reference: draft: no one has reviewed it, so these are no scores against gold")
    else:
        notes.append(f"reference: {reference}")
    if left := figures.get("stock", {}).get("left_out"):
        listed = ", ".join(f"{count} {label}" for label, count in left.items())
        model = figures["stock"]["model"]
        notes.append(f"{model}: {listed} left out, since [predict.labels] does not map them")
    if found.nested:
        every = figures["with_nested"]["f1"]
        notes.append(
            f"{found.nested} nested spans of layer `{layer}` left out: the model is flat"
            + (f"; F1 against all spans, they too: {every:.3f}" if every is not None else "")
        )
    if crossed.cuts:
        shown = ", ".join(f"`{cut.text}` in `{'`, `'.join(cut.tokens)}`" for cut in crossed.cuts[:3])
        lost = sum(not cut.learned for cut in crossed.cuts)
        notes.append(
            f"{len(crossed.cuts)} spans begin or end inside a token ({shown}"
            + (", …" if len(crossed.cuts) > 3 else "")
            + f"): learned as whole tokens, {lost} of them not at all, and never found exactly"
        )
    if found.few:
        listed = ", ".join(f"{label} {count}" for label, count in found.few.items())
        notes.append(f"{len(found.few)} labels have fewer than {FEW} examples: {listed}")
    if found.unannotated:
        notes.append(f"{found.unannotated} articles without an annotation were left out")
    shared = len(data["labels"]) and len(crossed.folds) < len(found.references)
    if shared:
        notes.append(f"{len(crossed.folds)} folds over {len(found.references)} documents")
    if figures["corpus"].get("built") is False:
        notes.append("corpus/ was built from other annotations than these: goldwire corpus build")
    return notes


def meta_values(
    figures: Mapping[str, Any], setting: Mapping[str, Any], name: str, version: str, layer: str
) -> dict[str, Any]:
    """What a model's `meta.json` says of itself; `performance` is measured on unseen articles."""
    exact = figures["layers"][layer]["exact"]
    micro = exact["micro"]
    per_label = {
        label: {"p": one["precision"], "r": one["recall"], "f": one["f1"]}
        for label, one in exact["labels"].items()
    }
    documents = figures["documents"]
    return {
        "name": name,
        "version": version,
        "description": f"Layer `{layer}`, learned from {documents} articles, scored on each of them unseen; "
        f"reference: {figures['reference']}.",
        "author": "made with goldwire",
        "license": figures["corpus"].get("licence", ""),
        "performance": {
            "ents_p": micro["precision"],
            "ents_r": micro["recall"],
            "ents_f": micro["f1"],
            "ents_per_type": per_label,
        },
        "goldwire": {
            **setting,
            "reference": figures["reference"],
            "scores": {
                "micro": micro,
                "macro": exact["macro"],
                "differences": figures["differences"],
            },
        },
    }
