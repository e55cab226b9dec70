"""Split a corpus without leaks: what belongs together stays on one side, and who has a side keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from goldwire.annotations.values import iso_date
from goldwire.corpus.split.groups import Rule, Tie, components, find_ties
from goldwire.corpus.split.io import Fold, Split, project_rule
from goldwire.corpus.split.stratify import Group, stratify
from goldwire.errors import GoldwireError
from goldwire.model import Article, curated
from goldwire.number_format import counted
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.table import Column, Figures, Table

#: The sides, by the names that `datasets.load_dataset` gives them.
TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class SplitOptions:
    """How to split. Shares are of the documents, in [0, 1); `folds` and `each` make folds instead of sides.

    `allow_seen`: documents whose annotator was shown predictions may be test data.
    """

    test: float = 0.2
    validation: float = 0.1
    by_date: bool = False
    folds: int = 0
    each: bool = False
    allow_seen: bool = False
    rule: Rule = field(default_factory=Rule)

    @property
    def kind(self) -> str:
        """What is made: `parts`, `folds` or `leave-one-out`."""
        return "leave-one-out" if self.each else "folds" if self.folds else "parts"

    @property
    def shares(self) -> dict[str, float]:
        """The sides with their shares; training first."""
        sides = {
            TRAIN: round(1 - self.test - self.validation, 6),
            VALIDATION: self.validation,
            TEST: self.test,
        }
        return {side: share for side, share in sides.items() if share > 0}


@dataclass(frozen=True, repr=False)
class SplitResult(Figures):
    """A split, the ties that it keeps, and what a reader must know of it; `path` is its file, `is_continued`
    says that it goes on from one that was there."""

    split: Split
    ties: list[Tie]
    groups: list[list[str]]
    labels: dict[str, dict[str, int]]
    seen: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)
    straddling: list[str] = field(default_factory=list)
    pool: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    path: Path | None = None
    is_continued: bool = False

    def __repr__(self) -> str:
        return f"<SplitResult: {str(self.split)[8:]}"

    @property
    def documents(self) -> int:
        """How many documents were split."""
        return sum(map(len, self.groups))

    def tables(self) -> list[Table]:
        """`sides` with their shares, and `labels` on each side; or `folds`."""
        if self.split.folds:
            names = ("test", "neither tested nor trained on")
            columns = (Column("fold"), *(Column(name, "amount") for name in names))
            folds = [(str(n), len(f.test), len(f.left_out)) for n, f in enumerate(self.split.folds, start=1)]
            return [Table("folds", "folds", columns, folds)]
        shares = (Column("share", "percent"), Column("wanted", "percent"))
        sides = [
            (side, number, number / self.documents, self.split.shares.get(side, 0.0))
            for side, number in self.split.counts.items()
        ]
        by_side = (Column("label"), *(Column(side, "amount") for side in self.split.counts))
        labels: list[tuple[str | int, ...]] = [
            (label, *(numbers.get(side, 0) for side in self.split.counts))
            for label, numbers in self.labels.items()
        ]
        return [
            Table("sides", "sides", (Column("side"), Column("documents", "amount"), *shares), sides),
            Table("labels", "labels", by_side, labels),
        ]

    def as_json(self) -> dict[str, Any]:
        """Sides or folds, what is tied, and documents to know of."""
        lists = ("seen", "moved", "new", "undated", "straddling", "pool", "gone")
        return {
            "kind": self.split.kind,
            "documents": self.documents,
            "groups": [group for group in self.groups if len(group) > 1],
            "ties": [vars(tie) for tie in self.ties],
            "sides": self.split.counts,
            "folds": [{"test": fold.test, "left_out": fold.left_out} for fold in self.split.folds],
            "labels": self.labels,
            **{name: getattr(self, name) for name in lists},
        }


def options_for(
    project: Project,
    options: SplitOptions,
    stored: Split | None = None,
    *,
    test: float | None = None,
    validation: float | None = None,
    similar: float | None = None,
    shared: int | None = None,
) -> SplitOptions:
    """`options` with what was asked for; for the rest the project's [split], then what the stored split was
    made with, by date or not: a second run goes on as the first began. Raises GW290 for a bad [split]."""
    rule = project_rule(project, stored.rule if stored is not None else None)
    rule = Rule(rule.similar if similar is None else similar, rule.shared if shared is None else shared)
    if stored is not None and stored.kind == options.kind == "parts":
        if stored.shares:
            options = replace(
                options, test=stored.shares.get(TEST, 0.0), validation=stored.shares.get(VALIDATION, 0.0)
            )
        options = replace(options, by_date=options.by_date or bool(stored.starts))
    options = replace(
        options,
        test=options.test if test is None else test,
        validation=options.validation if validation is None else validation,
    )
    return replace(options, rule=rule)


def make_split(
    articles: Sequence[Article],
    schema: Schema | None,
    options: SplitOptions,
    *,
    stored: Split | None = None,
    advance: Callable[[int], None] | None = None,
) -> SplitResult:
    """Split `articles` as `options` say. Documents that have a side in `stored` keep it.

    Where a new document ties documents of two sides together, all of them go to training, or to validation
    if none is there: only so no model that exists was trained on a test document. To training goes test data
    that was since annotated with predictions in view, too. Documents of the random pool that `seeds select`
    drew (`meta.selection_pool`) become test data, and where there are some, no other new ones do: they are in
    `pool`; a split by date and folds take no notice of them. What changed its side is in `moved`; in `gone`
    those that have a side in `stored` and are no longer in the corpus: it is forgotten.
    Raises GW291 where options or corpus allow no split, or `stored` is of another kind.
    """
    _check(articles, options, stored)
    ties = find_ties(articles, schema, options.rule, advance)
    ids = [article.document.id for article in articles]
    named = components(ids, ties)
    seen = [] if options.allow_seen else _seen(articles)
    if len(named) < max(2, options.folds):
        bound = "".join(f"; {tie}" for tie in ties[:3])
        documents = f"{len(ids)} document{'s make' if len(ids) != 1 else ' makes'}"
        raise GoldwireError.of(
            "GW291",
            f"{documents} {counted(len(named), 'group')} of what belongs together{bound}",
            hint="fewer folds, more documents, or --shared 2: events that are only mentioned tie too",
        )
    split = Split(options.kind, options.rule)
    if options.each:
        return SplitResult(replace(split, folds=_each(named, set(seen))), ties, named, {}, seen)
    stored = stored or split
    pool = _pool(articles) if options.kind == "parts" and not options.by_date else []
    chosen = [*pool, *stored.sides] if pool else None
    groups = _groups(articles, named, frozenset() if options.folds else frozenset(seen), chosen)
    undated: list[str] = []
    straddling: list[str] = []
    if options.folds:
        names = [str(number) for number in range(1, options.folds + 1)]
        before = _fold_sides(stored)
        sides, moved = _sides(groups, dict.fromkeys(names, 1 / options.folds), before, names)
        split = replace(split, folds=tuple(_fold(ids, sides, name, set(seen)) for name in names))
    else:
        before, starts = dict(stored.sides), dict[str, str]()
        if options.by_date:
            dates = _dates(articles)
            undated = [name for name, date in dates.items() if not date]
            sides, moved, starts = _by_date(dates, groups, options, before, stored.starts)
            straddling = [
                name
                for group in groups
                for name in group.documents
                if dates[name] and dates[name] < starts.get(sides[name], "")
            ]
        else:
            preset = dict.fromkeys(pool, TEST) | before
            sides, moved = _sides(groups, options.shares, preset, [TRAIN, VALIDATION, TEST])
        split = replace(
            split, shares=options.shares, sides={name: sides[name] for name in ids}, starts=starts
        )
        if not split.counts.get(TEST):
            largest = max(len(group) for group in named)
            message = (
                f"no group of documents may be, or is small enough to be, test data (largest: {largest})"
            )
            hint = "a larger --test, more documents, or --folds"
            raise GoldwireError.of("GW291", message, hint=hint)
    return SplitResult(
        split=split,
        ties=ties,
        groups=named,
        labels=_labels(groups, sides),
        seen=seen,
        moved=moved,
        new=[name for name in ids if name not in before],
        undated=undated,
        straddling=straddling,
        pool=[name for name in pool if sides[name] == TEST],
        gone=sorted(before.keys() - set(ids)),
    )


def _check(articles: Sequence[Article], options: SplitOptions, stored: Split | None) -> None:
    if stored is not None and (
        stored.kind != options.kind or (options.kind == "folds" and len(stored.folds) != options.folds)
    ):
        had = f"{len(stored.folds)} folds" if stored.folds else stored.kind
        hint = "--out another file; --anew forgets who has which side"
        raise GoldwireError.of("GW291", f"a split into {had} is there already", hint=hint)
    if stored is not None and (odd := set(stored.sides.values()) - {TRAIN, VALIDATION, TEST}):
        hint = f"name it {TRAIN}, {VALIDATION} or {TEST} in the file; --anew forgets who has which side"
        raise GoldwireError.of("GW291", f"the stored split has a side `{min(odd)}`", hint=hint)
    if (options.by_date and options.kind != "parts") or (options.each and options.folds):
        message = "by date, folds and leave-one-out are three ways to split"
        raise GoldwireError.of("GW291", message, hint="choose one of them")
    if options.kind == "parts" and not (
        options.validation >= 0 and options.test > 0 and options.test + options.validation < 1
    ):
        shares = f"test {options.test:g} and validation {options.validation:g}"
        message = f"{shares} leave nothing to test on or to train on"
        raise GoldwireError.of("GW291", message, hint="shares of 1, as in --test 0.2 --validation 0.1")
    if options.folds == 1 or options.folds < 0:
        raise GoldwireError.of("GW291", f"{options.folds} folds", hint="two or more")
    if not 0 < options.rule.similar <= 1 or options.rule.shared < 0:
        hint = "a similarity in (0, 1], and a number of events"
        raise GoldwireError.of(
            "GW291", f"similar {options.rule.similar:g}, shared {options.rule.shared}", hint=hint
        )
    if not articles:
        raise GoldwireError.of("GW291", "there is no document to split", hint="add articles to seeds/")


def _seen(articles: Sequence[Article]) -> list[str]:
    """Documents whose curated annotation was made by somebody who had been shown predictions."""
    return [
        article.document.id
        for article in articles
        if (annotation := curated(article.annotations)) is not None and annotation.provenance.seen_predictions
    ]


def _pool(articles: Sequence[Article]) -> list[str]:
    """Documents that `seeds select` drew at random for testing."""
    return [a.document.id for a in articles if a.document.meta.get("selection_pool") == TEST]


def _groups(
    articles: Sequence[Article],
    named: list[list[str]],
    seen: frozenset[str],
    may_test: Collection[str] | None = None,
) -> list[Group]:
    """The groups with their labels; those of `seen`, or with none of `may_test`, are closed to test data."""
    allowed = None if may_test is None else frozenset(may_test)
    labels: dict[str, Counter[str]] = {}
    for article in articles:
        annotation = curated(article.annotations)
        spans = annotation.spans if annotation is not None else ()
        labels[article.document.id] = Counter(f"{span.layer}/{span.label}" for span in spans)
    groups = []
    for names in named:
        total = Counter[str]()
        for name in names:
            total.update(labels[name])
        barred = bool(seen & set(names)) or (allowed is not None and not allowed & set(names))
        closed = frozenset([TEST]) if barred else frozenset()
        groups.append(Group(tuple(names), dict(total), closed))
    return groups


def _labels(groups: list[Group], sides: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """How often each label stands on each side."""
    counts: dict[str, Counter[str]] = {}
    for group in groups:
        for label, number in group.labels.items():
            counts.setdefault(label, Counter())[sides[group.documents[0]]] += number
    return {label: dict(numbers) for label, numbers in sorted(counts.items())}


def _keep(
    groups: list[Group], before: Mapping[str, str], order: Sequence[str]
) -> tuple[dict[str, list[Group]], list[Group], list[str]]:
    """Groups by the side that they have, groups that have none, and documents that had to change sides."""
    settled: dict[str, list[Group]] = {side: [] for side in order}
    fresh: list[Group] = []
    moved: list[str] = []
    for group in groups:
        had = {before[name] for name in group.documents if name in before}
        if not had & set(order):
            fresh.append(group)
            continue
        side = next(name for name in order if name in had)
        if side in group.closed:
            side = next(name for name in order if name not in group.closed)
        settled[side].append(group)
        moved.extend(name for name in group.documents if before.get(name, side) != side)
    return settled, fresh, moved


def _sides(
    groups: list[Group], shares: Mapping[str, float], before: Mapping[str, str], order: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    settled, fresh, moved = _keep(groups, before, order)
    dealt = stratify(fresh, shares, settled)
    sides = {
        name: side
        for by_side in (settled, dealt)
        for side, each in by_side.items()
        for group in each
        for name in group.documents
    }
    return sides, moved


def _dates(articles: Sequence[Article]) -> dict[str, str]:
    """When each document was published, empty where that is not known; GW291 where it is of none."""
    dates = {a.document.id: iso_date(a.document.meta.get("published") or "") for a in articles}
    if not any(dates.values()):
        hint = "give articles `published`, as in 2020-12-03"
        raise GoldwireError.of("GW291", "no document has a date to split by", hint=hint)
    return dates


def _by_date(
    dates: Mapping[str, str],
    groups: list[Group],
    options: SplitOptions,
    before: Mapping[str, str],
    known: Mapping[str, str],
) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """The newest groups to test, those before them to validation; a group is as new as its newest document.

    Where the stored split has dates, new groups go by those. A document without a date goes where its group
    goes, alone to training. The sides, what changed its own, and the date from which each begins.
    """
    settled, fresh, moved = _keep(groups, before, [TRAIN, VALIDATION, TEST])

    def newest(group: Group) -> str:
        return max(dates[name] for name in group.documents)

    starts = dict(known)
    sides = {name: side for side, each in settled.items() for group in each for name in group.documents}
    taken = Counter(sides.values())
    room = {side: share * len(dates) - taken[side] for side, share in options.shares.items()}
    ordered = sorted(fresh, key=lambda group: (newest(group), group.name), reverse=True)
    for side in (TEST, VALIDATION) if not known else ():
        while ordered and side in room and room[side] >= len(ordered[0].documents) / 2 and newest(ordered[0]):
            if side in ordered[0].closed:
                group, into = ordered.pop(0), TRAIN
            else:
                group, into = ordered.pop(0), side
                room[side] -= len(group.documents)
                starts[side] = newest(group)
            sides |= dict.fromkeys(group.documents, into)
    for group in ordered:
        date = newest(group)
        side = next(
            (s for s in (TEST, VALIDATION) if s in known and date >= known[s] and s not in group.closed),
            TRAIN,
        )
        sides |= dict.fromkeys(group.documents, side)
    return sides, moved, starts


def _fold_sides(stored: Split) -> dict[str, str]:
    return {
        name: str(number)
        for number, fold in enumerate(stored.folds, start=1)
        for name in (*fold.test, *fold.left_out)
    }


def _fold(ids: Sequence[str], sides: Mapping[str, str], name: str, seen: set[str]) -> Fold:
    tested = [document for document in ids if sides[document] == name]
    return Fold(
        tuple(document for document in tested if document not in seen),
        tuple(document for document in tested if document in seen),
    )


def _each(groups: list[list[str]], seen: set[str]) -> tuple[Fold, ...]:
    """A fold for each document; those of its group are left out with it. No fold tests a seen one."""
    return tuple(
        Fold((name,), tuple(other for other in group if other != name))
        for group in groups
        for name in group
        if name not in seen
    )
