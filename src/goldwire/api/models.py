"""Models: learned, and put to use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.api.arguments import check_least, check_options, documents_in, names_given, several_if
from goldwire.api.data import Source, articles_of
from goldwire.errors import GoldwireError
from goldwire.formats.articles import Articles
from goldwire.model import Article, Document
from goldwire.project import Project, find_project

if TYPE_CHECKING:
    from goldwire.annotate.drafting.project_drafts import Drafts, Preview
    from goldwire.annotate.drafting.run import Advance
    from goldwire.train.curve.curve import CurvePlan
    from goldwire.train.curve.results import Curve
    from goldwire.train.run.plan import RunPlan
    from goldwire.train.run.run import Run


def plan_training(
    project: str | Path | Project | None = None,
    *,
    layers: str | Iterable[str] | None = None,
    all_layers: bool = False,
    spans: bool = False,
    nested: bool = False,
    folds: int | None = None,
    **options: Any,
) -> RunPlan:
    """What `train_model` would learn, from what, by which configs, and where all goes; nothing is learned.

    Arguments as those of `train_model`, which takes the plan too. Raises GW40x where there is nothing to
    learn from, GW72x, GW398 and GW399 where it does not go with what is tested on, GW818 for an option that
    there is not.

        >>> import goldwire
        >>> planned = goldwire.plan_training(data="gold.jsonl", out="model")
        >>> planned
        <RunPlan ner: thing from 2 articles, into model>
        >>> planned.data.labels
        {'DISH': 2, 'THING': 2}
    """
    from goldwire.train.run.choice import Choice
    from goldwire.train.run.plan import plan

    check_options(options, plan)
    check_least(0, folds=folds, seed=options.get("seed"))
    named = None if layers is None and not all_layers else names_given(layers or ())
    if "sides" in options:
        options["sides"] = names_given(options["sides"])
    choice = Choice(named, every=all_layers, spans=spans, nested=nested)
    return plan(_home(project), choice, folds=folds, **_as_paths(options))


def train_model(
    project: str | Path | Project | RunPlan | None = None,
    *,
    resamples: int = 1000,
    processes: int | None = None,
    advance: Callable[[int], None] | None = None,
    **options: Any,
) -> Run:
    """Learn a model, score it on articles that it has not seen: its `model`, `notes`, `page`, and tables.

    Learned are the `layers`, or `all_layers`, with their attributes, their relations and the layers that
    these go to, or their `spans` alone, `nested` ones too; where none is named the first layer's spans, as
    by `goldwire train ner`. They are learned from the project's articles, or from `data`, a file or folder
    in any format that is read. Scored on are the articles themselves, in so many `folds` (0: none are), or
    those of `test`: a side of the project's split, by its name, or a file or folder (as a path, where a side
    is called so too). The model goes to `out`. Other `options` are those of `goldwire train`: `config`,
    `ents`, `schema`, `reports`, `seed`, `sides`, `only` (a pattern of ids, or several), `score_seen`,
    `overrides`. What `plan_training` planned stands for all of them. `resamples` are of the bootstrap; so
    many `processes` train side by side (default: one a core). `advance` counts to the plan's `parts`. Raises
    what `plan_training` does, GW728 for options beside a plan, GW409 where a process dies.

        >>> import goldwire
        >>> try:
        ...     goldwire.train_model(data="no-such-file.jsonl", out="model")
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW901
    """
    from goldwire.train.run.plan import RunPlan
    from goldwire.train.run.run import run

    check_least(0, resamples=resamples)
    check_least(1, processes=processes)
    if isinstance(project, RunPlan):
        _check_planned(options)
        planned = project
    else:
        planned = plan_training(project, **options)
    return run(planned, resamples=resamples, processes=processes, advance=advance)


def plan_curve(
    project: str | Path | Project | None = None,
    *,
    layer: str | None = None,
    steps: int | Sequence[int] | None = None,
    repeats: int = 5,
    page: str | Path | None = None,
    **options: Any,
) -> CurvePlan:
    """What `learning_curve` would train: its `sizes`, numbers of documents, and how many `trainings`.

    Arguments as those of `learning_curve`, which takes the plan too. Raises GW450 for steps that can't be,
    GW451 for too few documents, and what `plan_training` does.

        >>> import goldwire
        >>> try:
        ...     goldwire.plan_curve(data="gold.jsonl")
        ... except goldwire.TrainError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW451 2 documents: too few for a learning curve
    """
    from goldwire.train.curve.curve import plan_curve as plan
    from goldwire.train.run.plan import plan as plan_run

    check_options(options, plan_run)
    if isinstance(steps, int):
        steps = (steps,)
    options = _as_paths({**options, "page": page})
    return plan(_home(project), layer=layer, steps=steps, repeats=repeats, **options)


def learning_curve(
    project: str | Path | Project | CurvePlan | None = None,
    *,
    resamples: int = 1000,
    processes: int | None = None,
    advance: Callable[[int], None] | None = None,
    **options: Any,
) -> Curve:
    """F1 over how much was learned from, and what the next 100 sentences are likely to bring; also as a page.

    Of one `layer` (default: the first), its outermost spans. `steps` are numbers of documents (default: all
    up to 6, else five that double), `repeats` how often each is trained, on other documents, and scored on
    those that it left out; no model is kept. `page` is by default eval/reports/curve.html, or ./curve.html.
    Other `options` and arguments are those of `train_model`, but `out` and what says which layers. Raises
    GW450 for steps that can't be, GW451 for too few documents.

        >>> import goldwire
        >>> try:
        ...     goldwire.learning_curve(data="gold.jsonl")
        ... except goldwire.TrainError as error:
        ...     print(error.faults[0].code)
        GW451
    """
    from goldwire.files import write_text
    from goldwire.train.curve.curve import CurvePlan, run_curve
    from goldwire.train.curve.page import page

    if isinstance(project, CurvePlan):
        _check_planned(options)
        planned = project
    else:
        planned = plan_curve(project, **options)
    curve = run_curve(planned, resamples=resamples, processes=processes, advance=advance)
    write_text(planned.page, page(curve))
    return replace(curve, page=planned.page)


def _home(project: str | Path | Project | None) -> Project | Path | None:
    return project if project is None or isinstance(project, Project) else Path(project)


def _as_paths(options: dict[str, Any]) -> dict[str, Any]:
    """Options of training, those that are places as paths."""
    places = ("data", "out", "config", "schema", "reports", "page")
    given = {name: options[name] for name in places if options.get(name) is not None}
    return options | {name: Path(place) for name, place in given.items()}


def _check_planned(options: Mapping[str, Any]) -> None:
    if options:
        message = f"a plan, and `{next(iter(options))}` beside it"
        raise GoldwireError.of("GW728", message, hint="give it when planning")


def predict_stock(
    articles: Iterable[str | Document | Article] | None = None,
    project: str | Path | Project = ".",
    *,
    advance: Callable[[int], None] | None = None,
) -> Articles:
    """What the project's stock model (`[predict]` of goldwire.toml) finds, in the labels of its schema.

    `articles` are texts, documents or articles (default: the project's). What the table of labels does not
    map is left out, and in `lost`, by the model's label. Raises GW412 where no model is named or its labels
    are not the schema's, GW410 and GW411 where it can't be loaded.

        >>> import goldwire
        >>> try:
        ...     goldwire.predict_stock(project="my-project")
        ... except goldwire.TrainError as error:
        ...     print(error.faults[0].code)
        GW412
    """
    from goldwire.annotations.store import project_articles
    from goldwire.train.run.baselines import stock_predictions

    home = find_project(project)
    given = project_articles(home) if articles is None else articles
    documents = list(documents_in(given))
    return stock_predictions(home, documents, advance=advance)


def read_documents(path: str | Path) -> list[Document]:
    """The articles of a file or folder, for `predict`: a .jsonl, .txt or .csv file, or a folder of texts.

    goldwire's own JSON Lines keep their ids and metadata. Raises one error with all that can't be read
    (GW22x), GW223 for a file of another kind or none.

        >>> import goldwire
        >>> [document.id for document in goldwire.read_documents("gold.jsonl")]
        ['d1', 'd2']
    """
    from goldwire.train.run.predict import read_for_prediction

    return read_for_prediction(Path(path))


def predict(
    model: str | Path,
    articles: str | Path | Iterable[str | Document | Article],
    *,
    layer: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> Articles:
    """Annotate articles with a model, a folder or an installed package: each with one annotation, a draft.

    `articles` are texts, documents, articles, or a .jsonl, .txt or .csv file or a folder of texts. `layer` is
    that of the model's spans where the model does not say it. Raises GW410 and GW411 where there is no model
    that can be loaded.

        >>> import goldwire
        >>> predicted = goldwire.predict("blank-model", ["Anna mange une tarte."])
        >>> predicted
        <1 article, 1 annotation, 0 spans>
        >>> predicted[0].annotations[0].provenance.kind
        'model'
    """
    from goldwire.train.run.predict import predict as compute

    if isinstance(articles, str | Path):
        articles = read_documents(articles)
    documents = list(documents_in(articles))
    return Articles(compute(str(model), documents, layer=layer, advance=advance))


def draft(
    articles: str | Iterable[str | Document] | None = None,
    project: str | Path | Project = ".",
    *,
    layers: str | Sequence[str] | None = None,
    budget: int | None = None,
    refresh: bool = False,
    given: Source | None = None,
    advance: Advance | None = None,
    **options: Any,
) -> Drafts:
    """Have a language model draft a project's articles: it quotes what is to be marked, and the quotes are
    looked up. Each article gets one annotation, a draft whose provenance says how it was made.

    `articles` are ids of the project, or documents (default: all). Whom to ask stands under `[llm]` in
    goldwire.toml; `options` stand in for it (`url`, `model`, `shots`, `jobs`, …), the key in
    `GOLDWIRE_LLM_API_KEY`. `budget` is in tokens, of prompts and answers together; with `refresh` nothing is
    taken from the cache. With `given`, articles or a file or project that holds some, only `layers` are
    drafted, upon what is annotated there: relations lead to the spans of its other layers, which the drafts
    take over. What could not be placed is in the result's `quarantine`. Raises GW800 to GW816, GW821, GW822.

        >>> import goldwire
        >>> try:
        ...     goldwire.draft(project="my-project")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW800 no language model's server is named
    """
    from goldwire.annotate.drafting.project_drafts import draft_project

    home = find_project(project)
    upon = None if given is None else articles_of(given)
    return draft_project(
        home,
        _ids(articles),
        layers=several_if(layers),
        budget=budget,
        refresh=refresh,
        given=upon,
        advance=advance,
        **options,
    )


def preview_drafts(
    articles: str | Iterable[str | Document] | None = None,
    project: str | Path | Project = ".",
    *,
    layers: str | Sequence[str] | None = None,
    given: Source | None = None,
    **options: Any,
) -> Preview:
    """What `draft` would send: its first request, how many there are at least and at most, tokens and price.

    Arguments as those of `draft`. The server is asked for nothing but its list of models; what was answered
    before is not taken off. Raises what `draft` does, GW800 to GW822.

        >>> import goldwire
        >>> try:
        ...     goldwire.preview_drafts(project="my-project", url="no address")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW801
    """
    from goldwire.annotate.drafting.project_drafts import preview_project

    upon = None if given is None else articles_of(given)
    return preview_project(
        find_project(project), _ids(articles), layers=several_if(layers), given=upon, **options
    )


def _ids(articles: str | Iterable[str | Document] | None) -> Iterable[str | Document] | None:
    return (articles,) if isinstance(articles, str) else articles
