"""What the team's page says, counted from the summaries: nobody is ranked, and small counts say so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING

from goldwire.annotate.records.assignments import Assignment
from goldwire.annotate.records.summary import Marked, Summary

if TYPE_CHECKING:
    from goldwire.eval.matching.spans import FloatArray

#: Below so many articles a figure says little, and has no interval.
FEW = 5
#: Predicted spans, all accepted unchanged, each in less than so many seconds: nobody can have read them.
QUICK_SPANS, QUICK_SECONDS = 5, 1.0
_RESAMPLES = 500  # of articles, for an interval
_PLACES = 3  # of a confusion


@dataclass(frozen=True)
class AnnotatorWork:
    """One annotator's articles: `assigned` to them, and what became of these and others; spans by layer."""

    annotator: str
    assigned: int
    done: int
    begun: int
    skipped: int
    to_do: int
    spans: Mapping[str, int]


@dataclass(frozen=True)
class Pace:
    """The articles of one annotator and week whose time is known: medians of minutes, by article and by
    hundred words."""

    annotator: str
    week: str
    articles: int
    minutes: float
    per_hundred_words: float


@dataclass(frozen=True)
class PassPace:
    """One annotator's time for one pass, over the articles of which it is known: medians of minutes.

    `part` is the pass, empty for all of them together, in the articles that have been through all.
    """

    annotator: str
    part: str
    articles: int
    minutes: float
    per_hundred_words: float


@dataclass(frozen=True)
class WeekAgreement:
    """F1 between two readings of one layer's spans, extent and label equal, over the articles of a week.

    An article belongs to the week in which its later reading was made. `ci95` is a bootstrap over articles,
    None below `FEW`.
    """

    layer: str
    week: str
    articles: int
    f1: float | None
    ci95: tuple[float, float] | None


