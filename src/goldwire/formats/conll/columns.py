"""Which column of a CoNLL file is the token and which are tags, by evidence: names, known layouts, contents.

Where several would do, or none shows that it is one of tags, the file is refused with what it has: a wrong
guess would give numbers for text, or no spans, and nobody would notice.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from operator import or_
from pathlib import Path

from goldwire.errors import GoldwireError, one_of
from goldwire.formats.conll.lines import ConllLines, Kind
from goldwire.formats.conll.tags import NOTHING, Form, form_of, of_phrases, says_tag
from goldwire.formats.conll.write import MISC, TOKEN
from goldwire.formats.options import LAYER, ConversionOptions

_TOKENS = frozenset((TOKEN, "TOKENS", "FORM", "WORD", "WORDS", "TEXT"))
_GLOBAL = re.compile(r"#\s*global\.columns\s*=\s*(.*\S)\s*")
_UD = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", MISC)
_UD_COMMENT = re.compile(r"# ?(?:text|sent_id) = ")
_NUMBER = re.compile(r"(\d{1,9})(?:[-.](\d{1,9}))?")
_LEVEL = re.compile(r"(.+)-([2-9])")
#: CoNLL-2011 and 2012: document, part, number, word, part of speech, parse, …, speaker, name, …, coreference.
_2012_WORD, _2012_NAME, _2012_LEAST = 3, 10, 11
_2012_OTHERS = ("part of speech", "parse", "lemma", "coreference")
_WAY_OUT = "name them: --token-column and --tag-column, a number from 1 or a column's name"


@dataclass(frozen=True)
class Tagged:
    """A column of tags: where it stands, its name, how its tags are written, the layer of its spans."""

    index: int
    name: str
    form: Form
    layer: str


@dataclass(frozen=True)
class ConllColumns:
    """What the columns of a file are; `number` numbers the tokens, `others` hold something else."""

    token: int
    tagged: tuple[Tagged, ...]
    misc: int | None = None
    number: int | None = None
    others: tuple[str, ...] = ()
    #: Whether the rows' first is one of names.
    header: bool = False
    #: Whether rows may have more columns than the first.
    ragged: bool = False


def conll_columns(table: ConllLines, file: Path, setting: ConversionOptions) -> ConllColumns:
    """The columns of a file. Raises GW277 where there are no tokens or no tags, GW600 where the token or the
    tag can't be told, GW601 for a column that was named and is not there."""
    return _Finder(table, file, setting).columns()


