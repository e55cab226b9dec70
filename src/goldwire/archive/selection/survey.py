"""The archive read once: what is kept of each article is a few numbers, some 50 bytes."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.annotations.values import iso_date
from goldwire.archive.engine import Engine
from goldwire.archive.ranking import document_uncertainty
from goldwire.archive.reading import Batch
from goldwire.archive.rows import RefusedRow, article_batches, articles_of_rows
from goldwire.archive.selection.options import RANDOM, UNCERTAINTY, Choice
from goldwire.archive.shards import Shard
from goldwire.files import hash64
from goldwire.model import Article
from goldwire.seeds.columns import stated_field
from goldwire.text import UNSPACED, normalise

_ALONE = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSPACED)
_APOSTROPHES = "'’ʼ"
_WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+")
#: Words up to which an article is short, and from which on it is long.
SHORT, LONG = 200, 600
#: Characters that a language's tag has at most, in reasons.
_CODE = 12
_EXAMPLES = 3


class SurveyedArticle(NamedTuple):
    """An article of the population: its row, its place in a random order, the hash of its words, the values
    of the fields that are counted, its score (NaN: none), and whether it may be chosen."""

    row: int
    key: int
    text: int
    values: tuple[str, ...]
    score: float
    may_be_chosen: bool


class Looked(NamedTuple):
    """What a batch came to: the articles of the population, why others are none (`out`), and why some of it
    may not be chosen (`unfit`)."""

    name: str
    seen: list[SurveyedArticle]
    out: Counter[str]
    unfit: Counter[str]
    refused: list[RefusedRow]
    done: int


class Looker:
    """Looks at the articles of a batch: whether they are of the population, and what is known of them."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.salt = str(choice.seed).encode()
        self.languages = {_tag(language) for language in choice.languages}

    @cached_property
    def keywords(self) -> re.Pattern[str] | None:
        """Finds any of the keywords as whole words, in a group each; in scripts without spaces anywhere.

        Case, kinds of apostrophes and of white space between words make no difference.
        """
        parts = []
        for keyword in self.choice.keywords:
            words = re.sub(f"[{_APOSTROPHES}]", "'", normalise(keyword)).split()
            part = r"\s+".join(map(re.escape, words)).replace("'", f"[{_APOSTROPHES}]")
            parts.append(f"({part})" if re.search(f"[{_ALONE}]", keyword) else rf"(?<!\w)({part})(?!\w)")
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def __call__(self, batch: Batch) -> Looked:
        """What of a batch is of the population, and why others are not."""
        looked = Looked(batch.name, [], Counter(), Counter(), [], batch.done)
        for row, each in zip(_numbers(batch), articles_of_rows(batch), strict=True):
            if isinstance(each, RefusedRow):
                looked.refused.append(each)
                looked.out["no article"] += 1
                continue
            article = each.article
            size = len(_WORD.findall(article.document.text))
            if why := self._outside(article, size):
                looked.out[why] += 1
                continue
            looked.seen.append(self._seen(row, article, size, looked.unfit))
        return looked

    def _outside(self, article: Article, size: int) -> str:
        """Why an article is not of the population; empty where it is."""
        choice, meta = self.choice, article.document.meta
        if self.languages:
            told = stated_field(meta, "language")
            languages = [_tag(each) for each in (told if isinstance(told, list) else [told or ""])]
            if not any(languages):
                return "no language stated"
            if self.languages.isdisjoint([*languages, *(tag.partition("-")[0] for tag in languages)]):
                # A code that is long is none, and might be another in each article.
                return f"other language ({languages[0]})" if len(languages[0]) <= _CODE else "other language"
        if size < choice.least:
            return "too short"
        if choice.most and size > choice.most:
            return "too long"
        if choice.since or choice.until:
            date = stated_field(meta, "published")
            if date is None:
                return "no date stated"
            published = iso_date(date)
            if not published:
                return "a date that can't be read for sure (2024-05-31 can)"
            if published[: len(choice.since)] < choice.since[: len(published)] or (
                published[: len(choice.until)] > choice.until[: len(published)]
            ):
                return "other dates"
            bounds = (choice.since, choice.until)
            if any(len(published) < len(bound) and bound.startswith(published) for bound in bounds):
                return "a date that is not as exact as those asked for"
        return ""

    def _seen(self, row: int, article: Article, size: int, unfit: Counter[str]) -> SurveyedArticle:
        document = article.document
        digest = words_hash(document.text)
        match = self.keywords.search(document.text) if self.keywords else None
        may = self.keywords is None or match is not None
        if not may:
            unfit["no keyword"] += 1
        score = self._score(article)
        if may and score != score and self.choice.order not in (RANDOM, UNCERTAINTY):
            may = False
            unfit[f"no number as {self.choice.order}"] += 1
        keyword = self.choice.keywords[(match.lastindex or 1) - 1] if match else ""
        values = tuple(self._value(name, article, size, keyword) for name in self.choice.fields)
        key = hash64(self.salt + b"\0" + document.id.encode() + b"\0" + digest.to_bytes(8, "big"))
        return SurveyedArticle(row, key, digest, values, score, may)

    def _score(self, article: Article) -> float:
        order = self.choice.order
        if order == RANDOM:
            return 0.0
        if order == UNCERTAINTY:
            scores = [s.score for a in article.annotations for s in a.spans if s.score is not None]
            unsure = document_uncertainty(scores)
            return float("nan") if unsure is None else unsure
        value = article.document.meta.get(order)
        try:
            return float(value) if value is not None and not isinstance(value, bool) else float("nan")
        except (TypeError, ValueError, OverflowError):
            return float("nan")

    def _value(self, name: str, article: Article, size: int, keyword: str) -> str:
        meta = article.document.meta
        if name in ("year", "month"):
            day, digits = iso_date(stated_field(meta, "published")), 4 if name == "year" else 7
            if len(day) >= digits:
                return day[:digits]
        if name == "length":
            return "short" if size <= SHORT else "long" if size >= LONG else "medium"
        if name == "keyword":
            return keyword
        value = stated_field(meta, name)
        return "" if value is None else str(value)


