"""Ids merged, split and renamed, in registries, annotations and the adjudicator's files: all or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from goldwire.annotate.adjudication.decisions import folder
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.records.registry_changes import (
    RegistryChange,
    now_to_the_second,
    record_path,
    somebody,
    with_change,
)
from goldwire.annotate.registry.usage import Ids, bare, entry_for, labels_in, names_in, not_there
from goldwire.annotate.registry.writing import finish, place_of, write_all
from goldwire.annotations.ids import id_attributes
from goldwire.annotations.store import dumps_annotation
from goldwire.annotations.values import value_problem
from goldwire.errors import Fault, GoldwireError, one_of
from goldwire.files import read_text
from goldwire.model import Annotation
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas.registry_file import Entry, rewritten
from goldwire.schemas.schema import Attribute
from goldwire.table import Column, Figures, Table


@dataclass(frozen=True, repr=False)
class RegistryReport(Figures):
    """What a change of ids did, or would do.

    `spans` bear the new id now, in `annotations` files; `decisions` are places in the adjudicator's files,
    `references` those in other entries. `elsewhere` names files that say the old id and were left as they
    are: sources that annotations were read from.
    """

    what: str
    registry: str
    old: str
    new: str
    annotations: int
    spans: int
    decisions: int
    references: int
    elsewhere: tuple[str, ...]
    record: str
    written: bool

    def __repr__(self) -> str:
        written = "" if self.written else ", not written"
        return f"<RegistryReport: {self.what} {self.old}, {self.new}: {counted(self.spans, 'span')}{written}>"

    def tables(self) -> list[Table]:
        """One, called after what was done: in how many places the id stood."""
        rows = [
            ("spans", self.spans),
            ("annotations", self.annotations),
            ("decisions and own marks of adjudicators", self.decisions),
            ("references in registries", self.references),
        ]
        return [Table(self.what, f"{self.old}, {self.new}", (Column(self.what), Column("", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


class _Scope(NamedTuple):
    """Which mentions of an id are meant: all, or those in some documents, with some words."""

    documents: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def holds(self, document: str, words: str) -> bool:
        return (not self.documents or document in self.documents) and (
            not self.words or bare(words) in self.words
        )


def merge_ids(
    project: str | Path | Project,
    old: str,
    new: str,
    *,
    registry: str = "",
    by: str = "",
    dry_run: bool = False,
) -> RegistryReport:
    """Let `new` stand for `old` as well, in all that the project keeps; the record says who did it (`by`).

    `new` is in the registry; `old` may be, and its entry's spellings and labels go to the other one, as does
    what that lacks. Raises GW791 for an id that nothing has, GW792 where both are one, or `new` is not in the
    registry, GW793 where their labels have no family in common.

        >>> import goldwire
        >>> try:
        ...     goldwire.merge_ids("my-project", "salt", "table-salt")
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW791
    """
    with _changing(project) as ids:
        return merged(ids, old, new, registry=registry, by=by, dry_run=dry_run)


def merged(
    ids: Ids, old: str, new: str, *, registry: str = "", by: str = "", dry_run: bool = False
) -> RegistryReport:
    """`merge_ids` of ids that are read, whose registries may hold what is not written yet."""
    name = ids.registry_of(old, registry)
    file, entry = ids.files[name], ids.files[name].by_id.get(old)
    kept = mergeable(ids, name, old, new)
    references = 0
    if entry is not None:
        file.remove(old)
        file.replace(new, _joined(kept, entry))
    for other, each in ids.files.items():
        references += each.rename(old, new, itself=other == name)
    change = RegistryChange(now_to_the_second(), somebody(by), "merge", name, old, new, entry=entry or {})
    return _carry_out(ids, change, _Scope(), references, dry_run=dry_run)


def taken_already(item: str, bearer: str, new: str, registry: Path) -> Fault:
    """The fault of a new id that would be an entry of an item which another entry is."""
    hint = f"if they are one thing: --as {new}={bearer}"
    return Fault("GW792", f"`{item}` is `{bearer}` already", str(registry), hint)


def rename_id(
    project: str | Path | Project,
    old: str,
    new: str,
    *,
    registry: str = "",
    by: str = "",
    dry_run: bool = False,
) -> RegistryReport:
    """Call an id otherwise, in its registry and in all that the project keeps; the record says who did it.

    Raises GW791 for an id that nothing has, GW792 where `new` is no id, or is one already.

        >>> import goldwire
        >>> try:
        ...     goldwire.rename_id("my-project", "salt", "table-salt")
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW791
    """
    with _changing(project) as ids:
        name = ids.registry_of(old, registry)
        _check_new(new)
        if new in ids.files[name].by_id or any(m.id == new and m.registry == name for m in ids.mentions):
            hint = f"to make them one: goldwire registry merge {old} {new}"
            raise GoldwireError.of("GW792", f"`{new}` is an id already", hint=hint)
        references = sum(each.rename(old, new, itself=r == name) for r, each in ids.files.items())
        change = RegistryChange(now_to_the_second(), somebody(by), "rename", name, old, new)
        return _carry_out(ids, change, _Scope(), references, dry_run=dry_run)


def split_id(
    project: str | Path | Project,
    old: str,
    new: str,
    *,
    documents: str | Collection[str] = (),
    words: str | Collection[str] = (),
    registry: str = "",
    by: str = "",
    dry_run: bool = False,
) -> RegistryReport:
    """Give some mentions of `old` the id `new`: those in `documents`, those that mark `words`, or both.

    Words count whatever their case. An id that the registry does not have is added, with the labels and
    words of its mentions; spellings that are named by `words` alone are no longer the old one's. Raises GW791
    for an id or a document that is not there, GW792 where `new` is no id or the same, GW794 where no mention
    is meant, or all are.

        >>> import goldwire
        >>> try:
        ...     goldwire.split_id("my-project", "salt", "sea-salt", words=["sel"])
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW791
    """
    documents, words = ({each} if isinstance(each, str) else set(each) for each in (documents, words))
    with _changing(project) as ids:
        name = ids.registry_of(old, registry)
        file = ids.files[name]
        _check_new(new)
        if old == new or not (documents or words):
            message = f"`{old}` and `{new}` are one id" if old == new else "neither documents nor words"
            raise GoldwireError.of("GW792", message, hint="say which mentions: --document, --words")
        if missing := [each for each in documents if each not in ids.documents]:
            raise GoldwireError(not_there(f"no article `{missing[0]}`", one_of(ids.documents)))
        scope = _Scope(frozenset(documents), frozenset(map(bare, words)))
        mentions = [m for m in ids.mentions if m.id == old and m.registry == name]
        meant = [m for m in mentions if scope.holds(m.annotation.document, m.words)]
        if not meant:
            said = one_of(sorted({bare(m.words) for m in mentions}))
            raise GoldwireError.of("GW794", f"no mention of `{old}` is meant", hint=f"its words are {said}")
        if len(meant) == len(mentions):
            hint = f"to change all: goldwire registry rename {old} {new}"
            raise GoldwireError.of("GW794", f"all {len(meant)} mentions of `{old}` are meant", hint=hint)
        entry = file.by_id.get(old)
        if new not in file.by_id:
            file.add(entry_for(ids.files[name].entries, new, meant))
        if entry is not None and words and not documents:
            file.replace(old, _without(entry, scope.words))
        change = RegistryChange(
            now_to_the_second(),
            somebody(by),
            "split",
            name,
            old,
            new,
            documents=sorted(documents),
            words=sorted(words),
        )
        return _carry_out(ids, change, scope, 0, dry_run=dry_run)


def mergeable(ids: Ids, registry: str, old: str, new: str) -> Entry:
    """The entry of an id that may stand for another; raises GW792 and GW793 as `merge_ids` does."""
    file = ids.files[registry]
    if old == new:
        raise GoldwireError.of("GW792", f"`{old}` and `{new}` are one id", hint="name two")
    kept = file.by_id.get(new)
    if kept is None:
        hint = f"take one that is there, or add it: goldwire registry review --add {new}"
        raise GoldwireError.of("GW792", f"the registry has no `{new}`", where=str(file.path), hint=hint)
    entry = file.by_id.get(old)
    theirs = labels_in(entry) if entry else sorted({m.span.label for m in ids.mentions if m.id == old})
    _check_families(ids, registry, (old, theirs), (new, labels_in(kept)))
    return kept


@contextmanager
def _changing(project: str | Path | Project) -> Iterator[Ids]:
    """The project's ids, for a change that is the only one; what was cut off is finished first."""
    home = find_project(project)
    with project_lock(home):
        finish(home)
        yield Ids(home)


