"""A trained pipeline that annotates articles for Label Studio: within the schema, with its confidence."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from goldwire.annotate.ml_backend.validate import fit_to_schema
from goldwire.annotate.sync.predictions import prediction_faults, version
from goldwire.annotate.sync.tasks import task_batches
from goldwire.confidence import entity_confidences, recogniser
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import to_result
from goldwire.formats.spacy_doc import Pipeline, annotation_from
from goldwire.model import Annotation, Document, Provenance
from goldwire.number_format import amount
from goldwire.pipelines import load_pipeline, quiet
from goldwire.schemas import Schema
from goldwire.schemas.rendering.label_config import TEXT
from goldwire.text import trim

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

#: Code points of the longest task that is answered: one call of spaCy can't be interrupted.
LONGEST = 100_000
#: Code points that are annotated between two looks at the clock.
_PORTION = 20_000
#: Code points that are tokenised at once.
_PIECE = 5_000
_LINE = re.compile(r"\n(?=\S)")


@dataclass(frozen=True)
class Predicted:
    """What a pipeline made of one article: what the schema bears, and how much it does not, by reason."""

    document: Document
    annotation: Annotation
    left_out: Counter[str]


@dataclass(frozen=True)
class NotPredicted:
    """An article that failed, and why; the others of a request are none the worse for it."""

    document: Document
    reason: str


class Predictor(Protocol):
    """Whatever annotates articles for Label Studio: a trained pipeline, a language model.

    `version` is the name of its predictions on the server.
    """

    schema: Schema

    @property
    def version(self) -> str:
        """The name of its predictions."""

    def annotate(
        self, documents: Sequence[Document], *, until: float | None = None
    ) -> Iterator[Predicted | NotPredicted]:
        """Annotate articles one after the other; stop early where `until` (`time.monotonic`) has passed."""


class Assistant:
    """A pipeline with the schema that its predictions are held to. Raises GW410, GW411 for the pipeline.

    `version` is what predictions are called on the server: `NAME@VERSION`, then the corpus that the pipeline
    was trained on in brackets, where it says so.
    """

    def __init__(self, model: str, schema: Schema) -> None:
        self.nlp = load_pipeline(model)
        self.schema = schema
        self.pipeline = Pipeline.of(self.nlp.meta)
        self.ner = recogniser(self.nlp)
        corpus = f" ({self.pipeline.corpus})" if self.pipeline.corpus else ""
        self.made_with = Provenance(
            kind="model", name=self.pipeline.name, version=f"{self.pipeline.version}{corpus}"
        )

    @property
    def version(self) -> str:
        """The name of its predictions."""
        return version(Annotation("", self.pipeline.name, "", provenance=self.made_with))

    def annotate(
        self,
        documents: Sequence[Document],
        *,
        until: float | None = None,
        advance: Callable[[int], None] | None = None,
    ) -> Iterator[Predicted]:
        """Annotate the articles one after the other; stop early where `until` (`time.monotonic`) has passed.

        Memory goes with the longest.
        """
        longest = max((len(document.text) for document in documents), default=0)
        self.nlp.max_length = max(self.nlp.max_length, longest + 1)
        for portion in task_batches(documents, characters=_PORTION):
            if until is not None and time.monotonic() >= until:
                return
            # What spaCy keeps of each new word goes with the zone: a server would grow without end.
            with quiet(), self.nlp.memory_zone():
                docs = list(self.nlp.pipe(in_pieces(self.nlp, document.text) for document in portion))
                scored = zip(portion, docs, self._confidences(docs), strict=True)
                predicted = [self._prediction(document, doc, scores) for document, doc, scores in scored]
                del docs, scored
            for prediction in predicted:
                yield prediction
                if advance is not None:
                    advance(1)

    def _confidences(self, docs: list[Doc]) -> list[list[float | None]]:
        """The confidence in each of `doc.ents`, where these are a layer and the pipeline does not say it."""
        if self.ner is None or self.pipeline.flat not in self.pipeline.layers:
            return [[] for _ in docs]
        asked = [doc if doc.spans.get(self.pipeline.flat) is None else None for doc in docs]
        confidences = iter(entity_confidences(self.ner, [doc for doc in asked if doc is not None]))
        return [next(confidences) if doc is not None else [] for doc in asked]

    def _prediction(self, document: Document, doc: Doc, scores: Sequence[float | None]) -> Predicted:
        annotation = annotation_from(doc, document, self.pipeline)
        if scores:
            by_extent = {
                (*trim(document.text, ent.start_char, ent.end_char), ent.label_): score
                for ent, score in zip(doc.ents, scores, strict=True)
            }
            spans = []
            for span in annotation.spans:
                score = by_extent.get((span.start, span.end, span.label))
                if span.layer == self.pipeline.flat and span.score is None and score is not None:
                    span = msgspec.structs.replace(span, score=round(score, 4))
                spans.append(span)
            annotation = msgspec.structs.replace(annotation, spans=tuple(spans))
        annotation = msgspec.structs.replace(annotation, provenance=self.made_with)
        fitted = fit_to_schema(annotation, self.schema, document.text)
        annotation = fitted.annotation
        if faults := list(prediction_faults(self.schema, document, [annotation])):
            # What `fit_to_schema` let through all the same: nothing of it goes out.
            fitted.left_out[f"whole predictions: {faults[0].message}"] += 1
            annotation = msgspec.structs.replace(annotation, spans=(), relations=())
        return Predicted(document, annotation, fitted.left_out)


def predictions_of(
    assistant: Assistant, documents: Sequence[Document], *, advance: Callable[[int], None] | None = None
) -> tuple[list[Annotation], Counter[str]]:
    """What a pipeline finds in the articles, within its schema; and what was left out, by reason."""
    predicted = list(assistant.annotate(documents, advance=advance))
    left_out = Counter[str]()
    for prediction in predicted:
        left_out.update(prediction.left_out)
    return [prediction.annotation for prediction in predicted], left_out


def in_pieces(nlp: Language, text: str, most: int = _PIECE) -> Doc:
    """The tokens of a text as `nlp.make_doc` finds them, with room for other threads between its lines.

    spaCy's tokeniser takes 2.5 µs a code point and lets nobody else run meanwhile: with a long text the
    answer to Label Studio's question whether the model is there would come too late.
    """
    from spacy.tokens import Doc

    if len(text) <= most or type(nlp.tokenizer).__module__ != "spacy.tokenizer":
        return nlp.make_doc(text)
    words: list[str] = []
    spaces: list[bool] = []
    norms: list[str] = []
    start = 0
    while start < len(text):
        # To where a line begins with a character of its own: no token of spaCy's goes on from there.
        line = _LINE.search(text, start + most)
        end = line.end() if line is not None else len(text)
        for token in nlp.make_doc(text[start:end]):
            words.append(token.text)
            spaces.append(bool(token.whitespace_))
            norms.append(token.norm_)
        start = end
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    for token, norm in zip(doc, norms, strict=True):
        if token.norm_ != norm:
            token.norm_ = norm
    return doc


def prediction(annotation: Annotation, schema: Schema, text: str) -> dict[str, Any]:
    """An annotation as a Label Studio prediction: regions with their confidence, its mean, the version."""
    scores = [span.score for span in annotation.spans if span.score is not None]
    return {
        "result": to_result(annotation, schema, text),
        "score": round(sum(scores) / len(scores), 4) if scores else None,
        "model_version": version(annotation),
    }


def document_of_task(task: Any) -> Document | str:
    """The article that a task shows, or the reason why it is not one that goldwire pushed.

    The text is the task's; its `uid` must be that text's, so that no prediction goes to another.
    """
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict):
        return "the task has no data"
    text, uid = data.get(TEXT), data.get("uid")
    if not isinstance(text, str) or not text:
        return f"the task has no `{TEXT}`"
    if not isinstance(uid, str) or "@" not in uid:
        return "the task has no uid: `goldwire annotate push` did not send it"
    name, _, hashed = uid.rpartition("@")
    if hashed != sha256(text)[:16]:
        return "the task's text is not the one that was pushed"
    if len(text) > LONGEST:
        return f"the text is longer than {amount(LONGEST)} code points"
    return Document(name, text)
