"""`goldwire demo`: the whole loop on an example project, each step said before it is done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.common import confide, json_option, progress, say, write_json
from goldwire.number_format import amount, counted
from goldwire.project import CONFIG, EXAMPLES, FIRST_EXAMPLE, Project, copy_example

if TYPE_CHECKING:
    from goldwire.model import Article, Document
    from goldwire.train.run.plan import RunPlan

STEPS = 9
#: The side of a project's split that the model is scored on, where there is one.
TEST = "test"
#: What the figures of the model that is kept are called.
MODEL = "model"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("demo"))
@click.option(
    "--example",
    "name",
    type=click.Choice(list(EXAMPLES)),
    default=FIRST_EXAMPLE,
    show_default=True,
    help="Which example: " + "; ".join(f"{name}, {what}" for name, what in EXAMPLES.items()) + ".",
)
@click.option("--keep", is_flag=True, help="Leave Label Studio running at the end.")
@json_option
def command(folder: Path, name: str, keep: bool, json_path: Path | None) -> None:
    """The whole loop on an example project, in FOLDER (default: ./demo).

    Its articles go to Label Studio, with predictions of a stock model where it names one; the stored readings
    are sent there as two annotators' work and pulled back; the dataset is built, a model trained and scored,
    a report and a site to browse are written. Scored on are articles that are left out in turn, and the test
    set, where the example has one.
    """
    import goldwire

    begun = time.monotonic()
    project = copy_example(folder, name)
    _step(1, f"the example project `{name}` stands in {project.root}")
    _step(2, "starting Label Studio on this machine")
    label_studio = goldwire.serve(project, notify=say)
    try:
        moved = _annotate(project)
        page, learned = learn(project)
        site = _browse(project)
    finally:
        if not keep and not label_studio.ran_before:
            label_studio.stop()
    say("")
    if keep or label_studio.ran_before:
        say(f"Label Studio:  {label_studio.url}  (user {label_studio.username})")
        password_file = f"{label_studio.credentials}, for its owner only"
        confide(
            f"               password {label_studio.server.password}",
            otherwise=f"               password in {password_file}",
        )
        say(f"               stop it with: goldwire annotate serve --stop --project {folder}")
    else:
        say(f"Label Studio:  goldwire annotate serve --project {folder}")
    say(f"Report:        {page}")
    say(f"Site:          {site}")
    say(f"All of it took {time.monotonic() - begun:.0f} s.")
    write_json(json_path, {**moved, **learned, "seconds": round(time.monotonic() - begun, 1)})


def _step(number: int, title: str) -> None:
    say(f"[{number}/{STEPS}] {title}")


def _annotate(project: Project) -> dict[str, Any]:
    """Push the articles with predictions, send the stored readings, pull them back; the figures of each."""
    import goldwire

    articles = goldwire.read(project)
    predictions = _predictions(project, [article.document for article in articles])
    with progress("Pushing", len(articles)) as advance:
        pushed = goldwire.push(project, predictions=predictions, advance=advance)
    sent = pushed.report
    assert sent is not None  # no example is annotated in passes
    say(f"      {amount(sent.sent)} sent, {amount(sent.present)} there before: {sent.url}")

    readings = [a for article in articles for a in article.annotations if not a.provenance.based_on]
    names = sorted({annotation.annotator for annotation in readings})
    _step(4, f"sending {amount(len(readings))} stored annotations as the work of {' and '.join(names)}")
    with progress("Sending", len(readings)) as advance:
        loaded = goldwire.load(project, names, advance=advance)
    _step(5, "pulling all annotations back")
    with progress("Pulling", len(articles)) as advance:
        pulled = goldwire.pull(project, advance=advance)
    parts = f"{amount(pulled.total('spans'))} spans and {amount(pulled.total('relations'))} relations"
    say(f"      {amount(pulled.total('annotations'))} annotations with {parts};")
    kept_out = f"{amount(pulled.total('quarantined'))} parts are in quarantine"
    say(f"      {amount(pulled.total('written'))} differ from what was sent, {kept_out}")
    return {"push": pushed.as_json(), "load": loaded.as_json(), "pull": pulled.as_json()}


def _predictions(project: Project, documents: Sequence[Document]) -> list[Article]:
    """What the example's stock model finds, where it names one and that is installed; which is said."""
    import goldwire
    from goldwire.pipelines import how_to_get, official_and_missing

    model = str(project.setting("predict", "model", ""))
    if not model or official_and_missing(model):
        _step(3, f"pushing {amount(len(documents))} articles, without predictions")
        if model:
            say(f"      {model} is not installed; to have it: {how_to_get(model)}")
        return []
    predicted = goldwire.predict_stock(documents, project)
    spans = sum(len(annotation.spans) for article in predicted for annotation in article.annotations)
    dropped = ", ".join(f"{len(places)} {label}" for label, places in predicted.lost.items())
    _step(3, f"pushing {amount(len(documents))} articles with {amount(spans)} predicted spans")
    say(f"      predicted, but without a label in the schema: {dropped or 'none'}")
    return predicted


