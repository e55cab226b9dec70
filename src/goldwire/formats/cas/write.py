"""UIMA CAS, written: `DOCUMENT/ANNOTATOR.xmi` (or `.json`) and one `TypeSystem.xml`, as INCEpTION exports.

Tokens and sentences, which INCEpTION asks for, are cut by spaCy's rules. Offsets in the files count UTF-16
code units, as UIMA has it; dkpro-cassis converts them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.annotations.tokens import tokenizer
from goldwire.errors import Fault, raise_faults
from goldwire.files import file_names
from goldwire.formats.cas.types import (
    HEAD,
    ID,
    INFO,
    LABEL,
    REST,
    SENTENCE,
    TAIL,
    TOKEN,
    Types,
    cassis,
    feature,
)
from goldwire.formats.folder import writing_folder
from goldwire.formats.inception.files import INITIAL
from goldwire.formats.inferred_schema import spooled
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document, Span
from goldwire.text import trim

if TYPE_CHECKING:
    from spacy.language import Language

#: What XML 1.0 has no way to write.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_cas(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Articles to a folder, a CAS for each annotation (XMI, or JSON with `setting.cas_json`); their number.

    Raises GW281 where a text holds what XML can't, GW271 where the folder holds other files.
    """
    listed, schema = spooled(articles, setting)
    types = Types(schema)
    if not setting.cas_json:
        raise_faults(
            Fault("GW281", f"character U+{ord(unfit[0]):04X} at {unfit.start()}, which XML can't hold",
                  article.document.id, "write CAS JSON instead: --cas-json")
            for article in listed if (unfit := _NO_XML.search(article.document.text))
        )  # fmt: skip
    suffix = ".json" if setting.cas_json else ".xmi"
    files = file_names(listed.ids)
    count = 0
    with writing_folder(path, (suffix,), setting) as folder:
        (folder / "TypeSystem.xml").write_bytes(types.system.to_xml().encode())
        for article in listed:
            nlp = tokenizer(setting.language_of(article.document), sentences=True)
            place = folder / files[article.document.id]
            place.mkdir()
            people = file_names(annotation.annotator for annotation in article.annotations)
            for annotation in article.annotations or (None,):
                cas = to_cas(article.document, annotation, types, nlp)
                name = people[annotation.annotator] if annotation is not None else INITIAL
                text = (
                    cas.to_json(None, pretty_print=True)
                    if setting.cas_json
                    else cas.to_xmi(pretty_print=True)
                )
                (place / f"{name}{suffix}").write_bytes(text.encode())
                count += 1
        setting.check()
    return count


def to_cas(document: Document, annotation: Annotation | None, types: Types, nlp: Language) -> Any:
    """A document with one annotation, or none, as a `cassis.Cas`."""
    cas = _cas_class()(types.system, sofa_string=document.text, document_language=nlp.lang)
    whole = cas.get_document_annotation()
    whole.begin, whole.end = 0, len(document.text)
    system = types.system
    doc = nlp(document.text)
    sentences = [trim(document.text, part.start_char, part.end_char) for part in doc.sents]
    tokens = [trim(document.text, token.idx, token.idx + len(token)) for token in doc]
    for kind, extents in ((SENTENCE, sentences), (TOKEN, tokens)):
        annotation_type = system.get_type(kind)
        for start, end in extents:
            if start < end:
                cas.add(annotation_type(begin=start, end=end))
    about: dict[str, str] = {"document": _json({"id": document.id, "meta": document.meta})}
    if annotation is not None:
        rest = msgspec.to_builtins(msgspec.structs.replace(annotation, spans=(), relations=()))
        about["annotation"] = _json(rest)
        _add(cas, annotation, types)
    cas.add(system.get_type(INFO)(**about))
    return cas


@cache
def _cas_class() -> Any:
    """`cassis.Cas`, which writes a long text in linear time.

    To find what to write it takes one annotation after the other off the front of a list. Tokens and
    sentences, the most by far, lead to nothing else: they are left out of that.
    """

    class Cas(cassis().Cas):  # type: ignore[misc]
        def _find_all_fs(self, *args: Any, seeds: Any = None, **options: Any) -> Any:
            leaves: list[Any] = []
            if seeds is None:
                seeds = []
                for annotation in self.select_all_fs():
                    (leaves if annotation.type.name in (TOKEN, SENTENCE) else seeds).append(annotation)
            return [*leaves, *super()._find_all_fs(*args, seeds=seeds, **options)]

    return Cas


def _add(cas: Any, annotation: Annotation, types: Types) -> None:
    """The spans and relations."""
    system = types.system
    added: dict[str, Any] = {}
    for span in annotation.spans:
        kind = system.get_type(types.layer(span.layer))
        added[span.id] = kind(begin=span.start, end=span.end, **_features(span, types, system))
        cas.add(added[span.id])
    for relation in annotation.relations:
        head, tail = added[relation.head], added[relation.tail]
        features: dict[str, Any] = {HEAD: head, TAIL: tail}
        rest: dict[str, Any] = {"marked_by": list(relation.marked_by)} if relation.marked_by else {}
        if _fits(relation.label):
            features[LABEL] = relation.label
        else:
            rest[LABEL] = relation.label
        if rest:
            features[REST] = _json(rest)
        # INCEpTION places a relation where its dependent lies.
        cas.add(system.get_type(types.relation)(begin=tail.begin, end=tail.end, **features))


def _features(span: Span, types: Types, system: Any) -> dict[str, Any]:
    features: dict[str, Any] = {}
    beyond: dict[str, Any] = {}
    for name, text in ((LABEL, span.label), (ID, span.id)):
        (features if _fits(text) else beyond)[name] = text
    attributes: dict[str, Any] = {}
    kinds = types.schema.layers[span.layer].attributes
    for key, value in span.attributes.items():
        kind = kinds[key].kind
        if kind == "flag" and isinstance(value, bool):
            features[feature(key)] = value
        elif kind == "choices" and isinstance(value, list) and value and all(map(_fits, value)):
            features[feature(key)] = system.get_type("uima.cas.StringArray")(elements=value)
        elif kind not in ("flag", "choices") and isinstance(value, str) and _fits(value):
            features[feature(key)] = value
        else:
            attributes[key] = value
    if attributes:
        beyond["attributes"] = attributes
    if span.marked_by:
        beyond["marked_by"] = list(span.marked_by)
    beyond |= {key: value for key in ("origin", "score") if (value := getattr(span, key)) is not None}
    if beyond:
        features[REST] = _json(beyond)
    return features


def _fits(text: str) -> bool:
    """Whether XMI gives a text back as it is."""
    return bool(text) and not _NO_XML.search(text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True)
