"""One page to look a corpus over: what is marked in two ways, what a model doubts, which rules are broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire import __version__
from goldwire.annotations.rules import RULES
from goldwire.corpus.browse import page_data
from goldwire.corpus.browse.lists import StatusCounts
from goldwire.corpus.quality.checks import CheckResult, check_articles
from goldwire.corpus.quality.consistency import KINDS, Inconsistency, context, inconsistencies
from goldwire.corpus.quality.label_errors import KINDS as ERROR_KINDS
from goldwire.corpus.quality.label_errors import LabelErrors, counts, find_label_errors
from goldwire.corpus.redistribution import redistribution
from goldwire.corpus.split.groups import components, find_ties
from goldwire.corpus.split.io import project_rule
from goldwire.files import write_text
from goldwire.html.templates import page_templates, render_page
from goldwire.model import curated
from goldwire.number_format import amount
from goldwire.table import Column, Figures, Table

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

#: Rows of each list that a page shows; JSON holds all.
SHOWN = 300
#: Uses of one wording that a page shows.
USES = 12


@dataclass(frozen=True, repr=False)
class Review(Figures):
    """What was found. `label_errors` is None where none were asked for; `page` shows it, where one does."""

    inconsistencies: list[Inconsistency]
    label_errors: LabelErrors | None
    checks: CheckResult
    page: Path | None = None

    def __repr__(self) -> str:
        parts = [(len(self.inconsistencies), "inconsistencies")]
        parts += [(len(self.label_errors.errors), "doubts")] if self.label_errors is not None else []
        parts += [(len(self.checks.faults), "faults")]
        return f"<Review: {', '.join(f'{amount(number)} {what}' for number, what in parts)}>"

    def tables(self) -> list[Table]:
        """`inconsistencies`, and `label_errors` where they were sought: how many of each kind."""
        count = Column("count", "amount")
        rows = [(what, self.by_kind[kind]) for kind, what in KINDS.items()]
        shown = [Table("inconsistencies", "to review", (Column("to review"), count), rows)]
        if self.label_errors is not None:
            by_kind = counts(self.label_errors.errors)
            doubts = [(what, by_kind[kind]) for kind, what in ERROR_KINDS.items()]
            title = "a model reads otherwise"
            shown.append(Table("label_errors", title, (Column(title), count), doubts))
        return shown

    @property
    def by_kind(self) -> dict[str, int]:
        """Inconsistencies by kind."""
        kinds = Counter(inconsistency.kind for inconsistency in self.inconsistencies)
        return {kind: kinds[kind] for kind in KINDS}

    def as_json(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "inconsistencies": [asdict(inconsistency) for inconsistency in self.inconsistencies],
            "label_errors": asdict(self.label_errors) if self.label_errors is not None else None,
            "checks": self.checks.as_json(),
            "counts": {
                "inconsistencies": self.by_kind,
                "label_errors": counts(self.label_errors.errors) if self.label_errors is not None else {},
                "faults": self.checks.by_code,
            },
        }


def review(
    corpus: Corpus,
    *,
    label_errors: bool = True,
    advance: Callable[[int], None] | None = None,
) -> Review:
    """Look a corpus over: the most trusted reading of each article; rules hold for all readings.

    Where label errors are sought, near-duplicates and articles of one `meta.story` are left out together, so
    that copies do not vouch for each other. Raises what `find_label_errors` raises, GW290 for the project's
    rule.
    """
    inconsistent = inconsistencies(corpus.articles, corpus.schema, corpus.registries)
    checks = check_articles(corpus.articles, corpus.schema, corpus.registries)
    doubted = None
    if label_errors:
        doubted = find_label_errors(
            corpus.articles,
            corpus.project.language,
            layers=list(corpus.schema.layers),
            groups=_told_alike(corpus),
            advance=advance,
        )
    return Review(inconsistent, doubted, checks)


def _told_alike(corpus: Corpus) -> dict[str, str]:
    """Each document with the first of those that tell the same: near-duplicates, or articles of one story.

    Events do not count: two articles about one of them are told in words of their own.
    """
    ties = find_ties(corpus.articles, None, project_rule(corpus.project))
    groups = components([article.document.id for article in corpus.articles], ties)
    return {name: group[0] for group in groups for name in group}


def write_review(
    path: Path, corpus: Corpus, result: Review, *, links: Mapping[str, str] | None = None
) -> None:
    """Write the page. `links` gives the address of each document's task, where there is one."""
    titles: dict[str, str] = {}
    places: dict[str, int] = {}
    statuses = StatusCounts()
    for place, article in enumerate(corpus.articles):
        titles[article.document.id], places[article.document.id] = page_data.title_of(article), place
        if (annotation := curated(article.annotations)) is not None:
            statuses.add(annotation)
    known = dict(links or {})
    label_errors = result.label_errors
    rows: list[dict[str, Any]] = []
    shown: Counter[str] = Counter()
    for error in label_errors.errors if label_errors is not None else ():
        row: dict[str, Any] = {"error": error}
        if shown[error.kind] < SHOWN:
            text = corpus.articles[places[error.document]].document.text
            before, words, after = context(text, error.start, error.end)
            row |= {"before": before, "words": words, "after": after}
        shown[error.kind] += 1
        rows.append(row)
    numbers = page_data.label_numbers(corpus.schema)
    static = resources.files("goldwire.corpus.browse").joinpath("static")
    page = render_page(
        page_templates("goldwire.corpus.browse").get_template("review.html.j2"),
        name=corpus.project.name,
        version=corpus.version,
        schema=corpus.schema,
        language=corpus.project.language,
        generator=__version__,
        status=statuses.in_words(),
        draft=statuses.draft,
        local=redistribution(corpus.project).withholds(corpus.articles),
        css=static.joinpath("site.css").read_text(encoding="utf-8") + page_data.label_css(corpus.schema),
        kinds=KINDS,
        groups={
            kind: [inconsistency for inconsistency in result.inconsistencies if inconsistency.kind == kind]
            for kind in KINDS
            if result.by_kind[kind]
        },
        label_errors=label_errors,
        error_rows={kind: [row for row in rows if row["error"].kind == kind] for kind in ERROR_KINDS},
        error_kinds=ERROR_KINDS,
        faults=[(fault, _document(fault.where, titles)) for fault in result.checks.faults],
        rules=RULES,
        links=known,
        titles=titles,
        numbers=numbers,
        classes=page_data.mark_classes(corpus.schema),
        shown=SHOWN,
        uses=USES,
    )
    write_text(path, page)


def _document(where: str, titles: Mapping[str, str]) -> str:
    """The document that a fault's place, `annotator/document $.…`, names; empty where it names none."""
    name = where.split(" ", 1)[0]
    while (name := name.partition("/")[2]) and name not in titles:
        pass
    return name
