"""What a comparison of two versions comes to: counts as tables, changes in words, the version that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldwire.corpus.versions.changelog import Due, add_entry, due, entry
from goldwire.corpus.versions.diff import CorpusVersion, Diff, diff
from goldwire.corpus.versions.page import WORDS, lines, write_page
from goldwire.corpus.versions.spans import KINDS
from goldwire.number_format import amount, counted
from goldwire.table import Column, Figures, Table


@dataclass(frozen=True, repr=False)
class VersionDiff(Figures):
    """A comparison, document by document in its `diff`, and the version that is `due`; `name` is the
    project's, for its changelog."""

    diff: Diff
    due: Due
    name: str = ""

    def __repr__(self) -> str:
        documents = counted(len(self.diff.documents), "document")
        return f"<VersionDiff: {documents} differ, due: {self.due.level}>"

    @property
    def summary(self) -> tuple[str, ...]:
        """What was compared, and how many documents and annotations came, went or changed; a line each."""
        old, new, numbers = self.diff.before, self.diff.after, self.diff.annotations
        kinds = [f"{amount(number)} {WORDS[kind]}" for kind, number in self.diff.kinds.items() if number]
        changes = [
            f"{amount(numbers[kind])} {kind}" for kind in ("added", "removed", "changed") if numbers[kind]
        ]
        documents = f"{amount(len(old.articles))} → {amount(len(new.articles))}"
        annotations = f"{amount(numbers['before'])} → {amount(numbers['after'])}"
        return (
            f"{old.in_words()} → {new.in_words()}",
            f"documents {documents}: {', '.join(kinds) or 'no difference'}",
            f"annotations {annotations}: {', '.join(changes) or 'no difference'}",
        )

    def changes(self, most: int) -> Iterator[str]:
        """The schema's changes, the first cases, at `most` so many, and what is due; a line each."""
        for change in self.diff.schema:
            breaks = " (annotations can break on it)" if change.orphans else ""
            yield f"schema: {change.what} {change.name} {change.change} {change.detail}".rstrip() + breaks
        yield from lines(self.diff, most)
        version = f", {self.due.version}" if self.due.version and self.due.reasons else ""
        reasons = f": {'; '.join(self.due.reasons)}" if self.due.reasons else ""
        yield f"due: {self.due.level}{version}{reasons}"

    def tables(self) -> list[Table]:
        """`spans` by layer and `relations` by label: how many before and after, and each kind of change."""
        shapes = {
            "spans": ("layer", self.diff.spans, ("before", "after", *KINDS)),
            "relations": ("relation", self.diff.relations, ("before", "after", *KINDS[:2])),
        }
        return [
            Table(
                name,
                name,
                (Column(what), *(Column(column, "amount") for column in columns)),
                [(key, *(row[column] for column in columns)) for key, row in counts.items()],
            )
            for name, (what, counts, columns) in shapes.items()
        ]

    def as_json(self) -> dict[str, Any]:
        """What is due, counts and every change."""
        return {"due": self.due.level, "version": self.due.version, **self.diff.as_dict()}

    def write_page(self, path: str | Path) -> None:
        """Write the comparison as one HTML page."""
        write_page(Path(path), self.diff)

    def add_entry(self, path: str | Path) -> bool:
        """Put a drafted entry at the top of a changelog, begun where there is none; False where nothing
        differs, and nothing is written. Raises GW299 where it has an entry of that version already."""
        if self.diff.empty:
            return False
        add_entry(Path(path), entry(self.diff, self.due), self.name)
        return True


def compare_versions(
    before: CorpusVersion,
    after: CorpusVersion,
    *,
    annotator: str = "",
    name: str = "",
    advance: Callable[[int], None] | None = None,
) -> VersionDiff:
    """Compare two versions as `diff` does, and say what is due."""
    compared = diff(before, after, annotator=annotator, advance=advance)
    return VersionDiff(compared, due(compared), name)
