"""Relations between entities: two logistic regressions for each label over pairs of entities.

An entity is a label and its mentions. A pair is judged where training has seen its two labels joined;
features come from the two mentions nearest to each other, the words and the dependency path between them,
from how many entities of the same label the document has, and then from what its other pairs came to.
"""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.popcorn_joint import Key, together
from benchmarks.popcorn_tuning import Floats, held_out, threshold
from goldwire.train.pipeline.span_features import plain

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as SpacySpan

#: A label and the extents of its mentions, code points [start, end).
Entity: TypeAlias = tuple[str, list[tuple[int, int]]]
#: Subject, label, object; entities by their place.
Triple: TypeAlias = tuple[int, str, int]
#: The labels of a pair, and whether it is one entity twice.
Kind: TypeAlias = tuple[str, str, bool]
Held: TypeAlias = tuple[str, "list[SpacySpan]"]
BUCKETS = 2**20


@dataclass
class _Judge:
    """One label: the kinds of pairs it was seen at, its two models, what is enough to report it."""

    kinds: set[Kind] = field(default_factory=set)
    alone: Any = None
    joint: Any = None
    enough: float = 0.0


class Relations:
    """All relations of a document's entities.

    A first model judges a pair alone, a second one beside the document's other pairs, as the first saw them
    in training reports that were kept from it. A label is reported from the probability on that gave the
    best F1 in training, drawn to `threshold` where examples are few.
    """

    def __init__(self, *, threshold: float = 0.4) -> None:
        self.threshold = threshold
        self._judges: dict[str, _Judge] = defaultdict(_Judge)

    def fit(
        self,
        docs: Sequence[Doc],
        entities: Sequence[Sequence[Entity]],
        triples: Sequence[set[Triple]],
        stories: Sequence[Any] | None = None,
    ) -> Relations:
        """Learn from parsed documents, their entities and what joins them; near copies share a story."""
        for found, joined in zip(entities, triples, strict=True):
            for subject, label, object_ in sorted(joined):
                kind = (found[subject][0], found[object_][0], subject == object_)
                self._judges[label].kinds.add(kind)
        names, kinds, keys = self._pairs(docs, entities)
        hashed = _hashed(names)
        # What occurs once tells nothing of other documents, and is most of all features.
        self._kept = np.flatnonzero(np.bincount(hashed.indices, minlength=BUCKETS) > 1)
        matrix = hashed[:, self._kept]
        group = np.array([number if stories is None else stories[number] for number, *_ in keys])
        rows = {label: _rows(kinds, judge) for label, judge in self._judges.items()}
        truth = {
            label: np.array([(keys[n][1], label, keys[n][2]) in triples[keys[n][0]] for n in rows[label]])
            for label in self._judges
        }
        sure = np.zeros((len(keys), len(self._judges)))
        for place, (label, judge) in enumerate(self._judges.items()):
            own, right = rows[label], truth[label]
            judge.alone, sure[own, place] = _learned(matrix[own], right, group[own])
        for numbers, (label, judge) in zip(self._beside(keys, sure), self._judges.items(), strict=True):
            own, right = rows[label], truth[label]
            judge.joint, chance = _learned(_side(matrix[own], numbers[own]), right, group[own])
            judge.enough = threshold(right, chance, self.threshold)
        return self

    def find(
        self,
        docs: Sequence[Doc],
        entities: Sequence[Sequence[Entity]],
        trust: Sequence[Sequence[float]] | None = None,
    ) -> list[set[Triple]]:
        """The relations of each document; `trust` says how sure it is that each entity is one."""
        out: list[set[Triple]] = [set() for _ in docs]
        names, kinds, keys = self._pairs(docs, entities)
        if not names:
            return out
        matrix = _hashed(names)[:, self._kept]
        rows = {label: _rows(kinds, judge) for label, judge in self._judges.items()}
        sure = np.zeros((len(keys), len(self._judges)))
        for place, (label, judge) in enumerate(self._judges.items()):
            sure[rows[label], place] = _judged(judge.alone, matrix[rows[label]])
        both: Floats = np.ones(len(keys))
        if trust is not None:
            both = np.array([trust[n][i] * (trust[n][j] if i != j else 1.0) for n, i, j in keys])
        for numbers, (label, judge) in zip(self._beside(keys, sure), self._judges.items(), strict=True):
            own = rows[label]
            chance = _judged(judge.joint, _side(matrix[own], numbers[own])) * both[own]
            for row in own[chance >= judge.enough]:
                number, subject, object_ = keys[row]
                out[number].add((subject, label, object_))
        return out

    def _beside(self, keys: Sequence[Key], sure: Floats) -> list[Floats]:
        return together(keys, sure, list(self._judges))

    def _pairs(
        self, docs: Sequence[Doc], entities: Sequence[Sequence[Entity]]
    ) -> tuple[list[list[str]], list[Kind], list[Key]]:
        allowed = set().union(*(judge.kinds for judge in self._judges.values()))
        names, kinds, keys = [], [], []
        for number, (doc, found) in enumerate(zip(docs, entities, strict=True)):
            held = [(label, _spans(doc, extents)) for label, extents in found]
            counts = Counter(label for label, _ in held)
            sentence = {token.i: n for n, one in enumerate(doc.sents) for token in one}
            for i, (one, mentions) in enumerate(held):
                for j, (other, others) in enumerate(held):
                    kind = (one, other, i == j)
                    if kind in allowed and mentions and others:
                        kinds.append(kind)
                        keys.append((number, i, j))
                        names.append(_features(doc, held, i, j, counts, sentence))
        return names, kinds, keys


def _rows(kinds: Sequence[Kind], judge: _Judge) -> NDArray[np.int64]:
    return np.flatnonzero([kind in judge.kinds for kind in kinds])


