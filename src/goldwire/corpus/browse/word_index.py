"""Which articles a word stands in, in small files of which a page reads those that a search needs.

Words are compared as the pages' scripts fold them: lower case, without accents. Writing without spaces
between words is taken by pairs of characters. The files are sorted stretches of all words: what begins alike
stands in one of them, or in a few that follow one another.
"""

from __future__ import annotations

import heapq
import re
import tempfile
import unicodedata
from array import array
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import IO

from goldwire.corpus.browse.page_data import dumps

#: Characters of scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Han.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_STRETCH = re.compile(rf"([{UNSPACED}]+)|(?:(?![{UNSPACED}])[^\W_])+")
#: Places of words held in memory before they are put aside, sorted.
HELD = 1_000_000
#: Characters of a file, but for one word that has more.
SIZE = 1 << 16


def fold_word(text: str) -> str:
    """Lower case, no accents: as `goldwire.fold` in the pages' scripts, apostrophes apart."""
    plain = unicodedata.normalize("NFD", text)
    for mark in {c for c in set(plain) if unicodedata.category(c)[0] == "M"}:
        plain = plain.replace(mark, "")
    return plain.lower()


def words_of(text: str) -> Iterator[str]:
    """The words of a text as they are looked for; of unspaced writing each two neighbours, and the last."""
    for match in _STRETCH.finditer(fold_word(text)):
        if match[1] is None:
            yield match[0]
        else:
            yield from (first + second for first, second in pairwise(match[0]))
            yield match[0][-1]


def gaps(numbers: list[int]) -> list[int]:
    """Ascending numbers as the first one and the distances between them."""
    return [second - first for first, second in pairwise([0, *numbers])]


class WordIndex:
    """The words of articles that come in order.

    In memory are `held` places of words at most, and the words of these; files are of `size` characters.
    """

    def __init__(self, *, held: int = HELD, size: int = SIZE) -> None:
        self._most, self._size = held, size
        self._held: dict[str, array[int]] = {}
        self._places = 0
        self._runs: list[IO[str]] = []

    def add(self, number: int, text: str) -> None:
        """The words of article `number`."""
        for word in set(words_of(text)):
            self._held.setdefault(word, array("I")).append(number)
            self._places += 1
        if self._places >= self._most:
            self._put_aside()

    def _put_aside(self) -> None:
        run = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 - see close()
        self._runs.append(run)
        for word in sorted(self._held, key=_order):
            run.write(f"{word}\t{' '.join(map(str, self._held[word]))}\n")
        self._held, self._places = {}, 0

    def write(self, folder: Path) -> list[str]:
        """Write the files `0.js`, `1.js`, …; returns the first word of each."""
        self._put_aside()
        firsts: list[str] = []
        pairs: list[str] = []
        size, begin = 0, ""
        merged = heapq.merge(*map(_read, self._runs), key=lambda pair: _order(pair[0]))
        for word, group in groupby(merged, key=lambda pair: pair[0]):
            numbers = [int(number) for _, places in group for number in places.split()]
            pair = dumps([word, gaps(numbers)])
            if pairs and size + len(pair) > self._size:
                _write(folder, len(firsts), pairs)
                firsts.append(begin)
                pairs, size = [], 0
            begin = word if not pairs else begin
            pairs.append(pair)
            size += len(pair)
        if pairs:
            _write(folder, len(firsts), pairs)
            firsts.append(begin)
        return firsts

    def close(self) -> None:
        """Give the disk its room back."""
        for run in self._runs:
            run.close()


def _order(word: str) -> bytes:
    """Words as scripts order them: by the units of UTF-16."""
    return word.encode("utf-16-be")


def _read(run: IO[str]) -> Iterator[tuple[str, str]]:
    run.seek(0)
    for line in run:
        word, _, places = line.rstrip("\n").partition("\t")
        yield word, places


def _write(folder: Path, number: int, pairs: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = f"(goldwire.words = goldwire.words || {{}})[{number}] = [{','.join(pairs)}];\n"
    (folder / f"{number}.js").write_bytes(text.encode())
