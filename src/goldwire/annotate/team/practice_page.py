"""One's own annotation beside the reviewed one: each difference in its sentence, with the guide's rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from goldwire.eval.counts.attributes import value_of
from goldwire.eval.matching.context import Extract, extract, sentences
from goldwire.eval.matching.spans import Pair, match
from goldwire.eval.scoring.edits import (
    ADDED,
    ATTRIBUTES,
    BOTH,
    EXTENT,
    KEPT,
    LABEL,
    REMOVED,
    edit_kind,
    relation_edits,
)
from goldwire.html.templates import page_templates, render_page
from goldwire.messages import Messages, messages_in
from goldwire.model import Annotation, Document, Relation, Span
from goldwire.schemas import Schema
from goldwire.schemas.rendering.guide import anchor
from goldwire.span_drawing import render
from goldwire.text import direction

#: Each kind by its key in the catalogues.
_KINDS = {
    REMOVED: "missed",
    ADDED: "spurious",
    LABEL: "label",
    EXTENT: "extent",
    BOTH: "both",
    ATTRIBUTES: "attribute",
}


@dataclass(frozen=True)
class GuideRule:
    """What the guide says: a definition, further lines, each with its head, and the place there."""

    key: str
    text: str
    place: str
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class MarkDifference:
    """Where the two part: `kind` is one of gold checks; `mine` and `theirs` are what each says, empty
    where it is nothing. The sentence with both marked, where it is one of spans."""

    kind: str
    mine: str
    theirs: str
    rules: tuple[GuideRule, ...]
    sentence: Extract | None = None

    @property
    def title(self) -> str:
        """The key of its kind in the catalogues."""
        return f"practice.{self.kind}"


@dataclass(frozen=True)
class Lesson:
    """What one article teaches: `right` of `reviewed` spans and relations are marked as they were."""

    document: Document
    mine: Annotation
    theirs: Annotation
    right: int
    reviewed: int
    differences: tuple[MarkDifference, ...]

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return anchor("article", self.document.id)

    @property
    def title(self) -> str:
        """The article's title."""
        return str(self.document.meta.get("title", self.document.id))


def lesson_of(document: Document, theirs: Annotation, mine: Annotation, schema: Schema) -> Lesson:
    """What a reviewed annotation (`theirs`) says to one's own (`mine`); kinds are those of gold checks."""
    teacher = _Teacher(schema, document)
    differences: list[MarkDifference] = []
    right = reviewed = 0
    partner: dict[str, str] = {}
    for layer in schema.layers:
        for pair in match(mine.layer(layer), theirs.layer(layer)):
            kind = edit_kind(pair, schema)
            reviewed += pair.pred is not None
            right += kind == KEPT
            if pair.gold and pair.pred:
                partner[pair.pred.id] = pair.gold.id
            if kind != KEPT:
                differences.append(teacher.span(pair, kind))
    kept, missed, added = relation_edits(theirs, mine, partner, set(schema.layers))
    differences += [teacher.relation(theirs, relation, "relation_missed") for relation in missed]
    differences += [teacher.relation(mine, relation, "relation_spurious") for relation in added]
    right, reviewed = right + len(kept), reviewed + len(kept) + len(missed)
    return Lesson(document, mine, theirs, right, reviewed, tuple(differences))


def practice_page(lessons: Sequence[Lesson], schema: Schema, annotator: str, guide: str) -> str:
    """The page of an annotator's practice, in the schema's language; `guide` is the address of the guide."""
    kinds = [(layer, label) for layer, about in schema.layers.items() for label in about.labels]
    colors = [schema.layers[layer].labels[label].color for layer, label in kinds]
    classes = {kind: f"g{number}" for number, kind in enumerate(kinds)}
    texts = [
        [
            render(lesson.document.text, side.spans, classes, f"{lesson.anchor}-{name}-")
            for name, side in (("mine", lesson.mine), ("theirs", lesson.theirs))
        ]
        for lesson in lessons
    ]
    return render_page(
        page_templates("goldwire.annotate.team", ".").get_template("practice.html.j2"),
        say=messages_in(schema.language),
        language=schema.language,
        direction=direction(schema.language),
        annotator=annotator,
        lessons=list(zip(lessons, texts, strict=True)),
        guide=guide,
        colors=colors,
    )