def _check_new(name: str) -> None:
    problem = value_problem(Attribute("id", "id"), name)
    if problem is not None:
        raise GoldwireError.of("GW792", problem[0], hint=problem[1])


def _check_families(ids: Ids, registry: str, *entries: tuple[str, list[str]]) -> None:
    """Raise GW793 where the labels of two ids have no family in common; labels that nothing says are any."""
    families = []
    for _, labels in entries:
        layers = [layer for layer, names in id_attributes(ids.schema).items() if registry in names.values()]
        known = [(layer, label) for layer in layers for label in labels if label in ids.schema.labels(layer)]
        families.append({ids.schema.family(layer, label) for layer, label in known})
    if all(families) and not set.intersection(*families):
        told = " and ".join(f"`{name}` of {', '.join(labels)}" for name, labels in entries)
        hint = "two things are no one; if they are, give one entry the other's label in the registry first"
        raise GoldwireError.of("GW793", f"{told}: no label in common", hint=hint)


def _joined(survivor: Entry, gone: Entry) -> Entry:
    """An entry with the labels and spellings of another, its name among them, and what it lacks itself."""
    joined: Entry = {**survivor}
    for key, value in gone.items():
        if key not in joined or joined[key] in ("", None):
            joined[key] = value
    labels = list(dict.fromkeys([*labels_in(survivor), *labels_in(gone)]))
    if labels:
        joined["label"] = labels[0] if len(labels) == 1 else labels
    listed = [*(survivor.get("names") or []), *names_in(gone)]
    if "names" in survivor or "names" in gone or set(listed) - {str(joined.get("name"))}:
        joined["names"] = list(dict.fromkeys(map(str, listed)))
    return joined


