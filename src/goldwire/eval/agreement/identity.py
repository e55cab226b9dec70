"""Whether two readings mean the same thing by the places that they both marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from goldwire.eval.agreement.kappa import Share, share
from goldwire.eval.agreement.matched import Matched
from goldwire.eval.counts.attributes import value_of
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.matching.clusters import METRICS, Metric, f1s, resolve
from goldwire.eval.matching.spans import FloatArray, IntArray
from goldwire.schemas import Attribute


def id_attributes(layer: Mapping[str, Attribute] | None, matched: Sequence[Matched]) -> list[str]:
    """The attributes that say who is meant: a schema's of kind `id`, without one those named `…_id`.

    Only those that some matched span bears.
    """
    borne = {name for a, b, *_ in matched for span in (a, b) for name in span.attributes}
    if layer is None:
        return sorted(name for name in borne if name.endswith("_id"))
    return [name for name, attribute in layer.items() if attribute.kind == "id" and name in borne]


def identity_agreement(
    matched: Sequence[Matched], name: str, attribute: Attribute | None, which: IntArray, sampling: Sampling
) -> dict[str, dict[Metric, Share]]:
    """F1 of B³, CEAF-e and LEA between the ids of matched spans, `within` each document and `across` them.

    A matched pair is one mention; where one reader gives no id, the mention stands in no cluster of his.
    What an id is called does not matter, only who shares it. `which` is the pair of annotators of each row;
    with several pairs F1 is the mean over those where it is defined. Intervals redraw documents and keep
    each mention's share of the figure, as clusters across documents have none of their own.
    """
    pairs = int(which.max(initial=0)) + 1
    scopes = {
        scope: {metric: np.zeros((len(which), pairs, 4)) for metric in METRICS}
        for scope in ("within", "across")
    }
    count = 0
    for pair in range(pairs):
        mentions = [
            (value_of(a, name, attribute), value_of(b, name, attribute), row)
            for a, b, row, _ in matched
            if which[row] == pair
        ]
        mentions = [mention for mention in mentions if mention[0] is not None or mention[1] is not None]
        count += len(mentions)
        rows = np.array([row for *_, row in mentions], dtype=np.int64)
        for scope, sums in scopes.items():
            ids = [
                _codes(
                    [
                        None if mention[side] is None else (mention[2] * (scope == "within"), mention[side])
                        for mention in mentions
                    ]
                )
                for side in (0, 1)
            ]
            for metric, resolved in resolve(ids[0], ids[1]).items():
                np.add.at(sums[metric][:, pair], rows, resolved.columns())
    if not count:
        none = Share(None, 0, None, "no matched span bears an id", "mentions")
        return {scope: dict.fromkeys(METRICS, none) for scope in scopes}
    return {
        scope: {
            metric: share(columns, _mean_f1, sampling, lambda _: count, "undefined", "mentions")
            for metric, columns in sums.items()
        }
        for scope, sums in scopes.items()
    }


def _codes(values: Sequence[object]) -> IntArray:
    codes: dict[object, int] = {}
    return np.array(
        [-1 if value is None else codes.setdefault(value, len(codes)) for value in values], dtype=np.int64
    )


def _mean_f1(sums: FloatArray) -> FloatArray:
    """The mean over pairs of annotators (… × pairs × 4) of the F1 that is defined."""
    f1 = f1s(sums)
    defined = ~np.isnan(f1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, f1, 0.0).sum(axis=-1) / defined.sum(axis=-1))
