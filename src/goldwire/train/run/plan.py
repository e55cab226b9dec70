"""A run before it starts: which layers are learned from what, by which configs, and where all goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

from goldwire import strict_json
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.split.groups import Rule, components, find_ties
from goldwire.corpus.split.io import NAME, project_rule, sides_of, split_path, stored_split
from goldwire.errors import GoldwireError, one_of
from goldwire.eval.scoring.pairing import stories
from goldwire.files import read_bytes, sha256
from goldwire.formats.edges import padded_note, trimmed_note
from goldwire.formats.options import Setting
from goldwire.formats.registry import format_named
from goldwire.model import Article, Document, curated, pairs
from goldwire.project import Project, example_root, find_project
from goldwire.schemas import Schema, load_schema
from goldwire.train.learned_from import COPY
from goldwire.train.options import TrainingSetup, parse_overrides
from goldwire.train.pipeline.components import plural
from goldwire.train.run.crossval import total_parts
from goldwire.train.run.model_folder import check_out, model_name
from goldwire.train.training_data import TrainingData, training_data

#: ner: one flat layer. spans: one layer, nested too. events, stance: a layer, its attributes and relations,
#: and the layers that these go to. pipeline: all layers.
Task: TypeAlias = Literal["ner", "spans", "events", "stance", "pipeline"]


@dataclass(frozen=True)
class RunPlan:
    """A run before it starts: what is learned and how, what the articles are (`corpus`), where all goes."""

    data: TrainingData
    setup: TrainingSetup
    corpus: dict[str, Any]
    out: Path
    reports: Path
    project: Project | None = None
    task: Task = "ner"
    folds: int | None = None
    notes: list[str] = field(default_factory=list)
    rule: Rule = field(default_factory=lambda: Rule(COPY))
    sides: str = ""

    @cached_property
    def stories(self) -> list[str] | None:
        """The group of each document, where any are of one: stories, and near-duplicates by the `rule`. What
        is of one group is never learned and tested."""
        return groups_of([reference.document for reference in self.data.references], self.rule)

    @property
    def scored_stories(self) -> list[str] | None:
        """The story of each document that is scored."""
        every = self.stories
        references = self.data.references
        return every and [name for name, reference in zip(every, references, strict=True) if reference.scored]

    @property
    def name(self) -> str:
        """The model's name, without its language."""
        return model_name(str(self.corpus.get("name", "goldwire")), self.task)

    @property
    def version(self) -> str:
        """The model's version: the corpus's."""
        return str(self.corpus.get("version", "0.0.0"))

    @property
    def parts(self) -> int:
        """How many steps of progress the run will report."""
        scored = [reference.document.id for reference in self.data.scored]
        return total_parts(len(set(self.scored_stories or scored)), count=self.folds)


