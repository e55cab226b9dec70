"""What a run learns: the layers that are named, those that their relations go to, and each layer's config."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from goldwire.errors import GoldwireError, one_of
from goldwire.files import file_name
from goldwire.model import Article, curated, pairs
from goldwire.project import Project, example_root
from goldwire.schemas import Schema
from goldwire.train.training_data import check_examples

#: Names of runs that are no layers'.
FIRST, ALL = "ner", "all"


@dataclass(frozen=True)
class Choice:
    """What is to be learned, as it is asked for.

    `layers` are the names, None for the first layer of the project or the schema; `every` takes all layers.
    `spans` leaves attributes and relations out, `nested` takes in what lies inside other spans.
    """

    layers: tuple[str, ...] | None = None
    every: bool = False
    spans: bool = False
    nested: bool = False

    @property
    def name(self) -> str:
        """The run's name, by which its model and its reports are kept."""
        if self.every:
            name = ALL
        elif self.layers is None:
            name = FIRST
        else:
            name = "-".join(self.layers)
            name = f"layer-{name}" if name in (FIRST, ALL) else name
        spans = "-spans" if self.spans and self.layers is not None else ""
        return file_name(f"{name}{spans}{'-nested' if self.nested else ''}")


@dataclass(frozen=True)
class ChosenLayers:
    """The layers that are learned, the first one first; those whose attributes and relations are learned
    too (`heads`); and whether nested spans are left out."""

    layers: tuple[str, ...]
    heads: tuple[str, ...]
    outermost: bool


def choose_layers(
    choice: Choice, articles: Sequence[Article], schema: Schema | None, home: Project | None, *, other: bool
) -> ChosenLayers:
    """The layers that a choice means; `other` articles than the project's may have other layers than its own.

    With attributes and relations the layers that the relations go to are learned along. Raises GW415 where
    no layer is named and none can be meant, or nothing is marked, GW402 where a layer that is named has no
    example, GW720 for layers named beside all of them.
    """
    if choice.every and choice.layers:
        message = f"all layers, and {one_of(choice.layers)} by name"
        raise GoldwireError.of("GW720", message, hint="either --all, or --layer for each")
    annotations = [found for article in articles if (found := curated(article.annotations)) is not None]
    spans_in = Counter(span.layer for annotation in annotations for span in annotation.spans)
    marked = [name for name in schema.layers if spans_in[name]] if schema is not None else sorted(spans_in)
    ends = _ends(articles, schema)
    named = list(dict.fromkeys(choice.layers or ()))
    if not named and (choice.every or choice.layers is None):
        default = _default_layer(home)
        first = "" if other and default not in spans_in else default
        if not first and choice.every:
            # What relations go out from rests on the others.
            first = next((name for name in marked if name not in {head for head, _ in ends}), "")
        if not first and (schema is not None or len(marked) == 1):
            first = next(iter(marked), "")
        named = [first] if first else marked[:1] if choice.every else []
    if not annotations:
        return ChosenLayers(tuple(named) or (choice.name,), (), choice.spans)  # `training_data` says it
    if not spans_in:
        message = f"no layer to learn: nothing is marked in {len(annotations)} annotated articles"
        raise GoldwireError.of("GW415", message, hint="mark some, or name other articles with --data")
    if not named:
        hint = f"name one with --layer: {one_of(spans_in)}; or all of them: --all"
        raise GoldwireError.of("GW415", "no layer named", hint=hint)
    for name in named:
        check_examples(name, spans_in, len(annotations))
    spans = choice.spans or (choice.layers is None and not choice.every)
    if choice.every:
        layers = [*named, *(name for name in marked if name not in named)]
        heads = layers
    else:
        along = [] if spans else [tail for head, tail in ends if head in named]
        layers = [*named, *(name for name in marked if name in along and name not in named)]
        heads = named
    return ChosenLayers(
        tuple(layers), () if spans else tuple(heads), spans and len(layers) == 1 and not choice.nested
    )


def _ends(articles: Sequence[Article], schema: Schema | None) -> list[tuple[str, str]]:
    """The layers that relations go out from and to, by the schema, else as they are found."""
    if schema is not None:
        return [
            (head.layer, tail.layer)
            for relation in schema.relations.values()
            for head in relation.head
            for tail in relation.tail
        ]
    every = (found for article in articles if (found := curated(article.annotations)) is not None)
    return [(head.layer, tail.layer) for annotation in every for _, head, tail in pairs(annotation)]


def _default_layer(home: Project | None) -> str:
    """The layer that `[train]` names; empty where none is."""
    return str(home.setting("train", "layer", "")) if home is not None else ""


def flat_layer(
    layers: Sequence[str], articles: Sequence[Article], schema: Schema | None, home: Project | None
) -> str:
    """The layer that `doc.ents` holds: the project's, else the first that no relation goes out from."""
    default = _default_layer(home)
    if default in layers:
        return default
    heads = {head for head, _ in _ends(articles, schema)}
    return next((name for name in layers if name not in heads), layers[0])


def config_of(project: Project | None, layer: str, flat: str) -> Path:
    """A layer's config, the project's own, else the example project's: LAYER.cfg where there is one, else
    ner.cfg for the layer of `doc.ents` and layers.cfg for any other."""
    names = [f"{file_name(layer)}.cfg", "ner.cfg" if layer == flat else "layers.cfg"]
    folders = [project.train] if project is not None else []
    every = [folder / name for folder in (*folders, example_root() / "train") for name in names]
    return next((path for path in every if path.is_file()), every[-1])