def _learned(matrix: Any, right: NDArray[np.bool_], groups: Any) -> tuple[Any, Floats]:
    """A model of what is right (none, where all is), and each row's chance by models of other groups."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        return None, np.ones(len(right))
    weight = min(6.0, float(np.sqrt((~right).sum() / right.sum())))
    model = LogisticRegression(C=0.5, max_iter=60, class_weight={False: 1.0, True: weight})
    with warnings.catch_warnings():
        # Stopped after 60 steps on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(matrix, right), held_out(model, matrix, right, groups)[:, 1]


def _judged(model: Any, matrix: Any) -> Floats:
    if model is None or not matrix.shape[0]:
        return np.ones(matrix.shape[0])
    chance: Floats = model.predict_proba(matrix)[:, 1]
    return chance


def _side(matrix: Any, numbers: Floats) -> Any:
    from scipy.sparse import csr_matrix, hstack

    return hstack([matrix, csr_matrix(numbers)]).tocsr()


def _hashed(names: Sequence[Sequence[str]]) -> Any:
    from sklearn.feature_extraction import FeatureHasher

    hasher = FeatureHasher(BUCKETS, input_type="string", alternate_sign=False, dtype=np.float32)
    return hasher.transform(names)


def _spans(doc: Doc, extents: Sequence[tuple[int, int]]) -> list[SpacySpan]:
    found = (doc.char_span(start, end, alignment_mode="expand") for start, end in sorted(extents))
    return [span for span in found if span is not None]


def _features(
    doc: Doc, held: Sequence[Held], i: int, j: int, counts: Counter[str], sentence: dict[int, int]
) -> list[str]:
    (one, mentions), (other, others) = held[i], held[j]
    both = f"{one}>{other}"
    names = [f"T={both}", f"ti={one}", f"tj={other}"]
    if i == j:
        for span in mentions:
            names += [f"m={plain(token.text)}" for token in span]
            names += [f"mg={token.morph.get('Gender', [])}" for token in span]
            names.append(f"x={span.root.text.lower()[-2:]}")
        return names
    a, b = min(
        ((a, b) for a in mentions for b in others), key=lambda pair: abs(pair[0].start - pair[1].start)
    )
    low, high = (a, b) if a.start < b.start else (b, a)
    gap = max(0, high.start - low.end)
    far = min(gap // 3 if gap < 12 else 4 + gap // 10, 10)
    apart = min(3, abs(sentence[a.start] - sentence[b.start]))
    way = "<" if a.start < b.start else ">"
    head, tail = plain(a.root.lemma_), plain(b.root.lemma_)
    inside = (b.start <= a.start and a.end <= b.end) or (a.start <= b.start and b.end <= a.end)
    names += [f"o={way}", f"d={far}", f"s={apart}", f"Ts={both}{apart}", f"Td={both}{far}", f"To={both}{way}"]
    names += [f"in={inside}", f"ra={head}", f"rb={tail}", f"rab={head}|{tail}", f"Ta={other}{head}"]
    names += [f"Tb={one}{tail}", f"ci={min(4, counts[one])}", f"cj={min(4, counts[other])}"]
    names += [f"Tc={both}{min(3, counts[other])}", f"ni={min(4, len(mentions))}", f"nj={min(4, len(others))}"]
    names.append(f"Tp={both}{a.root.pos_}{b.root.pos_}")
    if gap <= 12:
        for token in doc[low.end : high.start]:
            names += [f"b={plain(token.lemma_)}", f"{one}b={way}{plain(token.lemma_)}"]
    if gap <= 3:
        names.append(f"bt={both}{way}{' '.join(plain(t.text) for t in doc[low.end : high.start])}")
    if not apart and (path := _path(a.root, b.root)) is not None:
        up, top, down = path
        names += [f"p={up}|{top}|{down}", f"pd={up}|{down}", f"top={top}", f"Tt={both}{top}"]
    for name, span in (("a", a), ("b", b)):
        before = doc[max(0, span.start - 2) : span.start]
        names += [f"{name}L={plain(token.text)}" for token in before[-1:]]
        names += [f"{name}LL={plain(before.text)}", f"{name}dep={span.root.dep_}"]
        names.append(f"{name}pn={span.root.pos_ == 'PROPN'}")
        verb = next((x for x in span.root.ancestors if x.pos_ == "VERB"), None)
        if verb is not None:
            names += [f"{name}v={plain(verb.lemma_)}", f"{name}Tv={both}{plain(verb.lemma_)}"]
    nearer = min(3, _nearer(held, other, others, mentions, abs(a.start - b.start)))
    rival = min(3, _nearer(held, one, mentions, others, abs(a.start - b.start)))
    early = min(5, others[0].start // 15)
    names += [f"near={nearer}", f"Tnear={both}{nearer}", f"rival={rival}", f"Trival={both}{rival}"]
    return [*names, f"early={early}", f"Tearly={both}{early}"]


def _nearer(
    held: Sequence[Held], label: str, own: list[SpacySpan], to: list[SpacySpan], distance: int
) -> int:
    """How many other entities of `label` have a mention nearer than `distance` tokens."""
    return sum(
        1
        for name, spans in held
        if name == label
        and spans
        and spans is not own
        and min(abs(x.start - y.start) for x in to for y in spans) < distance
    )


def _path(a: Token, b: Token, longest: int = 6) -> tuple[str, str, str] | None:
    """Dependencies up from `a`, the lemma on top, dependencies down to `b`."""
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
    if len(up) + len(down) > longest:
        return None
    lemma = plain(top.lemma_) if top.i not in (a.i, b.i) else "="
    return "^".join(t.dep_ for t in up), lemma, "^".join(t.dep_ for t in reversed(down))
