"""F1 over the corpus's versions, read from the git history of the baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldwire.errors import GoldwireError
from goldwire.eval.ci.baseline import Baseline, parsed
from goldwire.files import write_text
from goldwire.html.charts import Drawing, Point, line
from goldwire.html.templates import page_templates, render_page
from goldwire.number_format import amount, counted, interval, number
from goldwire.repository import ask_git, git, tracked_name
from goldwire.table import Cell, Column, Figures, Table

_COLUMNS = (
    *map(Column, ("date", "commit", "corpus", "content", "layer")),
    Column("F1", "number"),
    Column("95 % interval", "interval"),
    Column("documents"),
    Column("reference"),
)


@dataclass(frozen=True)
class Step:
    """One committed baseline: when, in which commit (`""`: not committed yet), and what it says."""

    date: str
    commit: str
    baseline: Baseline

    def row(self) -> tuple[Cell, ...]:
        """As a line of the table."""
        baseline = self.baseline
        return (
            self.date[:10],
            self.commit[:9] or "not yet",
            f"{baseline.corpus['name']} {baseline.corpus['version']}",
            baseline.corpus["content_hash"][:12],
            baseline.layer,
            baseline.f1,
            baseline.ci95,
            baseline.scored_on if baseline.test else amount(len(baseline.documents)),
            baseline.reference,
        )

    def as_json(self) -> dict[str, Any]:
        """Date, commit, corpus and figures."""
        baseline = self.baseline
        return {
            "date": self.date,
            "commit": self.commit,
            "corpus": baseline.corpus,
            "layer": baseline.layer,
            "f1": baseline.f1,
            "ci95": list(baseline.ci95) if baseline.ci95 else None,
            "documents": len(baseline.documents),
            "test_set": dict(baseline.test) or None,
            "reference": baseline.reference,
        }


@dataclass(frozen=True, repr=False)
class History(Figures):
    """The baselines of one file, the oldest first; `unreadable` are commits that hold it in another form."""

    steps: tuple[Step, ...]
    unreadable: tuple[str, ...] = ()

    def __repr__(self) -> str:
        last = self.steps[-1]
        return f"<History: {counted(len(self.steps), 'baseline')}, the last F1 {number(last.baseline.f1)}>"

    def tables(self) -> list[Table]:
        """`history`: a row for each baseline."""
        rows = [step.row() for step in self.steps]
        lesser = ("content", "documents", "reference")
        return [Table("history", "F1 over the corpus’s versions", _COLUMNS, rows, lesser=lesser)]

    def plot(self) -> Drawing:
        """F1 with its intervals: an SVG, which a notebook shows."""
        return Drawing(drawing(self.steps))

    def write_page(self, path: str | Path, title: str) -> None:
        """Write drawing and table as one HTML page without network."""
        write_text(Path(path), page(self, title))

    def as_json(self) -> dict[str, Any]:
        """All steps."""
        return {"steps": [step.as_json() for step in self.steps], "unreadable": list(self.unreadable)}


def history(path: Path, *, advance: Callable[[int], None] | None = None) -> History:
    """The committed versions of a baseline, and the one in the folder where it differs from the last.

    Raises GW540 outside a git repository, GW541 where the file was never committed and is not there either.
    """
    folder, name = tracked_name(path)
    steps: list[Step] = []
    unreadable: list[str] = []
    if _has_commits(folder):
        only = ("--diff-filter=AM", "--", f":(top,literal){name}")
        log = git(folder, "log", "--reverse", "--format=%H %cI", *only)
        for entry in log.splitlines():
            commit, date = entry.split(" ", 1)
            baseline = parsed(git(folder, "show", f"{commit}:{name}"))
            if baseline is None:
                unreadable.append(commit)
            else:
                steps.append(Step(date, commit, baseline))
            if advance is not None:
                advance(1)
    if path.is_file():
        baseline = parsed(path.read_text(encoding="utf-8", errors="replace"))
        if baseline is not None and (not steps or baseline.as_json() != steps[-1].baseline.as_json()):
            steps.append(Step("now", "", baseline))
    if not steps:
        raise GoldwireError.of("GW541", "no baseline has been committed", where=str(path), hint=_MAKE)
    return History(tuple(steps), tuple(unreadable))


_MAKE = "make one with: goldwire eval gate --update, and commit it"


def _has_commits(folder: Path) -> bool:
    return ask_git(folder, "rev-parse", "--verify", "--quiet", "HEAD").code == 0


def drawing(steps: Sequence[Step]) -> str:
    """F1 with its intervals as SVG; a dashed line stands where the corpus's content changes."""
    points = []
    before = ""
    for step in steps:
        baseline = step.baseline
        content = baseline.corpus["content_hash"]
        low, high = baseline.ci95 or (None, None)
        date, commit, *_ = step.row()
        note = (
            f"{date} {commit}: {number(baseline.f1)} ({interval(baseline.ci95)}), {baseline.corpus_in_words}"
        )
        points.append(
            Point(baseline.corpus["version"], baseline.f1, low, high, note, before not in ("", content))
        )
        before = content
    return line(points, f"F1 of {len(steps)} baselines; the same figures stand in the table")


def page(past: History, title: str) -> str:
    """The drawing and its table as one HTML page without network."""
    shown = past.table()
    return render_page(
        page_templates("goldwire.eval.ci", "").get_template("history.html.j2"),
        title=title,
        columns=[column.name for column in shown.columns],
        rows=shown.shown(),
        drawing=drawing(past.steps),
        unreadable=len(past.unreadable),
        draft=any(step.baseline.reference == "draft" for step in past.steps),
    )
