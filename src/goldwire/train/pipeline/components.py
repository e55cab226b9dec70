"""What goldwire adds to spaCy pipelines: further layers, attributes of spans, relations between them.

This file and `features.py` stand alone: they import spaCy and numpy only, so that `spacy package MODEL OUT
--code features.py,components.py` makes a package that loads where goldwire is not installed. They find each
other by spaCy's registry, since a package's files can't import one another by name. What is found stands in
`doc.spans[layer]` (one layer in `doc.ents`) and in `doc.user_data["goldwire"]`; `doc._.<layer>s` shows a
layer as plain dicts.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import registry

KEY = "goldwire"
BALLOTS = "goldwire_ballots"


def plural(layer: str) -> str:
    """The name of a layer's getter: `entity` is read as `doc._.entities`, `event` as `doc._.events`."""
    name = "".join(c if c.isalnum() else "_" for c in layer)
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"


def layer_of(doc: Doc, layer: str) -> list[Span]:
    """The spans of a layer, in the order that indices in `user_data` count."""
    extra = doc.user_data.get(KEY) or {}
    group = doc.spans.get(layer)
    if group is not None:
        return list(group)
    return list(doc.ents) if extra.get("flat") == layer else []


def as_dicts(doc: Doc, layer: str) -> list[dict[str, Any]]:
    """A layer as dicts: text, label, start and end (code points), score, attributes, and for each relation
    that goes out from the span a list of `{"text", "label", "layer", "index"}`."""
    extra = doc.user_data.get(KEY) or {}
    attributes = extra.get("attributes", {}).get(layer, [])
    group = doc.spans.get(layer)
    scores = list(group.attrs.get("scores", ())) if group is not None else []
    shown: list[dict[str, Any]] = []
    for index, span in enumerate(layer_of(doc, layer)):
        shown_span = {"text": span.text, "label": span.label_, "start": span.start_char, "end": span.end_char}
        if index < len(scores):
            shown_span["score"] = float(scores[index])
        shown_span["attributes"] = dict(attributes[index]) if index < len(attributes) else {}
        shown_span["relations"] = {}
        shown.append(shown_span)
    for label, head, tail, *_ in extra.get("relations", ()):
        ends = layer_of(doc, tail[0]) if head[0] == layer else []
        # A part of a document (`span.as_doc`) has its relations, and not all of its spans.
        if head[0] == layer and head[1] < len(shown) and tail[1] < len(ends):
            end = ends[tail[1]]
            named = {"text": end.text, "label": end.label_, "layer": tail[0], "index": tail[1]}
            shown[head[1]]["relations"].setdefault(label, []).append(named)
    return shown


def show_layers(layers: Iterable[str]) -> None:
    """Give every `Doc` a getter for each layer; one that stands there already is left alone."""
    for layer in layers:
        if not Doc.has_extension(plural(layer)):
            Doc.set_extension(plural(layer), getter=partial(as_dicts, layer=layer))


class Linear:
    """A linear classifier over string features: `weights` is classes × features, `bias` one a class."""

    def __init__(self, classes: Sequence[str], features: Sequence[str], weights: Any, bias: Any) -> None:
        self.classes, self.features = list(classes), list(features)
        self.weights = np.asarray(weights, dtype=np.float32)
        self.bias = np.asarray(bias, dtype=np.float32)
        self.index = {name: number for number, name in enumerate(self.features)}

    def logits(self, features: Iterable[str]) -> Any:
        """The sum of weights of each class."""
        # In order: sums of floats depend on it, and that of a set changes from process to process.
        places = sorted({self.index[name] for name in features if name in self.index})
        return self.bias + self.weights[:, places].sum(axis=1)

    def chances(self, features: Iterable[str]) -> Any:
        """The probability of each class, a row that sums to 1."""
        logits = self.logits(features)
        raised = np.exp(logits - logits.max())
        return raised / raised.sum()


