"""Which thing of a registry a span names: ranked candidates, and what of them is sure.

What counts: the spellings that the registry lists, what the same words named before in the article and in
the corpus, shared words, what stands beside (a function and its person), and what the surroundings say. Words
are compared by their beginnings, so that endings of any language count little; where a script has no spaces,
by pairs of characters.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from goldwire.annotations.ids import id_attributes
from goldwire.model import Annotation, Article, Document, Span, curated, span_key
from goldwire.schemas import Schema
from goldwire.schemas.schema import RegistryEntry
from goldwire.text import is_unspaced, wording

#: Why a candidate is one: the first that holds.
Why = Literal["name", "article", "corpus", "beside", "words", "label"]

_WORD = re.compile(r"\w+")
_STEM = 5  # letters of a word's beginning
_AROUND = 120  # code points of the surroundings, on each side
_GAP = 3  # code points between a span and what stands beside it
_COMMON = 60  # entries that share a word of the surroundings beyond which it says nothing
_USUAL = 10  # most used things of a label that are candidates of any span of it
_AGREED = (
    2  # articles whose mentions are all of one thing, this one's among them, that make the next one sure
)


class _Weights(NamedTuple):
    """What each sign counts; the two sets below were chosen by hand and measured, not learned."""

    name: float  # the registry lists the words
    article: float  # share of the same words' mentions in the article
    corpus: float  # the same, in other articles
    beside: float  # it stands beside the span
    words: float  # share of the words' weight
    around: float  # share of its name's weight that stands around the span
    usual: float  # share of the label's mentions
    here: float  # each mention of it in the article, up to four


# Where one wording usually names one thing (`same_family`), and where it does not, as with events.
_NAMING = _Weights(3.0, 6.0, 3.0, 2.5, 2.0, 0.8, 0.5, 0.15)
_HAPPENING = _Weights(1.0, 2.5, 0.5, 0.0, 1.5, 2.5, 0.3, 0.15)


class Candidate(NamedTuple):
    """A thing that a span may name; `sure` where it may be filled in beforehand."""

    id: str
    score: float
    why: Why
    sure: bool = False


class Known(NamedTuple):
    """A mention of which it is known what it names."""

    span: Span
    id: str


class _Registry:
    """One registry's entries, found by what may be said of them; and how they were mentioned before.

    What a document says is kept apart by its id: of itself nothing is to be known.
    """

    def __init__(self, entries: Mapping[str, RegistryEntry]) -> None:
        self.entries = dict(entries)
        self.exact: dict[str, set[str]] = defaultdict(set)
        self.stems: dict[str, set[str]] = defaultdict(set)
        self.names: dict[str, dict[frozenset[str], set[str]]] = defaultdict(dict)
        self.before: dict[tuple[str, str], dict[str, Counter[str]]] = {}
        self.used: dict[str, Counter[str]] = defaultdict(Counter)
        self.own: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for name, entry in self.entries.items():
            for spelling in entry.spellings:
                self.exact[wording(spelling)].add(name)
                self.called(name, spelling)

    def called(self, name: str, words: str, document: str = "") -> None:
        """A thing can be called so."""
        parts = frozenset(stems(words))
        if parts:
            self.names[name].setdefault(parts, set()).add(document)
            for part in parts:
                self.stems[part].add(name)

    def mentioned(self, words: str, label: str, name: str, document: str) -> None:
        """A thing was called so, under this label."""
        said = self.before.setdefault((wording(words), label), {})
        said.setdefault(document, Counter())[name] += 1
        self.used[label][name] += 1
        self.own[label, document][name] += 1
        self.called(name, words, document)

    def earlier(self, key: str, label: str, document: str) -> tuple[Counter[str], int]:
        """What these words named under this label in other documents, and in how many of them."""
        counts: Counter[str] = Counter()
        others = [names for other, names in self.before.get((key, label), {}).items() if other != document]
        for names in others:
            counts += names
        return counts, len(others)

    def weight(self, stem: str) -> float:
        """How much it says that a word is shared: the rarer, the more."""
        return math.log(1 + len(self.names) / (1 + len(self.stems.get(stem, ()))))

    def sum(self, parts: Iterable[str]) -> float:
        """The weight of words together."""
        return sum(map(self.weight, parts)) or 1.0

    def shares(
        self, words: frozenset[str], around: frozenset[str], name: str, document: str
    ) -> tuple[float, float]:
        """How well words go with the best of a thing's names, and how much of one stands around (0 to 1)."""
        alike = within = 0.0
        for parts, documents in self.names.get(name, {}).items():
            if documents == {document}:
                continue
            if both := words & parts:
                alike = max(alike, self.sum(both) / self.sum(words | parts))
            if both := around & parts:
                within = max(within, self.sum(both) / self.sum(parts))
        return alike, within


