"""Near-duplicate texts: MinHash signatures over word shingles find candidates, the true Jaccard decides."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

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
_PAIRS = 1 << 16
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
    texts: Sequence[str],
    *,
    threshold: float = SIMILAR,
    group_limit: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> list[NearDuplicate]:
    """All pairs of texts whose shingle sets have a Jaccard similarity of at least `threshold`, in (0, 1].

    rensa's MinHash and LSH find candidates, which the true similarity confirms or not: a pair that is listed
    is one, a pair near the threshold is missed in about one case of a hundred. Of texts with one and the same
    shingle set each is listed beside the first. With `group_limit` a pair is left out where chains of pairs
    have already tied more than so many texts together, both of it among them: the groups are the same, and
    many copies of one article don't give pairs by the square of their number.

    `texts` are read a batch at a time; held are the bands of each, a signature of those that share a band,
    and the shingles of those that look alike by their signatures. `advance` counts texts.
    """
    rows = band_rows(threshold)
    parts: list[Hashes] = [np.empty((0, SLOTS // rows), np.uint64)]
    for batch in _shingled(texts):
        parts.append(_bands(_signatures(batch), rows))
        if advance is not None:
            advance(len(parts[-1]))
    bands = np.concatenate(parts)
    del parts
    flagged = _sharing(bands)
    if not len(flagged):
        return []
    duplicates, distinct, sketches = _identical(texts, flagged)
    flagged, bands = flagged[distinct], bands[flagged[distinct]]
    groups = _Groups(len(flagged), group_limit)
    sets: dict[int, Hashes] = {}
    for pairs in _candidates(bands, sketches, fewest_equal(threshold), groups):
        new = [row for row in np.unique(pairs).tolist() if row not in sets]
        sets.update(zip(new, _sets(texts[row] for row in flagged[new].tolist()), strict=True))
        # In slices, so that what they tie together spares the next ones.
        for start in range(0, len(pairs), _CHUNK):
            some = pairs[start : start + _CHUNK]
            similar = list(_similar(sets, some[~groups.hold(some)], threshold))
            groups.join([pair[:2] for pair in similar])
            duplicates.extend(
                NearDuplicate(int(flagged[a]), int(flagged[b]), share) for a, b, share in similar
            )
    return sorted(duplicates)


def fewest_equal(threshold: float) -> int:
    """How many slots two signatures share: of pairs at the threshold at most one in a million has fewer.

    By Hoeffding (1963), for slots that are equal with the chance of the similarity; 0 excludes nothing.
    """
    return max(math.floor(SLOTS * threshold - math.sqrt(SLOTS * math.log(1e6) / 2)), 0)


def _signatures(batch: Shingles) -> Hashes:
    """The MinHash signature of each text, a row of `SLOTS`."""
    from rensa import RMinHash

    starts = batch.starts.astype(np.uint64)
    signatures = RMinHash.digest_matrix_from_flat_token_hashes(batch.hashes, starts, SLOTS, _SEED)
    return np.array(signatures.to_rows(), np.uint64)


def _bands(signatures: Hashes, rows: int) -> Hashes:
    """The hashes of each text's bands, `rows` slots of its signature each."""
    slots = signatures.reshape(len(signatures), SLOTS // rows, rows)
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


def _identical(texts: Sequence[str], names: Places) -> tuple[list[NearDuplicate], Places, NDArray[np.uint8]]:
    """Texts with the same shingle set, each paired by its name with the first; which of `names` are the
    others, and their signatures, the last byte of each slot."""
    first: dict[bytes, int] = {}
    duplicates: list[NearDuplicate] = []
    distinct: list[int] = []
    sketches: list[NDArray[np.uint8]] = []
    row = 0
    for batch in _shingled(texts[name] for name in names.tolist()):
        kept = []
        for number, hashes in enumerate(_each(batch)):
            name = int(names[row + number])
            key = blake2b(np.unique(hashes).tobytes(), digest_size=16).digest()
            if (first_name := first.setdefault(key, name)) != name:
                duplicates.append(NearDuplicate(first_name, name, 1.0))
            else:
                kept.append(number)
        sketches.append(_signatures(batch)[kept].astype(np.uint8))
        distinct.extend(row + number for number in kept)
        row += len(batch.starts) - 1
    return duplicates, np.array(distinct, np.int64), np.concatenate(sketches)


def _each(batch: Shingles) -> Iterator[Hashes]:
    """The shingles of each text."""
    for start, end in pairwise(batch.starts.tolist()):
        yield batch.hashes[start:end]


def _sets(texts: Iterable[str]) -> Iterator[Hashes]:
    """The set of shingles of each text, in order."""
    for batch in _shingled(texts):
        yield from map(np.unique, _each(batch))


def tied(number: int, pairs: Places) -> Places:
    """The group, a number, of each of so many things that `pairs` (n, 2) and chains of them tie together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), (number, number))
    groups: Places = connected_components(graph, directed=False)[1].astype(np.int64)
    return groups


class _Groups:
    """Which texts pairs have tied together so far, as long as a group of more than `limit` matters."""

    def __init__(self, number: int, limit: int | None) -> None:
        self._limit = number if limit is None else limit
        self._of: Places = np.arange(number)
        self._sizes: Places = np.ones(number, np.int64)

    def join(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Tie the two of each pair together."""
        if self._limit >= len(self._of) or not pairs:
            return
        self._of = tied(len(self._sizes), self._of[np.array(pairs)])[self._of]
        self._sizes = np.bincount(self._of)

    def hold(self, pairs: Places) -> NDArray[np.bool_]:
        """Whether both texts of a pair are in one group, which has more than `limit`."""
        first, second = self._of[pairs].T
        held: NDArray[np.bool_] = (first == second) & self._large(first)
        return held

    def hold_runs(self, texts: Places, starts: Places) -> NDArray[np.bool_]:
        """The same of each run of texts, which begin at `starts`."""
        of = self._of[texts]
        first = np.minimum.reduceat(of, starts)
        held: NDArray[np.bool_] = (first == np.maximum.reduceat(of, starts)) & self._large(first)
        return held

    def _large(self, groups: Places) -> NDArray[np.bool_]:
        large: NDArray[np.bool_] = self._sizes[groups] > self._limit
        return large


def _candidates(bands: Hashes, sketches: NDArray[np.uint8], fewest: int, groups: _Groups) -> Iterator[Places]:
    """Pairs of rows that share a band and `fewest` slots, each once, as (n, 2) arrays of bounded length.

    What `groups` holds together is left out, also of what is tied while this goes on.
    """
    waiting: list[Places] = []
    size = 0
    for number, key in enumerate(bands.T):
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        bucket = np.cumsum(np.concatenate([[0], ordered[1:] != ordered[:-1]]))
        starts = np.flatnonzero(np.diff(bucket, prepend=-1))
        places: Places = np.arange(len(ordered))
        step, is_new = 0, True
        while True:
            if is_new:
                places = places[~groups.hold_runs(order, starts)[bucket[places]]]
                is_new = False
            # Each with the one that stands `step` behind it in its bucket, so that no array has the square.
            step += 1
            places = places[: np.searchsorted(places, len(ordered) - step)]
            places = places[bucket[places] == bucket[places + step]]
            if not len(places):
                break
            for start in range(0, len(places), _CHUNK):
                at = places[start : start + _CHUNK]
                first, second = order[at], order[at + step]
                equal = np.count_nonzero(sketches[first] == sketches[second], axis=1) >= fewest
                first, second = first[equal], second[equal]
                earlier = (bands[first, :number] == bands[second, :number]).any(axis=1)
                pairs = np.column_stack([first[~earlier], second[~earlier]])
                waiting.append(pairs[~groups.hold(pairs)])
                size += len(waiting[-1])
            if size >= _PAIRS:
                yield np.concatenate(waiting)
                waiting, size, is_new = [], 0, True
    if size:
        yield np.concatenate(waiting)


def _similar(sets: Mapping[int, Hashes], pairs: Places, threshold: float) -> Iterator[tuple[int, int, float]]:
    """The pairs whose true Jaccard similarity reaches the threshold."""
    for first, second in pairs.tolist():
        common = len(np.intersect1d(sets[first], sets[second], assume_unique=True))
        share = common / (len(sets[first]) + len(sets[second]) - common)
        if share >= threshold:
            yield first, second, share