def pack(models: dict[str, Linear], settings: dict[str, Any]) -> bytes:
    """Models and settings as one npz archive: arrays and JSON, no pickle."""
    header = {
        "settings": settings,
        "models": {
            name: {"classes": model.classes, "features": model.features} for name, model in models.items()
        },
    }
    arrays: dict[str, Any] = {"header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)}
    for number, model in enumerate(models.values()):
        arrays[f"weights{number}"], arrays[f"bias{number}"] = model.weights, model.bias
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Linear], dict[str, Any]]:
    """The inverse of `pack`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        header = json.loads(arrays["header"].tobytes())
        models = {
            name: Linear(
                lists["classes"], lists["features"], arrays[f"weights{number}"], arrays[f"bias{number}"]
            )
            for number, (name, lists) in enumerate(header["models"].items())
        }
    return models, header["settings"]


class Learned:
    """A component whose state is linear models and JSON settings; `flat` is the layer of `doc.ents`."""

    def __init__(self, nlp: Language, name: str, flat: str) -> None:
        self.vocab, self.name, self.flat = nlp.vocab, name, flat
        self.models: dict[str, Linear] = {}
        self.settings: dict[str, Any] = {"layers": []}

    def extra(self, doc: Doc) -> dict[str, Any]:
        """The document's place for what spaCy has no place for."""
        values: dict[str, Any] = doc.user_data.setdefault(KEY, {})
        values.setdefault("flat", self.flat)
        return values

    def set(self, models: dict[str, Linear], settings: dict[str, Any]) -> None:
        """Put what was learned in place."""
        self.models, self.settings = models, settings
        show_layers(settings["layers"])

    def to_bytes(self, **_exclude: Any) -> bytes:
        """The state as bytes."""
        return pack(self.models, self.settings)

    def from_bytes(self, data: bytes, **_exclude: Any) -> Self:
        """Read the state."""
        self.set(*unpack(data))
        return self

    def to_disk(self, path: str | Path, **_exclude: Any) -> None:
        """Write the state into a folder."""
        Path(path).mkdir(parents=True, exist_ok=True)
        (Path(path) / "learned.npz").write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, **_exclude: Any) -> Self:
        """Read the state from a folder."""
        return self.from_bytes((Path(path) / "learned.npz").read_bytes())


class MoveLayer:
    """Moves what an entity recogniser found from `doc.ents` to `doc.spans[layer]`, and leaves `doc.ents`
    free for the next one."""

    def __init__(self, nlp: Language, name: str, layer: str) -> None:  # noqa: ARG002  spaCy gives them
        self.layer = layer
        show_layers([layer])

    def __call__(self, doc: Doc) -> Doc:
        """Move them; where they stand there already, beside those inside them, they stay as they are."""
        present = list(doc.spans.get(self.layer, ()))
        places = {(span.start, span.end, span.label) for span in present}
        more = [span for span in doc.ents if (span.start, span.end, span.label) not in places]
        if more or self.layer not in doc.spans:
            doc.spans[self.layer] = sorted([*present, *more])
        doc.set_ents([], default="missing")
        return doc


class NestLayer:
    """Keeps of `doc.spans[layer]` what lies inside a span of `doc.ents`, and puts these beside it."""

    def __init__(self, nlp: Language, name: str, layer: str) -> None:  # noqa: ARG002  spaCy gives them
        self.layer = layer
        show_layers([layer])

    def __call__(self, doc: Doc) -> Doc:
        """Join them."""
        outer = list(doc.ents)
        around = {token.i: span for span in outer for token in span}
        inner = [
            span
            for span in doc.spans.get(self.layer, ())
            if (outer_span := around.get(span.start)) is not None
            and span.end <= outer_span.end
            and len(span) < len(outer_span)
        ]
        doc.spans[self.layer] = sorted([*outer, *inner], key=lambda span: (span.start, -span.end))
        return doc


class Vote:
    """Counts the spans of a recogniser as one of several ballots, and empties `doc.ents` for the next one;
    after the last `doc.ents` is what more than half of them have: the same tokens, the same label.

    No two of these overlap: more than half and more than half share a recogniser, and its spans do not.
    """

    def __init__(self, nlp: Language, name: str, place: int, of: int) -> None:  # noqa: ARG002  spaCy gives them
        self.place, self.of = place, of

    def __call__(self, doc: Doc) -> Doc:
        """Count them; after the last, decide."""
        # Afresh with the first: a document may have been left half way.
        ballots = doc.user_data[BALLOTS] = [] if self.place == 1 else doc.user_data.get(BALLOTS, [])
        ballots.append([(span.start, span.end, span.label) for span in doc.ents])
        if self.place < self.of:
            doc.set_ents([], default="missing")
            return doc
        del doc.user_data[BALLOTS]
        counted = Counter(vote for ballot in ballots for vote in ballot)
        elected = sorted(vote for vote, votes in counted.items() if 2 * votes > self.of)
        doc.set_ents([Span(doc, start, end, label=label) for start, end, label in elected])
        return doc


