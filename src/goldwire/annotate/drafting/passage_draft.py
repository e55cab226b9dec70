"""One passage and one layer: asked, read, placed; what is wrong is sent back once with what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from goldwire.annotate.drafting.account import AnswerCounts
from goldwire.annotate.drafting.align import FoundQuote, find
from goldwire.annotate.drafting.answer_schema import (
    CONTEXT,
    ITEM,
    answer_schema,
    inner_relations,
    own_key,
)
from goldwire.annotate.drafting.answers import ReadAnswer, read_answer, said_twice
from goldwire.annotate.drafting.cache import Answer
from goldwire.annotate.drafting.client import TooLong
from goldwire.annotate.drafting.passages import Passage
from goldwire.annotate.drafting.prompt import Message
from goldwire.annotations import rules
from goldwire.annotations.find_quote import occurrences
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import Fault
from goldwire.formats.quotes import ID_TWICE, NO_OCCURRENCE, SEVERAL_TIMES, place_passages
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.schemas import Schema
from goldwire.schemas.yaml_lines import KEY_TWICE
from goldwire.text import snippet

#: Sends messages whose answer is bound by a JSON schema.
Ask = Callable[[list[Message], dict[str, Any]], Answer]
Item = dict[str, Any]
#: Places of a quote that are listed to choose from, and code points shown on each side of one.
_LISTED, _AROUND = 6, 24
#: Characters of an answer that was no list of items, in the quarantine and when it is sent back.
_SHOWN = 2000
_NO_ANSWER = "no JSON of the form that was asked for"
TAIL_DROPPED = "what it leads to was dropped"
_NO_ITEM = "in the list and no item"
_NOT_SENT = "not sent back: with the answer the request would be too long for the model"
_PLACE = re.compile(r"\$\.(spans|relations)\[(\d+)\]")


@dataclass(frozen=True)
class PassageQuestion:
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

    def form(self, *, correcting: int = 0) -> dict[str, Any]:
        """The JSON schema of an answer, or of so many corrections."""
        return answer_schema(self.schema, self.layer, self.known, correcting=correcting)


@dataclass(frozen=True)
class Origin:
    """What a span was made of: the item, whether it had been sent back, its quote's harmless differences."""

    item: Item
    repaired: bool
    differences: tuple[str, ...]


@dataclass
class PassageDraft:
    """What came of one passage: spans and relations, the account, and what was dropped with its reasons.

    `origins` says what each span was made of, `asked` what each request asked: messages and the answer's JSON
    schema.
    """

    question: PassageQuestion
    spans: list[Span] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    account: AnswerCounts = field(default_factory=AnswerCounts)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    origins: dict[str, Origin] = field(default_factory=dict)

    def take_back(self, span_id: str, kind: str, reason: str) -> None:
        """Drop a span after all: what it was made of is put aside and counted under `kind`."""
        origin, account = self.origins[span_id], self.account
        account.placed -= 1
        account.repaired -= origin.repaired
        account.exact -= not origin.differences
        account.differences.subtract(origin.differences)
        account.dropped += 1
        account.reasons[kind] += 1
        self.put_aside({"item": origin.item}, [reason])

    def unlink(self, relation: Relation, tail: Item | None, reason: str) -> None:
        """Drop a relation of a span that stays: put aside with what it led from and to, and counted."""
        self.account.unlinked += 1
        what = {"relation": relation.label, "head": self.origins[relation.head].item, "tail": tail}
        self.put_aside(what, [reason])

    def put_aside(self, entry: dict[str, Any], reasons: list[str]) -> None:
        """Keep what was dropped, with its place and the reasons."""
        question = self.question
        self.dropped.append(
            {
                "document": question.document.id,
                "layer": question.layer,
                "passage": [question.window.start, question.window.end],
                **entry,
                "reasons": list(dict.fromkeys(reasons)),
            }
        )

    def ask(
        self, messages: list[Message], form: dict[str, Any], ask: Ask
    ) -> tuple[ReadAnswer | None, Answer]:
        """One request, accounted for. Raises what `ask` raises, and counts nothing then."""
        answer = ask(messages, form)
        self.asked.append(json.dumps([messages, form], ensure_ascii=False))
        self.answers.append(answer)
        account = self.account
        account.requests += 1
        account.cached += answer.cached
        account.tokens_in += answer.tokens_in
        account.tokens_out += answer.tokens_out
        account.seconds += answer.seconds
        if not answer.cached:
            account.spent_in += answer.tokens_in
            account.spent_out += answer.tokens_out
        read = read_answer(answer.text, self.question.layer)
        account.cut += answer.finish == "length" or (read is not None and read.cut)
        return read, answer

    def unique(self, read: ReadAnswer) -> list[Item]:
        """The items, each once; what is none is put aside."""
        for strange in read.strange:
            self.put_aside({"item": strange}, [_NO_ITEM])
        self.account.dropped += len(read.strange)
        self.account.reasons.update([_NO_ITEM] * len(read.strange))
        items: dict[str, Item] = {}
        for item in read.items:
            items.setdefault(json.dumps([item, said_twice(item)], sort_keys=True, ensure_ascii=False), item)
        self.account.repeated += len(read.items) - len(items)
        self.account.answered += len(read.items) + len(read.strange)
        return list(items.values())

    def keep(
        self,
        items: list[Item],
        replaced: Mapping[int, Item] = MappingProxyType({}),
        sent: Collection[int] = (),
        also: str = "",
    ) -> PassageDraft:
        """Place what there is now; count what holds, and put aside what does not, `also` among the reasons.

        `replaced` are items as they were corrected, `sent` those that were sent back, by number.
        """
        final = [replaced.get(index, item) for index, item in enumerate(items)]
        placing = _Placing(self.question, final)
        account = self.account
        for index, item in enumerate(items):
            if faults := placing.wrong.get(index):
                account.dropped += 1
                account.reasons.update({fault.kind for fault in faults})
                told = [*map(_told, faults), *filter(None, [also])]
                more = {"corrected": replaced[index]} if index in replaced else {}
                self.put_aside({"item": item, **more}, told)
                continue
            account.placed += 1
            account.repaired += index in sent
            differences = placing.differences[index]
            self.origins[placing.names[index]] = Origin(final[index], index in sent, differences)
            account.exact += not differences
            account.differences.update(differences)
        for relation in placing.lost:
            self.unlink(relation, final[placing.names.index(relation.tail)], TAIL_DROPPED)
        self.spans, self.relations = placing.spans, placing.relations
        return self


