"""What is marked in two ways: the same wording with other labels or ids, marked here and left there.

None of it is a fault by itself: a capital may be a place in one sentence and a government in the next. It is
listed so that a person can look.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from goldwire.model import Annotation, Article, Span, curated, span_key
from goldwire.schemas import Schema
from goldwire.schemas.schema import RegistryEntry
from goldwire.text import Snippet, plain, snippet, wording

Kind = Literal["label", "id", "unmarked", "double", "crossing", "unused"]
#: What each kind says, in the order in which they are worth a look.
KINDS: dict[Kind, str] = {
    "label": "same wording, different labels",
    "id": "same wording and label, different ids",
    "unmarked": "marked in most places, not in all",
    "double": "one extent with two labels of one layer",
    "crossing": "spans of one layer that cross",
    "unused": "ids of a registry that no mention bears",
}
#: A wording counts as usually marked from so many marks on.
_USUAL = 3
#: Code points shown on each side of a place.
_AROUND = 48


@dataclass(frozen=True)
class Use:
    """One place: the words with what stands before and after; `label` is empty where nothing is marked.

    `value` is the id where ids differ. `start` and `end` are code points.
    """

    document: str
    annotator: str
    span: str
    label: str
    start: int
    end: int
    before: str
    text: str
    after: str
    value: str = ""


@dataclass(frozen=True)
class Inconsistency:
    """One wording that is not always marked alike. `counts` says how often in which way, `uses` where.

    `akin` says that the schema allows the labels for one thing: they share a family. The less usual ways
    stand first in `uses`.
    """

    kind: Kind
    layer: str
    wording: str
    counts: dict[str, int]
    uses: tuple[Use, ...] = ()
    akin: bool = False

    @property
    def odd_share(self) -> float:
        """The share of uses that go against the most frequent way; small is suspicious."""
        total = sum(self.counts.values())
        return 1 - max(self.counts.values()) / total if total else 0.0


def _use(article: Article, annotation: Annotation, span: Span, value: str = "") -> Use:
    before, words, after = context(article.document.text, span.start, span.end)
    return Use(
        document=article.document.id,
        annotator=annotation.annotator,
        span=span.id,
        label=span.label,
        start=span.start,
        end=span.end,
        before=before,
        text=words,
        after=after,
        value=value,
    )


def context(text: str, start: int, end: int, width: int = _AROUND) -> Snippet:
    """An extent in its surroundings, each part on one line."""
    before, words, after = snippet(text, start, end, width)
    return Snippet(before.replace("\n", " "), words.replace("\n", "↵"), after.replace("\n", " "))


def inconsistencies(
    articles: Sequence[Article],
    schema: Schema,
    registries: Mapping[str, Mapping[str, RegistryEntry]] | None = None,
) -> list[Inconsistency]:
    """All kinds, over the most trusted reading of each article.

    The articles are read twice, one at a time: once to count, once for the places of what is odd.
    Sorted by kind, labels of different families before those of one, then by how odd the odd ones are: a
    label that was given once against thirty comes before an even split.
    """
    counts = _Counts(schema)
    for article, annotation in _readings(articles):
        counts.add(article, annotation)
    places = _Places(counts)
    for article, annotation in _readings(articles):
        places.add(article, annotation)
    listed = [
        *places.labels(),
        *places.ids(),
        *places.unmarked(),
        *counts.overlaps,
        *counts.unused(registries or {}),
    ]
    order = {kind: rank for rank, kind in enumerate(KINDS)}
    return sorted(
        listed, key=lambda i: (order[i.kind], i.akin, i.odd_share, -sum(i.counts.values()), i.wording)
    )


def _readings(articles: Iterable[Article]) -> Iterator[tuple[Article, Annotation]]:
    return ((article, chosen) for article in articles if (chosen := curated(article.annotations)) is not None)


#: A layer and a wording; of ids the attribute and the label, too.
_Key: TypeAlias = tuple[str, str]
_IdKey: TypeAlias = tuple[str, str, str, str]


class _Counts:
    """How often each wording is marked in which way, over all readings."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.labels: dict[_Key, Counter[str]] = {}
        self.ids: dict[_IdKey, Counter[str]] = {}
        self.overlaps: list[Inconsistency] = []
        self._used: dict[str, set[str]] = defaultdict(set)

    def id_names(self, layer: str) -> list[str]:
        """The ids of a layer of which one wording usually names one thing: the schema asks them for one
        family."""
        attributes = self.schema.attributes(layer)
        return [name for name, about in attributes.items() if about.kind == "id" and about.same_family]

    def add(self, article: Article, annotation: Annotation) -> None:
        """Count the spans of a reading."""
        for span in annotation.spans:
            key = span.layer, wording(article.document.text[span.start : span.end])
            self.labels.setdefault(key, Counter())[span.label] += 1
            for name in self.id_names(span.layer):
                if value := span.attributes.get(name):
                    self.ids.setdefault((*key, name, span.label), Counter())[str(value)] += 1
            for name, about in self.schema.attributes(span.layer).items():
                value = span.attributes.get(name)
                if about.registry and isinstance(value, str):
                    self._used[about.registry].add(value)
        self.overlaps += _overlaps(article, annotation)

    def unused(self, registries: Mapping[str, Mapping[str, RegistryEntry]]) -> Iterator[Inconsistency]:
        """Ids of registries that no mention bears."""
        for name, registry in registries.items():
            for entry in registry.values():
                if entry.id not in self._used[name]:
                    yield Inconsistency("unused", name, entry.id, {"/".join(entry.labels): 0})


