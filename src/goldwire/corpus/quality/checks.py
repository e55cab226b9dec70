"""What a reading must satisfy: the schema's rules over annotated articles, each with its own code."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from goldwire.annotations import rules
from goldwire.annotations.countries import is_country
from goldwire.annotations.fit import end_faults, given_faults, value_faults
from goldwire.annotations.spool import ArticleSpool
from goldwire.annotations.stats import readings
from goldwire.annotations.store import project_articles
from goldwire.annotations.values import value_problem
from goldwire.corpus.split.leaks import leaks
from goldwire.errors import Fault, one_of
from goldwire.formats.jsonl import own_jsonl
from goldwire.model import Annotation, Article, AttributeValue, Relation, Span, pairs
from goldwire.number_format import amount, counted
from goldwire.project import Project
from goldwire.schemas import Attribute, Schema, load_schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.schema import RegistryEntry
from goldwire.table import Column, Figures, Table
from goldwire.text import is_unspaced

Registries = Mapping[str, Mapping[str, RegistryEntry]]

_ZWJ = "\u200d"
_KEPT = 50_000  # spans in order that are known again by what they say


@dataclass(frozen=True, repr=False)
class CheckResult(Figures):
    """What was checked and what was found.

    `faults` decide; those in `others` are of annotations that were to be looked at, not to decide.
    """

    documents: int
    annotations: int
    spans: int
    relations: int
    faults: list[Fault] = field(default_factory=list)
    others: list[Fault] = field(default_factory=list)

    def __repr__(self) -> str:
        checked = f"{counted(self.documents, 'document')}, {counted(self.annotations, 'annotation')}"
        broken = f"{amount(len(self.faults))} places break a rule" if self.faults else "no rule broken"
        return f"<CheckResult: {checked}, {broken}>"

    @property
    def by_code(self) -> dict[str, int]:
        """The number of faults of each rule that was broken."""
        return dict(sorted(Counter(fault.code for fault in self.faults).items()))

    def tables(self) -> list[Table]:
        """`rules`: how often each is broken; `faults`: where."""
        rules_broken = [(f"{code}  {rules.RULES[code]}", number) for code, number in self.by_code.items()]
        columns = tuple(map(Column, ("code", "where", "what", "what to do")))
        faults = [(fault.code, fault.where, fault.message, fault.hint) for fault in self.faults]
        return [
            Table("rules", "rules", (Column("rule"), Column("broken", "amount")), rules_broken),
            Table("faults", "faults", columns, faults),
        ]

    def as_json(self) -> dict[str, Any]:
        """Counts and faults, for JSON."""
        return {**asdict(self), "by_code": self.by_code}


def check_articles(
    articles: Sequence[Article],
    schema: Schema,
    registries: Registries | None = None,
    *,
    only_curated: bool = False,
) -> CheckResult:
    """Hold all annotations, or each document's most trusted one, against the schema's rules and registries.

    Offsets, ids and ends of relations must be sound already: reading sees to that (GW203 to GW206). Ids are
    looked up only in registries that are given. A registry holds an id once, so that all its mentions share
    one country.
    """
    registries = registries or {}
    book = RuleBook(schema, registries)
    faults = list(_registry_faults(schema, registries))
    annotations = spans = relations = 0
    families: dict[tuple[str, str, str, str], str] = {}
    odd: set[tuple[str, str, str, str]] = set()
    for article in articles:
        for annotation in readings(article, only_curated=only_curated):
            annotations += 1
            spans += len(annotation.spans)
            relations += len(annotation.relations)
            faults.extend(book.faults(annotation, article.document.text))
            for number, name, value in shared_ids(annotation, schema):
                span = annotation.spans[number]
                key = (annotation.annotator, span.layer, name, value)
                family = schema.family(span.layer, span.label)
                if families.setdefault(key, family) != family:
                    odd.add(key)
    if odd:  # where each of their mentions is, which nobody asks of the others
        faults.extend(family_faults(_id_uses(articles, schema, odd, only_curated)))
    return CheckResult(len(articles), annotations, spans, relations, faults)


def _id_uses(
    articles: Iterable[Article],
    schema: Schema,
    keys: Container[tuple[str, str, str, str]],
    only_curated: bool,
) -> Iterator[IdUse]:
    """The mentions of some ids, named by annotator, layer, attribute and id."""
    for article in articles:
        for annotation in readings(article, only_curated=only_curated):
            for number, name, value in shared_ids(annotation, schema):
                span = annotation.spans[number]
                if (annotation.annotator, span.layer, name, value) in keys:
                    head = f"{annotation.annotator}/{annotation.document}"
                    at = span_place(head, number, article.document.text[span.start : span.end])
                    family = schema.family(span.layer, span.label)
                    yield IdUse(annotation.annotator, span.layer, name, value, family, f"{at} {span.label}")


class RuleBook:
    """The rules of a schema, laid out by layer and label: what many annotations are held against."""

    def __init__(self, schema: Schema, registries: Registries) -> None:
        self.schema, self.registries = schema, registries
        labels = [(name, label) for name, layer in schema.layers.items() for label in layer.labels]
        self.known = frozenset(labels)
        #: The attributes that a span must bear.
        self.required = {
            (layer, label): [
                (name, attribute)
                for name, attribute in schema.layers[layer].attributes.items()
                if attribute.required_for(label)
            ]
            for layer, label in labels
        }
        #: The relations from a span that are to have a certain number.
        self.counted = {
            (layer, label): [
                (name, kind)
                for name, kind in schema.relations.items()
                if (kind.min or kind.max is not None) and any(end.admits(layer, label) for end in kind.head)
            ]
            for layer, label in labels
        }
        self.checks = {label: [each for each in schema.checks if label in each.labels] for _, label in labels}
        #: Layers and labels of which something of that is asked.
        self.counting = frozenset(key for key in labels if self.counted[key] or self.checks[key[1]])
        #: What was held against the rules and is in order: a value on spans of a label, a relation's ends.
        self.sound: set[tuple[str, ...]] = set()
        #: Layer, label and attributes of spans that were found to be in order.
        self._sound_spans: set[tuple[object, ...]] = set()

    def is_sound(self, span: Span) -> bool:
        """Whether a span of this label with these very attributes was found to be in order."""
        try:
            return (span.layer, span.label, *span.attributes.items()) in self._sound_spans
        except TypeError:  # a list is among the values
            return False

    def found_sound(self, span: Span) -> None:
        """Keep what a span says for those after it that say the same; of very many no more are kept."""
        if len(self._sound_spans) < _KEPT:
            with suppress(TypeError):
                self._sound_spans.add((span.layer, span.label, *span.attributes.items()))

    def faults(self, annotation: Annotation, text: str) -> list[Fault]:
        """The faults of one annotation by itself, as `check_articles` has them; `text` is its document's."""
        return list(_Checker(annotation, text, self).faults())


