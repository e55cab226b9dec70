"""A run before it starts: which layers are learned from what, by which configs, and where all goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from goldwire.annotations.store import Read, read_once
from goldwire.corpus.split.groups import Rule
from goldwire.corpus.split.io import Split, project_rule, split_path, stored_split
from goldwire.errors import GoldwireError, one_of
from goldwire.formats.edges import padded_note, trimmed_note
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article, curated
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema
from goldwire.train.groups import groups_of
from goldwire.train.learned_from import COPY
from goldwire.train.options import TrainingSetup, parse_overrides
from goldwire.train.run.choice import Choice, ChosenLayers, choose_layers, config_of, flat_layer
from goldwire.train.run.crossval import Fold, total_parts
from goldwire.train.run.model_folder import check_out, model_name
from goldwire.train.run.sources import (
    TestSet,
    hash_of,
    learned_sides,
    only_matching,
    read_articles,
    selection_in_words,
    sides_in,
    stamped_articles,
    with_test_set,
    with_test_side,
)
from goldwire.train.run.start import startable
from goldwire.train.training_data import TrainingData, training_data


@dataclass(frozen=True, repr=False)
class RunPlan:
    """A run before it starts: what is learned and how, what the articles are (`corpus`), where all goes.

    `folds` is the number of parts to score in, 0 to train only; `dealt` are the folds that the project keeps;
    `selection` says which of the articles are learned from, where that is not all. `read` gives the project's
    articles with all their readings, as they were when they were first read.
    """

    data: TrainingData
    setup: TrainingSetup
    corpus: dict[str, Any]
    out: Path
    reports: Path
    name: str
    project: Project | None = None
    folds: int | None = None
    dealt: tuple[Fold, ...] = ()
    outermost: bool = True
    notes: list[str] = field(default_factory=list)
    rule: Rule = field(default_factory=lambda: Rule(COPY))
    selection: str = ""
    test: TestSet | None = None
    read: Read | None = None

    def __repr__(self) -> str:
        learned = f"{', '.join(self.data.layers)} from {counted(len(self.data.references), 'article')}"
        return f"<RunPlan {self.name}: {learned}, into {self.out}>"

    @cached_property
    def stories(self) -> list[str] | None:
        """The group of each document, where any are of one: stories, and near-duplicates by the `rule`. What
        is of one group is never learned and tested."""
        return groups_of([reference.document for reference in self.data.references], self.rule)

    @cached_property
    def scored_stories(self) -> list[str] | None:
        """The story of each document that is scored."""
        if self.test is not None:
            return groups_of([reference.document for reference in self.data.scored], self.rule)
        every = self.stories
        references = self.data.references
        return every and [name for name, reference in zip(every, references, strict=True) if reference.scored]

    @property
    def model(self) -> str:
        """The model's name, without its language."""
        return model_name(str(self.corpus.get("name", "goldwire")), self.name)

    @property
    def version(self) -> str:
        """The model's version: the corpus's."""
        return str(self.corpus.get("version", "0.0.0"))

    @property
    def parts(self) -> int:
        """How many steps of progress the run will report."""
        if self.test is not None or self.folds == 0:
            return total_parts(0)
        scored = [reference.document.id for reference in self.data.scored]
        return total_parts(
            len(set(self.scored_stories or scored)), count=self.folds or len(self.dealt) or None
        )


