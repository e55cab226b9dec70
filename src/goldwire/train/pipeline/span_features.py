"""What spans are found and labelled by: words, their neighbours, and the whole document.

This file stands alone, as `components.py` does: it imports spaCy and numpy only, and is found in spaCy's
registry. What a pipeline does not say (lemmas, parts of speech, a parse, vectors) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span, Token
from spacy.util import registry

#: Where the names that the analysing pipeline found are set aside: (start, end, label) in tokens.
NAMES = "goldwire_names"
_CONTENT = frozenset(("NOUN", "VERB", "ADJ", "PROPN"))
#: Dependencies of a word's own that say what it is.
_TELLING = frozenset(("case", "det", "nummod", "amod", "cop", "nsubj", "obj", "nmod"))
_AROUND = (-3, -2, -1, 1, 2, 3)
#: Words to each side of a span that are looked at.
_NEAR = 7


def plain_word(text: str) -> str:
    """In lower case, with straight apostrophes."""
    return text.lower().replace("’", "'")


def lemma(token: Token) -> str:
    """The lemma of a word, or the word where there is none."""
    return plain_word(token.lemma_ or token.text)


def shape(word: str) -> str:
    """`Xx`, `dd`, `X.X.`: kinds of characters, runs cut to two; `c` is a letter without cases."""
    kinds = (
        "X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else "c" if c.isalpha() else c
        for c in word
    )
    return re.sub(r"(.)\1{2,}", r"\1\1", "".join(kinds))


def is_content(token: Token) -> bool:
    """Whether a word is one of `content`."""
    if token.pos_:
        return token.pos_ in _CONTENT
    return token.is_alpha and not token.is_stop


def content(doc: Doc) -> list[Token]:
    """The words that say what a text is about: by their part of speech, else by being no stop words."""
    return [token for token in doc if is_content(token)]


def head(span: Span) -> Token:
    """The word that a span hangs on by the parse, else its last."""
    return span.root if span.doc.has_annotation("DEP") else span[-1]


def vectors(doc: Doc) -> Any:
    """The static vector of each word as it is written or in lower case (words × width), zeros without one;
    width 0 where there are none."""
    vocab = doc.vocab
    width = vocab.vectors_length
    rows = np.zeros((len(doc), width), dtype=np.float32)
    for token in doc if width else ():
        word = token.text if vocab.has_vector(token.text) else plain_word(token.text)
        if vocab.has_vector(word):
            rows[token.i] = vocab.get_vector(word)
    return rows


def names_by_token(doc: Doc) -> dict[int, str]:
    """What the analysing pipeline takes each word for: `B` or `I` and a label."""
    return {
        place: f"{'I' if place > start else 'B'}{label}"
        for start, end, label in doc.user_data.get(NAMES, ())
        for place in range(start, end)
    }


def word_features(doc: Doc) -> Iterator[list[str]]:
    """The features of each word: itself, what the analysis says of it, its neighbours."""
    names = names_by_token(doc)
    parsed = doc.has_annotation("DEP")
    words = [plain_word(token.text) for token in doc]
    lemmas = [lemma(token) for token in doc]
    shapes = [shape(token.text) for token in doc]
    parts = [token.pos_ for token in doc]
    for token in doc:
        place, text = token.i, token.text
        features = ["b", f"w={words[place]}", f"s={shapes[place]}"]
        features += [f"x={text[-size:]}" for size in range(1, 6) if len(text) > size]
        features += [f"y={text[:size]}" for size in range(2, 5) if len(text) > size]
        if token.lemma_:
            features.append(f"l={lemmas[place]}")
        if token.pos_:
            features += [f"p={token.pos_}", f"m={token.morph}"]
        features.append(f"e={names.get(place, '')}")
        if parsed:
            above = lemmas[token.head.i]
            features += [f"d={token.dep_}", f"h={above}", f"dh={token.dep_}{above}"]
            features += [f"ch={lemmas[c.i]}{c.dep_}" for c in token.children if c.dep_ in _TELLING]
            verb = next((a for a in token.ancestors if a.pos_ == "VERB"), None)
            if verb is not None:
                features.append(f"vb={lemmas[verb.i]}")
        for offset in _AROUND:
            at = place + offset
            if not 0 <= at < len(doc):
                features.append(f"{offset}=edge")
                continue
            features += [f"{offset}w={words[at]}", f"{offset}p={parts[at]}"]
            if abs(offset) < 3:
                features += [f"{offset}l={lemmas[at]}", f"{offset}s={shapes[at]}"]
                features.append(f"{offset}e={names.get(at, '')}")
        if place:
            features += [
                f"-1|0={words[place - 1]}|{words[place]}",
                f"-1|0p={parts[place - 1]}|{parts[place]}",
            ]
        if place + 1 < len(doc):
            features += [f"0|1={words[place]}|{words[place + 1]}", f"0|1p={parts[place]}|{parts[place + 1]}"]
        if 0 < place < len(doc) - 1:
            features.append(f"-1|0|1p={'|'.join(parts[place - 1 : place + 2])}")
        yield features


def label_features(span: Span) -> list[str]:
    """What a span's label is told by, besides its vectors and its document."""
    doc, root = span.doc, head(span)
    names = names_by_token(doc)
    features = [f"text={plain_word(span.text)}", f"root={lemma(root)}", f"rp={root.pos_}", f"rd={root.dep_}"]
    features += [f"rm={root.morph}", f"first={plain_word(span[0].text)}", f"last={plain_word(span[-1].text)}"]
    features += [
        f"e={names.get(root.i, '')[1:]}",
        f"len={min(4, len(span))}",
        f"cap={span.text[:1].isupper()}",
    ]
    for token in span:
        features += [f"in={lemma(token)}", f"inw={plain_word(token.text)}", f"ins={shape(token.text)}"]
    for size in (2, 3, 4):
        features += [f"x={root.text.lower()[-size:]}", f"y={root.text.lower()[:size]}"]
    if doc.has_annotation("DEP"):
        above = lemma(root.head)
        features += [f"h={above}", f"hd={root.dep_}{above}", f"hp={root.head.pos_}"]
        features += [f"c={c.dep_}{lemma(c)}" for c in root.children if not span.start <= c.i < span.end]
        verb = next((a for a in root.ancestors if a.pos_ == "VERB"), None)
        if verb is not None:
            features.append(f"v={lemma(verb)}")
    for distance in range(1, _NEAR + 1):
        for side, at in (("L", span.start - distance), ("R", span.end + distance - 1)):
            if not 0 <= at < len(doc):
                continue
            token = doc[at]
            if distance < 4:
                features += [f"{side}{distance}={plain_word(token.text)}", f"{side}p{distance}={token.pos_}"]
                features.append(f"{side}={lemma(token)}")
            if is_content(token):
                features.append(f"near={lemma(token)}")
    return features


def span_vectors(spans: Sequence[Span], of_words: Any) -> Any:
    """The vector of each span's head word beside the mean of its words, of length 1 together (spans × 2 ·
    width); `of_words` are the document's."""
    rows = np.zeros((len(spans), 2 * of_words.shape[1]), dtype=np.float32)
    for row, span in zip(rows, spans, strict=True):
        row[:] = np.concatenate([of_words[head(span).i], of_words[span.start : span.end].mean(0)])
    return rows / np.maximum(1e-9, np.linalg.norm(rows, axis=1, keepdims=True))


registry.misc("goldwire.word_features.v1", func=word_features)
registry.misc("goldwire.label_features.v1", func=label_features)
registry.misc("goldwire.vectors.v1", func=vectors)
registry.misc("goldwire.span_vectors.v1", func=span_vectors)
registry.misc("goldwire.content.v1", func=content)
registry.misc("goldwire.lemma.v1", func=lemma)
registry.misc("goldwire.head.v1", func=head)
