"""What a model must beat: a stock model, and a list learned by heart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.formats.articles import Articles
from goldwire.formats.spacy_doc import from_doc
from goldwire.model import Annotation, Article, Document, Provenance, Span
from goldwire.pipelines import how_to_get, load_pipeline, official_and_missing, quiet
from goldwire.project import CONFIG, Project
from goldwire.schemas import load_schema
from goldwire.train.training_data import Reference

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import PhraseMatcher


@dataclass(frozen=True)
class Stock:
    """The project's stock model: its name, the layer that it serves, and its labels in the schema's words."""

    model: str
    layer: str
    labels: dict[str, str]


def stock_setting(project: Project) -> Stock | None:
    """`[predict]` of `goldwire.toml`; None where the project has no such table.

    Raises GW412 where it is incomplete.
    """
    if not project.settings.get("predict"):
        return None
    labels = project.setting("predict", "labels")
    if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
        hint = 'labels of the model = labels of the schema, such as PERSON = "PER"'
        raise GoldwireError.of(
            "GW412", "[predict.labels] must map names to names", where=str(project.root / CONFIG), hint=hint
        )
    model, layer = project.setting("predict", "model"), project.setting("predict", "layer")
    return Stock(str(model), str(layer), labels)


def usable_stock(project: Project | None, layers: Collection[str]) -> tuple[Stock | None, str]:
    """The project's stock model where it can stand beside others on one of `layers`; else None, and why.

    Raises GW412 where [predict] is incomplete.
    """
    stock = None if project is None else stock_setting(project)
    if stock is None:
        why = "goldwire.toml names none in [predict]"
    elif stock.layer not in layers:
        why = f"[predict] is for layer `{stock.layer}`"
    elif official_and_missing(stock.model):
        why = f"{stock.model} is not installed; to have it: {how_to_get(stock.model)}"
    else:
        return stock, ""
    return None, f"no stock model to compare with: {why}"


def stock_predictions(
    project: Project, documents: Sequence[Document], *, advance: Callable[[int], None] | None = None
) -> Articles:
    """What the project's stock model finds in `documents`, in the schema's labels.

    What `[predict.labels]` does not map is left out, and in `lost`: the model's label, and for each span the
    document that it is in.

    Raises GW412 where the project names no stock model or maps to labels that the schema lacks, GW410 and
    GW411 where the model can't be loaded.
    """
    stock = stock_setting(project)
    if stock is None:
        hint = "name a model, a layer and a table of labels there"
        raise GoldwireError.of("GW412", "lacks [predict]", where=str(project.root / CONFIG), hint=hint)
    schema = load_schema(project.schema_path)
    layer = schema.layers.get(stock.layer)
    known = set(layer.labels) if layer else set()
    if missing := sorted(set(stock.labels.values()) - known):
        raise GoldwireError.of(
            "GW412",
            f"[predict.labels] names {', '.join(missing)}: not in layer `{stock.layer}` of {schema.id}",
            where=str(project.root / CONFIG),
            hint="map to labels of the schema",
        )
    return apply_stock(stock, documents, schema.id, advance=advance)


def apply_stock(
    stock: Stock, documents: Sequence[Document], schema: str, *, advance: Callable[[int], None] | None = None
) -> Articles:
    """The stock model's annotations, stamped with `schema`; spans left out are in `lost`, by label."""
    nlp = load_pipeline(stock.model, only=("ner", "entity_ruler"))
    provenance = Provenance(kind="model", name=stock.model, version=str(nlp.meta.get("version", "")))
    left_out: dict[str, list[str]] = {}
    articles = []
    with quiet():
        for document, doc in zip(documents, nlp.pipe(d.text for d in documents), strict=True):
            spans: list[Span] = []
            for span in from_doc(doc, document, stock.layer):
                if span.label in stock.labels:
                    label = stock.labels[span.label]
                    spans.append(Span(f"e{len(spans) + 1}", span.layer, label, span.start, span.end))
                else:
                    left_out.setdefault(span.label, []).append(document.id)
            annotation = Annotation(
                document.id,
                stock.model,
                schema,
                provenance=provenance,
                spans=tuple(spans),
                text_sha256=sha256(document.text),
            )
            articles.append(Article(document, (annotation,)))
            if advance is not None:
                advance(1)
    return Articles(articles, dict(sorted(left_out.items())))


def lexicon_annotations(
    nlp: Language, train: Sequence[Reference], test: Sequence[Document], layers: str | Sequence[str]
) -> list[Annotation]:
    """Each test document marked by heart.

    Every wording marked in `train` gets the label that it bore most often there (ties: the first by name),
    wherever it stands; of two of one layer that overlap the longer one wins.
    """
    from spacy.util import filter_spans

    named = [layers] if isinstance(layers, str) else list(layers)
    matchers = [(layer, _matcher(nlp, train, layer)) for layer in named]
    annotations = []
    for document in test:
        spans: list[Span] = []
        for layer, matcher in matchers:
            doc = nlp.make_doc(document.text)
            doc.set_ents(filter_spans(matcher(doc, as_spans=True)))
            for span in from_doc(doc, document, layer):
                spans.append(replace(span, id=f"e{len(spans) + 1}"))
        annotations.append(Annotation(document.id, "", "", spans=tuple(spans)))
    return annotations


def _matcher(nlp: Language, train: Sequence[Reference], layer: str) -> PhraseMatcher:
    from spacy.matcher import PhraseMatcher

    labels_of: dict[str, Counter[str]] = {}
    for reference in train:
        for span in reference.annotation.layer(layer):
            surface = reference.document.text[span.start : span.end].strip()
            if surface:
                labels_of.setdefault(surface, Counter())[span.label] += 1
    matcher = PhraseMatcher(nlp.vocab, attr="ORTH")
    for surface, labels in labels_of.items():
        label = min(labels, key=lambda name: (-labels[name], name))
        matcher.add(label, [nlp.make_doc(surface)])
    return matcher
