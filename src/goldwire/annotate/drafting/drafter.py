"""One article drafted: layer after layer, several passages at once, and what it took put on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from threading import Lock
from typing import Any

import msgspec

from goldwire.annotate.drafting.account import Account
from goldwire.annotate.drafting.answer_schema import (
    answer_schema,
    layer_order,
    tails_of,
    unanswerable_names,
)
from goldwire.annotate.drafting.asker import Asker
from goldwire.annotate.drafting.cache import Answer
from goldwire.annotate.drafting.client import TooLong
from goldwire.annotate.drafting.join import join_passages
from goldwire.annotate.drafting.passage_draft import PassageDraft, Question, draft_passage
from goldwire.annotate.drafting.passages import Passage, passages
from goldwire.annotate.drafting.plan import LayerPlan, ladder, plan_layer
from goldwire.annotate.drafting.prompt import (
    Message,
    Shot,
    known_in,
    shot_messages,
    system_message,
    user_message,
)
from goldwire.errors import GoldwireError, one_of, raise_faults
from goldwire.files import sha256
from goldwire.model import Annotation, Document, Drafting, Provenance, Relation, Span, span_key
from goldwire.schemas import Schema
from goldwire.schemas.guidelines import guidelines_hash

ChooseShots = Callable[[Document, Sequence[str]], dict[str, list[Shot]]]


@dataclass
class Drafted:
    """An article's draft: its annotation, the account of it, and what was dropped."""

    annotation: Annotation
    account: Account
    dropped: list[dict[str, Any]]


