"""Relations learned each for itself, by two classifiers: of a pair alone, then beside the document's others.

What is paired are entities, which may have several mentions, or single mentions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.train.pipeline.components import Linear
from goldwire.train.pipeline.entity_pairs import Entity, Pair, beside, entities, entity_pairs
from goldwire.train.pipeline.features import admits
from goldwire.train.pipeline.linear import WINDOW, MarkedDoc, fit_for_steps

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
#: Inverse strength of the regularisation, steps at most, how much more a joined pair may weigh than another.
STRENGTH, STEPS, HEAVIEST = 0.5, 200, 6.0
PARTS = 4
#: The threshold of a relation of which nothing is known, and the examples that weigh as much as it.
THRESHOLD, PRIOR = 0.4, 40
THRESHOLDS = np.arange(0.10, 0.81, 0.02)
#: Share of the entities of a label with a relation to them, or no more than one, from which on all have.
ALWAYS = 0.9


@dataclass
class JoinedEntities:
    """A document's entities, the relations that join them (head, relation, tail), the pairs that may be."""

    marked: MarkedDoc
    held: list[Entity]
    joined: set[tuple[int, str, int]]
    pairs: list[Pair]


def names_of(document: MarkedDoc, named_by: Mapping[str, str]) -> dict[tuple[str, int], str]:
    """What the attribute that `named_by` names for a layer says of each of its spans, by layer and index."""
    return {
        document.places[span.id]: str(name)
        for span in document.reference.spans
        if span.id in document.places and (name := span.attributes.get(named_by.get(span.layer, "")))
    }


def fit_joint(
    documents: Sequence[MarkedDoc],
    types: Mapping[str, Mapping[str, Any]],
    heads: Collection[str],
    *,
    named_by: Mapping[str, str],
    single: bool,
) -> tuple[dict[str, Linear], dict[str, Any]]:
    """Two classifiers for each relation that goes out from the layers in `heads`, and the settings of the
    component: {} and {} where none joins anything.

    A relation is learned from the pairs whose labels it was seen to join. What the second sees of a pair's
    document came of models that had not seen its story, as did what thresholds are chosen by: the one with
    the best F1, drawn to `THRESHOLD` where few pairs are joined. With `single` each span is an entity, else
    those of one name, which `named_by` tells for each layer.
    """
    seen = [_seen(document, types, heads, named_by, single=single) for document in documents]
    kinds = sorted({kind for document in seen for _, kind, _ in document.joined})
    if not kinds:
        return {}, {}
    relations = {kind: {**types[kind], "pairs": _ends(seen, kind, types[kind])} for kind in kinds}
    window, between = _nearness(seen, 0.98 if single else 1.0)
    index: dict[str, int] = {}
    numbered: list[NDArray[np.int32]] = []
    for document in seen:
        document.pairs = entity_pairs(document.marked.doc, document.held, relations, window)
        numbered += _numbered(document.pairs, index)
    models, learned = _fit(seen, kinds, *_matrix(numbered, index))
    settings = {
        "relations": relations,
        "heads": sorted(heads),
        "single": single,
        "named_by": dict(named_by),
        "window": window,
        "between": between,
        **_led_to(seen),
    }
    return models, settings | learned


def _seen(
    document: MarkedDoc,
    types: Mapping[str, Any],
    heads: Collection[str],
    named_by: Mapping[str, str],
    *,
    single: bool,
) -> JoinedEntities:
    spans = {layer: list(group) for layer, group in document.doc.spans.items()}
    held = entities(spans, names_of(document, named_by), single=single)
    owner = {place: number for number, entity in enumerate(held) for place in entity.places}
    joined = {
        (owner[head], label, owner[tail])
        for label, head, tail in document.related()
        if label in types and head[0] in heads
    }
    return JoinedEntities(document, held, joined, [])