def plan(
    task: Task,
    project: Project | Path | None = None,
    *,
    data: Path | None = None,
    layer: str | None = None,
    config: Path | None = None,
    schema: Path | None = None,
    out: Path | None = None,
    reports: Path | None = None,
    seed: int = 0,
    folds: int | None = None,
    score_seen: bool = False,
    overrides: Sequence[str] = (),
    sides: Sequence[str] = (),
) -> RunPlan:
    """Find what a run needs: the project's articles, layers and configs, or those that are named instead.

    With `data`, a JSON Lines file, no project is needed: the example project's configs serve then, and
    without a `schema` relations and attributes are taken as found. `config` serves all layers. `overrides`
    are arguments such as `--training.dropout`, `0.3`. Of a project that keeps a split into sides the side
    `train` is learned from, or those in `sides`. Raises GW430 for a side that the split has not, GW292 where
    a document has none, GW290 for a bad split, GW401, GW402 and GW416 for the data, GW404 for
    the overrides, GW413 where something else than a model stands at `out`, GW415 where no layer is named.
    """
    settings = parse_overrides(overrides)
    home = project if isinstance(project, Project) else _project(project, needed=data is None)
    reading = Setting()
    if data is not None:
        articles = format_named("jsonl").read(data, reading)
        corpus: dict[str, Any] = {"name": data.stem, "version": "0.0.0", "sha256": sha256(read_bytes(data))}
    elif home is not None:
        articles, corpus = stamped_articles(home)
        articles, sides_record = _learned_sides(home, articles, sides)
        corpus |= sides_record
    rules, notes = _schema(schema, home, articles)
    reference = [(a.document.text, best) for a in articles if (best := curated(a.annotations)) is not None]
    notes += filter(None, (trimmed_note(reading.lost, "the data"), padded_note(reference, "the articles")))
    layers = _layers(task, layer, articles, rules, home, other=data is not None)
    if out is None and home is None:
        raise GoldwireError.of("GW415", "outside a project the model has no place", hint="name one: --out")
    out = out or (home.models / task if home is not None else Path())
    if reports is None:
        reports = home.reports / out.name if home is not None else out.with_name(f"{out.name}-reports")
    check_out(out)
    # Relations of other layers are neither learned nor scored: they would count as misses.
    heads = layers if task == "pipeline" else layers[:1] if task in ("events", "stance") else []
    learned = training_data(
        articles, layers[0], others=layers[1:], nested=task != "ner", score_seen=score_seen, heads=heads
    )
    named = layer if task == "pipeline" else None
    flat = named or _flat(learned.layers, rules, articles, home)
    configs = {name: config or _config(home, task, name, flat) for name in learned.layers}
    ordered = sorted(learned.layers, key=lambda name: name == flat)
    setup = TrainingSetup(
        configs[learned.layer],
        overrides=settings,
        seed=seed,
        language=home.language if home is not None else None,
        parts=tuple((name, configs[name]) for name in ordered) if task not in ("ner", "spans") else (),
        heads=tuple(name for name in learned.layers if name in heads),
        schema=rules,
    )
    sides_in_words = ""
    if "sides" in corpus:
        out_of = ", ".join(f"{number} of {side}" for side, number in corpus["held_back"].items())
        sides_in_words = f"side {', '.join(corpus['sides'])} of {NAME}; held back: {out_of or 'nothing'}"
        notes.append(f"learned from {sides_in_words}")
    rule = project_rule(home) if home is not None and data is None else Rule(COPY)
    return RunPlan(
        learned,
        setup,
        corpus=corpus,
        out=out,
        reports=reports,
        project=home,
        task=task,
        folds=folds,
        notes=notes,
        rule=rule,
        sides=sides_in_words,
    )


def _learned_sides(
    home: Project, articles: list[Article], sides: Sequence[str]
) -> tuple[list[Article], dict[str, Any]]:
    """The articles on the sides of the project's split that are learned from, and what to record of it."""
    split = stored_split(home)
    if split is None or split.kind != "parts":
        if sides:
            message = "the project keeps no split into sides"
            hint = "make one: goldwire corpus split"
            raise GoldwireError.of("GW430", message, where=str(split_path(home)), hint=hint)
        return articles, {}
    by_side = sides_of(home, [article.document.id for article in articles])
    wanted = list(dict.fromkeys(sides or ("train",)))
    for side in wanted:
        if side not in by_side:
            message, where = f"no document is on the side `{side}`", str(split_path(home))
            hint = f"name sides with --side: {one_of(by_side)}"
            raise GoldwireError.of("GW430", message, where=where, hint=hint)
    learned = {name for side in wanted for name in by_side[side]}
    held_back = {side: len(names) for side, names in by_side.items() if side not in wanted}
    return [a for a in articles if a.document.id in learned], {"sides": wanted, "held_back": held_back}


def groups_of(documents: Iterable[Document], rule: Rule) -> list[str] | None:
    """A name for the group of each document, by story and near-duplicate texts; None where each is alone."""
    listed = list(documents)
    ties = find_ties([Article(document) for document in listed], None, rule)
    if not ties:
        return stories(listed)
    names = [document.id for document in listed]
    of = {name: f"group {group[0]}" for group in components(names, ties) for name in group if len(group) > 1}
    return [of.get(name, name) for name in names]


def _project(folder: Path | None, *, needed: bool) -> Project | None:
    """The project around `folder`; without one, None where none is `needed` and none was named."""
    try:
        return find_project(folder)
    except GoldwireError:
        if needed or folder is not None:
            raise
        return None


def _schema(
    path: Path | None, home: Project | None, articles: Iterable[Article]
) -> tuple[Schema | None, list[str]]:
    """The schema that is named, else the project's where all annotations follow it; and what to say of it."""
    if path is not None:
        return load_schema(path), []
    stamps = {
        annotation.schema for article in articles if (annotation := curated(article.annotations)) is not None
    }
    if home is not None and home.schema_path.is_file():
        schema = load_schema(home.schema_path)
        if stamps <= {schema.stamp}:
            return schema, []
    named = ", ".join(sorted(stamps))
    return None, [f"no schema for {named}: relations and attributes were taken as found (name one: --schema)"]


