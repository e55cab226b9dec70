"""UIMA CAS, read: XMI or JSON, as goldwire writes them and as INCEpTION exports them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from goldwire import strict_json
from goldwire.annotations.integrity import article_faults
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_bytes, sha256
from goldwire.formats._escape import unescape
from goldwire.formats.cas.types import (
    HEAD,
    ID,
    INFO,
    LABEL,
    PREFIX,
    REST,
    SENTENCE,
    TAIL,
    TOKEN,
    cassis,
)
from goldwire.formats.cas.write import INITIAL
from goldwire.formats.options import Setting
from goldwire.model import Annotation, Article, AttributeValue, Document, Relation, Span
from goldwire.strict_xml import Watch
from goldwire.text import NormalisedText

#: Who annotated, and the schema, where nothing names them.
ANNOTATOR, SCHEMA = "cas", "found@0"
#: Features that hold a label, the first that a type has; else the type's own name is the label.
LABELS = (LABEL, "value", "DependencyType", "identifier")
_PLAIN = frozenset((TOKEN, SENTENCE, "uima.tcas.DocumentAnnotation"))
_BASE = "uima.cas.AnnotationBase"
_BARE = frozenset(("begin", "end", "sofa"))


def read_cas(path: Path, setting: Setting) -> list[Article]:
    """The articles of a file, or of a folder `DOCUMENT/ANNOTATOR.xmi` (or `.json`, or files side by side).

    XMI is read with the `TypeSystem.xml` beside it or in a folder above, up to `path`. What lies at no extent
    is counted in `setting.lost`. Raises one error: GW280 for files that can't be read, GW201 to GW206.
    """
    root = path if path.is_dir() else path.parent
    files = sorted(p for p in path.rglob("*") if p.suffix in (".xmi", ".json")) if path.is_dir() else [path]
    if not files:
        raise GoldwireError.of(
            "GW280",
            "no .xmi and no .json file in this folder",
            where=str(path),
            hint="name the folder of the export",
        )
    systems: dict[Path, Any] = {}
    found: dict[str, Article] = {}
    faults: list[Fault] = []
    for file in files:
        nested = file.parent != root
        name = file.parent.relative_to(root).as_posix() if nested else file.stem
        who = file.stem if nested else setting.annotator or ANNOTATOR
        try:
            article = from_cas(_load(file, root, systems), name, who, setting)
            msgspec.json.encode(article)  # half a surrogate pair can't be written again
        except GoldwireError as error:
            faults.extend(error.faults)
            continue
        except (AttributeError, KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
            message = f"not as expected: {type(error).__name__} {error}"
            faults.append(Fault("GW280", message, str(file), "export it again"))
            continue
        known = found.get(article.document.id)
        if known is not None and known.document != article.document:
            message = f"another `{article.document.id}` than in an earlier file"
            faults.append(Fault("GW280", message, str(file), "one text for each document"))
            continue
        held = known.annotations if known is not None else ()
        article = Article(article.document, (*held, *article.annotations))
        faults.extend(article_faults(article, str(file)))
        found[article.document.id] = article
    raise_faults(faults[:100])
    return list(found.values())


def _load(file: Path, root: Path, systems: dict[Path, Any]) -> Any:
    library = cassis()
    try:
        if file.suffix == ".json":
            strict_json.check(read_bytes(file))
            with file.open("rb") as stream:
                return library.load_cas_from_json(stream)
        system = None
        for folder in (file.parent, *file.parent.parents):
            beside = folder / "TypeSystem.xml"
            if beside.is_file():
                if beside not in systems:
                    _watch(beside)
                    with beside.open("rb") as stream:
                        systems[beside] = library.load_typesystem(stream)
                system = systems[beside]
            if system is not None or folder == root:
                break
        if system is None:
            hint = "put the TypeSystem.xml of the export beside it"
            raise GoldwireError.of("GW280", "no TypeSystem.xml", where=str(file), hint=hint)
        _watch(file)
        with file.open("rb") as stream:
            return library.load_cas_from_xmi(stream, typesystem=system)
    except GoldwireError:
        raise
    except Exception as error:  # noqa: BLE001 - lxml, json and cassis each raise their own
        plain = not isinstance(error, (AttributeError, TypeError, KeyError))
        said = f"{type(error).__name__} {str(error)[:200]}" if plain else f"not the form of a {file.suffix}"
        message = f"no CAS: {said}"
        raise GoldwireError.of("GW280", message, where=str(file), hint="XMI 1.1 or UIMA JSON 0.4") from None


def _watch(file: Path) -> None:
    """Look through XML before it is read: no document type, no nesting without end."""
    etree = import_module("lxml.etree")
    options = {"resolve_entities": False, "load_dtd": False, "no_network": True}
    etree.parse(str(file), etree.XMLParser(target=Watch(), **options))


def from_cas(cas: Any, name: str, annotator: str, setting: Setting) -> Article:
    """A CAS as an article; `name` and `annotator` are its document's and annotator's, unless it says so."""
    text = NormalisedText(cas.sofa_string or "")
    if not text.same:
        setting.lose("texts normalised, offsets moved along", name)
    infos = list(cas.select(INFO)) if cas.typesystem.contains_type(INFO) else []
    about = strict_json.loads(infos[0].document) if infos else {"id": name}
    document = msgspec.convert({**about, "text": text.text}, Document)
    marks, arrows = _annotations(cas)
    for kind in cas.typesystem.get_types():
        if cas.typesystem.subsumes(_BASE, kind) and not cas.typesystem.subsumes("uima.tcas.Annotation", kind):
            for each in cas.select(kind.name):
                if each.type.name == kind.name:
                    setting.lose("annotations of the whole document", f"{annotator}/{name} {kind.name}")
    for view in cas.sofas[1:]:
        setting.lose("other views", f"{annotator}/{name} {view.sofaID}")
    spans: list[Span] = []
    ids: dict[int, str] = {}
    for each in marks:
        span = _span(each, text, len(spans) + 1, setting, f"{annotator}/{name}")
        if span is None:
            setting.lose("spans without an extent", f"{annotator}/{name} {each.type.name} {each.begin}")
            continue
        ids[each.xmiID] = span.id
        spans.append(span)
    relations = [*_relations(arrows, ids, setting, f"{annotator}/{name}")]
    relations += _slots(marks, ids, setting, f"{annotator}/{name}")
    whole = strict_json.loads(infos[0].annotation) if infos and infos[0].annotation else None
    if whole is None and (infos or annotator == INITIAL) and not spans:
        return Article(document)
    about = whole or {"document": document.id, "annotator": annotator, "schema": SCHEMA}
    if whole is None:
        about["status"] = setting.status
    annotation = msgspec.convert({**about, "text_sha256": sha256(text.text)}, Annotation)
    return Article(
        document,
        (msgspec.structs.replace(annotation, spans=tuple(spans), relations=tuple(relations)),),
    )


def _annotations(cas: Any) -> tuple[list[Any], list[Any]]:
    """What marks the text but tokens and sentences, and what joins two of those, in the file's order."""
    marks: list[Any] = []
    arrows: list[Any] = []
    for kind in cas.typesystem.get_types():
        if kind.name in _PLAIN or not cas.typesystem.subsumes("uima.tcas.Annotation", kind):
            continue
        if cas.typesystem.subsumes("uima.tcas.DocumentAnnotation", kind):
            continue
        ends = {HEAD, TAIL} <= {each.name for each in kind.all_features}
        (arrows if ends else marks).extend(
            each for each in cas.select(kind.name) if each.type.name == kind.name
        )
    return sorted(marks, key=lambda each: each.xmiID), sorted(arrows, key=lambda each: each.xmiID)