class Attributes(Learned):
    """Gives spans the values of their attributes that were learned; an absent value means the default."""

    def __call__(self, doc: Doc) -> Doc:
        """Put the values into `user_data`."""
        features = registry.misc.get("goldwire.attribute_features.v1")
        # Afresh: a document that is processed a second time brings what the first found.
        marked: dict[str, list[dict[str, str]]] = {}
        self.extra(doc)["attributes"] = marked
        for name, model in self.models.items():
            layer, attribute = name.split("\t")
            labels = self.settings["labels"].get(name)
            spans = layer_of(doc, layer)
            rows = marked.setdefault(layer, [{} for _ in spans])
            for row, span in zip(rows, spans, strict=True):
                if labels is not None and span.label_ not in labels:
                    continue
                value = model.classes[int(model.chances(features(span)).argmax())]
                if value:
                    row[attribute] = value
        return doc


class Relations(Learned):
    """Draws relations between spans: only those whose ends are allowed, at most and at least as many from one
    head as the schema says."""

    def __call__(self, doc: Doc) -> Doc:
        """Put the relations into `user_data`."""
        drawn: list[list[Any]] = []
        self.extra(doc)["relations"] = drawn
        candidates = registry.misc.get("goldwire.candidates.v1")
        features = registry.misc.get("goldwire.pair_features.v1")
        types = self.settings["relations"]
        spans = {layer: layer_of(doc, layer) for layer in self.settings["layers"]}
        for layer, model in self.models.items():
            kinds = [name for name in model.classes if name]
            for head, ends in candidates(doc, spans, layer, types, self.settings["windows"][layer]):
                rows = [
                    dict(zip(model.classes, model.chances(features(doc, end)).tolist(), strict=True))
                    for end in ends
                ]
                for kind in kinds:
                    able = [
                        (chance[kind], -order, end.end)
                        for order, (end, chance) in enumerate(zip(ends, rows, strict=True))
                        if kind in end.kinds
                    ]
                    bar = self.settings["thresholds"][layer].get(kind, 0.5)
                    drawn.extend(
                        [kind, [layer, head], list(tail)] for *_, tail in _taken(able, bar, types[kind])
                    )
        return doc