class _Teacher:
    """Says of each difference what each side has, and which rules hold there."""

    def __init__(self, schema: Schema, document: Document) -> None:
        self.schema, self.text = schema, document.text
        self.say: Messages = messages_in(schema.language)
        self.bounds = sentences(document.text)

    def span(self, pair: Pair, kind: str) -> MarkDifference:
        """A difference of spans: `gold` is one's own, `pred` the reviewed one."""
        mine, theirs = pair.gold, pair.pred
        if kind == ATTRIBUTES and mine is not None and theirs is not None:
            said = list(self.attributes(mine, theirs))
            return MarkDifference(
                _KINDS[kind],
                "; ".join(each[0] for each in said),
                "; ".join(each[1] for each in said),
                tuple(rule for each in said for rule in each[2]),
                extract(self.text, self.bounds, pair),
            )
        rules = [self.label(span, of_extent=kind == EXTENT) for span in (theirs, mine) if span is not None]
        return MarkDifference(
            _KINDS[kind],
            self.named(mine),
            self.named(theirs),
            tuple(dict.fromkeys(rules)),
            extract(self.text, self.bounds, pair),
        )

    def named(self, span: Span | None) -> str:
        """A span in words: its label and what it marks; empty for none."""
        if span is None:
            return ""
        quote = " ".join(self.text[span.start : span.end].split())
        return f"{span.label} {self.say('guidelines.quote', text=quote)}"

    def label(self, span: Span, *, of_extent: bool) -> GuideRule:
        """What the guide says of a span's label; of its extent only, where that is what differs."""
        layer = self.schema.layers[span.layer]
        label = layer.labels.get(span.label)
        if label is None:
            return GuideRule(span.label, "", anchor(span.layer))
        extent = [label.extent] if label.extent else []
        if of_extent:
            rules = layer.rules or self.schema.guidelines.rules
            more = [(self.say("guidelines.extent"), text) for text in extent]
            more = more or [(rule.title, rule.text) for rule in rules]
        else:
            more = [(self.say("guidelines.inside"), text) for text in label.include]
            more += [(self.say("guidelines.outside"), text) for text in label.exclude]
        text = self.say("config.line", title=label.name, text=label.definition.strip())
        return GuideRule(span.label, text, anchor(span.layer, span.label), tuple(more))

    def attributes(self, mine: Span, theirs: Span) -> Iterator[tuple[str, str, list[GuideRule]]]:
        """Each attribute in which two spans differ, ids aside: one's own value, the reviewed one, its
        rule."""
        for name, attribute in self.schema.layers[mine.layer].attributes.items():
            values = [value_of(span, name, attribute) for span in (mine, theirs)]
            if attribute.kind == "id" or values[0] == values[1]:
                continue
            words = []
            for value in values:
                listed = value if isinstance(value, tuple) else (value,)
                known = attribute.values
                titles = [
                    known[str(each)].title if str(each) in known else str(each)
                    for each in listed
                    if each is not None
                ]
                shown = ", ".join(titles) or self.say("practice.nothing")
                words.append(self.say("config.line", title=attribute.title, text=shown))
            more = tuple(
                (about.title, about.definition)
                for key, about in attribute.values.items()
                if about.definition and key in {v for v in values if isinstance(v, str)}
            )
            text = attribute.definition or attribute.title
            yield words[0], words[1], [GuideRule(name, text, anchor(mine.layer, name), more)]

    def relation(self, side: Annotation, relation: Relation, kind: str) -> MarkDifference:
        """A relation that one side alone has, with its ends."""
        ends = {span.id: span for span in side.spans}
        head, tail = (self.named(ends.get(end)) for end in (relation.head, relation.tail))
        words = f"{relation.label}: {head} → {tail}"
        about = self.schema.relations.get(relation.label)
        text = self.say("config.line", title=about.name, text=about.definition.strip()) if about else ""
        rule = GuideRule(relation.label, text, anchor("relation", relation.label))
        missing = kind == "relation_missed"
        return MarkDifference(kind, "" if missing else words, words if missing else "", (rule,))
