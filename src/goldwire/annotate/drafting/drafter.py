"""One article drafted: layer after layer, several passages at once, and what it took put on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import msgspec

from goldwire.annotate.drafting.account import AnswerCounts
from goldwire.annotate.drafting.answer_schema import (
    layer_order,
    tails_of,
    unanswerable_names,
)
from goldwire.annotate.drafting.asker import Asker
from goldwire.annotate.drafting.cache import Answer
from goldwire.annotate.drafting.client import TooLong
from goldwire.annotate.drafting.join import join_passages
from goldwire.annotate.drafting.passage_draft import PassageDraft, PassageQuestion, draft_passage
from goldwire.annotate.drafting.passages import passages
from goldwire.annotate.drafting.plan import LayerPlan, last_step, plan_layer
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
from goldwire.schemas.rendering.guidelines import guidelines_hash

ChooseShots = Callable[[Document, Sequence[str]], dict[str, list[Shot]]]


@dataclass
class Drafted:
    """An article's draft: its annotation, the account of it, and what was dropped."""

    annotation: Annotation
    account: AnswerCounts
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
            raise GoldwireError.of("GW812", message, where=schema.id, hint=one_of(schema.layers))
        self.asker, self.schema, self.choose_shots = asker, schema, choose_shots
        self.given_annotations = given or {}
        self.settings = asker.settings
        self.layers = [name for name in layer_order(schema) if not layers or name in layers]
        raise_faults(unanswerable_names(schema, self.layers))
        self._system = cache(lambda layer, detail: system_message(schema, layer, detail))
        self.plan = cache(
            lambda layer, least=0: plan_layer(schema, layer, self.settings, asker.context, least)
        )
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

    def told(self, layer: str, plan: LayerPlan) -> str:
        """What is sent less than asked for, in words, which the run's notes say too; empty where all is."""
        note = plan.note(layer, self.asker.context, self.settings)
        self.asker.note(note)
        return note

    def questions(
        self,
        document: Document,
        layer: str,
        plan: LayerPlan,
        shots: Sequence[Shot],
        spans: Sequence[Span],
        coming: Collection[str] = (),
    ) -> Iterator[tuple[PassageQuestion, list[Message]]]:
        """What is asked of an article for one layer, with what is sent: the guidelines, examples where there
        is room, then the passage. Passages in which nothing can be marked (`answerable`) are left out."""
        opening: list[Message] = [{"role": "system", "content": self._system(layer, plan.detail)}]
        for shot in shots if plan.shots else ():
            opening += shot_messages(self.schema, layer, shot)
        for number, window in enumerate(passages(document.text, plan.passage, plan.around), start=1):
            known = [span for span in known_in(spans, window) if span.layer != layer]
            if self.answerable(layer, known, coming):
                told = user_message(self.schema, layer, document, window, known)
                question = PassageQuestion(self.schema, layer, document, window, known, f"{layer}-{number}")
                yield question, [*opening, {"role": "user", "content": told}]

    def given(self, document: Document) -> tuple[list[Span], list[Relation]]:
        """What is given of a document, its spans with ids of their own, and the relations among them."""
        annotation = self.given_annotations.get(document.id)
        if annotation is None:
            return [], []
        other_spans = [span for span in annotation.spans if span.layer not in self.layers]
        other_spans.sort(key=span_key)
        number: Counter[str] = Counter()
        ids: dict[str, str] = {}
        for span in other_spans:
            number[span.layer] += 1
            ids[span.id] = f"{span.layer}-{number[span.layer]}"
        relations = [
            msgspec.structs.replace(relation, head=ids[relation.head], tail=ids[relation.tail])
            for relation in annotation.relations
            if relation.head in ids and relation.tail in ids
        ]
        return [msgspec.structs.replace(span, id=ids[span.id]) for span in other_spans], relations

    def article(self, document: Document, *, kept_only: bool = False) -> Drafted:
        """One article, layer after layer; with `kept_only` nothing is asked that was not answered before.

        Raises `OutOfBudget`, `NotKept`, and what the client raises.
        """
        spans, relations = self.given(document)
        given_by = {span.layer: self.given_annotations[document.id].annotator for span in spans}
        account, dropped, answers = AnswerCounts(), list[dict[str, Any]](), list[Answer]()
        asked: list[str] = []
        shortened: list[str] = []
        shots = self.choose_shots(document, self.layers)
        for layer in self.layers:
            done, plan = self._layer(document, layer, shots.get(layer, []), spans, kept_only)
            shortened += filter(None, [self.told(layer, plan)] if done else [])
            layer_spans, arrows = join_passages(self.schema, layer, document, spans, done)
            spans += layer_spans
            relations += arrows
            for draft in done:
                account += draft.account
                dropped += draft.dropped
                answers += draft.answers
                asked += draft.asked
        server = self.asker.server
        name = Counter(answer.model for answer in answers).most_common(1)[0][0] if answers else server.model
        settings = self.settings
        how = settings.told | {"layers": list(self.layers)}
        how |= {"shortened": shortened} if shortened else {}
        how |= {"tokens": "estimated"} if any(answer.estimated for answer in answers) else {}
        drafting = Drafting(
            prompt=sha256("\n".join(asked)),
            schema=self.schema_hash,
            settings=how,
            requests=account.requests,
            tokens_in=account.tokens_in,
            tokens_out=account.tokens_out,
            seconds=round(account.seconds, 3),
            cost=settings.cost(account.tokens_in, account.tokens_out),
            currency=settings.currency,
            placed=account.placed - account.joined,
            repaired=account.repaired,
            dropped=account.dropped,
            given=given_by,
        )
        provenance = Provenance(
            kind="model",
            name=name,
            version=self.version,
            guidelines=guidelines_hash(self.schema),
            created=max((answer.created for answer in answers), default=""),
            drafting=drafting,
        )
        annotation = Annotation(
            document.id,
            name,
            self.schema.id,
            "draft",
            provenance,
            tuple(sorted(spans, key=span_key)),
            tuple(relations),
            sha256(document.text),
        )
        return Drafted(annotation, account, dropped)

    def _layer(
        self,
        document: Document,
        layer: str,
        shots: Sequence[Shot],
        spans: Sequence[Span],
        kept_only: bool,
    ) -> tuple[list[PassageDraft], LayerPlan]:
        """All passages of an article for one layer, several at once, and how they were asked.

        What the server finds too long is sent with less, for this article alone: another's draft must not
        depend on it.
        """
        least = 0
        while True:
            plan = self.plan(layer, least)
            ask = partial(self.asker.ask, most=plan.answer, kept_only=kept_only)
            futures = [
                self._requests.submit(draft_passage, question, messages, ask)
                for question, messages in self.questions(document, layer, plan, shots, spans)
            ]
            try:
                return [future.result() for future in futures], plan
            except TooLong:
                if plan.step >= last_step(self.settings):
                    raise
                least = plan.step + 1
            finally:
                for future in futures:
                    future.cancel()

    def answerable(self, layer: str, known: Sequence[Span], coming: Collection[str] = ()) -> bool:
        """Whether anything can be marked: not where every label needs a relation that can lead nowhere,
        neither to what is known nor to the layers that are still `coming`."""
        tails = tails_of(self.schema, layer, known)
        for name, kind in self.schema.relations_from(layer).items():
            heads = [end for end in kind.head if end.layer == layer]
            every = all(any(end.admits(layer, label) for end in heads) for label in self.schema.labels(layer))
            leads = bool(tails.get(name)) or any(end.layer in coming for end in kind.tail)
            if kind.min and every and name in tails and not leads:
                return False
        return True
