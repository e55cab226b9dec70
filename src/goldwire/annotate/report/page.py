"""The team's page: sections of tables and drawings, each figure with how many articles it rests on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from goldwire.annotate.records.notes import Note, TaskPlace, place_key
from goldwire.annotate.records.summary import Summary
from goldwire.annotate.report.figures import (
    FEW,
    Acceptance,
    AnnotatorWork,
    Confusion,
    Pace,
    PassPace,
    WeekAgreement,
)
from goldwire.annotate.report.gold_checks import DRIFT, KINDS, Checked
from goldwire.annotations.rules import RULES
from goldwire.html import charts
from goldwire.html.templates import page_templates, render_page
from goldwire.number_format import amount, counted, interval, number, p_in_words, percent

#: Weeks, confusions, notes and places that are shown; the JSON has all.
_WEEKS, _CONFUSIONS, _NOTES, _PLACES = 12, 20, 50, 3
#: From which p on a difference between early and late checks stands out.
_RARE = 0.05


@dataclass(frozen=True)
class TextLink:
    """A text with the address that it leads to, no link where there is none; `beside` stands after it."""

    text: str
    url: str = ""
    beside: TextLink | None = None

    @property
    def safe(self) -> str:
        """The address, where a browser is to follow it."""
        return self.url if self.url.startswith(("http://", "https://")) else ""


@dataclass(frozen=True)
class PageTable:
    """A table: `rows` of cells, each a text or some links; the first cell is the row's name."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Sequence[TextLink]]]


@dataclass(frozen=True)
class Section:
    """A part of the page: paragraphs, remarks that stand out (`notes`), drawings under a caption, tables.

    Tables without rows are not shown; `empty` is what is said where none has any.
    """

    key: str
    title: str
    words: Sequence[str] = ()
    notes: Sequence[str] = ()
    drawings: Sequence[tuple[str, str]] = ()
    tables: Sequence[PageTable] = ()
    empty: str = ""


@dataclass(frozen=True)
class Team:
    """All that the page shows."""

    title: str
    when: str
    layers: Sequence[str]
    work: Sequence[AnnotatorWork]
    paces: Sequence[Pace]
    agreement: Sequence[WeekAgreement]
    confusions: Sequence[Confusion]
    acceptances: Sequence[Acceptance]
    summaries: Sequence[Summary]
    notes: Sequence[Note]
    checked: Sequence[Checked] = ()
    pass_paces: Sequence[PassPace] = ()
    places: Mapping[str, TaskPlace] = field(default_factory=dict)
    #: The words at a place: document, start, end (code points).
    quotes: Mapping[tuple[str, int, int], str] = field(default_factory=dict)
    watched: bool = False

    def url(self, annotator: str, document: str) -> str:
        """Where an annotation stands in Label Studio; empty where that is not known."""
        place = self.places.get(place_key(annotator, document))
        return place.url if place is not None else ""


def team_page(team: Team) -> str:
    """One HTML page that needs nothing beside it."""
    done = sum(each.done for each in team.work)
    to_do = sum(each.to_do for each in team.work)
    people = counted(len(team.work), "annotator")
    return render_page(
        page_templates("goldwire.annotate.report", ".").get_template("team.html.j2"),
        title=team.title,
        when=team.when,
        lead=f"{people}: {amount(done)} readings done, {amount(to_do)} of those assigned to do.",
        sections=[
            *(_progress(team), _time(team), _agreement(team), _confusions(team)),
            *(_predictions(team), _checks(team), _rules(team), _notes(team)),
        ],
        watched=team.watched,
    )


def _progress(team: Team) -> Section:
    columns = ["annotator", "assigned", "done", "begun", "skipped", "to do"]
    columns += [f"{layer} spans" for layer in team.layers]
    rows = [
        [each.annotator, *map(amount, (each.assigned, each.done, each.begun, each.skipped, each.to_do))]
        + [amount(each.spans.get(layer, 0)) for layer in team.layers]
        for each in team.work
    ]
    table = PageTable("Articles of each annotator, and the spans in those that are done", columns, rows)
    words = (
        "By name, in no other order: articles differ, and no single figure here says how good a reading is.",
    )
    return Section("progress", "Done and to do", words, tables=[table], empty="Nobody yet.")


def _time(team: Team) -> Section:
    weeks = sorted({each.week for each in team.paces})[-_WEEKS:]
    by_name: dict[str, dict[str, Pace]] = defaultdict(dict)
    for each in team.paces:
        by_name[each.annotator][each.week] = each
    tables = [
        PageTable(
            caption,
            ["annotator", *weeks],
            [
                [name, *(_paced(paces.get(week), key) for week in weeks)]
                for name, paces in sorted(by_name.items())
            ],
        )
        for caption, key in (
            ("Minutes an article", "minutes"),
            ("Minutes a hundred words", "per_hundred_words"),
        )
    ]
    words = [
        "Medians by week, the number of articles in brackets. Label Studio's clock runs while a task is "
        f"open: a pause counts. Fewer than {FEW} articles say little.",
    ]
    if team.pass_paces:
        tables += [
            _by_pass(team.pass_paces, "Minutes an article by pass, all weeks", "minutes"),
            _by_pass(team.pass_paces, "Minutes a hundred words by pass, all weeks", "per_hundred_words"),
        ]
        words.append(
            "A pass counts as soon as it is submitted, all passes together once the last is: medians of "
            "different articles, which do not add up."
        )
    return Section("time", "Time", words, tables=tables, empty="No time is known yet.")


