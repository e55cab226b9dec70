"""A part of a run measured anew from its articles, in the form of a baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from goldwire import strict_json
from goldwire.annotations.spool import ArticleSpool
from goldwire.errors import GoldwireError, one_of
from goldwire.eval.ci.baseline import Baseline, recorded_test_set
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.matching.relations import end_of
from goldwire.eval.scoring.document_counts import BATCH, DocumentCounts
from goldwire.eval.scoring.pairing import Paired, pair_up, stories, unseen_pairs
from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import check_pairs
from goldwire.files import read_text, sha256
from goldwire.model import Annotation, Document, outermost, pairs


@dataclass(frozen=True)
class Measured:
    """A run: in the form of a baseline, its scores, and the documents with both readings, which lie on disk.

    `name` is the run's (`ner`, `all`, its layers), `of_project` whether it was on a project's annotations,
    `note` says of how many documents the model was trained on, where there are any.
    """

    as_baseline: Baseline
    scores: Scores
    paired: Sequence[Paired]
    name: str = ""
    of_project: bool = False
    note: str = ""


#: What stands for all relations of a run, where no layer is called so.
RELATIONS = "relations"


def counts_of(scores: Scores, part: str) -> tuple[str, LabelCounts] | None:
    """The counts of a part of what was scored, and how it is matched; None where there are none.

    A part is a layer (exact), `relations` (strict), or whole structures as LAYER:KIND (strict, overlap,
    tuples).
    """
    if part in scores.layers:
        return "exact", scores.layers[part]["exact"]
    if part == RELATIONS and scores.relations is not None:
        return "strict", scores.relations
    layer, _, kind = part.rpartition(":")
    found = next((counts for name, counts in scores.structures.get(layer, {}).items() if name == kind), None)
    return None if found is None else (kind, found)


def parts_of(scores: Scores) -> list[str]:
    """All parts that a run can be gated on."""
    whole = [f"{layer}:{kind}" for layer, kinds in scores.structures.items() for kind in kinds]
    return [*scores.layers, *([RELATIONS] if scores.relations is not None else []), *whole]


def measure(path: Path, parts: Sequence[str] = ("",), *, trained_on: bool = False) -> list[Measured]:
    """What `goldwire train` left: `scores.json` at `path`, `gold.jsonl` and `predictions.jsonl` beside it.

    `parts` are those that count (see `counts_of`; empty: the run's own layer), one for each that is given
    back; the run is read once. Counts per document are taken from the articles and held against the file;
    documents that the model was trained on are left out then, unless `trained_on` (see `unseen_pairs`).
    Raises GW535 where there is no scores.json, or it says nothing of layer or corpus, GW537 where the
    articles beside it give other figures, GW746 where the run has no such part, or none is left of it.
    """
    from goldwire.formats.jsonl import own_jsonl

    hint = "run it again: goldwire train ner"
    if not path.exists():
        raise GoldwireError.of("GW535", "there are no scores", where=str(path), hint="goldwire train ner")
    try:
        figures = strict_json.loads(read_text(path))
        recorded = [_recorded(figures, of) for of in parts]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        twice = isinstance(error, strict_json.NotStrict)
        why = str(error) if twice else "layer, corpus and figures are expected in it"
        message = f"not the scores of a training run: {why}"
        raise GoldwireError.of("GW535", message, where=str(path), hint=hint) from None
    gold, pred = (
        ArticleSpool(own_jsonl(path.with_name(f"{name}.jsonl"))) for name in ("gold", "predictions")
    )
    paired = pair_up(gold, pred)
    every = _score(paired, recorded)
    for run in recorded:
        _, counts = _counted(every[run.layers], run, path)
        total = counts.total()
        if [total.tp, total.fp, total.fn] != run.stored:
            message = "gold.jsonl and predictions.jsonl beside it give other figures"
            raise GoldwireError.of("GW537", message, where=str(path), hint=hint)
    (fresh,), note = unseen_pairs(paired, trained_on=trained_on)
    scored = _score(fresh, recorded) if len(fresh) < len(paired) else every
    return [_measured(run, scored[run.layers], fresh, path, note) for run in recorded]


@dataclass(frozen=True)
class _Recorded:
    """What scores.json says of a run and one part of it.

    `layers` are those to score, `stored` the part's tp, fp and fn; None where it has no such part.
    """

    part: str
    layers: tuple[str, ...]
    stored: list[int] | None
    corpus: dict[str, str]
    resamples: int
    seed: int
    schema: tuple[str, ...]
    config: dict[str, Any]
    name: str
    named: bool
    of_project: bool
    test: dict[str, str]


def _recorded(figures: Mapping[str, Any], of: str) -> _Recorded:
    part, corpus = of or str(figures["layer"]), figures["corpus"]
    micro = _stored(figures, part) if of else figures["layers"][part]["exact"]["micro"]
    return _Recorded(
        part=part,
        layers=tuple(figures["layers"]) if of else (part,),
        stored=None if micro is None else [micro["tp"], micro["fp"], micro["fn"]],
        corpus={
            "name": str(corpus.get("name", "")),
            "version": str(corpus.get("version", "")),
            "content_hash": str(corpus.get("content_hash") or corpus["sha256"]),
        },
        resamples=int(figures["resamples"]),
        seed=int(figures["seed"]),
        schema=tuple(figures["schema"]),
        config=dict(figures.get("config", {})),
        name=str(figures.get("run", "")),
        named=bool(of),
        of_project=bool(corpus.get("content_hash")),
        test=recorded_test_set(figures),
    )


def _score(paired: Sequence[Paired], recorded: Sequence[_Recorded]) -> dict[tuple[str, ...], Scores]:
    """The scores by the layers that are scored together: once for all parts that have them in common."""
    check_pairs((pairing.gold, pairing.pred) for pairing in paired)
    counts = {run.layers: (run, DocumentCounts(layers=run.layers)) for run in recorded}
    documents: list[Document] = []
    for first in range(0, len(paired), BATCH):
        batch = list(paired[first : first + BATCH])
        golds, preds = [pairing.gold for pairing in batch], [pairing.pred for pairing in batch]
        for _, counted in counts.values():
            counted.add(golds, preds)
        documents += [msgspec.structs.replace(pairing.document, text="") for pairing in batch]
    groups = stories(documents)
    return {
        layers: counted.scores(resamples=run.resamples, seed=run.seed, groups=groups)
        for layers, (run, counted) in counts.items()
    }


def _counted(scores: Scores, run: _Recorded, path: Path, note: str = "") -> tuple[str, LabelCounts]:
    """A part's kind and counts. Raises GW746 where there are none; `note` says what else was left out."""
    counted = counts_of(scores, run.part)
    if counted is None or run.stored is None:
        message = f"the run has no `{run.part}` to gate" + (f"; {note}" if note else "")
        raise GoldwireError.of("GW746", message, where=str(path), hint=one_of(parts_of(scores)))
    return counted


def _measured(run: _Recorded, scores: Scores, paired: Sequence[Paired], path: Path, note: str) -> Measured:
    kind, counts = _counted(scores, run, path, note)
    groups = stories(pairing.document for pairing in paired)
    baseline = Baseline(
        layer=run.part,
        kind=kind,
        run=path.resolve().parent.name if run.named else "",
        labels=counts.labels,
        documents=scores.documents,
        counts=counts.counts.astype(np.float64),
        ci95=counts.micro().ci95,
        corpus=run.corpus,
        schema=run.schema,
        seed=run.seed,
        config=run.config,
        reference=scores.reference,
        groups=tuple(groups) if groups else None,
        test=run.test,
        hashes={
            document.id: (sha256(document.text), reference_hash(gold, run.part, kind))
            for document, gold, _ in paired
        },
        room=_room(paired, run.part) if kind == "exact" else {},
    )
    return Measured(baseline, scores, paired, run.name, run.of_project, note)


def _stored(figures: Mapping[str, Any], part: str) -> Mapping[str, Any] | None:
    """The micro figures of a part as the run wrote them; None where it wrote none."""
    layer, _, kind = part.rpartition(":")
    micro = (
        figures["layers"].get(part, {}).get("exact")
        or (figures.get(RELATIONS) if part == RELATIONS else None)
        or figures.get("structures", {}).get(layer, {}).get(kind)
    )
    return micro["micro"] if micro else None


def reference_hash(annotation: Annotation, part: str, kind: str = "exact") -> str:
    """The SHA-256 of what the counts of a part rest on, in any order: spans with their labels, and where they
    are more than a layer's, relations with their ends."""
    layer = part if kind == "exact" else part.rpartition(":")[0]
    marks: list[Any] = sorted([span.start, span.end, span.label] for span in annotation.layer(layer))
    if kind != "exact":
        ends = ((r.label, *end_of(head), *end_of(tail)) for r, head, tail in pairs(annotation))
        marks.append(sorted(map(list, ends)))
    return sha256(json.dumps(marks))


def _room(paired: Sequence[Paired], layer: str) -> dict[str, int]:
    """How many predicted spans the text of each document can hold.

    One a character where no two spans of the layer overlap, whoever marked them; else one for each extent and
    label.
    """
    readings = [reading.layer(layer) for pairing in paired for reading in (pairing.gold, pairing.pred)]
    labels = {span.label for spans in readings for span in spans}
    flat = not any(outermost(spans)[1] for spans in readings)
    lengths = {document.id: len(document.text) for document, _, _ in paired}
    return {name: n if flat else n * (n + 1) // 2 * len(labels) for name, n in lengths.items()}