class _Places:
    """Where wordings stand that are not always marked alike, gathered by a second look at all readings."""

    def __init__(self, counts: _Counts) -> None:
        self._counts = counts
        self._labels: dict[_Key, list[Use]] = {k: [] for k, ways in counts.labels.items() if len(ways) > 1}
        self._ids: dict[_IdKey, list[Use]] = {k: [] for k, ways in counts.ids.items() if len(ways) > 1}
        self._unmarked: dict[str, dict[str, list[Use]]] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        usual: dict[str, list[str]] = defaultdict(list)
        for (layer, key), ways in counts.labels.items():
            if ways.total() >= _USUAL and len(key) >= 3:
                usual[layer].append(key)
        for layer, keys in usual.items():
            longest = sorted(keys, key=len, reverse=True)
            self._unmarked[layer] = {}
            self._patterns[layer] = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")

    def add(self, article: Article, annotation: Annotation) -> None:
        """Look at a reading."""
        for span in annotation.spans:
            key = span.layer, wording(article.document.text[span.start : span.end])
            if key in self._labels:
                self._labels[key].append(_use(article, annotation, span))
            for name in self._counts.id_names(span.layer):
                value = span.attributes.get(name)
                if value and (id_key := (*key, name, span.label)) in self._ids:
                    self._ids[id_key].append(_use(article, annotation, span, str(value)))
        if self._patterns:
            folded, places = _folded(article.document.text)
            for layer, pattern in self._patterns.items():
                self._add_unmarked(article, annotation, layer, pattern.finditer(folded), places)

    def _add_unmarked(
        self,
        article: Article,
        annotation: Annotation,
        layer: str,
        hits: Iterator[re.Match[str]],
        places: list[int],
    ) -> None:
        """Wordings that are usually marked, where they stand unmarked as whole words."""
        spans = annotation.layer(layer)
        for hit in hits:
            start, end = places[hit.start()], places[hit.end() - 1] + 1
            if not any(span.start < end and start < span.end for span in spans):
                before, words, after = context(article.document.text, start, end)
                name, annotator = article.document.id, annotation.annotator
                use = Use(
                    document=name,
                    annotator=annotator,
                    span="",
                    label="",
                    start=start,
                    end=end,
                    before=before,
                    text=words,
                    after=after,
                )
                self._unmarked[layer].setdefault(hit.group(), []).append(use)

    def labels(self) -> Iterator[Inconsistency]:
        """Wordings with several labels."""
        schema = self._counts.schema
        for (layer, key), uses in self._labels.items():
            ways = self._counts.labels[layer, key]
            known = layer in schema.layers and set(ways) <= set(schema.layers[layer].labels)
            akin = known and len({schema.family(layer, label) for label in ways}) == 1
            rare_first = _rare_first(uses, [use.label for use in uses])
            yield Inconsistency("label", layer, key, dict(ways.most_common()), rare_first, akin)

    def ids(self) -> Iterator[Inconsistency]:
        """Wordings with one label and several ids."""
        for id_key, uses in self._ids.items():
            layer, key, _, label = id_key
            counts = dict(self._counts.ids[id_key].most_common())
            rare_first = _rare_first(uses, [use.value for use in uses])
            yield Inconsistency("id", layer, f"{key} ({label})", counts, rare_first)

    def unmarked(self) -> Iterator[Inconsistency]:
        """Wordings that are marked in most places."""
        for layer, found in self._unmarked.items():
            for key, uses in found.items():
                ways = self._counts.labels[layer, key]
                if len(uses) < ways.total():
                    label = ways.most_common(1)[0][0]
                    counts = {label: ways.total(), "": len(uses)}
                    yield Inconsistency("unmarked", layer, key, counts, tuple(uses))


def _rare_first(uses: Sequence[Use], ways: Sequence[str]) -> tuple[Use, ...]:
    """The uses with the rarer way first, then in order of the text."""
    counts = Counter(ways)
    paired = sorted(
        zip(ways, uses, strict=True), key=lambda p: (counts[p[0]], p[0], p[1].document, p[1].start)
    )
    return tuple(use for _, use in paired)


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as `wording` compares it, and for each of its code points where it stands in the text."""
    parts: list[str] = []
    places: list[int] = []
    for index, char in enumerate(text):
        folded = plain(char)
        folded = " " if folded.isspace() else folded
        if folded == " " and parts and parts[-1] == " ":
            continue
        if folded:
            parts.append(folded)
            places.extend([index] * len(folded))
    return "".join(parts), places


def _overlaps(article: Article, annotation: Annotation) -> Iterator[Inconsistency]:
    """Extents with two labels, and spans that cross, in one layer of one reading."""
    for layer in sorted({span.layer for span in annotation.spans}):
        spans = sorted(annotation.layer(layer), key=span_key)
        for first, second in pairwise(spans):
            if (first.start, first.end) == (second.start, second.end) and first.label != second.label:
                yield _pair("double", article, annotation, first, second)
        starts = [span.start for span in spans]
        for index, span in enumerate(spans):
            for other in spans[index + 1 : bisect_left(starts, span.end)]:
                if span.start < other.start < span.end < other.end:
                    yield _pair("crossing", article, annotation, span, other)


def _pair(kind: Kind, article: Article, annotation: Annotation, first: Span, second: Span) -> Inconsistency:
    words = wording(article.document.text[first.start : max(first.end, second.end)])
    uses = (_use(article, annotation, first), _use(article, annotation, second))
    return Inconsistency(kind, first.layer, words, dict(Counter((first.label, second.label))), uses)