def draft_passage(question: PassageQuestion, messages: list[Message], ask: Ask) -> PassageDraft:
    """Ask, place, send back once what is wrong, place again; what is wrong then is dropped.

    Raises what `ask` raises.
    """
    draft = PassageDraft(question)
    read, answer = draft.ask(messages, question.form(), ask)
    if read is None:
        return _ask_again(draft, messages, answer, ask)
    items = draft.unique(read)
    wrong = _Placing(question, items).wrong
    if not wrong:
        return draft.keep(items)
    said = json.dumps({question.layer: items}, ensure_ascii=False)
    again = _answering(messages, said, _complaint(question, items, wrong))
    try:
        corrected, _ = draft.ask(again, question.form(correcting=len(wrong)), ask)
    except TooLong:
        return draft.keep(items, also=_NOT_SENT)
    draft.account.sent_back += len(wrong)
    numbers = dict(enumerate(wrong, start=1))
    key = own_key(question.schema, question.layer, ITEM)
    replaced: dict[int, Item] = {}
    for item in corrected.items if corrected else ():
        number = item.get(key)
        if isinstance(number, int) and number in numbers:
            before = items[numbers[number]]
            if "id" in before:  # others lead to it still
                item.setdefault("id", before["id"])
            replaced.setdefault(numbers[number], item)
    return draft.keep(items, replaced, wrong)


def _ask_again(draft: PassageDraft, messages: list[Message], first: Answer, ask: Ask) -> PassageDraft:
    """What comes of a second request where the first answer was no list of items."""
    said = f"That was {_NO_ANSWER}. Answer again, in JSON and in nothing else."
    again = _answering(messages, first.text[:_SHOWN], said)
    entry, reasons = {"answer": first.text[:_SHOWN]}, [_NO_ANSWER]
    try:
        read, second = draft.ask(again, draft.question.form(), ask)
    except TooLong:
        reasons.append(_NOT_SENT)
    else:
        if read is not None:
            draft.account.reread += 1
            return draft.keep(draft.unique(read))
        entry["corrected"] = second.text[:_SHOWN]
    draft.account.unreadable += 1
    draft.put_aside(entry, reasons)
    return draft


def _answering(messages: list[Message], answer: str, said: str) -> list[Message]:
    """A conversation that goes on: what was answered, and what is said to it."""
    return [*messages, {"role": "assistant", "content": answer}, {"role": "user", "content": said}]