class JointRelations(Learned):
    """Draws relations between entities, each told twice: of a pair alone, then beside the document's others.

    The settings say what an entity is, a `single` span or all that have one name, and between which of its
    mentions a relation is drawn. `user_data["goldwire"]["entities"]` may hold the names of a layer's spans.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Put the relations into `user_data`; those of heads that are not told here stay."""
        extra, settings = self.extra(doc), self.settings
        kept = [each for each in extra.get("relations", ()) if each[1][0] not in settings["heads"]]
        drawn: list[list[Any]] = list(kept)
        extra["relations"] = drawn
        spans = {layer: layer_of(doc, layer) for layer in settings["layers"]}
        names = {
            (layer, index): name
            for layer, of in extra.get("entities", {}).items()
            for index, name in enumerate(of)
            if name
        }
        held = registry.misc.get("goldwire.entities.v1")(spans, names, single=settings["single"])
        types = settings["relations"]
        pairs = registry.misc.get("goldwire.entity_pairs.v1")(doc, held, types, settings["window"])
        if not pairs:
            return doc
        trust = [max(_score(doc, place) for place in entity.places) for entity in held]
        for kind, pair in self.chosen(held, pairs, trust):
            near = pair.near if settings["between"] == "nearest" else (0, 0)
            ends = (held[pair.head].places[near[0]], held[pair.tail].places[near[1]])
            drawn.append([kind, *map(list, ends)])
        return doc

    def chosen(
        self, held: Sequence[Any], pairs: Sequence[Any], trust: Sequence[float]
    ) -> list[tuple[str, Any]]:
        """Relations and the pairs that they join: by thresholds, within the numbers that a head may have of
        each, then as many to a tail as the annotation always has: at least one, no more than one.

        A relation is as sure as the model is, times how sure both entities are (`trust`).
        """
        bars, types = self.settings["thresholds"], self.settings["relations"]
        kinds, chances = self.models["alone"].classes, self.chances(pairs)
        ends = [trust[p.head] * (trust[p.tail] if p.tail != p.head else 1.0) for p in pairs]
        chances *= np.array(ends)[:, None]
        # By how sure a relation is, in terms of its threshold: they differ in how sure they ever are.
        to_tail: dict[int, list[tuple[float, int, str, Any]]] = {}
        chosen_pairs: set[tuple[str, int]] = set()
        for number, kind in enumerate(kinds):
            by_head: dict[int, list[tuple[float, int, Any]]] = {}
            for order, pair in enumerate(pairs):
                if kind in pair.kinds:
                    chance = float(chances[order, number])
                    by_head.setdefault(pair.head, []).append((chance, -order, pair))
                    if pair.head != pair.tail:
                        sure = chance / bars[kind]
                        to_tail.setdefault(pair.tail, []).append((sure, -order, kind, pair))
            for able in by_head.values():
                chosen_pairs.update((kind, -order) for _, order, _ in _taken(able, bars[kind], types[kind]))
        least, most = ({tuple(of) for of in self.settings[name]} for name in ("least", "most"))
        for tail, entries in to_tail.items():
            own = [entry for entry in entries if (entry[2], -entry[1]) in chosen_pairs]
            what = (held[tail].layer, held[tail].label)
            best = max(own or entries, key=lambda entry: entry[:3])
            if what in least and not own:
                chosen_pairs.add((best[2], -best[1]))
            elif what in most:
                chosen_pairs -= {(entry[2], -entry[1]) for entry in own} - {(best[2], -best[1])}
        return [(kind, pairs[order]) for kind, order in sorted(chosen_pairs)]

    def chances(self, pairs: Sequence[Any]) -> Any:
        """The probability of each relation of each pair (pairs × relations); 0 where it may not be."""
        alone, joint = self.models["alone"], self.models["joint"]
        may = np.array([[kind in pair.kinds for kind in alone.classes] for pair in pairs])
        sure = may / (1 + np.exp(-np.array([alone.logits(pair.features) for pair in pairs])))
        numbers = registry.misc.get("goldwire.beside.v1")(pairs, sure)
        logits = np.array([joint.logits(pair.features) for pair in pairs])
        logits += np.einsum("pkn,kn->pk", numbers, self.models["beside"].weights)
        return may / (1 + np.exp(-logits))


def _score(doc: Doc, place: tuple[str, int]) -> float:
    """How sure a span is, where that was told."""
    scores = doc.spans[place[0]].attrs.get("scores", ()) if place[0] in doc.spans else ()
    return float(scores[place[1]]) if place[1] < len(scores) else 1.0


def _taken(able: list[tuple[float, int, Any]], bar: float, allowed: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a head has of a relation: those that are as sure as `bar`, the surest first, within the numbers
    allowed; `able` are chance, order and end."""
    able.sort(key=lambda entry: entry[:2], reverse=True)
    taken = [entry for place, entry in enumerate(able) if entry[0] >= bar or place < allowed["min"]]
    return list(taken[: allowed["max"]])


# spaCy refuses a second one under a name: where goldwire and a package of its own meet, the first stays. Of a
# class that `spacy package` runs outside `sys.modules` it can't even tell the file.
with suppress(ValueError, TypeError):
    Language.factory("goldwire_layer", func=MoveLayer)
    Language.factory("goldwire_nest", func=NestLayer)
    Language.factory("goldwire_vote", func=Vote)
    Language.factory("goldwire_attributes", default_config={"flat": ""}, func=Attributes)
    Language.factory("goldwire_relations", default_config={"flat": ""}, func=Relations)
    Language.factory("goldwire_joint_relations", default_config={"flat": ""}, func=JointRelations)
