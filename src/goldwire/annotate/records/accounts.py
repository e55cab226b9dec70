"""Which account's work is stored under which name: `annotate/accounts.jsonl`, a line an account.

An account gets its name on first sight and keeps it for good, whoever joins, leaves or changes an address. It
is known by its number and its server, and by its address (of which only a hash is written) where it comes
anew or on another server. Where work is stored already from before the record, it tells its account's name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.users import (
    RESERVED,
    UNKNOWN,
    account_number,
    annotator_names,
    is_own_address,
)
from goldwire.annotate.records.assignments import titles
from goldwire.annotate.records.lines import read_lines
from goldwire.annotate.records.pulled import follow
from goldwire.annotations.meaning import content
from goldwire.annotations.store import annotation_path, dumps_annotation, read_annotations
from goldwire.files import sha256, write_text
from goldwire.model import Annotation
from goldwire.project import Project

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"user-\d+")  # who is a number only, in a file from Label Studio
_GONE = "Deleted"  # the address that the server shows of a member who was removed


class Account(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The name of an account: `account` is its number on `server`, `email` the hash of its address.

    `server` is when the server's organisation began, which stays where its address changes; `account` is 0
    where the account was deleted before it was recorded, or is known from a file by its address alone. Two
    lines may bear one name: two accounts of one person.
    """

    name: str
    server: str = ""
    account: int = 0
    email: str = ""


def accounts_path(project: Project) -> Path:
    """Where the names of accounts are kept."""
    return project.annotate / "accounts.jsonl"


def read_accounts(project: Project) -> list[Account]:
    """The accounts that were given a name; raises GW342 for lines that are none."""
    hint = "restore it from git: it says whose work is stored under which name"
    return list(dict.fromkeys(read_lines(accounts_path(project), Account, "GW342", hint)))


def write_accounts(path: Path, accounts: list[Account]) -> None:
    """Write accounts, by name."""
    ordered = sorted(accounts, key=lambda account: (account.name, account.server, account.account))
    write_text(path, "".join(msgspec.json.encode(account).decode() + "\n" for account in ordered))


def email_hash(email: str) -> str:
    """What is written of an address: enough to know it again, and no address."""
    return sha256(email.strip().casefold())[:16]


