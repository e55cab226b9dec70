"""What readings say of the places that they both marked: labels and attributes, given a match."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from goldwire.eval.agreement.gathered import DocumentSums
from goldwire.eval.agreement.kappa import (
    ONE_VALUE,
    Share,
    accuracy,
    agreement_stats,
    alpha,
    cohen,
    comparisons,
    fleiss,
    items,
    nominal,
    share,
)
from goldwire.eval.counts.attributes import Value, left_to_ids, value_of
from goldwire.eval.counts.bootstrap import Sampling
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


class SamePlaces:
    """Labels and attributes of spans of the same extent, all readers at once, a batch of documents at a time.

    The `attributes` are a schema's, or by name alone.
    """

    def __init__(self, labels: Sequence[str], attributes: Mapping[str, Attribute | None]) -> None:
        self._codes = {label: code for code, label in enumerate(labels)}
        self._labels = DocumentSums(3 + len(labels))
        self._values = {name: AttributeValues(name, attribute) for name, attribute in attributes.items()}

    def add(self, places: Sequence[Place], documents: int) -> None:
        """Take in the places of so many documents, which are numbered from 0."""
        coded = [{r: self._codes[s.label] for r, s in place.items()} for _, place in places]
        values, where = _table(places, coded)
        self._labels.add(nominal(values, where, documents, len(self._codes)))
        for compared in self._values.values():
            compared.add(places)

    def labels(self, sampling: Sampling) -> dict[str, Share]:
        """Fleiss' κ and Krippendorff's α of the labels."""
        columns = self._labels.joined()
        return {
            name: share(columns, figure, sampling, items, ONE_VALUE, "extents")
            for name, figure in (("fleiss_kappa", fleiss), ("alpha", alpha))
        }

    def attribute(self, name: str) -> dict[str, float | None]:
        """Fleiss' κ and Krippendorff's α of an attribute's values."""
        return self._values[name].coefficients()


class AttributeValues:
    """The values that an attribute has at the same places: the sums of `nominal` over all documents.

    Absence is one more value, as in kappa.
    """

    def __init__(self, name: str, attribute: Attribute | None) -> None:
        self._name, self._attribute = name, attribute
        self._codes: dict[Value, int] = {None: 0}
        self._sums = [0.0, 0.0, 0.0]
        self._counts: Counter[int] = Counter()

    def add(self, places: Iterable[Place]) -> None:
        """Take in the spans of some places; those whose labels may not all bear it count for nothing."""
        name, attribute, codes = self._name, self._attribute, self._codes
        for _, place in places:
            spans = place.values()
            if attribute is None:
                values = Counter(codes.setdefault(value_of(span, name, None), len(codes)) for span in spans)
            elif not all(attribute.applies_to(span.label) for span in spans):
                continue
            elif left_to_ids(name, attribute, spans):
                values = Counter({0: len(place)})
            else:
                values = Counter(
                    codes.setdefault(value_of(span, name, attribute), len(codes)) for span in spans
                )
            readers = len(place)
            same = sum(count * (count - 1) for count in values.values()) / (readers - 1)
            self._sums[0] += same / readers
            self._sums[1] += 1
            self._sums[2] += same
            self._counts.update(values)

    def coefficients(self) -> dict[str, float | None]:
        """Fleiss' κ and Krippendorff's α; None where only one value occurs."""
        sums = np.array([*self._sums, *(self._counts[code] for code in range(len(self._codes)))])
        coefficients = {"fleiss_kappa": float(fleiss(sums)), "alpha": float(alpha(sums))}
        return {name: None if np.isnan(value) else value for name, value in coefficients.items()}


def _table(places: Sequence[Place], rows: Sequence[Mapping[int, int]]) -> tuple[IntArray, IntArray]:
    """Values (places × readers), -1 where there is none, and each place's document."""
    readers = 1 + max((reader for row in rows for reader in row), default=0)
    values = np.full((len(rows), readers), -1, dtype=np.int64)
    for number, row in enumerate(rows):
        for reader, value in row.items():
            values[number, reader] = value
    return values, np.array([number for number, _ in places], dtype=np.int64)


