"""The text that a file of WebAnno TSV 3 holds in its sentences, and where its offsets lie in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from goldwire.errors import Fault, raise_faults
from goldwire.formats.options import Setting
from goldwire.formats.webanno_tsv.rows import File, Row, unescape_text
from goldwire.text import NormalisedText


class SentenceText:
    """The text that the sentences of a file make, and its extents.

    They count UTF-16 units; where the tokens bear out that a file counts characters, those are taken, and
    told. Raises GW662 where they bear out neither.
    """

    def __init__(self, file: File, where: str, setting: Setting) -> None:
        faults = self._put_together(file, where, utf16=True)
        if faults and self._wide and not self._put_together(file, where, utf16=False):
            setting.change("offsets that count characters, not UTF-16 units", where)
            faults = []
        raise_faults(faults[:100])
        self.normalised = NormalisedText(self.raw)

    def _put_together(self, file: File, where: str, *, utf16: bool) -> list[Fault]:
        parts: list[str] = []
        length = 0  # in the file's units
        self._wide: list[int] = []  # where, in the file's units, a character of two of them begins
        faults: list[Fault] = []
        for sentence in file.sentences:
            text = sentence.text
            begin = sentence.rows[0].start if sentence.rows else length + bool(parts)
            begin -= _before(text, sentence.rows)
            if begin < length:
                message = f"the sentence begins at {begin}, and what is before it ends at {length}"
                faults.append(_misplaced(message, where, sentence.line))
            elif begin > length:
                parts.append(("\n" if parts else " ") + " " * (begin - length - 1))
                length = begin
            parts.append(text)
            if utf16 and max(text, default="") > "\uffff":
                for character in text:
                    if character > "\uffff":
                        self._wide.append(length)
                        length += 1
                    length += 1
            else:
                length += len(text)
        self.raw = "".join(parts)
        return [*faults, *islice(self._misfits(file, where), 100)]

    def _misfits(self, file: File, where: str) -> Iterator[Fault]:
        for row in file.rows():
            start, end = self._offset(row.start), self._offset(row.end)
            marked = self.raw[start:end] if start is not None and end is not None else None
            if marked != row.text and (marked is None or marked != unescape_text(row.text, file.version)):
                problem = (
                    f"`{marked}` stands there" if marked is not None else "half a character stands there"
                )
                yield _misplaced(
                    f"{row.start}-{row.end} is to be `{row.text}`, but {problem}", where, row.line
                )

    def _offset(self, unit: int) -> int | None:
        """Where an offset of the file lies in the raw text; None inside of a character."""
        before = bisect_left(self._wide, unit)
        inside = before > 0 and self._wide[before - 1] + 1 == unit
        return None if inside else unit - before

    def extent(self, start: int, end: int) -> tuple[int, int] | None:
        """An extent of the file in the normalised text; None where it holds nothing there."""
        ends = [self._offset(start), self._offset(end)]
        at = [None if each is None else self.normalised.offset(each) for each in ends]
        return (at[0], at[1]) if at[0] is not None and at[1] is not None and at[0] < at[1] else None


def _before(text: str, rows: Sequence[Row]) -> int:
    """How many blanks of a sentence stand before its first token; in INCEpTION's own files none do."""
    blanks = len(text) - len(text.lstrip())
    skipped = bool(rows and rows[0].text) and not text.startswith(rows[0].text)
    return blanks if skipped and text.startswith(rows[0].text, blanks) else 0


def _misplaced(message: str, where: str, line: int) -> Fault:
    return Fault("GW662", message, f"{where}:{line}", "offsets count UTF-16 units from the text's begin")