def _ends(documents: Sequence[JoinedEntities], kind: str, ends: Mapping[str, Any]) -> list[list[Any]]:
    """The layers and labels that a relation was seen to join, as far as they are allowed."""
    pairs = {
        (document.held[head], document.held[tail], head == tail)
        for document in documents
        for head, relation, tail in document.joined
        if relation == kind
    }
    return [
        list(each)
        for each in sorted({(a.layer, a.label, b.layer, b.label, same) for a, b, same in pairs})
        if admits(ends["head"], each[0], each[1]) and admits(ends["tail"], each[2], each[3])
    ]


def _led_to(documents: Sequence[JoinedEntities]) -> dict[str, list[list[str]]]:
    """The layers and labels of the entities to which a relation always leads, the `least` they have, and no
    more than one, the `most`: an attribute's value is always somebody's."""
    having: dict[tuple[str, str], list[int]] = {}
    for document in documents:
        into = Counter(tail for head, _, tail in document.joined if head != tail)
        for number, entity in enumerate(document.held):
            having.setdefault((entity.layer, entity.label), []).append(into[number])
    always = {
        ends: counts
        for ends, counts in having.items()
        if len(counts) > 1 and sum(count > 0 for count in counts) >= ALWAYS * len(counts)
    }
    return {
        "least": [list(ends) for ends in sorted(always)],
        "most": [
            list(ends)
            for ends, counts in sorted(always.items())
            if sum(count < 2 for count in counts) >= ALWAYS * len(counts)
        ],
    }


def _nearness(documents: Sequence[JoinedEntities], share: float) -> tuple[int, str]:
    """How far apart joined entities are, this share of them, in tokens between the starts of their nearest
    mentions; and which of their mentions relations stand between more often, the `first` or the `nearest`."""
    apart: list[int] = []
    times: Counter[str] = Counter()
    for document in documents:
        owner = {place: number for number, each in enumerate(document.held) for place in each.places}
        for label, head, tail in document.marked.related():
            if (owner[head], label, owner[tail]) not in document.joined:
                continue
            head_entity, tail_entity = document.held[owner[head]], document.held[owner[tail]]
            distances = {
                (a, b): abs(x.start - y.start)
                for x, a in zip(head_entity.mentions, head_entity.places, strict=True)
                for y, b in zip(tail_entity.mentions, tail_entity.places, strict=True)
            }
            apart.append(min(distances.values()))
            times["first"] += (head, tail) == (head_entity.places[0], tail_entity.places[0])
            times["nearest"] += distances[head, tail] == apart[-1]
    window = min(WINDOW, int(np.quantile(apart, share)))
    return window, "first" if times["first"] > times["nearest"] else "nearest"


def _numbered(pairs: Sequence[Pair], index: dict[str, int]) -> list[NDArray[np.int32]]:
    """The features of pairs as numbers, new ones entered into `index`: they are many, not kept as words."""
    numbered = []
    for pair in pairs:
        own = sorted({index.setdefault(name, len(index)) for name in pair.features})
        numbered.append(np.array(own, dtype=np.int32))
        pair.features = []
    return numbered


def _matrix(numbered: Sequence[NDArray[np.int32]], index: Mapping[str, int]) -> tuple[Any, list[str]]:
    """Pairs × the features that more than one of them has, and the names of these."""
    from scipy.sparse import csr_matrix

    flat = np.concatenate(numbered) if numbered else np.zeros(0, dtype=np.int32)
    often = np.bincount(flat, minlength=len(index)) > 1
    names = sorted(name for name, number in index.items() if often[number])
    column = np.zeros(len(index), dtype=np.int64)
    column[[index[name] for name in names]] = np.arange(len(names))
    rows = np.repeat(np.arange(len(numbered)), [len(own) for own in numbered])[often[flat]]
    kept = flat[often[flat]]
    shape = (len(numbered), len(names))
    return csr_matrix((np.ones(len(kept)), (rows, column[kept])), shape=shape), names