def plan(
    project: Project | Path | None = None,
    choice: Choice | None = None,
    *,
    data: Path | None = None,
    config: Path | None = None,
    schema: Path | None = None,
    out: Path | None = None,
    reports: Path | None = None,
    seed: int = 0,
    folds: int | None = None,
    test: Path | str | None = None,
    ents: str | None = None,
    score_seen: bool = False,
    overrides: Sequence[str] = (),
    sides: Sequence[str] = (),
    only: Sequence[str] | str = (),
    only_from: str = "--only",
) -> RunPlan:
    """Find what a run needs: the project's articles, layers and configs, or those that are named instead.

    Without a `choice` the first layer's spans are learned. With `data`, a file in any format that is read, no
    project is needed: the example project's configs serve then, and without a `schema` relations and
    attributes are taken as found. `config` serves all layers, `ents` is the layer of `doc.ents`. `overrides`
    are arguments such as `--training.dropout`, `0.3`. Of a project that keeps a split into sides the side
    `train` is learned from, or those in `sides`; the folds that it keeps are scored in, unless others are
    asked for; 0 folds train only. With `only`, shell patterns, no other articles are learned from than those
    whose ids match one; `only_from` says where these stand. Scored on are the articles of `test`, where that
    is given, by the very model that is kept: of the side that a string names where the project's split has
    it, else of the file or folder.

    Raises GW430 for a side that the split has not, GW398 for one that is learned from and tested, GW399 for a
    pattern that no id matches, GW292 where a document has no side, GW290 for a bad split, GW954 for sides
    beside `data`, GW401, GW402 and GW416 for the data, GW404 for the overrides, GW413 where something else
    than a model stands at `out`, GW415 where no layer is named, GW720 for layers named beside all, GW721 for
    a test set that leaves nothing to learn from, GW722 for folds beside it, GW723 where nothing in it can be
    scored on, GW724 where `ents` is not learned, GW725 where nothing says where the model goes.
    """
    choice = choice or Choice()
    if test is not None and folds:
        message = "a test set and folds: either scores the model"
        raise GoldwireError.of("GW722", message, hint="leave --folds out, or --test")
    if data is not None and sides:
        message = f"--side {sides[0]} beside --data: a file has no sides, the project's split has"
        raise GoldwireError.of("GW954", message, hint="leave out one of them, or name articles: --only")
    settings = parse_overrides(overrides)
    home = project if isinstance(project, Project) else _project(project, needed=data is None)
    reading = ConversionOptions()
    read = read_once(home) if home is not None else None
    dealt: tuple[Fold, ...] = ()
    split: Split | None = None
    if data is not None:
        articles = read_articles(data, reading)
        corpus: dict[str, Any] = {"name": data.stem, "version": "0.0.0", "sha256": hash_of(data)}
    elif home is not None:
        every, corpus = stamped_articles(home, read)
        split, split_file = stored_split(home), str(split_path(home))
        articles, sides_record = learned_sides(split, split_file, every, sides)
        corpus |= sides_record
    rule = project_rule(home) if home is not None and data is None else Rule(COPY)
    articles, only_record = only_matching(articles, only, only_from)
    corpus |= only_record
    if folds is None and test is None:
        names = {article.document.id for article in articles}
        dealt = tuple(fold for fold in _dealt(split) if not names.isdisjoint(fold.test))
    tested: TestSet | None = None
    if split is not None and isinstance(test, str) and test in sides_in(split):
        learned_from = corpus["sides"]
        articles, tested = with_test_side(
            articles, every, split, split_file, test, learned=learned_from, rule=rule
        )
    elif test is not None:
        articles, tested = with_test_set(articles, Path(test), reading, rule, sides=sides_in(split))
    rules, notes = _schema(schema, home, articles)
    reference = [(a.document.text, best) for a in articles if (best := curated(a.annotations)) is not None]
    notes += filter(None, (trimmed_note(reading.lost, "the data"), padded_note(reference, "the articles")))
    chosen = choose_layers(choice, articles, rules, home, other=data is not None)
    if out is None and home is None:
        raise GoldwireError.of("GW725", "outside a project the model has no place", hint="name one: --out")
    out = out or (home.models / choice.name if home is not None else Path())
    if reports is None:
        reports = home.reports / out.name if home is not None else out.with_name(f"{out.name}-reports")
    check_out(out)
    learned = _learned(articles, chosen, tested, score_seen=score_seen or folds == 0)
    if ents is not None and ents not in learned.layers:
        message = f"layer `{ents}` is not learned: it can't stand in `doc.ents`"
        raise GoldwireError.of("GW724", message, where="--ents", hint=one_of(learned.layers))
    flat = ents or flat_layer(learned.layers, articles, rules, home)
    configs = {name: config or config_of(home, name, flat) for name in learned.layers}
    language = home.language if home is not None else None
    settings, blank = startable(list(configs.values()), settings, home, given=config is not None)
    ordered = sorted(learned.layers, key=lambda name: name == flat)
    setup = TrainingSetup(
        configs[learned.layer],
        overrides=settings,
        seed=seed,
        language=language,
        parts=tuple((name, configs[name]) for name in ordered) if chosen.heads or learned.others else (),
        heads=tuple(name for name in learned.layers if name in chosen.heads),
        schema=rules,
        nested=choice.nested,
    )
    selection = selection_in_words(corpus)
    if selection:
        notes.append(f"learned from {selection}")
    return RunPlan(
        learned,
        setup,
        corpus=corpus,
        out=out,
        reports=reports,
        name=choice.name,
        project=home,
        folds=folds,
        dealt=dealt,
        outermost=chosen.outermost,
        notes=[*notes, *blank],
        rule=rule,
        selection=selection,
        test=tested,
        read=read,
    )


def _learned(
    articles: Sequence[Article], chosen: ChosenLayers, tested: TestSet | None, *, score_seen: bool
) -> TrainingData:
    """The references of what is chosen; with a test set those of its articles to score on."""
    layer, *others = chosen.layers

    def references(of: Iterable[Article], *, score_seen: bool) -> TrainingData:
        return training_data(
            of, layer, others=others, nested=not chosen.outermost, score_seen=score_seen, heads=chosen.heads
        )

    if tested is None:
        return references(articles, score_seen=score_seen)
    try:
        scored = references(tested.articles, score_seen=score_seen).references
    except GoldwireError as error:
        message = f"nothing to score on: {error.faults[0].message}"
        raise GoldwireError.of("GW723", message, where=tested.file, hint=error.faults[0].hint) from None
    # Whether their annotators saw predictions matters to what is scored alone.
    return replace(references(articles, score_seen=True), test=scored)


def _dealt(split: Split | None) -> tuple[Fold, ...]:
    """The folds that a project keeps in place of sides: what each is tested on, and what it learns from."""
    if split is None or split.kind == "parts":
        return ()
    every = [name for fold in split.folds for name in fold.test]
    return tuple(
        Fold(tuple(n for n in every if n not in fold.test and n not in fold.left_out), fold.test)
        for fold in split.folds
    )


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
    schema_ids = {
        annotation.schema for article in articles if (annotation := curated(article.annotations)) is not None
    }
    if home is not None and home.schema_path.is_file():
        schema = load_schema(home.schema_path)
        if schema_ids <= {schema.id}:
            return schema, []
    named = ", ".join(sorted(schema_ids))
    return None, [f"no schema for {named}: relations and attributes were taken as found (name one: --schema)"]
