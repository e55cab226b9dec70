"""Tags of tokens: IOB1, IOB2, IO and IOBES (BILOU, BMES), before or behind the label, and brackets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

#: How a column's tags are written: `B-PER`, `PER-B`, `B` alone, `PER` alone, `(PER*`; or all are `O`.
Form: TypeAlias = Literal["prefix", "suffix", "letter", "bare", "brackets", "outside"]
#: A token of no span: prefix and label.
OUTSIDE = ("O", "")
#: What stands at a token of no span. Only `O` says that the column is one of tags.
NOTHING = frozenset(("O", "_", "-", "", "*"))
#: Other names of a prefix: L and U of BILOU, M of BMES, W of BMEWO.
_LETTERS = frozenset("BIESLUMW")
_NAMES = {"L": "E", "U": "S", "W": "S", "M": "I"}
_PREFIX, _SUFFIX = re.compile(r"([BIESLUMW])[-_](.+)"), re.compile(r"(.+)[-_]([BIESLUMW])")
_BARE = re.compile(r"[^\W\d_][\w.:/&+-]*")
_BRACKETS = re.compile(r"(?:\([^()*\s]+)*\*?(?:[^()*\s]*\))*")
_BRACKET = re.compile(r"\(([^()*\s]+)|\*|[^()*\s]*(\))")
#: Labels of phrases: what a column of chunks holds, in English, German, Dutch and Spanish.
_PHRASES = "NP VP PP ADVP ADJP SBAR PRT CONJP INTJ LST UCP NC VC PC AC CC AP AVP SV"
_CHUNKS = frozenset(_PHRASES.split())
#: Labels of a treebank's brackets.
_TREE = frozenset(("TOP", "ROOT", "S", "NP", "VP"))
#: More names than this are words, not labels.
_LABELS = 200


def split_tag(tag: str, form: Form = "prefix", letter: str = "") -> tuple[str, str] | None:
    """A tag's prefix (B, I, E, S or O) and label; None where it is none of the form.

    `letter` is the label of tags that are a prefix alone.
    """
    if tag in NOTHING:
        return OUTSIDE
    if form == "bare":
        return ("I", tag) if _BARE.fullmatch(tag) else None
    if form == "letter":
        return (_NAMES.get(tag, tag), letter) if tag in _LETTERS else None
    if form == "suffix":
        match = _SUFFIX.fullmatch(tag)
        return (_NAMES.get(match[2], match[2]), match[1]) if match else None
    match = _PREFIX.fullmatch(tag)
    return (_NAMES.get(match[1], match[1]), match[2]) if match else None


def says_tag(cell: str) -> bool:
    """Whether a cell by itself shows that it is a tag."""
    return cell == "O" or bool(_PREFIX.fullmatch(cell) or _SUFFIX.fullmatch(cell))


def form_of(values: Counter[str], *, named: bool = False) -> Form | None:
    """How the tags of a column are written; None where it holds something else.

    A few odd values among many tags do not count against it: whoever reads them says so. Of a column that was
    `named` it need not be shown that it holds tags.
    """
    tags = Counter({value: count for value, count in values.items() if value not in NOTHING})
    total = tags.total()
    outside = named or "O" in values
    if not total:
        return "outside" if outside else None
    forms: tuple[tuple[Form, re.Pattern[str]], ...] = (("prefix", _PREFIX), ("suffix", _SUFFIX))
    for form, pattern in forms:
        fitting = sum(count for value, count in tags.items() if pattern.fullmatch(value))
        if fitting * 2 > total:
            return form
    if "*" in values and any("(" in value for value in tags) and all(map(_BRACKETS.fullmatch, tags)):
        return "brackets"
    if not outside:
        return None
    if _LETTERS.issuperset(tags):
        return "letter"
    return "bare" if len(tags) <= _LABELS and all(map(_BARE.fullmatch, tags)) else None


def of_phrases(values: Collection[str], form: Form) -> bool:
    """Whether a column holds chunks or parts of a syntax tree."""
    if form == "brackets":
        return not _TREE.isdisjoint(match for value in values for match in _BRACKET.findall(value)[0][:1])
    labels = {parts[1] for value in values if (parts := split_tag(value, form))} - {""}
    return bool(labels) and labels <= _CHUNKS


def decode_tags(
    tags: Sequence[tuple[str, str]], breaks: Collection[int] = ()
) -> Iterator[tuple[int, int, str]]:
    """The spans of a sequence of split tags: first and last token, label. Right for all schemes.

    As conlleval has it: a span begins at B and S, where the label changes and after O, E and S; so an I that
    nothing comes before begins one. None goes over the begin of a sentence, the tokens of `breaks`.
    """
    start: int | None = None
    label = ""
    for index, (prefix, name) in enumerate([*tags, OUTSIDE]):
        ended = prefix in "OBS" or name != label or index in breaks or (index and tags[index - 1][0] in "ES")
        if start is not None and ended:
            yield start, index - 1, label
            start = None
        if prefix != "O" and start is None:
            start, label = index, name


def decode_brackets(
    cells: Sequence[str], breaks: Collection[int] = ()
) -> tuple[list[tuple[int, int, str]], list[int]]:
    """The spans that brackets enclose, nested ones too, and the tokens with a bracket that has no other."""
    spans: list[tuple[int, int, str]] = []
    odd: list[int] = []
    opened: list[tuple[int, str]] = []
    for index, cell in enumerate(cells):
        if index in breaks:
            odd += [start for start, _ in opened]
            opened.clear()
        for label, closing in _BRACKET.findall(cell):
            if label:
                opened.append((index, label))
            elif closing and opened:
                start, name = opened.pop()
                spans.append((start, index, name))
            elif closing:
                odd.append(index)
    odd += [start for start, _ in opened]
    return sorted(spans, key=lambda span: (span[0], -span[1])), odd


def encode(spans: Iterable[tuple[int, int, str]], length: int, scheme: str) -> list[str]:
    """The tags of `length` tokens over spans (first and last token, label), none of which share a token."""
    tags = ["O"] * length
    for first, last, label in sorted(spans):
        if scheme == "iobes":
            tags[first : last + 1] = [f"I-{label}"] * (last + 1 - first)
            tags[last] = f"E-{label}"
            tags[first] = f"{'S' if first == last else 'B'}-{label}"
        else:
            begin = scheme == "iob2" or (first > 0 and tags[first - 1].partition("-")[2] == label)
            tags[first : last + 1] = [f"I-{label}"] * (last + 1 - first)
            tags[first] = f"{'B' if begin else 'I'}-{label}"
    return tags