@dataclass(frozen=True, slots=True)
class IdUse:
    """An id that asks for one label family, on a span of `family`; `where` is the span's place."""

    annotator: str
    layer: str
    attribute: str
    id: str
    family: str
    where: str


def shared_ids(annotation: Annotation, schema: Schema) -> Iterator[tuple[int, str, str]]:
    """The ids that ask for one label family: the span's number, the attribute and the id."""
    shared = {
        key: (layer.labels, names)
        for key, layer in schema.layers.items()
        if (names := [name for name, attribute in layer.attributes.items() if attribute.same_family])
    }
    for number, span in enumerate(annotation.spans):
        if span.attributes and span.layer in shared:
            labels, names = shared[span.layer]
            for name in names if span.label in labels else ():
                value = span.attributes.get(name)
                if isinstance(value, str):
                    yield number, name, value


def span_place(head: str, number: int, words: str) -> str:
    """Where a fault says a span is: `annotator/document $.spans[3] «words»`, cut where they are long."""
    return f"{head} $.spans[{number}] {_quoted(words)}"


def _quoted(words: str) -> str:
    text = words.replace("\n", "↵")
    return f"«{text if len(text) <= 50 else text[:50] + '…'}»"


def run_checks(
    project: Project,
    *,
    file: Path | None = None,
    schema_path: Path | None = None,
    split: Path | None = None,
    only_curated: bool = False,
) -> CheckResult:
    """Check the project's stored annotations, or a JSON Lines file's, against its schema or another.

    The project's split, another one, and the one that documents bring in `meta.split` are searched for leaks.
    With `only_curated` the faults of each document's most trusted annotation decide, and those that only the
    other annotations have stand apart.
    """
    path = schema_path or project.schema_path
    schema = load_schema(path)
    articles = ArticleSpool(own_jsonl(file)) if file is not None else project_articles(project)
    registries = load_registries(schema, path)
    result = check_articles(articles, schema, registries)
    if only_curated:
        decisive = check_articles(articles, schema, registries, only_curated=True).faults
        deciding = set(decisive)
        result.others.extend(fault for fault in result.faults if fault not in deciding)
        result.faults[:] = decisive
    result.faults.extend(leaks(project, articles, schema, stored=file is None, path=split))
    return result


