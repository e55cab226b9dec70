"""Leaks in a split that somebody brings: documents on two sides that belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from goldwire.corpus import rules
from goldwire.corpus.split_file import NAME, Fold, Split, read_split, stored_split
from goldwire.corpus.split_ties import Rule, Tie, find_ties
from goldwire.errors import Fault
from goldwire.model import Article, curated
from goldwire.project import Project
from goldwire.schemas import Schema

#: The key of a document's meta under which a corpus brings its own split.
META = "split"
_KINDS = {"near": rules.NEAR, "story": rules.STORY, "event": rules.EVENT}
_HINT = "put both on one side: goldwire corpus split"


def split_faults(
    articles: Sequence[Article], schema: Schema | None, split: Split | None = None, source: str = NAME
) -> list[Fault]:
    """Every leak of a split, and of the sides that the documents' own `meta.split` names.

    Ties are looked for as the split's own rule says, else as the default does. Test data whose annotator was
    shown predictions is a leak too.
    """
    own = {a.document.id: str(a.document.meta[META]) for a in articles if a.document.meta.get(META)}
    if split is None and len(set(own.values())) < 2:
        return []
    ties = find_ties(articles, schema, split.rule if split is not None else Rule())
    faults: list[Fault] = []
    if len(set(own.values())) > 1:
        faults.extend(_sides(own, ties, f"meta.{META}"))
        faults.extend(_seen(articles, {n for n, s in own.items() if s.startswith("test")}, f"meta.{META}"))
    if split is not None and split.kind == "parts":
        faults.extend(_sides(split.sides, ties, source))
        faults.extend(_seen(articles, {n for n, s in split.sides.items() if s.startswith("test")}, source))
    elif split is not None:
        every = [article.document.id for article in articles]
        faults.extend(_folds(split.folds, every, ties, source))
        faults.extend(_seen(articles, {name for fold in split.folds for name in fold.test}, source))
    return faults


def leaks(
    project: Project,
    articles: Sequence[Article],
    schema: Schema,
    *,
    own: bool = True,
    path: Path | None = None,
) -> list[Fault]:
    """The leaks of the split in `path`, else of the project's own where `own`; and always of `meta.split`."""
    split = read_split(path) if path is not None else stored_split(project) if own else None
    return split_faults(articles, schema, split, str(path) if path is not None else NAME)


def _sides(sides: Mapping[str, str], ties: Sequence[Tie], source: str) -> Iterator[Fault]:
    for tie in ties:
        one, other = sides.get(tie.first), sides.get(tie.second)
        if one and other and one != other:
            where = f"{source} {tie.first} ({one}), {tie.second} ({other})"
            yield Fault(_KINDS[tie.kind], _words(tie), where, _HINT)


def _folds(folds: Sequence[Fold], every: Sequence[str], ties: Sequence[Tie], source: str) -> Iterator[Fault]:
    tested: dict[str, list[int]] = {name: [] for name in every}
    out: list[set[str]] = []
    for number, fold in enumerate(folds):
        out.append({*fold.test, *fold.left_out})
        for name in fold.test:
            tested.setdefault(name, []).append(number)
    for tie in ties:
        for one, other in ((tie.first, tie.second), (tie.second, tie.first)):
            if leaking := [number + 1 for number in tested[one] if other not in out[number]]:
                where = f"{source} fold {leaking[0]}: {one} (test), {other} (train)"
                yield Fault(_KINDS[tie.kind], _words(tie), where, _HINT)


def _words(tie: Tie) -> str:
    if tie.kind == "near":
        return f"near-duplicates on two sides (similarity {tie.what})"
    return f"one {'story' if tie.kind == 'story' else 'happening'} on two sides: {tie.what}"


def _seen(articles: Sequence[Article], test: set[str], source: str) -> Iterator[Fault]:
    for article in articles:
        annotation = curated(article.annotations)
        if article.document.id in test and annotation is not None and annotation.provenance.seen_predictions:
            message = f"test data that `{annotation.annotator}` annotated with predictions in view"
            hint = "train on it: a score on it is flattered by what the annotator was shown"
            yield Fault(rules.SEEN, message, f"{source} {article.document.id}", hint)
