"""spaCy's DocBin: a `Doc` for each annotation, and one for a document without any.

`doc.spans[layer]` holds a layer's spans, in whole tokens; `doc.ents` those of the first layer that nest in no
other, so that `spacy train` finds them. `doc.user_data["goldwire"]` holds the rest: attributes and relations
as `spacy_doc` reads them from any pipeline, and beside them `extents` (code points, where a span cuts
tokens they differ from the group's), `ids`, `marked_by` and `origins` by layer, `document` and `annotation`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.annotations.integrity import article_faults
from goldwire.annotations.tokens import tokenizer
from goldwire.errors import Fault, GoldwireError
from goldwire.files import read_bytes, write_bytes
from goldwire.formats.inferred_schema import schema_for
from goldwire.formats.options import LAYER, SCHEMA, ConversionOptions
from goldwire.formats.spacy_doc import KEY, Pipeline, annotation_from
from goldwire.limits import inflated
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span
from goldwire.number_format import amount
from goldwire.text import NormalisedText

if TYPE_CHECKING:
    from spacy.tokens import Doc

#: Who annotated where a Doc does not say so.
ANNOTATOR = "docbin"
_PIECE = 1 << 20
_TOKENS = ("TAG", "POS", "MORPH", "LEMMA", "DEP")


def write_docbin(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Articles to one `.spacy` file; the number of Docs. What spans cut tokens is told by the token."""
    from spacy.tokens import DocBin

    listed = list(articles)
    flat = setting.layer or next(iter(schema_for(listed, setting).layers), LAYER)
    store = DocBin(store_user_data=True)
    for article in listed:
        nlp = tokenizer(setting.language_of(article.document))
        for annotation in article.annotations or (None,):
            store.add(article.to_spacy(nlp, annotation, layer=flat, widened=setting.widened))
    setting.check()
    write_bytes(path, store.to_bytes())
    return len(store)


