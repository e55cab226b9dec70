"""What ties documents together, so that they may not stand on two sides of a split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np

from goldwire.model import Article, curated
from goldwire.near_duplicates import SIMILAR, near_duplicates, tied
from goldwire.number_format import number
from goldwire.schemas import Schema

#: Of so many documents that near-duplicates tie together every pair is a tie, of more enough to hold them.
GROUP = 100


@dataclass(frozen=True)
class Rule:
    """When documents belong together.

    `similar`: the Jaccard similarity of word shingles from which texts are near-duplicates. `shared`: how
    many events two documents must both name; 0 leaves events out of it.
    """

    similar: float = SIMILAR
    shared: int = 1


@dataclass(frozen=True)
class Tie:
    """Two documents that belong together (`first` stands earlier in the corpus), and why."""

    kind: Literal["near", "story", "event"]
    first: str
    second: str
    reason: str

    def __str__(self) -> str:
        words = {"near": "near-duplicates", "story": "same story", "event": "same event"}
        return f"{words[self.kind]} ({self.reason}): {self.first}, {self.second}"


def event_attributes(schema: Schema) -> list[tuple[str, str]]:
    """The attributes, as (layer, name), that say which event a span is about.

    They are ids of a registry, on layers whose spans have arguments: such a layer is at the head of relations
    that lead into another one. An actor is named in any article; an event makes the story.
    """
    heads = {
        end.layer
        for relation in schema.relations.values()
        for end in relation.head
        if any(tail.layer != end.layer for tail in relation.tail)
    }
    return [
        (name, key)
        for name, layer in schema.layers.items()
        for key, attribute in layer.attributes.items()
        if name in heads and attribute.kind == "id" and attribute.registry is not None
    ]


def events(article: Article, attributes: Iterable[tuple[str, str]]) -> set[str]:
    """The events that the curated annotation of a document names, as `layer.attribute=id`."""
    annotation = curated(article.annotations)
    if annotation is None:
        return set()
    wanted = set(attributes)
    return {
        f"{span.layer}.{name}={value}"
        for span in annotation.spans
        for name, value in span.attributes.items()
        if (span.layer, name) in wanted and value
    }


def find_ties(
    articles: Sequence[Article],
    schema: Schema | None,
    rule: Rule | None = None,
    advance: Callable[[int], None] | None = None,
) -> list[Tie]:
    """All ties between the documents of a corpus: near-duplicate texts, `meta.story`, shared events.

    Of many documents that share one thing each is tied to the first; of more than `GROUP` near-duplicates
    each to some others, so that what belongs together does. `advance` counts documents.
    """
    rule = rule or Rule()
    ids = [article.document.id for article in articles]
    ties = [
        Tie("near", ids[pair.first], ids[pair.second], number(pair.similarity, 2))
        for pair in near_duplicates(
            _Texts(articles), threshold=rule.similar, group_limit=GROUP, advance=advance
        )
    ]
    first: dict[str, str] = {}
    for article in articles:
        if story := article.document.meta.get("story"):
            name = article.document.id
            if (earlier := first.setdefault(str(story), name)) != name:
                ties.append(Tie("story", earlier, name, str(story)))
    if schema is not None and rule.shared > 0 and (attributes := event_attributes(schema)):
        named = [events(article, attributes) for article in articles]
        ties.extend(_event_ties(ids, named, rule.shared))
    return ties


class _Texts(Sequence[str]):
    """The texts of articles, which are not held."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._articles = articles

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> _Texts: ...

    def __getitem__(self, place: int | slice) -> str | _Texts:
        if isinstance(place, slice):
            return _Texts(self._articles[place])
        return self._articles[place].document.text

    def __len__(self) -> int:
        return len(self._articles)

    def __iter__(self) -> Iterator[str]:
        return (article.document.text for article in self._articles)


def _event_ties(ids: list[str], named: list[set[str]], shared: int) -> Iterator[Tie]:
    if shared == 1:
        first: dict[str, str] = {}
        for name, events in zip(ids, named, strict=True):
            for event in sorted(events):
                if first.setdefault(event, name) != name:
                    yield Tie("event", first[event], name, event)
        return
    by_event: defaultdict[str, list[int]] = defaultdict(list)
    for index, events in enumerate(named):
        earlier: defaultdict[int, list[str]] = defaultdict(list)
        for event in sorted(events):
            for other in by_event[event]:
                earlier[other].append(event)
            by_event[event].append(index)
        for other, common in sorted(earlier.items()):
            if len(common) >= shared:
                shown = common[0] + (f" and {len(common) - 1} more" if len(common) > 1 else "")
                yield Tie("event", ids[other], ids[index], shown)


def components(ids: Sequence[str], ties: Iterable[Tie]) -> list[list[str]]:
    """The groups of documents that ties hold together, in the corpus's order; most are of one document."""
    place = {name: number for number, name in enumerate(ids)}
    pairs = np.array([(place[tie.first], place[tie.second]) for tie in ties], np.int64).reshape(-1, 2)
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for name, group in zip(ids, tied(len(ids), pairs).tolist(), strict=True):
        groups[group].append(name)
    return list(groups.values())
