"""What annotations and models are worth: scores, agreement, two systems compared, the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from goldwire.annotations.spool import ArticleSpool
from goldwire.api.arguments import (
    check_known,
    check_least,
    check_options,
    names_given,
    several_if,
    wrong_argument,
)
from goldwire.api.data import Source, articles_of, format_of, read, schema_of, streamed
from goldwire.formats.articles import Articles
from goldwire.formats.guess import AUTO
from goldwire.model import Article
from goldwire.project import Project, find_project
from goldwire.schemas import Schema

if TYPE_CHECKING:
    from goldwire.eval.agreement.agreement_figures import Agreement
    from goldwire.eval.ci.compare_results import Compared
    from goldwire.eval.ci.gate import Gated, Gates
    from goldwire.eval.ci.history import History
    from goldwire.eval.matching.spans import Kind
    from goldwire.eval.scoring.score_figures import Scores
    from goldwire.train.run.beside_drafts import BesideDrafts


def score(
    gold: Source,
    pred: Source,
    *,
    schema: str | Path | Schema | None = None,
    layers: str | Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    agreement: str | Path | None = None,
    trained_on: bool = False,
    ignore_space: bool = False,
    sides: str | Sequence[str] = (),
    stamp: bool = False,
    entities: str | None = None,
    format: str | None = None,
    on_read: Callable[[Articles], None] = lambda _articles: None,
) -> Scores:
    """Score predictions against a reference: P, R, F1 with 95 % intervals by layer and label.

    Of `gold` the most trusted annotation of each document counts, of `pred` the last. Documents are the same
    that have id and text in common, else the text alone, with `ignore_space` whatever its white space; how
    they were matched is among the warnings, where not by id. Documents with the same `meta["story"]` are
    redrawn together. Those that the model was trained on are left out, unless
    `trained_on`. No project is needed; in one, gold that follows its schema is scored by it. `agreement`
    names figures of `goldwire eval agree --json`; `sides` those of the split of the project here whose
    documents are scored. `entities` names the attribute by which spans of gold are one entity: relations are
    counted between entities too, whichever mention stands for one. Of two files of JSON Lines no more than
    the counts of each document is held in memory, where their documents have the same ids, gold one reading
    of each, and no `sides` are named.
    `format` is that of files, as in `read`; `on_read` is told of each what was read of it, with no articles
    in it where they were not held. With `stamp` the scores say what a file `gold` is: of which version of the
    project's corpus here, else its hash. Raises GW501 to GW503 and GW740 to GW742 where the two sides do not
    fit, GW505 for a layer that there is not, GW817 and GW818 for what can't be given.

        >>> import goldwire
        >>> scores = goldwire.score("gold.jsonl", "system-a.jsonl", resamples=200)
        >>> scores
        <Scores: exact micro F1 thing .750; 2 documents, submitted>
        >>> scores.to_dict()["layers"]["thing"]["exact"]["micro"]["f1"]
        0.75
        >>> scores.to_pandas().columns.tolist()[:5]
        ['layer', 'label', 'P', 'R', 'F1']
    """
    from goldwire.eval.file_scores import score_files
    from goldwire.eval.project_scores import score_articles

    check_least(0, resamples=resamples, seed=seed)
    sides = names_given(sides)
    options: dict[str, Any] = {
        "schema": schema_of(schema),
        "agreement_path": None if agreement is None else Path(agreement),
        "layers": several_if(layers),
        "resamples": resamples,
        "seed": seed,
        "trained_on": trained_on,
        "entities": entities,
    }
    files = [Path(source) for source in (gold, pred) if isinstance(source, str | Path)]
    if len(files) == 2 and not sides and all(_in_lines(file, format) for file in files):
        scored = score_files(*files, **options)
        if scored is not None:
            for articles in scored[1]:
                on_read(articles)
            return _stamped(scored[0], gold, scored[1][0]) if stamp else scored[0]
    held = _held((gold, pred), format, on_read)
    scores, _ = score_articles(*held, ignore_space=ignore_space, sides=sides, **options)
    return _stamped(scores, gold, held[0]) if stamp else scores


def _held(
    sources: Iterable[Source],
    format: str | None,
    on_read: Callable[[Articles], None],
    annotators: Iterable[str] = (),
) -> list[Sequence[Article]]:
    """The articles of each source; what was read of a file is told, and who is not named in it is called by
    the next of `annotators`."""
    called = iter(annotators)
    held: list[Sequence[Article]] = []
    for source in sources:
        if isinstance(source, str | Path):
            articles = read(source, format, annotator=next(called, ""))
            on_read(articles)
            held.append(articles)
        else:
            held.append(articles_of(source))
    return held


def _stamped(scores: Scores, gold: Source, articles: Sequence[Article]) -> Scores:
    """The scores with what their gold side is, where that is a file; its articles need not be held."""
    from goldwire.eval.project_scores import corpus_stamp
    from goldwire.formats.jsonl import own_jsonl

    if not isinstance(gold, str | Path):
        return scores
    return replace(scores, corpus=corpus_stamp(Path(gold), articles or own_jsonl(Path(gold))))


def _in_lines(file: Path, format: str | None) -> bool:
    """Whether a file can be read, more than once, as JSON Lines."""
    return file.is_file() and (format_of(file) if format in (None, AUTO) else format) == "jsonl"


def agree(
    source: Source,
    *more: Source,
    names: Sequence[str] | None = None,
    annotators: str | Sequence[str] | None = None,
    layers: str | Sequence[str] | None = None,
    schema: str | Path | Schema | None = None,
    resamples: int = 1000,
    seed: int = 0,
    gamma: bool = True,
    drafts: bool = False,
    ignore_space: bool = False,
    sides: str | Sequence[str] = (),
    format: str | None = None,
    on_read: Callable[[Articles], None] = lambda _articles: None,
) -> Agreement:
    """Agreement between two or more readings of the same documents: F1, κ, α, unitizing α, γ.

    The readings are in one `source` or in several, whose documents are matched as `score` does. An annotator
    that a file does not name is called like the file; with `names`, one for each source, all readings of a
    source are by that annotator. `format` is that of files, as in `read`; `on_read` is told of each what was
    read of it. Raises GW740 to GW744 where several sources do not fit.

    Adjudicated and skipped annotations are left out, and, unless `drafts`, what people have not submitted;
    `annotators` takes exactly those, `sides` the documents on these sides of the split of the project here. A
    project's schema is its own unless another is named. Of files whose documents have the same ids, and of a
    project, no more is held in memory than counts, ids, and where the spans stand, and `on_read` is told of
    files without articles in them. Raises GW507 where no document has two readings.

        >>> import goldwire
        >>> agreement = goldwire.agree("gold.jsonl", resamples=200, gamma=False)
        >>> agreement
        <Agreement: exact F1 thing .750; anna and ben · 2 documents>
        >>> agreement.table().rows[0][:4]
        ('thing', 'where', 'F1, overlap', 0.75)
    """
    from goldwire.eval.agreement.agree import agree as compute
    from goldwire.eval.project_scores import sided

    check_least(0, resamples=resamples, seed=seed)
    if schema is None and not more and isinstance(source, Project):
        schema = source.schema_path
    chosen_layers = several_if(layers)
    names = several_if(names)
    articles, notes = _readings((source, *more), names, chosen_layers, ignore_space, format, on_read)
    (chosen,) = sided([articles], names_given(sides))
    agreement = compute(
        chosen,
        annotators=several_if(annotators),
        layers=chosen_layers,
        schema=schema_of(schema),
        resamples=resamples,
        seed=seed,
        extent="all" if gamma else "coefficients",
        drafts=drafts,
    )
    return replace(agreement, warnings=[*notes, *agreement.warnings])


def _readings(
    sources: Sequence[Source],
    names: Sequence[str] | None,
    layers: Sequence[str] | None,
    ignore_space: bool,
    format: str | None,
    on_read: Callable[[Articles], None],
) -> tuple[Sequence[Article], tuple[str, ...]]:
    """The readings of all sources, each document once, and what to say of how they were matched."""
    from goldwire.eval.agreement.sources import spool_readings
    from goldwire.eval.scoring.alignment import check_names, merge_readings, names_by_file, side_by_side

    words = [f"source {number}" for number in range(1, len(sources) + 1)]
    if names is not None:
        check_names(names, words)
    if len(sources) == 1 and isinstance(sources[0], Project) and names is None:
        return ArticleSpool(streamed(sources[0])), ()
    paths = [Path(each) for each in sources if isinstance(each, str | Path)]
    if len(paths) == len(sources):
        named = None if format == AUTO else format
        together = spool_readings(paths, names_by_file(paths), format=named, names=names, layers=layers)
        if together is not None:
            for articles in together[1]:
                on_read(articles)
            return together[0], ()
    held = _held(sources, format, on_read, names_by_file(paths))
    if len(held) == 1 and names is None:
        return held[0], ()
    aligned = side_by_side(held, words, layers=layers, ignore_space=ignore_space)
    files = [side.path or word for side, word in zip(aligned.sides, words, strict=True)]
    return merge_readings(aligned.sides, files, names), aligned.notes


def compare(
    gold: Source,
    a: Source,
    b: Source,
    *,
    layers: str | Sequence[str] | None = None,
    kind: Kind = "exact",
    rounds: int = 10_000,
    seed: int = 0,
    trained_on: bool = False,
    sides: str | Sequence[str] = (),
    names: tuple[str, str] = ("A", "B"),
    places: int | None = None,
    ignore_space: bool = False,
    format: str | None = None,
    on_read: Callable[[Articles], None] = lambda _articles: None,
) -> Compared:
    """Which of two systems is better on the same reference, by how much, how sure that is, and where.

    Paired tests over documents, those of one `meta["story"]` together; over labels p is corrected by Holm's
    method. Documents are matched as `score` does; with `sides` those on these sides of the split of the
    project here are compared. Of three files of JSON Lines no more than counts and the places where the two
    differ are held in memory, as in `score`, where `format` and `on_read` are explained too; with `places`
    only so many that speak for each system, the first, and the others are counted. Raises GW744 for names
    that do not tell the two apart, and what `score` does.

        >>> import goldwire
        >>> compared = goldwire.compare("gold.jsonl", "system-a.jsonl", "system-b.jsonl", rounds=200)
        >>> compared.table("thing").records()[0]["B − A"]
        0.25
        >>> [difference.text for difference in compared.disagreements]
        ['Ben', 'tarte']
    """
    from goldwire.eval.ci.compare_models import ModelComparison, compare_models
    from goldwire.eval.file_scores import read_side_by_side
    from goldwire.eval.matching.spans import CREDIT
    from goldwire.eval.project_scores import sided
    from goldwire.eval.scoring.alignment import check_names, side_by_side
    from goldwire.eval.scoring.pairing import pair_up, stories, trained_note, unseen_pairs

    check_least(0, rounds=rounds, seed=seed, places=places)
    check_known(CREDIT, kind=kind)
    check_names(names, ("A", "B"))
    layers, sides = several_if(layers), names_given(sides)
    files = [Path(source) for source in (gold, a, b) if isinstance(source, str | Path)]
    if len(files) == 3 and not sides and all(_in_lines(file, format) for file in files):
        comparison = ModelComparison(layers=layers, kind=kind, names=names, places=places)
        run = read_side_by_side(files, comparison.add, layers=layers, trained_on=trained_on)
        if run is not None:
            for articles in run.as_read:
                on_read(articles)
            note = trained_note(run.learned, run.every, trained_on=trained_on)
            compared = comparison.result(rounds=rounds, seed=seed, groups=stories(run.documents))
            return replace(compared, warnings=(*filter(None, [note]), *compared.warnings))
    held = _held((gold, a, b), format, on_read)
    aligned = side_by_side(held, ("gold", *names), layers=layers, ignore_space=ignore_space)
    reference, *systems = sided(aligned.sides, sides)
    (first, second), note = unseen_pairs(
        *(pair_up(reference, side) for side in systems), trained_on=trained_on
    )
    compared = compare_models(
        first,
        second,
        layers=layers,
        kind=kind,
        rounds=rounds,
        seed=seed,
        groups=stories(pair.document for pair in first),
        names=names,
        places=places,
    )
    notes = (*aligned.notes, *filter(None, [note]))
    return replace(compared, warnings=(*notes, *compared.warnings))


def assess_drafts(
    drafts: Source,
    gold: Source | None = None,
    *,
    project: str | Path | Project = ".",
    trained: Sequence[str | Path] = (),
    layers: str | Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> BesideDrafts:
    """What a language model's drafts are worth: beside lexicon, stock model and trained ones; and edits.

    All are scored on the same documents, those that `gold` (default: the project's annotations) has reviewed;
    where none is, on all that are annotated, and the notes say so. `trained` are predictions of other models
    for these documents. Where people had predictions in view, the edit rate says by layer, label and kind
    what they changed. Raises GW820 where no document has both a draft and an annotation.

        >>> import goldwire
        >>> assessed = goldwire.assess_drafts("system-a.jsonl", "gold.jsonl", project="my-project")
        >>> [(row["system"], row["F1"]) for row in assessed.table().records()][0]
        ('drafts: drafts', 0.75)
    """
    from goldwire.train.run.beside_drafts import beside_drafts

    check_least(0, resamples=resamples, seed=seed)
    home = find_project(project)
    systems: dict[str, list[Article]] = {}
    for path in trained:
        articles = articles_of(path)
        named = next((a.provenance.name or a.annotator for held in articles for a in held.annotations), "")
        systems[f"{named or path}" if named not in systems else f"{named} ({path})"] = articles
    return beside_drafts(
        home,
        articles_of(drafts),
        articles_of(home if gold is None else gold),
        trained=systems,
        layers=several_if(layers),
        resamples=resamples,
        seed=seed,
    )


def write_report(
    out: str | Path,
    gold: Source,
    pred: Source | None = None,
    *,
    title: str = "",
    train: Source | None = None,
    schema: str | Path | Schema | None = None,
    agreement: str | Path | None = None,
    stamp: bool = False,
    format: str | None = None,
    on_read: Callable[[Articles], None] = lambda _articles: None,
    **options: Any,
) -> Scores:
    """Score predictions as `score` does, and write a page with confusions and every error in its sentence.

    `gold` alone is a folder that `train_model` left its reports in. A span counts as seen where `train` holds
    its wording; without it that is what a run on a test set left of it, else the other documents of `gold`,
    or those of other stories. All else is as in `score`. Raises GW511 where the folder is none of a run.

        >>> import goldwire
        >>> goldwire.write_report("report.html", "gold.jsonl", "system-a.jsonl", resamples=200)
        <Scores: exact micro F1 thing .750; 2 documents, submitted>
    """
    from goldwire.eval.project_scores import project_here, score_articles
    from goldwire.eval.report.page import ReportSource, read_run
    from goldwire.eval.report.page import write_report as write

    check_options(options, score_articles)
    is_run = pred is None and isinstance(gold, str | Path)
    if is_run and Path(str(gold)).is_file():
        raise wrong_argument(
            "pred", pred, "predictions; gold alone is a folder that train_model left its reports in"
        )
    if is_run:
        loaded, gold = read_run(Path(str(gold))), Path(str(gold)) / "gold.jsonl"
    else:
        articles, predicted = _held((gold, () if pred is None else pred), format, on_read)
        names = [Path(each).stem if isinstance(each, str | Path) else "" for each in (pred, gold)]
        loaded = ReportSource(list(articles), list(predicted), " against ".join(filter(None, names)))
    scores, paired = score_articles(
        loaded.gold,
        loaded.pred,
        schema=schema_of(schema),
        agreement_path=None if agreement is None else Path(agreement),
        project=project_here() if is_run else None,
        **options,
    )
    write(
        Path(out),
        gold=[Article(pairing.document, (pairing.gold,)) for pairing in paired],
        pred=[Article(pairing.document, (pairing.pred,)) for pairing in paired],
        scores=scores,
        title=title or loaded.title,
        meta=loaded.meta,
        extra=loaded.extra,
        train=_held([train], format, on_read)[0] if train is not None else loaded.train,
    )
    return _stamped(scores, gold, loaded.gold) if stamp else scores


def gate(
    scores: str | Path | None = None,
    *,
    project: str | Path | Project = ".",
    of: str = "",
    baseline: str | Path | None = None,
    floor: float | None = None,
    floors: Mapping[str, float] | None = None,
    agreement_floor: float | None = None,
    tolerance: float = 0.02,
    rounds: int = 10_000,
    agreement: str | Path | None = None,
    trained_on: bool = False,
    base: str | None = None,
    update: bool = False,
    notify: Callable[[str], None] = lambda _message: None,
) -> Gated:
    """Hold the scores that `train` left against the committed baseline; `state` and `why` say how.

    `scores` is the project's eval/reports/ner/scores.json unless another is named, `of` what of it is held
    against a baseline of its own: a layer (default: the run's first), `relations`, or whole structures as
    LAYER:KIND (strict, overlap, tuples). The gate fails where F1 is under `floor`, which `floors` may say
    otherwise of a part, or the readers' F1 under `agreement_floor`. `base` is what the branch
    is merged into (default: the pull request's, else the main one): that the branch itself changes the
    baseline is among the warnings. With `update` the baseline is written anew from these scores, after a
    review. `notify` is told what was written, and, where the run is refused, what else is to know of it.
    Raises GW532 to GW537 and GW746 where there is nothing to compare, or what can't be compared, GW752 for a
    floor of a part that is not gated.

        >>> import goldwire
        >>> try:
        ...     goldwire.gate(project="my-project")
        ... except goldwire.EvalError as error:
        ...     print(error.faults[0].code, error.faults[0].hint)
        GW535 goldwire train ner
    """
    from goldwire.eval.ci.gate_trust import GatedPart
    from goldwire.eval.ci.hold import hold

    home = find_project(project)
    path = Path(scores) if scores is not None else home.reports / "ner" / "scores.json"
    (gated,) = hold(
        home,
        [GatedPart(path, of, None if baseline is None else Path(baseline))],
        floor=floor,
        floors=floors,
        agreement_floor=agreement_floor,
        tolerance=tolerance,
        rounds=rounds,
        agreement=agreement,
        trained_on=trained_on,
        base=base,
        update=update,
        notify=notify,
    )
    return gated


def gate_all(*, project: str | Path | Project = ".", **options: Any) -> Gates:
    """Hold every run against the baseline that is committed of it (`eval/baseline*.json`), as `gate` does.

    What is committed is what counts: layers, relations, structures, of any model. `options` are those of
    `gate`. Raises GW751 where nothing is committed, GW535 where a run is missing, GW752 for a floor of a part
    of which nothing is committed.

        >>> import goldwire
        >>> try:
        ...     goldwire.gate_all(project="my-project")
        ... except goldwire.EvalError as error:
        ...     print(error.faults[0].code)
        GW751
    """
    from goldwire.eval.ci.gate_trust import committed
    from goldwire.eval.ci.hold import hold

    check_options(options, hold)
    home = find_project(project)
    return hold(home, committed(home), **options)


def gate_summary(
    gates: Gated | Sequence[Gated], form: Literal["markdown", "comment", "junit", "badge"] = "markdown"
) -> str:
    """What gates say to those who do not read logs.

    A job's summary in Markdown; the body of a pull request's comment, which `post_comment` posts; JUnit XML;
    a badge's endpoint, JSON as shields reads it, of the first gate. Raises GW818 for another form, and for a
    badge of no gate.

        >>> import goldwire
        >>> goldwire.gate_summary([], "junit").count("testsuite")
        1
    """
    from goldwire.eval.ci.gate import Gated
    from goldwire.eval.ci.outputs import badge, comment_text, junit, markdown

    listed = [gates] if isinstance(gates, Gated) else list(gates)
    check_known(("markdown", "comment", "junit", "badge"), form=form)
    if form == "badge" and not listed:
        raise wrong_argument("gates", gates, "a gate: a badge is of the first")
    if form == "badge":
        return json.dumps(badge(listed[0]), ensure_ascii=False) + "\n"
    if form == "junit":
        return junit(*listed)
    return comment_text(*listed) if form == "comment" else "\n".join(map(markdown, listed))


def gate_history(
    project: str | Path | Project = ".",
    baseline: str | Path | None = None,
    *,
    advance: Callable[[int], None] | None = None,
) -> History:
    """F1 over the corpus's versions, from the git history of a `baseline` (default: eval/baseline.json).

    `advance` counts commits. Raises GW540 outside a git repository, GW541 where none was ever committed.

        >>> import goldwire
        >>> try:
        ...     goldwire.gate_history("my-project")
        ... except goldwire.EvalError as error:
        ...     print(error.faults[0].code)
        GW540
    """
    from goldwire.eval.ci.history import history

    path = Path(baseline) if baseline is not None else find_project(project).eval / "baseline.json"
    return history(path, advance=advance)