def _by_pass(paces: Sequence[PassPace], caption: str, key: str) -> PageTable:
    """Medians, a row for each annotator, a column for each pass and the last for all of them."""
    names = list(dict.fromkeys(each.part for each in paces if each.part))
    cells = {(each.annotator, each.part): _paced(each, key) for each in paces}
    annotators = dict.fromkeys(each.annotator for each in paces)
    rows = [[who, *(cells.get((who, name), "") for name in (*names, ""))] for who in annotators]
    return PageTable(caption, ["annotator", *names, "all passes"], rows)


def _paced(pace: Pace | PassPace | None, key: str) -> str:
    return "" if pace is None else f"{getattr(pace, key):.1f} ({amount(pace.articles)})"


def _agreement(team: Team) -> Section:
    rows = [
        [
            each.layer,
            amount(each.articles),
            number(each.f1),
            interval(each.ci95) if each.ci95 else f"fewer than {FEW} articles",
        ]
        for each in team.agreement
        if not each.week
    ]
    drawings = []
    for layer in team.layers:
        weeks = [each for each in team.agreement if each.layer == layer and each.week][-_WEEKS:]
        if len(weeks) > 1:
            points = [_week(each) for each in weeks]
            title = f"Agreement on layer {layer}, week by week"
            drawings.append((layer, charts.line(points, title)))
    words = (
        "F1 between two readings of an article, extent and label equal; intervals (95 %) by drawing articles "
        f"anew, none below {FEW} articles. An article counts in the week of its later reading. It says how "
        "alike readings are, not which is right; goldwire eval agree has chance-corrected figures.",
    )
    table = PageTable("All weeks together", ["layer", "articles", "F1", "95 %"], rows)
    return Section(
        "agreement",
        "Agreement",
        words,
        drawings=drawings,
        tables=[table],
        empty="No article has two finished readings yet.",
    )


def _week(each: WeekAgreement) -> charts.Point:
    low, high = each.ci95 or (None, None)
    note = f"{each.week}: {number(each.f1)}, {counted(each.articles, 'article')}"
    return charts.Point(each.week[2:], each.f1, low, high, note)


def _confusions(team: Team) -> Section:
    total = sum(each.count for each in team.confusions)
    rows: list[Sequence[str | Sequence[TextLink]]] = []
    for each in team.confusions[:_CONFUSIONS]:
        links: list[TextLink] = []
        for document, first, second, start, end in each.places:
            quote = team.quotes.get((document, start, end), document)
            other = TextLink(second, team.url(second, document))
            links.append(TextLink(f"«{quote}» {first}", team.url(first, document), other))
        what = {
            "missed": f"{each.labels[1]}, or nothing",
            "extent": f"{each.labels[0]}: where it begins or ends",
            "label": " or ".join(each.labels),
        }[each.kind]
        share = percent(each.count / total)
        rows.append([what, each.layer, amount(each.count), share, links])
    columns = ["what", "layer", "times", "of all", "for instance, in both readings"]
    table = PageTable("The most frequent first", columns, rows)
    words = (
        "What two readings of an article do not share. A rule or an example in the guide may settle it.",
    )
    return Section(
        "confusions",
        "Where readings part",
        words,
        tables=[table],
        empty="Nothing yet: no article has two finished readings that differ.",
    )


def _predictions(team: Team) -> Section:
    rows = []
    notes = []
    for each in team.acceptances:
        total = each.kept + each.changed
        few = " (few)" if each.articles < FEW else ""
        seconds = "" if each.seconds is None else f"{each.seconds:.1f}"
        rows.append(
            [
                each.annotator,
                amount(each.articles),
                amount(total),
                percent(each.kept / total) + few,
                seconds,
            ]
        )
        notes += [
            f"{each.annotator} accepted {amount(spans)} of {amount(spans)} predicted spans of {document} in "
            f"{seconds:.1f} s: {number(seconds / spans, 2)} s a span is less than reading takes."
            for document, spans, seconds in each.quick
        ]
    columns = ["annotator", "articles", "predicted spans", "kept unchanged", "seconds a span"]
    table = PageTable("Articles in which spans of a prediction are left", columns, rows)
    words = (
        "Predicted spans that were removed leave no trace here. Agreement between readings that began with "
        "one prediction is partly the prediction's.",
    )
    return Section(
        "predictions",
        "Predictions accepted",
        words,
        notes,
        tables=[table],
        empty="No finished reading holds spans of a prediction.",
    )


