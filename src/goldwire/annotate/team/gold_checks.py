"""Gold checks: reviewed articles slipped in among an annotator's tasks, which nothing there tells apart.

They are sent with new tasks only, and these in an order drawn anew: alone, at the end or out of an order that
can be seen they would be known for what they are.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from hashlib import sha256
from math import ceil

from goldwire.annotate.records.assignments import Assignment
from goldwire.annotate.records.gold_checks import GoldCheck, Purpose, answer
from goldwire.annotate.sync.predictions import version
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.model import Annotation, Document
from goldwire.text import first_of


def share_of(text: str) -> Fraction:
    """The share that `5%` or `0.05` names, above 0 and at most 1/2; raises GW783 for anything else."""
    number = text.strip()
    try:
        share = Fraction(number[:-1].strip()) / 100 if number.endswith("%") else Fraction(number)
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share <= Fraction(1, 2):
        hint = "how many checks there are to a hundred articles: 5%, at most 50%"
        raise GoldwireError.of("GW783", f"`{text}` is no share of checks", hint=hint)
    return share


def reviewed_answers(annotations: Iterable[Annotation]) -> dict[str, list[Annotation]]:
    """All annotations of each article that has a reviewed one, by article, that one first."""
    by_document: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        by_document[annotation.document].append(annotation)
    return {
        document: [best, *(each for each in theirs if each is not best)]
        for document, theirs in by_document.items()
        if (best := answer(tuple(theirs))) is not None
    }


def has_seen(name: str, annotations: Iterable[Annotation]) -> bool:
    """Whether an annotator read one of these, had a part in one, or decided it."""
    for each in annotations:
        provenance = each.provenance
        if name in (each.annotator, provenance.name, *provenance.based_on):
            return True
        marks = [marked.marked_by for marked in each.spans] + [marked.marked_by for marked in each.relations]
        if any(name in names for names in marks):
            return True
    return False


def draw_checks(
    answered: Mapping[str, Sequence[Annotation]],
    assignments: Sequence[Assignment],
    former: Sequence[Assignment],
    checks: Sequence[GoldCheck],
    share: Fraction,
    *,
    seed: int = 0,
) -> tuple[list[GoldCheck], dict[str, int]]:
    """The new checks of annotators who get new articles, and how many each lacks for want of reviewed ones.

    `answered` are the articles with a reviewed annotation (`reviewed_answers`), `former` the assignments of
    before. An annotator's checks are `share` of their articles, rounded up, those that they have included.
    None is of an article that they have read, had a part in, are to read or were given already. Which ones,
    and where among the new tasks, a hash of seed, article and annotator says: one in each stretch of them.
    """
    drawn_of: dict[str, set[str]] = defaultdict(set)
    given = [(assignment.annotator, assignment.article) for assignment in assignments]
    for name, article in [*given, *((check.annotator, check.article) for check in checks)]:
        drawn_of[name].add(article)
    articles = Counter(assignment.annotator for assignment in assignments)
    had = Counter(check.annotator for check in checks if check.purpose == "check")
    drawn: list[GoldCheck] = []
    lacking: dict[str, int] = {}
    for name in sorted({assignment.annotator for assignment in set(assignments) - set(former)}):
        wanted = ceil(share * articles[name]) - had[name]
        free = [
            article
            for article, annotations in answered.items()
            if article not in drawn_of[name] and not has_seen(name, annotations)
        ]
        chosen = by_lot(free, name, "check", seed)[: max(0, wanted)]
        if len(chosen) < wanted:
            lacking[name] = wanted - len(chosen)
        drawn += [
            GoldCheck(article, name, place=(number + _fraction(seed, "place", article, name)) / len(chosen))
            for number, article in enumerate(chosen)
        ]
    return drawn, lacking


def by_lot(articles: Iterable[str], name: str, purpose: Purpose, seed: int) -> list[str]:
    """Articles in the order in which an annotator gets them: by a hash."""
    return sorted(articles, key=lambda article: _fraction(seed, purpose, article, name))


def in_task_order(documents: Sequence[Document], name: str, checks: Iterable[GoldCheck]) -> list[Document]:
    """An annotator's articles with their checks among them, in the order in which they are sent.

    Without checks it is the project's order. With some it is one that tells nothing: each article has a place
    by a hash, and checks the places that they were given.
    """
    places = {check.article: check.place for check in checks if check.annotator == name}
    if not places:
        return list(documents)
    drawn = {document.id: _fraction("task", document.id, name) for document in documents} | places
    return sorted(documents, key=lambda document: (drawn[document.id], document.id))


def check_alike(
    articles: Mapping[str, Collection[str]],
    checks: Iterable[GoldCheck],
    predictions: Mapping[str, Sequence[Annotation]],
    where: str = "",
) -> None:
    """Raise GW788 where gold checks would be known by the predictions that they have or lack.

    `articles` are those that each annotator gets together with the checks, which may be among them. A check
    has predictions of the versions that another of these has. `where` is the project, for the fault.
    """
    given: dict[str, set[str]] = defaultdict(set)
    for check in checks:
        given[check.annotator].add(check.article)
    faults = []
    for name, theirs in sorted(given.items()):
        others = [_versions(predictions, article) for article in set(articles[name]) - theirs]
        odd = sorted(
            article for article in theirs if others and _versions(predictions, article) not in others
        )
        if odd:
            shown = first_of(odd, 5)
            message = f"of {name}'s gold checks {shown} would be known: their predictions are not the others'"
            hint = (
                "give predictions of all articles, the checks' included, or none; nothing was drawn or sent"
            )
            faults.append(Fault("GW788", message, where, hint))
    raise_faults(faults)


def _versions(predictions: Mapping[str, Sequence[Annotation]], article: str) -> frozenset[str]:
    return frozenset(version(each) for each in predictions.get(article, ()))


def _fraction(*parts: object) -> float:
    """A number in [0, 1) that these decide."""
    return int(sha256(json.dumps(parts).encode()).hexdigest()[:13], 16) / 16**13