def _without(entry: Entry, words: Collection[str]) -> Entry:
    """An entry without some spellings, where others are left."""
    names = [str(name) for name in entry.get("names") or []]
    left = [name for name in names if bare(name) not in words]
    return {**entry, "names": left} if left and left != names else entry


def _carry_out(
    ids: Ids, change: RegistryChange, scope: _Scope, references: int, *, dry_run: bool
) -> RegistryReport:
    """Write what a change makes of registries, annotations and decisions; with `dry_run` nothing."""
    project = ids.project
    attributes = {
        layer: [name for name, registry in names.items() if registry == change.registry]
        for layer, names in id_attributes(ids.schema).items()
    }
    words = {(m.path, m.span.id, m.attribute): m.words for m in ids.mentions}
    texts: dict[Path, str] = {}
    followed: list[tuple[Annotation, Annotation]] = []
    changed: dict[str, list[str]] = {}
    for path, annotation in ids.kept:
        spans = list(annotation.spans)
        for number, span in enumerate(spans):
            meant = {
                name: change.new
                for name in attributes.get(span.layer, ())
                if span.attributes.get(name) == change.old
                and scope.holds(annotation.document, words[path, span.id, name])
            }
            if meant:
                spans[number] = msgspec.structs.replace(span, attributes={**span.attributes, **meant})
                changed.setdefault(path.relative_to(project.annotate).as_posix(), []).append(span.id)
        new = msgspec.structs.replace(annotation, spans=tuple(spans))
        if new != annotation:
            texts[path] = _with_spans(read_text(path), annotation, new)
            if path.parent.parent == project.annotations:
                followed.append((annotation, new))
    names = {name for each in attributes.values() for name in each}
    decisions = 0
    for path in sorted(folder(project).glob("*.yaml")):
        text, count = _decided(path, names, change, scope)
        if count:
            texts[path] = text
            decisions += count
    for file in ids.files.values():
        if not file.path.is_file() or file.text != read_text(file.path):
            texts[file.path] = file.text
    change = msgspec.structs.replace(change, spans=changed)
    texts[record_path(project)] = with_change(project, [change])
    elsewhere = _elsewhere(project, change.old, set(texts)) if change.what != "split" else ()
    if not dry_run:
        write_all(project, texts, followed)
    return RegistryReport(
        what=change.what,
        registry=change.registry,
        old=change.old,
        new=change.new,
        annotations=len(changed),
        spans=sum(map(len, changed.values())),
        decisions=decisions,
        references=references,
        elsewhere=elsewhere,
        record=record_path(project).relative_to(project.root).as_posix(),
        written=not dry_run,
    )