def read_docbin(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a `.spacy` file, or of all in a folder; Docs of one document are put together.

    A Doc that goldwire did not write is a document `NAME-1`, `NAME-2`, …: its groups are the layers, its
    entities the layer `entity`; its text is normalised, and its spans moved along. Refuses files that are no
    DocBin (GW278), and Docs that contradict each other or themselves (GW279).
    """
    from spacy.tokens import DocBin

    files = sorted(path.rglob("*.spacy")) if path.is_dir() else [path]
    if not files:
        raise GoldwireError.of(
            "GW278", "no .spacy file in this folder", where=str(path), hint="name the file"
        )
    vocab = tokenizer("xx").vocab
    articles: dict[str, Article] = {}
    for file in files:
        data = read_bytes(file)
        _check_size(data, file)
        try:
            docs = list(DocBin().from_bytes(data).get_docs(vocab))
        except Exception as error:  # noqa: BLE001 - zlib, msgpack and spaCy each raise their own
            message = f"no DocBin: {type(error).__name__} {str(error).partition('. ')[0][:120]}".rstrip()
            hint = "spaCy writes them: nlp.to_disk is no DocBin, doc_bin.to_disk is"
            setting.refuse(str(file), Fault("GW278", message, str(file), hint))
            continue
        for number, doc in enumerate(docs, start=1):
            where = f"{file} Doc {number}"
            try:
                article = article_of_doc(doc, f"{file.stem}-{number}", setting)
            except (
                msgspec.ValidationError, AttributeError, KeyError, IndexError, TypeError, ValueError,
                RecursionError,
            ) as error:  # fmt: skip
                message = f"its text or its user_data[{KEY!r}] can't be taken: {type(error).__name__} {error}"
                hint = f"repair it, or remove user_data[{KEY!r}]"
                setting.refuse(doc.text, Fault("GW279", message, where, hint))
                continue
            earlier_article = articles.get(article.document.id)
            if earlier_article is not None and earlier_article.document != article.document:
                message = f"another `{article.document.id}` than in an earlier Doc"
                setting.refuse(doc.text, Fault("GW279", message, where, "one text for each id"))
                continue
            earlier = earlier_article.annotations if earlier_article is not None else ()
            article = Article(article.document, (*earlier, *article.annotations))
            if faults := list(article_faults(article, where)):
                setting.refuse(doc.text, *faults)
                continue
            articles[article.document.id] = article
    return list(articles.values())


def _check_size(data: bytes, file: Path) -> None:
    """Raise GW278 where a DocBin holds more than a file of its size may, before it is held itself."""
    limit, size = inflated(len(data)), 0
    unpacking = zlib.decompressobj()
    try:
        while data and size <= limit:
            size += len(unpacking.decompress(data, _PIECE))
            data = unpacking.unconsumed_tail
    except zlib.error:
        return  # the reader says what it is
    if size > limit:
        message = f"it inflates beyond {amount(limit >> 20)} MiB, more than a file of its size should hold"
        raise GoldwireError.of("GW278", message, where=str(file), hint="split it into several files")


def article_of_doc(doc: Doc, name: str, setting: ConversionOptions) -> Article:
    """A Doc as an article with one annotation, or none; `name` is its id where it holds none."""
    for kind in _others(doc):
        setting.lose(kind, name)
    stored = doc.user_data.get(KEY)
    if not isinstance(stored, dict) or "document" not in stored:
        return _foreign(doc, name, setting)
    stored = _lists(stored)
    document = msgspec.convert(stored["document"], Document)
    if document.text != doc.text:
        raise ValueError("the document's text is not the Doc's")
    if "annotation" not in stored:
        return Article(document)
    layers: list[str] = stored["layers"]
    spans_by_place: dict[tuple[str, int], Span] = {}
    for layer in layers:
        scores = doc.spans[layer].attrs.get("scores") or [None] * len(doc.spans[layer])
        for index, group in enumerate(doc.spans[layer]):
            start, end = stored["extents"][layer][index]
            attributes, origin = stored["attributes"][layer][index], stored["origins"][layer][index]
            marked_by = tuple(stored["marked_by"][layer][index])
            spans_by_place[layer, index] = Span(
                stored["ids"][layer][index],
                layer,
                group.label_,
                start,
                end,
                attributes,
                marked_by,
                origin,
                scores[index],
            )
    counters = dict.fromkeys(layers, -1)
    spans = []
    for number in stored["order"]:
        counters[layers[number]] += 1
        spans.append(spans_by_place[layers[number], counters[layers[number]]])
    relations = tuple(
        Relation(
            label, spans_by_place[head[0], head[1]].id, spans_by_place[tail[0], tail[1]].id, tuple(marked_by)
        )
        for label, head, tail, marked_by in stored["relations"]
    )
    annotation = msgspec.convert(stored["annotation"], Annotation)
    spans = msgspec.convert(msgspec.to_builtins(spans), list[Span])  # the file's types are anybody's
    return Article(document, (msgspec.structs.replace(annotation, spans=tuple(spans), relations=relations),))


def _lists(value: Any) -> Any:
    """The value with lists again where DocBin gives tuples back."""
    if isinstance(value, dict):
        return {key: _lists(each) for key, each in value.items()}
    return [_lists(each) for each in value] if isinstance(value, (list, tuple)) else value


def _beyond(doc: Doc) -> Iterator[str]:
    """What a Doc says that the model has no place for."""
    if doc.cats:
        yield "doc.cats"
    yield from (f"token.{name.lower()}" for name in _TOKENS if doc.has_annotation(name))
    spans = [*doc.ents, *(span for group in doc.spans.values() for span in group)]
    yield from ("kb_id of a span" for span in spans if span.kb_id_)
    yield from ("id of a span" for span in spans if span.id_)
    yield from (
        f"attribute `{name}` of a span group"
        for group in doc.spans.values()
        for name in group.attrs
        if name != "scores"
    )


def _others(doc: Doc) -> Iterator[str]:
    """What stands in a Doc's user_data that is not ours: custom attributes, and whatever else."""
    key: Any
    for key in doc.user_data:
        if isinstance(key, tuple) and len(key) == 4 and key[0] == "._.":
            bearer = "a Doc" if key[2] is None else "a token" if key[3] is None else "a span"
            yield f"custom attribute `{key[1]}` of {bearer}"
        elif key != KEY:
            yield f"user_data `{key}`"


def _foreign(doc: Doc, name: str, setting: ConversionOptions) -> Article:
    text = NormalisedText(doc.text)
    if not text.same:
        setting.normalised(name)
    for kind in _beyond(doc):
        setting.lose(kind, name)
    document = Document(name, text.text)
    layers = tuple(dict.fromkeys((*doc.spans, *((LAYER,) if doc.ents else ()))))
    if not layers:
        return Article(document)

    def extent(start: int, end: int) -> tuple[int, int] | None:
        first, last = text.offset(start), text.offset(end)
        if first is None or last is None or first >= last:
            setting.account.spans.found += 1
            kind = "spans: an edge lies inside a character that normalising (NFC) joins"
            setting.put_aside(kind, f"{name} [{start}, {end})", text.raw[start:end])
            return None
        return first, last

    pipeline = Pipeline(setting.annotator or ANNOTATOR, "", SCHEMA, layers)
    marked = annotation_from(doc, document, pipeline, extent)
    # Who made it, a person or a pipeline, the file does not say.
    plain = msgspec.structs.replace(marked, status=setting.status, provenance=Provenance())
    return Article(document, (plain,))
