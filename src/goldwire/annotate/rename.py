"""An annotator under another name, in all that a project holds: files, accounts, assignments, server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from goldwire import strict_json
from goldwire.annotate.adjudication.decisions import decision_files
from goldwire.annotate.annotation_files import FOLDERS, annotation_files
from goldwire.annotate.labelstudio.client import connect
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.users import address
from goldwire.annotate.records.accounts import (
    Account,
    accounts_path,
    email_hash,
    read_accounts,
    write_accounts,
)
from goldwire.annotate.records.assignments import (
    Assignment,
    practice_title,
    read_assignments,
    title_for,
    write_assignments,
)
from goldwire.annotate.records.gold_checks import GoldCheck, read_checks, write_checks
from goldwire.annotate.records.notes import (
    Note,
    place_key,
    read_notes,
    read_places,
    write_notes,
    write_places,
)
from goldwire.annotate.records.passes import project_passes
from goldwire.annotate.records.pulled import follow
from goldwire.annotate.sync.quarantine import quarantine_path
from goldwire.annotate.team.assign import check_name
from goldwire.annotations.store import dumps_annotation
from goldwire.errors import GoldwireError, one_of
from goldwire.files import file_name, json_lines, read_text, write_text
from goldwire.model import Annotation, Relation, Span, by_machine
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.table import Column, Figures, Table

Record = TypeVar("Record", Assignment, GoldCheck, Note)
Mark = TypeVar("Mark", Span, Relation)


@dataclass(frozen=True, repr=False)
class RenameReport(Figures):
    """What was renamed: `files` that changed or moved, `accounts` of the record, the server's project."""

    files: int
    accounts: int
    assignments: int
    title: str = ""

    def __repr__(self) -> str:
        return f"<RenameReport: {counted(self.files, 'file')}, {counted(self.accounts, 'account')}>"

    def tables(self) -> list[Table]:
        """`rename`: files, accounts and assignments that changed."""
        columns = (Column("what"), Column("count", "amount"))
        counts = [("files", self.files), ("accounts", self.accounts), ("assignments", self.assignments)]
        return [Table("rename", "rename", columns, counts)]

    def as_json(self) -> dict[str, Any]:
        """The report, as `goldwire annotate rename --json` writes it."""
        return asdict(self)


def rename_annotator(
    project: str | Path | Project = ".", *, old: str, new: str, url: str | None = None
) -> RenameReport:
    """Call an annotator otherwise: in all files, accounts and assignments, and on the server.

    The server, as in `push`, is asked only where work is assigned to them. Two people are never made one;
    what was cut off is finished by the same call. Raises GW310 and GW311 where a server is needed and there
    is none, GW341 for a name that can't be one, GW379 where nobody is called `old`, somebody is called `new`,
    or the sides of an adjudication would be exchanged.

        >>> import goldwire
        >>> try:
        ...     goldwire.rename_annotator("my-project", old="nobody", new="anna")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW379 nobody is called `nobody`
    """
    home = find_project(project)
    check_name(new, assigned=False)
    journal = home.cache / "rename.json"
    with project_lock(home):
        begun = journal.is_file() and read_text(journal) == json.dumps([old, new])
        accounts, assignments = read_accounts(home), read_assignments(home)
        checks = read_checks(home)
        stored, notes = list(annotation_files(home)), read_notes(home)
        names = {annotation.annotator for path, annotation in stored if path.parent.parent.name in FOLDERS}
        names |= (
            {a.name for a in accounts} | {a.annotator for a in assignments} | {c.annotator for c in checks}
        )
        if old not in names and not begun:
            raise GoldwireError.of(
                "GW379", f"nobody is called `{old}`", where=str(home.annotate), hint=one_of(names)
            )
        taken = {name for name in names if name != old and name.casefold() == new.casefold()}
        if old == new or (taken and not begun):
            message = f"`{new}` is there already, and two people can't become one"
            raise GoldwireError.of("GW379", message, where=str(home.annotate), hint="take another name")
        decisions = list(_decisions(home, old, new))
        titles = {}
        if any(assignment.annotator == old for assignment in assignments):
            for each in (None, *project_passes(home)):
                titles[title_for(home, old, each)] = title_for(home, new, each)
        if any(check.annotator == old and check.purpose == "practice" for check in checks):
            titles[practice_title(home, old)] = practice_title(home, new)
        if titles:
            check_name(new)
            with connect(home, url=url) as client:
                write_text(journal, json.dumps([old, new]))
                for former, title in titles.items():
                    for remote in client.projects(former)[:1]:
                        client.update_project(int(remote["id"]), {"title": title})
        write_text(journal, json.dumps([old, new]))
        files = _rewrite(home, stored, old, new)
        follow(
            home,
            ((a, _renamed(a, old, new)) for path, a in stored if path.parent.parent == home.annotations),
        )
        for path, text in decisions:
            write_text(path, text)
        renamed = [msgspec.structs.replace(a, name=new) if a.name == old else a for a in accounts]
        email = email_hash(address(old))  # of what goldwire would make for, or made of, the old name
        if all(account.email != email for account in renamed):
            renamed.append(Account(new, email=email))
        write_accounts(accounts_path(home), renamed)
        if (moved := _of(assignments, old, new)) != assignments:
            write_assignments(home, moved)
        if (given := _of(checks, old, new)) != checks:
            write_checks(home, given)
        if (noted := _of(notes, old, new)) != notes:
            files += 1
            write_notes(home, noted)
        _rename_places(home, old, new)
        journal.unlink()
        return RenameReport(
            files=files + len(decisions),
            accounts=sum(account.name == old for account in accounts),
            assignments=sum(assignment.annotator == old for assignment in assignments),
            title=titles.get(title_for(home, old), ""),
        )


