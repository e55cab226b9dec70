"""What readings say of the places that they both marked: labels and attributes, given a match."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from goldwire.eval.agreement.kappa import (
    ONE_VALUE,
    Share,
    accuracy,
    alpha,
    cohen,
    fleiss,
    items,
    nominal,
    share,
    stats,
)
from goldwire.eval.counts.attributes import Value, left_to_ids, value_of
from goldwire.eval.counts.bootstrap import Sampling, grouped, interval, resampled
from goldwire.eval.counts.counts import NO_INTERVAL
from goldwire.eval.matching.spans import OVERLAP, FloatArray, IntArray
from goldwire.model import Span
from goldwire.schemas import Attribute

#: A span of each reading, the row (document and pair of annotators) and the stage that matched them.
Matched: TypeAlias = tuple[Span, Span, int, int]
#: A document's number, and the spans of the same extent by the readers' numbers.
Place: TypeAlias = tuple[int, dict[int, Span]]


def same_places(documents: Sequence[Mapping[int, Sequence[Span]]]) -> list[Place]:
    """The extents that two readers or more marked, each with the span that each of them has there.

    `documents` holds the spans of one layer by reader. Where readers mark an extent several times, equal
    labels go together first and the rest in the order of their labels.
    """
    places: list[Place] = []
    for number, readers in enumerate(documents):
        extents: dict[tuple[int, int], dict[int, dict[str, Span]]] = defaultdict(lambda: defaultdict(dict))
        for reader, spans in sorted(readers.items()):
            for span in spans:
                extents[span.start, span.end][reader].setdefault(span.label, span)
        for _, marked in sorted(extents.items()):
            if len(marked) > 1:
                places += [(number, place) for place in _together(marked) if len(place) > 1]
    return places


def _together(marked: Mapping[int, Mapping[str, Span]]) -> list[dict[int, Span]]:
    """The spans of one extent in groups of at most one a reader."""
    remaining = {reader: dict(sorted(spans.items())) for reader, spans in marked.items()}
    places: list[dict[int, Span]] = []
    if any(len(spans) > 1 for spans in remaining.values()):
        shared = Counter(label for spans in remaining.values() for label in spans)
        for label in sorted(label for label, count in shared.items() if count > 1):
            places.append({reader: s.pop(label) for reader, s in remaining.items() if label in s})
    for rank in range(max(map(len, remaining.values()))):
        places.append({r: list(spans.values())[rank] for r, spans in remaining.items() if rank < len(spans)})
    return places


def label_coefficients(
    places: Sequence[Place], labels: Sequence[str], documents: int, sampling: Sampling
) -> dict[str, Share]:
    """Fleiss' κ and Krippendorff's α of the labels of spans of the same extent, all readers at once."""
    codes = {label: code for code, label in enumerate(labels)}
    values, where = _table(places, [{r: codes[s.label] for r, s in place.items()} for _, place in places])
    columns = nominal(values, where, documents, len(labels))
    return {
        name: share(columns, figure, sampling, items, ONE_VALUE, "extents")
        for name, figure in (("fleiss_kappa", fleiss), ("alpha", alpha))
    }


def _table(places: Sequence[Place], rows: Sequence[Mapping[int, int]]) -> tuple[IntArray, IntArray]:
    """Values (places × readers), -1 where there is none, and each place's document."""
    readers = 1 + max((reader for row in rows for reader in row), default=0)
    values = np.full((len(rows), readers), -1, dtype=np.int64)
    for number, row in enumerate(rows):
        for reader, value in row.items():
            values[number, reader] = value
    return values, np.array([number for number, _ in places], dtype=np.int64)


