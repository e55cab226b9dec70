"""What finds spans by a conditional random field, and what tells their labels by the whole document.

This file stands alone, as `components.py` does: it imports spaCy and numpy only, and finds in spaCy's
registry what it looks at.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import registry

#: As in `span_features.py`.
NAMES = "goldwire_names"
#: How sure each span of `doc.ents` is, while a document is on its way.
SURE = "goldwire_sure"
#: Tags of words: outside, the first of a span, a further one.
TAGS = ("O", "B", "I")
#: Any score is above it.
NEVER = -1e9


def best_path(emitted: Any, moves: Any) -> list[int]:
    """The tags with the highest sum of scores (Viterbi 1967): `emitted` is words × tags, `moves` from tag to
    tag. A span goes on only where one began."""
    if not len(emitted):
        return []
    moves = np.array(moves, dtype=float)
    moves[TAGS.index("O"), TAGS.index("I")] = NEVER
    value = np.array(emitted[0], dtype=float)
    value[TAGS.index("I")] += NEVER
    back = []
    for row in emitted[1:]:
        together = value[:, None] + moves
        back.append(together.argmax(0))
        value = together.max(0) + row
    path = [int(value.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


def marginals(emitted: Any, moves: Any) -> Any:
    """The probability of each word's tags (words × tags), by forward and backward (Rabiner 1989)."""
    raised = np.exp(emitted - emitted.max(1, keepdims=True)) if len(emitted) else np.array(emitted)
    step = np.exp(moves - np.max(moves))
    ahead, behind = np.ones_like(raised), np.ones_like(raised)
    for place, row in enumerate(raised):
        ahead[place] = row * (ahead[place - 1] @ step) if place else row
        ahead[place] /= ahead[place].sum()
    for place in range(len(raised) - 2, -1, -1):
        behind[place] = step @ (raised[place + 1] * behind[place + 1])
        behind[place] /= behind[place].sum()
    both = ahead * behind
    return both / both.sum(1, keepdims=True)


def stretches(tags: Sequence[int]) -> list[tuple[int, int]]:
    """The spans that tags mean, in words [start, end)."""
    begin, outside = TAGS.index("B"), TAGS.index("O")
    size = len(tags)
    return [
        (start, next((at for at in range(start + 1, size) if tags[at] in (begin, outside)), size))
        for start, tag in enumerate(tags)
        if tag == begin
    ]


def pack(arrays: Mapping[str, Any], lists: Mapping[str, Any]) -> bytes:
    """Arrays and JSON as one npz archive, no pickle."""
    stream = io.BytesIO()
    header = np.frombuffer(json.dumps(lists).encode(), dtype=np.uint8)
    np.savez_compressed(stream, header=header, **arrays)
    return stream.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inverse of `pack`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as read:
        arrays = {name: read[name] for name in read.files if name != "header"}
        lists: dict[str, Any] = json.loads(read["header"].tobytes())
    return arrays, lists


class Stored:
    """A component whose state is arrays and lists."""

    def __init__(self, nlp: Language | None = None, name: str = "") -> None:  # noqa: ARG002  spaCy gives them
        self.arrays: dict[str, Any] = {}
        self.lists: dict[str, Any] = {}

    def set(self, arrays: Mapping[str, Any], lists: Mapping[str, Any]) -> None:
        """Put what was learned in place."""
        self.arrays, self.lists = dict(arrays), dict(lists)

    def to_bytes(self, **_exclude: Any) -> bytes:
        """The state as bytes."""
        return pack(self.arrays, self.lists)

    def from_bytes(self, data: bytes, **_exclude: Any) -> Self:
        """Read the state."""
        self.set(*unpack(data))
        return self

    def to_disk(self, path: str | Path, **_exclude: Any) -> None:
        """Write the state into a folder."""
        Path(path).mkdir(parents=True, exist_ok=True)
        (Path(path) / "learned.npz").write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, **_exclude: Any) -> Self:
        """Read the state from a folder."""
        return self.from_bytes((Path(path) / "learned.npz").read_bytes())