def _layers(
    task: Task,
    layer: str | None,
    articles: Sequence[Article],
    schema: Schema | None,
    home: Project | None,
    *,
    other: bool,
) -> list[str]:
    """The layers that a task learns, the one that is asked for first; `other` articles than the project's
    may have other layers than the project's own."""
    annotations = [
        annotation for article in articles if (annotation := curated(article.annotations)) is not None
    ]
    spans_in = Counter(span.layer for annotation in annotations for span in annotation.spans)
    order = [name for name in schema.layers if spans_in[name]] if schema is not None else sorted(spans_in)
    default = str(home.setting("train", "layer", "")) if home is not None else ""
    if other and default not in spans_in:
        default = ""
    if schema is not None:
        ends = [
            (h.layer, t.layer)
            for relation in schema.relations.values()
            for h in relation.head
            for t in relation.tail
        ]
    else:
        ends = [(head.layer, tail.layer) for annotation in annotations for _, head, tail in pairs(annotation)]
    heads = {head for head, _ in ends}
    if task in ("events", "stance"):
        # By the schema, so that a layer without an example is called that.
        named = order if schema is None else schema.layers
        known = [name for name in named if task in (name, plural(name))]
        first = layer or (known or [name for name in order if name in heads] or [""])[0]
        if not layer and not known and len(heads & set(order)) != 1:
            first = ""
    else:
        alone = [name for name in order if name not in heads] if task == "pipeline" else order
        first = layer or default or (alone[0] if len(alone) == 1 else "")
    if not annotations:
        return [first or task]  # `training_data` says that nothing is annotated
    if not first:
        if not spans_in:
            message = f"no layer to learn: nothing is marked in {len(annotations)} annotated articles"
            raise GoldwireError.of("GW415", message, hint="mark some, or name other articles with --data")
        raise GoldwireError.of("GW415", "no layer named", hint=f"name one with --layer: {one_of(spans_in)}")
    if task in ("ner", "spans"):
        return [first]
    wanted = order if task == "pipeline" else [name for name in order if (first, name) in set(ends)]
    return [first, *(name for name in wanted if name != first)]


def _flat(
    layers: Sequence[str], schema: Schema | None, articles: Sequence[Article], home: Project | None
) -> str:
    """The layer that `doc.ents` holds: the project's, else the first that no relation goes out from."""
    default = str(home.setting("train", "layer", "")) if home is not None else ""
    if default in layers:
        return default
    if schema is not None:
        heads = {end.layer for relation in schema.relations.values() for end in relation.head}
    else:
        every = (annotation for article in articles for annotation in article.annotations)
        heads = {head.layer for annotation in every for _, head, _ in pairs(annotation)}
    return next((name for name in layers if name not in heads), layers[0])


def _config(project: Project | None, task: Task, layer: str, flat: str) -> Path:
    """A layer's config, the project's own, else the example project's: named like the layer (in the plural),
    or ner.cfg for the flat layer and events.cfg for any other."""
    names = ["spans.cfg"] if task == "spans" else ["ner.cfg"] if task == "ner" else []
    names += [f"{layer}.cfg", f"{plural(layer)}.cfg", "ner.cfg" if layer == flat else "events.cfg"]
    folders = [project.train] if project is not None else []
    every = [folder / name for folder in (*folders, example_root() / "train") for name in names]
    return next((path for path in every if path.is_file()), every[-1])


def stamped_articles(project: Project) -> tuple[list[Article], dict[str, Any]]:
    """The project's articles with their stored annotations, and what they are: the corpus's name, version and
    content hash, and whether the dataset in `corpus/` was built from the same."""
    corpus = load_corpus(project)
    stamp: dict[str, Any] = {
        "name": project.name,
        "version": corpus.version,
        "content_hash": corpus.content_hash(),
        "licence": str(project.setting("corpus", "licence", "")),
    }
    path = project.corpus / "manifest.json"
    if path.is_file():
        try:
            built = strict_json.loads(read_bytes(path)).get("content_hash")
        except (ValueError, AttributeError):
            hint = "build it again: goldwire corpus build"
            raise GoldwireError.of("GW414", "no readable manifest", where=str(path), hint=hint) from None
        stamp["built"] = built == stamp["content_hash"]
    return corpus.articles, stamp
