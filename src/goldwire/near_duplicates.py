"""Near-duplicate texts: MinHash signatures over word shingles find candidates, the true Jaccard decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.text import UNSPACED

#: Words in a shingle.
WIDTH = 3
#: Slots of a signature: it divides by 1, 2, 3, 6, 7 and 9, so that bands of each are at hand.
SLOTS = 126
#: Texts whose shingle sets overlap by this much (Jaccard) count as near-duplicates.
SIMILAR = 0.5
_SEED = 20
_CHARACTERS = 1 << 20
_CHUNK = 5_000
_PAIRS = 1 << 20
_UNKNOWN, _SPACE = 0xFFFFFFFF, ord(" ")
# Odd, so that each has an inverse modulo 2**64.
_BASE, _FACTOR = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95

# In scripts that put no space between words a character counts as a word.
_ALONE = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSPACED)
_WORD_OR_CHARACTER = re.compile(rf"[{_ALONE}]|[^\s{_ALONE}]+")

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]


class NearDuplicate(NamedTuple):
    """Two texts, by their place in the input, and the Jaccard similarity of their shingle sets."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True)
class Shingles:
    """Hashed shingles of many texts: those of text `i` are `hashes[starts[i] : starts[i + 1]]`."""

    hashes: Hashes
    starts: Places

    def take(self, rows: Places) -> Shingles:
        """Those of some of the texts."""
        parts = [self.hashes[self.starts[row] : self.starts[row + 1]] for row in rows.tolist()]
        sizes = np.fromiter((len(part) for part in parts), np.int64, len(parts))
        hashes = np.concatenate(parts) if parts else np.empty(0, np.uint64)
        return Shingles(hashes, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def words(text: str) -> list[str]:
    """The words of a text, in lower case, without punctuation: what a shingle is made of.

    In scripts without spaces a character is a word; a text without any letter or digit gives its characters.
    """
    folded = "".join(chr(_fold(ord(char)) or _SPACE) for char in text)
    return _WORD_OR_CHARACTER.findall(folded) or [char for char in text if not char.isspace()]


def _fold(code: int) -> int:
    """A letter or digit as its lower-case code point, one for one; anything else as 0."""
    char = chr(code)
    return ord(char.lower()[0]) if char.isalnum() else 0


def shingles(texts: Iterable[str]) -> Shingles:
    """The hashed shingles of texts, `WIDTH` words each; a shorter text is one shingle.

    The same text has the same hashes in every process.
    """
    batches = list(_shingled(texts))
    if not batches:
        return Shingles(np.empty(0, np.uint64), np.zeros(1, np.int64))
    sizes = np.concatenate([np.diff(batch.starts) for batch in batches])
    return Shingles(
        np.concatenate([batch.hashes for batch in batches]),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )


def _shingled(texts: Iterable[str]) -> Iterator[Shingles]:
    """The shingles of texts, a batch at a time."""
    hasher = _Hasher()
    for batch in _batches(texts):
        yield _joined(*hasher.words(batch))


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts in their order, about `_CHARACTERS` at a time, so that memory is bounded."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= _CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Hasher:
    """Hashes of words, of a whole batch at a time.

    A word's hash is the polynomial of its code points, sum of c[i] * base**i modulo 2**64, taken from one
    running sum over the batch and shifted back to the word's place, as in Karp and Rabin (1987).
    """

    def __init__(self) -> None:
        self.folding = np.full(0x110000, _UNKNOWN, np.uint32)
        self.powers: Hashes = np.empty(0, np.uint64)
        self.inverses: Hashes = np.empty(0, np.uint64)

    def words(self, texts: list[str]) -> tuple[Hashes, Places]:
        """The hashes of all words, at least `WIDTH` a text (0 fills up), and how many each text has."""
        codes = np.frombuffer(("\n".join(texts) + "\n").encode("utf-32-le", "surrogatepass"), np.uint32)
        folded = self.folding[codes]
        if len(new := np.unique(codes[folded == _UNKNOWN])):
            self.folding[new] = [_fold(code) for code in new.tolist()]
            folded = self.folding[codes]
        ends = np.cumsum(np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts)))
        inside = folded != 0
        breaks = np.zeros(len(codes), bool)
        for first, last in UNSPACED:
            breaks |= (folded >= first) & (folded <= last)
        # A word begins where none stood before, and on both sides of a character that is one by itself.
        begins, stops = inside.copy(), inside.copy()
        begins[1:] &= ~inside[:-1] | breaks[1:] | breaks[:-1]
        stops[:-1] &= ~inside[1:] | breaks[:-1] | breaks[1:]
        starts, after = np.flatnonzero(begins), np.flatnonzero(stops) + 1
        self._grow(len(codes) + 1)
        sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum(folded * self.powers[: len(codes)], out=sums[1:])
        hashes = (sums[after] - sums[starts]) * self.inverses[starts]
        counts = np.diff(np.searchsorted(starts, ends), prepend=0)
        return self._filled(texts, hashes, counts.astype(np.int64))

    def _grow(self, size: int) -> None:
        if len(self.powers) < size:
            for name, base in (("powers", _BASE), ("inverses", pow(_BASE, -1, 2**64))):
                steps = np.full(size, base, np.uint64)
                steps[0] = 1
                setattr(self, name, np.cumprod(steps))

    def _filled(self, texts: list[str], hashes: Hashes, counts: Places) -> tuple[Hashes, Places]:
        """Short texts filled up, and those without a word by their characters."""
        short = np.flatnonzero(counts < WIDTH).tolist()
        if not short:
            return hashes, counts
        parts = np.split(hashes, np.cumsum(counts)[:-1])
        for row in short:
            if not len(parts[row]):
                parts[row] = np.array([ord(char) for char in words(texts[row])], np.uint64)
            missing = max(WIDTH - len(parts[row]), 0)
            parts[row] = np.concatenate([parts[row], np.zeros(missing, np.uint64)])
        sizes = np.fromiter((len(part) for part in parts), np.int64, len(parts))
        return np.concatenate(parts), sizes