class MatchedLabels:
    """Accuracy and Cohen's kappa of the labels of matched spans, a batch of rows at a time: on equal extents,
    and on all that overlap.

    With several `pairs` of readers kappa is the mean over those where it is defined. Cohen 1960:
    (po - pe) / (1 - pe), with pe from each reader's own label frequencies.
    """

    def __init__(self, labels: Sequence[str], pairs: int) -> None:
        self._codes = {label: code for code, label in enumerate(labels)}
        self._pairs = pairs
        self._columns = {
            where: DocumentSums(pairs, 1 + 2 * len(labels)) for where in ("same_extent", "overlap")
        }

    def add(self, matched: Sequence[Matched], which: IntArray) -> None:
        """Take in the matched spans of some rows, which are numbered from 0; `which` is each one's pair."""
        codes = self._codes
        for where, chosen in (
            ("same_extent", [m for m in matched if m[3] < OVERLAP]),
            ("overlap", matched),
        ):
            rows = ((codes[a.label], codes[b.label], row) for a, b, row, _ in chosen)
            self._columns[where].add(agreement_stats(rows, len(codes), which, self._pairs))

    def shares(self, sampling: Sampling) -> dict[str, dict[str, Share]]:
        """Both figures, by where they were taken."""
        joined = {where: columns.joined() for where, columns in self._columns.items()}
        return {
            where: {
                "accuracy": _accuracy(sums, sampling),
                "kappa": share(sums, cohen, sampling, comparisons, ONE_VALUE, "pairs", _NO_MATCH),
            }
            for where, sums in joined.items()
        }


class MatchedValues:
    """How often matched spans bear the same value of an attribute, a batch of rows at a time.

    `equal` is the share among pairs of which at least one bears a value (or has a default, but for what both
    take from a registry); kappa takes absence as one more value. With a schema's `attribute` only pairs whose
    labels both may bear it count.
    """

    def __init__(self, name: str, attribute: Attribute | None, pairs: int) -> None:
        self._name, self._attribute, self._pairs = name, attribute, pairs
        self._codes: dict[Value, int] = {None: 0}
        self._equal = DocumentSums(pairs, 5)
        self._same: IntArray = np.zeros(pairs, dtype=np.int64)
        #: Pair of readers, side, value.
        self._counts: Counter[tuple[int, int, int]] = Counter()
        self._borne = self._rows = 0

    def add(self, matched: Iterable[Matched], which: IntArray) -> None:
        """Take in the matched spans of some rows, which are numbered from 0; `which` is each one's pair."""
        name, attribute, codes = self._name, self._attribute, self._codes
        pairs = which.tolist()
        borne: list[tuple[int, int, int]] = []
        for a, b, row, _ in matched:
            if attribute is not None and not (
                attribute.applies_to(a.label) and attribute.applies_to(b.label)
            ):
                continue
            first = second = 0
            if not left_to_ids(name, attribute, (a, b)):
                first = codes.setdefault(value_of(a, name, attribute), len(codes))
                second = codes.setdefault(value_of(b, name, attribute), len(codes))
            self._rows += 1
            self._same[pairs[row]] += first == second
            self._counts[pairs[row], 0, first] += 1
            self._counts[pairs[row], 1, second] += 1
            if first or second:
                borne.append((int(first == second), 1, row))
        self._borne += len(borne)
        self._equal.add(agreement_stats(borne, 2, which, self._pairs))

    def figures(self, sampling: Sampling) -> dict[str, Any]:
        """The share of equal values, kappa, and what they rest on."""
        equal = _accuracy(self._equal.joined(), sampling)
        # Kappa over many values (ids, free text) has as many columns: summed at once, without an interval.
        size = len(self._codes)
        summed = np.zeros((self._pairs, 1 + 2 * size))
        summed[:, 0] = self._same
        for (pair, side, value), count in self._counts.items():
            summed[pair, 1 + side * size + value] = count
        kappa = float(cohen(summed))
        why = _NO_MATCH if not self._rows else ONE_VALUE if np.isnan(kappa) else ""
        figures: dict[str, Any] = {
            "equal": equal.value,
            "ci95": list(equal.ci95) if equal.ci95 else None,
            "kappa": None if why else kappa,
            "pairs": self._borne,
            "both_absent": self._rows - self._borne,
        }
        if reasons := "; ".join(filter(None, (equal.why, f"kappa: {why}" if why else ""))):
            figures["why"] = reasons
        return figures


_NO_MATCH = "no matched spans"


def _accuracy(columns: FloatArray, sampling: Sampling) -> Share:
    """The share of equal values over all pairs of readers."""
    return share(columns, accuracy, sampling, comparisons, "", "pairs", _NO_MATCH)