@dataclass
class Confusion:
    """Where two readings part: the labels, empty where one marks nothing.

    `kind` is missed, extent or label.
    """

    layer: str
    kind: str
    labels: tuple[str, str]
    count: int = 0
    #: Documents with both annotators and the extent of the first of the two.
    places: list[tuple[str, str, str, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Acceptance:
    """What became of predicted spans in one annotator's articles: kept as they were, or changed.

    `seconds` is the median time for a span of those articles; `quick` lists the articles in which all were
    kept faster than they can be read: document, spans, seconds.
    """

    annotator: str
    articles: int
    kept: int
    changed: int
    seconds: float | None
    quick: tuple[tuple[str, int, float], ...]


def week_of(instant: str) -> str:
    """The ISO week of an instant, as `2026-W05`; empty where it is none."""
    try:
        year, week, _ = datetime.fromisoformat(instant).isocalendar()
    except ValueError:
        return ""
    return f"{year}-W{week:02}"


def work(summaries: Iterable[Summary], assignments: Iterable[Assignment]) -> list[AnnotatorWork]:
    """Everybody who has work or has done some, by name."""
    assigned: dict[str, set[str]] = defaultdict(set)
    for assignment in assignments:
        assigned[assignment.annotator].add(assignment.article)
    theirs: dict[str, list[Summary]] = defaultdict(list)
    for summary in summaries:
        if summary.human and not summary.merged:
            theirs[summary.annotator].append(summary)
    listed = []
    for name in sorted(assigned.keys() | theirs.keys()):
        done = {summary.document for summary in theirs[name] if summary.done}
        skipped = {summary.document for summary in theirs[name] if summary.status == "skipped"}
        begun = {summary.document for summary in theirs[name] if summary.status == "draft"}
        spans = Counter(span[0] for summary in theirs[name] if summary.done for span in summary.spans)
        to_do = len(assigned[name] - done - skipped)
        listed.append(
            AnnotatorWork(name, len(assigned[name]), len(done), len(begun), len(skipped), to_do, spans)
        )
    return listed


def paces(summaries: Iterable[Summary]) -> list[Pace]:
    """Minutes by annotator and week, of what has a lead time."""
    timed: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for each in summaries:
        if each.done and each.seconds > 0 and (week := week_of(each.updated)):
            timed[each.annotator, week].append((each.seconds, each.words))
    return [Pace(name, week, *_medians(times)) for (name, week), times in sorted(timed.items())]


def _medians(times: Sequence[tuple[float, int]]) -> tuple[int, float, float]:
    """Of seconds and words: how many there are, medians of minutes, and of minutes by a hundred words."""
    by_words = median(seconds / 60 / max(1, words) * 100 for seconds, words in times)
    return len(times), median(seconds for seconds, _ in times) / 60, by_words


def pass_paces(summaries: Iterable[Summary], order: Sequence[str]) -> list[PassPace]:
    """Minutes by annotator and pass, in this `order`, then all passes together; of what was made in passes.

    A pass counts once it is submitted, be the others still to come.
    """
    timed: dict[str, dict[str, list[tuple[float, int]]]] = defaultdict(lambda: defaultdict(list))
    for each in summaries:
        if not each.human or each.merged or not each.passes:
            continue
        times = timed[each.annotator]
        for name, seconds in each.passes.items():
            times[name].append((seconds, each.words))
        if each.done:
            times[""].append((each.seconds, each.words))
    listed = []
    for annotator, times in sorted(timed.items()):
        names = dict.fromkeys([*order, *sorted(times.keys() - {""}), ""])
        listed += [PassPace(annotator, name, *_medians(times[name])) for name in names if name in times]
    return listed


def _pairs(summaries: Iterable[Summary]) -> list[tuple[Summary, Summary]]:
    """All pairs of finished readings of one article."""
    by_document: dict[str, list[Summary]] = defaultdict(list)
    for each in summaries:
        if each.done:
            by_document[each.document].append(each)
    return [
        pair
        for _, readings in sorted(by_document.items())
        for pair in combinations(sorted(readings, key=lambda each: each.annotator), 2)
    ]


def weekly_agreement(summaries: Sequence[Summary], layers: Sequence[str]) -> list[WeekAgreement]:
    """Agreement by layer and week, and over all weeks (`week` empty), in the order of `layers`."""
    import numpy as np

    counts: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(dict)
    for first, second in _pairs(summaries):
        week = week_of(max(first.updated, second.updated))
        for layer in layers:
            first_spans, second_spans = (
                {span for span in each.spans if span[0] == layer} for each in (first, second)
            )
            if first_spans or second_spans:
                for key in {(layer, week), (layer, "")}:
                    row = counts[key].setdefault(first.document, [0, 0])
                    row[0] += 2 * len(first_spans & second_spans)
                    row[1] += len(first_spans) + len(second_spans)
    listed = []
    for layer in layers:
        for week in sorted(week for name, week in counts if name == layer):
            rows = np.array(list(counts[layer, week].values()), dtype=float)
            same, marks = rows.sum(axis=0)
            listed.append(
                WeekAgreement(layer, week, len(rows), float(same / marks) if marks else None, _interval(rows))
            )
    return listed


def _interval(rows: FloatArray) -> tuple[float, float] | None:
    from goldwire.eval.counts.bootstrap import Sampling, percentile_interval, resampled

    if len(rows) < FEW:
        return None
    sums = resampled(rows, Sampling(_RESAMPLES))
    return None if sums is None else percentile_interval(sums[:, 0] / sums[:, 1])


def confusions(summaries: Sequence[Summary]) -> list[Confusion]:
    """Where readings of one article part, the most frequent first, each with its first places.

    What both mark alike is taken out; then spans of one extent pair, then those that overlap, the longest
    overlap first.
    """
    told: dict[tuple[str, str, tuple[str, str]], Confusion] = {}
    for first, second in _pairs(summaries):
        first_spans, second_spans = set(first.spans), set(second.spans)
        for kind, a, b in parted(first_spans - second_spans, second_spans - first_spans):
            shown = a or b
            if shown is None:
                continue
            label_a, label_b = (span[1] if span else "" for span in (a, b))
            labels = (min(label_a, label_b), max(label_a, label_b))
            confusion = told.setdefault((shown[0], kind, labels), Confusion(shown[0], kind, labels))
            confusion.count += 1
            if len(confusion.places) < _PLACES:
                confusion.places.append(
                    (first.document, first.annotator, second.annotator, shown[2], shown[3])
                )
    return sorted(told.values(), key=lambda each: (-each.count, each.layer, each.kind, each.labels))


def parted(
    first: Iterable[Marked], second: Iterable[Marked]
) -> list[tuple[str, Marked | None, Marked | None]]:
    """Spans that two readings don't share, paired: `extent` or `label` with both, `missed` with one.

    Only spans of one layer pair. Where extent and label differ it is `label`.
    """
    left, right = sorted(first), sorted(second)
    near = []
    by_start = sorted(right, key=lambda span: span[2])
    for a in left:
        for b in by_start:
            if b[2] >= a[3]:
                break
            if a[0] == b[0] and (overlap := min(a[3], b[3]) - max(a[2], b[2])) > 0:
                near.append((a[2:] != b[2:], -overlap, a[1] != b[1], a, b))
    pairs: list[tuple[str, Marked | None, Marked | None]] = []
    free_a, free_b = set(left), set(right)
    for _, _, unlike, a, b in sorted(near):
        if a in free_a and b in free_b:
            free_a.discard(a)
            free_b.discard(b)
            pairs.append(("label" if unlike else "extent", a, b))
    pairs += [("missed", a, None) for a in sorted(free_a)]
    pairs += [("missed", None, b) for b in sorted(free_b)]
    return pairs


def acceptances(summaries: Iterable[Summary]) -> list[Acceptance]:
    """What became of predictions, by annotator; only articles in which spans of a prediction are left.

    Spans of a prediction that were removed leave no trace in what is stored.
    """
    theirs: dict[str, list[Summary]] = defaultdict(list)
    for summary in summaries:
        if summary.done and summary.kept + summary.changed:
            theirs[summary.annotator].append(summary)
    listed = []
    for name, accepted in sorted(theirs.items()):
        times = [summary.seconds / len(summary.spans) for summary in accepted if summary.seconds > 0]
        quick = tuple(
            (summary.document, summary.kept, summary.seconds)
            for summary in accepted
            if summary.kept == len(summary.spans) >= QUICK_SPANS
            and 0 < summary.seconds < QUICK_SECONDS * summary.kept
        )
        kept, changed = (
            sum(summary.kept for summary in accepted),
            sum(summary.changed for summary in accepted),
        )
        seconds = median(times) if times else None
        listed.append(Acceptance(name, len(accepted), kept, changed, seconds, quick))
    return listed
