"""An annotator under another name, in all that a project holds: files, accounts, assignments, server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from goldwire import strict_json
from goldwire.annotate.adjudication.decisions import decision_files
from goldwire.annotate.kept import FOLDERS, kept_annotations
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.client import connect as connect_to
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
    assignments_path,
    practice_title,
    read_assignments,
    title_for,
    write_assignments,
)
from goldwire.annotate.records.gold_checks import read_checks, write_checks
from goldwire.annotate.records.notes import place_key, read_notes, read_places, write_notes, write_places
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
    is none, GW341 for a name that can't be one, GW379 where nobody is called `old`, or somebody `new`.

        >>> import goldwire
        >>> try:
        ...     goldwire.rename_annotator("my-project", old="nobody", new="anna")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW379 nobody is called `nobody`
    """
    home = find_project(project)
    return rename(home, old, new, lambda: connect_to(home, url=url))


def rename(project: Project, old: str, new: str, connect: Callable[[], Client]) -> RenameReport:
    """Call the annotator `old` `new` in all that a project holds; `connect` is used where work is assigned.

    Two people are never made one. A run that was cut off is finished by the same command. Raises GW379 where
    nobody is called `old`, somebody is called `new`, or an adjudication's sides would be exchanged.
    """
    check_name(new, assigned=False)
    journal = project.cache / "rename.json"
    with project_lock(project):
        begun = journal.is_file() and read_text(journal) == json.dumps([old, new])
        accounts, assignments = read_accounts(project), read_assignments(project)
        checks = read_checks(project)
        stored, notes = list(kept_annotations(project)), read_notes(project)
        names = {annotation.annotator for path, annotation in stored if path.parent.parent.name in FOLDERS}
        names |= (
            {a.name for a in accounts} | {a.annotator for a in assignments} | {c.annotator for c in checks}
        )
        if old not in names and not begun:
            raise GoldwireError.of(
                "GW379", f"nobody is called `{old}`", where=str(project.annotate), hint=one_of(names)
            )
        taken = {name for name in names if name != old and name.casefold() == new.casefold()}
        if old == new or (taken and not begun):
            message = f"`{new}` is there already, and two people can't become one"
            raise GoldwireError.of("GW379", message, where=str(project.annotate), hint="take another name")
        decisions = list(_decisions(project, old, new))
        titles = {}
        if any(assignment.annotator == old for assignment in assignments):
            for each in (None, *project_passes(project)):
                titles[title_for(project, old, each)] = title_for(project, new, each)
        if any(check.annotator == old and check.purpose == "practice" for check in checks):
            titles[practice_title(project, old)] = practice_title(project, new)
        if titles:
            check_name(new)
            with connect() as client:
                write_text(journal, json.dumps([old, new]))
                for former, title in titles.items():
                    for remote in client.projects(former)[:1]:
                        client.update_project(int(remote["id"]), {"title": title})
        write_text(journal, json.dumps([old, new]))
        files = _rewrite(project, stored, old, new)
        follow(
            project,
            ((a, _renamed(a, old, new)) for path, a in stored if path.parent.parent == project.annotations),
        )
        for path, text in decisions:
            write_text(path, text)
        renamed = [msgspec.structs.replace(a, name=new) if a.name == old else a for a in accounts]
        email = email_hash(address(old))
        if all(account.email != email for account in renamed):
            renamed.append(
                Account(new, email=email)
            )  # what goldwire would make for, or made of, the old name
        write_accounts(accounts_path(project), renamed)
        moved = [msgspec.structs.replace(a, annotator=new) if a.annotator == old else a for a in assignments]
        if moved != assignments:
            write_assignments(assignments_path(project), moved)
        given = [msgspec.structs.replace(c, annotator=new) if c.annotator == old else c for c in checks]
        if given != checks:
            write_checks(project, given)
        noted = [msgspec.structs.replace(n, annotator=new) if n.annotator == old else n for n in notes]
        if noted != notes:
            files += 1
            write_notes(project, noted)
        _rename_places(project, old, new)
        journal.unlink()
        return RenameReport(
            files=files + len(decisions),
            accounts=sum(account.name == old for account in accounts),
            assignments=sum(assignment.annotator == old for assignment in assignments),
            title=titles.get(title_for(project, old), ""),
        )


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

    def span(marked_span: Span) -> Span:
        return (
            msgspec.structs.replace(marked_span, marked_by=named(marked_span.marked_by))
            if old in marked_span.marked_by
            else marked_span
        )

    def relation(marked_relation: Relation) -> Relation:
        return (
            msgspec.structs.replace(marked_relation, marked_by=named(marked_relation.marked_by))
            if old in marked_relation.marked_by
            else marked_relation
        )

    provenance = annotation.provenance
    person = new if provenance.name == old and not by_machine(annotation) else provenance.name
    return msgspec.structs.replace(
        annotation,
        annotator=new if annotation.annotator == old else annotation.annotator,
        provenance=msgspec.structs.replace(provenance, name=person, based_on=named(provenance.based_on)),
        spans=tuple(map(span, annotation.spans)),
        relations=tuple(map(relation, annotation.relations)),
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
