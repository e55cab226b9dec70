"""What is marked in two ways: the same wording with other labels or ids, marked here and left there.

None of it is a fault by itself: a capital may be a place in one sentence and a government in the next. It is
listed so that a person can look.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

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


@dataclass
class _Texts:
    """The chosen readings with their texts."""

    readings: list[tuple[Article, Annotation]] = field(default_factory=list)

    def use(self, article: Article, annotation: Annotation, span: Span, value: str = "") -> Use:
        text = article.document.text
        before, words, after = context(text, span.start, span.end)
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
    articles: Iterable[Article],
    schema: Schema,
    registries: Mapping[str, Mapping[str, RegistryEntry]] | None = None,
) -> list[Inconsistency]:
    """All kinds, over the most trusted reading of each article.

    Sorted by kind, labels of different families before those of one, then by how odd the odd ones are: a
    label that was given once against thirty comes before an even split.
    """
    texts = _Texts([(a, c) for a in articles if (c := curated(a.annotations)) is not None])
    listed = [
        *_labels(texts, schema),
        *_ids(texts, schema),
        *_unmarked(texts),
        *_overlaps(texts),
        *_unused(texts, schema, registries or {}),
    ]
    order = {kind: rank for rank, kind in enumerate(KINDS)}
    return sorted(
        listed, key=lambda i: (order[i.kind], i.akin, i.odd_share, -sum(i.counts.values()), i.wording)
    )


def _by_wording(texts: _Texts) -> dict[tuple[str, str], list[tuple[Article, Annotation, Span]]]:
    by_wording: dict[tuple[str, str], list[tuple[Article, Annotation, Span]]] = defaultdict(list)
    for article, annotation in texts.readings:
        for span in annotation.spans:
            key = wording(article.document.text[span.start : span.end])
            by_wording[span.layer, key].append((article, annotation, span))
    return by_wording


def _rare_first(uses: Sequence[Use], ways: Sequence[str]) -> tuple[Use, ...]:
    """The uses with the rarer way first, then in order of the text."""
    counts = Counter(ways)
    paired = sorted(
        zip(ways, uses, strict=True), key=lambda p: (counts[p[0]], p[0], p[1].document, p[1].start)
    )
    return tuple(use for _, use in paired)


def _labels(texts: _Texts, schema: Schema) -> Iterator[Inconsistency]:
    for (layer, key), marked in _by_wording(texts).items():
        ways = [span.label for _, _, span in marked]
        if len(set(ways)) < 2:
            continue
        known = layer in schema.layers and set(ways) <= set(schema.layers[layer].labels)
        akin = known and len({schema.family(layer, label) for label in set(ways)}) == 1
        uses = [texts.use(*mark) for mark in marked]
        counts = dict(Counter(ways).most_common())
        yield Inconsistency("label", layer, key, counts, _rare_first(uses, ways), akin)


def _ids(texts: _Texts, schema: Schema) -> Iterator[Inconsistency]:
    for (layer, key), marked in _by_wording(texts).items():
        attributes = schema.layers[layer].attributes if layer in schema.layers else {}
        # Only where one wording usually names one thing: where the schema asks ids for one family.
        names = [name for name, about in attributes.items() if about.kind == "id" and about.same_family]
        for name in names:
            for label in sorted({span.label for _, _, span in marked}):
                mine = [mark for mark in marked if mark[2].label == label and mark[2].attributes.get(name)]
                ways = [str(span.attributes[name]) for _, _, span in mine]
                if len(set(ways)) < 2:
                    continue
                uses = [texts.use(*mark, value=way) for mark, way in zip(mine, ways, strict=True)]
                counts = dict(Counter(ways).most_common())
                yield Inconsistency("id", layer, f"{key} ({label})", counts, _rare_first(uses, ways))


def _unmarked(texts: _Texts) -> Iterator[Inconsistency]:
    """Wordings that are usually marked, where they stand unmarked as whole words."""
    usual: dict[str, dict[str, list[tuple[Article, Annotation, Span]]]] = defaultdict(dict)
    for (layer, key), marked in _by_wording(texts).items():
        if len(marked) >= _USUAL and len(key) >= 3:
            usual[layer][key] = marked
    for layer, keys in usual.items():
        unmarked: dict[str, list[Use]] = defaultdict(list)
        longest = sorted(keys, key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
        for article, annotation in texts.readings:
            text = article.document.text
            plain, places = _folded(text)
            spans = annotation.layer(layer)
            for hit in pattern.finditer(plain):
                start, end = places[hit.start()], places[hit.end() - 1] + 1
                if not any(span.start < end and start < span.end for span in spans):
                    before, words, after = context(text, start, end)
                    use = Use(
                        article.document.id, annotation.annotator, "", "", start, end, before, words, after
                    )
                    unmarked[hit.group()].append(use)
        for key, uses in unmarked.items():
            if len(uses) < len(keys[key]):
                label = Counter(span.label for _, _, span in keys[key]).most_common(1)[0][0]
                yield Inconsistency(
                    "unmarked", layer, key, {label: len(keys[key]), "": len(uses)}, tuple(uses)
                )


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


def _overlaps(texts: _Texts) -> Iterator[Inconsistency]:
    """Extents with two labels, and spans that cross, in one layer of one reading."""
    for article, annotation in texts.readings:
        for layer in sorted({span.layer for span in annotation.spans}):
            spans = sorted(annotation.layer(layer), key=span_key)
            for first, second in pairwise(spans):
                if (first.start, first.end) == (second.start, second.end) and first.label != second.label:
                    yield _pair("double", texts, article, annotation, first, second)
            starts = [span.start for span in spans]
            for index, span in enumerate(spans):
                for other in spans[index + 1 : bisect_left(starts, span.end)]:
                    if span.start < other.start < span.end < other.end:
                        yield _pair("crossing", texts, article, annotation, span, other)


def _pair(
    kind: Kind, texts: _Texts, article: Article, annotation: Annotation, first: Span, second: Span
) -> Inconsistency:
    words = wording(article.document.text[first.start : max(first.end, second.end)])
    uses = (texts.use(article, annotation, first), texts.use(article, annotation, second))
    return Inconsistency(kind, first.layer, words, dict(Counter((first.label, second.label))), uses)


def _unused(
    texts: _Texts, schema: Schema, registries: Mapping[str, Mapping[str, RegistryEntry]]
) -> Iterator[Inconsistency]:
    used: dict[str, set[str]] = defaultdict(set)
    for _, annotation in texts.readings:
        for span in annotation.spans:
            attributes = schema.layers[span.layer].attributes if span.layer in schema.layers else {}
            for name, about in attributes.items():
                value = span.attributes.get(name)
                if about.registry and isinstance(value, str):
                    used[about.registry].add(value)
    for name, registry in registries.items():
        for entry in registry.values():
            if entry.id not in used[name]:
                yield Inconsistency("unused", name, entry.id, {"/".join(entry.labels): 0})
