"""What relations between entities are told by: their nearest mentions, and the document's other pairs.

Relations hang together: an event has one place rather than three. A first model judges each pair alone;
`beside` gives a second one numbers by which it sees the pair's rivals. This file stands alone, as
`components.py` does, which finds these functions in spaCy's registry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span, Token
from spacy.util import registry

#: Tokens after which a sentence ends.
_ENDS = frozenset((".", "!", "?", "…"))
#: Words between two mentions, and steps of a path between them, up to which they are looked at one by one.
_NEAR, _STEPS = 12, 6
#: How far chances are kept from 0 and 1 before their logarithm is taken; how many ranks are told apart.
_EDGE, _RANKS = 0.003, 6


class Entity:
    """One or several mentions of one thing, in the order of the text; `places` are their layers and indices.

    No dataclass, here and below: `spacy package` runs this file outside `sys.modules`, where these can't be
    made.
    """

    def __init__(self, layer: str, label: str) -> None:
        self.layer, self.label = layer, label
        self.mentions: list[Span] = []
        self.places: list[tuple[str, int]] = []


def entities(
    spans: Mapping[str, Sequence[Span]], names: Mapping[tuple[str, int], str], *, single: bool
) -> list[Entity]:
    """The entities of a document, by their first mention: spans of one layer, label and name, else of the
    same words; with `single` every span is one.

    `names` says by layer and index which spans are known to be one.
    """
    held: dict[Any, Entity] = {}
    every = [(span, layer, index) for layer, of in spans.items() for index, span in enumerate(of)]
    for span, layer, index in sorted(every, key=lambda item: (item[0].start, item[0].end)):
        told = names.get((layer, index))
        same: Any = index if single else ("name", told) if told else ("words", _plain(span.text))
        entity = held.setdefault((layer, span.label_, same), Entity(layer, span.label_))
        entity.mentions.append(span)
        entity.places.append((layer, index))
    return list(held.values())


class Pair:
    """Two entities that may be related, as places in a document's list, by which relations, and what that is
    told by; `near` are the mentions nearest to each other, as places in the entities' own."""

    def __init__(self, head: int, tail: int, kinds: frozenset[str], near: tuple[int, int]) -> None:
        self.head, self.tail, self.kinds, self.near = head, tail, kinds, near
        self.features: list[str] = []


def entity_pairs(doc: Doc, held: Sequence[Entity], types: Mapping[str, Any], window: int) -> list[Pair]:
    """The pairs of entities that may be related and have mentions at most `window` tokens apart.

    `types` maps a relation to {"pairs": […]}, each [head's layer, its label, tail's layer, its label, whether
    both are one entity].
    """
    allowed: dict[tuple[Any, ...], list[str]] = {}
    for kind, ends in types.items():
        for ends_seen in ends["pairs"]:
            allowed.setdefault(tuple(ends_seen), []).append(kind)
    if not held or not allowed:
        return []
    starts = np.array([mention.start for entity in held for mention in entity.mentions])
    sizes = np.cumsum([0, *(len(entity.mentions) for entity in held)])
    between = np.abs(starts[:, None] - starts[None, :])
    apart = np.minimum.reduceat(np.minimum.reduceat(between, sizes[:-1], axis=0), sizes[:-1], axis=1)
    alike: dict[tuple[str, str], list[int]] = {}
    for number, entity in enumerate(held):
        alike.setdefault((entity.layer, entity.label), []).append(number)
    looked_at = _Look(doc, held, apart, alike)
    listed = []
    for head, one in enumerate(held):
        for tail, other in enumerate(held):
            kinds = allowed.get((one.layer, one.label, other.layer, other.label, head == tail))
            if not kinds or apart[head, tail] > window:
                continue
            own = between[sizes[head] : sizes[head + 1], sizes[tail] : sizes[tail + 1]]
            near = divmod(int(own.argmin()), own.shape[1])
            pair = Pair(head, tail, frozenset(kinds), near)
            pair.features = looked_at.features(pair)
            listed.append(pair)
    return listed