class Accounts:
    """The accounts of one server, by their names in one project; without a project nobody has one yet.

    With `keep` names that are given are recorded by `save`, and work that is stored under another account's
    name is moved (`moved`). `copies` are stored annotations that stand under a second name. `former` tells
    the accounts of annotations whose account has been deleted since: the server forgets it.
    """

    def __init__(self, client: Client, project: Project | None, *, keep: bool = False) -> None:
        self.client, self.project, self.keep = client, project, keep
        self.recorded = read_accounts(project) if project is not None else []
        self.former: dict[int, int] = {}
        self.moved: list[str] = []
        self.copies: list[str] = []
        #: Called before the store is looked at, or files in it go under another name.
        self.before_looking: Callable[[], None] = lambda: None
        self._changed = self._looked = False

    def name(self, number: int) -> str:
        """The name of an account, by its number; given now where it has none."""
        if number not in self._names:
            self._give(number)
        return self._names[number]

    def of(self, annotation: dict[str, Any], role: str = "completed_by") -> str:
        """The name of who made an annotation of the server, or last changed it.

        Where the account was deleted for good it is the one under which the annotation is stored; `unknown`
        where nothing tells.
        """
        number = account_number(annotation.get(role))
        if number is None and role == "completed_by" and "draft" not in annotation:
            number = self.former.get(int(annotation.get("id") or 0))
        if number:
            return self.name(number)
        names = {a.annotator for a in self._stored.get(_instant(annotation.get("updated_at")), ())}
        return min(names, default=UNKNOWN)

    def number(self, email: str) -> int | None:
        """The account with that address."""
        return next((number for number, known in self._emails.items() if known == email), None)

    def account(self, name: str) -> int | None:
        """The account that an annotator can work with on this server; None where there is none."""
        for number, known in self._names.items():
            if known == name and number in self._emails:
                return number
        unnamed = [number for number in self._emails if number not in self._names]
        if unnamed:
            self._look()
        for number in unnamed:
            if self._names.get(number, self._proposal(number)) == name:
                self._record(number, name)
                return number
        return None

    def add(self, number: int, email: str, name: str) -> None:
        """An account that was made for an annotator."""
        self._emails[number] = email
        self._record(number, name)

    def save(self, path: Path | None = None) -> None:
        """Record the names that were given, in the project or at `path`."""
        if path is None and self.project is not None:
            path = accounts_path(self.project)
        if self._changed and path is not None:
            write_accounts(path, self.recorded)
            self._changed = False

    @cached_property
    def _server(self) -> str:
        return self.client.organisation()

    @cached_property
    def _emails(self) -> dict[int, str]:
        """The addresses of the members, by number."""
        emails = {int(user["id"]): str(user.get("email") or "") for user in self.client.users()}
        return {number: email for number, email in emails.items() if email not in ("", _GONE)}

    @cached_property
    def _names(self) -> dict[int, str]:
        names: dict[int, str] = {}
        for index, known in enumerate(self.recorded):
            if known.account and known.server == self._server:
                names[known.account] = known.name
                email = self._emails.get(known.account)
                if email is not None and known.email != email_hash(email):
                    self.recorded[index] = msgspec.structs.replace(known, email=email_hash(email))
                    self._changed = True
        return names

    @cached_property
    def _stored(self) -> dict[str, list[Annotation]]:
        """What was pulled before, by the instant of its last change on the server."""
        self.before_looking()
        stored: dict[str, list[Annotation]] = defaultdict(list)
        for annotation in read_annotations(self.project) if self.project is not None else ():
            if annotation.provenance.updated and not annotation.provenance.based_on:
                stored[_instant(annotation.provenance.updated)].append(annotation)
        return stored

    def _record(self, number: int, name: str) -> None:
        email = self._emails.get(number, "")
        self._names[number] = name
        self.recorded.append(Account(name, self._server, number, email_hash(email) if email else ""))
        self._changed = True

    def _give(self, number: int) -> None:
        if self._known_address(number) is None:
            self._look()
        if number not in self._names:
            self._record(number, self._proposal(number))

    def _known_address(self, number: int) -> str | None:
        """The name of an account with the same address, of another server or deleted since."""
        email = self._emails.get(number)
        digest = email_hash(email) if email else None
        return next((known.name for known in self.recorded if known.email == digest), None)

    def _proposal(self, number: int) -> str:
        if (known := self._known_address(number)) is not None:
            return known
        email = self._emails.get(number, "")
        base = f"user-{number}"
        taken_names = {known.name.casefold() for known in self.recorded} | set(RESERVED)
        if email:
            unnamed = [{"id": n, "email": e} for n, e in self._emails.items() if n not in self._names]
            base = annotator_names(unnamed)[number]
            if is_own_address(email):
                # It was made for the annotator of that name, who may have another account elsewhere.
                taken_names = {name.casefold() for name in self._names.values()}
        candidates = [base, *([email] if email else []), *(f"{base}-{n}" for n in range(2, 10_000))]
        return next(name for name in candidates if name.casefold() not in taken_names)

    def _look(self) -> None:
        """Name the accounts whose work is stored already, after that; done once."""
        if self._looked or not self._stored:
            return
        self._looked = True
        self.before_looking()
        by_account: dict[int, list[Annotation]] = {}
        for number, instant in self._server_work():
            by_account.setdefault(number, []).extend(self._stored.get(instant, ()))
        deleted = by_account.pop(0, [])
        for number in sorted(by_account):
            counts = Counter(annotation.annotator for annotation in by_account[number])
            taken = {known.name for known in self.recorded}
            free = [name for name in counts if name not in taken and name != UNKNOWN]
            if number not in self._names and free:
                name = min(free, key=lambda name: (-counts[name], len(name), name))
                self._record(number, name)
        for name in {annotation.annotator for annotation in deleted} - {
            known.name for known in self.recorded
        }:
            # Nobody else gets the name of one whose account was deleted for good.
            self.recorded.append(Account(name, self._server))
            self._changed = True
        for number in sorted(by_account):
            for annotation in by_account[number]:
                self._rename(annotation, self.name(number))

    def _server_work(self) -> Iterator[tuple[int, str]]:
        """The account of each annotation of the project's on this server, and when it last changed.

        0 is an account that was deleted for good.
        """
        if self.project is None:
            return
        for title in titles(self.project):
            for remote in self.client.projects(title)[:1]:
                include = ("annotations", "completed_by", "updated_at")
                for task in self.client.tasks(int(remote["id"]), include, page=500):
                    for annotation in task.get("annotations") or ():
                        number = account_number(annotation.get("completed_by"))
                        yield number or 0, _instant(annotation.get("updated_at"))

    def _rename(self, annotation: Annotation, name: str) -> None:
        """What is stored of an account under another name goes under its own, or is told as a copy."""
        if annotation.annotator == name or self.project is None or not self.keep:
            return
        old = annotation_path(self.project, annotation)
        renamed = msgspec.structs.replace(annotation, annotator=name)
        path = annotation_path(self.project, renamed)
        places = f"{annotation.annotator}/{annotation.document}", f"{name}/{annotation.document}"
        if path.exists():
            self.copies.append(f"{places[0]} is {places[1]} under a second name")
        else:
            write_text(path, dumps_annotation(renamed))
            old.unlink(missing_ok=True)
            follow(self.project, [(annotation, renamed)])
            self.moved.append(f"{places[0]} is now {places[1]}: it is of one account with that")