def attribute_coefficients(
    places: Sequence[Place], name: str, attribute: Attribute | None
) -> dict[str, float | None]:
    """Fleiss' κ and Krippendorff's α of an attribute's values on spans of the same extent.

    Absence is one more value, as in kappa.
    """
    codes: dict[Value, int] = {None: 0}
    bearing: list[Place] = []
    rows: list[dict[int, int]] = []
    for number, place in places:
        if attribute is None or all(attribute.applies_to(span.label) for span in place.values()):
            left = left_to_ids(name, attribute, place.values())
            values = {
                reader: None if left else value_of(span, name, attribute) for reader, span in place.items()
            }
            bearing.append((number, place))
            rows.append({reader: codes.setdefault(value, len(codes)) for reader, value in values.items()})
    values_of, _ = _table(bearing, rows)
    sums = nominal(values_of, np.zeros(len(rows), dtype=np.int64), 1, len(codes))[0]
    coefficients = {"fleiss_kappa": float(fleiss(sums)), "alpha": float(alpha(sums))}
    return {name: None if np.isnan(value) else value for name, value in coefficients.items()}


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
    for where, chosen in (
        ("same_extent", [m for m in matched if m[3] < OVERLAP]),
        ("overlap", list(matched)),
    ):
        rows = ((codes[a.label], codes[b.label], row) for a, b, row, _ in chosen)
        shares[where] = _shares(stats(rows, len(labels), which), len(chosen), sampling)
    return shares


def attribute_agreement(
    matched: Sequence[Matched],
    attributes: Mapping[str, Attribute] | None,
    which: IntArray,
    sampling: Sampling,
) -> dict[str, dict[str, Any]]:
    """How often matched spans bear the same value, for each attribute.

    `equal` is the share among pairs of which at least one bears a value (or has a default, but for what both
    take from a registry); kappa takes absence as one more value. With `attributes` (a schema's) only pairs
    whose labels both may bear it count.
    """
    names = list(attributes) if attributes is not None else _borne(matched)
    figures: dict[str, dict[str, Any]] = {}
    for name in names:
        attribute = attributes[name] if attributes is not None else None
        values: dict[Value, int] = {None: 0}
        rows: list[tuple[int, int, int]] = []
        for a, b, row, _ in matched:
            if attribute is None or (attribute.applies_to(a.label) and attribute.applies_to(b.label)):
                left = left_to_ids(name, attribute, (a, b))
                first, second = (
                    0 if left else values.setdefault(value_of(s, name, attribute), len(values))
                    for s in (a, b)
                )
                rows.append((first, second, row))
        borne = [row for row in rows if row[0] or row[1]]
        equal = _shares(stats(((int(x == y), 1, r) for x, y, r in borne), 2, which), len(borne), sampling)
        # Kappa over many values (ids, free text) has as many columns: summed at once, without an interval.
        summed = stats(((x, y, int(which[r])) for x, y, r in rows), len(values), np.unique(which))
        kappa, why = _kappa_of(summed.sum(axis=0))
        right = equal["accuracy"]
        figures[name] = {
            "equal": right.value,
            "ci95": list(right.ci95) if right.ci95 else None,
            "kappa": kappa,
            "pairs": len(borne),
            "both_absent": len(rows) - len(borne),
        }
        if reasons := "; ".join(filter(None, (right.why, f"kappa: {why}" if why else ""))):
            figures[name]["why"] = reasons
    return figures


def _borne(matched: Iterable[Matched]) -> list[str]:
    return sorted({name for a, b, *_ in matched for span in (a, b) for name in span.attributes})


def _kappa_of(sums: FloatArray) -> tuple[float | None, str]:
    """Kappa of summed statistics, or why there is none."""
    if not sums[:, 1:].any():
        return None, "no matched spans"
    value = float(cohen(sums))
    return (None, ONE_VALUE) if np.isnan(value) else (value, "")


def _shares(columns: FloatArray, pairs: int, sampling: Sampling) -> dict[str, Share]:
    if not pairs:
        none = Share(None, 0, why="no matched spans")
        return {"accuracy": none, "kappa": none}
    flat = columns.reshape(len(columns), -1)
    present = int((grouped(flat, sampling.groups).sum(axis=1) > 0).sum())
    sums = resampled(flat, sampling) if present > 1 else None
    drawn = None if sums is None else sums.reshape(-1, *columns.shape[1:])
    total = columns.sum(axis=0)
    accuracy_ci = None if drawn is None else interval(accuracy(drawn))
    kappa, why = _kappa_of(total)
    kappa_ci = None if drawn is None or kappa is None else interval(cohen(drawn))
    no_interval = "" if accuracy_ci else NO_INTERVAL
    kappa_why = why or ("" if kappa_ci else no_interval or "no interval: undefined in most resamples")
    return {
        "accuracy": Share(float(accuracy(total)), pairs, accuracy_ci, no_interval),
        "kappa": Share(kappa, pairs, kappa_ci, kappa_why),
    }