def _span(each: Any, text: NormalisedText, number: int, setting: Setting, place: str) -> Span | None:
    start, end = text.offset(each.begin), text.offset(each.end)
    if start is None or end is None or not start < end:
        return None
    features = {feature.name for feature in each.type.all_features} - _BARE
    own = {LABEL, ID, REST} <= features
    short = each.type.name.removeprefix(PREFIX) if own else each.type.name.rpartition(".")[2]
    rest: dict[str, Any] = strict_json.loads(each.goldwire) if own and each.goldwire else {}
    key = next((name for name in LABELS if name in features and getattr(each, name)), None)
    attributes: dict[str, AttributeValue] = {}
    for name in sorted(features - {key, LABEL} - ({ID, REST} if own else set())):
        held = getattr(each, name)
        if (value := _value(held)) is not None:
            attributes[unescape(name) if own else name] = value
        elif held is not None and not _links(held):
            setting.lose(f"feature {each.type.name}:{name}", f"{place} {each.begin}")
    attributes |= msgspec.convert(rest.get("attributes", {}), dict[str, AttributeValue])
    given = (each.id or rest.get(ID)) if own else None
    return Span(
        f"s{number}" if given is None else given,
        unescape(short) if own else short,
        rest.get(LABEL) or (str(getattr(each, key)) if key else rest.get(LABEL, short)),
        start,
        end,
        attributes,
        tuple(rest.get("marked_by", ())),
        rest.get("origin"),
        rest.get("score"),
    )


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


def _relations(arrows: list[Any], ids: dict[int, str], setting: Setting, place: str) -> Iterator[Relation]:
    for each in arrows:
        head, tail = (ids.get(getattr(end, "xmiID", -1)) for end in (each.Governor, each.Dependent))
        names = {feature.name for feature in each.type.all_features}
        rest: dict[str, Any] = strict_json.loads(each.goldwire) if REST in names and each.goldwire else {}
        said = next((getattr(each, name) for name in LABELS if name in names and getattr(each, name)), None)
        label = rest.get(LABEL, said or each.type.name.rpartition(".")[2])
        if head is None or tail is None:
            setting.lose("relations without both ends", f"{place} {label} {each.begin}")
        else:
            yield Relation(label, head, tail, tuple(rest.get("marked_by", ())))


def _slots(marks: list[Any], ids: dict[int, str], setting: Setting, place: str) -> Iterator[Relation]:
    """INCEpTION's links of a span to others, each with its role, as relations."""
    for each in marks:
        if each.xmiID not in ids:
            continue
        for feature in each.type.all_features:
            for link in getattr(getattr(each, feature.name, None), "elements", None) or ():
                if not hasattr(link, "target"):
                    continue
                target = ids.get(getattr(link.target, "xmiID", -1))
                role = getattr(link, "role", None) or feature.name
                if target is None:
                    setting.lose("relations without both ends", f"{place} {role} {each.begin}")
                else:
                    yield Relation(role, ids[each.xmiID], target)