def _joined(hashes: Hashes, sizes: Places) -> Shingles:
    """Hashes of words as hashes of shingles; none reaches over the end of its text."""
    count = len(hashes) - WIDTH + 1
    mixed: Hashes = hashes[:count].copy()
    for step in range(1, WIDTH):
        mixed *= np.uint64(_FACTOR)
        mixed += hashes[step : step + count]
    keep = np.ones(count, bool)
    ends = np.cumsum(sizes)[:-1]
    for back in range(1, WIDTH):
        keep[ends - back] = False
    starts = np.concatenate([[0], np.cumsum(sizes - WIDTH + 1)])
    return Shingles(_mix(mixed[keep]), starts.astype(np.int64))


def _mix(value: Hashes) -> Hashes:
    """A finaliser in the way of SplitMix64 (Steele, Lea and Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def band_rows(threshold: float) -> int:
    """Slots in a band, as many as still find 99 % of the pairs at the threshold: 1-(1-t^r)^(slots/r)."""
    fitting = [r for r in (1, 2, 3, 6, 7, 9) if 1 - (1 - threshold**r) ** (SLOTS // r) >= 0.99]
    return max(fitting, default=1)


def near_duplicates(
    texts: Sequence[str], *, threshold: float = SIMILAR, advance: Callable[[int], None] | None = None
) -> list[NearDuplicate]:
    """All pairs of texts whose shingle sets have a Jaccard similarity of at least `threshold`, in (0, 1].

    rensa's MinHash and LSH find candidates, which the true similarity confirms or not: a pair that is listed
    is one, a pair near the threshold is missed in about one case of a hundred. Of texts with one and the same
    shingle set each is listed beside the first. `texts` are read a batch at a time,
    and of most no more than their bands are held. `advance` counts texts.
    """
    rows = band_rows(threshold)
    parts: list[Hashes] = [np.empty((0, SLOTS // rows), np.uint64)]
    for batch in _shingled(texts):
        parts.append(_bands(batch, rows))
        if advance is not None:
            advance(len(parts[-1]))
    bands = np.concatenate(parts)
    del parts
    flagged = _sharing(bands)
    if not len(flagged):
        return []
    few = shingles(texts[row] for row in flagged.tolist())
    duplicates, distinct = _identical(few, flagged)
    flagged, bands = flagged[distinct], bands[flagged[distinct]]
    counted = _counted(few.take(distinct))
    for pairs in _candidates(bands):
        for first, second, similarity in _similar(counted, pairs, threshold):
            duplicates.append(NearDuplicate(int(flagged[first]), int(flagged[second]), similarity))
    return sorted(set(duplicates))


def _bands(batch: Shingles, rows: int) -> Hashes:
    """The hashes of each text's bands, `rows` slots of its signature each."""
    from rensa import RMinHash

    starts = batch.starts.astype(np.uint64)
    signatures = RMinHash.digest_matrix_from_flat_token_hashes(batch.hashes, starts, SLOTS, _SEED)
    slots = np.array(signatures.to_rows(), np.uint64).reshape(len(starts) - 1, SLOTS // rows, rows)
    bands: Hashes = np.zeros(slots.shape[:2], np.uint64)
    for slot in range(rows):
        bands = _mix(bands ^ slots[:, :, slot])
    return bands


def _sharing(bands: Hashes) -> Places:
    """The rows that share a band with another."""
    shared = np.zeros(len(bands), bool)
    for key in bands.T:
        order = np.argsort(key, kind="stable")
        same = key[order[1:]] == key[order[:-1]]
        shared[order[1:][same]] = shared[order[:-1][same]] = True
    return np.flatnonzero(shared)


def _identical(sets: Shingles, names: Places) -> tuple[list[NearDuplicate], Places]:
    """Texts with the same shingle set, each paired by its name with the first; and the rows of the others."""
    first: dict[bytes, int] = {}
    duplicates: list[NearDuplicate] = []
    distinct: list[int] = []
    for row, name in enumerate(names.tolist()):
        key = np.unique(sets.hashes[sets.starts[row] : sets.starts[row + 1]]).tobytes()
        if (first_name := first.setdefault(blake2b(key, digest_size=16).digest(), name)) != name:
            duplicates.append(NearDuplicate(first_name, name, 1.0))
        else:
            distinct.append(row)
    return duplicates, np.array(distinct, np.int64)


def _candidates(bands: Hashes) -> Iterator[Places]:
    """Pairs of rows that share a band, as (n, 2) arrays of bounded length; a pair may come again."""
    waiting: list[Places] = []
    size = 0
    for key in bands.T:
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        edges = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            # A bucket of n gives n - 1 strips, so that no array grows with its square.
            for head in range(start, end - 1):
                tails = order[head + 1 : end]
                waiting.append(np.column_stack([np.full(len(tails), order[head]), tails]))
                size += len(tails)
                if size >= _PAIRS:
                    yield np.unique(np.sort(np.concatenate(waiting), axis=1), axis=0)
                    waiting, size = [], 0
    if waiting:
        yield np.unique(np.sort(np.concatenate(waiting), axis=1), axis=0)


def _counted(sets: Shingles) -> Any:
    """The texts as rows of a sparse matrix with a 1 for each shingle that they hold."""
    from scipy.sparse import csr_array

    _, columns = np.unique(sets.hashes, return_inverse=True)
    counted = csr_array(
        (np.ones(len(columns), np.int32), columns, sets.starts),
        shape=(len(sets.starts) - 1, int(columns.max(initial=0)) + 1),
    )
    counted.sum_duplicates()
    counted.data[:] = 1
    return counted


def _similar(counted: Any, pairs: Places, threshold: float) -> Iterator[tuple[int, int, float]]:
    """The pairs whose true Jaccard similarity reaches the threshold."""
    sizes = np.diff(counted.indptr)
    for start in range(0, len(pairs), _CHUNK):
        first, second = pairs[start : start + _CHUNK].T
        common = np.asarray(counted[first].multiply(counted[second]).sum(axis=1)).ravel()
        share = common / (sizes[first] + sizes[second] - common)
        for index in np.flatnonzero(share >= threshold).tolist():
            yield int(first[index]), int(second[index]), float(share[index])
