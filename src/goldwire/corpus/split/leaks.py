"""Leaks in a split that somebody brings: documents on two sides that belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from goldwire.annotations import rules
from goldwire.annotations.spool import ArticleSelection
from goldwire.corpus.split.groups import Rule, Tie, components, find_ties
from goldwire.corpus.split.io import (
    NAME,
    Fold,
    Split,
    project_rule,
    read_split,
    stored_split,
    unsided,
)
from goldwire.errors import Fault
from goldwire.model import Article, curated
from goldwire.project import Project
from goldwire.schemas import Schema

#: The key of a document's meta under which a corpus brings its own split.
META = "split"
_KINDS = {"near": rules.NEAR, "story": rules.STORY, "event": rules.EVENT}
_HINT = "put both on one side: goldwire corpus split"


def split_faults(
    articles: Sequence[Article],
    schema: Schema | None,
    split: Split | None = None,
    source: str = NAME,
    rule: Rule | None = None,
) -> list[Fault]:
    """Every leak of a split, and of the sides that the documents' own `meta.split` names.

    Ties are looked for as the split's own rule says, else as `rule` does. Test data whose annotator was
    shown predictions is a leak too, and a document without a side is told: nothing is known of it.
    """
    rule = split.rule if split is not None else rule or Rule()
    every: list[str] = []
    brought: dict[str, str] = {}
    for article in articles:
        every.append(article.document.id)
        if side := article.document.meta.get(META):
            brought[article.document.id] = str(side)
    faults: list[Fault] = []
    if len(set(brought.values())) > 1:
        faults.extend(_sides(articles, brought, schema, rule, f"meta.{META}"))
    if split is not None and split.kind == "parts":
        faults.extend(unsided(split, every, source))
        faults.extend(_sides(articles, split.sides, schema, rule, source))
    elif split is not None:
        faults.extend(_folds(split.folds, every, find_ties(articles, schema, rule), source))
        faults.extend(_seen(articles, {name for fold in split.folds for name in fold.test}, source))
    return faults


def leaks(
    project: Project,
    articles: Sequence[Article],
    schema: Schema,
    *,
    stored: bool = True,
    path: Path | None = None,
) -> list[Fault]:
    """The leaks of the split in `path`, else of the project's own if `stored`; and always of `meta.split`."""
    split = read_split(path) if path is not None else stored_split(project) if stored else None
    source = str(path) if path is not None else NAME
    return split_faults(articles, schema, split, source, project_rule(project))


def _sides(
    articles: Sequence[Article], sides: Mapping[str, str], schema: Schema | None, rule: Rule, source: str
) -> Iterator[Fault]:
    # Only among documents with a side: what many share is tied to the first of them, which must have one.
    with_side = [place for place, article in enumerate(articles) if article.document.id in sides]
    for tie in find_ties(ArticleSelection(articles, with_side), schema, rule):
        first_side, second_side = sides[tie.first], sides[tie.second]
        if first_side != second_side:
            where = f"{source} {tie.first} ({first_side}), {tie.second} ({second_side})"
            yield Fault(_KINDS[tie.kind], _words(tie), where, _HINT)
    yield from _seen(articles, {name for name, side in sides.items() if side.startswith("test")}, source)


def _folds(folds: Sequence[Fold], every: Sequence[str], ties: Sequence[Tie], source: str) -> Iterator[Fault]:
    """A fault for each tie from a tested document to one trained on; for each group, where only a chain of
    ties does."""
    tested: dict[str, list[int]] = {name: [] for name in every}
    out: list[set[str]] = []
    for number, fold in enumerate(folds):
        out.append({*fold.test, *fold.left_out})
        for name in fold.test:
            tested.setdefault(name, []).append(number)
    reported: set[str] = set()
    for tie in ties:
        for test_name, train_name in ((tie.first, tie.second), (tie.second, tie.first)):
            if leaking := [number + 1 for number in tested[test_name] if train_name not in out[number]]:
                reported.update((test_name, train_name))
                where = f"{source} fold {leaking[0]}: {test_name} (test), {train_name} (train)"
                yield Fault(_KINDS[tie.kind], _words(tie), where, _HINT)
    by_name: dict[str, Tie] = {}
    for tie in ties:
        by_name.setdefault(tie.first, tie)
        by_name.setdefault(tie.second, tie)
    for group in components(every, ties):
        chained = (
            (number, test_name, train_name)
            for test_name in (group if len(group) > 2 and reported.isdisjoint(group) else ())
            for number in tested[test_name]
            for train_name in group
            if train_name not in out[number]
        )
        if (leak := next(chained, None)) is not None:
            number, test_name, train_name = leak
            where = f"{source} fold {number + 1}: {test_name} (test), {train_name} (train)"
            yield Fault(_KINDS[by_name[test_name].kind], _words(by_name[test_name]), where, _HINT)


def _words(tie: Tie) -> str:
    if tie.kind == "near":
        return f"near-duplicates on two sides (similarity {tie.reason})"
    return f"one {'story' if tie.kind == 'story' else 'event'} on two sides: {tie.reason}"


def _seen(articles: Sequence[Article], test: set[str], source: str) -> Iterator[Fault]:
    for article in articles:
        annotation = curated(article.annotations)
        if article.document.id in test and annotation is not None and annotation.provenance.seen_predictions:
            message = f"test data that `{annotation.annotator}` annotated with predictions in view"
            hint = "train on it: a score on it is flattered by what the annotator was shown"
            yield Fault(rules.SEEN, message, f"{source} {article.document.id}", hint)