class _Placing:
    """Items held against the passage and the schema: `wrong` holds the faults of each that can't be kept.

    `spans` and `relations` are those of all others, `differences` the harmless ones of each item's quote;
    `lost` are relations of items that are kept to some that can't be.
    """

    def __init__(self, question: PassageQuestion, items: Sequence[Item]) -> None:
        self.question = question
        self.wrong: dict[int, list[Fault]] = {}
        self.differences: list[tuple[str, ...]] = []
        self.names = [f"{question.name}-{number}" for number in range(1, len(items) + 1)]
        self.unclear: dict[int, Fault] = {}
        text, window = question.document.text, question.window
        places = occurrences(text, question.passage)
        passage: dict[str, Any] = {"text": question.passage}
        if len(places) > 1:
            passage["n"] = str(places.index(window.start) + 1)
        for index, item in enumerate(items):
            self.wrong[index] = [_said_twice(key, values) for key, values in said_twice(item).items()]
        own = self._own_ids(items)
        passage[question.layer] = [self._written(index, item, own) for index, item in enumerate(items)]
        placed = place_passages([passage], question.document, question.schema, question.known)
        item_path = re.compile(rf"\$\.passages\[0\]\.{re.escape(question.layer)}\[(\d+)\](.*)")
        for path, fault in placed.faults:
            if match := item_path.match(path):
                index = int(match[1])
                self.wrong[index].append(self.unclear.get(index, fault) if match[2] == ".n" else fault)
            else:  # of the passage itself: then nothing in it has a place
                for faults in self.wrong.values():
                    faults.append(fault)
        self.wrong = {index: faults for index, faults in self.wrong.items() if faults}
        self._forgive([placed.spans[name] for name in self.names])
        spans = [placed.spans[name] for i, name in enumerate(self.names) if i not in self.wrong]
        self.spans, self.relations, broken = hold_rules(
            question.schema, question.document, question.known, spans, placed.relations
        )
        self.wrong |= {self.names.index(name): faults for name, faults in broken.items()}
        kept, bad = {span.id for span in self.spans}, {self.names[index] for index in self.wrong}
        self.lost = [r for r in placed.relations if r.head in kept and r.tail in bad]

    def _forgive(self, spans: Sequence[Span]) -> None:
        """Keep an item that only repeats one that can't be kept; of several, the first."""
        marks = [(span.label, span.start, span.end) for span in spans]
        kept = {mark for index, mark in enumerate(marks) if index not in self.wrong}
        for index, mark in enumerate(marks):
            faults = self.wrong.get(index, ())
            if faults and mark not in kept and all(fault.code == rules.SAME_SPAN for fault in faults):
                kept.add(mark)
                del self.wrong[index]

    def _own_ids(self, items: Sequence[Item]) -> dict[str, str]:
        """The names of items by the ids that they bear, for the relations that lead back into the layer.

        Where one leads to an id that stands twice, nobody knows whither: a fault of it, and of all that bear
        the id but the first.
        """
        question = self.question
        bearers: dict[str, list[int]] = {span.id: [-1] for span in question.known}
        for index, item in enumerate(items):
            if isinstance(name := item.get("id"), (str, int)) and name != "":
                bearers.setdefault(str(name), []).append(index)
        twice: dict[str, list[int]] = {}
        for index, item in enumerate(items):
            for relation in inner_relations(question.schema, question.layer):
                for tail in _tails(item.get(relation)):
                    if isinstance(tail, str) and len(bearers.get(tail, ())) > 1:
                        twice.setdefault(tail, bearers[tail][1:]).append(index)
        for name, indices in twice.items():
            fault = Fault(ID_TWICE, f"id `{name}` stands twice", hint="give each item an id of its own")
            for index in dict.fromkeys(indices):
                self.wrong[index].append(fault)
        return {name: self.names[first] for name, (first, *_) in bearers.items() if first >= 0}

    def _written(self, index: int, item: Item, own: dict[str, str]) -> Item:
        """An item as the quotes format has it: its quote as the text has it, ids that are ours."""
        schema, layer = self.question.schema, self.question.layer
        context_key = own_key(schema, layer, CONTEXT)
        ours = (own_key(schema, layer, ITEM), "id", "n", context_key)
        plain = {key: value for key, value in item.items() if value is not None and key not in ours}
        for key in inner_relations(schema, layer):
            if isinstance(value := plain.get(key), (list, str)):
                plain[key] = [own.get(t, t) if isinstance(t, str) else t for t in _tails(value)]
        plain["id"] = self.names[index]
        quote, context = item.get("quote"), item.get(context_key)
        n = _number(item.get("n"))
        place = None
        if isinstance(quote, str):
            about = context if isinstance(context, str) else ""
            place = find(self.question.passage, quote, n, about, schema.language)
        self.differences.append(place.differences if place else ())
        if place is None:  # the reader says so
            return plain
        if place.unclear:
            self.unclear[index] = _unclear(self.question.passage, place, n)
            # No occurrence at all: it is not for the reader to say which, who counts parts of words too.
            return plain | {"quote": place.quote, "n": "0"}
        return plain | {"quote": place.quote} | ({} if place.n is None else {"n": str(place.n)})


