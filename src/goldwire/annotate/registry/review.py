"""The review list: ids that annotators coined and that no registry has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.records.registry_changes import (
    RegistryChange,
    now_to_the_second,
    record_path,
    somebody,
    with_change,
)
from goldwire.annotate.registry.changes import RegistryReport, merge_ids, mergeable, merged, taken_already
from goldwire.annotate.registry.usage import Ids, Mention, entry_for, not_there
from goldwire.annotate.registry.wikidata import KEY, WikidataFile, WikidataItem, item_of
from goldwire.annotate.registry.writing import finish, write_all
from goldwire.annotations.candidates import Candidates
from goldwire.annotations.store import project_articles
from goldwire.errors import GoldwireError, one_of, raise_faults
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas.load import load_registries
from goldwire.table import Column, Figures, Table
from goldwire.text import first_of, snippet

#: Places that are shown of each id, and the code points on each side of the words.
_EXAMPLES = 3
_WIDTH = 40
#: Labels and words of each id that a table names.
_NAMED = 3
#: Mentions of each id that are held against the registry.
_RANKED = 10


@dataclass(frozen=True)
class NewId:
    """An id that its registry does not have: how often it stands, on which labels and words, whose it is.

    `likely` are known ids that it may be, the likeliest first; `items` those of Wikidata that are called so.
    """

    registry: str
    id: str
    spans: int
    labels: dict[str, int]
    words: dict[str, int]
    annotators: tuple[str, ...]
    documents: tuple[str, ...]
    examples: tuple[str, ...]
    likely: tuple[str, ...] = ()
    items: tuple[WikidataItem, ...] = ()


@dataclass(frozen=True, repr=False)
class RegistryReview(Figures):
    """The ids that are `new`, the most used first; those that were `added`, or `settled` as known ones."""

    new: tuple[NewId, ...]
    added: tuple[str, ...] = ()
    settled: tuple[RegistryReport, ...] = ()

    def __repr__(self) -> str:
        done = len(self.added), len(self.settled)
        return f"<RegistryReview: {counted(len(self.new), 'new id')}, {done[0]} added, {done[1]} settled>"

    def tables(self) -> list[Table]:
        """`new`: each id that no registry has, with what it stands on and what it may be."""
        names = ("id", "registry", "label", "words", "annotators", "perhaps")
        rows = [
            (
                each.id,
                each.registry,
                first_of(list(each.labels), _NAMED),
                first_of(list(each.words), _NAMED),
                ", ".join(each.annotators),
                ", ".join(each.likely),
                each.spans,
            )
            for each in self.new
        ]
        columns = (*map(Column, names), Column("spans", "amount"))
        return [Table("new", "ids that no registry has", columns, rows, lesser=("annotators", "registry"))]

    def as_json(self) -> dict[str, Any]:
        """The list, for JSON."""
        return asdict(self)


def review_registry(
    project: str | Path | Project = ".",
    *,
    add: str | Collection[str] = (),
    known: Mapping[str, str] | None = None,
    wikidata: Mapping[str, str] | None = None,
    candidates: str | Path | None = None,
    add_all: bool = False,
    registry: str = "",
    by: str = "",
    dry_run: bool = False,
) -> RegistryReview:
    """The new ids of a project's annotations and drafts, some of them settled.

    Those in `add` become entries of their registry, made of their mentions (all of them with `add_all`);
    those in `known` are what the id beside them is, which `merge_ids` carries out. Those in `wikidata` become
    entries too, as the item beside them (`Q42`). What is left is `new`; with `candidates`, a file of JSON
    Lines or CSV, each has the items of Wikidata that are called as its mentions are. With `dry_run` nothing
    is written. Raises GW789 for what is no item, or not in the file, GW791 for an id that is not on the list,
    GW792 where an entry is that item already, and what `merge_ids` raises.

        >>> import goldwire
        >>> goldwire.review_registry("my-project").new
        ()
    """
    project = find_project(project)
    add = {add} if isinstance(add, str) else add
    known = known or {}
    chosen_items = {new: item_of(item) for new, item in (wikidata or {}).items()}
    with project_lock(project):
        finish(project)
        ids = Ids(project)
        listed = _listed(ids, registry)
        _check(listed, [*add, *known, *chosen_items])
        if both := chosen_items.keys() & known.keys():
            message = f"`{min(both)}` can't be an entry of its own and another one's id"
            raise GoldwireError(not_there(message, "either --as or --wikidata"))
        words = [mention.words for mentions in listed.values() for mention in mentions]
        file_of_items = (
            None if candidates is None else WikidataFile(Path(candidates), words, chosen_items.values())
        )
        _check_items(ids, listed, chosen_items, file_of_items)
        adding = [
            each for each in listed if (add_all and each[1] not in known) or each[1] in {*add, *chosen_items}
        ]
        changes = []
        for name, new in adding:
            file = ids.files[name]
            item = {KEY: chosen_items[new]} if new in chosen_items else {}
            file.add({**entry_for(file.entries, new, listed[name, new]), **item})
            changes.append(RegistryChange(now_to_the_second(), somebody(by), "add", name, "", new))
        for old, new in known.items():  # before anything is written: all of it is done, or nothing
            mergeable(ids, ids.registry_of(old, registry), old, new)
        if adding and not dry_run:
            texts = {ids.files[name].path: ids.files[name].text for name, _ in adding}
            write_all(project, {**texts, record_path(project): with_change(project, changes)}, [])
    settled = tuple(
        # Tried upon what would have been added.
        merged(ids, old, new, registry=registry, by=by, dry_run=True)
        if dry_run
        else merge_ids(project, old, new, registry=registry, by=by)
        for old, new in known.items()
    )
    articles = project_articles(project, ids.documents.values())
    rank = Candidates(ids.schema, load_registries(ids.schema, project.schema_path), articles)
    left = [
        _new_id(ids, rank, file_of_items, name, new, mentions)
        for (name, new), mentions in listed.items()
        if (name, new) not in adding and new not in known
    ]
    left.sort(key=lambda each: (-each.spans, each.registry, each.id))
    return RegistryReview(tuple(left), tuple(new for _, new in adding), settled)


def _listed(ids: Ids, registry: str) -> dict[tuple[str, str], list[Mention]]:
    """The mentions of each id that its registry does not have, but for what was put aside."""
    listed: dict[tuple[str, str], list[Mention]] = {}
    for mention in ids.mentions:
        aside = mention.path.parent.parent.name in ("conflicts", "practice")
        known = mention.id in ids.files[mention.registry].by_id
        if not aside and not known and registry in ("", mention.registry):
            listed.setdefault((mention.registry, mention.id), []).append(mention)
    return listed


def _check(listed: Mapping[tuple[str, str], object], named: Collection[str]) -> None:
    names = [name for _, name in listed]
    faults = []
    for each in named:
        if each not in names:
            message = f"`{each}` is not on the review list"
            faults.append(not_there(message, one_of(names) if names else "the list is empty"))
        elif names.count(each) > 1:
            registries = " and ".join(registry for registry, name in listed if name == each)
            faults.append(not_there(f"`{each}` is an id of {registries}", "say which: --registry NAME"))
    raise_faults(faults)


def _bearers(ids: Ids, registry: str) -> dict[str, str]:
    """The entries of a registry by their item of Wikidata; raises GW789 for one that is none."""
    file, bearers, faults = ids.files[registry], {}, []
    for entry in file.entries:
        if entry.get(KEY):
            try:
                bearers[item_of(str(entry[KEY]))] = str(entry["id"])
            except GoldwireError as error:
                faults += [replace(fault, where=f"{file.path}: {entry['id']}") for fault in error.faults]
    raise_faults(faults)
    return bearers


def _check_items(
    ids: Ids,
    listed: Mapping[tuple[str, str], object],
    chosen_items: Mapping[str, str],
    file: WikidataFile | None,
) -> None:
    """Raise what keeps new ids from being these items: not in the file, another entry's, one of two."""
    faults = []
    for registry, new in listed:
        item = chosen_items.get(new)
        if item is None:
            continue
        others = [each for each, other in chosen_items.items() if other == item and each != new]
        if file is not None and item not in file.found:
            faults.append(file.lacks(item))
        elif bearer := _bearers(ids, registry).get(item, "") or next(iter(others), ""):
            faults.append(taken_already(item, bearer, new, ids.files[registry].path))
    raise_faults(faults)