def _fit(
    documents: Sequence[JoinedEntities], kinds: Sequence[str], matrix: Any, names: Sequence[str]
) -> tuple[dict[str, Linear], dict[str, Any]]:
    from scipy.sparse import csr_matrix, hstack

    pairs = [(document, pair) for document in documents for pair in document.pairs]
    sizes = [len(document.pairs) for document in documents]
    stories = list(dict.fromkeys(document.marked.story for document in documents))
    groups = np.repeat([stories.index(document.marked.story) for document in documents], sizes)
    rows = [np.flatnonzero([kind in pair.kinds for _, pair in pairs]) for kind in kinds]
    truth = [
        np.array([(pairs[n][1].head, kind, pairs[n][1].tail) in pairs[n][0].joined for n in own], dtype=bool)
        for kind, own in zip(kinds, rows, strict=True)
    ]
    sure: Floats = np.zeros((len(pairs), len(kinds)))
    alone, joint = [], []
    for place, (own, joined) in enumerate(zip(rows, truth, strict=True)):
        alone.append(fitted(matrix[own], joined))
        sure[own, place] = held_out(matrix[own], joined, groups[own])
    seen: list[list[Any]] = [[] for _ in kinds]
    for document, part in zip(documents, np.split(sure, np.cumsum(sizes)[:-1]), strict=True):
        numbers = beside(document.pairs, part).astype(np.float32)
        for place, kind in enumerate(kinds):
            own = np.array([kind in pair.kinds for pair in document.pairs], dtype=bool)
            seen[place].append(numbers[own, place])
    thresholds = {}
    for place, (own, joined) in enumerate(zip(rows, truth, strict=True)):
        both = hstack([matrix[own], csr_matrix(np.concatenate(seen[place]))]).tocsr()
        joint.append(fitted(both, joined))
        thresholds[kinds[place]] = round(threshold(joined, held_out(both, joined, groups[own])), 4)
    width, none = len(names), np.zeros(len(kinds))
    weights = np.array([weight for weight, _ in joint])
    numbered = [f"{number}" for number in range(weights.shape[1] - width)]
    return {
        "alone": Linear(kinds, names, [weight for weight, _ in alone], [bias for _, bias in alone]),
        "joint": Linear(kinds, names, weights[:, :width], [bias for _, bias in joint]),
        "beside": Linear(kinds, numbered, weights[:, width:], none),
    }, {"thresholds": thresholds}


def fitted(matrix: Any, joined: Bools) -> tuple[Floats, float]:
    """Weights of the features and bias of a logistic regression; where all pairs are alike, of that alone."""
    from sklearn.linear_model import LogisticRegression

    yes = int(joined.sum())
    if not yes or yes == len(joined):
        share = (yes + 0.5) / (len(joined) + 1)
        return np.zeros(matrix.shape[1]), float(np.log(share / (1 - share)))
    weigh = min(HEAVIEST, float(np.sqrt((len(joined) - yes) / yes)))
    model = LogisticRegression(C=STRENGTH, max_iter=STEPS, class_weight={False: 1.0, True: weigh})
    # Most features are those of other relations' pairs.
    used = np.flatnonzero(matrix.getnnz(axis=0))
    weights: Floats = np.zeros(matrix.shape[1])
    fit_for_steps(model, matrix[:, used], joined)
    weights[used] = model.coef_[0]
    return weights, float(model.intercept_[0])


def held_out(matrix: Any, joined: Bools, groups: Any) -> Floats:
    """The chance of each pair, by models that have not seen its story; the share of joined ones with one."""
    from sklearn.model_selection import GroupKFold

    out: Floats = np.full(len(joined), joined.mean() if len(joined) else 0.0)
    parts = min(PARTS, len(np.unique(groups)))
    if parts < 2:
        return out
    for known, rest in GroupKFold(parts).split(joined, groups=groups):
        weights, bias = fitted(matrix[known], joined[known])
        out[rest] = 1 / (1 + np.exp(-(matrix[rest] @ weights + bias)))
    return out


def threshold(joined: Bools, chances: Floats) -> float:
    """The chance from which on F1 is best, drawn to `THRESHOLD` where few pairs are joined."""
    f1 = [
        2 * (joined & (chances >= bar)).sum() / max(1, joined.sum() + (chances >= bar).sum())
        for bar in THRESHOLDS
    ]
    weight = joined.sum() / (joined.sum() + PRIOR)
    return float(weight * THRESHOLDS[int(np.argmax(f1))] + (1 - weight) * THRESHOLD)