def _checks(team: Team) -> Section:
    figures = [
        [
            each.annotator,
            f"{amount(each.done)} of {amount(each.given)}",
            figure.what,
            number(figure.f1),
            interval(figure.ci95) if figure.ci95 else f"fewer than {FEW} checks" if each.few else "",
            amount(figure.marks),
        ]
        for each in team.checked
        for figure in each.figures
    ]
    faults = [
        [
            each.annotator,
            fault.kind,
            KINDS[fault.kind],
            amount(fault.count),
            amount(fault.of),
            percent(fault.share),
            " to ".join(map(percent, fault.ci95)) if fault.ci95 else "",
        ]
        for each in team.checked
        for fault in each.faults
        if fault.count
    ]
    rare = [drift_hint(each) for each in team.checked if each.drift is not None and each.drift.p < _RARE]
    hints = [hint for each in team.checked if (hint := drift_hint(each)) and hint not in rare]
    to_do = [
        f"{each.annotator}: none of {amount(each.given)} done yet." for each in team.checked if not each.done
    ]
    left_out = [
        f"{each.annotator}, left out: {'; '.join(each.left_out)}." for each in team.checked if each.left_out
    ]
    words = (
        "Articles with a reviewed annotation, slipped in among an annotator's tasks: F1 of what they marked "
        "against it, extent and label equal. Who reviewed may be wrong too, and articles differ: look at the "
        f"faults before you judge. Intervals (95 %) by drawing articles anew, none below {FEW} checks, and "
        "rough below 20.",
        f"Early checks are held against late ones from {DRIFT} on: a hint to look closer, no finding.",
        *(*hints, *to_do, *left_out),
    )
    tables = [
        PageTable(
            "F1 against what was reviewed",
            ["annotator", "checks", "what", "F1", "95 %", "reviewed marks"],
            figures,
        ),
        PageTable(
            "Faults by kind, where there are any",
            ["annotator", "kind", "which is", "times", "of", "share", "95 %"],
            faults,
        ),
    ]
    return Section(
        "checks",
        "Gold checks",
        words if team.checked else (),
        rare,
        tables=tables,
        empty="None is done yet."
        if team.checked
        else "None are assigned (goldwire annotate assign --checks 5%).",
    )


def drift_hint(checked: Checked) -> str:
    """What is to be said of early and late checks; empty where there is nothing to say."""
    drift = checked.drift
    if drift is None:
        return ""
    ways = f"all {amount(drift.ways)} ways" if drift.exact else f"{amount(drift.ways)} ways, drawn"
    return (
        f"{checked.annotator}: F1 {number(drift.early)} in the first {amount(drift.early_checks)} checks, "
        f"{number(drift.late)} in the last {amount(drift.late_checks)}; {p_in_words(drift.p)} "
        f"(permutation test over {ways}): a hint, articles differ too."
    )


def _rules(team: Team) -> Section:
    counts: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], list[TextLink]] = defaultdict(list)
    for each in team.summaries:
        for broken in each.broken:
            key = each.annotator, broken.code
            counts[key] += 1
            if len(places[key]) < _PLACES:
                span = broken.where.partition(" $.")[2].partition(" ")[2]
                what = f"{span} {broken.message}".strip()
                places[key].append(
                    TextLink(f"{each.document}: {what}", team.url(each.annotator, each.document))
                )
    rows: list[Sequence[str | Sequence[TextLink]]] = [
        [name, code, RULES.get(code, ""), amount(count), places[name, code]]
        for (name, code), count in sorted(counts.items(), key=lambda each: (each[0][0], -each[1], each[0][1]))
    ]
    columns = ["annotator", "code", "does not hold", "times", "for instance"]
    table = PageTable("Of each annotator the most frequent first", columns, rows)
    return Section(
        "rules",
        "Rules broken",
        ("What goldwire corpus check would say, but for ids used in several articles.",),
        tables=[table],
        empty="None.",
    )


def _notes(team: Team) -> Section:
    latest = sorted(team.notes, key=lambda note: note.when, reverse=True)[:_NOTES]
    rows: list[Sequence[str | Sequence[TextLink]]] = [
        [note.when[:10], note.annotator, [TextLink(note.document, note.url)], f"«{note.quote}»", note.text]
        for note in latest
    ]
    more = len(team.notes) - len(latest)
    words = [f"{amount(more)} older ones are in annotate/notes.jsonl."] if more else []
    table = PageTable("The latest first", ["when", "who", "article", "beside", "note"], rows)
    return Section("notes", "Notes and questions", words, tables=[table], empty="None.")


def quoted_places(confusions: Iterable[Confusion]) -> set[tuple[str, int, int]]:
    """The places whose words the page shows."""
    shown = list(confusions)[:_CONFUSIONS]
    return {(place[0], place[3], place[4]) for each in shown for place in each.places}