class Candidates:
    """The candidates of a schema's registries, with what `articles` say of their mentions.

    Of each article its most trusted annotation counts, and none for its own mentions. Making one takes some
    seconds for ten thousand entries, asking it some milliseconds.
    """

    def __init__(
        self,
        schema: Schema,
        registries: Mapping[str, Mapping[str, RegistryEntry]],
        articles: Iterable[Article] = (),
    ) -> None:
        self.schema, self.attributes = schema, id_attributes(schema)
        self.registries = {name: _Registry(entries) for name, entries in registries.items()}
        for article in articles:
            reading, document = curated(article.annotations), article.document
            for known, registry in self._said(reading) if reading is not None else ():
                words = document.text[known.span.start : known.span.end]
                registry.mentioned(words, known.span.label, known.id, document.id)

    def _said(self, annotation: Annotation) -> Iterator[tuple[Known, _Registry]]:
        for span in annotation.spans:
            for name, registry in self.attributes.get(span.layer, {}).items():
                value = span.attributes.get(name)
                if isinstance(value, str) and value and registry in self.registries:
                    yield Known(span, value), self.registries[registry]

    def known(self, annotation: Annotation) -> list[Known]:
        """The mentions of an annotation whose ids are said."""
        return [known for known, _ in self._said(annotation)]

    def rank(
        self,
        document: Document,
        span: Span,
        attribute: str,
        known: Sequence[Known] = (),
        limit: int | None = None,
    ) -> list[Candidate]:
        """What a span may name, the likeliest first; `known` are mentions of the same document.

        Only things whose label may be the span's. Empty where the attribute has no registry.
        """
        registry = self.registries.get(self.attributes.get(span.layer, {}).get(attribute, ""))
        if registry is None:
            return []
        text = document.text
        words = text[span.start : span.end]
        key, parts = wording(words), frozenset(stems(words))
        around = frozenset(stems(text[max(0, span.start - _AROUND) : span.start]))
        around |= frozenset(stems(text[span.end : span.end + _AROUND]))
        same, beside, here = self._article(text, span, key, known, registry)
        before, articles = registry.earlier(key, span.label, document.id)
        exact = registry.exact.get(key, set())
        used, own = registry.used[span.label], registry.own.get((span.label, document.id), Counter())
        ids = {*exact, *same, *before, *beside, *here, *(name for name, _ in used.most_common(_USUAL))}
        for part in parts:
            ids |= registry.stems.get(part, set())
        for part in around:
            near = registry.stems.get(part, set())
            ids |= near if len(near) <= _COMMON else set()
        total = used.total() - own.total() or 1
        naming = self.schema.layers[span.layer].attributes[attribute].same_family
        weights = _NAMING if naming else _HAPPENING
        ranked: list[Candidate] = []
        for each in ids:
            if not (fit := self._fit(registry, each, span)):
                continue
            alike, within = registry.shares(parts, around, each, document.id)
            alike = 1.0 if same[each] else alike
            said = {
                "name": weights.name * (each in exact),
                "article": weights.article * _share(same, each),
                "corpus": weights.corpus * _share(before, each),
                "beside": weights.beside * (each in beside),
                "words": weights.words * alike + weights.around * within,
                "label": weights.usual * (used[each] - own[each]) / total + weights.here * min(here[each], 4),
            }
            why: Why = next((reason for reason in _REASONS if said[reason]), "label")
            ranked.append(Candidate(each, round(fit * sum(said.values()), 6), why))
        ranked.sort(key=lambda candidate: (-candidate.score, candidate.id))
        if naming and ranked:
            best = ranked[0].id
            fitting = [candidate.id for candidate in ranked if candidate.id in exact]
            if self._fit(registry, best, span) == 1 and _is_sure(best, fitting, before, same, articles):
                sure = self._is_named(registry, best, words, fitting == [best], span, document.id)
                ranked[0] = ranked[0]._replace(sure=sure)
        return ranked[:limit]

    def _is_named(
        self, registry: _Registry, best: str, words: str, listed: bool, span: Span, document: str
    ) -> bool:
        """Whether words are the name of a thing rather than a noun for several: `listed` as its own in the
        registry where they begin in lower case; and where other things' names hold them, as a name is
        written, with a capital. In a script without case nothing is."""
        parts = frozenset(stems(words))
        others = set.intersection(*(registry.stems.get(part, set()) for part in parts)) if parts else set()
        shared = any(
            parts < other and documents != {document}
            for name in others - {best}
            if self._fit(registry, name, span)
            for other, documents in registry.names[name].items()
        )
        if not shared:
            return listed or not _begins_small(words)
        spellings = registry.entries[best].spellings
        key = wording(words)
        return listed and all(map(_begins_large, [words, *(s for s in spellings if wording(s) == key)]))

    def standing(self, document: Document, layer: str, attribute: str, limit: int) -> list[str]:
        """The things that a text may name somewhere, by their names' words in it, the likeliest first."""
        registry = self.registries[self.attributes[layer][attribute]]
        parts = frozenset(stems(document.text))
        ids: set[str] = set()
        for part in parts:
            ids |= registry.stems.get(part, set())
        used = Counter[str]()
        for counts in registry.used.values():
            used += counts
        score = {each: registry.shares(frozenset(), parts, each, document.id)[1] for each in ids}
        names = sorted(score.keys() | used.keys(), key=lambda n: (-score.get(n, 0.0), -used[n], n))
        return [name for name in names if name in registry.entries][:limit]

    def _article(
        self, text: str, span: Span, key: str, known: Sequence[Known], registry: _Registry
    ) -> tuple[Counter[str], set[str], Counter[str]]:
        """What the same words, what stands beside, and what the whole article names."""
        same: Counter[str] = Counter()
        here: Counter[str] = Counter()
        beside: set[str] = set()
        for other, name in known:
            if other.id == span.id or name not in registry.entries:
                continue
            here[name] += 1
            if other.label == span.label and wording(text[other.start : other.end]) == key:
                same[name] += 1
            first, second = sorted((span, other), key=lambda s: s.start)
            between = text[first.end : second.start]
            if first.end <= second.start and len(between) <= _GAP and not any(map(str.isalnum, between)):
                beside.add(name)
        return same, beside, here

    def _fit(self, registry: _Registry, name: str, span: Span) -> float:
        """How well a span's label goes with a thing's: 1, less for another of the family, 0 for none."""
        entry = registry.entries.get(name)
        if entry is None:
            return 0.0
        labels = entry.labels
        if not labels or span.label in labels:
            return 1.0
        known = self.schema.labels(span.layer)
        families = {self.schema.family(span.layer, label) for label in labels if label in known}
        return 0.8 if self.schema.family(span.layer, span.label) in families else 0.0

    def fill(self, document: Document, annotation: Annotation) -> tuple[Annotation, list[tuple[str, str]]]:
        """An annotation with the ids that are sure, where it has none; and which: span ids and attributes.

        What it says itself stands. What was filled in counts for the mentions after it.
        """
        known = self.known(annotation)
        filled: dict[tuple[str, str], str] = {}
        for span in sorted(annotation.spans, key=span_key):
            for attribute in self.attributes.get(span.layer, {}):
                about = self.schema.layers[span.layer].attributes[attribute]
                if attribute in span.attributes or not about.applies_to(span.label):
                    continue
                ranked = self.rank(document, span, attribute, known, 1)
                if ranked and ranked[0].sure:
                    filled[span.id, attribute] = ranked[0].id
                    known.append(Known(span, ranked[0].id))
        spans = tuple(
            msgspec.structs.replace(span, attributes={**span.attributes, **now})
            if (now := {name: value for (key, name), value in filled.items() if key == span.id})
            else span
            for span in annotation.spans
        )
        return msgspec.structs.replace(annotation, spans=spans), list(filled)


