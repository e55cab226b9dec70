"""Agreement between two or more readings of the same documents.

Detection and labelling are shown apart: whether the readings marked the same places, and, where they did,
whether they said the same of them. With more than two annotators counts are pooled over all pairs of them;
coefficients that know any number of readers take all at once. Intervals resample documents (all articles of
one story together), all pairs of a document together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from goldwire.errors import GoldwireError, one_of
from goldwire.eval.agreement.pairwise import Extent, ReadingPair, compare_readings
from goldwire.eval.agreement.results import Agreement, Comparison
from goldwire.eval.scoring.notes import few_warnings, known_layers
from goldwire.eval.scoring.pairing import stories
from goldwire.figures import number
from goldwire.model import Annotation, Article, unfinished
from goldwire.schemas import Schema

#: From this exact F1 on, over this many spans, two machine readings are suspiciously alike: people who
#: read apart rarely reach it in named entities, and never in events.
ALIKE, ENOUGH = 0.97, 30
UNSUBMITTED = "a draft, not submitted"


def agree(
    articles: Sequence[Article],
    *,
    annotators: Sequence[str] | None = None,
    layers: Sequence[str] | None = None,
    schema: Schema | None = None,
    resamples: int = 1000,
    seed: int = 0,
    extent: Extent = "matching",
    drafts: bool = False,
) -> Agreement:
    """Compare the readings of each document by every two annotators.

    Adjudicated annotations rest on the others and are left out, as are skipped ones and, unless `drafts`,
    what people have not submitted; naming `annotators` takes exactly those. With a `schema` an
    absent attribute means its default. `extent` is `matching` for F1 and what is said of matched spans,
    `coefficients` for heads, identity, κ, α and uα too, `all` with γ.
    Raises GW507 where no document has two readings, GW505 for a layer and GW509 for an annotator that does
    not occur.
    """
    chosen, left_out = _choose(articles, annotators, drafts=drafts)
    rows = [
        ReadingPair(article.document, first, second)
        for article, readings in zip(articles, chosen, strict=True)
        for first, second in combinations(sorted(readings, key=lambda a: a.annotator), 2)
    ]
    if not rows:
        counted = sorted({a.annotator for readings in chosen for a in readings})
        message = f"no document has two readings; annotators: {', '.join(counted) or 'none'}"
        hint = "agreement needs two annotators of one document"
        if any(UNSUBMITTED in line for line in left_out):
            message += f"; left out: {', '.join(line for line in left_out if UNSUBMITTED in line)}"
            hint += "; --drafts takes in what is not submitted"
        raise GoldwireError.of("GW507", message, hint=hint)
    present = sorted({span.layer for row in rows for side in row.sides for span in side.spans})
    wanted = present if layers is None else list(dict.fromkeys(layers))
    known_layers(wanted, present)
    used = {(row.name, side.annotator): side for row in rows for side in row.sides}
    described = _describe(list(used.values()))
    read = [article.document for article, readings in zip(articles, chosen, strict=True) if len(readings) > 1]
    groups = stories(read)
    story = dict(zip((d.id for d in read), groups or (d.id for d in read), strict=True))
    pairs = sorted({row.pair for row in rows})
    # γ of every two annotators by themselves would only repeat what γ of all says, at a price.
    some: Extent = "coefficients" if extent == "all" else extent
    between = [
        compare_readings(
            [row for row in rows if row.pair == pair], wanted, schema, story, resamples, seed, some
        )
        for pair in (pairs if len(pairs) > 1 else [])
    ]
    pooled = compare_readings(rows, wanted, schema, story, resamples, seed, extent)
    few = few_warnings(len(set(story.values())), grouped=groups is not None)
    return Agreement(
        what=_in_words(described),
        annotators=described,
        pooled=pooled,
        between=between,
        left_out=left_out,
        warnings=few + _reading_warnings(described) + _too_close(pooled, described),
    )


def layers_read_twice(articles: Sequence[Article]) -> set[str]:
    """The layers that have a span in some document of which `agree` takes two readings."""
    chosen, _ = _choose(articles, None)
    return {
        span.layer
        for readings in chosen
        if len(readings) > 1
        for annotation in readings
        for span in annotation.spans
    }


def _choose(
    articles: Sequence[Article], annotators: Sequence[str] | None, *, drafts: bool = False
) -> tuple[list[list[Annotation]], list[str]]:
    """The annotations of each article that are compared, and what was left out."""
    known = {annotation.annotator for article in articles for annotation in article.annotations}
    for name in annotators or ():
        if name not in known:
            raise GoldwireError.of("GW509", f"there is no annotator `{name}`", hint=one_of(known))
    out: dict[str, int] = {}
    chosen: list[list[Annotation]] = []
    for article in articles:
        compared = []
        for annotation in article.annotations:
            reason = ""
            if annotators is not None:
                reason = "" if annotation.annotator in annotators else "not asked for"
            elif annotation.status == "skipped":
                reason = "skipped"
            elif _rests_on_others(annotation):
                reason = "adjudicated, so it rests on the others"
            elif unfinished(annotation) and not drafts:
                reason = UNSUBMITTED
            if reason:
                name = f"{annotation.annotator}: {reason}"
                out[name] = out.get(name, 0) + 1
            else:
                compared.append(annotation)
        chosen.append(compared)
    return chosen, [f"{name} ({count} document(s))" for name, count in sorted(out.items())]


def _rests_on_others(annotation: Annotation) -> bool:
    marks = {name for span in annotation.spans for name in span.marked_by}
    marks |= {name for relation in annotation.relations for name in relation.marked_by}
    marks |= set(annotation.provenance.based_on)
    return annotation.status == "adjudicated" or bool(marks - {annotation.annotator})


def _too_close(pooled: Comparison, described: Sequence[dict[str, Any]]) -> list[str]:
    """A warning where machines agree more than people ever do: one may have seen the other, or one source."""
    if any("human" in a["kinds"] for a in described):
        return []
    close = []
    for name, layer in pooled.layers.items():
        counts = layer.counts["exact"].total()
        if counts.f1 is not None and counts.f1 >= ALIKE and min(counts.support, counts.predicted) >= ENOUGH:
            close.append(f"`{name}` {number(counts.f1)}")
    if not close:
        return []
    listed = ", ".join(close)
    return [
        f"exact F1 of {listed}: people who read apart do not come so close; "
        "make sure that the readings are independent before taking this for reliability"
    ]


def _describe(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """What is known of each annotator."""
    by_name: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        by_name.setdefault(annotation.annotator, []).append(annotation)
    return [
        {
            "name": name,
            "kinds": sorted({a.provenance.kind for a in theirs}),
            "made_by": sorted({f"{a.provenance.name} {a.provenance.version}".strip() for a in theirs} - {""}),
            "statuses": sorted({a.status for a in theirs}),
            "schemas": sorted({a.schema for a in theirs}),
            "documents": len(theirs),
            "seen_predictions": any(a.provenance.seen_predictions for a in theirs),
        }
        for name, theirs in sorted(by_name.items())
    ]


def _in_words(described: Sequence[dict[str, Any]]) -> str:
    """One sentence or two on who was compared, so that neither machines nor what nobody knows are taken for
    people."""
    unknown = [a for a in described if "unknown" in a["kinds"]]
    machines = [a for a in described if not {"human", "unknown"} & set(a["kinds"])]
    people = [a for a in described if a["kinds"] == ["human"]]
    number = "two" if len(described) == 2 else str(len(described))
    listed = ", ".join(f"{a['name']} ({', '.join(a['statuses'])})" for a in described)
    if unknown:
        names = ", ".join(a["name"] for a in unknown)
        tail = (
            f"Whether a person or a machine made those of {names} is not recorded: this can't be called "
            "agreement between people."
        )
        who = "unknown annotators" if len(unknown) == len(described) else "known and unknown annotators"
        return f"Agreement between {number} readings by {who}: {listed}. {tail}"
    if len(machines) == len(described):
        tail = "No person has marked anything here: it says nothing of how far people agree."
        return f"Agreement between {number} machine-drafted readings: {listed}. {tail}"
    if len(people) == len(described):
        return f"Agreement between {number} human annotators: {listed}."
    tail = "Machines took part: this is not agreement between people."
    return f"Agreement between {number} readings by people and machines: {listed}. {tail}"


def _reading_warnings(described: Sequence[dict[str, Any]]) -> list[str]:
    """What in the readings' own history speaks against calling it agreement."""
    warnings = [
        f"{a['name']} was shown predictions: read these figures as an edit rate, not as agreement"
        for a in described
        if a["seen_predictions"]
    ]
    schemas = sorted({schema for a in described for schema in a["schemas"]})
    if len(schemas) > 1:
        warnings.append(f"the readings follow different schemas: {', '.join(schemas)}")
    return warnings
