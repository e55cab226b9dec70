"""Which part of the version a change raises, and the changelog's entry, drafted from the comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from goldwire.corpus.versions.diff import Diff
from goldwire.errors import GoldwireError
from goldwire.files import read_text, write_text
from goldwire.number_format import counted
from goldwire.text import first_of

LEVELS = ("none", "patch", "minor", "major")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_NAMED = 12


class Due(Struct, frozen=True):
    """What a change asks of the version, and why.

    `version` is the next one, "" where the old one is not of the form 1.2.3; `enough` says whether the new
    side's own version is at least that.
    """

    level: str
    reasons: list[str]
    version: str = ""
    enough: bool = True


def due(diff: Diff) -> Due:
    """The version that is due, by semantic versioning read for a dataset.

    major: what worked on the old version may break on the new: documents removed, texts changed, the schema
    narrowed or renamed. minor: more of the same: documents, readings, labels added, a status raised. patch:
    the same, corrected: annotations, metadata, guidelines. Before 1.0.0 a breaking change raises the second
    number, as semantic versioning leaves open and package managers do.
    """
    reasons_by_level = list(_reasons(diff))
    level = max((reason_level for reason_level, _ in reasons_by_level), key=LEVELS.index, default="none")
    reasons = [reason for reason_level, reason in reasons_by_level if reason_level == level]
    wanted = next_version(diff.before.version, level)
    had = _parts(diff.after.version)
    enough = not wanted or (had is not None and had >= (_parts(wanted) or had))
    return Due(level, reasons, wanted, enough)


def next_version(version: str, level: str) -> str:
    """The version after `version` that a change of this level asks for; "" where it is no semantic one."""
    parts = _parts(version)
    if parts is None:
        return ""
    major, minor, patch = parts
    if level == "major" and major:
        return f"{major + 1}.0.0"
    if level in ("major", "minor"):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}" if level == "patch" else version


def is_semantic(version: str) -> bool:
    """Whether a version is of the form 1.2.3."""
    return _parts(version) is not None


def _parts(version: str) -> tuple[int, int, int] | None:
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _reasons(diff: Diff) -> Iterator[tuple[str, str]]:
    kinds, annotations = diff.kinds, diff.annotations
    if kinds["removed"]:
        yield "major", f"{counted(kinds['removed'], 'document')} removed"
    if kinds["text"]:
        yield "major", f"{counted(kinds['text'], 'text')} changed: offsets move"
    breaking = [change for change in diff.schema if change.orphans]
    if breaking:
        yield "major", f"{counted(len(breaking), 'change')} of the schema that annotations can break on"
    old, new = diff.before.schema_ids, diff.after.schema_ids
    known = bool(old and new)  # a side without annotations follows no schema: that is no other one
    if known and {schema_id.partition("@")[0] for schema_id in old} != {
        schema_id.partition("@")[0] for schema_id in new
    }:
        yield "major", f"another schema: {_listed(old)} → {_listed(new)}"
    elif known and (old != new or len(breaking) < len(diff.schema)):
        yield "minor", f"the schema was extended: {_listed(old)} → {_listed(new)}"
    if kinds["added"]:
        yield "minor", f"{counted(kinds['added'], 'document')} added"
    more, fewer = annotations["added"], annotations["removed"]
    for document in diff.documents:  # those of documents that came or went are told with them
        if document.kind == "added" and document.after is not None:
            more -= len(document.after.annotations)
        elif document.kind == "removed" and document.before is not None:
            fewer -= len(document.before.annotations)
    if more or fewer:
        yield "minor", f"readings: {more} added, {fewer} removed"
    if raised := sum(document.status is not None for document in diff.documents):
        yield "minor", f"{counted(raised, 'document')} of another status"
    if annotations["changed"]:
        yield "patch", f"{counted(annotations['changed'], 'annotation')} corrected"
    if meta := sum(bool(document.meta) for document in diff.documents):
        yield "patch", f"metadata of {counted(meta, 'document')} changed"
    if diff.sources or diff.wording:
        yield "patch", f"changed: {', '.join([*diff.sources, *(['schema wording'] if diff.wording else [])])}"


def entry(diff: Diff, wanted: Due) -> str:
    """The changelog's entry in Markdown: for readers of the dataset, to be mended by hand."""
    stated = diff.after.version
    version = stated if stated and stated != diff.before.version else wanted.version or stated or "next"
    lines = [f"## {version}", ""]
    if diff.before.version:
        shown = f"Since {diff.before.version}"
        lines += [f"{shown}: {wanted.level} ({'; '.join(wanted.reasons) or 'no difference'}).", ""]
    named = {
        kind: [document.id for document in diff.documents if document.kind == kind] for kind in diff.kinds
    }
    titles = {"added": "Documents added", "removed": "Documents removed", "text": "Texts changed"}
    for kind, title in titles.items():
        if named[kind]:
            shown = first_of([f"`{name}`" for name in named[kind]], _NAMED, in_all=True)
            lines.append(f"- {title}: {shown}.")
    for change in diff.schema:
        detail = f" ({change.detail})" if change.detail else ""
        lines.append(f"- Schema: {change.what} `{change.name}` {change.change}{detail}.")
    for layer, counts in diff.spans.items():
        parts = [
            f"{counts[kind]} {kind}" for kind in ("added", "removed", "moved", "relabelled") if counts[kind]
        ]
        if counts["attributes"]:
            parts.append(f"{counts['attributes']} with other attributes")
        if parts:
            lines.append(f"- `{layer}` spans {counts['before']} → {counts['after']}: {', '.join(parts)}.")
    for label, counts in diff.relations.items():
        parts = [f"{counts[kind]} {kind}" for kind in ("added", "removed") if counts[kind]]
        if parts:
            lines.append(f"- `{label}` relations {counts['before']} → {counts['after']}: {', '.join(parts)}.")
    if changed := [document for document in diff.documents if document.status]:
        lines.append(f"- Status of {counted(len(changed), 'document')} changed.")
    if diff.sources:
        lines.append(f"- Changed: {', '.join(diff.sources)}.")
    return "\n".join(lines).rstrip() + "\n"


def has_entry(changelog: str, version: str) -> bool:
    """Whether a changelog has an entry for a version."""
    return re.search(rf"(?m)^##\s+{re.escape(version)}(\s|$)", changelog) is not None


def add_entry(path: Path, text: str, name: str = "") -> None:
    """Put an entry at the top of a changelog, begun where there is none.

    Raises GW299 where it has an entry of that version already: what people wrote is not written over.
    """
    old = read_text(path) if path.is_file() else f"# Changelog of {name}\n" if name else "# Changelog\n"
    version = text.partition("\n")[0].removeprefix("##").strip()
    if has_entry(old, version):
        hint = "raise [corpus] version in goldwire.toml, or take that entry out"
        raise GoldwireError.of("GW299", f"has an entry for {version}", where=str(path), hint=hint)
    first = re.search(r"(?m)^## ", old)
    at = first.start() if first else len(old)
    head = old[:at].rstrip("\n")
    write_text(path, f"{head}\n\n{text}\n{old[at:]}".rstrip() + "\n")


def _listed(schema_ids: set[str]) -> str:
    return ", ".join(sorted(schema_ids)) or "none"