def _new_id(
    ids: Ids,
    rank: Candidates,
    file: WikidataFile | None,
    registry: str,
    name: str,
    mentions: list[Mention],
) -> NewId:
    """What is known of a new id."""
    examples: list[str] = []
    for mention in mentions:
        document = ids.documents.get(mention.annotation.document)
        if document is not None and mention.words and len(examples) < _EXAMPLES:
            shown = str(snippet(document.text, mention.span.start, mention.span.end, _WIDTH))
            place = f"{mention.annotation.annotator}/{document.id}"
            if all(shown not in example for example in examples):
                examples.append(f"{place}: {shown}")
    return NewId(
        registry=registry,
        id=name,
        spans=len(mentions),
        labels=dict(Counter(m.span.label for m in mentions).most_common()),
        words=dict(Counter(" ".join(m.words.split()) for m in mentions if m.words).most_common()),
        annotators=tuple(sorted({m.annotation.annotator for m in mentions})),
        documents=tuple(sorted({m.annotation.document for m in mentions})),
        examples=tuple(examples),
        likely=tuple(_likely(ids, rank, mentions)),
        items=() if file is None else tuple(file.of({m.words for m in mentions}, _bearers(ids, registry))),
    )


def _likely(ids: Ids, rank: Candidates, mentions: list[Mention]) -> list[str]:
    """The known ids that the mentions of a new one go with best, each by its best score."""
    scores: dict[str, float] = {}
    for mention in mentions[:_RANKED]:
        document = ids.documents.get(mention.annotation.document)
        if document is not None and mention.words:
            for candidate in rank.rank(document, mention.span, mention.attribute, limit=_EXAMPLES):
                scores[candidate.id] = max(scores.get(candidate.id, 0.0), candidate.score)
    return sorted(scores, key=lambda name: (-scores[name], name))[:_EXAMPLES]