def _tag(language: object) -> str:
    """A language's tag as it is compared: `fr_FR` is `fr-fr`."""
    return str(language).strip().casefold().replace("_", "-")


def words_hash(text: str) -> int:
    """The hash of a text, white space and case aside."""
    return hash64(" ".join(text.split()).casefold().encode())


def _numbers(batch: Batch) -> Sequence[int]:
    """The numbers of a batch's rows."""
    if batch.table is not None:
        return range(batch.first, batch.first + len(batch.table))
    return [number for number, _ in batch.lines]


@dataclass
class Survey:
    """The population of an archive as columns, one number an article each: `shard` and `row` say where it
    lies, `cell` and `cap` count in `cells` and `caps` the values of the fields that it is spread by, and
    that are bounded. `out` counts by reason what is not of the population, `unfit` what of it may not be
    chosen."""

    shards: list[Shard]
    shard: NDArray[np.uint32]
    row: NDArray[np.uint32]
    key: NDArray[np.uint64]
    text: NDArray[np.uint64]
    cell: NDArray[np.uint32]
    cap: NDArray[np.uint32]
    score: NDArray[np.float64]
    may_be_chosen: NDArray[np.bool_]
    cells: list[tuple[str, ...]]
    caps: list[tuple[str, ...]]
    out: Counter[str]
    unfit: Counter[str]
    articles: int = 0
    refused: list[RefusedRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.key)


def survey(
    shards: Sequence[Shard],
    choice: Choice,
    engine: Engine,
    advance: Callable[[int], None] | None = None,
) -> Survey:
    """Look at every article of the shards once; `advance` counts bytes of the inputs."""
    number_of = {shard.name: number for number, shard in enumerate(shards)}
    columns: dict[str, Any] = {name: array(code) for name, (code, _) in _COLUMNS.items()}
    cells: dict[tuple[str, ...], int] = {}
    caps: dict[tuple[str, ...], int] = {}
    out: Counter[str] = Counter()
    unfit: Counter[str] = Counter()
    refused: list[RefusedRow] = []
    articles = 0
    fields = len(choice.by)
    before: dict[str, int] = {}
    for looked in engine.map(partial(Looker, choice), _batches(shards, choice)):
        out.update(looked.out)
        unfit.update(looked.unfit)
        refused.extend(looked.refused[: max(_EXAMPLES - len(refused), 0)])
        articles += len(looked.seen)
        for seen in looked.seen:
            cell, cap = seen.values[:fields], seen.values[fields:]
            numbers = (number_of[looked.name], seen.row, seen.key, seen.text)
            places = (cells.setdefault(cell, len(cells)), caps.setdefault(cap, len(caps)))
            for column, value in zip(
                columns.values(), (*numbers, *places, seen.score, seen.may_be_chosen), strict=True
            ):
                column.append(value)
        if advance is not None:
            advance(max(looked.done - before.get(looked.name, 0), 0))
            before = {looked.name: looked.done}
    held: dict[str, Any] = {name: np.array(columns[name], dtype=kind) for name, (_, kind) in _COLUMNS.items()}
    return Survey(
        shards=list(shards),
        **held,
        cells=list(cells),
        caps=list(caps),
        out=out,
        unfit=unfit,
        articles=articles + out.total(),
        refused=refused,
    )


#: The columns of a survey, by how they are gathered and how they are held.
_COLUMNS: dict[str, tuple[str, Any]] = {
    "shard": ("I", np.uint32),
    "row": ("I", np.uint32),
    "key": ("Q", np.uint64),
    "text": ("Q", np.uint64),
    "cell": ("I", np.uint32),
    "cap": ("I", np.uint32),
    "score": ("d", np.float64),
    "may_be_chosen": ("b", np.bool_),
}


def _batches(shards: Sequence[Shard], choice: Choice) -> Iterator[Batch]:
    for shard in shards:
        yield from article_batches(shard, dict(choice.columns))


def articles_at(survey: Survey, places: NDArray[np.int64], choice: Choice) -> dict[int, Article]:
    """The articles at these places of the survey, by place: the archive is read once more, and they kept."""
    articles: dict[int, Article] = {}
    for number in np.unique(survey.shard[places]).tolist():
        here = {int(survey.row[p]): int(p) for p in places[survey.shard[places] == number]}
        for batch in article_batches(survey.shards[number], dict(choice.columns)):
            if here.keys().isdisjoint(_numbers(batch)):
                continue
            for row, each in zip(_numbers(batch), articles_of_rows(batch), strict=True):
                if row in here and not isinstance(each, RefusedRow):
                    articles[here[row]] = each.article
    return articles
