"""A CAS as an article: its document and annotator, spans, relations, slots and chains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import msgspec

from goldwire import strict_json
from goldwire.files import sha256
from goldwire.formats._escape import unescape
from goldwire.formats.cas.types import HEAD, ID, INFO, LABEL, PREFIX, REST, SENTENCE, TAIL, TOKEN
from goldwire.formats.inception.files import CURATOR, INITIAL, ExportFile
from goldwire.formats.inception.layers import DKPRO, Layers, speaks_of
from goldwire.formats.options import SCHEMA
from goldwire.model import Annotation, Article, AttributeValue, Document, Relation, Span, Status
from goldwire.text import NormalisedText

#: Who annotated where nothing says so.
ANNOTATOR = "cas"
#: What a link of a chain has: the one after it, what it is, and what joins the two.
NEXT, LINK_RELATION = "next", "referenceRelation"
_ANNOTATION, _BASE, _TOP = "uima.tcas.Annotation", "uima.cas.AnnotationBase", "uima.cas.TOP"
_DOCUMENT = "uima.tcas.DocumentAnnotation"
_METADATA = f"{DKPRO}metadata.type.DocumentMetaData"
_CAS_METADATA = "de.tudarmstadt.ukp.clarin.webanno.api.type.CASMetadata"
_STRING = "uima.cas.String"
_BARE = frozenset(("begin", "end", "sofa"))
#: INCEpTION asks for them in every document; they are no annotations.
_PLAIN = frozenset((TOKEN, SENTENCE))


def meet_layers(system: Any, layers: Layers) -> None:
    """Tell `layers` all that a type system has, with the features that may hold their labels.

    Texts of certain values only, of which dkpro-cassis knows nothing, become plain ones in `system`.
    """
    for kind in system.get_types():
        if not system.subsumes(_ANNOTATION, kind) or system.subsumes(_DOCUMENT, kind) or speaks_of(kind.name):
            continue
        features = [each for each in kind.all_features if each.name not in _BARE]
        single = [each.name for each in features if system.is_primitive(each.rangeType)]
        texts = [each for each in features if system.is_instance_of(each.rangeType, _STRING)]
        listed = [each.name for each in texts if each.rangeType.name != _STRING]  # of certain values only
        layers.meet(_layer_type(kind), single, listed if len(listed) == 1 else [each.name for each in texts])
    for kind in system.get_types():
        for feature in kind.features:
            if system.is_instance_of(feature.rangeType, _STRING):
                feature.rangeType = system.get_type(_STRING)


def from_cas(cas: Any, file: ExportFile, layers: Layers) -> Article:
    """A CAS as an article; `file` says what its document and annotator are called, unless the CAS does."""
    setting = layers.setting
    name, annotator = _owner(cas, file, setting.annotator)
    text = NormalisedText(cas.sofa_string or "")
    if not text.same:
        setting.normalised(name)
    infos = list(cas.select(INFO)) if cas.typesystem.contains_type(INFO, match_exactly=True) else []
    about = strict_json.loads(infos[0].document) if infos else {"id": name}
    document = msgspec.convert({**about, "text": text.text}, Document)
    reader = _CasReader(cas, text, layers, f"{annotator}/{name}")
    spans, relations = tuple(reader.spans()), tuple(reader.relations())
    whole = strict_json.loads(infos[0].annotation) if infos and infos[0].annotation else None
    if whole is None and (infos or annotator == INITIAL) and not spans:
        return Article(document)
    about = whole or {"document": document.id, "annotator": annotator, "schema": SCHEMA}
    if whole is None:
        curated = file.curated or annotator == CURATOR
        status: Status = "adjudicated" if curated else setting.status
        about["status"] = status
    annotation = msgspec.convert({**about, "text_sha256": sha256(text.text)}, Annotation)
    return Article(document, (msgspec.structs.replace(annotation, spans=spans, relations=relations),))


def _owner(cas: Any, file: ExportFile, default: str) -> tuple[str, str]:
    """Document and annotator: as the CAS has them, else as the file's path says."""
    system = cas.typesystem

    def first(type_name: str) -> Any:
        known = system.contains_type(type_name, match_exactly=True)
        return next(iter(cas.select(type_name)), None) if known else None

    about, more = first(_METADATA), first(_CAS_METADATA)
    title, owner = (getattr(about, key, None) or "" for key in ("documentTitle", "documentId"))
    document = title or getattr(more, "sourceDocumentName", None) or file.document
    # INCEpTION puts the annotator there; other tools the document's own name, as the field has it.
    its_own_name = owner in (document, PurePosixPath(document).stem) or owner.endswith(f"/{document}")
    if its_own_name or (not title and owner != file.annotator):
        owner = ""
    username = getattr(more, "username", None)
    return document, owner or username or file.annotator or default or ANNOTATOR


