"""Which articles are taken: a random share first, then those that are worth labelling, never two copies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goldwire.archive.manifest import Input
from goldwire.archive.ranking import rank
from goldwire.archive.selection.options import RANDOM, UNCERTAINTY, Choice, wrong_choice
from goldwire.archive.selection.survey import Survey
from goldwire.model import Article, Document
from goldwire.near_duplicates import NearDuplicate, near_duplicates, tied
from goldwire.number_format import counted
from goldwire.table import Cell, Column, Figures, Table

#: Candidates for each article that is wanted, and some more: so many may turn out to be copies. Where more
#: do, there are `FACTOR` times as many, until they are enough, all that there are, or `MOST`.
FACTOR, SPARE, MOST = 4, 20, 2_000
#: Texts that belong together above which not all pairs of them are looked for.
GROUP = 100

Places = NDArray[np.int64]
Pool = Literal["label", "test"]


@dataclass(frozen=True)
class Taken:
    """An article that is taken, into which pool, and of which stratum: the values of the fields spread by."""

    document: Document
    pool: Pool
    stratum: tuple[str, ...]
    score: float


@dataclass(frozen=True)
class Copy:
    """A candidate that was left out since it is nearly one that is taken, or was there before."""

    document: Document
    of: str
    similarity: float


@dataclass
class ChosenArticles:
    """What was taken, in its order, and what was left: `left` counts by reason, `strata` has for each the
    articles that could be chosen, those wanted and those taken."""

    taken: list[Taken] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    strata: list[tuple[tuple[str, ...], int, int, int]] = field(default_factory=list)

    def pool(self, name: Pool) -> list[Taken]:
        """Those of one pool."""
        return [each for each in self.taken if each.pool == name]


@dataclass(frozen=True, repr=False)
class Selection(Figures):
    """What was chosen of an archive, by what, and what the archive holds: `read` rows, `population` of them
    in question, `out` by reason the others; `unfit` by reason those in question that were not to be chosen.
    `is_exhausted` says that no other article fits, where fewer were chosen than were asked for."""

    choice: Choice
    inputs: list[Input]
    chosen: ChosenArticles
    read: int
    population: int
    out: Counter[str]
    unfit: Counter[str]
    refused: list[str]
    is_exhausted: bool = True

    def __repr__(self) -> str:
        label, test = len(self.chosen.pool("label")), len(self.chosen.pool("test"))
        return f"<Selection: {label} to label, {test} to test of {counted(self.population, 'article')}>"

    def tables(self) -> list[Table]:
        """`selection`, from the archive to what was chosen; `articles`, those; `strata`, if spread by any."""
        figures = self.as_json()
        way = [("rows in the archive", self.read)]
        way += [(f"not in question: {why}", number) for why, number in figures["not_in_question"].items()]
        way += [("in question", self.population)]
        way += [(f"not to be chosen: {why}", number) for why, number in figures["not_to_be_chosen"].items()]
        way += [(f"left out: {why}", number) for why, number in figures["left_out"].items()]
        way += [("to label", figures["chosen"]), ("to test", figures["test"])]
        names = ("id", "title", "source", "published")
        articles: list[tuple[Cell, ...]] = [
            (each.pool, each.document.id, *(str(each.document.meta.get(name) or "") for name in names[1:]))
            for each in self.chosen.taken
        ]
        tables = [
            Table("selection", "selection", (Column("what"), Column("count", "amount")), way),
            Table("articles", "chosen", tuple(map(Column, ("pool", *names))), articles),
        ]
        if self.choice.by:
            counts = tuple(Column(name, "amount") for name in ("articles", "wanted", "chosen"))
            rows: list[tuple[Cell, ...]] = [
                (*values, size, wanted, number) for values, size, wanted, number in self.chosen.strata
            ]
            tables.append(Table("strata", "strata", (*map(Column, self.choice.by), *counts), rows))
        return tables

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire seeds select --json` writes them."""
        return {
            "read": self.read,
            "population": self.population,
            "chosen": len(self.chosen.pool("label")),
            "test": len(self.chosen.pool("test")),
            "not_in_question": dict(sorted(self.out.items())),
            "not_to_be_chosen": dict(sorted(self.unfit.items())),
            "left_out": {why: number for why, number in sorted(self.chosen.left.items()) if number},
            "strata": [
                {
                    "values": dict(zip(self.choice.by, values, strict=True)),
                    "articles": size,
                    "wanted": wanted,
                    "chosen": number,
                }
                for values, size, wanted, number in self.chosen.strata
            ],
        }


