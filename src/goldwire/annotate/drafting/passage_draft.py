"""One passage and one layer: asked, read, placed; what is wrong is sent back once with what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from goldwire.annotate.drafting.account import Account
from goldwire.annotate.drafting.align import find
from goldwire.annotate.drafting.answer_schema import ITEM, answer_schema
from goldwire.annotate.drafting.answers import Read, read_answer
from goldwire.annotate.drafting.cache import Answer
from goldwire.annotate.drafting.client import TooLong
from goldwire.annotate.drafting.passages import Passage
from goldwire.annotate.drafting.prompt import Message
from goldwire.annotations import rules
from goldwire.annotations.find_quote import occurrences
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import Fault
from goldwire.formats.quotes import place_passages
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.schemas import Schema

#: Sends messages whose answer is bound by a JSON schema.
Ask = Callable[[list[Message], dict[str, Any]], Answer]
Item = dict[str, Any]
#: Characters of an answer that was no list of items, in the quarantine and when it is sent back.
_SHOWN = 2000
_NO_ANSWER = "no JSON of the form that was asked for"
_NO_ITEM = "in the list and no item"
_PLACE = re.compile(r"\$\.(spans|relations)\[(\d+)\]")


@dataclass
class PassageDraft:
    """What came of one passage: spans and relations, the account, and what was dropped with its reasons."""

    spans: list[Span] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    """One layer asked of one passage. `known` are spans that relations may lead to, `name` begins new ids."""

    schema: Schema
    layer: str
    document: Document
    window: Passage
    known: Sequence[Span]
    name: str

    @property
    def passage(self) -> str:
        """The text that may be quoted."""
        return self.document.text[self.window.start : self.window.end]


def draft_passage(question: Question, messages: list[Message], ask: Ask) -> PassageDraft:
    """Ask, place, send back once what is wrong, place again; what is wrong then is dropped.

    Raises what `ask` raises.
    """
    made = PassageDraft()
    form = answer_schema(question.schema, question.layer, question.known)
    read, answer = _asked(made, question, messages, form, ask)
    if read is None:
        said = f"That was {_NO_ANSWER}. Answer again, in JSON and in nothing else."
        again = [*messages, _assistant(answer.text[:_SHOWN]), _user(said)]
        read, answer = _asked(made, question, again, form, _or_nothing(ask))
        if read is None:
            made.account.unreadable += 1
            made.dropped.append(_quarantined(question, {"answer": answer.text[:_SHOWN]}, [_NO_ANSWER]))
            return made
        return _kept(made, question, _unique(made, question, read), {}, ())
    items = _unique(made, question, read)
    wrong = _Placing(question, items).wrong
    if not wrong:
        return _kept(made, question, items, {}, ())
    made.account.sent_back += len(wrong)
    numbers = dict(enumerate(wrong, start=1))
    again = [
        *messages,
        _assistant(json.dumps({question.layer: items}, ensure_ascii=False)),
        _user(_complaint(question, items, wrong)),
    ]
    form = answer_schema(question.schema, question.layer, question.known, correcting=len(wrong))
    corrected, _ = _asked(made, question, again, form, _or_nothing(ask))
    replaced: dict[int, Item] = {}
    for item in corrected.items if corrected else ():
        number = item.get(ITEM)
        if isinstance(number, int) and number in numbers:
            replaced.setdefault(numbers[number], item)
    return _kept(made, question, items, replaced, tuple(wrong))


def _asked(
    made: PassageDraft, question: Question, messages: list[Message], form: dict[str, Any], ask: Ask
) -> tuple[Read | None, Answer]:
    """One request, accounted for."""
    answer = ask(messages, form)
    made.answers.append(answer)
    account = made.account
    account.requests += 1
    account.cached += answer.cached
    account.tokens_in += answer.tokens_in
    account.tokens_out += answer.tokens_out
    account.seconds += answer.seconds
    if not answer.cached:
        account.spent_in += answer.tokens_in
        account.spent_out += answer.tokens_out
    read = read_answer(answer.text, question.layer)
    account.cut += answer.finish == "length" or (read is not None and read.cut)
    return read, answer


def _or_nothing(ask: Ask) -> Ask:
    """A second question that does not fit any more is not asked."""

    def asking(messages: list[Message], form: dict[str, Any]) -> Answer:
        try:
            return ask(messages, form)
        except TooLong:
            return Answer("", cached=True)

    return asking


def _unique(made: PassageDraft, question: Question, read: Read) -> list[Item]:
    """The items, each once; what is none is put aside."""
    for strange in read.strange:
        made.dropped.append(_quarantined(question, {"item": strange}, [_NO_ITEM]))
    made.account.dropped += len(read.strange)
    made.account.reasons.update([_NO_ITEM] * len(read.strange))
    kept: list[Item] = []
    seen: set[str] = set()
    for item in read.items:
        written = json.dumps(item, sort_keys=True, ensure_ascii=False)
        if written in seen:
            made.account.repeated += 1
        else:
            seen.add(written)
            kept.append(item)
    made.account.answered += len(read.items) + len(read.strange)
    return kept


def _kept(
    made: PassageDraft,
    question: Question,
    items: list[Item],
    replaced: dict[int, Item],
    sent: tuple[int, ...],
) -> PassageDraft:
    """Place what there is now; count what holds, and put aside what does not."""
    final = [replaced.get(index, item) for index, item in enumerate(items)]
    placing = _Placing(question, final)
    account = made.account
    for index, item in enumerate(items):
        if index in placing.wrong:
            account.dropped += 1
            faults = placing.wrong[index]
            account.reasons.update({fault.kind for fault in faults})
            told = [_told(fault) for fault in faults]
            more = {"corrected": replaced[index]} if index in replaced else {}
            made.dropped.append(_quarantined(question, {"item": item, **more}, told))
            continue
        account.placed += 1
        account.repaired += index in sent
        differences = placing.differences[index]
        account.exact += not differences
        account.differences.update(differences)
    made.spans, made.relations = placing.spans, placing.relations
    return made


class _Placing:
    """Items held against the passage and the schema: `wrong` holds the faults of each that can't be kept.

    `spans` and `relations` are those of all others, `differences` the harmless ones of each item's quote.
    """

    def __init__(self, question: Question, items: Sequence[Item]) -> None:
        self.question = question
        self.wrong: dict[int, list[Fault]] = {}
        self.differences: list[tuple[str, ...]] = []
        self.names = [f"{question.name}-{number}" for number in range(1, len(items) + 1)]
        text, window = question.document.text, question.window
        places = occurrences(text, question.passage)
        passage: dict[str, Any] = {"text": question.passage}
        if len(places) > 1:
            passage["n"] = str(places.index(window.start) + 1)
        own = {str(item["id"]): name for item, name in zip(items, self.names, strict=True) if item.get("id")}
        relations = list(question.schema.relations)
        passage[question.layer] = [
            self._written(item, name, own, relations) for item, name in zip(items, self.names, strict=True)
        ]
        placed = place_passages([passage], question.document, question.schema, question.known)
        item_path = re.compile(rf"\$\.passages\[0\]\.{re.escape(question.layer)}\[(\d+)\]")
        for path, fault in placed.faults:
            if found := item_path.match(path):
                self.wrong.setdefault(int(found[1]), []).append(fault)
        self.spans = [placed.spans[name] for i, name in enumerate(self.names) if i not in self.wrong]
        self.relations = placed.relations
        self._hold_rules()

    def _written(self, item: Item, name: str, own: dict[str, str], relations: list[str]) -> Item:
        """An item as the quotes format has it: its quote as the text has it, ids that are ours."""
        quote, n, context = item.get("quote"), item.get("n"), item.get("context")
        plain = {k: v for k, v in item.items() if v is not None and k not in (ITEM, "id", "n", "context")}
        for key in relations:
            if isinstance(value := plain.get(key), (list, str)):
                tails = [value] if isinstance(value, str) else value
                plain[key] = [own.get(tail, tail) if isinstance(tail, str) else tail for tail in tails]
        plain["id"] = name
        if not isinstance(quote, str):
            self.differences.append(())
            return plain
        number = n if isinstance(n, int) and not isinstance(n, bool) else None
        found = find(self.question.passage, quote, number, context if isinstance(context, str) else "")
        self.differences.append(found.differences)
        return plain | {"quote": found.quote} | ({} if found.n is None else {"n": str(found.n)})

    def _hold_rules(self) -> None:
        """Take out what breaks the schema's rules, until nothing does."""
        known = list(self.question.known)
        while True:
            ids = {span.id for span in (*known, *self.spans)}
            self.relations = [r for r in self.relations if r.head in ids and r.tail in ids]
            stamp = self.question.schema.stamp
            annotation = Annotation(
                self.question.document.id,
                "",
                stamp,
                spans=(*known, *self.spans),
                relations=tuple(self.relations),
            )
            checked = check_articles([Article(self.question.document, (annotation,))], self.question.schema)
            before = len(self.wrong)
            for fault in checked.faults:
                place = _PLACE.search(fault.where)
                if place is None or fault.code == rules.SCHEMA:
                    continue
                number = int(place[2])
                span_id = (
                    annotation.spans[number].id if place[1] == "spans" else annotation.relations[number].head
                )
                if span_id in self.names:
                    self.wrong.setdefault(self.names.index(span_id), []).append(fault)
            if len(self.wrong) == before:
                return
            bad = {self.names[index] for index in self.wrong}
            self.spans = [span for span in self.spans if span.id not in bad]


def _complaint(question: Question, items: Sequence[Item], wrong: dict[int, list[Fault]]) -> str:
    """What is wrong with which items, and how to answer."""
    lines = ["These items can't be used as they are:"]
    for number, (index, faults) in enumerate(wrong.items(), start=1):
        told = "; ".join(dict.fromkeys(_told(fault) for fault in faults))
        lines.append(f"{number}. {json.dumps(items[index], ensure_ascii=False)}: {told}")
    lines.append(
        f'Answer with these items only, corrected: {{"{question.layer}": [{{"{ITEM}": 1, …}}]}}, where '
        f"`{ITEM}` is the number above. Copy quotes from the passage. Leave out what can't be corrected."
    )
    return "\n".join(lines)


def _told(fault: Fault) -> str:
    return f"{fault.message} ({fault.hint})" if fault.hint else fault.message


def _quarantined(question: Question, what: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
    return {
        "document": question.document.id,
        "layer": question.layer,
        "passage": [question.window.start, question.window.end],
        **what,
        "reasons": list(dict.fromkeys(reasons)),
    }


def _assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


def _user(text: str) -> Message:
    return {"role": "user", "content": text}