class _Finder:
    def __init__(self, table: ConllLines, file: Path, setting: ConversionOptions) -> None:
        self.table, self.file, self.setting = table, file, setting
        self.names: list[str] = []
        self.header = False

    def columns(self) -> ConllColumns:
        """What the columns are."""
        first = next((line for line in self.table.lines if line.kind is Kind.ROW), None)
        if first is None:
            raise self.error("GW277", "no token in this file", "TOKEN<tab>TAG, a token a line")
        self.name(first.cells)
        if self.table.width < 2:
            raise self.error("GW277", "a token without a tag: no column of tags", "TOKEN<tab>TAG")
        if self.of_2012():
            names = Tagged(_2012_NAME, "name", "brackets", self.setting.layer or LAYER)
            return ConllColumns(_2012_WORD, (names,), others=_2012_OTHERS, ragged=True)
        token = self.token()
        tagged = tuple(self.tags(token))
        used = {token, self.misc, self.number, *(each.index for each in tagged)}
        others = tuple(
            name if self.named else str(index + 1)
            for index, name in enumerate(self.names)
            if index not in used and not NOTHING.issuperset(self.values[index])
        )
        return ConllColumns(token, tagged, self.misc, self.number, others, self.header)

    def error(self, code: str, message: str, hint: str) -> GoldwireError:
        """What is wrong with the file."""
        return GoldwireError.of(code, message, where=str(self.file), hint=hint)

    def name(self, first: list[str]) -> None:
        """Give the columns names: those of `# global.columns`, of the first row, of CoNLL-U, or numbers."""
        declared = next(filter(None, map(_GLOBAL.fullmatch, self.table.comments)), None)
        if declared is not None:
            self.names = declared[1].split()
        elif not any(map(says_tag, first)) and (
            {self.setting.token_column, self.setting.tag_column}
            & {cell for cell in first if cell.isidentifier()}
            or not _TOKENS.isdisjoint(cell.upper() for cell in first)
        ):
            self.names, self.header = first, True
        if self.names:
            self.table.width = len(self.names)
            if twice := next((name for name in self.names if self.names.count(name) > 1), None):
                message = f"column `{twice}` stands twice"
                raise self.error("GW277", message, "give each column a name of its own")
        self.named = bool(self.names)
        self.names = self.names or [str(number) for number in range(1, self.table.width + 1)]
        if not self.named and len(self.names) == len(_UD) and self.number == 0:
            self.names, self.named = list(_UD), True

    @cached_property
    def values(self) -> list[Counter[str]]:
        """How often each value stands in each column."""
        rows = [line.cells for line in self.table.rows][int(self.header) :]
        return list(map(Counter, zip(*rows, strict=True))) or [Counter({"O": 0}) for _ in self.names]

    @property
    def misc(self) -> int | None:
        """The column that says what white space there is."""
        return self.names.index(MISC) if MISC in self.names else None

    @cached_property
    def number(self) -> int | None:
        """The column that numbers the tokens of a sentence: `ID`, or the first where it counts upwards."""
        if "ID" in self.names:
            return self.names.index("ID")
        cells = [line.cells[0] for line in self.table.lines if line.kind is Kind.ROW and line.cells]
        matches = [_NUMBER.fullmatch(cell) for cell in cells[int(self.header) :]]
        if not all(matches):
            return None
        numbers = [match for match in matches if match is not None]
        if not all(match[2] for match in numbers):  # 4-5 and 8.1 stand beside 4, 5 and 8
            numbers = [match for match in numbers if not match[2]]
        counted = [int(match[2] or match[1]) for match in numbers]
        steps = [after == before + 1 for before, after in pairwise(counted)]
        restarts = [after <= 1 for after in counted[1:]]
        return 0 if any(steps) and all(map(or_, steps, restarts)) else None

    def of_2012(self) -> bool:
        """Whether the file is laid out as CoNLL-2011 and 2012 are."""
        begins = any(line.kind is Kind.DOCUMENT and line.text for line in self.table.lines)
        rows = [line.cells for line in self.table.lines if line.kind is Kind.ROW]
        if self.named or self.setting.token_column or self.setting.tag_column or not begins:
            return False
        if any(len(cells) < _2012_LEAST for cells in rows):
            return False
        return form_of(Counter(cells[_2012_NAME] for cells in rows)) in ("brackets", None) and not any(
            cells[_2012_NAME].strip("*()").isdigit() for cells in rows
        )

    def find(self, asked: str, option: str) -> int:
        """The column that was named, or given by its number: from 1, or from the last by a minus."""
        asked = str(asked)
        if asked in self.names:
            return self.names.index(asked)
        width = len(self.names)
        if re.fullmatch(r"-?\d{1,6}", asked) and 1 <= abs(int(asked)) <= width:
            return int(asked) % width if int(asked) < 0 else int(asked) - 1
        folded = [name.casefold() for name in self.names]
        if asked.casefold() in folded:
            return folded.index(asked.casefold())
        hint = one_of(self.names) if self.named else f"a number from 1 to {width}"
        raise self.error("GW601", f"{option} `{asked}`: there is no such column", hint)

    def token(self) -> int:
        """The column of tokens."""
        if self.setting.token_column:
            return self.find(self.setting.token_column, "--token-column")
        if self.named:
            token_columns = [index for index, name in enumerate(self.names) if name.upper() in _TOKENS]
            if not token_columns:
                raise self.error("GW600", f"no column is called {TOKEN} or FORM", _WAY_OUT)
            return token_columns[0]
        if self.number == 0:
            webanno = any(comment.startswith("#FORMAT=WebAnno TSV") for comment in self.table.comments)
            if webanno:
                raise self.error("GW600", "this is WebAnno TSV, not CoNLL", f"another --from; or {_WAY_OUT}")
            if not self.setting.tag_column and not self.known_numbered():
                message = "the first column counts upwards: it numbers the tokens, and is none itself"
                raise self.error("GW600", message, f"{_WAY_OUT} ({self.shown()})")
            return 1
        first = self.values[0]
        if self.table.width == 2 and form_of(first) == "prefix" and form_of(self.values[1]) is None:
            return 1  # the tag stands first
        if self.table.width > 2 and first.total() > 1 and all(map(_NUMBER.fullmatch, first)):
            message = "the first column holds numbers alone: no tokens"
            raise self.error("GW600", message, f"{_WAY_OUT} ({self.shown()})")
        if self.table.width > 2 and first.total() > 3 and self.constant():
            message = f"the first column stays the same, «{next(iter(first))}», in each sentence"
            raise self.error("GW600", message, f"{_WAY_OUT} ({self.shown()})")
        return 0

    def constant(self) -> bool:
        """Whether the first column never changes within a sentence, as a name of a document does."""
        sentences: list[list[str]] = [[]]
        for line in self.table.lines:
            if line.kind is Kind.ROW:
                sentences[-1] += line.cells[:1]
            elif sentences[-1]:
                sentences.append([])
        changing = any(len(set(cells)) > 1 for cells in sentences)
        return not changing and any(len(cells) > 1 for cells in sentences)

    def known_numbered(self) -> bool:
        """Whether numbered tokens are laid out as in GermEval 2014 or in Universal NER: NUMBER FORM TAG …."""
        sources = any(re.match("#\t", comment) for comment in self.table.comments)
        treebank = any(map(_UD_COMMENT.match, self.table.comments))
        third = self.table.width > 2 and form_of(self.values[2]) in ("prefix", "outside")
        return third and ((sources and self.table.width == 4) or (treebank and self.table.width == 5))

    def shown(self) -> str:
        """The first row, for a message: what stands in which column."""
        row = next(self.table.rows, None)
        cells = row.cells if row is not None else []
        return ", ".join(f"{number} «{cell[:20]}»" for number, cell in enumerate(cells[:12], start=1))

    def tags(self, token: int) -> list[Tagged]:
        """The columns of tags."""
        layer, setting = self.setting.layer, self.setting
        if setting.tag_column:
            index = self.find(setting.tag_column, "--tag-column")
            if index == token:
                raise self.error("GW601", "--tag-column is the column of tokens", self.shown())
            name = layer or (self.names[index] if self.named else LAYER)
            return [
                Tagged(index, self.names[index], form_of(self.values[index], named=True) or "prefix", name)
            ]
        forms: dict[int, Form] = {}
        for index, values in enumerate(self.values):
            if index not in (token, self.misc, self.number) and (form := form_of(values)) is not None:
                forms[index] = form
        if self.named:
            return self.by_name(forms)
        last = len(self.values) - 1
        sure = [index for index, form in forms.items() if form != "bare" or index == last or len(forms) == 1]
        if not sure:
            raise self.error("GW600", "no column holds tags (O, B-PER, …)", f"{_WAY_OUT} ({self.shown()})")
        names = [index for index in sure if not of_phrases(self.values[index], forms[index])] or sure[-1:]
        if self.number == 0 and self.table.width == 4 and len(names) == 2:  # GermEval: outer and inner names
            name = layer or LAYER
            return [Tagged(index, self.names[index], forms[index], name) for index in names]
        if len(names) > 1:
            columns = ", ".join(self.names[index] for index in names)
            message = f"columns {columns} hold tags: which is meant can't be told"
            hint = f"name it: --tag-column {self.names[names[-1]]} ({self.shown()})"
            raise self.error("GW600", message, hint)
        index = names[0]
        return [Tagged(index, self.names[index], forms[index], layer or LAYER)]

    def by_name(self, forms: dict[int, Form]) -> list[Tagged]:
        """Every named column of tags, or that of the layer that was asked for, with its levels of nesting."""
        wanted = self.setting.layer
        bare = [index for index, form in forms.items() if form == "bare"]
        for index in bare if len(bare) < len(forms) else ():
            del forms[index]  # words, where other columns hold tags without doubt
        tagged: list[Tagged] = []
        for index, form in forms.items():
            level = _LEVEL.fullmatch(self.names[index])
            base = level[1] if level and level[1] in self.names else self.names[index]
            if wanted in ("", base):
                tagged.append(Tagged(index, self.names[index], form, base))
        if tagged:
            return tagged
        if wanted:
            names = [self.names[index] for index in forms]
            raise self.error("GW277", f"no column of tags `{wanted}`", one_of(names))
        if set(self.names) == set(_UD):
            entity = any("Entity=" in value for value in self.values[len(_UD) - 1])
            message = "no column of this CoNLL-U holds tags" + (": MISC has Entity=…" if entity else "")
            raise self.error("GW600", message, f"another --from; or {_WAY_OUT}")
        raise self.error("GW277", "no column of tags", f"{TOKEN}<tab>LAYER; or {_WAY_OUT}")