@dataclass(frozen=True)
class SelectionCandidates:
    """Places in the survey that may be taken: `test` in random order, `label` in the order of their worth;
    `wanted` is the number for each cell, `sizes` what each has; `possible` are so many for each pool, near
    copies aside; for the pools in `whole` there are no other candidates."""

    test: Places
    label: Places
    wanted: Mapping[int, int]
    sizes: Mapping[int, int]
    possible: Mapping[Pool, int]
    whole: Collection[Pool]

    @property
    def places(self) -> Places:
        """All of them, each once."""
        places: Places = np.unique(np.concatenate([self.test, self.label]))
        return places


def selection_candidates(
    survey: Survey,
    choice: Choice,
    known: Sequence[int],
    left: Counter[str],
    factors: Mapping[Pool, int],
) -> SelectionCandidates:
    """Who may be taken, by pool so many times as many as are wanted; `known` are hashes of texts had already.

    Of texts that are the same but for white space and case one is left, whichever comes first at random.
    Raises GW955 where no article has what it is to be ordered by.
    """
    order = np.argsort(survey.key, kind="stable")
    _, first = np.unique(survey.text[order], return_index=True)
    single = order[np.sort(first)]
    left["the same text as another"] = len(order) - len(single)
    had = np.isin(survey.text[single], np.array(sorted(known), np.uint64))
    left["had already"] = int(had.sum())
    single = single[~had]
    test = single[: _some(choice.test, factors["test"])]
    # To tell them apart takes time by the square of their number.
    most = max(MOST, _some(choice.number, FACTOR))
    free = single[survey.may_be_chosen[single]]
    worth = _worth(survey, choice)
    ordered = free[np.lexsort((np.arange(len(free)), -worth[free]))]
    numbers, counts = np.unique(survey.cell[free], return_counts=True)
    sizes = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    # Strata in random order: where there are more than articles wanted, chance says which get one.
    seen = list(dict.fromkeys(survey.cell[free].tolist()))
    wanted = allocated({cell: sizes[cell] for cell in seen}, choice.number, even=choice.spread == "even")
    bound = dict(choice.at_most)
    per_stratum: Counter[int] = Counter()
    values: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, str]] = Counter()
    label: list[int] = []
    possible, factor = 0, factors["label"]
    for place in ordered.tolist():
        cell = int(survey.cell[place])
        capped = list(zip(bound, survey.caps[survey.cap[place]], strict=True))
        if all(kept[pair] < bound[pair[0]] for pair in capped):
            kept.update(capped)
            possible += 1
        # A stratum that is to give none may have to, where another has copies only.
        if len(label) >= most or per_stratum[cell] >= _some(wanted.get(cell, 0) or (factor > FACTOR), factor):
            continue
        if any(values[pair] >= _some(bound[pair[0]], factor) for pair in capped):
            continue
        values.update(capped)
        per_stratum[cell] += 1
        label.append(place)
    at_best: dict[Pool, int] = {"test": min(choice.test, len(single)), "label": min(choice.number, possible)}
    whole: list[Pool] = ["label"] if len(label) == len(free) else []
    whole += ["test"] if len(test) == len(single) else []
    return SelectionCandidates(test, np.array(label, np.int64), wanted, sizes, at_best, whole)


def _some(wanted: int, factor: int) -> int:
    """How many candidates there are to be for so many articles."""
    return wanted * factor + SPARE * factor // FACTOR if wanted else 0


def _worth(survey: Survey, choice: Choice) -> NDArray[np.float64]:
    """What each is ordered by, the greatest first; where nothing was found, a model is as unsure as usual."""
    if choice.order == RANDOM:
        return np.zeros(len(survey))
    scores = survey.score.copy()
    unknown = np.isnan(scores)
    if len(scores) and unknown.all():
        if choice.order == UNCERTAINTY:
            message = "no article has a model's annotation with scores"
            hint = "annotate the archive first: goldwire predict"
        else:
            message, hint = f"no article has a number as `{choice.order}`", "name a field of the metadata"
        raise wrong_choice(message, hint)
    if len(scores):
        scores[unknown] = np.median(scores[~unknown])
    return scores