class _Look:
    """What there is to see at a document's pairs; `apart` are the distances of its entities in tokens,
    `alike` the entities of a layer and label."""

    def __init__(self, doc: Doc, held: Sequence[Entity], apart: Any, alike: Mapping[Any, list[int]]) -> None:
        self.doc, self.held, self.apart, self.alike = doc, held, apart, alike
        self.parsed = doc.has_annotation("DEP")
        self.sentences, now = [], 0
        for token in doc:
            self.sentences.append(now)
            now += token.text in _ENDS or "\n" in token.text
        self.words = [_plain(token.lemma_ or token.text) for token in doc]

    def features(self, pair: Pair) -> list[str]:
        """What a relation of the pair is told by."""
        head_entity, tail_entity = self.held[pair.head], self.held[pair.tail]
        labels = f"{head_entity.label}>{tail_entity.label}"
        names = [f"T={labels}", f"ti={head_entity.label}", f"tj={tail_entity.label}"]
        if pair.head == pair.tail:
            return names + self._alone(head_entity)
        a, b = head_entity.mentions[pair.near[0]], tail_entity.mentions[pair.near[1]]
        low, high = (a, b) if a.start < b.start else (b, a)
        gap = max(0, high.start - low.end)
        far = min(gap // 3 if gap < _NEAR else 4 + gap // 10, 10)
        away = min(3, abs(self.sentences[a.start] - self.sentences[b.start]))
        way = "<" if a.start < b.start else ">"
        root, top = self._root(a), self._root(b)
        head, tail = self.words[root.i], self.words[top.i]
        inside = (b.start <= a.start and a.end <= b.end) or (a.start <= b.start and b.end <= a.end)
        names += [
            f"o={way}",
            f"d={far}",
            f"s={away}",
            f"Ts={labels}{away}",
            f"Td={labels}{far}",
            f"To={labels}{way}",
        ]
        names += [f"in={inside}", f"ra={head}", f"rb={tail}", f"rab={head}|{tail}"]
        names += [f"Ta={tail_entity.label}{head}", f"Tb={head_entity.label}{tail}"]
        names += self._crowd(pair, labels)
        if root.pos_:
            names += [f"Tp={labels}{root.pos_}{top.pos_}", f"apn={root.pos_ == 'PROPN'}"]
            names.append(f"bpn={top.pos_ == 'PROPN'}")
        if gap <= _NEAR:
            for word in self.words[low.end : high.start]:
                names += [f"b={word}", f"{head_entity.label}b={way}{word}"]
        if gap <= 3:
            names.append(f"bt={labels}{way}{_plain(self.doc[low.end : high.start].text)}")
        for side, span in (("a", a), ("b", b)):
            before = self.doc[max(0, span.start - 2) : span.start]
            names += [f"{side}L={_plain(token.text)}" for token in before[-1:]]
            names.append(f"{side}LL={_plain(before.text)}")
        return names + (self._parse(root, top, labels, away) if self.parsed else [])

    def _root(self, span: Span) -> Token:
        return span.root if self.parsed else span[-1]

    def _alone(self, entity: Entity) -> list[str]:
        """What an entity is by itself: its words."""
        names = []
        for span in entity.mentions:
            names += [f"m={_plain(token.text)}" for token in span]
            names += [f"mg={gender}" for token in span for gender in token.morph.get("Gender", [])]
            names.append(f"x={self._root(span).text.lower()[-2:]}")
        return names

    def _crowd(self, pair: Pair, labels: str) -> list[str]:
        """How many others there are, and how many of them stand nearer."""
        head_entity, tail_entity = self.held[pair.head], self.held[pair.tail]
        heads, tails = (
            self.alike[head_entity.layer, head_entity.label],
            self.alike[tail_entity.layer, tail_entity.label],
        )
        distance = self.apart[pair.head, pair.tail]
        row, column = self.apart[pair.head], self.apart[:, pair.tail]
        nearer = min(3, sum(row[k] < distance for k in tails if k != pair.tail))
        rival = min(3, sum(column[k] < distance for k in heads if k != pair.head))
        early = min(5, tail_entity.mentions[0].start // 15)
        return [
            f"ci={min(4, len(heads))}",
            f"cj={min(4, len(tails))}",
            f"Tc={labels}{min(3, len(tails))}",
            f"ni={min(4, len(head_entity.mentions))}",
            f"nj={min(4, len(tail_entity.mentions))}",
            f"near={nearer}",
            f"Tnear={labels}{nearer}",
            f"rival={rival}",
            f"Trival={labels}{rival}",
            f"early={early}",
            f"Tearly={labels}{early}",
        ]

    def _parse(self, root: Token, top: Token, labels: str, away: int) -> list[str]:
        names = []
        if not away and (path := _path(root, top)) is not None:
            up, over, down = path
            held = self.words[over.i] if over is not None else "="
            names += [f"p={up}|{held}|{down}", f"pd={up}|{down}", f"top={held}", f"Tt={labels}{held}"]
        for side, token in (("a", root), ("b", top)):
            names.append(f"{side}dep={token.dep_}")
            verb = next((above for above in token.ancestors if above.pos_ == "VERB"), None)
            if verb is not None:
                names += [f"{side}v={self.words[verb.i]}", f"{side}Tv={labels}{self.words[verb.i]}"]
        return names


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")


def _path(a: Token, b: Token) -> tuple[str, Token | None, str] | None:
    """Dependencies up from `a`, the token on top (None where it is an end), dependencies down to `b`."""
    above = {token.i for token in (b, *b.ancestors)}
    up: list[Token] = []
    for top in (a, *a.ancestors):
        if top.i in above:
            break
        up.append(top)
    else:
        return None
    down: list[Token] = []
    for token in (b, *b.ancestors):
        if token.i == top.i:
            break
        down.append(token)
    if len(up) + len(down) > _STEPS:
        return None
    over = top if top.i not in (a.i, b.i) else None
    return "^".join(t.dep_ for t in up), over, "^".join(t.dep_ for t in reversed(down))


def beside(pairs: Sequence[Pair], sure: Any) -> Any:
    """What a document's other pairs say of each pair: numbers (pairs × relations × k), from the chances of
    all relations (pairs × relations) by a model that saw each pair alone.

    They are the chances of all relations of the pair, of the same relation the other way round, of its best
    rival with the same head and with the same tail, the lead over these, and the rank among them.
    """
    count, many = sure.shape
    heads = np.array([pair.head for pair in pairs], dtype=int)
    tails = np.array([pair.tail for pair in pairs], dtype=int)
    size = int(max(heads.max(), tails.max())) + 1 if count else 0
    rows = np.full((size, size), count)
    rows[heads, tails] = np.arange(count)
    # Pairs that may not be related count as impossible.
    known = np.vstack([sure, np.zeros((1, many))])
    back = known[rows[tails, heads]]
    rivals, ranks = np.zeros((count, many, 2)), np.zeros((count, many, 2), dtype=int)
    for side, ends in enumerate((heads, tails)):
        for end in np.unique(ends):
            here = np.flatnonzero(ends == end)
            chances = sure[here]
            ranks[here, :, side] = (chances[:, None] < chances[None]).sum(1)
            if len(here) > 1:
                best = np.sort(chances, axis=0)
                rivals[here, :, side] = np.where(chances >= best[-1], best[-2], best[-1])
    own, others = _logit(sure), _logit(rivals)
    return np.concatenate(
        [
            np.broadcast_to(own[:, None], (count, many, many)),
            _logit(back)[:, :, None],
            others,
            own[:, :, None] - others,
            np.eye(_RANKS)[np.minimum(ranks, _RANKS - 1)].reshape(count, many, -1),
        ],
        axis=2,
    )


def _logit(sure: Any) -> Any:
    kept = np.clip(sure, _EDGE, 1 - _EDGE)
    return np.log(kept / (1 - kept)) / 3


registry.misc("goldwire.entities.v1", func=entities)
registry.misc("goldwire.entity_pairs.v1", func=entity_pairs)
registry.misc("goldwire.beside.v1", func=beside)