def plain_edges(text: str, start: int, end: int) -> bool:
    """Whether an extent's edges are surely in order: in ASCII, no white space inside, no word cut.

    Quick, for what nearly all extents are; of others nothing is said. Extents within the text alone.
    """
    before, after = text[start - 1 : start + 1] if start else text[:1], text[end - 1 : end + 1]
    if not (before.isascii() and after.isascii()):
        return False
    if (start and before.isalnum()) or (len(after) == 2 and after.isalnum()):
        return False
    return not (before[-1].isspace() or after[0].isspace())


def inside_word(text: str, offset: int) -> bool:
    """Whether the boundary before the code point `offset` cuts a word, or a character of several code points.

    It does where letters, digits or combining marks stand on both sides: hyphen and apostrophe end a word. In
    scripts without spaces words have no edges that could be told.
    """
    if not 0 < offset < len(text):
        return False
    before, after = text[offset - 1], text[offset]
    if before.isascii() and after.isascii():
        return before.isalnum() and after.isalnum()
    if after == _ZWJ or before == _ZWJ or _mark(after):
        return True
    if is_unspaced(before) or is_unspaced(after):
        return False
    return (before.isalnum() or _mark(before)) and after.isalnum()


def _mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


@dataclass(frozen=True)
class _Checker:
    """One annotation against the schema."""

    annotation: Annotation
    text: str
    book: RuleBook

    @property
    def schema(self) -> Schema:
        """What it is held against."""
        return self.book.schema

    def where(self, number: int) -> str:
        """`annotator/document $.spans[3] «text»`."""
        span = self.annotation.spans[number]
        return span_place(self.head, number, self.text[span.start : span.end])

    @property
    def head(self) -> str:
        """`annotator/document`."""
        return f"{self.annotation.annotator}/{self.annotation.document}"

    def shown(self, span: Span) -> str:
        """The span's text on one line, cut where it is long."""
        return _quoted(self.text[span.start : span.end])

    def arrow(self, number: int) -> str:
        """`annotator/document $.relations[3] LABEL: «text» → «text»`."""
        relation = self.annotation.relations[number]
        ends = {span.id: span for span in self.annotation.spans}
        shown = f"{self.shown(ends[relation.head])} → {self.shown(ends[relation.tail])}"
        return f"{self.head} $.relations[{number}] {relation.label}: {shown}"

    def known(self, span: Span) -> bool:
        """Whether the schema has the span's layer and label."""
        return (span.layer, span.label) in self.book.known

    def faults(self) -> Iterator[Fault]:
        """All faults, spans first."""
        if self.annotation.schema != self.schema.id:
            message = f"made with `{self.annotation.schema}`, held against `{self.schema.id}`"
            yield Fault(
                rules.SCHEMA, message, self.head, "bring it to the new schema: goldwire schema migrate"
            )
        first_with: dict[tuple[str, str, int, int], str] = {}
        for number, span in enumerate(self.annotation.spans):
            known = (span.layer, span.label) in self.book.known
            if not known:
                yield from self.label_faults(span, self.where(number))
            if not plain_edges(self.text, span.start, span.end):
                yield from self.extent_faults(span, number)
            key = (span.layer, span.label, span.start, span.end)
            if key in first_with:
                hint = f"span `{first_with[key]}` marks the same extent; remove one of them"
                yield Fault(rules.SAME_SPAN, f"marked {span.label} twice", self.where(number), hint)
            else:
                first_with[key] = span.id
            if known and not self.book.is_sound(span):
                faults = list(self.attribute_faults(span, number))
                yield from faults
                if not faults:
                    self.book.found_sound(span)
        yield from self.relation_faults()
        yield from self.count_faults()

    def label_faults(self, span: Span, at: str) -> Iterator[Fault]:
        """Layers and labels that the schema does not have."""
        if span.layer not in self.schema.layers:
            yield Fault(rules.LAYER, f"unknown layer `{span.layer}`", at, one_of(self.schema.layers))
        elif not self.known(span):
            hint = one_of(self.schema.labels(span.layer))
            yield Fault(rules.LABEL, f"layer `{span.layer}` has no label `{span.label}`", at, hint)

    def extent_faults(self, span: Span, number: int) -> Iterator[Fault]:
        """Ends in white space or inside a word."""
        text, flag = self.text, self.schema.word_part
        for side, offset in (("begins", span.start), ("ends", span.end - 1)):
            if text[offset].isspace():
                yield Fault(rules.SPACE, f"{side} in white space", self.where(number), "leave it outside")
        if flag and span.attributes.get(flag):
            return
        for side, offset in (("begins", span.start), ("ends", span.end)):
            if inside_word(text, offset):
                around = f"«{text[max(offset - 8, 0) : offset]}|{text[offset : offset + 8]}»".replace(
                    "\n", "↵"
                )
                hint = f"take the whole word, or set `{flag}`" if flag else "take the whole word"
                yield Fault(rules.WORD, f"{side} inside a word: {around}", self.where(number), hint)

    def attribute_faults(self, span: Span, number: int) -> Iterator[Fault]:
        """Attributes: known, allowed for the label, of the right kind, registered, there where required."""
        for name, value in span.attributes.items():
            if not isinstance(value, str):
                yield from self.value_faults(span, name, value, number)
            elif (key := (span.layer, span.label, name, value)) not in self.book.sound:
                faults = list(self.value_faults(span, name, value, number))
                yield from faults
                if not faults:
                    self.book.sound.add(key)
        for name, attribute in self.book.required[span.layer, span.label]:
            if not (span.attributes.get(name) or attribute.default_for(span.label, span.attributes)):
                message, hint = f"{span.label} lacks `{name}`", f"{attribute.title}: say it"
                yield Fault(rules.REQUIRED, message, self.where(number), hint)

    def value_faults(self, span: Span, name: str, value: AttributeValue, number: int) -> Iterator[Fault]:
        """What speaks against one attribute's value."""
        attributes = self.schema.layers[span.layer].attributes
        attribute = attributes.get(name)
        if attribute is None:
            message = f"layer `{span.layer}` has no attribute `{name}`"
            yield Fault(rules.ATTRIBUTE, message, self.where(number), one_of(attributes))
            return
        faults = list(value_faults(span, name, value, attribute, self.where(number)))
        yield from faults
        if attribute.registry is not None and not any(fault.code == rules.VALUE for fault in faults):
            yield from self.registered(span, name, attribute, str(value), number)

    def registered(
        self, span: Span, name: str, attribute: Attribute, value: str, number: int
    ) -> Iterator[Fault]:
        """An id that its registry does not hold, or holds for things of another label."""
        registry = self.book.registries.get(attribute.registry or "")
        if registry is None:
            return
        entry = registry.get(value)
        if entry is None:
            hint = "goldwire registry review adds it, or says that it is one that is there"
            message = f"`{name}`: no `{value}` in the registry"
            yield Fault(rules.REGISTERED, message, self.where(number), hint)
            return
        labels = self.schema.labels(span.layer)
        families = {self.schema.family(span.layer, label) for label in entry.labels if label in labels}
        if families and self.schema.family(span.layer, span.label) not in families:
            hint = f"the registry says {', '.join(entry.labels)}"
            yield Fault(rules.ENTRY_LABEL, f"`{value}` is marked {span.label}", self.where(number), hint)

    def relation_faults(self) -> Iterator[Fault]:
        """Relations: known, between allowed ends, not to themselves, not twice."""
        by_id = {span.id: span for span in self.annotation.spans}
        keys: set[tuple[str, str, str]] = set()
        for number, relation in enumerate(self.annotation.relations):
            head, tail = by_id[relation.head], by_id[relation.tail]
            if relation.label not in self.schema.relations:
                hint = one_of(self.schema.relations)
                yield Fault(rules.RELATION, f"unknown relation `{relation.label}`", self.arrow(number), hint)
            else:
                yield from self.end_faults(relation, head, tail, number)
            if head.id == tail.id:
                yield Fault(rules.LOOP, "goes from a span to itself", self.arrow(number), "remove it")
            key = (relation.label, relation.head, relation.tail)
            if key in keys:
                yield Fault(rules.SAME_RELATION, "stands twice", self.arrow(number), "remove one of them")
            keys.add(key)

    def end_faults(self, relation: Relation, head: Span, tail: Span, number: int) -> Iterator[Fault]:
        """Ends that the relation does not allow."""
        key = (relation.label, head.layer, head.label, tail.layer, tail.label)
        if key not in self.book.sound:
            faults = list(end_faults(self.schema, relation, head, tail, self.arrow(number)))
            yield from faults
            if not faults:
                self.book.sound.add(key)
        yield from given_faults(self.schema, relation, head, self.arrow(number))

    def count_faults(self) -> Iterator[Fault]:
        """Spans with too few or too many relations, or without one that the schema's checks demand."""
        counts: Counter[tuple[str, str]] = Counter()
        for relation, head, _ in pairs(self.annotation):
            counts[head.id, relation.label] += 1
        for number, span in enumerate(self.annotation.spans):
            if (span.layer, span.label) not in self.book.counting:
                continue
            for name, kind in self.book.counted[span.layer, span.label]:
                count = counts[span.id, name]
                if count < kind.min or (kind.max is not None and count > kind.max):
                    wanted = f"exactly {kind.min}" if kind.min == kind.max else f"at least {kind.min}"
                    if count > kind.min:
                        wanted = f"at most {kind.max}" if kind.min != kind.max else wanted
                    message = f"{span.label} has {count} `{name}`, {wanted} wanted"
                    yield Fault(rules.NUMBER, message, self.where(number), kind.name)
            for check in self.book.checks[span.label]:
                if counts[span.id, check.relation]:
                    continue
                if not (check.unless and span.attributes.get(check.unless)):
                    hint = f"add it, or set `{check.unless}`" if check.unless else "add it"
                    yield Fault(
                        rules.CONDITION, f"{span.label} lacks `{check.relation}`", self.where(number), hint
                    )


