"""What two readings say of the places that both marked: labels and attributes, given a match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from goldwire.eval.counts import NO_INTERVAL, Interval
from goldwire.eval.match import OVERLAP, FloatArray, IntArray
from goldwire.eval.resample import Sampling, grouped, interval, resampled
from goldwire.model import AttributeValue, Span
from goldwire.schemas import Attribute

#: A span of each reading, the row (document and pair of annotators) and the stage that matched them.
Matched: TypeAlias = tuple[Span, Span, int, int]


@dataclass(frozen=True)
class Share:
    """A share or a kappa over `pairs` matched spans; None with a reason where it is undefined."""

    value: float | None
    pairs: int
    ci95: Interval | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """The value with what it rests on."""
        figures: dict[str, Any] = {
            "value": self.value,
            "pairs": self.pairs,
            "ci95": list(self.ci95) if self.ci95 else None,
        }
        return figures | ({"why": self.why} if self.why else {})


def label_agreement(
    matched: Sequence[Matched],
    labels: Sequence[str],
    which: IntArray,
    sampling: Sampling,
) -> dict[str, dict[str, Share]]:
    """Accuracy and Cohen's kappa of the labels: on equal extents, and on all that overlap.

    `which` is the pair of annotators of each row; with several pairs kappa is the mean over those where it
    is defined. Cohen 1960: (po - pe) / (1 - pe), with pe from each reader's own label frequencies.
    """
    codes = {label: code for code, label in enumerate(labels)}
    shares: dict[str, dict[str, Share]] = {}
    for where, kept in (
        ("same_extent", [m for m in matched if m[3] < OVERLAP]),
        ("overlap", list(matched)),
    ):
        stats = _stats(((codes[a.label], codes[b.label], row) for a, b, row, _ in kept), len(labels), which)
        shares[where] = _shares(stats, len(kept), sampling)
    return shares


def attribute_agreement(
    matched: Sequence[Matched],
    attributes: Mapping[str, Attribute] | None,
    which: IntArray,
    sampling: Sampling,
) -> dict[str, dict[str, Any]]:
    """How often matched spans bear the same value, for each attribute.

    `equal` is the share among pairs of which at least one bears a value (or has a default); kappa takes
    absence as one more value. With `attributes` (a schema's) only pairs whose labels both may bear it count.
    """
    names = list(attributes) if attributes is not None else _borne(matched)
    figures: dict[str, dict[str, Any]] = {}
    for name in names:
        attribute = attributes[name] if attributes is not None else None
        values: dict[AttributeValue | tuple[str, ...] | None, int] = {None: 0}
        items: list[tuple[int, int, int]] = []
        for a, b, row, _ in matched:
            if attribute is None or (attribute.applies_to(a.label) and attribute.applies_to(b.label)):
                one, other = (values.setdefault(_value(s, name, attribute), len(values)) for s in (a, b))
                items.append((one, other, row))
        borne = [item for item in items if item[0] or item[1]]
        equal = _shares(_stats(((int(x == y), 1, r) for x, y, r in borne), 2, which), len(borne), sampling)
        # Kappa over many values (ids, free text) has as many columns: summed at once, without an interval.
        summed = _stats(((x, y, int(which[r])) for x, y, r in items), len(values), np.unique(which))
        kappa, why = _kappa_of(summed.sum(axis=0))
        found = equal["accuracy"]
        figures[name] = {
            "equal": found.value,
            "ci95": list(found.ci95) if found.ci95 else None,
            "kappa": kappa,
            "pairs": len(borne),
            "both_absent": len(items) - len(borne),
        }
        if reasons := "; ".join(filter(None, (found.why, f"kappa: {why}" if why else ""))):
            figures[name]["why"] = reasons
    return figures


def _borne(matched: Iterable[Matched]) -> list[str]:
    return sorted({name for a, b, *_ in matched for span in (a, b) for name in span.attributes})


def _value(span: Span, name: str, attribute: Attribute | None) -> AttributeValue | tuple[str, ...] | None:
    """The value that counts: the span's, else the default of its label; None where there is none."""
    value = span.attributes.get(name)
    if value is None or value is False or value == "" or value == []:
        return attribute.default_for(span.label) if attribute is not None else None
    return tuple(sorted(value)) if isinstance(value, list) else value


def _stats(items: Iterable[tuple[int, int, int]], size: int, which: IntArray) -> FloatArray:
    """What kappa needs, (rows × pairs of annotators × (equal, first's counts, second's counts))."""
    stats = np.zeros((len(which), int(which.max(initial=0)) + 1, 1 + 2 * size))
    for one, other, row in items:
        cell = stats[row, which[row]]
        cell[0] += one == other
        cell[1 + one] += 1
        cell[1 + size + other] += 1
    return stats


def _kappas(stats: FloatArray) -> FloatArray:
    """Kappa of each pair of annotators (… × pairs); nan without matches or where only one value occurs."""
    size = (stats.shape[-1] - 1) // 2
    first, second = stats[..., 1 : 1 + size], stats[..., 1 + size :]
    total = first.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = stats[..., 0] / total
        expected = (first * second).sum(axis=-1) / total**2
        return np.asarray(np.where(expected < 1, (observed - expected) / (1 - expected), np.nan))


def _mean(values: FloatArray) -> FloatArray:
    """The mean over the last axis of what is defined."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, values, 0.0).sum(axis=-1) / defined.sum(axis=-1))


def _accuracy(stats: FloatArray) -> FloatArray:
    size = (stats.shape[-1] - 1) // 2
    with np.errstate(invalid="ignore"):
        return np.asarray(stats[..., 0].sum(axis=-1) / stats[..., 1 : 1 + size].sum(axis=(-1, -2)))


def _kappa_of(stats: FloatArray) -> tuple[float | None, str]:
    """Kappa of summed statistics, or why there is none."""
    if not stats[:, 1:].any():
        return None, "no matched spans"
    value = float(_mean(_kappas(stats)))
    if np.isnan(value):
        return None, "undefined, as only one value occurs"
    return value, ""


def _shares(stats: FloatArray, pairs: int, sampling: Sampling) -> dict[str, Share]:
    if not pairs:
        none = Share(None, 0, why="no matched spans")
        return {"accuracy": none, "kappa": none}
    flat = stats.reshape(len(stats), -1)
    present = int((grouped(flat, sampling.groups).sum(axis=1) > 0).sum())
    sums = resampled(flat, sampling) if present > 1 else None
    drawn = None if sums is None else sums.reshape(-1, *stats.shape[1:])
    total = stats.sum(axis=0)
    accuracy_ci = None if drawn is None else interval(_accuracy(drawn))
    kappa, why = _kappa_of(total)
    kappa_ci = None if drawn is None or kappa is None else interval(_mean(_kappas(drawn)))
    no_interval = "" if accuracy_ci else NO_INTERVAL
    kappa_why = why or ("" if kappa_ci else no_interval or "no interval: undefined in most resamples")
    return {
        "accuracy": Share(float(_accuracy(total)), pairs, accuracy_ci, no_interval),
        "kappa": Share(kappa, pairs, kappa_ci, kappa_why),
    }
