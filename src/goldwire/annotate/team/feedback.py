"""What comes back to the annotators: the rules that their work breaks, and what they asked.

The rules are those of `corpus check`, by annotator. The tasks that break one fill a tab of their Label Studio
project, in the project's language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from goldwire.annotate.labelstudio.client import Client, task_filter
from goldwire.annotate.labelstudio.views import ensure_view, remove_view
from goldwire.annotate.records.notes import TaskPlace, place_key, read_places
from goldwire.annotate.records.summary import Summary, store_index, summarised
from goldwire.annotations import rules
from goldwire.annotations.store import read_annotations
from goldwire.corpus.quality.checks import IdUse, family_faults, span_place
from goldwire.errors import Fault
from goldwire.model import Document
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


def broken_rules(
    project: Project, schema: Schema, documents: Sequence[Document], read: Iterable[Summary]
) -> list[BrokenRule]:
    """The rules that each annotator's work breaks, the most broken first, their places by article."""
    texts = {document.id: document.text for document in documents}
    order = {document: number for number, document in enumerate(texts)}
    theirs = sorted((each for each in read if each.done), key=lambda each: order[each.document])
    faults = [
        (each.annotator, each.document, Fault(broken.code, broken.message, broken.where, broken.hint))
        for each in theirs
        for broken in each.broken
    ]
    unlike = {use.where: (document, use) for document, use in _unlike(theirs, schema, texts)}
    for fault in family_faults(use for _, use in unlike.values()):
        document, use = unlike[fault.where]
        faults.append((use.annotator, document, fault))
    places = read_places(project)
    places_of: dict[tuple[str, str], list[BrokenPlace]] = defaultdict(list)
    for name, document, fault in faults:
        place = places.get(place_key(name, document))
        places_of[name, fault.code].append(BrokenPlace(document, fault, place.url if place else ""))
    listed = [BrokenRule(name, code, tuple(where)) for (name, code), where in places_of.items()]
    return sorted(listed, key=lambda each: (each.annotator, -len(each.places), each.code))


def _unlike(read: Iterable[Summary], schema: Schema, texts: Mapping[str, str]) -> Iterator[tuple[str, IdUse]]:
    """The uses of ids that one annotator gave to spans of several label families, with their documents."""
    uses: dict[tuple[str, str, str, str], list[tuple[str, Summary, int]]] = defaultdict(list)
    for summary in read:
        for number, attribute, value in summary.ids:
            layer, label, _, _ = summary.spans[number]
            family = schema.family(layer, label)
            uses[summary.annotator, layer, attribute, value].append((family, summary, number))
    for key, uses_of_id in uses.items():
        if len({family for family, _, _ in uses_of_id}) > 1:
            for family, summary, number in uses_of_id:
                _, label, start, end = summary.spans[number]
                words = texts[summary.document][start:end]
                at = span_place(f"{summary.annotator}/{summary.document}", number, words)
                yield summary.document, IdUse(*key, family, f"{at} {label}")


def fill_tabs(
    client: Client, project: Project, schema: Schema, broken: Iterable[BrokenRule], numbers: Iterable[int]
) -> dict[int, int]:
    """Put the tasks that break a rule into the tab of their Label Studio project; how many, by project.

    `numbers` are all projects that were pulled: where nothing is broken there is no tab.
    """
    places: dict[str, TaskPlace] = read_places(project)
    tasks: dict[int, set[int]] = {number: set() for number in numbers}
    for rule in broken:
        for where in rule.places:
            place = places.get(place_key(rule.annotator, where.document))
            if place is not None and place.project in tasks:
                tasks[place.project].add(place.task)
    for number, listed in tasks.items():
        if listed:
            among = task_filter("id", "in_list", "List", [str(task) for task in sorted(listed)])
            ensure_view(client, number, TAB, schema.language, filters=[among], ordering=["tasks:id"])
        else:
            remove_view(client, number, TAB)
    return {number: len(listed) for number, listed in tasks.items()}


def stored_broken_rules(project: Project, schema: Schema, documents: Sequence[Document]) -> list[BrokenRule]:
    """The same of all that is stored; what was not changed since it was last asked is not held against the
    rules again. Gold checks are among it, or no rule would be told of their tasks alone."""
    registries = load_registries(schema, project.schema_path)
    checks = summarised(schema, registries, documents, read_annotations(project, project.checks))
    with store_index(project, schema, documents) as index:
        return broken_rules(project, schema, documents, [*index.summaries(), *checks])