def _with_spans(text: str, old: Annotation, new: Annotation) -> str:
    """An annotation's file with its spans changed and all other lines as they are, where it can be."""
    for before, after in zip(old.spans, new.spans, strict=True):
        if before != after:
            held, wanted = (json.dumps(msgspec.to_builtins(s), ensure_ascii=False) for s in (before, after))
            if text.count(held) != 1:
                return dumps_annotation(new)
            text = text.replace(held, wanted)
    return text


def _decided(path: Path, names: Collection[str], change: RegistryChange, scope: _Scope) -> tuple[str, int]:
    """The text of an adjudicator's file with an id changed, in own marks or in decisions; and how often."""
    text = read_text(path)
    if change.old not in text:
        return text, 0
    document = (re.search(r"^document: *['\"]?([^'\"\n]*)", text, re.MULTILINE) or ["", ""])[1].strip()
    shown = "|".join(map(re.escape, sorted(names)))
    told = re.compile(rf"(?<!\S)({shown})={re.escape(change.old)}(?!\S)") if names else re.compile(r"(?!)")

    def new_of(here: Mapping[str, str], key: str, value: str) -> str | None:
        if key in names and value == change.old:
            return change.new if scope.holds(document, here.get("quote", "")) else None
        if key not in ("a", "b", "value") or "key" not in here:
            return None
        if value == change.old and here["key"].rpartition(" ")[2] in names:
            marked = (re.search(r"\[(.*?)\]", here.get("context", ""), re.DOTALL) or ["", ""])[1]
            return change.new if scope.holds(document, marked) else None
        quote = (re.search(r"«(.*)»", value, re.DOTALL) or ["", ""])[1]
        if told.search(value) and scope.holds(document, quote):
            return told.sub(rf"\1={change.new}", value)
        return None

    return rewritten(text, new_of)


def _elsewhere(project: Project, name: str, done: set[Path]) -> tuple[str, ...]:
    """Files of the project that say an id and are none of those that are rewritten, by name."""
    stands = re.compile(rf"(?<![\w.:@+-]){re.escape(name)}(?![\w.:@+-])")
    folders: list[Callable[[str], Any]] = [project.annotate.rglob, project.schema_path.parent.rglob]
    places = {
        place_of(project, path)
        for glob in folders
        for pattern in ("*.yaml", "*.yml", "*.jsonl", "*.json", "*.md")
        for path in glob(pattern)
        if path not in done and path.is_file() and stands.search(path.read_text("utf-8", errors="replace"))
    }
    return tuple(sorted(places))
