"""Agreement between two or more readings of the same documents.

Detection and labelling are shown apart: whether the readings marked the same places, and, where they did,
whether they said the same of them. With more than two annotators counts are pooled over all pairs of them;
coefficients that know any number of readers take all at once. Intervals resample documents (all articles of
one story together), all pairs of a document together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from goldwire.errors import GoldwireError, one_of
from goldwire.eval.agreement.agreement_figures import Agreement, Comparison
from goldwire.eval.agreement.coefficients import tokens_of
from goldwire.eval.agreement.pairwise import ComparedReadings, Extent, ReadingCounts, ReadingPair
from goldwire.eval.scoring.alignment import standing_twice
from goldwire.eval.scoring.notes import few_warnings, known_layers
from goldwire.eval.scoring.pairing import stories
from goldwire.model import Annotation, Article, Document, unfinished
from goldwire.number_format import number
from goldwire.schemas import Schema

#: From this exact F1 on, over this many spans, two machine readings are suspiciously alike: people who
#: read apart rarely reach it in named entities, and never in events.
ALIKE, ENOUGH = 0.97, 30
#: So many documents are compared at a time.
BATCH = 200
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
    batch: int = BATCH,
) -> Agreement:
    """Compare the readings of each document by every two annotators.

    Adjudicated annotations rest on the others and are left out, as are skipped ones and, unless `drafts`,
    what people have not submitted; naming `annotators` takes exactly those. With a `schema` an
    absent attribute means its default. `extent` is `matching` for F1 and what is said of matched spans,
    `coefficients` for heads, identity, κ, α and uα too, `all` with γ. The articles are gone through twice, as
    many documents at a time as `batch` says, which changes no figure: of a sequence that reads them from disk
    no more is held than counts, ids and units.
    Raises GW507 where no document has two readings, GW505 for a layer and GW509 for an annotator that does
    not occur, GW742 where a document with two readings stands twice.
    """
    read = _Read(articles, annotators, drafts=drafts)
    if not read.every.rows:
        message = f"no document has two readings; annotators: {', '.join(sorted(read.counted)) or 'none'}"
        hint = "agreement needs two annotators of one document"
        if any(UNSUBMITTED in line for line in read.left_out):
            message += f"; left out: {', '.join(line for line in read.left_out if UNSUBMITTED in line)}"
            hint += "; --drafts takes in what is not submitted"
        raise GoldwireError.of("GW507", message, hint=hint)
    present = sorted(read.every.labels)
    wanted = present if layers is None else list(dict.fromkeys(layers))
    known_layers(wanted, present)
    described = read.described()
    groups = stories(read.documents)
    story = dict(zip((d.id for d in read.documents), groups or (d.id for d in read.documents), strict=True))
    pooled = ReadingCounts(read.every, wanted, schema, extent)
    # γ of every two annotators by themselves would only repeat what γ of all says, at a price.
    layer_extent: Extent = "coefficients" if extent == "all" else extent
    between = {
        pair: ReadingCounts(compared, wanted, schema, layer_extent)
        for pair, compared in (sorted(read.by_pair.items()) if len(read.by_pair) > 1 else [])
    }
    for rows in read.batches(batch):
        tokens = {row.name: tokens_of(row.document.text) for row in rows} if extent != "matching" else {}
        pooled.add(rows, tokens)
        for pair, counts in between.items():
            counts.add([row for row in rows if row.pair == pair], tokens)
    pooled_figures = pooled.comparison(story, resamples, seed)
    few = few_warnings(len(set(story.values())), grouped=groups is not None)
    return Agreement(
        what=_in_words(described),
        annotators=described,
        pooled=pooled_figures,
        between=[counts.comparison(story, resamples, seed) for counts in between.values()],
        left_out=read.left_out,
        warnings=few + _reading_warnings(described) + _too_close(pooled_figures, described),
    )


class _Read:
    """What is read twice, once looked through: who compared what, and what was left out.

    Raises GW509 where one of the `annotators` does not occur, GW742 where a document with two readings stands
    twice.
    """

    def __init__(
        self, articles: Sequence[Article], annotators: Sequence[str] | None, *, drafts: bool
    ) -> None:
        self._articles, self._annotators, self._drafts = articles, annotators, drafts
        self.every = ComparedReadings()
        self.by_pair: dict[tuple[str, str], ComparedReadings] = defaultdict(ComparedReadings)
        #: Of the documents with two readings what says which belong together.
        self.documents: list[Document] = []
        self.counted: set[str] = set()
        #: By annotator what their readings say of themselves, and how many these are.
        self._known: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._documents: Counter[str] = Counter()
        self._shown: set[str] = set()
        known: set[str] = set()
        out: Counter[str] = Counter()
        for article in articles:
            known |= {annotation.annotator for annotation in article.annotations}
            compared, reasons = _chosen(article, annotators, drafts=drafts)
            out.update(reasons)
            self.counted |= {annotation.annotator for annotation in compared}
            if len(compared) > 1:
                self._take(article.document, compared)
        for name in annotators or ():
            if name not in known:
                raise GoldwireError.of("GW509", f"there is no annotator `{name}`", hint=one_of(known))
        self.left_out = [f"{name} ({count} document(s))" for name, count in sorted(out.items())]

    def _take(self, document: Document, compared: Sequence[Annotation]) -> None:
        if document.id in self.every.documents:
            raise standing_twice([document.id], "what is compared")
        story = document.meta.get("story")
        self.documents.append(Document(document.id, "", {"story": story} if story else {}))
        rows = _pairs_of(document, compared)
        self.every.add(rows)
        for row in rows:
            self.by_pair[row.pair].add([row])
        for name, annotation in {side.annotator: side for row in rows for side in row.sides}.items():
            provenance = annotation.provenance
            known = self._known[name]
            known["kinds"].add(provenance.kind)
            known["made_by"].add(f"{provenance.name} {provenance.version}".strip())
            known["statuses"].add(annotation.status)
            known["schemas"].add(annotation.schema)
            self._documents[name] += 1
            if provenance.seen_predictions:
                self._shown.add(name)

    def described(self) -> list[dict[str, Any]]:
        """What is known of each annotator."""
        return [
            {
                "name": name,
                **{what: sorted(values) for what, values in known.items()},
                "made_by": sorted(known["made_by"] - {""}),
                "documents": self._documents[name],
                "seen_predictions": name in self._shown,
            }
            for name, known in sorted(self._known.items())
        ]

    def batches(self, size: int) -> Iterator[list[ReadingPair]]:
        """The pairs of readings of so many documents at a time."""
        rows: list[ReadingPair] = []
        documents = 0
        for article in self._articles:
            compared, _ = _chosen(article, self._annotators, drafts=self._drafts)
            if len(compared) < 2:
                continue
            rows += _pairs_of(article.document, compared)
            documents += 1
            if documents == size:
                yield rows
                rows, documents = [], 0
        if rows:
            yield rows


def _pairs_of(document: Document, compared: Sequence[Annotation]) -> list[ReadingPair]:
    ordered = sorted(compared, key=lambda annotation: annotation.annotator)
    return [ReadingPair(document, first, second) for first, second in combinations(ordered, 2)]


def layers_read_twice(articles: Sequence[Article]) -> set[str]:
    """The layers that have a span in some document of which `agree` takes two readings."""
    layers: set[str] = set()
    for article in articles:
        compared, _ = _chosen(article, None)
        if len(compared) > 1:
            layers |= {span.layer for annotation in compared for span in annotation.spans}
    return layers


def _chosen(
    article: Article, annotators: Sequence[str] | None, *, drafts: bool = False
) -> tuple[list[Annotation], list[str]]:
    """The annotations of an article that are compared, and of each of the others whose it is and why not."""
    compared, left_out = [], []
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
            left_out.append(f"{annotation.annotator}: {reason}")
        else:
            compared.append(annotation)
    return compared, left_out


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
