"""The split as it is kept in a project: `corpus/split.json`, made to be read and compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from goldwire import strict_json
from goldwire.annotations import rules
from goldwire.corpus.split.groups import Rule
from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_bytes, write_json
from goldwire.number_format import amount, counted
from goldwire.project import CONFIG, Project

NAME = "split.json"
_ORDER = {"train": 0, "validation": 1, "test": 2}
KINDS = ("parts", "folds", "leave-one-out")
# What the Hub takes for a split; a side is a file's name too.
_SIDE = re.compile(r"\w+(\.\w+)*")


class Fold(msgspec.Struct, frozen=True):
    """The documents that a fold tests on, and those that it neither tests nor trains on."""

    test: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Split:
    """Which side each document is on (`kind` "parts"), or folds ("folds", "leave-one-out").

    `shares` are the sides' shares as asked for, `starts` the dates from which on a side by date begins.
    """

    kind: str
    rule: Rule = field(default_factory=Rule)
    shares: Mapping[str, float] = field(default_factory=dict)
    starts: Mapping[str, str] = field(default_factory=dict)
    sides: Mapping[str, str] = field(default_factory=dict)
    folds: tuple[Fold, ...] = ()

    def __repr__(self) -> str:
        sides = ", ".join(f"{amount(number)} {side}" for side, number in self.counts.items())
        return f"<Split: {sides or counted(len(self.folds), 'fold')}>"

    @property
    def counts(self) -> dict[str, int]:
        """The number of documents on each side, training first and test last."""
        numbers = Counter(self.sides.values())
        names = sorted(numbers.keys() | self.shares.keys(), key=lambda name: (_ORDER.get(name, 3), name))
        return {side: numbers[side] for side in names}


def split_path(project: Project) -> Path:
    """Where a project keeps its split: beside the dataset that it divides, by hand or by `corpus split`."""
    return project.corpus / NAME


def write_split(path: Path, split: Split, ties: Iterable[object] = ()) -> None:
    """Keep a split, a document a line; `ties` are put down as reasons."""
    record: dict[str, Any] = {"kind": split.kind, "similar": split.rule.similar, "shared": split.rule.shared}
    if split.kind == "parts":
        record["shares"] = {side: round(share, 6) for side, share in split.shares.items()}
        if split.starts:
            record["starts"] = dict(split.starts)
        record["sides"] = {side: [n for n, s in split.sides.items() if s == side] for side in split.counts}
    else:
        record["folds"] = [
            {"test": list(fold.test), **({"left_out": list(fold.left_out)} if fold.left_out else {})}
            for fold in split.folds
        ]
    if listed := [str(tie) for tie in ties]:
        record["kept_together"] = listed
    write_json(path, record)


class _Record(msgspec.Struct):
    kind: str
    similar: float = Rule().similar
    shared: int = Rule().shared
    shares: dict[str, float] = {}
    starts: dict[str, str] = {}
    sides: dict[str, list[str]] = {}
    folds: tuple[Fold, ...] = ()


def read_split(path: Path) -> Split:
    """The split of a file.

    Raises GW290 where it is none, puts a document on two sides, or names a side or a rule that can't be.
    """
    try:
        record = strict_json.decode(read_bytes(path), _Record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "make it again: goldwire corpus split"
        raise GoldwireError.of("GW290", f"no split: {error}", where=str(path), hint=hint) from None
    if record.kind not in KINDS:
        raise GoldwireError.of("GW290", f"unknown kind `{record.kind}`", where=str(path), hint=one_of(KINDS))
    for side in record.sides:
        if not _SIDE.fullmatch(side):
            hint = "letters, digits and _, as in train, validation, test"
            raise GoldwireError.of("GW290", f"`{side}` is no name of a side", where=str(path), hint=hint)
    if not 0 < record.similar <= 1 or record.shared < 0:
        values = f"similar {record.similar:g}, shared {record.shared}"
        hint = "a similarity in (0, 1], and a number of events"
        raise GoldwireError.of("GW290", values, where=str(path), hint=hint)
    counted = Counter(name for each in record.sides.values() for name in set(each))
    raise_faults(
        Fault("GW290", f"`{name}` is on two sides", str(path), "leave it on one")
        for name, number in counted.items()
        if number > 1
    )
    return Split(
        kind=record.kind,
        rule=Rule(record.similar, record.shared),
        shares=record.shares,
        starts=record.starts,
        sides={name: side for side, names in record.sides.items() for name in names},
        folds=record.folds,
    )


def stored_split(project: Project) -> Split | None:
    """The split that the project keeps, or None."""
    path = split_path(project)
    return read_split(path) if path.is_file() else None


def project_rule(project: Project, known: Rule | None = None) -> Rule:
    """The rule in the project's [split], else that of `known`. Raises GW290 where it is no number."""
    known = known or Rule()
    similar = project.setting("split", "similar", known.similar)
    shared = project.setting("split", "shared", known.shared)
    where = str(project.root / CONFIG)
    if isinstance(similar, bool) or not isinstance(similar, (int, float)):
        hint = "a similarity in (0, 1], as in 0.5"
        raise GoldwireError.of("GW290", f"[split] similar is `{similar}`", where=where, hint=hint)
    if isinstance(shared, bool) or not isinstance(shared, int):
        hint = "a number of events, as in 2"
        raise GoldwireError.of("GW290", f"[split] shared is `{shared}`", where=where, hint=hint)
    return Rule(float(similar), shared)


def unsided(split: Split, ids: Iterable[str], where: str) -> Iterator[Fault]:
    """A fault for each document that a split into sides leaves without one."""
    for name in ids:
        if name not in split.sides:
            hint = "give it one: goldwire corpus split"
            yield Fault(rules.SIDE, f"document `{name}` has no side", where, hint)


def sides_of(project: Project, ids: Iterable[str]) -> dict[str, list[str]]:
    """The documents of each side of the project's dataset; all are `train` where no side was given.

    Folds divide no dataset. Raises GW292 where a document has no side.
    """
    split, ids = stored_split(project), list(ids)
    if split is None or split.kind != "parts":
        return {"train": ids}
    return _by_side(split, ids, str(split_path(project)))


def on_sides(
    split: Split | None, ids: Iterable[str], sides: Collection[str], where: str, *, option: str = "--side"
) -> tuple[frozenset[str], dict[str, int]]:
    """Which documents are on `sides` of a split, and how many are on each of the others.

    `where` names the split's file, `option` what the sides are named by. Raises GW430 for a side that the
    split has not, or where it is none into sides, GW292 where a document has none.
    """
    if split is None or split.kind != "parts":
        message, hint = "the project keeps no split into sides", "make one: goldwire corpus split"
        raise GoldwireError.of("GW430", message, where=where, hint=hint)
    by_side = _by_side(split, list(ids), where)
    for side in sides:
        if side not in by_side:
            hint = f"name a side with {option}: {one_of(by_side)}"
            raise GoldwireError.of("GW430", f"no document is on the side `{side}`", where=where, hint=hint)
    chosen = frozenset(name for side in sides for name in by_side[side])
    return chosen, {side: len(names) for side, names in by_side.items() if side not in sides}


def _by_side(split: Split, ids: Sequence[str], where: str) -> dict[str, list[str]]:
    """The documents of each side that has any. Raises GW292 where a document has no side."""
    raise_faults(unsided(split, ids, where))
    sides = {side: [name for name in ids if split.sides[name] == side] for side in split.counts}
    return {side: names for side, names in sides.items() if names}