def _of(records: list[Record], old: str, new: str) -> list[Record]:
    """Records of annotators, each under the name that it has now."""
    return [msgspec.structs.replace(r, annotator=new) if r.annotator == old else r for r in records]


def _rewrite(project: Project, stored: list[tuple[Path, Annotation]], old: str, new: str) -> int:
    """Files under the new name first, then the old ones away; the number."""
    leaving: list[Path] = []
    count = 0
    for path, annotation in stored:
        changed = _renamed(annotation, old, new)
        if changed == annotation:
            continue
        count += 1
        target = path
        if path.parent.parent.name in FOLDERS and annotation.annotator == old:
            target = path.parent.parent / file_name(new) / path.name
            leaving.append(path)
        write_text(target, dumps_annotation(changed))
    for path in leaving:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    quarantine = quarantine_path(project)
    if quarantine.is_file():
        lines = [strict_json.loads(line) for line in read_text(quarantine).split("\n") if line.strip()]
        changed_lines = [
            {**line, "annotator": new} if line.get("annotator") == old else line for line in lines
        ]
        if changed_lines != lines:
            count += 1
            write_text(quarantine, json_lines(changed_lines))
    return count


def _rename_places(project: Project, old: str, new: str) -> None:
    """Where the annotator's tasks stand, under the new name."""
    places = read_places(project)
    begins = place_key(old, "")
    if any(key.startswith(begins) for key in places):
        changed = {
            place_key(new, key.removeprefix(begins)) if key.startswith(begins) else key: place
            for key, place in places.items()
        }
        write_places(project, changed)


def _renamed(annotation: Annotation, old: str, new: str) -> Annotation:
    def named(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in names)

    def marked(mark: Mark) -> Mark:
        return msgspec.structs.replace(mark, marked_by=named(mark.marked_by))

    provenance = annotation.provenance
    person = new if provenance.name == old and not by_machine(annotation) else provenance.name
    return msgspec.structs.replace(
        annotation,
        annotator=new if annotation.annotator == old else annotation.annotator,
        provenance=msgspec.structs.replace(provenance, name=person, based_on=named(provenance.based_on)),
        spans=tuple(map(marked, annotation.spans)),
        relations=tuple(map(marked, annotation.relations)),
    )


def _decisions(project: Project, old: str, new: str) -> Iterator[tuple[Path, str]]:
    """The adjudications between the annotator and another one, with the new name; sides are by name."""
    for path, record_of in decision_files(project):
        between = record_of.between
        if old not in between:
            continue
        renamed = [new if name == old else name for name in between]
        if sorted(renamed) != renamed:
            message = f"`{new}` would exchange the sides a and b of {' and '.join(between)}"
            hint = "take a name that keeps their order"
            raise GoldwireError.of("GW379", message, where=str(path), hint=hint)
        record = parse_yaml(read_text(path), str(path))[0] | {"between": renamed}
        yield path, yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=110)
