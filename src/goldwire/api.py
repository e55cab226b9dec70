"""goldwire as functions: what `import goldwire` gives, and what the command line calls.

Arguments come as is handy (a path, articles in memory, a project), what comes back are the model's classes
and results that know their tables. The work is done in the rooms below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from goldwire.errors import GoldwireError, one_of
from goldwire.formats.articles import Articles
from goldwire.formats.convert import Conversion
from goldwire.formats.convert import convert as _convert
from goldwire.formats.guess import guess_read, guess_written
from goldwire.formats.options import Setting
from goldwire.formats.registry import format_named
from goldwire.model import Article, Document
from goldwire.project import CONFIG, Project, find_project
from goldwire.schemas import Schema
from goldwire.schemas import load_schema as _load_schema

if TYPE_CHECKING:
    from goldwire.annotations.stats import Counts
    from goldwire.eval.agreement.results import Agreement
    from goldwire.eval.ci.compare_results import Compared
    from goldwire.eval.ci.gate import Gated
    from goldwire.eval.matching.spans import Kind
    from goldwire.eval.scoring.results import Scores
    from goldwire.train.run.plan import Task
    from goldwire.train.run.run import Run

#: Where articles come from: a file or folder in any format that can be told, a project, or the articles.
Source: TypeAlias = str | Path | Project | Iterable[Article]


def load_project(path: str | Path = ".") -> Project:
    """The project that the folder `path` is or lies in; raises GW910 where there is none.

    >>> import goldwire
    >>> project = goldwire.load_project("my-project")
    >>> project.name
    'mini'
    """
    return find_project(Path(path))


def load_schema(path: str | Path | Project) -> Schema:
    """A schema from its YAML file, or that of a project or its folder; raises all its faults as one error.

    >>> import goldwire
    >>> schema = goldwire.load_schema("my-project")
    >>> schema.stamp
    'mini@0.1'
    """
    if isinstance(path, Project):
        return _load_schema(path.schema_path)
    file = Path(path)
    return _load_schema(load_project(file).schema_path if (file / CONFIG).is_file() else file)


def read(
    path: str | Path | Project,
    format: str | None = None,
    *,
    schema: str | Path | Schema | None = None,
    project: str | Path | None = None,
    config: str | Path | None = None,
    **options: Any,
) -> Articles:
    """The articles in a file or folder, with their annotations; what could not be kept is in their `lost`.

    `format` is one of `goldwire corpus convert`; without it the path's suffix and content say it, GW931 is
    raised where they do not. A `schema`, a `project` or Label Studio's `config` may say what labels mean;
    without any they are taken as found. `options` are those of `goldwire corpus convert`: `language`,
    `annotator`, `status`, `layer`, `scheme`, `depth`, `token_column`, `tag_column`, `document_per`; `strict`,
    with which a loss is an error (GW272), and `lenient`, with which what can't be read is put aside.

        >>> import goldwire
        >>> articles = goldwire.read("gold.jsonl")
        >>> articles
        <2 articles, 4 annotations, 8 spans>
        >>> articles[0].annotations[0].spans[0].label
        'DISH'
    """
    if isinstance(path, Project):
        path, format = path.root, format or "store"
    file = Path(path)
    named = None if format is None else format_named(format)
    if not file.exists():
        raise GoldwireError.of("GW901", "there is no such file or folder", where=str(file))
    setting = _setting(schema, project, config, **options)
    articles = (named or format_named(guess_read(file))).read(file, setting)
    setting.check()
    return Articles(articles, setting.lost, setting.quarantine)


def write(
    articles: Iterable[Article],
    path: str | Path,
    format: str | None = None,
    *,
    schema: str | Path | Schema | None = None,
    project: str | Path | None = None,
    config: str | Path | None = None,
    **options: Any,
) -> Conversion:
    """Write articles, whole or not at all; says how much was written, and what the format could not hold.

    `format` and `options` as in `read`; of a path without a telling suffix `format` must be named (GW931).

        >>> import goldwire
        >>> done = goldwire.write(goldwire.read("gold.jsonl"), "gold-brat", "brat")
        >>> done.written, sorted(done.lost)
        (4, ['document meta', 'provenance', 'status submitted'])
        >>> goldwire.read("gold-brat")
        <2 articles, 4 annotations, 8 spans>
    """
    target = Path(path)
    name = format or guess_written(target)
    writer = format_named(name)
    writer.check_writable()
    if name == "store":
        project = project or target
    setting = _setting(schema, project, config, **options)
    listed = list(articles)
    written = writer.write(target, listed, setting)
    return Conversion(listed, written, setting.lost, setting.widened)


def convert(
    src: str | Path,
    dst: str | Path,
    *,
    source: str | None = None,
    target: str | None = None,
    ids: str | Path | None = None,
    curated: bool = False,
    schema: str | Path | Schema | None = None,
    project: str | Path | None = None,
    config: str | Path | None = None,
    **options: Any,
) -> Conversion:
    """From one format to another, an article at a time where both can; says what the target could not hold.

    `source` and `target` are formats, told from the paths where they are not named; `ids` and `curated` as in
    `goldwire corpus convert`, all else as in `read`.

        >>> import goldwire
        >>> done = goldwire.convert("gold.jsonl", "gold.json", target="labelstudio")
        >>> done.counts["spans"], done.written
        (8, 2)
    """
    source_path, target_path = Path(src), Path(dst)
    name = target or guess_written(target_path)
    if name == "store":
        project = project or target_path
    return _convert(
        source_path,
        target_path,
        source=source or guess_read(source_path),
        target=name,
        setting=_setting(schema, project, config, **options),
        ids=None if ids is None else Path(ids),
        only_curated=curated,
    )


def count(source: Source, schema: str | Path | Schema | None = None, *, curated: bool = False) -> Counts:
    """What a corpus holds, counted: spans by layer, label, document, annotator and status.

    With `curated` only each document's most trusted annotation counts. A project's own schema says which
    labels there are; otherwise `schema`, if any.

        >>> import goldwire
        >>> goldwire.count("gold.jsonl")
        <Counts: 2 documents, 4 annotations, 12 words, 8 spans>
        >>> goldwire.count("gold.jsonl").table().rows
        [('thing', 8, 0, 0.0)]
    """
    from goldwire.annotations.stats import count as compute

    known = _schema(schema)
    if known is None and isinstance(source, Project):
        known = load_schema(source)
    return compute(_articles(source), known, only_curated=curated)


def score(
    gold: Source,
    pred: Source,
    *,
    schema: str | Path | None = None,
    layers: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    agreement: str | Path | None = None,
    trained_on: bool = False,
) -> Scores:
    """Score predictions against a reference: P, R, F1 with 95 % intervals by layer and label.

    Of `gold` the most trusted annotation of each document counts, of `pred` the last. Documents with the same
    `meta["story"]` are redrawn together. Those that the model was trained on are left out, unless
    `trained_on`. No project is needed; in one, gold that follows its schema is scored by it. `agreement`
    names figures of `goldwire eval agree --json`. Raises GW501 to GW503 where the two sides do not fit.

        >>> import goldwire
        >>> scores = goldwire.score("gold.jsonl", "system-a.jsonl", resamples=200)
        >>> scores
        <Scores: exact micro F1 thing .750; 2 documents, submitted>
        >>> scores.to_dict()["layers"]["thing"]["exact"]["micro"]["f1"]
        0.75
        >>> scores.to_pandas().columns.tolist()[:5]
        ['layer', 'label', 'P', 'R', 'F1']
    """
    from goldwire.eval.project_scores import score_articles

    scores, _ = score_articles(
        _articles(gold),
        _articles(pred),
        schema_path=None if schema is None else Path(schema),
        agreement_path=None if agreement is None else Path(agreement),
        layers=layers,
        resamples=resamples,
        seed=seed,
        trained_on=trained_on,
    )
    return scores


def agree(
    source: Source,
    *,
    annotators: Sequence[str] | None = None,
    layers: Sequence[str] | None = None,
    schema: str | Path | Schema | None = None,
    resamples: int = 1000,
    seed: int = 0,
    gamma: bool = True,
    drafts: bool = False,
) -> Agreement:
    """Agreement between two or more readings of the same documents: F1, κ, α, unitizing α, γ.

    Adjudicated and skipped annotations are left out, and, unless `drafts`, what people have not submitted;
    `annotators` takes exactly those. A project's schema is its own unless another is named. Raises GW507
    where no document has two readings.

        >>> import goldwire
        >>> agreement = goldwire.agree("gold.jsonl", resamples=200, gamma=False)
        >>> agreement
        <Agreement: exact F1 thing .750; anna and ben · 2 document(s)>
        >>> agreement.table().rows[0][:4]
        ('thing', 'where', 'F1, overlap', 0.75)
    """
    from goldwire.eval.agreement.agree import agree as compute

    if schema is None and isinstance(source, Project):
        schema = source.schema_path
    return compute(
        _articles(source),
        annotators=annotators,
        layers=layers,
        schema=_schema(schema),
        resamples=resamples,
        seed=seed,
        extent="all" if gamma else "coefficients",
        drafts=drafts,
    )


def compare(
    gold: Source,
    a: Source,
    b: Source,
    *,
    layers: Sequence[str] | None = None,
    kind: Kind = "exact",
    rounds: int = 10_000,
    seed: int = 0,
    trained_on: bool = False,
    names: tuple[str, str] = ("A", "B"),
) -> Compared:
    """Which of two systems is better on the same reference, by how much, how sure that is, and where.

    Paired tests over documents, those of one `meta["story"]` together; over labels p is corrected by Holm's
    method.

        >>> import goldwire
        >>> compared = goldwire.compare("gold.jsonl", "system-a.jsonl", "system-b.jsonl", rounds=200)
        >>> compared.table("thing").records()[0]["B − A"]
        0.25
        >>> [difference.text for difference in compared.disagreements]
        ['Ben', 'tarte']
    """
    from goldwire.eval.ci.compare_models import compare_models
    from goldwire.eval.scoring.pairing import pair_up, stories, unseen

    reference = _articles(gold)
    (first, second), note = unseen(
        pair_up(reference, _articles(a)), pair_up(reference, _articles(b)), trained_on=trained_on
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
    )
    return replace(compared, warnings=(note, *compared.warnings)) if note else compared


def gate(
    scores: str | Path | None = None,
    *,
    project: str | Path | Project = ".",
    baseline: str | Path | None = None,
    floor: float | None = None,
    tolerance: float = 0.02,
    rounds: int = 10_000,
    agreement: str | Path | None = None,
    trained_on: bool = False,
) -> Gated:
    """Hold the scores that `train` left against the committed baseline; `state` and `why` say how.

    `scores` is the project's eval/reports/ner/scores.json unless another is named. Raises GW532 to GW537
    where there is nothing to compare, or what can't be compared.

        >>> import goldwire
        >>> try:
        ...     goldwire.gate(project="my-project")
        ... except goldwire.EvalError as error:
        ...     print(error.faults[0].code, error.faults[0].hint)
        GW535 goldwire train ner
    """
    from goldwire.eval.ci.baseline import measure, read_baseline
    from goldwire.eval.ci.gate import gate as compute
    from goldwire.eval.ci.gate_trust import baseline_path, check_current
    from goldwire.eval.project_scores import in_project

    home = project if isinstance(project, Project) else load_project(project)
    path = Path(scores) if scores is not None else home.reports / "ner" / "scores.json"
    run = measure(path, trained_on=trained_on)
    held_against = read_baseline(Path(baseline) if baseline else baseline_path(home, path, run.task))
    check_current(run, home)
    readers = in_project(run.scores, run.paired, home, None if agreement is None else Path(agreement))
    return compute(
        run.as_baseline,
        held_against,
        floor=floor,
        tolerance=tolerance,
        rounds=rounds,
        ceiling=readers.agreement,
        grave=[run.note],
    )


def train_model(
    task: Task,
    project: str | Path | Project | None = None,
    *,
    data: str | Path | None = None,
    out: str | Path | None = None,
    resamples: int = 1000,
    processes: int | None = None,
    advance: Callable[[int], None] | None = None,
    **options: Any,
) -> Run:
    """Learn a model, score it on articles that it has not seen: its `model`, `figures`, `notes`, `page`.

    `task` is `ner`, `spans`, `events`, `stance` or `pipeline`. Learned from are the project's articles, or
    `data`, JSON Lines. `options` are those of `goldwire train`: `layer`, `config`, `schema`, `reports`,
    `seed`, `folds`, `sides`, `overrides`. `advance` is told of each training that is done.

        >>> import goldwire
        >>> try:
        ...     goldwire.train_model("ner", data="no-such-file.jsonl", out="model")
        ... except goldwire.GoldwireError as error:
        ...     print(error.faults[0].code)
        GW901
    """
    from goldwire.train.run.plan import plan
    from goldwire.train.run.run import run

    home = project if project is None or isinstance(project, Project) else Path(project)
    options |= {"data": data, "out": out}
    paths: dict[str, Any] = {
        name: Path(options[name])
        for name in ("data", "out", "config", "schema", "reports")
        if options.get(name) is not None
    }
    planned = plan(task, home, **options | paths)
    return run(planned, resamples=resamples, processes=processes, advance=advance)


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
    from goldwire.train.run.predict import read_for_prediction

    if isinstance(articles, (str, Path)):
        documents = read_for_prediction(Path(articles))
    else:
        documents = [_document(number, each) for number, each in enumerate(articles, start=1)]
    return Articles(compute(str(model), documents, layer=layer, advance=advance))


def _document(number: int, item: str | Document | Article) -> Document:
    from goldwire.text import normalise

    if isinstance(item, Article):
        return item.document
    return Document(f"text-{number}", normalise(item)) if isinstance(item, str) else item


def _articles(source: Source) -> list[Article]:
    if isinstance(source, (str, Path, Project)):
        return read(source)
    return source if isinstance(source, Articles) else list(source)


def _schema(named: str | Path | Schema | None) -> Schema | None:
    return named if named is None or isinstance(named, Schema) else load_schema(named)


_OPTIONS = (
    "language",
    "annotator",
    "status",
    "layer",
    "scheme",
    "depth",
    "token_column",
    "tag_column",
    "document_per",
    "cas_json",
    "strict",
    "annotator_from",
    "lenient",
)


def _setting(
    schema: str | Path | Schema | None,
    project: str | Path | None,
    config: str | Path | None,
    **options: Any,
) -> Setting:
    """What a conversion is told; raises GW932 for an option that no format has."""
    for name in options:
        if name not in _OPTIONS:
            raise GoldwireError.of("GW932", f"there is no option `{name}`", hint=one_of(_OPTIONS))
    setting = Setting(**options)
    setting.project_path = None if project is None else Path(project)
    setting.config_path = None if config is None else Path(config)
    if isinstance(schema, Schema):
        setting.named_schema = schema
    elif schema is not None:
        setting.schema_path = Path(schema)
    return setting
