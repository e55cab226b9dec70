"""The text that a file of WebAnno TSV 3 holds in its sentences, and where its offsets lie in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from goldwire.errors import Fault, raise_faults
from goldwire.formats.counting import CountedText, Counting, Units, counts_otherwise, length
from goldwire.formats.options import ConversionOptions
from goldwire.formats.webanno_tsv.rows import File, TokenRow, unescape_text


def sentence_text(file: File, where: str, setting: ConversionOptions) -> CountedText:
    """The text that the sentences of a file make, its offsets counted as the file's are.

    They count UTF-16 units; where the tokens bear out that a file counts characters, those are taken, and
    told. Raises GW662 where they bear out neither.
    """
    text, faults = _put_together(file, where, "UTF-16 units")
    if faults and counts_otherwise(text.raw, "UTF-16 units"):
        in_characters, others = _put_together(file, where, "code points")
        if not others:
            setting.change("offsets that count characters, not UTF-16 units", where)
            return in_characters
    raise_faults(faults[:100])
    return text


def _put_together(file: File, where: str, units: Units) -> tuple[CountedText, list[Fault]]:
    parts: list[str] = []
    end = 0  # of what is there, in the file's units
    faults: list[Fault] = []
    for sentence in file.sentences:
        begin = sentence.rows[0].start if sentence.rows else end + bool(parts)
        begin -= _before(sentence.text, sentence.rows)
        if begin < end:
            message = f"the sentence begins at {begin}, and what is before it ends at {end}"
            faults.append(_misplaced(message, where, sentence.line))
        elif begin > end:
            parts.append(("\n" if parts else " ") + " " * (begin - end - 1))
            end = begin
        parts.append(sentence.text)
        end += length(sentence.text, units)
    text = CountedText("".join(parts), Counting(units))
    return text, [*faults, *islice(_misfits(file, text, where), 100)]


def _misfits(file: File, text: CountedText, where: str) -> Iterator[Fault]:
    for row in file.rows():
        start, end = text.raw_offset(row.start), text.raw_offset(row.end)
        marked = text.raw[start:end] if start is not None and end is not None else None
        if marked != row.text and (marked is None or marked != unescape_text(row.text, file.version)):
            problem = f"`{marked}` stands there" if marked is not None else "half a character stands there"
            message = f"{row.start}-{row.end} is to be `{row.text}`, but {problem}"
            yield _misplaced(message, where, row.line)


def _before(text: str, rows: Sequence[TokenRow]) -> int:
    """How many blanks of a sentence stand before its first token; in INCEpTION's own files none do."""
    blanks = len(text) - len(text.lstrip())
    skipped = bool(rows and rows[0].text) and not text.startswith(rows[0].text)
    return blanks if skipped and text.startswith(rows[0].text, blanks) else 0


def _misplaced(message: str, where: str, line: int) -> Fault:
    return Fault("GW662", message, f"{where}:{line}", "offsets count UTF-16 units from the text's begin")