class Names:
    """Sets aside what the analysing pipeline found in `doc.ents`, for the next ones to look at; the last of a
    pipeline (`end`) takes it away again."""

    def __init__(self, nlp: Language, name: str, end: bool) -> None:  # noqa: ARG002  spaCy gives them
        self.end = end

    def __call__(self, doc: Doc) -> Doc:
        """Set aside, or clear."""
        if self.end:
            for key in (NAMES, SURE):
                doc.user_data.pop(key, None)
            return doc
        doc.user_data[NAMES] = [(span.start, span.end, span.label_) for span in doc.ents]
        doc.set_ents([], default="missing")
        return doc


class Crf(Stored):
    """Finds spans by a linear-chain conditional random field (Lafferty, McCallum and Pereira 2001), and puts
    them into `doc.ents`: all of one label, where what they are is told later.

    `features` are strings, `weights` one row for each (features × tags), `numbers` the weights of the vectors
    of a word and its neighbours, reduced by `axes` about `centre`; `moves` those from tag to tag. `bias` is
    taken from the score of what is outside: above 0 more is found.
    """

    def set(self, arrays: Mapping[str, Any], lists: Mapping[str, Any]) -> None:
        """Put what was learned in place."""
        super().set(arrays, lists)
        self.index = {name: number for number, name in enumerate(self.lists["features"])}

    def emitted(self, doc: Doc) -> Any:
        """The score of each word's tags (words × tags)."""
        rows = registry.misc.get("goldwire.word_features.v1")(doc)
        weights, index = self.arrays["weights"], self.index
        scores = np.zeros((len(doc), len(TAGS)))
        for place, names in enumerate(rows):
            # In order: sums of floats depend on it.
            columns = sorted({index[name] for name in names if name in index})
            scores[place] = weights[columns].sum(0)
        if self.arrays["numbers"].size:
            vectors = registry.misc.get("goldwire.vectors.v1")(doc)
            near = neighbours((vectors - self.arrays["centre"]) @ self.arrays["axes"])
            scores += near @ self.arrays["numbers"]
        return scores

    def __call__(self, doc: Doc) -> Doc:
        """Find them."""
        doc.user_data.pop(SURE, None)
        if not len(doc) or not self.arrays:
            doc.set_ents([], default="outside")
            return doc
        scores, moves = self.emitted(doc), self.arrays["moves"]
        sure = marginals(scores, moves)
        scores[:, TAGS.index("O")] -= self.lists["bias"]
        path = best_path(scores, moves)
        spans = stretches(path)
        own = sure[np.arange(len(path)), path]
        label = self.lists["label"]
        doc.set_ents([Span(doc, start, end, label=label) for start, end in spans])
        doc.user_data[SURE] = {(start, end): float(own[start:end].mean()) for start, end in spans}
        return doc


def neighbours(rows: Any) -> Any:
    """Each row between the one before and the one after it, zeros at the ends (rows × 3 · width)."""
    edge = np.zeros((1, rows.shape[1]), dtype=rows.dtype)
    return np.concatenate([np.concatenate([edge, rows[:-1]]), rows, np.concatenate([rows[1:], edge])], 1)