def hold_rules(
    schema: Schema,
    document: Document,
    known: Sequence[Span],
    spans: Sequence[Span],
    relations: Sequence[Relation],
) -> tuple[list[Span], list[Relation], dict[str, list[Fault]]]:
    """What is left of spans and relations beside those `known` once all that breaks the schema's rules is
    taken out, until nothing does; and the faults of each span that was, by its id."""
    own, wrong = {span.id for span in spans}, dict[str, list[Fault]]()
    while True:
        left = [span for span in spans if span.id not in wrong]
        ids = {span.id for span in (*known, *left)}
        arrows = [r for r in relations if r.head in ids and r.tail in ids]
        annotation = Annotation(document.id, "", schema.id, spans=(*known, *left), relations=tuple(arrows))
        before = len(wrong)
        for fault in check_articles([Article(document, (annotation,))], schema).faults:
            place = _PLACE.search(fault.where)
            if place is None or fault.code == rules.SCHEMA:
                continue
            number = int(place[2])
            of = annotation.spans[number].id if place[1] == "spans" else annotation.relations[number].head
            if of in own:
                wrong.setdefault(of, []).append(fault)
        if len(wrong) == before:
            return left, arrows, wrong


def _tails(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _number(n: Any) -> int | None:
    """The number of an occurrence, which some models write as a text."""
    if isinstance(n, str) and n.isascii() and n.isdigit() and len(n) < 10:
        return int(n)
    return n if isinstance(n, int) and not isinstance(n, bool) else None


def _unclear(passage: str, place: FoundQuote, n: int | None) -> Fault:
    """The fault of a quote of which nobody knows where it stands, its places numbered as `n` counts them."""
    count = len(place.unclear)
    shown = place.quote if len(place.quote) <= 60 else f"{place.quote[:60]}…"
    listed = "; ".join(
        f"n: {number} {snippet(passage, start, end, _AROUND)}"
        for number, (start, end) in enumerate(place.unclear[:_LISTED], start=1)
    )
    more = "; …" if count > _LISTED else ""
    if n is not None and not 0 < n <= count:
        times = "once" if count == 1 else f"{count} times"
        message = f"n is {n}, but «{shown}» stands {'only ' if n > 0 else ''}{times} in the passage"
        return Fault(NO_OCCURRENCE, message, hint=f"say which: {listed}{more}")
    message = f"quote «{shown}» stands {count} times in the passage"
    if n is not None:
        message += f", and number {n} is not in its context"
    return Fault(SEVERAL_TIMES, message, hint=f"say which: {listed}{more}")


def _said_twice(key: str, values: list[Any]) -> Fault:
    said = ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return Fault(KEY_TWICE, f"key `{key}` stands twice, with {said}", hint="say it once")


def _complaint(question: PassageQuestion, items: Sequence[Item], wrong: dict[int, list[Fault]]) -> str:
    """What is wrong with which items, and how to answer."""
    lines = ["These items can't be used as they are:"]
    for number, (index, faults) in enumerate(wrong.items(), start=1):
        told = "; ".join(dict.fromkeys(_told(fault) for fault in faults))
        lines.append(f"{number}. {json.dumps(items[index], ensure_ascii=False)}: {told}")
    key = own_key(question.schema, question.layer, ITEM)
    lines.append(
        f'Answer with these items only, corrected: {{"{question.layer}": [{{"{key}": 1, …}}]}}, where '
        f"`{key}` is the number above. Copy quotes from the passage. Leave out what can't be corrected."
    )
    return "\n".join(lines)


def _told(fault: Fault) -> str:
    return f"{fault.message} ({fault.hint})" if fault.hint else fault.message