_REASONS: tuple[Why, ...] = ("article", "corpus", "name", "beside", "words", "label")


def _share(counts: Counter[str], name: str) -> float:
    """How often of all times it was this one, less where there were few."""
    return counts[name] / (counts.total() + 0.5) if counts[name] else 0.0


def _is_sure(
    best: str, exact: Sequence[str], before: Counter[str], same: Counter[str], articles: int
) -> bool:
    """Whether nothing speaks against the best: one thing has the name, or all mentions in other articles
    (of one alone they say nothing: a word keeps its meaning there) and earlier in this one were of it."""
    others = {*before, *same} - {best}
    if others or (exact and best not in exact):
        return False
    return list(exact) == [best] or articles + same[best] >= _AGREED


def _begins_small(words: str) -> bool:
    return next(filter(str.isalpha, words), "").islower()


def _begins_large(words: str) -> bool:
    first = next(filter(str.isalpha, words), "")
    return first.isupper() or first.istitle()


def stems(words: str) -> Iterator[str]:
    """The beginnings of words as they are compared; pairs of characters where a script has no spaces."""
    for word in _WORD.findall(wording(words)):
        if any(map(is_unspaced, word)):
            yield from (word[n : n + 2] for n in range(max(1, len(word) - 1)))
        else:
            yield word[:_STEM]