class DocumentLabels(Stored):
    """Gives the spans of `doc.ents` their labels: by the span, what stands around it, and the document's
    words and other spans.

    A multinomial logistic regression: `weights` is features × labels, its rows are of `features`, then of the
    span's vectors, then of the document as `subject` gives it, `bias` one a label. `added` goes to the
    logarithm of each label's probability, for the best macro F1, and `trust` to that of the label which a
    recogniser gave.
    """

    def __init__(self, nlp: Language | None = None, name: str = "", layer: str = "") -> None:
        super().__init__(nlp, name)
        self.layer = layer

    def set(self, arrays: Mapping[str, Any], lists: Mapping[str, Any]) -> None:
        """Put what was learned in place."""
        super().set(arrays, lists)
        self.index = {name: number for number, name in enumerate(self.lists["features"])}
        self.words = {name: number for number, name in enumerate(self.lists["words"])}
        self.heads = {name: number for number, name in enumerate(self.lists["heads"])}

    def chances(self, doc: Doc, spans: Sequence[Span]) -> Any:
        """The probability of each label (spans × labels)."""
        tell = registry.misc.get("goldwire.label_features.v1")
        vectors = registry.misc.get("goldwire.vectors.v1")(doc)
        of_spans = registry.misc.get("goldwire.span_vectors.v1")(spans, vectors)
        weights, edge = self.arrays["weights"], len(self.index)
        logits = np.tile(self.arrays["bias"].astype(float), (len(spans), 1))
        for row, span in enumerate(spans):
            columns = sorted({self.index[name] for name in tell(span) if name in self.index})
            logits[row] += weights[columns].sum(0)
        width = of_spans.shape[1]
        logits += self.lists["weigh"]["vectors"] * of_spans @ weights[edge : edge + width]
        told = subject(doc, spans, self.words, self.heads, self.arrays, self.lists["weigh"])
        logits += told @ weights[edge + width :]
        raised = np.exp(logits - logits.max(1, keepdims=True))
        return raised / raised.sum(1, keepdims=True)

    def __call__(self, doc: Doc) -> Doc:
        """Label them; with a `layer` they stand in `doc.spans[layer]` too, with how sure they are."""
        spans, labels = list(doc.ents), self.lists["labels"]
        scores: list[float] = []
        if spans:
            sure = self.chances(doc, spans)
            given = np.array([[span.label_ == label for label in labels] for span in spans])
            best = (log_of(sure) + self.arrays["added"] + self.lists["trust"] * given).argmax(1)
            extents = doc.user_data.get(SURE) or {}
            scores = [
                float(sure[row, code]) * extents.get((span.start, span.end), 1.0)
                for row, (span, code) in enumerate(zip(spans, best, strict=True))
            ]
            doc.set_ents(
                [
                    Span(doc, span.start, span.end, label=labels[code])
                    for span, code in zip(spans, best, strict=True)
                ]
            )
        if self.layer:
            doc.spans[self.layer] = list(doc.ents)
            doc.spans[self.layer].attrs["scores"] = scores
        return doc


def log_of(sure: Any) -> Any:
    """Logarithms of probabilities, none of which is 0."""
    return np.log(np.asarray(sure) + 1e-4)


def tf_idf(words: Iterable[str], columns: Mapping[str, int], idf: Any, *, damped: bool) -> Any:
    """TF-IDF of some words as a row of length 1, or of zeros; `damped` takes 1 + log of how often each
    stands there."""
    row = np.zeros(len(columns))
    for word, count in Counter(words).items():
        if word in columns:
            row[columns[word]] = (1 + np.log(count) if damped else count) * idf[columns[word]]
    return row / max(1e-9, float(np.linalg.norm(row)))


def subject(
    doc: Doc,
    spans: Sequence[Span],
    words: Mapping[str, int],
    heads: Mapping[str, int],
    idf: Mapping[str, Any],
    weigh: Mapping[str, float],
) -> Any:
    """What a document says, as one row: TF-IDF of its words, of the heads of its spans, its mean vector, each
    times what `weigh` has for it."""
    content, head_of = (registry.misc.get(f"goldwire.{name}.v1") for name in ("content", "head"))
    told = content(doc)
    vectors = registry.misc.get("goldwire.vectors.v1")(doc)
    picked = vectors[[token.i for token in told]]
    mean = picked.mean(0) if len(picked) else np.zeros(vectors.shape[1])
    lemma = registry.misc.get("goldwire.lemma.v1")
    return np.concatenate(
        [
            weigh["words"] * tf_idf(map(lemma, told), words, idf["words"], damped=True),
            weigh["heads"] * tf_idf((lemma(head_of(s)) for s in spans), heads, idf["heads"], damped=False),
            weigh["mean"] * mean / max(1e-9, float(np.linalg.norm(mean))),
        ]
    )


# As in `components.py`.
with suppress(ValueError, TypeError):
    Language.factory("goldwire_names", default_config={"end": False}, func=Names)
    Language.factory("goldwire_crf", func=Crf)
    Language.factory("goldwire_labels", default_config={"layer": ""}, func=DocumentLabels)