class Drafter:
    """Drafts articles of one schema. `choose_shots` gives examples for a document, by layer; `given`, by the
    document's id, annotations whose layers are taken as they are where they are not among `layers`."""

    def __init__(
        self,
        asker: Asker,
        schema: Schema,
        *,
        layers: Sequence[str] | None = None,
        choose_shots: ChooseShots = lambda _document, _layers: {},
        given: Mapping[str, Annotation] | None = None,
    ) -> None:
        """Raises GW812 for a layer that the schema lacks, GW822 for names that are keys of every answer."""
        if unknown := [name for name in layers or () if name not in schema.layers]:
            message = f"the schema has no layer `{unknown[0]}`"
            raise GoldwireError.of("GW812", message, where=schema.stamp, hint=one_of(schema.layers))
        self.asker, self.schema, self.choose_shots = asker, schema, choose_shots
        self.given_annotations = given or {}
        self.settings = asker.settings
        self.layers = [name for name in layer_order(schema) if not layers or name in layers]
        raise_faults(unanswerable_names(schema, self.layers))
        self._lock = Lock()
        self._system = cache(lambda layer, detail: system_message(schema, layer, detail))
        self._plan = cache(
            lambda layer, least: plan_layer(schema, layer, self.settings, asker.context, least)
        )
        self._least = dict.fromkeys(self.layers, 0)
        self._requests = ThreadPoolExecutor(self.settings.jobs, thread_name_prefix="llm")

    def close(self) -> None:
        """Ask no more; answers under way are not waited for."""
        self.asker.client.close()
        self._requests.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def version(self) -> str:
        """By which drafts are told apart: of all that is asked the same way, whatever the article."""
        asked = [self._system(layer, 0) for layer in self.layers]
        whole = [asked, self.settings.told, self.schema_hash, *(["given"] if self.given_annotations else [])]
        return sha256(msgspec.json.encode(whole))[:8]

    @cached_property
    def schema_hash(self) -> str:
        """The SHA-256 of the schema."""
        return sha256(msgspec.json.encode(msgspec.to_builtins(self.schema)))

    def plan(self, layer: str) -> LayerPlan:
        """How a layer is asked."""
        plan = self._plan(layer, self._least[layer])
        self.asker.note(plan.note(layer, self.asker.context, self.settings))
        return plan

    def shots(self, document: Document) -> dict[str, list[Shot]]:
        """The examples that a document is asked with, by layer."""
        return self.choose_shots(document, self.layers)

    def opening(self, layer: str, plan: LayerPlan, shots: Sequence[Shot]) -> list[Message]:
        """What is sent before each passage: the guidelines, then examples where there is room."""
        return [
            {"role": "system", "content": self._system(layer, plan.detail)},
            *(m for shot in shots if plan.shots for m in shot_messages(self.schema, layer, shot)),
        ]

    def passage(self, layer: str, document: Document, window: Passage, known: Sequence[Span]) -> Message:
        """What is sent of one passage."""
        return {"role": "user", "content": user_message(self.schema, layer, document, window, known)}

    def form(self, layer: str, known: Sequence[Span]) -> dict[str, Any]:
        """The JSON schema of an answer about a layer."""
        return answer_schema(self.schema, layer, known)

    def given(self, document: Document) -> tuple[list[Span], list[Relation]]:
        """What is given of a document, its spans with ids of their own, and the relations among them."""
        annotation = self.given_annotations.get(document.id)
        if annotation is None:
            return [], []
        taken = [span for span in annotation.spans if span.layer not in self.layers]
        taken.sort(key=span_key)
        number: Counter[str] = Counter()
        ids: dict[str, str] = {}
        for span in taken:
            number[span.layer] += 1
            ids[span.id] = f"{span.layer}-{number[span.layer]}"
        relations = [
            msgspec.structs.replace(relation, head=ids[relation.head], tail=ids[relation.tail])
            for relation in annotation.relations
            if relation.head in ids and relation.tail in ids
        ]
        return [msgspec.structs.replace(span, id=ids[span.id]) for span in taken], relations

    def article(self, document: Document) -> Drafted:
        """One article, layer after layer. Raises `OutOfBudget`, and what the client raises."""
        spans, relations = self.given(document)
        given = {span.layer: self.given_annotations[document.id].annotator for span in spans}
        account, dropped, answers = Account(), list[dict[str, Any]](), list[Answer]()
        asked: list[str] = []
        shots = self.shots(document)
        for layer in self.layers:
            done = self._layer(document, layer, shots.get(layer, []), spans)
            found, arrows = join_passages(self.schema, layer, document, spans, done)
            spans += found
            relations += arrows
            for made in done:
                account += made.account
                dropped += made.dropped
                answers += made.answers
                asked += made.asked
        server = self.asker.server
        name = Counter(answer.model for answer in answers).most_common(1)[0][0] if answers else server.model
        settings = self.settings
        drafting = Drafting(
            prompt=sha256("\n".join(asked)),
            schema=self.schema_hash,
            settings=settings.told | {"layers": list(self.layers)},
            requests=account.requests,
            tokens_in=account.tokens_in,
            tokens_out=account.tokens_out,
            seconds=round(account.seconds, 3),
            cost=settings.cost(account.tokens_in, account.tokens_out),
            currency=settings.currency,
            placed=account.placed - account.joined,
            repaired=account.repaired,
            dropped=account.dropped,
            given=given,
        )
        created = max((answer.created for answer in answers), default="")
        provenance = Provenance(
            kind="model",
            name=name,
            version=self.version,
            guidelines=guidelines_hash(self.schema),
            created=created,
            drafting=drafting,
        )
        spans.sort(key=span_key)
        digest = sha256(document.text)
        annotation = Annotation(
            document.id,
            name,
            self.schema.stamp,
            "draft",
            provenance,
            tuple(spans),
            tuple(relations),
            digest,
        )
        return Drafted(annotation, account, dropped)

    def _layer(
        self,
        document: Document,
        layer: str,
        shots: Sequence[Shot],
        spans: Sequence[Span],
    ) -> list[PassageDraft]:
        """All passages of an article for one layer, several at once; less beside them where need be."""
        while True:
            plan = self.plan(layer)
            opening = self.opening(layer, plan, shots)
            windows = passages(document.text, plan.passage, plan.around)
            futures: list[Future[PassageDraft]] = []
            for number, window in enumerate(windows, start=1):
                known = [span for span in known_in(spans, window) if span.layer != layer]
                if not self._answerable(layer, known):
                    continue
                messages = [*opening, self.passage(layer, document, window, known)]
                question = Question(self.schema, layer, document, window, known, f"{layer}-{number}")
                futures.append(self._requests.submit(self._passage, question, messages, plan.answer))
            try:
                return [future.result() for future in futures]
            except TooLong:
                if plan.step + 1 == len(ladder(self.settings)):
                    raise
                with self._lock:
                    self._least[layer] = max(self._least[layer], plan.step + 1)
            finally:
                for future in futures:
                    future.cancel()

    def _passage(self, question: Question, messages: list[Message], most: int) -> PassageDraft:
        return draft_passage(question, messages, lambda each, form: self.asker.ask(each, form, most))

    def _answerable(self, layer: str, known: Sequence[Span]) -> bool:
        """Whether anything can be marked: not where every label needs a relation that can lead nowhere."""
        tails = tails_of(self.schema, layer, known)
        for name, kind in self.schema.relations_from(layer).items():
            heads = [end for end in kind.head if end.layer == layer]
            every = all(any(end.admits(layer, label) for end in heads) for label in self.schema.labels(layer))
            if kind.min and every and name in tails and not tails[name]:
                return False
        return True