def allocated(sizes: Mapping[int, int], number: int, *, even: bool) -> dict[int, int]:
    """How many of `number` each stratum gives: even ones as many each as they have, up to a common level,
    else in proportion to their sizes, by greatest remainders. Of equals the first gets the one that is left.
    """
    number = min(number, sum(sizes.values()))
    if even:
        shares = dict.fromkeys(sizes, 0)
        left, open_ = number, list(sizes)
        while left and open_:
            each = max(left // len(open_), 1)
            for cell in open_:
                more = min(each, sizes[cell] - shares[cell], left)
                shares[cell] += more
                left -= more
            open_ = [cell for cell in open_ if shares[cell] < sizes[cell]]
        return shares
    total = sum(sizes.values()) or 1
    shares = {cell: number * size // total for cell, size in sizes.items()}
    rest = sorted(sizes, key=lambda cell: -(number * sizes[cell] % total))
    for cell in rest[: number - sum(shares.values())]:
        shares[cell] += 1
    return shares


def choose_articles(
    survey: Survey,
    choice: Choice,
    candidates: SelectionCandidates,
    articles: Mapping[int, Article],
    known: Sequence[Document],
    left: Counter[str],
) -> ChosenArticles:
    """Take from the candidates, whose `articles` are given by place: the random share, then those in the
    order of worth and difference, as many of each stratum as are wanted, and where one has too few, more of
    the others. None is a near copy of one taken or `known`, nor has its id.
    """
    places = list(dict.fromkeys([*candidates.test.tolist(), *candidates.label.tolist()]))
    texts = [document.text for document in known] + [articles[place].document.text for place in places]
    at = {place: len(known) + number for number, place in enumerate(places)}
    near: dict[int, list[tuple[int, float]]] = defaultdict(list)
    pairs = near_duplicates(texts, threshold=choice.near, group_limit=GROUP)
    for pair in pairs:
        near[pair.first].append((pair.second, pair.similarity))
        near[pair.second].append((pair.first, pair.similarity))
    large = _large_groups(pairs, len(texts))
    chosen = ChosenArticles(left=left)
    names = {number: document.id for number, document in enumerate(known)}
    # Of a large group not all pairs are listed, and one is enough of it.
    of_group = {large[number]: name for number, name in names.items() if number in large}
    ids = {document.id.casefold() for document in known}

    def take(place: int, pool: Pool) -> bool:
        document, index = articles[place].document, at[place]
        if document.id.casefold() in ids:
            left["an id that another has"] += 1
            return False
        copies = [(similarity, names[other]) for other, similarity in near[index] if other in names]
        if not copies and large.get(index) in of_group:
            copies = [(choice.near, of_group[large[index]])]
        if copies:
            similarity, other = max(copies)
            chosen.copies.append(Copy(document, other, similarity))
            return False
        names[index] = document.id
        if index in large:
            of_group.setdefault(large[index], document.id)
        ids.add(document.id.casefold())
        stratum = survey.cells[survey.cell[place]]
        chosen.taken.append(Taken(document, pool, stratum, float(survey.score[place])))
        return True

    for place in candidates.test.tolist():
        if len(chosen.taken) >= choice.test:
            break
        take(place, "test")
    drawn = {at_place for at_place, index in at.items() if index in names}
    label = [place for place in candidates.label.tolist() if place not in drawn]
    ordered = _ordered(choice, label, articles, [*known, *(each.document for each in chosen.taken)])
    bound = dict(choice.at_most)
    values: Counter[tuple[str, str]] = Counter()
    per_stratum: Counter[int] = Counter()
    tried: set[int] = set()
    for is_second in (False, True):
        for place in ordered:
            cell = int(survey.cell[place])
            if place in tried or per_stratum.total() >= choice.number:
                continue
            if not is_second and per_stratum[cell] >= candidates.wanted.get(cell, 0):
                continue
            tried.add(place)
            capped = list(zip(bound, survey.caps[survey.cap[place]], strict=True))
            if full := [name for name, value in capped if values[name, value] >= bound[name]]:
                left[f"enough of its {full[0]}"] += 1
            elif take(place, "label"):
                per_stratum[cell] += 1
                values.update(capped)
    left["a near copy"] = len(chosen.copies)
    chosen.strata = sorted(
        (survey.cells[cell], size, candidates.wanted.get(cell, 0), per_stratum[cell])
        for cell, size in candidates.sizes.items()
    )
    return chosen


def _large_groups(pairs: Sequence[NearDuplicate], number: int) -> dict[int, int]:
    """The group of each of so many texts that is in one of more than `GROUP`, which chains of pairs tie."""
    group = tied(number, np.array([pair[:2] for pair in pairs], np.int64).reshape(-1, 2))
    sizes = np.bincount(group, minlength=1)
    return {index: int(group[index]) for index in np.flatnonzero(sizes[group] > GROUP).tolist()}


def _ordered(
    choice: Choice,
    places: Sequence[int],
    articles: Mapping[int, Article],
    known: Sequence[Document],
) -> list[int]:
    """The places by worth and by how unlike they are to what comes before."""
    if not choice.diversity or not places:
        return list(places)
    worth = [-float(number) for number in range(len(places))]
    texts = [articles[place].document.text for place in places]
    order = rank(texts, worth, diversity=choice.diversity, known=[document.text for document in known])
    return [places[index] for index in order]