def _layer_type(kind: Any) -> str:
    """The type that is a layer: DKPro Core's have a type for many labels, below that of the layer."""
    while kind.name.startswith(DKPRO) and kind.supertype.name.startswith(DKPRO):
        kind = kind.supertype
    return str(kind.name)


@dataclass(frozen=True)
class _Kind:
    """A type of annotations, looked at once: its layer, and the features that an annotation of it has."""

    type: Any
    layer_type: str

    @cached_property
    def features(self) -> frozenset[str]:
        return frozenset(each.name for each in self.type.all_features) - _BARE

    @cached_property
    def own(self) -> bool:
        """Whether goldwire made it."""
        return {LABEL, ID, REST} <= self.features

    @cached_property
    def joins(self) -> bool:
        """Whether it is a relation."""
        return {HEAD, TAIL} <= self.features

    @cached_property
    def chains(self) -> bool:
        """Whether it is a link of a chain."""
        return {NEXT, LINK_RELATION} <= self.features

    @cached_property
    def name(self) -> str:
        """Without its package."""
        return str(self.type.name).rpartition(".")[2]


class _CasReader:
    """Reads the annotations of one CAS; what has no place in the model is put down as lost."""

    def __init__(self, cas: Any, text: NormalisedText, layers: Layers, place: str) -> None:
        self.text, self.layers, self.setting, self.place = text, layers, layers.setting, place
        self.marks: list[tuple[Any, _Kind]] = []
        self.arrows: list[tuple[Any, _Kind]] = []
        self.ids: dict[int, str] = {}
        for view in cas.sofas[1:]:
            self.setting.lose("other views", f"{place} {view.sofaID}")
        system = cas.typesystem
        kinds: dict[str, _Kind | None] = {}
        for annotation in cas.select_all_fs():
            name = annotation.type.name
            if name not in kinds:
                kinds[name] = self._kind(system, annotation.type)
            kind = kinds[name]
            if kind is not None:
                (self.arrows if kind.joins else self.marks).append((annotation, kind))
            elif system.is_instance_of(annotation.type, _BASE) and not speaks_of(name):
                self._leave(annotation, system)
        for held in (self.marks, self.arrows):
            held.sort(key=lambda pair: pair[0].xmiID)

    def _kind(self, system: Any, kind: Any) -> _Kind | None:
        """What annotations of a type are; None where they are not taken."""
        if not system.is_instance_of(kind, _ANNOTATION) or system.is_instance_of(kind, _DOCUMENT):
            return None
        layer_type = _layer_type(kind)
        return None if speaks_of(kind.name) or not self.layers.takes(layer_type) else _Kind(kind, layer_type)

    def _leave(self, annotation: Any, system: Any) -> None:
        """Put down what is not taken, but for what INCEpTION needs to show a text and its chains."""
        kind = annotation.type
        if system.is_instance_of(kind, _DOCUMENT) or _layer_type(kind) in _PLAIN:
            return
        if system.is_instance_of(kind, _ANNOTATION):
            self.layers.leave_out(_layer_type(kind), f"{self.place} {annotation.begin}")
        elif {"first"} != {feature.name for feature in kind.all_features} - _BARE:  # the head of a chain
            self.setting.lose("annotations of the whole document", f"{self.place} {kind.name}")

    def spans(self) -> Iterator[Span]:
        """All spans, in the file's order; relations are read after them."""
        for annotation, kind in self.marks:
            span = self._span(annotation, kind, f"s{len(self.ids) + 1}")
            if span is None:
                place = f"{self.place} {annotation.type.name} {annotation.begin}"
                self.setting.lose("spans without an extent", place)
                continue
            self.ids[annotation.xmiID] = span.id
            yield span

    def _span(self, annotation: Any, kind: _Kind, number: str) -> Span | None:
        start, end = self.text.offset(annotation.begin), self.text.offset(annotation.end)
        if start is None or end is None or not start < end:
            return None
        own = kind.own
        beyond: dict[str, Any] = strict_json.loads(annotation.goldwire) if own and annotation.goldwire else {}
        key = LABEL if own else self.layers.label_feature(kind.layer_type)
        stated_label = getattr(annotation, key, None) if key else None
        label = beyond.get(LABEL) if own and not stated_label else None
        if stated_label is not None and stated_label != "":
            label = str(stated_label)
        attributes: dict[str, AttributeValue] = {}
        for name in sorted(kind.features - {key, LABEL if own else key} - ({ID, REST} if own else set())):
            feature_value = getattr(annotation, name)
            if (value := _value(feature_value)) is not None:
                attributes[unescape(name) if own else name] = value
            elif (
                feature_value is not None and not _links(feature_value) and not (kind.chains and name == NEXT)
            ):
                self.setting.lose(f"feature {kind.type.name}:{name}", f"{self.place} {annotation.begin}")
        if kind.chains:
            attributes.pop(LINK_RELATION, None)
        attributes |= msgspec.convert(beyond.get("attributes", {}), dict[str, AttributeValue])
        own_id = (annotation.id or beyond.get(ID)) if own else None
        layer = unescape(kind.type.name.removeprefix(PREFIX)) if own else self.layers.name(kind.layer_type)
        return Span(
            number if own_id is None else own_id,
            layer,
            kind.name if label is None else label,
            start,
            end,
            attributes,
            tuple(beyond.get("marked_by", ())),
            beyond.get("origin"),
            beyond.get("score"),
        )

    def relations(self) -> Iterator[Relation]:
        """Arrows, then the links of slots, then those of chains; both ends are spans that were read."""
        for annotation, kind in self.arrows:
            beyond: dict[str, Any] = {}
            if REST in kind.features and annotation.goldwire:
                beyond = strict_json.loads(annotation.goldwire)
            key = self.layers.label_feature(kind.layer_type)
            said = getattr(annotation, key, None) if key else None
            for name in sorted(kind.features - {HEAD, TAIL, REST, key}):
                if getattr(annotation, name) is not None:
                    self.setting.lose(f"feature {kind.type.name}:{name}", f"{self.place} {annotation.begin}")
            label = beyond.get(LABEL, str(said) if said else kind.name)
            marked_by = tuple(beyond.get("marked_by", ()))
            yield from self._joined(label, annotation.Governor, annotation.Dependent, annotation, marked_by)
        for annotation, kind in self.marks:
            for name in sorted(kind.features) if annotation.xmiID in self.ids else ():
                for link in getattr(getattr(annotation, name), "elements", None) or ():
                    if hasattr(link, "target"):
                        role = getattr(link, "role", None) or name
                        yield from self._joined(role, annotation, link.target, annotation)
            if kind.chains and annotation.next is not None:
                said = annotation.referenceRelation or kind.name
                yield from self._joined(said, annotation, annotation.next, annotation)

    def _joined(
        self, label: str, head: Any, tail: Any, at: Any, marked_by: tuple[str, ...] = ()
    ) -> Iterator[Relation]:
        ends = [self.ids.get(getattr(end, "xmiID", -1)) for end in (head, tail)]
        if ends[0] is None or ends[1] is None:
            self.setting.lose("relations without both ends", f"{self.place} {label} {at.begin}")
        else:
            yield Relation(label, ends[0], ends[1], marked_by)


def _value(value: Any) -> AttributeValue | None:
    """A feature's value: texts, flags, numbers, lists of texts; None for what the model has no place for."""
    if isinstance(value, (str, bool, int, float)):
        return value
    elements = getattr(value, "elements", None)
    if elements and all(isinstance(each, str) for each in elements):
        return list(elements)
    return None


def _links(value: Any) -> bool:
    """Whether a value is a list of links, each with its target; they become relations."""
    return hasattr(value, "elements") and all(hasattr(each, "target") for each in value.elements or ())