def family_faults(uses: Iterable[IdUse]) -> Iterator[Fault]:
    """Ids that one annotator gave to things of several families, in one document or in many.

    The families other than the most frequent one are named. Two annotators may disagree on a label: that is
    for adjudication, not a fault.
    """
    by_id: dict[tuple[str, str, str, str], list[IdUse]] = defaultdict(list)
    for use in uses:
        by_id[use.annotator, use.layer, use.attribute, use.id].append(use)
    for (_, _, name, value), bearers in by_id.items():
        families = Counter(use.family for use in bearers)
        if len(families) < 2:
            continue
        usual = families.most_common(1)[0][0]
        for use in bearers:
            if use.family != usual:
                message = f"`{name}` {value} is a {use.family} here, a {usual} {families[usual]} times"
                hint = "one id names one thing: mend the label or the id"
                yield Fault(rules.FAMILY, message, use.where, hint)


def _registry_faults(schema: Schema, registries: Registries) -> Iterator[Fault]:
    """Registry entries that name a label the schema lacks, or no country code."""
    labels = {label for layer in schema.layers.values() for label in layer.labels}
    for name, registry in registries.items():
        for entry in registry.values():
            at = f"{schema.registries.get(name, name)} {entry.id}"
            for label in entry.labels:
                if label not in labels:
                    yield Fault(rules.ENTRY, f"unknown label `{label}`", at, one_of(labels))
            if entry.country and not is_country(entry.country):
                hint = "ISO 3166-1 alpha-3, as FRA, DEU, GBR, or nothing"
                yield Fault(rules.ENTRY, f"`{entry.country}` is no country code", at, hint)
    for layer in schema.layers.values():
        for name, attribute in layer.attributes.items():
            taken = layer.attributes.get(attribute.taken_from)
            giving = (taken.registry or "") if taken is not None else ""
            for entry in registries.get(giving, {}).values():
                if name in entry.unplain:
                    at = f"{schema.registries.get(giving, giving)} {entry.id}"
                    message = f"`{name}` is no single text or number: nothing is taken from it"
                    yield Fault(rules.ENTRY, message, at, "one value, or say it on the spans")
            for key, value in attribute.by_id.items():
                source = layer.attributes[attribute.taken_from].registry or ""
                if name != "country" and (problem := value_problem(attribute, value)):
                    at = f"{schema.registries.get(source, source)} {key}"
                    yield Fault(rules.ENTRY, f"`{name}`: {problem[0]}", at, problem[1])