class StoredNames:
    """What people are called in a project whom a file from Label Studio names by address or by number.

    `of` gives the names, `save` records those that were given to an address, so that a pull gives the same.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._given: list[Account] = []
        self._annotators: set[str] = set()  # whose work is stored, once that was looked at

    def of(self, annotations: Iterable[Annotation]) -> dict[str, str]:
        """The names of those who are called otherwise than the file has them, by what it calls them.

        An address is its account's, where that is recorded. Otherwise an annotation of the same instant and
        content that is stored tells its annotator's name. An address of which nothing is known gets the name
        that `annotator_names` makes, unless somebody has it: then it stays as it is.
        """
        recorded = read_accounts(self.project)
        by_address = {account.email: account.name for account in recorded if account.email}
        known: dict[str, str] = {}
        stored_as: dict[str, Counter[str]] = {}
        for annotation in annotations:
            name, digest = annotation.annotator, email_hash(annotation.annotator)
            if not (_ADDRESS.fullmatch(name) or _NUMBER.fullmatch(name)):
                continue
            if digest in by_address:
                known[name] = by_address[digest]
                continue
            key = annotation.document, _instant(annotation.provenance.updated)
            same = [each for each in self._stored.get(key, ()) if content(each) == content(annotation)]
            stored_as.setdefault(name, Counter()).update(each.annotator for each in same)
        taken_names = {account.name.casefold() for account in recorded} | set(RESERVED)
        taken_names |= self._annotators if stored_as else set()
        short = annotator_names({"id": number, "email": name} for number, name in enumerate(stored_as))
        for number, (name, names) in enumerate(stored_as.items()):
            if names:
                known[name] = names.most_common(1)[0][0]
            elif _ADDRESS.fullmatch(name):
                free = not {short[number].casefold(), name.casefold()} & taken_names
                known[name] = short[number] if free or is_own_address(name) else name
                taken_names.add(known[name].casefold())
            if name in known and _ADDRESS.fullmatch(name):
                self._given.append(Account(known[name], email=email_hash(name)))
        return {name: new for name, new in known.items() if new != name}

    @cached_property
    def _stored(self) -> dict[tuple[str, str], list[Annotation]]:
        """What was pulled before, by document and instant of its last change."""
        stored: dict[tuple[str, str], list[Annotation]] = defaultdict(list)
        for annotation in read_annotations(self.project):
            self._annotators.add(annotation.annotator.casefold())
            if annotation.provenance.updated and annotation.annotator not in RESERVED:
                stored[annotation.document, _instant(annotation.provenance.updated)].append(annotation)
        return stored

    def save(self) -> None:
        """Record the names that were given."""
        if self._given:
            write_accounts(accounts_path(self.project), [*read_accounts(self.project), *self._given])


def _instant(text: Any) -> str:
    """An instant in one form, as far as it is one."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).isoformat()
    except ValueError:
        return str(text)
