"""What comes back to the annotators: the rules that their work breaks, and what they asked.

The rules are those of `corpus check`, by annotator. The tasks that break one fill a tab of their Label Studio
project, in the project's language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.views import ensure_view, remove_view
from goldwire.annotate.records.notes import Place, place_key, read_places
from goldwire.annotations import rules
from goldwire.annotations.store import join, read_annotations
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import Fault
from goldwire.model import Annotation, Article, Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import load_registries

#: The tab's title, by its name in the catalogues.
TAB = "rework.tab"


@dataclass(frozen=True)
class BrokenPlace:
    """Where a rule is broken: the fault, and the labelling view's address, empty where it is not known."""

    document: str
    fault: Fault
    url: str


@dataclass(frozen=True)
class BrokenRule:
    """A rule that an annotator's work breaks, in all its places."""

    annotator: str
    code: str
    places: tuple[BrokenPlace, ...]

    @property
    def rule(self) -> str:
        """The rule in words."""
        return rules.RULES.get(self.code, self.code)

    def as_dict(self) -> dict[str, Any]:
        """The rule and its places, for JSON."""
        return {**asdict(self), "rule": self.rule, "count": len(self.places)}


def by_people(annotations: Iterable[Annotation]) -> list[Annotation]:
    """What people have finished by themselves: no machine's, nothing skipped, unfinished or adjudicated."""
    return [
        each
        for each in annotations
        if each.provenance.kind == "human"
        and each.status not in ("draft", "skipped")
        and not each.provenance.based_on
    ]


def broken_rules(
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    annotations: Iterable[Annotation],
) -> list[BrokenRule]:
    """The rules that each annotator's work breaks, the most broken first; registries are the project's."""
    registries = load_registries(schema, project.schema_path)
    places = read_places(project)
    theirs: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in by_people(annotations):
        theirs[annotation.annotator].append(annotation)
    broken: dict[tuple[str, str], list[BrokenPlace]] = defaultdict(list)
    for name, work in sorted(theirs.items()):
        articles = [article for article in join(list(documents), work) if article.annotations]
        for document, fault in _by_document(
            name, articles, check_articles(articles, schema, registries).faults
        ):
            place = places.get(place_key(name, document))
            broken[name, fault.code].append(BrokenPlace(document, fault, place.url if place else ""))
    listed = [BrokenRule(name, code, tuple(found)) for (name, code), found in broken.items()]
    return sorted(listed, key=lambda each: (each.annotator, -len(each.places), each.code))


def _by_document(
    name: str, articles: Sequence[Article], faults: Iterable[Fault]
) -> Iterator[tuple[str, Fault]]:
    """Each fault with its article; faults of a registry are nobody's."""
    heads = {f"{name}/{article.document.id}": article.document.id for article in articles}
    for fault in faults:
        head = fault.where.partition(" $.")[0]
        if head in heads:
            yield heads[head], fault


def fill_tabs(
    client: Client, project: Project, schema: Schema, broken: Iterable[BrokenRule], numbers: Iterable[int]
) -> dict[int, int]:
    """Put the tasks that break a rule into the tab of their Label Studio project; how many, by project.

    `numbers` are all projects that were pulled: where nothing is broken there is no tab.
    """
    places: dict[str, Place] = read_places(project)
    tasks: dict[int, set[int]] = {number: set() for number in numbers}
    for rule in broken:
        for where in rule.places:
            place = places.get(place_key(rule.annotator, where.document))
            if place is not None and place.project in tasks:
                tasks[place.project].add(place.task)
    for number, listed in tasks.items():
        if listed:
            among = {
                "filter": "filter:tasks:id",
                "operator": "in_list",
                "type": "List",
                "value": [str(task) for task in sorted(listed)],
            }
            ensure_view(client, number, TAB, schema.language, filters=[among], ordering=["tasks:id"])
        else:
            remove_view(client, number, TAB)
    return {number: len(listed) for number, listed in tasks.items()}


def stored_broken_rules(project: Project, schema: Schema, documents: Sequence[Document]) -> list[BrokenRule]:
    """The same of all that is stored; of gold checks too, or no rule would be told of their tasks alone."""
    stored = [*read_annotations(project), *read_annotations(project, project.checks)]
    return broken_rules(project, schema, documents, stored)