def _browse(project: Project) -> Path:
    """Write the corpus as a site; its first page."""
    import goldwire

    site = goldwire.browse_corpus(project)
    _step(9, f"wrote the corpus as a site to browse: {amount(site.articles)} articles")
    return site.index


def learn(project: Project) -> tuple[Path, dict[str, Any]]:
    """Build, train, score, report; the report's place, and the figures of the dataset and the model.

    Where the project's split has a side `test`, the model that is kept learns from the side `train` and is
    scored on the test side; beside it articles are left out in turn, those alone that `[demo] leave_one_out`
    of goldwire.toml names by a pattern.
    """
    import goldwire
    from goldwire.cli.train import show_run

    with progress("Building") as bar:
        dataset = goldwire.build_corpus(project, total=bar.total, advance=bar)
    spans = amount(sum(dataset.counts.layers.values()))
    _step(6, f"built the dataset: {amount(dataset.counts.documents)} documents, {spans} spans")
    plans = demo_plans(project)
    each, *apart = [counted(len(planned.data.references), "article") for planned in plans.values()]
    if apart:
        title = f"training spaCy models: on {each}, none of the test set; then without each of {apart[0]}"
    else:
        title = "training a spaCy model, once without each article and once with all"
    _step(7, title)
    with progress("Training", sum(planned.parts for planned in plans.values())) as advance:
        runs = {name: goldwire.train_model(planned, advance=advance) for name, planned in plans.items()}
    _step(8, "scores on articles that the model had not seen")
    for name, ran in reversed(runs.items()):
        show_run(ran)
        if name != MODEL:
            say(f"- each by a model that learned from the others of these; report: {ran.page}")
    for note in runs[MODEL].notes:
        say(f"- {note}")
    figures = {"documents": dataset.counts.documents, "spans": dict(dataset.counts.layers)}
    page = runs[MODEL].page
    assert page is not None
    return page, {"dataset": figures, **{name: ran.figures for name, ran in runs.items()}}


def demo_plans(project: Project) -> dict[str, RunPlan]:
    """The runs of a demo by their names in its figures, that of the model that is kept first."""
    import goldwire

    split = goldwire.load_split(project)
    if split is None or not split.counts.get(TEST):
        return {MODEL: goldwire.plan_training(project)}
    tested = goldwire.plan_training(project, test=TEST)
    pattern = project.setting("demo", "leave_one_out", "")
    name = f"{tested.out.name}-leave-one-out"
    out, reports = project.models / name, project.reports / name
    where = f"{project.root / CONFIG}: [demo] leave_one_out"
    apart = goldwire.plan_training(project, only=pattern, only_from=where, out=out, reports=reports)
    return {MODEL: tested, "leave_one_out": apart}
