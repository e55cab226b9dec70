"""What goldwire's components look at: which spans may be related, and by what a relation or an attribute is
told.

This file stands alone, as `components.py` does, which finds these functions in spaCy's registry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spacy.tokens import Doc, Span, Token
from spacy.util import registry

#: Tokens after which a sentence ends.
_ENDS = frozenset((".", "!", "?", "…"))
_LIMITS = (0, 1, 2, 3, 5, 8, 12, 20, 35)
#: Words between two spans, and steps of a path between them, up to which they are looked at one by one.
_NEAR, _STEPS = 12, 5


class RelationCandidate:
    """Two spans that may be related.

    `end` is the tail's layer and index, `kinds` the relations allowed, `sentences` how many sentences lie
    between, `rank` how many candidates stand nearer on the same side, `label_rank` how many of the same
    label. No dataclass: `spacy package` runs this file outside `sys.modules`, where these can't be made.
    """

    def __init__(
        self, head: Span, tail: Span, end: tuple[str, int], kinds: frozenset[str], sentences: int
    ) -> None:
        self.head, self.tail, self.end = head, tail, end
        self.kinds, self.sentences = kinds, sentences
        self.rank = self.label_rank = 0


def admits(ends: Sequence[Sequence[Any]], layer: str, label: str) -> bool:
    """Whether a span may stand at an end: `ends` are [layer, labels or None]."""
    return any(name == layer and (labels is None or label in labels) for name, labels in ends)


def gap(a: Span, b: Span) -> int:
    """Tokens between two spans; 0 where they touch or overlap."""
    return max(0, b.start - a.end, a.start - b.end)


def sentence_numbers(doc: Doc) -> list[int]:
    """The number of the sentence of each token: by line ends and full stops."""
    numbers, now = [], 0
    for token in doc:
        numbers.append(now)
        now += token.text in _ENDS or "\n" in token.text
    return numbers


def candidates(
    doc: Doc, spans: Mapping[str, Sequence[Span]], layer: str, types: Mapping[str, Any], window: int
) -> list[tuple[int, list[RelationCandidate]]]:
    """For each span of `layer` its index and the spans that may stand at the other end of a relation, at most
    `window` tokens away.

    `types` maps a relation to {"head": ends, "tail": ends}, as in `admits`.
    """
    sentences = sentence_numbers(doc)
    names = dict.fromkeys(end[0] for ends in types.values() for end in ends["tail"])
    tails = [(name, index, span) for name in names for index, span in enumerate(spans.get(name, ()))]
    tails.sort(key=lambda tail: (tail[2].start, tail[2].end))
    listed = []
    for number, head in enumerate(spans.get(layer, ())):
        out = {kind: ends["tail"] for kind, ends in types.items() if admits(ends["head"], layer, head.label_)}
        near: list[RelationCandidate] = []
        for name, index, span in tails:
            if (name, index) == (layer, number) or gap(head, span) > window:
                continue
            kinds = frozenset(kind for kind, allowed in out.items() if admits(allowed, name, span.label_))
            if kinds:
                away = sentences[span.start] - sentences[head.start]
                near.append(RelationCandidate(head, span, (name, index), kinds, away))
        _rank([candidate for candidate in reversed(near) if candidate.tail.start < head.start])
        _rank([candidate for candidate in near if candidate.tail.start >= head.start])
        listed.append((number, near))
    return listed


def _rank(nearest_first: Sequence[RelationCandidate]) -> None:
    of_label: dict[str, int] = {}
    for rank, candidate in enumerate(nearest_first):
        candidate.rank, candidate.label_rank = rank, of_label.get(candidate.tail.label_, 0)
        of_label[candidate.tail.label_] = candidate.label_rank + 1


def _bucket(number: int) -> str:
    return next((str(limit) for limit in _LIMITS if number <= limit), "far")


def _norm(doc: Doc, index: int) -> str:
    return doc[index].norm_ if 0 <= index < len(doc) else "_"


def pair_features(doc: Doc, pair: RelationCandidate) -> list[str]:
    """What a relation is told by: labels, distance and order, the words at, around and between the ends, and
    where there is a parse, the way from one to the other in it."""
    head, tail = pair.head, pair.tail
    after = tail.start >= head.start
    side = "in" if tail.start < head.end and head.start < tail.end else "after" if after else "before"
    first, last = (head.end, tail.start) if after else (tail.end, head.start)
    same = "same" if pair.sentences == 0 else "next" if abs(pair.sentences) == 1 else "away"
    position = f"{side}/{same}"
    parsed = doc.has_annotation("DEP")
    word = head.root.norm_ if parsed else head[-1].norm_
    before, mark = _norm(doc, tail.start - 1), tail.label_
    features = [
        f"place={position}",
        f"apart={position}/{_bucket(max(0, last - first))}",
        f"head={head.label_}",
        f"tail={mark}/{position}",
        f"labels={head.label_}>{mark}/{position}",
        f"rank={position}/{_bucket(pair.rank)}",
        f"label_rank={mark}/{position}/{_bucket(pair.label_rank)}",
        f"word={word}/{side}",
        f"word_tail={word}/{mark}/{position}",
        f"form={head[-1].norm_[-2:]}/{mark}/{position}",
        f"before={before}/{position}",
        f"before_tail={before}/{mark}/{position}",
        f"before2={_norm(doc, tail.start - 2)} {before}/{side}",
        f"after={_norm(doc, tail.end)}/{side}",
        f"head_before={_norm(doc, head.start - 1)}/{side}/{mark}",
        f"head_after={_norm(doc, head.end)}/{side}/{mark}",
    ]
    if last - first <= _NEAR:
        between = [doc[i].norm_ for i in range(first, last)]
        features += [f"between={norm}/{side}" for norm in between]
        features.append(f"comma={side}/{',' in between}")
        if len(between) <= 3:
            features.append(f"words={side}/{' '.join(between)}/{mark}")
    return features + _parse_features(head.root, tail.root, mark) if parsed else features


def _parse_features(head: Token, tail: Token, mark: str) -> list[str]:
    """How the two words hang together in the parse."""
    links = sorted({child.dep_ for child in head.children})
    voice = (
        "passive"
        if any("pass" in link for link in links)
        else "active"
        if any("subj" in link for link in links)
        else ""
    )
    features = [
        f"dep={tail.dep_}/{mark}",
        f"head_dep={head.dep_}",
        f"voice={voice}/{tail.dep_}",
        f"noun={'det' in links}/{tail.dep_}",
    ]
    up = [head, *head.ancestors]
    places = {token.i: step for step, token in enumerate(up)}
    down: list[str] = []
    while tail.i not in places:
        down.append(tail.dep_)
        if tail.head.i == tail.i:
            return [*features, "apart"]
        tail = tail.head
    steps = places[tail.i]
    features += [f"steps={steps},{len(down)}", f"steps_tail={steps},{len(down)}/{mark}"]
    if steps + len(down) <= _STEPS:
        way = "^".join(token.dep_ for token in up[:steps]) + "|" + "v".join(reversed(down))
        features += [f"way={way}", f"way_tail={way}/{mark}", f"way_head={way}/{head.norm_}"]
    return features


def attribute_features(span: Span) -> list[str]:
    """What an attribute is told by: the label, the words of the span and those around it."""
    doc, last = span.doc, span[-1]
    features = [
        f"label={span.label_}",
        f"text={span.text.lower()}",
        f"end3={last.norm_[-3:]}",
        f"end2={last.norm_[-2:]}",
        f"shape={last.shape_}",
    ]
    for step in range(1, 6):
        for side, index in (("-", span.start - step), ("+", span.end + step - 1)):
            norm = _norm(doc, index)
            features.append(f"near{side}={norm}")
            if step <= 3:
                features += [f"at{side}{step}={norm}", f"suffix{side}{step}={norm[-3:]}"]
    return features


registry.misc("goldwire.candidates.v1", func=candidates)
registry.misc("goldwire.pair_features.v1", func=pair_features)
registry.misc("goldwire.attribute_features.v1", func=attribute_features)
